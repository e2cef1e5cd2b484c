//! The shard at its edges: a store that answers late, peers that leave or stall in every phase.

mod support;

use alloc_heap::HeapArena;
use engine_core::limits::Limits;
use engine_core::seam::Applied;
use support::{Pair as AnyPair, frame, frames, request, upgrade};

type Pair = AnyPair<HeapArena>;

fn resolve(token: &str, treasure: &str) -> Vec<u8> {
    let body = format!(r#"{{"treasure":"{treasure}","x":0,"y":0,"z":0}}"#);
    request("POST", "/v1/hunts/h1/resolve", token, &body)
}

fn status() -> Vec<u8> {
    request("GET", "/v1/hunts/h1/status", "", "")
}

#[test]
fn a_broadcast_that_is_too_much_for_one_watcher_is_left_out_for_that_one_alone() {
    let limits =
        Limits { outbound_high_bytes: 1 << 20, outbound_bytes_max: 4096, ..Limits::default() };
    let mut pair = Pair::with_hunt(limits);
    let slow = pair.play("Ada", "");
    let other = pair.play("Bo", "");
    pair.hold_writes = true;
    for _ in 0..60 {
        pair.wait(150);
        pair.take(other);
    }
    let figures = pair.shard.figures();
    assert_eq!((figures.stuck, figures.slow), (0, 1));
    assert!(figures.conflated > 10);
    pair.take(other);
    pair.wait(150);
    assert_eq!(frames(&pair.take(other)).len(), 1);
    for _ in 0..3 {
        pair.take(slow);
    }
    assert_eq!(pair.shard.figures().slow, 0, "it has caught up");
}

#[test]
fn a_broadcast_that_is_older_than_the_first_full_frame_is_not_shown() {
    let mut pair = Pair::with_hunt(Limits::default());
    let token = pair.join("Ada");
    let first = pair.play("Bo", "");
    pair.now = pair.now.after_ms(160);
    let (mut published, mut forgotten) = (Vec::new(), Vec::new());
    pair.store.tick(pair.now, &mut published, &mut forgotten);
    // While the broadcast is on its way, a treasure is opened, and somebody begins to watch.
    let id = pair.open();
    pair.send(id, &resolve(&token, "t1"));
    let other_token = pair.join("Cy");
    let second = pair.open();
    pair.send(second, &upgrade(&other_token, ""));
    let shown = String::from_utf8_lossy(&pair.take(second)).into_owned();
    assert!(shown.contains(r#""changed":[{"treasure":"t1","remaining":8}]"#), "{shown}");
    pair.take(first);
    let frames_now = published.into_iter().map(|published| published.frame).collect();
    pair.shard.applied(pair.now, &Applied { frames: frames_now, ..Applied::default() });
    pair.drain();
    assert_eq!(frames(&pair.take(first)).len(), 1, "it was there before");
    assert_eq!(pair.take(second), b"", "it knows better");
    pair.wait(150);
    for watcher in [first, second] {
        let shown = frames(&pair.take(watcher));
        assert_eq!(shown.len(), 1);
        assert!(String::from_utf8_lossy(&shown[0].1).contains(r#""remaining":8}"#));
    }
}

#[test]
fn a_peer_that_leaves_before_its_upgrade_is_answered_does_not_watch() {
    let mut pair = Pair::with_hunt(Limits::default());
    let token = pair.join("Ada");
    let (gone, stays) = (pair.open(), pair.open());
    pair.hold_store = true;
    pair.send(gone, &upgrade(&token, ""));
    pair.send(stays, &upgrade(&token, ""));
    pair.close(gone);
    pair.hold_store = false;
    pair.answer(false);
    assert_eq!(pair.store.figures().watchers, 1);
    pair.close(stays);
    assert_eq!(pair.store.figures().watchers, 0);
    assert_eq!(pair.shard.figures().websockets, 0);
}

#[test]
fn an_upgrade_that_is_refused_after_its_peer_has_left_ends_no_other_watch() {
    let mut pair = Pair::with_hunt(Limits::default());
    let watcher = pair.play("Ada", "");
    let token = pair.join("Bo");
    let late = pair.open();
    pair.hold_store = true;
    pair.send(late, &upgrade(&token, ""));
    pair.close(late);
    pair.hold_store = false;
    pair.now = pair.now.after_ms(600_000);
    pair.answer(false);
    assert_eq!(pair.store.figures().watchers, 1);
    pair.close(watcher);
    assert_eq!(pair.store.figures().watchers, 0);
}

#[test]
fn an_upgrade_that_is_answered_after_its_connection_was_aborted_does_not_watch() {
    let mut pair = Pair::with_hunt(Limits { write_stall_ms: 1000, ..Limits::default() });
    let token = pair.join("Ada");
    let id = pair.open();
    pair.hold_writes = true;
    pair.send(id, &status());
    pair.hold_store = true;
    pair.send(id, &upgrade(&token, ""));
    pair.wait(1500);
    assert!(pair.wires[&id.index].aborted);
    pair.hold_store = false;
    pair.answer(false);
    assert_eq!(pair.store.figures().watchers, 0);
    pair.close(id);

    let id = pair.open();
    pair.send(id, &status());
    pair.hold_store = true;
    pair.send(id, &upgrade(&token, ""));
    pair.wait(1500);
    pair.close(id);
    pair.hold_store = false;
    pair.answer(false);
    assert_eq!(pair.store.figures().watchers, 0);
    assert_eq!(pair.shard.figures().websockets, 0);
}

#[test]
fn the_time_to_the_next_request_begins_with_the_last_response() {
    let mut pair = Pair::with_hunt(Limits { keep_alive_ms: 1000, ..Limits::default() });
    let id = pair.open();
    pair.hold_store = true;
    pair.hold_writes = true;
    pair.send(id, &status());
    pair.wait(1500);
    pair.answer(false);
    pair.hold_store = false;
    pair.answer(false);
    pair.wait(1500);
    assert!(!pair.wires[&id.index].ended, "the response is on its way");
    assert!(pair.text(id).contains("200 OK"));
    pair.wait(700);
    assert!(!pair.wires[&id.index].ended);
    pair.wait(700);
    assert!(pair.wires[&id.index].ended);
}

#[test]
fn no_time_runs_out_for_a_head_or_a_body_while_it_is_not_read() {
    let limits = Limits {
        head_timeout_ms: 1000,
        body_timeout_ms: 1000,
        outbound_high_bytes: 100,
        ..Limits::default()
    };
    let mut pair = Pair::with_hunt(limits);
    let begun =
        ["GET /loot HTTP/1.1\r\n", "GET /loot HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n1"];
    for (begun, rest) in begun.into_iter().zip(["Host: h\r\n\r\n", "2"]) {
        let id = pair.open();
        pair.hold_writes = true;
        let mut bytes = status();
        bytes.extend_from_slice(begun.as_bytes());
        pair.send(id, &bytes);
        assert!(!pair.shard.wants_read(id));
        pair.wait(1500);
        pair.take(id);
        assert!(pair.shard.wants_read(id));
        pair.wait(900);
        pair.send(id, rest.as_bytes());
        let text = pair.text(id);
        assert!(text.starts_with("HTTP/1.1 200 "), "{text}");
        pair.take(id);
        pair.close(id);
    }
}

#[test]
fn a_peer_that_breaks_a_rule_after_our_close_frame_gets_no_second_one() {
    let limits = Limits { idle_ms: 1000, ping_ms: 900, ..Limits::default() };
    let mut pair = Pair::with_hunt(limits);
    let id = pair.play("Ada", "");
    pair.wait(1500);
    pair.send(id, &frame(15, b""));
    let received = frames(&pair.take(id));
    assert_eq!(received.iter().filter(|(opcode, _)| *opcode == 8).count(), 1);
    assert!(pair.wires[&id.index].ended);
}

#[test]
fn the_408_to_a_head_request_has_no_body() {
    let mut pair = Pair::with_hunt(Limits { body_timeout_ms: 1000, ..Limits::default() });
    let id = pair.open();
    pair.send(id, b"HEAD /loot HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n");
    pair.wait(1500);
    let text = pair.text(id);
    assert!(text.starts_with("HTTP/1.1 408 ") && text.ends_with("\r\n\r\n"), "{text}");
}

#[test]
fn a_slow_watcher_is_not_shown_the_next_round() {
    let mut pair = Pair::with_hunt(Limits { outbound_high_bytes: 4096, ..Limits::default() });
    let admin = pair.open();
    let id = pair.play("Ada", "");
    pair.hold_writes = true;
    pair.wait(150 * 40);
    assert_eq!(pair.shard.figures().slow, 1);
    pair.now = pair.now.after_ms(600_000);
    pair.put(admin, "/v1/hunts/h1", r#"{"quest":"pier","capacity":100000}"#);
    let mut received = pair.take(id);
    received.extend(pair.take(id));
    received.extend(pair.take(id));
    pair.tick();
    received.extend(pair.take(id));
    let received = frames(&received);
    let full = |text: &[u8]| String::from_utf8_lossy(text).contains("\"full\":true");
    assert!(!received.iter().any(|(_, text)| full(text)), "a frame of the next round");
    assert_eq!(received.last(), Some(&(8, b"\x03\xe8hunt ended".to_vec())));
    assert_eq!(pair.shard.figures().slow, 0);
}

#[test]
fn a_player_who_comes_during_a_drain_is_told_1001_too() {
    let mut pair = Pair::with_hunt(Limits::default());
    let token = pair.join("Ada");
    let id = pair.open();
    let until = pair.now.after_ms(10_000);
    pair.shard.drain(pair.now, until);
    let hello = String::from_utf8(upgrade(&token, "")).unwrap();
    pair.send(id, hello.replace("Connection: Upgrade", "Connection: Upgrade, close").as_bytes());
    pair.take(id);
    pair.wait(3_000);
    let (opcode, payload) = frames(&pair.take(id)).pop().unwrap();
    assert_eq!((opcode, &payload[..]), (8, &b"\x03\xe9server is going away"[..]));
}

#[test]
fn a_peer_that_ends_its_side_gets_the_responses_that_it_is_owed() {
    let mut pair = Pair::with_hunt(Limits::default());
    let token = pair.join("Ada");
    for behind in [b"GET /lo".to_vec(), upgrade(&token, ""), Vec::new()] {
        pair.hold_store = true;
        let id = pair.open();
        pair.send(id, &[status(), status(), behind].concat());
        assert!(pair.shard.ended(pair.now, id));
        pair.drain();
        assert!(!pair.shard.has_said_all(id));
        pair.wait(20);
        pair.hold_store = false;
        pair.answer(true);
        let text = pair.text(id);
        assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 2, "{text}");
        assert!(pair.wires[&id.index].ended && pair.shard.has_said_all(id));
        pair.close(id);
    }
    assert_eq!(pair.store.figures().watchers, 0);
}

#[test]
fn a_peer_that_ends_its_side_and_is_owed_nothing_is_let_go() {
    let mut pair = Pair::with_hunt(Limits::default());
    let (silent, player) = (pair.open(), pair.play("Ada", ""));
    pair.hold_writes = true;
    pair.send(player, &frame(9, b"hi"));
    assert!(!pair.shard.ended(pair.now, silent));
    assert!(!pair.shard.ended(pair.now, player));
}
