//! The shard at its edges: a store that answers late, peers that leave or stall in every phase.

mod support;

use alloc_heap::HeapArena;
use engine_core::limits::Limits;
use support::{Pair as AnyPair, frames};

type Pair = AnyPair<HeapArena>;

#[test]
fn a_broadcast_that_is_too_much_for_one_watcher_ends_that_one_alone() {
    let limits =
        Limits { outbound_high_bytes: 1 << 20, outbound_bytes_max: 4096, ..Limits::default() };
    let mut pair = Pair::with_hunt(limits);
    let stuck = pair.play("Ada", "");
    let other = pair.play("Bo", "");
    pair.hold_writes = true;
    for _ in 0..60 {
        pair.wait(150);
        pair.take(other);
    }
    assert_eq!(pair.shard.figures().stuck, 1);
    assert_eq!(pair.store.figures().watchers, 1);
    pair.take(stuck);
    let (opcode, payload) = frames(&pair.take(stuck)).pop().unwrap();
    assert_eq!((opcode, &payload[..]), (8, &b"\x03\xf0too slow"[..]));
    pair.wait(150);
    assert_eq!(frames(&pair.take(other)).len(), 1);
}
