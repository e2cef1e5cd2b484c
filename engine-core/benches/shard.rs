//! One request through the whole engine: bytes in, store, bytes out; no socket.

#[path = "../tests/support/mod.rs"]
mod support;

use alloc_bumpalo::BumpArena;
use alloc_heap::HeapArena;
use criterion::{Criterion, criterion_group, criterion_main};
use engine_core::arena::Arena;
use engine_core::limits::Limits;
use std::hint::black_box;
use support::{Pair, frame, request};

fn requests<A: Arena>(c: &mut Criterion) {
    let mut pair = Pair::<A>::with_hunt(Limits::default());
    let token = pair.join("Ada");
    let id = pair.open();
    let body = r#"{"treasure":"t1","x":0,"y":0,"z":0}"#;
    let cases = [
        ("resolve", request("POST", "/v1/hunts/h1/resolve", &token, body)),
        ("status", request("GET", "/v1/hunts/h1/status", "", "")),
        ("loot", request("GET", "/loot", "", "")),
    ];
    let mut group = c.benchmark_group(format!("shard/{}", A::NAME));
    for (name, bytes) in cases {
        group.bench_function(name, |b| {
            b.iter(|| {
                pair.send(id, &bytes);
                black_box(pair.discard(id));
            });
        });
    }
    let player = pair.play("Bo", "hunt.v1+json");
    let step = frame(1, br#"{"seq":1,"move":{"x":0,"y":0,"z":0}}"#);
    group.bench_function("move", |b| {
        b.iter(|| {
            pair.send(player, &step);
            black_box(pair.discard(player));
        });
    });
    group.finish();
}

criterion_group!(benches, requests::<HeapArena>, requests::<BumpArena>);
criterion_main!(benches);
