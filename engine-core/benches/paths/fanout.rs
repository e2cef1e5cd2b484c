//! A broadcast: the frame encoded once, and its bytes appended to every watcher's buffer.

use super::{Path, Step};
use engine_core::game::frame::{Leader, Scene, encode};
use engine_core::game::quest::{Treasure, Waypoint};
use engine_core::seam::{Codec, HuntState, Loot, Point};
use engine_core::text::{Id, Name};
use std::hint::black_box;

pub(crate) const PATHS: &[Path] = &[
    Path { name: "frame/delta_8_waypoints/json", ready: || frame(Codec::Json, false, 8) },
    Path { name: "frame/delta_8_waypoints/protobuf", ready: || frame(Codec::Protobuf, false, 8) },
    Path { name: "frame/delta_64_waypoints/json", ready: || frame(Codec::Json, false, 64) },
    Path { name: "frame/delta_64_waypoints/protobuf", ready: || frame(Codec::Protobuf, false, 64) },
    Path { name: "frame/full_64_treasures/json", ready: || frame(Codec::Json, true, 8) },
    Path { name: "frame/full_64_treasures/protobuf", ready: || frame(Codec::Protobuf, true, 8) },
    Path { name: "frame/append_to_2000/json", ready: || append(Codec::Json) },
    Path { name: "frame/append_to_2000/protobuf", ready: || append(Codec::Protobuf) },
];

const WATCHERS: usize = 2_000;
const TREASURES: usize = 64;

fn waypoints(count: u32) -> Vec<Waypoint> {
    let at = |i: u32| {
        let turn = f64::from(i) * 0.618;
        Point { x: 1000.0 * turn.sin(), y: 1000.0 * turn.cos(), z: 0.25 * turn }
    };
    (0..count).map(|i| Waypoint { at: at(i), radius: 5.0 }).collect()
}

fn treasures() -> Vec<Treasure> {
    let loot =
        Loot { item: Id::new("coin").expect("a well-formed id"), points: 10, power_up: None };
    let id = |i| Id::new(&format!("chest-{i}")).expect("a well-formed id");
    let at = Point::default();
    let treasure = |i| Treasure { id: id(i), at, radius: 1.0, opens_ms: 0, supply: 100, loot };
    (0..TREASURES).map(treasure).collect()
}

/// What scenes are made of.
struct Stage {
    waypoints: Vec<Waypoint>,
    treasures: Vec<Treasure>,
    remaining: [u32; TREASURES],
    leaders: [Leader; 3],
}

impl Stage {
    fn new() -> Self {
        let name = Name::new("Ada Lovelace").expect("a well-formed name");
        let leaders = [0, 1, 2].map(|player| Leader { player, name, score: 1_000 - player });
        let (waypoints, treasures) = (waypoints(4_200), treasures());
        Self { waypoints, treasures, remaining: [42; TREASURES], leaders }
    }

    fn scene(&self, full: bool, waypoints_in_play: usize) -> Scene<'_> {
        Scene {
            tick: 1_234,
            full,
            state: HuntState::Running,
            remaining_ms: 414_900,
            waypoints: &self.waypoints,
            first_waypoint: 61,
            waypoints_in_play,
            treasures: &self.treasures,
            remaining: &self.remaining,
            changed: if full { &[u64::MAX] } else { &[0b1010_0100] },
            leaders: &self.leaders,
        }
    }
}

fn frame(codec: Codec, full: bool, in_play: usize) -> Step {
    let (stage, mut scratch) = (Stage::new(), Vec::new());
    let bytes = encode(&stage.scene(full, in_play), codec, &mut scratch).len();
    Step::bytes(bytes, move || {
        black_box(encode(black_box(&stage.scene(full, in_play)), codec, &mut scratch));
    })
}

fn append(codec: Codec) -> Step {
    let frame = encode(&Stage::new().scene(false, 8), codec, &mut Vec::new());
    let mut buffers: Vec<_> = (0..WATCHERS).map(|_| Vec::with_capacity(4_096)).collect();
    Step::bytes(frame.len() * WATCHERS, move || {
        for buffer in &mut buffers {
            buffer.clear();
            buffer.extend_from_slice(black_box(&frame));
        }
    })
}
