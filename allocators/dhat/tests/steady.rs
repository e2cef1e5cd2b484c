//! In the steady state resolve and loot ask the heap for nothing, in dhat's own counts: over real
//! sockets, with every thread of the process counted.
#![expect(clippy::unwrap_used, reason = "all of it is a test")]

use alloc_bumpalo::BumpArena;
use alloc_dhat::{GLOBAL, Global, begin_counting, counts, end};
use alloc_heap::HeapArena;
use driver::testing::{Client, Plan, Server};
use engine_core::arena::Arena;
use runtime_tokio_epoll::{Mode, serve};
use std::io::{Read, Write};
use std::net::TcpStream;

#[global_allocator]
static ALLOCATOR: Global = GLOBAL;

const WARM: usize = 500;
const REQUESTS: usize = 2_000;

/// Asks once, without an allocation of its own.
fn ask(conn: &mut TcpStream, request: &[u8], buf: &mut [u8]) {
    conn.write_all(request).unwrap();
    let count = conn.read(buf).unwrap();
    assert!(buf[..count].starts_with(b"HTTP/1.1 200 OK\r\n"));
}

fn steady<A: Arena>() {
    let plan = Plan { workers: 1, ..Plan::default() };
    let server = Server::start::<A>(plan, |node| serve(Mode::PerCore, node));
    let token = Client::connect(server.public).join("Ada");
    let body = r#"{"treasure":"t1","x":0,"y":0,"z":0}"#;
    let resolve = format!(
        "POST /v1/hunts/h1/resolve HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let loot = "GET /loot?session=7 HTTP/1.1\r\nHost: h\r\n\r\n";
    let mut conn = TcpStream::connect(server.public).unwrap();
    let mut buf = [0; 4096];
    for request in [resolve.as_str(), loot] {
        (0..WARM).for_each(|_| ask(&mut conn, request.as_bytes(), &mut buf));
        begin_counting();
        (0..REQUESTS).for_each(|_| ask(&mut conn, request.as_bytes(), &mut buf));
        let asked = counts().unwrap();
        end();
        let line = request.lines().next().unwrap();
        assert_eq!((asked.blocks, asked.bytes), (0, 0), "{}: {line}", A::NAME);
    }
}

/// One test, since all threads are counted.
#[test]
fn resolve_and_loot_ask_the_heap_for_nothing() {
    steady::<HeapArena>();
    steady::<BumpArena>();
}
