//! Right frames, and each way in which a frame or an order of frames is wrong.

use super::*;
use crate::figures::LaneFigures;
use crate::quest_plan::{QuestPlan, Rules};
use crate::workload::Counting;
use std::collections::VecDeque;
use std::fmt::Write as _;

const START: Nanos = Nanos(5_000_000_000);

fn plan() -> QuestPlan {
    QuestPlan {
        seed: 7,
        edition: 0,
        waypoints: 30,
        treasures: 3,
        supply: 2,
        rules: Rules { waypoints_in_play: 2, ..Rules::default() },
    }
}

/// A hunt with watchers.
struct Room {
    broadcast: Broadcast,
    watches: Vec<Watch>,
    patience: Patience,
    figures: LaneFigures,
}

impl Room {
    fn new(watchers: usize) -> Self {
        Self {
            broadcast: Broadcast::new("h1".into(), Rc::new(plan().make()), START),
            watches: vec![Watch::default(); watchers],
            patience: Patience::Prompt,
            figures: LaneFigures::new("a", &[], &METRICS, &COUNTERS),
        }
    }

    /// A watcher gets a message, so many milliseconds after the start.
    fn hear(&mut self, watcher: usize, at_ms: u64, message: &str) -> bool {
        let read_at = Nanos(START.0 + at_ms * NANOS_PER_MS);
        let counting = Counting {
            read_at,
            from: START,
            pushes: true,
            time_after_parse: false,
            opening: false,
        };
        let (mut asked, mut say) = (VecDeque::new(), Vec::new());
        let mut heard = Heard::new(counting, &mut asked, &mut self.figures, &mut say);
        let watch = &mut self.watches[watcher];
        let bytes = message.as_bytes();
        self.broadcast.receive(watch, self.patience, Encoding::Json, bytes, &mut heard)
    }

    /// The text of the only error that there is.
    fn error(&self, kind: ErrorKind) -> String {
        let errors: Vec<_> = self.figures.errors.iter().collect();
        assert_eq!(errors, [(kind, 1)], "{:?}", self.figures.errors.samples());
        self.figures.errors.samples()[0].text.clone()
    }

    fn count(&self, count: Count) -> u64 {
        self.figures.counters[count as usize].count
    }
}

/// A right frame.
fn frame(tick: u32, full: bool) -> String {
    let mut waypoints = String::new();
    for it in plan().make().in_play(tick) {
        let comma = if waypoints.is_empty() { "" } else { "," };
        let (index, x, y, z, radius) = (it.index, it.x, it.y, it.z, it.radius);
        let text = format!(r#"{{"index":{index},"x":{x},"y":{y},"z":{z},"radius":{radius}}}"#);
        write!(waypoints, "{comma}{text}").unwrap();
    }
    let remaining_ms = 600_000 - tick * 150;
    format!(
        r#"{{"frame":{{"tick":{tick},"full":{full},"status":"running","remaining_ms":{remaining_ms},"waypoints":[{waypoints}],"changed":[],"leaders":[{{"player":0,"name":"Ada","score":0}}]}}}}"#
    )
}

#[test]
fn right_frames_are_measured_from_their_tick_and_from_each_other() {
    let mut room = Room::new(2);
    for watcher in [0, 1] {
        assert!(room.hear(watcher, 20, &frame(0, true)));
    }
    for tick in 1..=30 {
        room.hear(0, u64::from(tick) * 150 + 2, &frame(tick, false));
        room.hear(1, u64::from(tick) * 150 + 5, &frame(tick, false));
    }
    assert_eq!(room.figures.errors.total(), 0, "{:?}", room.figures.errors.samples());
    let delivery = room.figures.metrics[0].values.quantiles();
    let near = |ns: u64, ms: u64| ns.abs_diff(ms * NANOS_PER_MS) < ms * NANOS_PER_MS / 100;
    assert!(delivery.count == 60 && near(delivery.min, 2) && near(delivery.max, 5), "{delivery:?}");
    let skew = room.figures.metrics[1].values.quantiles();
    assert!(skew.count == 30 && near(skew.min, 3) && near(skew.max, 3), "{skew:?}");
    assert_eq!((room.count(Count::Frames), room.count(Count::First)), (62, 2));
    assert_eq!((room.count(Count::Conflated), room.count(Count::Missed)), (0, 0));
}

#[test]
fn another_message_is_not_a_frame() {
    let mut room = Room::new(1);
    let moved = r#"{"moved":{"seq":1,"outcome":"moved","x":0,"y":0,"z":0,"energy":1}}"#;
    assert!(!room.hear(0, 1, moved));
    assert_eq!(room.count(Count::Frames), 0);
}

#[test]
fn a_skipped_tick_is_missed_and_a_slow_reader_must_expect_it() {
    for patience in [Patience::Prompt, Patience::Slow] {
        let mut room = Room::new(1);
        room.patience = patience;
        room.hear(0, 20, &frame(0, true));
        room.hear(0, 151, &frame(1, false));
        room.hear(0, 601, &frame(4, false));
        assert_eq!(room.count(Count::Missed), 2);
        let delivery = room.figures.metrics[0].values.quantiles();
        let late_ns = 301 * NANOS_PER_MS;
        assert_eq!(delivery.count, 4, "ticks 2 and 3 came with the frame of tick 4");
        assert!(delivery.max.abs_diff(late_ns) < late_ns / 100, "{delivery:?}");
        match patience {
            Patience::Prompt => assert!(room.error(ErrorKind::Missed).contains("tick 4 came")),
            Patience::Slow => assert_eq!(room.figures.errors.total(), 0),
        }
    }
}

#[test]
fn a_full_frame_stands_for_those_that_were_left_out() {
    let mut room = Room::new(1);
    room.patience = Patience::Slow;
    room.hear(0, 20, &frame(0, true));
    room.hear(0, 151, &frame(1, false));
    room.hear(0, 651, &frame(4, true));
    room.hear(0, 652, &frame(4, false));
    room.hear(0, 751, &frame(5, false));
    assert_eq!(room.figures.errors.total(), 0, "{:?}", room.figures.errors.samples());
    assert_eq!((room.count(Count::Conflated), room.count(Count::Missed)), (1, 2));
    assert_eq!(room.figures.metrics[0].values.count(), 5, "each tick came once");
}

#[test]
fn the_tick_of_the_first_frame_may_be_told_again() {
    let mut room = Room::new(1);
    room.hear(0, 150, &frame(1, true));
    room.hear(0, 151, &frame(1, false));
    assert_eq!((room.figures.errors.total(), room.figures.metrics[0].values.count()), (0, 1));
}

#[test]
fn a_tick_of_the_far_future_is_wrong_and_costs_nothing() {
    let mut room = Room::new(1);
    room.patience = Patience::Slow;
    room.hear(0, 20, &frame(0, true));
    room.hear(0, 151, &frame(1, false).replace(r#""tick":1"#, r#""tick":4000000000"#));
    assert!(room.error(ErrorKind::Wrong).contains("remaining_ms"));
    assert_eq!(room.figures.metrics[0].values.count(), 1, "tick 1 was due");
}

#[test]
fn ticks_that_never_came_are_counted_at_the_end() {
    let mut room = Room::new(2);
    room.hear(0, 20, &frame(0, true));
    room.hear(0, 151, &frame(1, false));
    let end = |ms| Nanos(START.0 + ms * NANOS_PER_MS);
    for (at_ms, missed) in [(299, 0), (449, 0), (450, 1), (750, 3)] {
        let mut figures = room.figures.clone();
        room.watches.iter().for_each(|it| room.broadcast.finish(it, end(at_ms), &mut figures));
        assert_eq!(figures.counters[Count::Missed as usize].count, missed, "{at_ms} ms");
        assert_eq!(figures.errors.count(ErrorKind::Missed), missed.min(1));
        assert_eq!(figures.metrics[0].values.count(), 1 + missed);
    }
}

#[test]
fn ticks_do_not_go_back_or_stand() {
    for (tick, full) in [(1, false), (0, false), (0, true)] {
        let mut room = Room::new(1);
        room.hear(0, 20, &frame(0, true));
        room.hear(0, 151, &frame(1, false));
        room.hear(0, 152, &frame(tick, full));
        let error = room.error(ErrorKind::Wrong);
        assert!(error.contains(&format!("the frame of tick {tick} after that of tick 1")));
    }
}

#[test]
fn the_first_frame_is_a_full_one() {
    let mut room = Room::new(1);
    room.hear(0, 151, &frame(1, false));
    assert!(room.error(ErrorKind::Wrong).contains("not a full one"));
}

#[test]
fn all_watchers_get_the_same() {
    let mut room = Room::new(2);
    (0..2).for_each(|watcher| _ = room.hear(watcher, 20, &frame(0, true)));
    room.hear(0, 151, &frame(1, false));
    room.hear(1, 152, &frame(1, false).replace("Ada", "Bob"));
    let error = room.error(ErrorKind::Wrong);
    assert!(error.contains("another watcher got") && error.contains("Ada"), "{error}");
}

#[test]
fn a_frame_before_its_time_is_wrong() {
    let mut room = Room::new(1);
    room.hear(0, 20, &frame(0, true));
    room.hear(0, 149, &frame(1, false));
    room.hear(0, 298, &frame(2, false));
    assert!(room.error(ErrorKind::Wrong).contains("tick 2 came 2000000 ns before its time"));
}

#[test]
fn each_wrong_field_is_found() {
    let right = frame(1, false);
    let first = plan().make().in_play(1).next().unwrap();
    let (x, radius) = (first.x, first.radius);
    let changes = [
        (r#""remaining_ms":599850"#, r#""remaining_ms":599851"#, "remaining_ms of tick 1"),
        (&*format!(r#""x":{x}"#), r#""x":3.25"#, "not those in play"),
        (&format!(r#""radius":{radius}"#), r#""radius":3.25"#, "not those in play"),
        (r#""index":0"#, r#""index":1"#, "not those in play"),
        (r#""status":"running""#, r#""status":"ended""#, "over before its time"),
        (r#""status":"running""#, r#""status":"walking""#, "malformed"),
        (r#""changed":[]"#, r#""changed":[{"treasure":"t9","remaining":1}]"#, "changed so"),
        (r#""changed":[]"#, r#""changed":[{"treasure":"t1","remaining":2}]"#, "changed so"),
        (
            r#""changed":[]"#,
            r#""changed":[{"treasure":"t2","remaining":1},{"treasure":"t1","remaining":1}]"#,
            "changed so",
        ),
        (r#"[{"player":0,"name":"Ada","score":0}]"#, "[]", "leaders"),
        (
            r#"[{"player":0,"#,
            r#"[{"player":1,"name":"Bob","score":0},{"player":0,"score":5,"#,
            "leaders",
        ),
    ];
    for (from, to, what) in changes {
        assert!(right.contains(from), "{from}");
        let mut room = Room::new(1);
        room.hear(0, 20, &frame(0, true));
        room.hear(0, 151, &right.replacen(from, to, 1));
        let error = room.error(ErrorKind::Wrong);
        assert!(error.contains(what), "{to}: {error}");
    }
    let mut room = Room::new(1);
    room.hear(0, 20, &frame(0, true));
    let changed = r#""changed":[{"treasure":"t1","remaining":1},{"treasure":"t3","remaining":0}]"#;
    room.hear(0, 151, &right.replace(r#""changed":[]"#, changed));
    assert_eq!(room.figures.errors.total(), 0, "{:?}", room.figures.errors.samples());
}

#[test]
fn watchers_that_are_far_apart_are_still_checked() {
    let mut room = Room::new(2);
    (0..2).for_each(|watcher| _ = room.hear(watcher, 20, &frame(0, true)));
    (1..10).for_each(|tick| _ = room.hear(0, u64::from(tick) * 150, &frame(tick, false)));
    room.hear(1, 1_400, &frame(1, false));
    assert_eq!(room.figures.errors.total(), 0);
    room.hear(1, 1_401, &frame(2, false).replace("running", "resting"));
    assert!(room.error(ErrorKind::Wrong).contains("malformed"));
}

#[test]
fn times_since_the_epoch_are_told_on_our_clock() {
    let clock = UnixClock { offset_ns: 1_800_000_000_000 * NANOS_PER_MS };
    assert_eq!(clock.of_unix_ms(1_800_000_000_123), Nanos(123 * NANOS_PER_MS));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now_ms = u64::try_from(now.as_millis()).unwrap();
    let difference_ns = UnixClock::now().of_unix_ms(now_ms).0.abs_diff(Nanos::now().0);
    assert!(difference_ns < 5_000 * NANOS_PER_MS, "{difference_ns} ns");
}
