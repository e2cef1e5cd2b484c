//! What only backends with a thread for each worker do: a descriptor table and a core for each.

use super::server::until;
use super::{Client, Plan, Start, alone, patience};
use crate::node::Node;
use crate::{net, tables};
use engine_core::arena::Arena;
use engine_core::seam::Listener;
use engine_core::service::Service;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::{Domain, Socket, Type};
use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::mpsc;
use std::{fs, thread};

/// The cases as tests for each of some ways to serve; for a test file of its own, since they change
/// the limit of their process and look at its threads.
///
/// ```ignore
/// driver::per_core!(HeapArena; per_core: serve;);
/// ```
#[macro_export]
macro_rules! per_core {
    ($arena:ty; $($name:ident: $serve:expr;)+) => {$(
        mod $name {
            use super::*;

            $crate::conformance!(@cases per_core, $arena, $serve;
                thirty_thousand_sockets_are_served_under_a_limit_of_twenty_thousand
                each_worker_stays_on_a_core_of_its_own
            );
        }
    )+};
}

/// Some cases of [`conformance`](crate::conformance) with a descriptor table for each worker: those
/// in which workers are woken from elsewhere, or end.
#[macro_export]
macro_rules! private_tables {
    ($name:ident, $arena:ty, $serve:expr) => {
        mod $name {
            use super::*;
            use $crate::testing::per_core::privately;

            $crate::conformance!(@cases cases, $arena, privately($serve);
                many_clients_are_answered
                watchers_on_every_worker_see_a_claim
                a_flood_of_connections_leaves_players_served
                a_drain_under_load_loses_nothing
                an_abort_ends_at_once
            );
            $crate::conformance!(@cases late_store, $arena, privately($serve);
                mail_of_another_thread_wakes_its_worker
            );
        }
    };
}

/// Serves with a descriptor table for each worker.
pub fn privately<A: Arena, S: Service>(
    serve: impl FnOnce(Node<A, S>) -> io::Result<()>,
) -> impl FnOnce(Node<A, S>) -> io::Result<()> {
    |mut node| {
        node.private_descriptors = true;
        serve(node)
    }
}

/// Descriptors of a table.
const LIMIT: u64 = 20_000;
/// Connections, on two workers.
const SOCKETS: usize = 30_000;
/// Threads of clients, each with a table of its own too.
const CLIENTS: usize = 2;
/// Connections from one address: fewer than it has ports.
const FROM_ADDRESS: usize = 5_000;
/// Of so many connections, one asks again.
const SAMPLE: usize = 100;

/// How long a client waits for an answer.
/// A connection to `to` from the loopback address with this number.
fn connect(from: usize, to: SocketAddr) -> TcpStream {
    let from = Ipv4Addr::new(127, 0, 0, u8::try_from(from + 1).unwrap());
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((from, 0)).into()).unwrap();
    socket.connect_timeout(&to.into(), patience()).unwrap();
    socket.set_read_timeout(Some(patience())).unwrap();
    socket.into()
}

fn is_answered(conn: &mut TcpStream) {
    conn.write_all(b"GET /loot HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    let mut buf = [0; 1024];
    let count = conn.read(&mut buf).unwrap();
    assert!(buf[..count].starts_with(b"HTTP/1.1 200 OK\r\n"));
}

/// Each is answered once and stays; some are answered again when all are there.
pub fn thirty_thousand_sockets_are_served_under_a_limit_of_twenty_thousand(start: Start<'_>) {
    let _alone = alone();
    let before = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(LIMIT), ..before }).unwrap();
    let server = start(Plan { private_descriptors: true, ..Plan::default() });
    let (addr, control) = (server.public, server.control.clone());
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let ((here, is_here), (again, asks_again)) = (mpsc::channel(), mpsc::channel());
                scope.spawn(move || {
                    tables::part_now().unwrap();
                    let first = client * SOCKETS / CLIENTS;
                    let connect = |number| connect((first + number) / FROM_ADDRESS, addr);
                    let mut conns: Vec<_> = (0..SOCKETS / CLIENTS).map(connect).collect();
                    conns.iter_mut().for_each(is_answered);
                    here.send(()).unwrap();
                    asks_again.recv().unwrap();
                    conns.iter_mut().step_by(SAMPLE).for_each(is_answered);
                });
                (is_here, again)
            })
            .collect();
        clients.iter().for_each(|(is_here, _)| is_here.recv().expect("all are answered"));
        assert_eq!(control.open(Listener::Public), SOCKETS);
        clients.iter().for_each(|(_, again)| again.send(()).unwrap());
    });
    // The tables of the clients' threads go shortly after the threads.
    until("all are gone", || control.open(Listener::Public) == 0);
    control.drain(1_000);
    server.join();
    assert!(Client::try_connect(addr).is_none(), "nobody listens any more");
    net::listen(addr).expect("the port is free");
    setrlimit(Resource::Nofile, before).unwrap();
}

/// The cores that each thread of a worker may run on.
fn cores() -> Vec<String> {
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    let tasks = fs::read_dir("/proc/self/task").unwrap().map(|entry| entry.unwrap().path());
    tasks
        .filter(|task| read(&task.join("comm")).starts_with("hunt-worker-"))
        .map(|task| {
            let status = read(&task.join("status"));
            let field = |line: &str| line.strip_prefix("Cpus_allowed_list:").map(str::to_owned);
            status.lines().find_map(field).unwrap_or_default().trim().to_owned()
        })
        .collect()
}

/// Where asked to; else wherever the process may.
pub fn each_worker_stays_on_a_core_of_its_own(start: Start<'_>) {
    let _alone = alone();
    let all = core_affinity::get_core_ids().unwrap();
    let server = start(Plan { pin: true, ..Plan::default() });
    let pinned = cores();
    assert_eq!(pinned.len(), 2);
    assert!(pinned.iter().all(|cores| cores.parse::<usize>().is_ok()), "{pinned:?}");
    let distinct: BTreeSet<_> = pinned.iter().collect();
    assert_eq!(distinct.len(), all.len().min(2), "{pinned:?}");
    drop(server);
}
