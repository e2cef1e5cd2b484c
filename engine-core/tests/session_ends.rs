//! Connections that end, or cannot take their bytes, at the worst of times.

mod support;

use alloc_heap::HeapArena;
use engine_core::limits::Limits;
use support::{Pair as AnyPair, request, upgrade};

type Pair = AnyPair<HeapArena>;

#[test]
fn a_connection_that_ends_while_it_is_upgraded_does_not_watch_for_ever() {
    let mut pair = Pair::with_hunt(Limits::default());
    let token = pair.join("Ada");
    let id = pair.open();
    pair.hold_store = true;
    pair.send(id, &upgrade(&token, ""));
    pair.close(id);
    pair.hold_store = false;
    pair.answer(false);
    assert_eq!(pair.store.figures().watchers, 0);
}

#[test]
fn a_connection_that_is_aborted_while_it_is_upgraded_stays_aborted() {
    let limits = Limits { write_stall_ms: 500, ..Limits::default() };
    for watched in [true, false] {
        let mut pair = Pair::with_hunt(limits.clone());
        let token = pair.join("Ada");
        let id = pair.open();
        pair.hold_writes = true;
        pair.send(id, &request("GET", "/loot", "", ""));
        pair.hold_store = true;
        pair.send(id, &upgrade(&token, ""));
        pair.wait(800);
        assert!(pair.wires[&id.index].aborted);
        let received = pair.wires[&id.index].bytes.len();
        if !watched {
            pair.now = pair.now.after_ms(600_000);
        }
        pair.hold_store = false;
        pair.answer(false);
        assert_eq!(pair.wires[&id.index].bytes.len(), received);
        assert_eq!((pair.store.figures().watchers, pair.shard.figures().websockets), (0, 0));
        pair.close(id);
        assert_eq!(pair.store.figures().watchers, 0);
    }
}
