//! The end: in order under load, at once when asked twice.
#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

mod support;

use rustix::process::Signal;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use support::{Client, Server, get, request, until};
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Error, Message};

const RUNTIMES: [&str; 2] = ["tokio", "tokio-per-core"];

/// Sends batches over one connection until the server says that it closes. Every request that was
/// sent is answered whole, and the close comes after the last answer.
fn hammer(addr: SocketAddr, one: &[u8], batch: usize, done: &AtomicUsize) {
    let mut client = Client::connect(addr).unwrap();
    loop {
        client.send(&one.repeat(batch)).unwrap();
        for place in 0..batch {
            let response = client.receive().unwrap_or_else(|e| panic!("{place} of {batch}: {e}"));
            assert_eq!(response.status, 200, "{response:?}");
            done.fetch_add(1, Ordering::Relaxed);
            if response.closes() {
                // A batch arrives whole, so all of it was received and is answered.
                assert_eq!(place, batch - 1, "the last answer comes last");
                assert!(client.ends(), "nothing follows a last answer");
                return;
            }
        }
    }
}

/// Connects for each request until nobody listens any more. Who was answered in part was lost;
/// who was reset before anything came had never been accepted.
fn reconnect(addr: SocketAddr, one: &[u8], ending: &AtomicBool, done: &AtomicUsize) {
    loop {
        // Read before the request: what fails after the signal may have been sent before it.
        let before = !ending.load(Ordering::SeqCst);
        let answer = Client::connect(addr).and_then(|mut client| client.call(one));
        match answer {
            Ok(response) => {
                assert_eq!(response.status, 200, "{response:?}");
                done.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => {
                let text = error.to_string();
                let partly = text.contains("closed after") && !text.contains("closed after 0 ");
                assert!(!partly, "{text}");
                assert!(!before || ending.load(Ordering::SeqCst), "before the signal: {text}");
                return;
            }
        }
    }
}

#[test]
fn sigterm_under_load_loses_no_request_that_was_accepted() {
    for runtime in RUNTIMES.repeat(3) {
        let args = ["--demo", "--runtime", runtime, "--workers", "2", "--drain-ms", "10000"];
        let mut server = Server::start(&args);
        let lines = server.invitation();
        let token = lines[0].split("Bearer ").nth(1).unwrap().split('\'').next().unwrap();
        let body = r#"{"treasure":"harbour-bell","x":0,"y":0,"z":0}"#;
        let resolve = request("POST", "/v1/hunts/harbour-1/resolve", token, body);
        let loot = request("GET", "/loot?session=5", "", "");
        let addr = server.public;
        let done = Arc::new(AtomicUsize::new(0));
        let ending = Arc::new(AtomicBool::new(false));
        let mut clients = Vec::new();
        for number in 0..12 {
            let one = if number % 2 == 0 { resolve.clone() } else { loot.clone() };
            let (done, ending) = (done.clone(), ending.clone());
            clients.push(thread::spawn(move || match number % 3 {
                0 => hammer(addr, &one, 1, &done),
                1 => hammer(addr, &one, 5, &done),
                _ => reconnect(addr, &one, &ending, &done),
            }));
        }
        until("load", || (done.load(Ordering::Relaxed) > 2_000).then_some(()));
        ending.store(true, Ordering::SeqCst);
        server.signal(Signal::TERM);
        for client in clients {
            client.join().unwrap();
        }
        assert_eq!(server.exit_code(), Some(0), "{runtime}: {}", server.errors());
        assert!(server.errors().contains("ended"), "{}", server.errors());
    }
}

/// A player connection that has been used once and stays open.
fn idle(server: &Server) -> Client {
    let mut client = Client::connect(server.public).unwrap();
    assert_eq!(client.call(&request("GET", "/loot", "", "")).unwrap().status, 200);
    client
}

#[test]
fn while_it_drains_it_is_not_ready_and_its_metrics_are_still_answered() {
    for runtime in RUNTIMES {
        let args = ["--demo", "--runtime", runtime, "--workers", "2", "--drain-ms", "60000"];
        let mut server = Server::start(&args);
        let mut held = idle(&server);
        let mut operator = Client::connect(server.admin).unwrap();
        until("readiness", || {
            let ready = operator.call(&request("GET", "/readyz", "", "")).unwrap();
            (ready.status == 200).then_some(())
        });
        server.signal(Signal::INT);
        let refused = until("the drain", || {
            Some(get(server.admin, "/readyz")).filter(|response| response.status == 503)
        });
        assert_eq!(refused.json()["type"], "urn:hunt:problem:not-ready");
        assert_eq!(refused.json()["detail"], "the server is draining");
        let metrics = get(server.admin, "/metrics");
        assert_eq!(metrics.status, 200);
        assert!(metrics.body.contains("\nhunt_ready 0\n"));
        assert_eq!(get(server.admin, "/healthz").status, 200, "it lives");
        until("nobody listens for players", || Client::connect(server.public).err());
        // The connection that was open may ask once more, and is told that it was the last time.
        let last = held.call(&request("GET", "/loot", "", "")).unwrap();
        assert!(last.status == 200 && last.closes(), "{last:?}");
        assert!(held.ends());
        assert_eq!(server.exit_code(), Some(0), "well before the drain's time: nobody is left");
        assert!(server.errors().contains("SIGINT"), "{}", server.errors());
    }
}

#[test]
fn an_idle_connection_is_closed_at_the_end_of_the_drain() {
    let mut server = Server::start(&["--demo", "--drain-ms", "300"]);
    let mut held = idle(&server);
    server.signal(Signal::TERM);
    assert!(held.ends());
    assert_eq!(server.exit_code(), Some(0));
}

#[test]
fn a_second_signal_ends_at_once() {
    for (second, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        for runtime in RUNTIMES {
            let mut server =
                Server::start(&["--demo", "--runtime", runtime, "--drain-ms", "600000"]);
            let _held = idle(&server);
            server.signal(Signal::TERM);
            until("the drain", || server.errors().contains("draining").then_some(()));
            assert!(!server.has_ended());
            server.signal(second);
            assert_eq!(server.exit_code(), Some(code));
        }
    }
}

#[test]
fn websocket_players_are_told_1001_within_the_drain() {
    for runtime in RUNTIMES {
        let args = ["--demo", "--runtime", runtime, "--workers", "2", "--drain-ms", "500"];
        let mut server = Server::start(&args);
        let lines = server.invitation();
        let url = lines.iter().find_map(|line| line.split('\'').find(|w| w.starts_with("ws://")));
        let url = url.unwrap();
        let players: Vec<_> = (0..8)
            .map(|_| {
                let stream = TcpStream::connect(server.public).unwrap();
                stream.set_read_timeout(Some(support::PATIENCE)).unwrap();
                let (mut socket, _) = tungstenite::client(url, stream).unwrap();
                assert!(socket.read().unwrap().is_text(), "the first frame");
                socket
            })
            .collect();
        server.signal(Signal::TERM);
        for mut socket in players {
            let code = loop {
                match socket.read() {
                    Ok(Message::Close(frame)) => break frame.unwrap().code,
                    Ok(_) => {}
                    Err(error) => panic!("{error}"),
                }
            };
            assert_eq!(code, CloseCode::Away);
            let ended = loop {
                match socket.read() {
                    Ok(_) => {}
                    Err(error) => break error,
                }
            };
            assert!(matches!(ended, Error::ConnectionClosed), "{ended}");
        }
        assert_eq!(server.exit_code(), Some(0));
    }
}
