//! A broadcast: the frame encoded once, and its bytes appended to every watcher's buffer.
//!
//! `cargo bench -p engine-core --bench fanout`

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use engine_core::game::frame::{Leader, Scene, encode};
use engine_core::game::quest::{Treasure, Waypoint};
use engine_core::seam::{Codec, HuntState, Loot, Point};
use engine_core::text::{Id, Name};
use std::hint::black_box;

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

fn benches(criterion: &mut Criterion) {
    let (waypoints, treasures) = (waypoints(4_200), treasures());
    let remaining = [42; TREASURES];
    let name = Name::new("Ada Lovelace").expect("a well-formed name");
    let leaders = [0, 1, 2].map(|player| Leader { player, name, score: 1_000 - player });
    let scene = |full: bool, in_play| Scene {
        tick: 1_234,
        full,
        state: HuntState::Running,
        remaining_ms: 414_900,
        waypoints: &waypoints,
        first_waypoint: 61,
        waypoints_in_play: in_play,
        treasures: &treasures,
        remaining: &remaining,
        changed: if full { &[u64::MAX] } else { &[0b1010_0100] },
        leaders: &leaders,
    };
    let mut scratch = Vec::new();

    let mut group = criterion.benchmark_group("frame_encode");
    for (name, scene) in [
        ("delta_8_waypoints", scene(false, 8)),
        ("delta_64_waypoints", scene(false, 64)),
        ("full_64_treasures", scene(true, 8)),
    ] {
        for codec in Codec::ALL {
            let bytes = encode(&scene, codec, &mut scratch).len();
            group.throughput(Throughput::Bytes(bytes as u64));
            group.bench_function(BenchmarkId::new(name, format!("{codec:?}")), |bencher| {
                bencher.iter(|| encode(black_box(&scene), codec, &mut scratch));
            });
        }
    }
    group.finish();

    let mut group = criterion.benchmark_group("frame_append");
    for codec in Codec::ALL {
        let frame = encode(&scene(false, 8), codec, &mut scratch);
        let mut buffers: Vec<_> = (0..WATCHERS).map(|_| Vec::with_capacity(4_096)).collect();
        group.throughput(Throughput::Bytes((frame.len() * WATCHERS) as u64));
        group.bench_function(BenchmarkId::new("2000_watchers", format!("{codec:?}")), |bencher| {
            bencher.iter(|| {
                for buffer in &mut buffers {
                    buffer.clear();
                    buffer.extend_from_slice(black_box(&frame));
                }
            });
        });
    }
    group.finish();
}

criterion_group!(fanout, benches);
criterion_main!(fanout);
