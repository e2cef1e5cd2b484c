//! Rings that are small, sockets that are stubborn, and ends that come early.

use crate::Uring;
use crate::listener::Listener;
use crate::park::{self, Parked};
use crate::queue::{BATCH, Key, Op, Token};
use crate::ring::{Ring, Sizes, alive};
use crate::socket::{Reader, Socket, UNREAD_MAX, Writer};
use driver::clock::Clock;
use driver::runtime::{Listen, ReadHalf, Runtime, WriteHalf};
use socket2::SockRef;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::thread;
use std::time::Duration;
use tokio::runtime::{Builder, LocalOptions};
use tokio::task::spawn_local;
use tokio::time::{sleep, timeout};

const PATIENCE: Duration = Duration::from_secs(20);

/// Plays in a runtime with a ring of these sizes, which must have nothing in flight when all its
/// handles are gone.
fn in_ring(sizes: Sizes, play: impl AsyncFnOnce(&Rc<Ring>)) {
    let tokio = Builder::new_current_thread()
        .enable_all()
        .on_thread_park(park::before_sleep)
        .build_local(LocalOptions::default())
        .unwrap();
    let (ring, event) = Ring::new(sizes).unwrap();
    let ring = Rc::new(ring);
    tokio.block_on(async {
        let _parked = Parked::new(&ring, event).unwrap();
        timeout(PATIENCE, play(&ring)).await.expect("it takes too long");
        until("nothing is in flight", || ring.with(|state| state.queue.in_flight()) == 0).await;
    });
    let figures = ring.figures();
    assert_eq!(figures.ring_buffers_held, 0, "every buffer is the kernel's");
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let wait = async {
        while !is_so() {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("it takes too long until {what}"));
}

fn small() -> Sizes {
    Sizes { operations: 2, completions: 4, buffers: 4 }
}

fn listen(ring: &Rc<Ring>) -> (Listener, SocketAddr) {
    let listener = driver::net::listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let addr = listener.local_addr().unwrap();
    (Listener::new(ring, listener).unwrap(), addr)
}

/// A connection and its peer, which blocks.
async fn pair(ring: &Rc<Ring>) -> (Reader, Writer, TcpStream) {
    let (mut listener, addr) = listen(ring);
    let peer = TcpStream::connect(addr).unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    let (reader, writer) = listener.accept().await.unwrap();
    (reader, writer, peer)
}

fn of_socket<R>(writer: &Writer, f: impl FnOnce(&mut Socket) -> R) -> R {
    writer.0.ring.with(|state| f(alive(&mut state.sockets, writer.0.key)))
}

/// Bytes of which no two places look alike.
fn bytes(count: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(7);
    (0..count).map(|_| random.u8(..)).collect()
}

async fn read_exactly(reader: &mut Reader, count: usize) -> Vec<u8> {
    let mut all = Vec::new();
    while all.len() < count {
        let (result, buf) = reader.read(std::mem::take(&mut all)).await;
        assert!(result.unwrap() > 0, "the stream ended at {} of {count}", buf.len());
        all = buf;
    }
    all
}

#[test]
fn a_token_names_its_operation() {
    for op in [Op::Receive, Op::Send, Op::Accept, Op::Cancel] {
        let token = Token(op, Key { index: u32::MAX - 1, generation: 0xff_fffe });
        assert_eq!(Token::from(u64::from(token)), token);
    }
}

#[test]
fn a_ring_without_a_buffer_left_goes_on_when_they_come_back() {
    in_ring(Sizes { buffers: 2, ..Sizes::default() }, async |ring| {
        let (mut reader, _writer, mut peer) = pair(ring).await;
        let sent = bytes(100_000);
        peer.write_all(&sent).unwrap();
        assert!(read_exactly(&mut reader, sent.len()).await == sent);
        assert!(ring.figures().ring_no_buffers > 0);
    });
}

#[test]
fn many_connections_share_few_buffers_and_small_queues() {
    in_ring(small(), async |ring| {
        let (mut listener, addr) = listen(ring);
        let mut peers: Vec<_> = (0..100).map(|_| TcpStream::connect(addr).unwrap()).collect();
        let mut tasks = Vec::new();
        for _ in &peers {
            let (mut reader, writer) = listener.accept().await.unwrap();
            tasks.push(spawn_local(async move {
                let asked = read_exactly(&mut reader, 3000).await;
                writer.write_all(asked).await.0.unwrap();
            }));
        }
        for (round, peer) in peers.iter_mut().enumerate() {
            peer.write_all(&bytes(3000 + round)[round..]).unwrap();
        }
        for task in tasks {
            task.await.unwrap();
        }
        // Their reads block, and the ring must have its turns.
        let reading = thread::spawn(move || {
            for (round, peer) in peers.iter_mut().enumerate() {
                let mut answer = Vec::new();
                peer.read_to_end(&mut answer).unwrap();
                assert!(answer == bytes(3000 + round)[round..]);
            }
        });
        until("all are answered", || reading.is_finished()).await;
        reading.join().unwrap();
        assert!(ring.figures().ring_overflows > 0, "completions had no room");
    });
}

#[test]
fn a_write_that_is_taken_in_small_parts_arrives_whole() {
    in_ring(small(), async |ring| {
        let (_reader, writer, mut peer) = pair(ring).await;
        of_socket(&writer, |socket| SockRef::from(&socket.fd).set_send_buffer_size(1)).unwrap();
        let sent = bytes(300_000);
        let expected = sent.clone();
        let reads = thread::spawn(move || {
            let mut got = vec![0; expected.len()];
            peer.read_exact(&mut got).unwrap();
            assert!(got == expected);
        });
        let (result, buf) = writer.write_all(sent).await;
        result.unwrap();
        assert_eq!(buf.len(), 300_000, "the buffer comes back");
        until("the peer has it", || reads.is_finished()).await;
        reads.join().unwrap();
    });
}

#[test]
fn an_abort_ends_what_is_in_flight() {
    in_ring(Sizes::default(), async |ring| {
        let (mut reader, writer, _peer) = pair(ring).await;
        let reads = spawn_local(async move { reader.read(Vec::new()).await.0 });
        let other = writer.clone();
        let writes = spawn_local(async move { other.write_all(vec![7; 64 << 20]).await.0 });
        until("both are in flight", || ring.with(|state| state.queue.in_flight()) == 2).await;
        let busy = writer.try_write(b"before the rest").unwrap_err();
        assert_eq!(busy.kind(), ErrorKind::WouldBlock, "one write is in flight");
        writer.abort();
        assert_eq!(reads.await.unwrap().unwrap(), 0);
        assert_eq!(writes.await.unwrap().unwrap_err().kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn a_connection_that_is_dropped_takes_back_what_is_in_flight() {
    in_ring(Sizes::default(), async |ring| {
        let (mut reader, writer, mut peer) = pair(ring).await;
        let reads = spawn_local(async move { reader.read(Vec::new()).await.0 });
        let writes = spawn_local(async move { writer.write_all(vec![7; 64 << 20]).await.0 });
        until("both are in flight", || ring.with(|state| state.queue.in_flight()) == 2).await;
        reads.abort();
        writes.abort();
        until("both came back", || ring.with(|state| state.queue.in_flight()) == 0).await;
        assert!(reads.await.is_err() && writes.await.is_err());
        let drained = thread::spawn(move || peer.read_to_end(&mut Vec::new()).is_ok());
        until("the peer sees the end", || drained.is_finished()).await;
        // The place is used again, and hears nothing of the past.
        let (mut reader, _writer, mut peer) = pair(ring).await;
        peer.write_all(b"afresh").unwrap();
        assert_eq!(read_exactly(&mut reader, 6).await, b"afresh");
    });
}

#[test]
fn a_ring_ends_with_all_kinds_of_operations_in_flight() {
    let mut peer = None;
    in_ring_that_ends(async |ring| {
        let (mut reader, writer, stream) = pair(ring).await;
        peer = Some(stream);
        spawn_local(async move { reader.read(Vec::new()).await.0 });
        spawn_local(async move { writer.write_all(vec![7; 64 << 20]).await.0 });
        let (mut listener, _) = listen(ring);
        spawn_local(async move { listener.accept().await.map(drop) });
        until("all are in flight", || ring.with(|state| state.queue.in_flight()) == 3).await;
    });
    let end = peer.unwrap().read_to_end(&mut Vec::new());
    assert!(end.is_ok(), "the socket is closed: {end:?}");
}

/// As [`in_ring`], but for the end, which must be prompt.
fn in_ring_that_ends(play: impl AsyncFnOnce(&Rc<Ring>)) {
    let tokio = Builder::new_current_thread()
        .enable_all()
        .on_thread_park(park::before_sleep)
        .build_local(LocalOptions::default())
        .unwrap();
    let (ring, event) = Ring::new(Sizes::default()).unwrap();
    let ring = Rc::new(ring);
    tokio.block_on(async {
        let _parked = Parked::new(&ring, event).unwrap();
        timeout(PATIENCE, play(&ring)).await.expect("it takes too long");
    });
    drop(tokio);
    let begin = std::time::Instant::now();
    drop(Rc::into_inner(ring).expect("no handle is left"));
    assert!(begin.elapsed() < Duration::from_millis(900), "{:?}", begin.elapsed());
}

#[test]
fn who_is_not_read_holds_no_buffer_and_few_bytes() {
    in_ring(Sizes::default(), async |ring| {
        let (mut reader, writer, mut flooder) = pair(ring).await;
        let (mut other, _other_writer, mut player) = pair(ring).await;
        let sent = bytes(3_000_000);
        let floods = {
            let sent = sent.clone();
            thread::spawn(move || flooder.write_all(&sent))
        };
        let mut got = read_exactly(&mut reader, 1).await;
        // Nobody reads now, and what comes is held back.
        let halted = |ring: &Rc<Ring>| ring.with(|state| state.queue.in_flight()) == 0;
        until("nothing more is received", || halted(ring)).await;
        let unread = of_socket(&writer, |socket| socket.unread.len());
        assert!(unread < UNREAD_MAX + 100 * 2048, "{unread}");
        assert_eq!(ring.figures().ring_buffers_held, 0);
        player.write_all(b"hello").unwrap();
        assert_eq!(read_exactly(&mut other, 5).await, b"hello");
        let rest = sent.len() - got.len();
        got.extend(read_exactly(&mut reader, rest).await);
        assert!(got == sent, "every byte is there, and in its order");
        assert!(ring.figures().ring_rearms > 0);
        until("the flood is over", || floods.is_finished()).await;
        floods.join().unwrap().unwrap();
    });
}

#[test]
fn a_turn_takes_all_that_has_completed_and_not_one_batch_of_it() {
    in_ring(Sizes::default(), async |ring| {
        let (mut listener, addr) = listen(ring);
        let peers: Vec<_> = (0..BATCH + 50).map(|_| TcpStream::connect(addr).unwrap()).collect();
        let first = listener.accept().await.unwrap();
        let waiting = ring.with(|state| alive(&mut state.ports, listener.key).ready.len());
        assert_eq!(waiting, peers.len() - 1);
        drop(first);
    });
}

#[test]
fn a_loop_that_always_finds_something_to_do_keeps_nobody_waiting() {
    in_ring(Sizes::default(), async |ring| {
        let rt = Uring { clock: Clock::start(), ring: Rc::clone(ring) };
        let busy = spawn_local(async move {
            loop {
                rt.yield_now().await;
            }
        });
        let (mut reader, writer, mut peer) = pair(ring).await;
        peer.write_all(b"hello").unwrap();
        let asked = read_exactly(&mut reader, 5).await;
        writer.write_all(asked).await.0.unwrap();
        let mut answer = [0; 5];
        peer.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"hello");
        busy.abort();
    });
}

#[test]
fn what_is_accepted_sends_small_writes_at_once() {
    in_ring(Sizes::default(), async |ring| {
        let (_reader, writer, _peer) = pair(ring).await;
        assert!(of_socket(&writer, |socket| SockRef::from(&socket.fd).tcp_nodelay()).unwrap());
    });
}

#[test]
fn who_waits_when_accepting_ends_is_accepted_and_nobody_is_lost() {
    in_ring(Sizes::default(), async |ring| {
        let (mut listener, addr) = listen(ring);
        let accept = timeout(Duration::from_millis(5), listener.accept()).await;
        assert!(accept.is_err(), "nobody has come");
        let peers: Vec<_> = (0..30).map(|_| TcpStream::connect(addr).unwrap()).collect();
        let mut accepted = Vec::new();
        loop {
            match listener.accept_now() {
                Ok(stream) => accepted.push(stream),
                Err(error) => break assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
        assert_eq!(accepted.len(), peers.len());
        drop(listener);
        assert!(TcpStream::connect(addr).is_err(), "nobody listens any more");
    });
}

#[test]
fn a_listener_that_is_shut_down_ends_its_accept_with_an_error() {
    in_ring(Sizes::default(), async |ring| {
        let (mut listener, addr) = listen(ring);
        let copy = ring.with(|state| alive(&mut state.ports, listener.key).fd.try_clone()).unwrap();
        let accept = timeout(Duration::from_millis(5), listener.accept()).await;
        assert!(accept.is_err(), "nobody has come");
        listener.shutdown();
        assert!(listener.accept().await.is_err());
        assert!(TcpStream::connect(addr).is_err(), "though a copy is open");
        drop(copy);
    });
}
