//! What an idle connection costs: its state, and no read buffer.
#![expect(clippy::unwrap_used, reason = "all of it is a test")]

use alloc_counting::Counting;
use alloc_heap::HeapArena;
use driver::buffers;
use driver::testing::Server;
use engine_core::limits::Limits;
use runtime_tokio_epoll::{Mode, serve};
use std::alloc::System;
use std::io::{Read, Write};
use std::net::TcpStream;

#[global_allocator]
static ALLOCATOR: Counting<System> = Counting::new(System);

const CONNECTIONS: usize = 1_000;
/// Less than a read buffer; measured: see the message of the test.
const BYTES_MAX: i64 = 4 * 1024;

fn ask(conn: &mut TcpStream, buf: &mut [u8]) {
    conn.write_all(b"GET /loot HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    let count = conn.read(buf).unwrap();
    assert!(buf[..count].starts_with(b"HTTP/1.1 200 OK\r\n"));
}

/// Bytes on the heap of the process for each of many connections that have been answered.
fn bytes_for_a_connection(mode: Mode) -> i64 {
    let server = Server::start::<HeapArena>(Limits::default(), 2, move |node| serve(mode, node));
    let mut buf = [0; 1024];
    let mut conns = Vec::with_capacity(CONNECTIONS);
    // The first ones pay for what all share.
    let warm: Vec<_> = (0..20)
        .map(|_| {
            let mut conn = TcpStream::connect(server.public).unwrap();
            ask(&mut conn, &mut buf);
            conn
        })
        .collect();
    let before = alloc_counting::total();
    for _ in 0..CONNECTIONS {
        let mut conn = TcpStream::connect(server.public).unwrap();
        ask(&mut conn, &mut buf);
        conns.push(conn);
    }
    // Each asks again, so that each has had a buffer while others were idle.
    conns.iter_mut().for_each(|conn| ask(conn, &mut buf));
    let after = alloc_counting::total();
    drop(warm);
    (after.live_bytes() - before.live_bytes()) / i64::try_from(CONNECTIONS).unwrap()
}

#[test]
fn an_idle_connection_holds_no_read_buffer() {
    for mode in [Mode::PerCore, Mode::WorkStealing] {
        let bytes = bytes_for_a_connection(mode);
        eprintln!("{mode:?}: {bytes} bytes on the heap for an idle connection");
        assert!(0 < bytes && bytes < BYTES_MAX, "{mode:?}: {bytes} bytes");
    }
    assert!(i64::try_from(buffers::BYTES).unwrap() > BYTES_MAX);
}
