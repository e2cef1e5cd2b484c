//! Too few descriptors: who is connected is served, who waits is accepted once there are some, and
//! the loops that accept do not spin meanwhile.

use super::{Client, Plan, Server, Start, alone, figures};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::{Domain, Socket, Type};
use std::fs::File;
use std::io::{Read, Write};
use std::iter;
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Connections beyond what the limit leaves room for.
const WAITING: usize = 20;
/// Connections that the limit leaves room for.
const ROOM: usize = 5;

/// The limit of open files of this process.
const LIMIT: u64 = 512;

/// The case as a test for each of some ways to serve; for a test file of its own, since it changes
/// the limit of its process.
///
/// ```ignore
/// driver::descriptors!(HeapArena; per_core: serve;);
/// ```
#[macro_export]
macro_rules! descriptors {
    ($arena:ty; $($name:ident: $serve:expr;)+) => {$(
        mod $name {
            use super::*;

            $crate::conformance!(@cases descriptors, $arena, $serve;
                too_few_descriptors_keep_nobody_from_being_served
            );
        }
    )+};
}

/// Lowers the limit of this process to what a test can use up.
fn lower_limit() {
    let before = getrlimit(Resource::Nofile);
    let lower = before.current.map_or(LIMIT, |limit| limit.min(LIMIT));
    setrlimit(Resource::Nofile, Rlimit { current: Some(lower), ..before }).unwrap();
}

/// Uses up all descriptors but [`ROOM`]. The limit itself stays: a ring that accepts without being
/// asked again goes by the one that it began with.
fn use_up() -> Vec<File> {
    let mut files: Vec<_> = iter::from_fn(|| File::open("/dev/null").ok()).collect();
    files.truncate(files.len() - ROOM);
    files
}

fn is_answered(conn: &mut TcpStream, within: Duration) -> bool {
    conn.set_read_timeout(Some(within)).unwrap();
    let mut buf = [0; 1024];
    conn.read(&mut buf).is_ok_and(|count| buf[..count].starts_with(b"HTTP/1.1 200 OK\r\n"))
}

fn errors(server: &Server) -> u64 {
    figures(server).accept_errors
}

/// Twenty who come when there is room for five.
pub fn too_few_descriptors_keep_nobody_from_being_served(start: Start<'_>) {
    let _alone = alone();
    lower_limit();
    let server = start(Plan::default());
    let mut player = Client::connect(server.public);
    let token = player.join("Ada");
    // Sockets of clients that have their descriptors before there are too few.
    let socket = |_| Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let sockets: Vec<_> = (0..WAITING).map(socket).collect();
    let in_use = use_up();
    let mut conns: Vec<_> = sockets
        .into_iter()
        .map(|socket| {
            socket.connect(&server.public.into()).unwrap();
            let mut conn = TcpStream::from(socket);
            conn.write_all(b"GET /loot HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
            conn
        })
        .collect();
    let begin = Instant::now();
    while errors(&server) < 5 {
        assert!(begin.elapsed() < Duration::from_secs(10), "no accept has failed");
        assert_eq!(player.resolve(&token).status, 200);
    }
    // Two loops that try every 100 ms, and began with shorter pauses.
    let (errors_before, begin) = (errors(&server), Instant::now());
    while begin.elapsed() < Duration::from_secs(1) {
        assert_eq!(player.resolve(&token).status, 200);
    }
    let tries = errors(&server) - errors_before;
    assert!((1..60).contains(&tries), "{tries} tries in a second");
    drop(in_use);
    for conn in &mut conns {
        assert!(is_answered(conn, Duration::from_secs(10)), "somebody waits in vain");
    }
}
