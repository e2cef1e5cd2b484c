//! How often the game allocates once everybody has joined: never for a command or a query, and for
//! a broadcast the same few times whatever the size of the hunt.
#![expect(
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    reason = "test data is small, and what is not there fails the test"
)]

use alloc_bumpalo::BumpArena;
use alloc_counting::{Counting, measure};
use alloc_heap::HeapArena;
use engine_core::arena::{Arena, ArenaMeters};
use engine_core::game::hash::Seed;
use engine_core::game::partition::Partition;
use engine_core::game::quest::Quest;
use engine_core::limits::Limits;
use engine_core::seam::{
    Applied, Codec, Command, ConnId, PlayerRef, Point, PowerUp, Published, Query, Reply, ReplyTo,
    Watch, WorkerId,
};
use engine_core::text::{Id, Key, Name};
use engine_core::time::Timestamp;
use std::alloc::System;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

#[global_allocator]
static ALLOCATOR: Counting<System> = Counting::new(System);

struct Rig<A: Arena> {
    partition: Partition<A>,
    players: Vec<PlayerRef>,
    treasures: u32,
    applied: Applied,
}

const START: u64 = 1_700_000_000_000;

impl<A: Arena> Rig<A> {
    /// One hunt of this size; everybody has joined.
    fn new(players: u32, treasures: u32, waypoints: u32) -> Self {
        let meters = ArenaMeters::default();
        let text = document(treasures, waypoints);
        let scratch = A::new(Arc::clone(&meters.scratch));
        let quest = Quest::parse(id("q"), text.as_bytes(), &scratch, &meters.quests).unwrap();
        let limits = Arc::new(Limits::default());
        let mut partition = Partition::new(Seed(9), meters, limits, 0, 1);
        let mut applied = Applied::default();
        let now = Timestamp(START);
        partition.start_hunt(now, to(), id("h"), Arc::new(quest), players, &mut applied);
        let mut rig = Self { partition, players: vec![], treasures, applied };
        for _ in 0..players {
            let name = Name::new("somebody with a \"name\"").unwrap();
            let Reply::Joined { player, .. } = rig.apply(0, &Command::Join { hunt: id("h"), name })
            else {
                panic!("there is room")
            };
            rig.players.push(player);
        }
        // What is kept between two calls has grown to its size.
        rig.applied.board_rows.reserve(100);
        rig.applied.loot_rows.reserve(8);
        rig
    }

    fn apply(&mut self, t: u64, command: &Command) -> Reply {
        self.applied.clear();
        self.partition.apply(Timestamp(START + t), to(), command, &mut self.applied);
        self.applied.replies.pop().unwrap().1
    }

    fn query(&mut self, t: u64, query: &Query) -> Reply {
        self.applied.clear();
        self.partition.query(Timestamp(START + t), to(), query, 1, &mut self.applied);
        self.applied.replies.pop().unwrap().1
    }

    fn watch(&mut self, codec: Codec) {
        let watch = Watch { hunt: id("h"), player: self.players[0], codec, on: true };
        self.applied.clear();
        self.partition.watch(Timestamp(START), to(), &watch, &mut self.applied);
    }

    fn resolve(&mut self, t: u64, player: usize, treasure: u32, key: Option<u64>) -> Reply {
        let mut text = [0; 20];
        let treasure = Id::new(padded(&mut text, treasure)).unwrap();
        let key = key.map(|key| Key::new(padded(&mut text, key as u32)).unwrap());
        let (player, at) = (self.players[player], Point::default());
        self.apply(t, &Command::Resolve { hunt: id("h"), player, treasure, at, key })
    }
}

/// `t000042`, without allocating.
fn padded(text: &mut [u8; 20], mut number: u32) -> &str {
    *text = *b"t0000000000000000000";
    for digit in text[1..7].iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
    std::str::from_utf8(&text[..7]).unwrap()
}

fn document(treasures: u32, waypoints: u32) -> String {
    let mut text = String::from(r#"{"name":"q","rules":{"energy_per_s":1000},"waypoints":["#);
    for i in 0..waypoints {
        write!(text, r#"{{"x":{},"y":0.1,"z":0,"radius":1}},"#, i % 2).unwrap();
    }
    text.pop();
    text.push_str(r#"],"treasures":["#);
    for i in 0..treasures {
        let (mut id, opens_ms) = ([0; 20], if i == 1 { 500_000 } else { 0 });
        let id = padded(&mut id, i);
        let radius = if i == 2 { 0.001 } else { 9.0 };
        let supply = if i == 3 { 1 } else { 1_000_000 };
        write!(
            text,
            r#"{{"id":"{id}","x":0,"y":0.2,"z":0,"radius":{radius},"opens_ms":{opens_ms},"supply":{supply},
            "loot":{{"item":"coin","points":{},"power_up":"boost"}}}},"#,
            i % 7 + 1
        )
        .unwrap();
    }
    text.pop();
    text.push_str("]}");
    text
}

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn to() -> ReplyTo {
    ReplyTo { worker: WorkerId(0), conn: ConnId { index: 0, generation: 0 }, slot: 0 }
}

fn commands_and_queries_allocate_nothing<A: Arena>() {
    let mut rig = Rig::<A>::new(1_000, 40, 20);
    // A bit for each outcome and one for a refusal, since a set would allocate.
    let mut seen = 0_u32;
    let counts = measure(|| {
        for step in 0..20_000_u64 {
            let t = 1_000 + step;
            let player = (step * 7 % 1_000) as usize;
            let key = (step % 3 == 0).then_some(step % 11);
            let treasure = if step % 13 == 0 { 99 } else { step as u32 / 2_000 };
            match rig.resolve(t, player, treasure, key) {
                Reply::Resolved { outcome, .. } => seen |= 1 << outcome as u32,
                Reply::Refused(_) => seen |= 1 << 6,
                other => panic!("{other:?}"),
            }
            let (hunt, player) = (id("h"), rig.players[player]);
            let to = Point { x: (step % 9 * 3) as f64, y: 0.0, z: 0.0 };
            rig.apply(t, &Command::Move { hunt, player, to, heading: 90.0 });
            let power_up = PowerUp::ALL[(step % 3) as usize];
            rig.apply(t, &Command::UsePowerUp { hunt, player, power_up });
            rig.query(t, &Query::Status { hunt });
            rig.query(t, &Query::Loot { session: step as u32, hunt: Some(hunt) });
            let around = (step % 2 == 0).then_some(player.player);
            rig.query(t, &Query::Leaderboard { hunt, limit: 100, around });
        }
    });
    assert_eq!(counts.requests(), 0, "with {}", A::NAME);
    assert_eq!(seen, 0b111_1111, "every outcome was met");
}

#[test]
fn commands_and_queries_allocate_nothing_on_the_bump_arena() {
    commands_and_queries_allocate_nothing::<BumpArena>();
}

#[test]
fn commands_and_queries_allocate_nothing_on_the_heap_arena() {
    commands_and_queries_allocate_nothing::<HeapArena>();
}

/// The allocations of a broadcast in both encodings, after the first few.
fn broadcast_allocations(players: u32, treasures: u32, waypoints: u32) -> u64 {
    let mut rig = Rig::<BumpArena>::new(players, treasures, waypoints);
    Codec::ALL.into_iter().for_each(|codec| rig.watch(codec));
    let (mut published, mut forgotten): (Vec<Published>, _) = (Vec::with_capacity(8), vec![]);
    let mut different = BTreeSet::new();
    for tick in 1..20_u64 {
        for treasure in 0..rig.treasures {
            rig.resolve(tick * 150 - 1, (tick as usize - 1) % rig.players.len(), treasure, None);
        }
        let counts = measure(|| {
            rig.partition.tick(Timestamp(START + tick * 150), &mut published, &mut forgotten);
        });
        assert_eq!(published.len(), 1);
        assert!(published.iter().all(|p| p.frame.wire.iter().all(Option::is_some)));
        published.clear();
        // The first ones grow the buffer that frames are written in.
        if tick > 3 {
            different.insert(counts.requests());
        }
    }
    assert_eq!(different.len(), 1, "each allocates as often as the one before: {different:?}");
    different.into_iter().next().unwrap()
}

#[test]
fn a_broadcast_allocates_the_same_few_times_whatever_the_size_of_the_hunt() {
    let small = broadcast_allocations(20, 4, 1);
    assert_eq!(small, 3, "two encodings, and the frame that shares them");
    assert_eq!(broadcast_allocations(5_000, 4, 1), small);
    assert_eq!(broadcast_allocations(20, 1_024, 1), small);
    assert_eq!(broadcast_allocations(20, 4, 10_000), small);
}
