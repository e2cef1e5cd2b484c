//! What the heap is asked for: by an idle connection, and by requests in the steady state.

use super::{Client, Plan, Start, alone, patience};
use alloc_counting::{Counts, total};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

#[doc(hidden)]
pub use alloc_counting::Counting;

const CONNECTIONS: usize = 1_000;
const REQUESTS: usize = 2_000;
/// What an idle connection may hold besides the read buffer that it is pinned to, where no more is
/// said.
pub const IDLE_BYTES_MAX: usize = 1024;
/// Connections that pay for what all share.
const WARM: usize = 20;
/// For how long the memory of idle WebSockets is watched, at least: unused buffers are kept for up
/// to two seconds.
const WHILE: Duration = Duration::from_secs(4);
/// And how many broadcasts arrive meanwhile, at least.
const BROADCASTS: usize = 3;
/// Of 2,000 requests; a queue may grow once more.
const REQUESTS_MAX: u64 = 20;

/// The cases as tests for each of some ways to serve; for a test file of its own, since they count
/// what the whole process allocates.
///
/// `pinned` is how many bytes of a read buffer an idle connection holds: 0 where the system tells
/// readiness, or is lent buffers that connections share. `besides` is how much it may hold
/// besides where that is more than 1 KiB. `each` is how many allocations a request
/// may cost where the runtime itself makes some, else none.
///
/// ```ignore
/// driver::heap!(HeapArena; per_core: serve, pinned = 0;);
/// ```
#[macro_export]
macro_rules! heap {
    ($arena:ty; $($name:ident: $serve:expr, pinned = $pinned:expr
        $(, besides = $besides:expr)? $(, each = $each:expr)?;)+) => {
        #[global_allocator]
        static ALLOCATOR: $crate::testing::heap::Counting<::std::alloc::System> =
            $crate::testing::heap::Counting::new(::std::alloc::System);

        $(mod $name {
            use super::*;

            #[test]
            fn a_request_in_the_steady_state_asks_the_heap_for_nothing() {
                let start = |plan| $crate::testing::Server::start::<$arena>(plan, $serve);
                let each = 0 $(+ $each)?;
                $crate::testing::heap::a_request_asks_the_heap_for_nothing(&start, each);
            }

            #[test]
            fn an_idle_connection_holds_little_memory() {
                let start = |plan| $crate::testing::Server::start::<$arena>(plan, $serve);
                let besides = $crate::testing::heap::besides(&[$($besides)?]);
                let case = $crate::testing::heap::an_idle_connection_holds_little_memory;
                case(&start, $pinned, besides);
            }

            #[test]
            fn an_idle_websocket_holds_little_memory() {
                let start = |plan| $crate::testing::Server::start::<$arena>(plan, $serve);
                let besides = $crate::testing::heap::besides(&[$($besides)?]);
                let case = $crate::testing::heap::an_idle_websocket_holds_little_memory;
                case(&start, $pinned, besides);
            }
        })+
    };
}

/// What a connection may hold: what is said, or else what one may.
#[doc(hidden)]
pub fn besides(said: &[usize]) -> usize {
    said.first().copied().unwrap_or(IDLE_BYTES_MAX)
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

/// Of `held` by all connections: the bytes of one.
fn each(held: Counts) -> usize {
    usize::try_from(held.live_bytes()).expect("connections are on the heap") / CONNECTIONS
}

/// Holds that what `held` says, for all connections, is little for each.
fn hold(what: &str, held: Counts, pinned: usize, besides: usize) {
    let bytes = each(held);
    eprintln!("{bytes} bytes on the heap for an idle {what}");
    let bounds = pinned + 1..pinned + besides;
    assert!(bounds.contains(&bytes), "{bytes} bytes for an idle {what}, not within {bounds:?}");
}

/// Connections that have been answered.
pub fn an_idle_connection_holds_little_memory(start: Start<'_>, pinned: usize, besides: usize) {
    let _alone = alone();
    let server = start(Plan::default());
    let (request, mut buf) = (loot(), [0; 4096]);
    let mut conns = Vec::with_capacity(CONNECTIONS);
    let mut connect = || {
        let mut conn = TcpStream::connect(server.public).unwrap();
        ask(&mut conn, &request, &mut buf);
        conn
    };
    let warm: Vec<_> = (0..WARM).map(|_| connect()).collect();
    let before = total();
    conns.extend((0..CONNECTIONS).map(|_| connect()));
    // Each asks again, so that each has had a buffer while others were idle.
    conns.iter_mut().for_each(|conn| ask(conn, &request, &mut buf));
    hold("HTTP connection", total() - before, pinned, besides);
    drop(warm);
}

/// Watchers of a hunt that broadcasts, who say nothing. What they hold themselves is no part of the
/// reading: sockets are not on the heap, and all read into one buffer.
pub fn an_idle_websocket_holds_little_memory(start: Start<'_>, pinned: usize, besides: usize) {
    let _alone = alone();
    let server = start(Plan::default());
    let request = Client::upgrade(&Client::connect(server.public).join("Ada"));
    let mut buf = [0; 4096];
    let mut watch = || {
        let mut conn = TcpStream::connect(server.public).unwrap();
        conn.set_read_timeout(Some(patience())).unwrap();
        conn.write_all(request.as_bytes()).unwrap();
        let count = conn.read(&mut buf).unwrap();
        assert!(buf[..count].starts_with(b"HTTP/1.1 101 "));
        conn.set_nonblocking(true).unwrap();
        conn
    };
    let mut watchers = Vec::with_capacity(WARM + CONNECTIONS);
    watchers.extend((0..WARM).map(|_| watch()));
    let before = least(&mut watchers, |_| true);
    watchers.extend((0..CONNECTIONS).map(|_| watch()));
    let few = |held: Counts| each(held - before) < pinned + besides;
    let held = least(&mut watchers, few);
    hold("WebSocket connection", held - before, pinned, besides);
}

/// The least that is held at any moment of a while in which broadcasts arrive: what is held between
/// two of them, since the buffers of one are no part of an idle connection. On a busy machine such
/// a moment is rare: the while lasts until it is `few`, as far as patience goes.
fn least(watchers: &mut [TcpStream], few: impl Fn(Counts) -> bool) -> Counts {
    let (mut least, mut arrived, mut buf) = (total(), 0, [0; 4096]);
    let begin = Instant::now();
    let arrive = BROADCASTS * watchers.len();
    while begin.elapsed() < WHILE || arrived < arrive || !few(least) {
        if begin.elapsed() > patience() {
            assert!(arrived >= arrive, "{arrived} frames arrive");
            break;
        }
        for watcher in &mut *watchers {
            while let Ok(count) = watcher.read(&mut buf) {
                assert!(count > 0, "the connection stays");
                arrived += 1;
            }
        }
        for _ in 0..10 {
            thread::park_timeout(Duration::from_millis(1));
            let now = total();
            // A moment in which nobody allocates, so that its counts agree.
            if now == total() && now.live_bytes() < least.live_bytes() {
                least = now;
            }
        }
    }
    least
}

/// Requests of three kinds, each after enough of its kind.
pub fn a_request_asks_the_heap_for_nothing(start: Start<'_>, each: u64) {
    let _alone = alone();
    let server = start(Plan::default());
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
        eprintln!("{asked} in {REQUESTS} requests: {line}");
        let max = each * REQUESTS as u64 + REQUESTS_MAX;
        assert!(asked <= max, "{asked} in {REQUESTS} requests: {line}");
    }
}
