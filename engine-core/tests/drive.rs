//! The shard as its driver sees it: order, back-pressure, broadcasts, time-outs, the drain.

mod support;

use alloc_heap::HeapArena;
use engine_core::error::Problem;
use engine_core::http::problem::write_problem;
use engine_core::limits::Limits;
use engine_core::seam::Listener;
use engine_core::shard::CONNECTIONS_FULL;
use support::{Pair as AnyPair, frame, frames, request, upgrade};

type Pair = AnyPair<HeapArena>;

fn status(session: &str) -> Vec<u8> {
    request("GET", "/v1/hunts/h1/status", session, "")
}

fn resolve(token: &str, treasure: &str) -> Vec<u8> {
    let body = format!(r#"{{"treasure":"{treasure}","x":0,"y":0,"z":0}}"#);
    request("POST", "/v1/hunts/h1/resolve", token, &body)
}

/// The bodies of the responses in `text`, which have no body that contains a status line.
fn bodies(text: &str) -> Vec<&str> {
    let body = |one| str::split_once(one, "\r\n\r\n").expect("a head ends").1;
    text.split("HTTP/1.1 ").skip(1).map(body).collect()
}

#[test]
fn replies_leave_in_request_order_however_late_the_store_answers() {
    let mut pair = Pair::with_hunt(Limits::default());
    let token = pair.join("Ada");
    let id = pair.open();
    pair.hold_store = true;
    let mut bytes = resolve(&token, "t1");
    bytes.extend(request("GET", "/nowhere", "", ""));
    bytes.extend(resolve(&token, "t2"));
    bytes.extend(status(""));
    pair.send(id, &bytes);
    assert_eq!(pair.text(id), "");
    pair.answer(true);
    let text = pair.text(id);
    let bodies = bodies(&text);
    assert_eq!(bodies.len(), 4, "{text}");
    assert!(bodies[0].contains("pearl") && bodies[2].contains("ring"), "{text}");
    assert!(bodies[1].contains("unknown-path") && bodies[3].contains("running"), "{text}");
}

#[test]
fn a_full_pipeline_is_not_read_and_goes_on_when_a_reply_is_out() {
    let limits = Limits { pipeline_max: 2, ..Limits::default() };
    let mut pair = Pair::with_hunt(limits);
    let id = pair.open();
    pair.hold_store = true;
    pair.send(id, &status("").repeat(5));
    assert_eq!(pair.late.len(), 2);
    assert!(!pair.shard.wants_read(id));
    pair.answer(false);
    assert_eq!(pair.late.len(), 2, "the next two were offered again");
    pair.hold_store = false;
    pair.answer(false);
    assert_eq!(bodies(&pair.text(id)).len(), 5);
    assert!(pair.shard.wants_read(id));
}

#[test]
fn a_peer_that_does_not_read_its_responses_is_not_read_either_and_then_aborted() {
    let limits = Limits { outbound_high_bytes: 4096, write_stall_ms: 1000, ..Limits::default() };
    let mut pair = Pair::with_hunt(limits);
    let id = pair.open();
    pair.hold_writes = true;
    for _ in 0..100 {
        pair.send(id, &status(""));
    }
    assert!(!pair.shard.wants_read(id));
    let unread = pair.wires[&id.index].tail.len();
    assert!(unread > 50 * status("").len(), "{unread} bytes are left");
    pair.wait(900);
    assert!(!pair.wires[&id.index].aborted);
    pair.wait(400);
    assert!(pair.wires[&id.index].aborted);
    assert_eq!(pair.shard.figures().stuck, 1);
}

#[test]
fn a_request_after_connection_close_is_not_answered() {
    let mut pair = Pair::with_hunt(Limits::default());
    let id = pair.open();
    pair.send(id, b"GET /loot HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    pair.send(id, &status(""));
    let text = pair.text(id);
    assert_eq!(bodies(&text).len(), 1);
    assert!(text.contains("Connection: close\r\n"));
    assert!(pair.wires[&id.index].ended);
    pair.wait(2500);
    assert!(pair.wires[&id.index].aborted, "the peer never ended");
}

#[test]
fn a_broadcast_reaches_every_watcher_in_its_encoding() {
    let mut pair = Pair::with_hunt(Limits::default());
    let json = pair.play("Ada", "hunt.v1+json");
    let protobuf = pair.play("Bo", "hunt.v1");
    pair.wait(150);
    let received = frames(&pair.take(json));
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].0, 1);
    assert!(received[0].1.starts_with(b"{\"frame\":{\"tick\":1,\"full\":false"));
    let received = frames(&pair.take(protobuf));
    assert_eq!((received.len(), received[0].0), (1, 2));
    pair.close(json);
    pair.wait(150);
    assert_eq!(frames(&pair.take(protobuf)).len(), 1);
    assert_eq!(pair.store.figures().watchers, 1);
}

#[test]
fn a_slow_watcher_gets_one_full_frame_in_place_of_all_it_missed() {
    let limits = Limits { outbound_high_bytes: 4096, ..Limits::default() };
    let mut pair = Pair::with_hunt(limits);
    let id = pair.play("Ada", "hunt.v1+json");
    pair.hold_writes = true;
    pair.wait(150 * 40);
    let figures = pair.shard.figures().clone();
    assert!(figures.conflated > 5, "{figures:?}");
    assert_eq!(figures.slow, 1);
    assert!(!frames(&pair.take(id)).is_empty());
    let queued = frames(&pair.take(id));
    let full = |frames: &[(u8, Vec<u8>)]| {
        let texts = frames.iter().map(|(_, text)| String::from_utf8_lossy(text).into_owned());
        texts.filter(|text| text.contains("\"full\":true")).count()
    };
    assert_eq!(full(&queued), 0);
    let caught_up = frames(&pair.take(id));
    assert_eq!((caught_up.len(), full(&caught_up)), (1, 1));
    assert_eq!(pair.shard.figures().slow, 0);
    pair.take(id);
    pair.wait(150);
    assert_eq!(full(&frames(&pair.take(id))), 0);
}

#[test]
fn a_stuck_watcher_is_told_1008_and_then_aborted() {
    let limits = Limits { write_stall_ms: 500, linger_ms: 200, ..Limits::default() };
    let mut pair = Pair::with_hunt(limits);
    let id = pair.play("Ada", "");
    pair.hold_writes = true;
    pair.wait(750);
    assert_eq!(pair.shard.figures().stuck, 1);
    assert_eq!(pair.store.figures().watchers, 0);
    pair.take(id);
    let (opcode, payload) = frames(&pair.take(id)).pop().unwrap();
    assert_eq!((opcode, &payload[..]), (8, &b"\x03\xf0too slow"[..]));
    pair.wait(400);
    assert!(pair.wires[&id.index].aborted);
}

#[test]
fn too_many_unsent_bytes_end_a_watcher() {
    let limits =
        Limits { outbound_high_bytes: 1 << 20, outbound_bytes_max: 64 * 1024, ..Limits::default() };
    let mut pair = Pair::with_hunt(limits);
    let id = pair.play("Ada", "");
    pair.hold_writes = true;
    for _ in 0..800 {
        pair.send(id, &frame(9, &[b'p'; 125]));
    }
    assert_eq!(pair.shard.figures().stuck, 1);
}

#[test]
fn the_end_of_a_hunt_closes_its_watchers_with_1000() {
    let mut pair = Pair::with_hunt(Limits { idle_ms: 3_600_000, ..Limits::default() });
    let id = pair.play("Ada", "");
    pair.wait(600_000 + 150);
    let mut received = frames(&pair.take(id));
    assert_eq!(received.pop(), Some((8, b"\x03\xe8hunt ended".to_vec())));
    let last = String::from_utf8(received.pop().unwrap().1).unwrap();
    assert!(last.contains("\"status\":\"ended\""), "{last}");
    pair.send(id, &frame(8, b"\x03\xe8"));
    assert!(pair.wires[&id.index].ended);
}

#[test]
fn a_silent_peer_is_pinged_and_then_closed() {
    let limits = Limits { ping_ms: 1000, idle_ms: 3000, close_ms: 500, ..Limits::default() };
    let mut pair = Pair::with_hunt(limits);
    let id = pair.play("Ada", "");
    pair.wait(2000);
    let pings = frames(&pair.take(id)).iter().filter(|(opcode, _)| *opcode == 9).count();
    assert_eq!(pings, 1);
    pair.send(id, &frame(10, b""));
    pair.wait(2000);
    let received = frames(&pair.take(id));
    assert_eq!(received.iter().filter(|(opcode, _)| *opcode == 9).count(), 1);
    pair.wait(1300);
    assert_eq!(frames(&pair.take(id)).pop(), Some((8, b"\x03\xe9idle".to_vec())));
    pair.wait(800);
    assert!(pair.wires[&id.index].aborted);
}

#[test]
fn slow_heads_slow_bodies_and_idle_connections_are_ended() {
    let limits = Limits {
        head_timeout_ms: 1000,
        body_timeout_ms: 2000,
        keep_alive_ms: 3000,
        ..Limits::default()
    };
    let mut pair = Pair::with_hunt(limits);
    let (head, body, idle) = (pair.open(), pair.open(), pair.open());
    pair.send(head, b"GET /lo");
    pair.send(body, b"POST /v1/hunts/h1/players HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n{");
    pair.wait(900);
    pair.send(head, b"ot HT");
    assert_eq!(pair.text(head), "");
    pair.wait(400);
    assert!(pair.text(head).starts_with("HTTP/1.1 408 "));
    pair.wait(1000);
    assert!(pair.text(body).starts_with("HTTP/1.1 408 "));
    assert!(!pair.wires[&idle.index].ended);
    pair.wait(1000);
    assert!(pair.wires[&idle.index].ended);
    assert_eq!(pair.text(idle), "");
    assert_eq!(pair.shard.figures().timed_out, 3);
}

#[test]
fn a_drain_answers_what_was_received_and_paces_the_goodbyes() {
    let mut pair = Pair::with_hunt(Limits::default());
    let players: Vec<_> = (0..10).map(|n| pair.play(&format!("p{n}"), "")).collect();
    let (busy, idle) = (pair.open(), pair.open());
    pair.hold_store = true;
    pair.send(busy, &status("").repeat(2));
    let until = pair.now.after_ms(10_000);
    pair.shard.drain(pair.now, until);
    pair.hold_store = false;
    pair.answer(false);
    let text = pair.text(busy);
    assert_eq!(bodies(&text).len(), 2);
    assert_eq!(text.matches("Connection: close").count(), 1);
    assert!(text.rfind("Connection: close") > text.rfind("HTTP/1.1"));
    assert!(pair.wires[&busy.index].ended && !pair.wires[&idle.index].ended);
    pair.send(idle, &status(""));
    assert!(pair.text(idle).contains("Connection: close"));

    let closed = |pair: &mut Pair| {
        let wires = players.iter().map(|id| frames(&pair.wires[&id.index].bytes));
        wires.filter(|frames| frames.last().is_some_and(|(opcode, _)| *opcode == 8)).count()
    };
    pair.wait(4_600);
    let halfway = closed(&mut pair);
    assert!((4..=6).contains(&halfway), "{halfway} of 10 after half the time");
    pair.wait(5_000);
    assert_eq!(closed(&mut pair), 10);
    let (_, payload) = frames(&pair.take(players[3])).pop().unwrap();
    assert_eq!(&payload[..], b"\x03\xe9server is going away");
}

#[test]
fn a_reply_for_a_connection_that_is_gone_reaches_nobody() {
    let mut pair = Pair::with_hunt(Limits::default());
    let gone = pair.open();
    pair.hold_store = true;
    pair.send(gone, &status(""));
    pair.close(gone);
    let next = pair.open();
    assert_eq!(next.index, gone.index);
    pair.hold_store = false;
    pair.answer(false);
    assert_eq!(pair.text(next), "");
}

#[test]
fn bytes_that_follow_an_upgrade_request_are_frames() {
    let mut pair = Pair::with_hunt(Limits::default());
    let token = pair.join("Ada");
    let id = pair.open();
    let mut bytes = status("");
    bytes.extend(upgrade(&token, ""));
    bytes.extend(frame(9, b"hi"));
    pair.send(id, &bytes);
    let received = pair.take(id);
    let text = String::from_utf8_lossy(&received).into_owned();
    let (ok, upgraded) = (text.find("200 OK").unwrap(), text.find("101 Switching").unwrap());
    assert!(ok < upgraded);
    let place = received.windows(4).rposition(|w| w == b"\r\n\r\n").unwrap() + 4;
    let received = frames(&received[place..]);
    assert_eq!(received[1], (10, b"hi".to_vec()));
}

#[test]
fn the_connection_that_is_too_many_is_told_so() {
    let mut pair = Pair::new(Limits { connections_max: 1, ..Limits::default() });
    pair.open();
    assert_eq!(pair.shard.open(pair.now, Listener::Public), None);
    let mut body = Vec::new();
    write_problem(&Problem::ConnectionsFull.into(), &mut body);
    let text = String::from_utf8(CONNECTIONS_FULL.to_vec()).unwrap();
    let (head, said) = text.split_once("\r\n\r\n").unwrap();
    assert_eq!(said.as_bytes(), body);
    let (_, length) = head.split_once("Content-Length: ").unwrap();
    assert_eq!(length, body.len().to_string());
}
