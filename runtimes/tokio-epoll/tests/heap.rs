//! What the heap is asked for: by an idle connection, and by requests in the steady state.
#![expect(clippy::unwrap_used, reason = "all of it is a test")]

use alloc_counting::{Counting, Counts, total};
use alloc_heap::HeapArena;
use driver::buffers;
use driver::testing::{Client, Server};
use engine_core::limits::Limits;
use runtime_tokio_epoll::{Mode, serve};
use std::alloc::System;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[global_allocator]
static ALLOCATOR: Counting<System> = Counting::new(System);

const MODES: [Mode; 2] = [Mode::PerCore, Mode::WorkStealing];
const CONNECTIONS: usize = 1_000;
const REQUESTS: usize = 2_000;
/// A quarter of a read buffer.
const IDLE_BYTES_MAX: i64 = 4 * 1024;
/// Of 2,000 requests; a queue may grow once more.
const REQUESTS_MAX: u64 = 20;

/// All threads are counted, so one test runs at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn start(mode: Mode) -> Server {
    Server::start::<HeapArena>(Limits::default(), 2, move |node| serve(mode, node))
}

/// Asks once, without an allocation.
fn ask(conn: &mut TcpStream, request: &[u8], buf: &mut [u8]) {
    conn.write_all(request).unwrap();
    let count = conn.read(buf).unwrap();
    assert!(buf[..count].starts_with(b"HTTP/1.1 200 OK\r\n"));
}

fn loot() -> Vec<u8> {
    b"GET /loot?session=7 HTTP/1.1\r\nHost: h\r\n\r\n".to_vec()
}

/// Bytes on the heap of the process for each of many connections that have been answered.
fn bytes_for_a_connection(mode: Mode) -> i64 {
    let server = start(mode);
    let (request, mut buf) = (loot(), [0; 4096]);
    let mut conns = Vec::with_capacity(CONNECTIONS);
    let mut connect = || {
        let mut conn = TcpStream::connect(server.public).unwrap();
        ask(&mut conn, &request, &mut buf);
        conn
    };
    // The first ones pay for what all share.
    let warm: Vec<_> = (0..20).map(|_| connect()).collect();
    let before = total();
    conns.extend((0..CONNECTIONS).map(|_| connect()));
    // Each asks again, so that each has had a buffer while others were idle.
    conns.iter_mut().for_each(|conn| ask(conn, &request, &mut buf));
    let held: Counts = total() - before;
    drop(warm);
    held.live_bytes() / i64::try_from(CONNECTIONS).unwrap()
}

#[test]
fn an_idle_connection_holds_no_read_buffer() {
    let _alone = alone();
    assert!(i64::try_from(buffers::BYTES).unwrap() > IDLE_BYTES_MAX);
    for mode in MODES {
        let bytes = bytes_for_a_connection(mode);
        eprintln!("{mode:?}: {bytes} bytes on the heap for an idle connection");
        assert!(0 < bytes && bytes < IDLE_BYTES_MAX, "{mode:?}: {bytes} bytes");
    }
}

#[test]
fn a_request_in_the_steady_state_asks_the_heap_for_nothing() {
    let _alone = alone();
    for mode in MODES {
        let server = start(mode);
        let token = Client::connect(server.public).join("Ada");
        let body = r#"{"treasure":"t1","x":0,"y":0,"z":0}"#;
        let resolve = format!(
            "POST /v1/hunts/h1/resolve HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let status = "GET /v1/hunts/h1/status HTTP/1.1\r\nHost: h\r\n\r\n";
        let mut conn = TcpStream::connect(server.public).unwrap();
        let mut buf = [0; 4096];
        for request in [resolve.as_bytes(), status.as_bytes(), &loot()] {
            (0..200).for_each(|_| ask(&mut conn, request, &mut buf));
            let before = total();
            (0..REQUESTS).for_each(|_| ask(&mut conn, request, &mut buf));
            let asked = (total() - before).requests();
            let line = String::from_utf8_lossy(request);
            let line = line.lines().next().unwrap();
            eprintln!("{mode:?}: {asked} in {REQUESTS} requests: {line}");
            assert!(asked <= REQUESTS_MAX, "{mode:?}: {asked} in {REQUESTS} requests: {line}");
        }
    }
}
