//! More results at once than a ring has room for.
#![expect(clippy::unwrap_used, reason = "all of it is a test")]

use alloc_heap::HeapArena;
use driver::Node;
use driver::testing::{Plan, Server};
use engine_core::api::hunts::Hunts;
use runtime_monoio::serve_with;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

/// The smallest ring that monoio makes.
const ENTRIES: u32 = 256;
const PEERS: usize = 2_000;

fn ask(conn: &mut TcpStream) {
    conn.write_all(b"GET /loot HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
}

fn hear(conn: &mut TcpStream) {
    let mut buf = [0; 1024];
    let count = conn.read(&mut buf).expect("an answer in time");
    assert!(buf[..count].starts_with(b"HTTP/1.1 200 OK\r\n"));
}

/// Peers who have come, and asked, before anybody accepts.
fn crowd(addr: SocketAddr) -> Vec<TcpStream> {
    let come = |_| {
        let mut conn = TcpStream::connect(addr).unwrap();
        conn.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        ask(&mut conn);
        conn
    };
    (0..PEERS).map(come).collect()
}

/// All are accepted in one go, and all their reads, two thousand, end as they begin.
#[test]
fn results_that_do_not_fit_the_ring_are_not_lost() {
    let (sender, crowds) = mpsc::channel();
    let plan = Plan { workers: 1, ..Plan::default() };
    let server = Server::start::<HeapArena>(plan, move |node: Node<HeapArena, Hunts>| {
        sender.send(crowd(node.public[0].local_addr().unwrap())).unwrap();
        serve_with(node, ENTRIES, ENTRIES)
    });
    let mut conns = crowds.recv().unwrap();
    conns.iter_mut().for_each(hear);
    for _ in 0..3 {
        conns.iter_mut().for_each(ask);
        conns.iter_mut().for_each(hear);
    }
    drop(conns);
    drop(server);
}
