//! One request through the whole engine: bytes in, store, bytes out; no socket.

use super::{Path, Step};
use crate::support::{Pair, frame, request};
use alloc_bumpalo::BumpArena;
use alloc_heap::HeapArena;
use engine_core::arena::Arena;
use engine_core::limits::Limits;
use std::hint::black_box;

pub(crate) const PATHS: &[Path] = &[
    Path { name: "shard/heap/resolve", ready: resolve::<HeapArena> },
    Path { name: "shard/heap/status", ready: || get::<HeapArena>("/v1/hunts/h1/status") },
    Path { name: "shard/heap/loot", ready: || get::<HeapArena>("/loot") },
    Path { name: "shard/heap/move", ready: step::<HeapArena> },
    Path { name: "shard/bump/resolve", ready: resolve::<BumpArena> },
    Path { name: "shard/bump/status", ready: || get::<BumpArena>("/v1/hunts/h1/status") },
    Path { name: "shard/bump/loot", ready: || get::<BumpArena>("/loot") },
    Path { name: "shard/bump/move", ready: step::<BumpArena> },
];

fn resolve<A: Arena>() -> Step {
    let mut pair = Pair::<A>::with_hunt(Limits::default());
    let token = pair.join("Ada");
    let body = r#"{"treasure":"t1","x":0,"y":0,"z":0}"#;
    exchange(pair, request("POST", "/v1/hunts/h1/resolve", &token, body))
}

fn get<A: Arena>(path: &str) -> Step {
    exchange(Pair::<A>::with_hunt(Limits::default()), request("GET", path, "", ""))
}

fn exchange<A: Arena>(mut pair: Pair<A>, bytes: Vec<u8>) -> Step {
    let id = pair.open();
    Step::one(move || {
        pair.send(id, &bytes);
        black_box(pair.discard(id));
    })
}

fn step<A: Arena>() -> Step {
    let mut pair = Pair::<A>::with_hunt(Limits::default());
    let player = pair.play("Bo", "hunt.v1+json");
    let bytes = frame(1, br#"{"seq":1,"move":{"x":0,"y":0,"z":0}}"#);
    Step::one(move || {
        pair.send(player, &bytes);
        black_box(pair.discard(player));
    })
}
