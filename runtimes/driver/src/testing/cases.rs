//! The cases of players who keep to the rules, if not always to the pace.

use super::client::{Client, Watcher, request};
use super::server::{Plan, until};
use super::{Start, figures, soon};
use engine_core::limits::Limits;
use engine_core::seam::Listener;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const STATUS: &str = "/v1/hunts/h1/status";

/// Eight clients at once, each with its own player; everything adds up at the end.
pub fn many_clients_are_answered(start: Start<'_>) {
    let server = start(Plan::default());
    thread::scope(|scope| {
        for client in 0..8 {
            let server = &server;
            scope.spawn(move || {
                let mut conn = Client::connect(server.public);
                let token = conn.join(&format!("player {client}"));
                assert!(conn.resolve(&token).body.contains(r#""outcome":"claimed""#));
                for _ in 0..100 {
                    assert!(conn.resolve(&token).body.contains(r#""already_claimed""#));
                    assert_eq!(conn.ask("GET", STATUS, "", "").status, 200);
                }
            });
        }
    });
    let status = Client::connect(server.public).ask("GET", STATUS, "", "").body;
    assert!(status.contains(r#""players":8,"#) && status.contains(r#""claims":8}"#), "{status}");
    // Each of the eight was answered this often.
    until("every answer is counted", || figures(&server).latency.count() >= 8 * 202);
    until("every connection is counted", || figures(&server).shard.opened >= 9);
    let figures = figures(&server);
    assert!(figures.latency.quantile_us(0.5) > 0);
}

/// Three hundred requests in one write, far more than may wait at a time.
pub fn pipelined_requests_are_answered_in_order(start: Start<'_>) {
    let server = start(Plan::default());
    let mut client = Client::connect(server.public);
    let session = |n: usize| request("GET", &format!("/loot?session={n}"), "", "");
    client.send(&(0..300).flat_map(session).collect::<Vec<_>>());
    client.finish();
    for n in 0..300 {
        let body = client.response().expect("a response").body;
        assert!(body.starts_with(&format!(r#"{{"session":{n},"#)), "{n}: {body}");
    }
    assert!(client.has_ended());
}

/// Byte by byte, each in a segment of its own.
pub fn a_request_may_come_byte_by_byte(start: Start<'_>) {
    let server = start(Plan::default());
    let mut client = Client::connect(server.public);
    let token = client.join("Ada");
    let body = r#"{"treasure":"t1","x":0,"y":0,"z":0}"#;
    for byte in request("POST", "/v1/hunts/h1/resolve", &token, body) {
        client.send(&[byte]);
    }
    assert!(client.response().expect("a response").body.contains("claimed"));
}

/// Watchers are spread over the workers, and a claim on any worker reaches all.
pub fn watchers_on_every_worker_see_a_claim(start: Start<'_>) {
    let server = start(Plan::default());
    let mut first = Client::connect(server.public);
    let tokens: Vec<_> = (0..12).map(|n| first.join(&format!("player {n}"))).collect();
    let watch = |token: &String| Client::connect(server.public).watch(token);
    let mut watchers: Vec<_> = tokens.iter().map(watch).collect();
    for watcher in &mut watchers {
        watcher.next_that_says(r#""full":true"#);
    }
    assert!(first.resolve(&tokens[3]).body.contains(r#""claimed""#));
    for watcher in &mut watchers {
        watcher.next_that_says(r#""changed":[{"treasure":"t1","remaining":999999}]"#);
        watcher.next_that_says(r#""leaders":[{"player":3,"#);
    }
    let opened: Vec<_> = server.control.figures().iter().map(|f| f.shard.opened).collect();
    assert!(opened.iter().all(|opened| *opened > 0), "one worker has all: {opened:?}");
}

/// A client that asks and asks and never reads: it is not read any more, and then aborted.
pub fn who_does_not_read_is_given_up_and_others_are_served(start: Start<'_>) {
    let server = start(Limits { write_stall_ms: 400, ..Limits::default() }.into());
    let mut deaf = Client::connect(server.public);
    let mut other = Client::connect(server.public);
    let burst = request("GET", "/v1/hunts/h1/leaderboard", "", "").repeat(50);
    let mut slowest = Duration::ZERO;
    until("the deaf client is given up", || {
        deaf.try_send(&burst);
        let begin = Instant::now();
        assert_eq!(other.ask("GET", STATUS, "", "").status, 200);
        slowest = slowest.max(begin.elapsed());
        figures(&server).shard.stuck > 0
    });
    assert!(slowest < soon(), "others waited {slowest:?}");
    until("it is gone", || server.control.open(Listener::Public) == 1);
}

/// A watcher that sends and never reads; the others get their frames in time.
pub fn a_stuck_watcher_delays_no_other(start: Start<'_>) {
    let limits = Limits { write_stall_ms: 400, linger_ms: 100, ..Limits::default() };
    let server = start(limits.into());
    let mut first = Client::connect(server.public);
    let watch = |token: &str| Client::connect(server.public).watch(token);
    let mut deaf = watch(&first.join("deaf"));
    let mut others: Vec<_> = (0..8).map(|_| watch(&first.join("other"))).collect();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let (stop, server) = (&stop, &server);
        let listen = |watcher: &mut Watcher| {
            let mut longest = Duration::ZERO;
            while !stop.load(Ordering::Relaxed) {
                longest = longest.max(watcher.next_that_says(r#""frame""#));
            }
            longest
        };
        let threads: Vec<_> =
            others.iter_mut().map(|watcher| scope.spawn(move || listen(watcher))).collect();
        until("the deaf watcher is given up", || {
            for _ in 0..100 {
                deaf.try_send(1, br#"{"seq":1,"move":{"x":0,"y":0,"z":0}}"#);
            }
            figures(server).shard.stuck > 0
        });
        stop.store(true, Ordering::Relaxed);
        for thread in threads {
            let longest = thread.join().expect("a watcher is served");
            assert!(longest < soon(), "a frame took {longest:?}");
        }
    });
    until("it is gone", || server.control.open(Listener::Public) == 9);
}

/// The bound holds over all workers, and a place that becomes free is given again.
pub fn connections_that_are_too_many_are_told_so(start: Start<'_>) {
    let server = start(Limits { connections_max: 4, ..Limits::default() }.into());
    until("the first connection is gone", || server.control.open(Listener::Public) == 0);
    let mut clients: Vec<_> = (0..4).map(|_| Client::connect(server.public)).collect();
    for client in &mut clients {
        assert_eq!(client.ask("GET", STATUS, "", "").status, 200);
    }
    for _ in 0..3 {
        let mut client = Client::connect(server.public);
        client.send(&request("GET", STATUS, "", ""));
        let response = client.response().expect("a reason");
        assert_eq!((response.status, response.closes), (503, true));
        assert!(response.body.contains("urn:hunt:problem:connections-full"), "{}", response.body);
        assert!(client.has_ended());
    }
    assert_eq!(Client::connect(server.admin).ask("GET", "/healthz", "", "").status, 200);
    clients.pop();
    until("a place is free", || {
        let mut client = Client::connect(server.public);
        client.send(&request("GET", STATUS, "", ""));
        client.response().is_some_and(|response| response.status == 200)
    });
    assert_eq!(clients[0].ask("GET", STATUS, "", "").status, 200);
    until("the refusals are counted", || figures(&server).refused >= 3);
}

/// Three hundred connections at once, of which fifty fit: who plays goes on playing.
pub fn a_flood_of_connections_leaves_players_served(start: Start<'_>) {
    let server = start(Limits { connections_max: 50, ..Limits::default() }.into());
    let mut player = Client::connect(server.public);
    let token = player.join("Ada");
    let flood: Vec<_> = (0..300).filter_map(|_| Client::try_connect(server.public)).collect();
    for _ in 0..50 {
        assert_eq!(player.resolve(&token).status, 200);
    }
    until("the rest is refused", || figures(&server).refused >= 250);
    assert!(server.control.open(Listener::Public) <= 50);
    drop(flood);
    until("all are gone", || server.control.open(Listener::Public) == 1);
    assert_eq!(player.resolve(&token).status, 200);
}

/// Whatever was sent on a connection before the drain is answered, accepted already or not.
pub fn a_drain_answers_what_was_received(start: Start<'_>) {
    let server = start(Plan::default());
    let mut waiting: Vec<_> = (0..40).map(|_| Client::connect(server.public)).collect();
    for client in &mut waiting {
        client.send(&request("GET", STATUS, "", ""));
    }
    server.control.drain(5_000);
    for client in &mut waiting {
        assert_eq!(client.response().expect("a response").status, 200);
    }
    drop(waiting);
    server.join();
}

/// Clients that ask without a pause: each is answered until a response says that it is the last.
pub fn a_drain_under_load_loses_nothing(start: Start<'_>) {
    let server = start(Plan::default());
    let addr = server.public;
    let players: Vec<_> = (0..8)
        .map(|n| (Client::connect(addr).join(&format!("player {n}")), AtomicUsize::new(0)))
        .collect();
    thread::scope(|scope| {
        let ask = move |(token, answered): &(String, AtomicUsize)| {
            let mut client = Client::connect(addr);
            loop {
                let response = client.resolve(token);
                assert_eq!(response.status, 200, "{}", response.body);
                answered.fetch_add(1, Ordering::Relaxed);
                if response.closes {
                    return assert!(client.has_ended());
                }
            }
        };
        let threads: Vec<_> =
            players.iter().map(|player| scope.spawn(move || ask(player))).collect();
        until("there is load", || {
            players.iter().all(|(_, answered)| answered.load(Ordering::Relaxed) > 50)
        });
        server.control.drain(5_000);
        threads.into_iter().for_each(|thread| thread.join().expect("nothing is lost"));
    });
    // A worker that has no player hears of the drain when the system lets it run.
    until("nobody is accepted any more", || Client::try_connect(addr).is_none());
    server.join();
}

/// Watchers are told one after the other, and the server ends with the last.
pub fn a_drain_tells_watchers_1001(start: Start<'_>) {
    let server = start(Plan::default());
    let mut first = Client::connect(server.public);
    let watch = |token: &str| Client::connect(server.public).watch(token);
    let mut watchers: Vec<_> = (0..6).map(|_| watch(&first.join("player"))).collect();
    drop(first);
    server.control.drain(1_000);
    for watcher in &mut watchers {
        let close = loop {
            match watcher.frame().expect("a Close frame") {
                (8, payload) => break payload,
                (opcode, _) => assert_eq!(opcode, 1),
            }
        };
        assert_eq!(close[..2], 1001_u16.to_be_bytes());
        watcher.send(8, &close[..2]);
    }
    for watcher in &mut watchers {
        assert_eq!(watcher.frame(), None);
    }
    server.join();
}

/// Nobody is waited for.
pub fn an_abort_ends_at_once(start: Start<'_>) {
    let server = start(Plan::default());
    let mut client = Client::connect(server.public);
    let token = client.join("Ada");
    let mut watcher = client.watch(&token);
    server.control.drain(60_000);
    let begin = Instant::now();
    server.control.abort();
    while watcher.frame().is_some() {}
    server.join();
    assert!(begin.elapsed() < 2 * soon(), "{:?}", begin.elapsed());
}

/// Operators can ask until the last player is gone.
pub fn operators_are_answered_during_a_drain(start: Start<'_>) {
    let server = start(Plan::default());
    let mut client = Client::connect(server.public);
    let token = client.join("Ada");
    let mut watcher = client.watch(&token);
    server.control.drain(2_000);
    for _ in 0..5 {
        assert_eq!(Client::connect(server.admin).ask("GET", "/readyz", "", "").status, 200);
    }
    while watcher.frame().is_some_and(|(opcode, _)| opcode != 8) {}
    watcher.send(8, &1001_u16.to_be_bytes());
    while watcher.frame().is_some() {}
    server.join();
}
