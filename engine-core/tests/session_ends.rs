//! Connections that end, or cannot take their bytes, at the worst of times.

mod support;

use alloc_heap::HeapArena;
use engine_core::limits::Limits;
use support::{Pair as AnyPair, frames, request, upgrade};

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

#[test]
fn a_broadcast_that_does_not_fit_is_left_out() {
    let limits = Limits {
        outbound_high_bytes: 1 << 20,
        outbound_bytes_max: 64 * 1024,
        write_stall_ms: 3_600_000,
        idle_ms: 3_600_000,
        ..Limits::default()
    };
    let mut pair = Pair::with_hunt(limits);
    let (stuck, other) = (pair.play("Ada", ""), pair.play("Bo", ""));
    pair.hold_writes = true;
    pair.wait(150);
    pair.hold_writes = false;
    pair.take(other);
    pair.wait(150 * 600);
    assert!(pair.shard.figures().conflated > 0);
    assert_eq!((pair.shard.figures().stuck, pair.shard.figures().slow), (0, 1));
    pair.close(stuck);
    pair.take(other);
    pair.wait(150);
    assert_eq!(frames(&pair.take(other)).len(), 1);
    pair.close(other);
    assert_eq!((pair.store.figures().watchers, pair.shard.figures().slow), (0, 0));
}

#[test]
fn a_peer_that_is_stuck_while_it_closes_gets_one_close_frame() {
    let limits = Limits {
        write_stall_ms: 500,
        idle_ms: 1_000,
        close_ms: 5_000,
        linger_ms: 100,
        ..Limits::default()
    };
    let mut pair = Pair::with_hunt(limits);
    let id = pair.play("Ada", "");
    pair.wait(900);
    pair.take(id);
    pair.hold_writes = true;
    pair.wait(1_400);
    assert_eq!(pair.shard.figures().timed_out, 1);
    let mut received = frames(&pair.take(id));
    received.extend(frames(&pair.take(id)));
    received.extend(frames(&pair.take(id)));
    let closes = received.iter().filter(|(opcode, _)| *opcode == 8).count();
    assert_eq!((closes, pair.shard.figures().stuck), (1, 1));
}

#[test]
fn a_peer_that_breaks_the_protocol_while_it_closes_gets_one_close_frame() {
    let limits = Limits { ping_ms: 400, idle_ms: 500, ..Limits::default() };
    let mut pair = Pair::with_hunt(limits);
    let id = pair.play("Ada", "");
    pair.wait(800);
    pair.send(id, b"not a frame");
    let received = frames(&pair.take(id));
    assert_eq!(received.iter().filter(|(opcode, _)| *opcode == 8).count(), 1);
    assert!(pair.wires[&id.index].ended);
}
