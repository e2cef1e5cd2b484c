//! The partition's promises beyond single answers: when frames are made, for whom, and what is
//! given back.
#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use alloc_bumpalo::BumpArena;
use engine_core::arena::{Arena, ArenaMeters};
use engine_core::game::hash::Seed;
use engine_core::game::partition::{Partition, PartitionFigures};
use engine_core::game::quest::Quest;
use engine_core::limits::Limits;
use engine_core::seam::{
    Applied, Codec, Command, ConnId, Frame, HuntState, PlayerRef, Point, Published, Query, Reply,
    ReplyTo, ResolveOutcome, Watch, WorkerId,
};
use engine_core::text::{Id, Key, Name};
use engine_core::time::Timestamp;
use std::sync::Arc;

const QUEST: &str = r#"{"name":"q","waypoints":[{"x":0,"y":0,"z":0,"radius":1}],"treasures":[
    {"id":"t","x":0,"y":0,"z":0,"radius":1,"supply":3,"loot":{"item":"coin","points":5}}],
    "rules":{"duration_ms":1000}}"#;
const START: u64 = 1_000_000;

struct Rig {
    partition: Partition<BumpArena>,
    quest: Arc<Quest<BumpArena>>,
    meters: ArenaMeters,
    applied: Applied,
}

impl Rig {
    fn new() -> Self {
        let meters = ArenaMeters::default();
        let scratch = BumpArena::new(Arc::clone(&meters.scratch));
        let quest = Quest::parse(id("q"), QUEST.as_bytes(), &scratch, &meters.quests).unwrap();
        let limits = Arc::new(Limits::default());
        let partition = Partition::new(Seed(9), meters.clone(), limits, 2, 4);
        Self { partition, quest: Arc::new(quest), meters, applied: Applied::default() }
    }

    fn reply(&mut self) -> Reply {
        let (_, reply) = self.applied.replies.pop().unwrap();
        reply
    }

    fn start(&mut self, t: u64, hunt: &str) {
        let (now, quest) = (Timestamp(START + t), Arc::clone(&self.quest));
        self.partition.start_hunt(now, to(0), id(hunt), quest, 100_000, &mut self.applied);
        assert!(matches!(self.reply(), Reply::HuntStarted { created: true, .. }));
    }

    fn apply(&mut self, t: u64, command: &Command) -> Reply {
        self.partition.apply(Timestamp(START + t), to(0), command, &mut self.applied);
        self.reply()
    }

    fn join(&mut self, t: u64, hunt: &str) -> PlayerRef {
        let command = Command::Join { hunt: id(hunt), name: Name::new("Ada").unwrap() };
        match self.apply(t, &command) {
            Reply::Joined { player, .. } => player,
            other => panic!("{other:?}"),
        }
    }

    fn claim(&mut self, t: u64, hunt: &str, player: PlayerRef) {
        let at = Point::default();
        let command = Command::Resolve { hunt: id(hunt), player, treasure: id("t"), at, key: None };
        let reply = self.apply(t, &command);
        assert!(matches!(reply, Reply::Resolved { outcome: ResolveOutcome::Claimed, .. }));
    }

    fn watch(
        &mut self,
        t: u64,
        hunt: &str,
        player: PlayerRef,
        worker: u8,
        codec: Codec,
    ) -> Arc<Frame> {
        let watch = Watch { hunt: id(hunt), player, codec, on: true };
        self.partition.watch(Timestamp(START + t), to(worker), &watch, &mut self.applied);
        match self.reply() {
            Reply::Watching { snapshot, hunt } => {
                assert_eq!(snapshot.hunt, hunt);
                snapshot
            }
            other => panic!("{other:?}"),
        }
    }

    fn unwatch(&mut self, t: u64, hunt: &str, player: PlayerRef, worker: u8, codec: Codec) {
        let watch = Watch { hunt: id(hunt), player, codec, on: false };
        self.partition.watch(Timestamp(START + t), to(worker), &watch, &mut self.applied);
        assert!(self.applied.replies.is_empty(), "leaving is not answered");
    }

    fn tick(&mut self, t: u64) -> Vec<Published> {
        let (mut published, mut forgotten) = (vec![], vec![]);
        self.partition.tick(Timestamp(START + t), &mut published, &mut forgotten);
        published
    }

    fn status(&mut self, t: u64, hunt: &str) -> Reply {
        let query = Query::Status { hunt: id(hunt) };
        self.partition.query(Timestamp(START + t), to(0), &query, 1, &mut self.applied);
        self.reply()
    }
}

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn to(worker: u8) -> ReplyTo {
    ReplyTo { worker: WorkerId(worker), conn: ConnId { index: 0, generation: 0 }, slot: 0 }
}

#[test]
fn a_watched_hunt_gives_one_frame_a_tick_and_an_unwatched_one_none() {
    let mut rig = Rig::new();
    rig.start(0, "seen");
    rig.start(0, "unseen");
    let player = rig.join(0, "seen");
    rig.watch(10, "seen", player, 0, Codec::Json);
    let ticks: Vec<_> =
        (0..1_300).map(|t| (t, rig.tick(t))).filter(|(_, p)| !p.is_empty()).collect();
    let times: Vec<_> = ticks.iter().map(|(t, _)| *t).collect();
    assert_eq!(times, [150, 300, 450, 600, 750, 900, 1_000], "the last one at the end");
    let numbers: Vec<_> = ticks.iter().map(|(_, p)| (p[0].frame.tick, p[0].frame.ended)).collect();
    let running = (1..=6).map(|tick| (tick, false));
    assert_eq!(numbers, running.chain([(6, true)]).collect::<Vec<_>>());
}

#[test]
fn a_late_tick_sends_the_latest_frame_only() {
    let mut rig = Rig::new();
    rig.start(0, "h");
    let player = rig.join(0, "h");
    rig.watch(0, "h", player, 0, Codec::Json);
    assert_eq!(rig.tick(149).len(), 0);
    let late = rig.tick(460);
    assert_eq!(late.len(), 1);
    assert_eq!(late[0].frame.tick, 3);
    assert_eq!(rig.tick(599).len(), 0);
    assert_eq!(rig.tick(600)[0].frame.tick, 4);
}

#[test]
fn a_frame_is_encoded_for_the_codecs_and_workers_that_watch() {
    let mut rig = Rig::new();
    rig.start(0, "h");
    let player = rig.join(0, "h");
    rig.watch(0, "h", player, 127, Codec::Json);
    rig.watch(0, "h", player, 3, Codec::Protobuf);
    rig.watch(0, "h", player, 3, Codec::Protobuf);
    let published = rig.tick(150);
    assert_eq!(published[0].workers, 1 << 127 | 1 << 3);
    assert!(published[0].frame.wire.iter().all(Option::is_some));
    rig.unwatch(160, "h", player, 127, Codec::Json);
    rig.unwatch(160, "h", player, 3, Codec::Protobuf);
    let published = rig.tick(300);
    assert_eq!(published[0].workers, 1 << 3);
    assert!(published[0].frame.wire[Codec::Json as usize].is_none());
    rig.unwatch(310, "h", player, 3, Codec::Protobuf);
    assert_eq!(rig.tick(450).len(), 0);
}

#[test]
fn a_full_frame_is_encoded_once_until_something_changes() {
    let mut rig = Rig::new();
    rig.start(0, "h");
    let player = rig.join(0, "h");
    let first = rig.watch(0, "h", player, 0, Codec::Json);
    let second = rig.watch(149, "h", player, 0, Codec::Json);
    assert!(Arc::ptr_eq(&first, &second));
    assert!(!Arc::ptr_eq(&first, &rig.watch(149, "h", player, 0, Codec::Protobuf)));
    let other_tick = rig.watch(150, "h", player, 0, Codec::Json);
    assert!(!Arc::ptr_eq(&first, &other_tick));
    rig.claim(150, "h", player);
    let claimed = rig.watch(150, "h", player, 0, Codec::Json);
    assert_ne!(other_tick, claimed);
    rig.join(150, "h");
    assert_ne!(claimed, rig.watch(150, "h", player, 0, Codec::Json), "a new leader");
}

#[test]
fn no_two_rounds_have_the_same_key_or_start() {
    let mut rig = Rig::new();
    rig.start(0, "h");
    let mut before = rig.join(0, "h");
    let mut keys = vec![];
    for round in 1..5 {
        let snapshot = rig.watch(0, "h", before, 0, Codec::Json);
        assert_eq!(snapshot.hunt.0 >> 48, 2);
        keys.push(snapshot.hunt.0);
        // The round is exhausted in the millisecond in which it began.
        rig.claim(0, "h", before);
        let more = [rig.join(0, "h"), rig.join(0, "h")];
        more.into_iter().for_each(|player| rig.claim(0, "h", player));
        rig.start(0, "h");
        let player = rig.join(0, "h");
        assert_eq!(player.started_ms, START + round);
        assert_ne!(player.started_ms, before.started_ms);
        before = player;
    }
    keys.dedup();
    assert_eq!(keys.len(), 4);
    let last_frames = rig.tick(0);
    let ended: Vec<_> = last_frames.iter().map(|p| (p.frame.hunt.0, p.frame.ended)).collect();
    assert_eq!(ended, keys.into_iter().map(|key| (key, true)).collect::<Vec<_>>());
}

#[test]
fn the_memory_of_a_round_is_given_back_as_a_whole() {
    let mut rig = Rig::new();
    rig.start(0, "h");
    let empty = rig.meters.rounds.figures();
    for _ in 0..10_000 {
        rig.join(0, "h");
    }
    let full = rig.meters.rounds.figures();
    assert!(full.bytes_held > 10_000 * 64);
    rig.start(1_000, "h");
    let next = rig.meters.rounds.figures();
    assert_eq!((next.bytes_held, next.resets), (empty.bytes_held, full.resets + 1));
    rig.tick(10_000_000);
    assert_eq!(rig.meters.rounds.figures().bytes_held, 0);
}

#[test]
fn the_clock_of_a_partition_never_goes_back() {
    let mut rig = Rig::new();
    rig.start(0, "h");
    rig.tick(1_000);
    let Reply::Status(status) = rig.status(500, "h") else { panic!("a status") };
    assert_eq!(status.state, HuntState::Ended);
}

#[test]
fn figures_count_what_is_there() {
    let mut rig = Rig::new();
    rig.start(0, "a");
    rig.start(500, "b");
    let player = rig.join(500, "a");
    rig.join(500, "b");
    rig.watch(500, "a", player, 0, Codec::Json);
    rig.claim(600, "a", player);
    let figures = rig.partition.figures();
    let expected =
        PartitionFigures { hunts_running: 2, hunts_ended: 0, players: 2, watchers: 1, claims: 1 };
    assert_eq!(figures, expected);
    rig.tick(1_100);
    let figures = rig.partition.figures();
    assert_eq!(figures, PartitionFigures { hunts_running: 1, hunts_ended: 1, ..expected });
    rig.start(1_100, "a");
    let figures = rig.partition.figures();
    assert_eq!(figures, PartitionFigures { players: 1, watchers: 0, ..expected });
    let player = rig.join(1_100, "a");
    rig.claim(1_100, "a", player);
    rig.tick(10_000_000);
    let claims = PartitionFigures { claims: 2, ..PartitionFigures::default() };
    assert_eq!(rig.partition.figures(), claims, "claims are counted from the start");
}

#[test]
fn the_last_eight_keys_of_a_player_are_remembered() {
    let mut rig = Rig::new();
    rig.start(0, "h");
    let (player, other) = (rig.join(0, "h"), rig.join(0, "h"));
    let mut resolve = |player, key: u32| {
        let key = Key::new(&format!("key-{key}"));
        let (hunt, at) = (id("h"), Point::default());
        match rig.apply(1, &Command::Resolve { hunt, player, treasure: id("t"), at, key }) {
            Reply::Resolved { outcome, .. } => outcome,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(resolve(player, 0), ResolveOutcome::Claimed);
    assert_eq!(resolve(other, 0), ResolveOutcome::Claimed, "another player's key is another");
    for key in 1..8 {
        assert_eq!(resolve(player, key), ResolveOutcome::AlreadyClaimed);
        assert_eq!(resolve(player, 0), ResolveOutcome::Claimed, "the answer of then, {key} later");
    }
    assert_eq!(resolve(player, 8), ResolveOutcome::AlreadyClaimed);
    assert_eq!(resolve(player, 0), ResolveOutcome::AlreadyClaimed, "the oldest was forgotten");
    assert_eq!(resolve(other, 0), ResolveOutcome::Claimed);
}
