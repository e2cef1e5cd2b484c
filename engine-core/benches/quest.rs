//! Reading quest documents: a small one, the average and the large one of the `quests` scenario.
//!
//! `cargo bench -p engine-core --bench quest`

use std::fmt::Write;
use std::sync::Arc;

use alloc_bumpalo::BumpArena;
use alloc_heap::HeapArena;
use criterion::measurement::WallTime;
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
};
use engine_core::arena::{Arena, Meter};
use engine_core::game::quest::Quest;
use engine_core::text::Id;

/// A quest of `waypoints` waypoints and 16 treasures, coordinates with up to three decimals.
fn document(waypoints: usize) -> String {
    let mut text = String::from("{\"name\":\"The harbour\",\"waypoints\":[");
    for index in 0..waypoints {
        let turn = index as f64 * 0.618;
        let (x, y, z) = (1000.0 * turn.sin(), 1000.0 * turn.cos(), 0.25 * turn);
        let comma = if index == 0 { "" } else { "," };
        write!(text, "{comma}\n  {{\"x\":{x:.3},\"y\":{y:.3},\"z\":{z:.1},\"radius\":5}}")
            .expect("a String takes everything");
    }
    text.push_str("],\"treasures\":[");
    for index in 0..16 {
        let comma = if index == 0 { "" } else { "," };
        write!(
            text,
            "{comma}{{\"id\":\"chest-{index}\",\"x\":{index},\"y\":0.5,\"z\":0,\"radius\":3,\
             \"supply\":100,\"loot\":{{\"item\":\"coin\",\"points\":10}}}}"
        )
        .expect("a String takes everything");
    }
    text.push_str("]}");
    text
}

fn parse<A: Arena>(group: &mut BenchmarkGroup<'_, WallTime>, waypoints: usize) {
    let text = document(waypoints);
    let id = Id::new("harbour").expect("a well-formed id");
    let meter = Arc::new(Meter::default());
    let mut scratch = A::new(Arc::new(Meter::default()));
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function(BenchmarkId::new(A::NAME, waypoints), |bencher| {
        bencher.iter(|| {
            let quest = Quest::<A>::parse(id, text.as_bytes(), &scratch, &meter);
            scratch.reset();
            quest.expect("a valid quest")
        });
    });
}

fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("quest_parse");
    for waypoints in [12, 4_200, 8_500] {
        parse::<HeapArena>(&mut group, waypoints);
        parse::<BumpArena>(&mut group, waypoints);
    }
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
