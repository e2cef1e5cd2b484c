//! The cases of peers who do what they should not: malformed bytes, ends and resets at odd moments,
//! silence, floods.

use super::client::{Client, Watcher, request};
use super::server::{self, Plan, Server, until};
use super::{Start, figures, soon};
use alloc_heap::HeapArena;
use engine_core::api::hunts::Hunts;
use engine_core::arena::{Arena, ArenaMeters};
use engine_core::limits::Limits;
use engine_core::seam::{Listener, Output, WorkerId};
use engine_core::shard::Shard;
use engine_core::time::Timestamp;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

const RESOLVE: &str = "POST /v1/hunts/h1/resolve HTTP/1.1\r\nHost: h\r\n";

/// Bytes that are no request, each wrong in its own way.
fn malformed() -> Vec<Vec<u8>> {
    let long = format!("GET /loot HTTP/1.1\r\nHost: h\r\nX: {}\r\n\r\n", "x".repeat(20_000));
    let texts = [
        "\r\n\r\nGARBAGE\r\n\r\n",
        "GET /loot HTTP/1.1\r\n\r\n",
        "GET /loot HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /loot HTTP/3.1\r\nHost: h\r\n\r\n",
        "GET /loot HTTP/1.1\r\nHost : h\r\n\r\n",
        "GET /loot HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n",
        "GET /loot HTTP/1.1\r\nHost: h\r\n folded: x\r\n\r\n",
        "GET /lo\tot HTTP/1.1\r\nHost: h\r\n\r\n",
        "\u{16}\u{3}\u{1}\0\u{a5}\u{1}\0\0\u{a1}\u{3}\u{3}\r\n\r\n",
    ];
    let framings = [
        "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        "Content-Length: -1\r\n\r\n",
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "Transfer-Encoding: gzip\r\n\r\n",
    ];
    let texts = texts.map(str::to_owned).into_iter();
    let framings = framings.map(|framing| format!("{RESOLVE}{framing}")).into_iter();
    texts.chain(framings).chain([long]).map(String::into_bytes).collect()
}

/// A response without its date.
fn undated(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.split_inclusive("\r\n").filter(|line| !line.starts_with("Date: ")).collect()
}

/// What the engine answers without a runtime around it.
fn answer_of_the_engine(bytes: &[u8]) -> String {
    let limits = Arc::new(Limits::default());
    let scratch = HeapArena::new(ArenaMeters::default().scratch);
    let service = Hunts::new(Arc::new(server::settings(Arc::clone(&limits))));
    let mut shard = Shard::new(WorkerId(0), limits, scratch, service);
    let now = Timestamp(1);
    let id = shard.open(now, Listener::Public).unwrap();
    let consumed = shard.receive(now, id, &mut bytes.to_vec());
    assert_eq!(consumed, bytes.len(), "what is malformed is given up whole");
    let mut answer = Vec::new();
    while let Some(output) = shard.poll_output() {
        let Output::Transmit { buf, .. } = output else { panic!("{output:?}") };
        answer.extend_from_slice(&buf);
        shard.sent(now, id, buf);
    }
    assert!(!answer.is_empty(), "{:?}", String::from_utf8_lossy(bytes));
    undated(&answer)
}

/// Whole and, where they are few, byte by byte; then frames that are none.
pub fn malformed_bytes_get_the_answer_of_the_engine(start: Start<'_>) {
    let server = start(Plan::default());
    for bytes in malformed() {
        let expected = answer_of_the_engine(&bytes);
        for piece_bytes in [bytes.len(), bytes.len().div_ceil(100)] {
            let mut client = Client::connect(server.public);
            // The rest may come too late to be read.
            for piece in bytes.chunks(piece_bytes) {
                client.try_send(piece);
            }
            let answer = undated(&client.all());
            assert_eq!(answer, expected, "{:?}", String::from_utf8_lossy(&bytes));
        }
    }
    let token = Client::connect(server.public).join("Ada");
    let unmasked: &[u8] = &[0x81, 0x02, b'{', b'}'];
    let frames = [
        (unmasked, 1002),
        (&[0x83, 0x80, 0, 0, 0, 0], 1002),
        (&[0xc1, 0x80, 0, 0, 0, 0], 1002),
        (&[0x81, 0x81, 0, 0, 0, 0, 0xff], 1007),
        (&[0x81, 0xff, 0, 0, 0, 0, 0x7f, 0, 0, 0, 0, 0, 0, 0], 1009),
    ];
    for (bytes, code) in frames {
        let mut watcher = Client::connect(server.public).watch(&token);
        watcher.send_bytes(bytes);
        assert_eq!(close_code(&mut watcher), code, "{bytes:x?}");
    }
    nobody_is_left(&server);
}

/// The code of the Close frame that comes.
fn close_code(watcher: &mut Watcher) -> u16 {
    loop {
        let (opcode, payload) = watcher.frame().expect("a Close frame");
        if opcode == 8 {
            return u16::from_be_bytes([payload[0], payload[1]]);
        }
    }
}

/// Waits until all are gone, and what is counted of them too.
fn nobody_is_left(server: &Server) {
    until("nobody is left", || {
        let shard = figures(server).shard;
        let gauges = (shard.connections, shard.websockets, shard.slow);
        server.control.open(Listener::Public) == 0 && gauges == (0, 0, 0)
    });
    let shard = figures(server).shard;
    assert_eq!(shard.opened, shard.closed);
}

/// What was asked before the end is answered; what was begun is not waited for.
pub fn who_ends_one_side_is_heard_out_and_let_go(start: Start<'_>) {
    let server = start(Plan::default());
    let token = Client::connect(server.public).join("Ada");
    let half = format!("{RESOLVE}Content-Length: 35\r\n\r\n{{\"treasure\":");
    let upgrade = Client::upgrade(&token);
    for begun in ["", "GET /lo", &half, &upgrade[..upgrade.len() - 2]] {
        for asked in [0, 1, 40] {
            let mut client = Client::connect(server.public);
            client.send(&request("GET", "/loot", "", "").repeat(asked));
            client.send(begun.as_bytes());
            client.finish();
            for _ in 0..asked {
                assert_eq!(client.response().expect("an answer").status, 200);
            }
            client.all();
        }
    }
    let mut watchers: Vec<_> =
        (0..6).map(|_| Client::connect(server.public).watch(&token)).collect();
    watchers.iter().for_each(Watcher::finish);
    for watcher in &mut watchers {
        while watcher.frame().is_some() {}
    }
    nobody_is_left(&server);
}

/// Every moment again and again, while somebody plays.
pub fn resets_at_odd_moments_leave_nothing_behind(start: Start<'_>) {
    let server = start(Plan::default());
    let mut player = Client::connect(server.public);
    let token = player.join("Ada");
    let get = request("GET", "/v1/hunts/h1/leaderboard", "", "");
    let half = format!("{RESOLVE}Content-Length: 35\r\n\r\n{{\"treasure\":").into_bytes();
    let upgrade = Client::upgrade(&token).into_bytes();
    let moments: [&[u8]; 7] =
        [b"", b"GET /lo", &get, &get.repeat(300), &half, &upgrade, &upgrade[..upgrade.len() / 2]];
    for round in 0..20 {
        for bytes in moments {
            let mut client = Client::connect(server.public);
            client.send(bytes);
            // In some rounds the reset comes with the bytes, in others well after them.
            if round % 2 == 0 {
                assert_eq!(player.resolve(&token).status, 200);
            }
            client.reset();
        }
        let watch = || Client::connect(server.public).watch(&token);
        let (mut played, mut begun) = (watch(), watch());
        played.send(1, br#"{"seq":1,"move":{"x":0,"y":0,"z":0}}"#);
        begun.send_bytes(&[0x81, 0xa0, 1, 2, 3, 4, b'{']);
        assert_eq!(player.resolve(&token).status, 200);
        [watch(), played, begun].into_iter().for_each(Watcher::reset);
    }
    until("nobody watches", || {
        let status = player.ask("GET", "/v1/hunts/h1/status", "", "").body;
        status.contains(r#""watchers":0,"#)
    });
    drop(player);
    nobody_is_left(&server);
}

/// They answer pings, and that is enough to stay.
pub fn watchers_who_say_nothing_are_pinged_and_served(start: Start<'_>) {
    let server = start(Limits { ping_ms: 200, ..Limits::default() }.into());
    let mut player = Client::connect(server.public);
    let token = player.join("Ada");
    let mut watchers: Vec<_> =
        (0..6).map(|_| Client::connect(server.public).watch(&token)).collect();
    for _ in 0..3 {
        for watcher in &mut watchers {
            while watcher.frame().expect("the connection stays").0 != 9 {}
            watcher.send(10, b"");
        }
    }
    assert!(player.resolve(&token).body.contains(r#""claimed""#));
    for watcher in &mut watchers {
        watcher.next_that_says(r#""changed":[{"treasure":"t1","remaining":999999}]"#);
    }
}

/// It reads, and says nothing at all.
pub fn who_answers_no_ping_is_let_go(start: Start<'_>) {
    let limits = Limits { ping_ms: 100, idle_ms: 500, close_ms: 200, ..Limits::default() };
    let server = start(limits.into());
    let token = Client::connect(server.public).join("Ada");
    let mut silent = Client::connect(server.public).watch(&token);
    assert_eq!(close_code(&mut silent), 1001);
    while silent.frame().is_some() {}
    nobody_is_left(&server);
}

/// Eight peers write a megabyte of requests each without a pause: more than any buffers that
/// connections share. Who asks one thing at a time is not kept waiting.
pub fn floods_of_requests_leave_others_served(start: Start<'_>) {
    const REQUESTS: usize = 4_000;
    let server = start(Plan::default());
    let padding = "x".repeat(200);
    let request = format!("GET /loot HTTP/1.1\r\nHost: h\r\nX-Padding: {padding}\r\n\r\n");
    let flood = request.repeat(REQUESTS).into_bytes();
    let mut player = Client::connect(server.public);
    let token = player.join("Ada");
    let mut slowest = Duration::ZERO;
    thread::scope(|scope| {
        let mut readers = Vec::new();
        for _ in 0..8 {
            let mut reader = Client::connect(server.public);
            let mut writer = reader.another();
            let flood = &flood;
            scope.spawn(move || writer.send(flood));
            let read = move || (0..REQUESTS).all(|_| reader.response().is_some());
            readers.push(scope.spawn(read));
        }
        while readers.iter().any(|reader| !reader.is_finished()) {
            let begin = Instant::now();
            assert_eq!(player.resolve(&token).status, 200);
            slowest = slowest.max(begin.elapsed());
        }
        for reader in readers {
            assert!(reader.join().unwrap(), "every request is answered");
        }
    });
    assert!(slowest < soon(), "others waited {slowest:?}");
}
