//! Player updates: a move of a random player, in the bare state and through a partition.

use super::{Path, Step};
use alloc_bumpalo::BumpArena;
use alloc_heap::HeapArena;
use engine_core::arena::{Arena, ArenaMeters};
use engine_core::game::hash::Seed;
use engine_core::game::partition::Partition;
use engine_core::game::player::Player;
use engine_core::game::quest::{Quest, Rules};
use engine_core::limits::Limits;
use engine_core::seam::{Applied, Command, ConnId, PlayerRef, Point, Reply, ReplyTo, WorkerId};
use engine_core::text::{Id, Name};
use engine_core::time::Timestamp;
use std::hint::black_box;
use std::sync::Arc;

pub(crate) const PATHS: &[Path] = &[
    Path { name: "player_move/state/30000", ready: || state(30_000) },
    Path { name: "player_move/partition_heap/30000", ready: || partition::<HeapArena>(30_000) },
    Path { name: "player_move/partition_bump/30000", ready: || partition::<BumpArena>(30_000) },
];

/// Worlds too large to be set up under an emulator: for time only.
pub(crate) const LARGE: &[Path] = &[
    Path { name: "player_move/state/1000000", ready: || state(1_000_000) },
    Path {
        name: "player_move/partition_heap/1000000",
        ready: || partition::<HeapArena>(1_000_000),
    },
    Path {
        name: "player_move/partition_bump/1000000",
        ready: || partition::<BumpArena>(1_000_000),
    },
];

const QUEST: &str = r#"{"name":"q","waypoints":[{"x":0,"y":0,"z":0,"radius":1}],"treasures":[
    {"id":"t","x":0,"y":0,"z":0,"radius":1,"loot":{"item":"coin","points":5}}]}"#;
const START: Timestamp = Timestamp(1_700_000_000_000);

/// A player, without a pattern that a prefetcher could learn.
fn any(step: u64, players: u32) -> u32 {
    let mut z = step.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    u32::try_from(z % u64::from(players)).expect("less than a u32")
}

fn state(players: u32) -> Step {
    let rules = Rules::default();
    let mut all = vec![Player::new(Point::default(), &rules, 0); players as usize];
    let mut t = 0;
    Step::one(move || {
        t += 1;
        let state = &mut all[any(t.into(), players) as usize];
        let to = Point { x: f64::from(t & 1) * 0.5, y: 0.25, z: 0.0 };
        if state.can_reach(to, &rules, t) {
            state.go(to, t);
            state.turn(90.0);
        }
        black_box(state.energy(&rules, t));
    })
}

fn partition<A: Arena>(players: u32) -> Step {
    let id = |text| Id::new(text).expect("a well-formed id");
    let to = ReplyTo { worker: WorkerId(0), conn: ConnId { index: 0, generation: 0 }, slot: 0 };
    let meters = ArenaMeters::default();
    let scratch = A::new(Arc::clone(&meters.scratch));
    let quest = Quest::<A>::parse(id("q"), QUEST.as_bytes(), &scratch, &meters.quests);
    let quest = Arc::new(quest.expect("a valid quest"));
    let limits = Arc::new(Limits::default());
    let mut partition = Partition::<A>::new(Seed(1), meters, limits, 0, 1);
    let mut applied = Applied::default();
    let hunt = id("h");
    partition.start_hunt(START, to, hunt, quest, players, &mut applied);
    let name = Name::new("Ada").expect("a well-formed name");
    for _ in 0..players {
        applied.clear();
        partition.apply(START, to, &Command::Join { hunt, name }, &mut applied);
    }
    let mut step = 0_u64;
    Step::one(move || {
        step += 1;
        applied.clear();
        // The round must not end under the benchmark: a millisecond passes every 4,096 moves.
        let now = START.after_ms(step >> 12);
        let who = PlayerRef { player: any(step, players), started_ms: START.0 };
        let place = Point { x: (step & 1) as f64 * 0.5, y: 0.25, z: 0.0 };
        let command = Command::Move { hunt, player: who, to: place, heading: 90.0 };
        partition.apply(now, to, &command, &mut applied);
        assert!(matches!(applied.replies[0].1, Reply::Moved { .. }));
    })
}
