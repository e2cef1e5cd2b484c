//! A store that answers from another thread, after a while, over real sockets.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use alloc_heap::HeapArena;
use driver::store::{Memory, Store};
use driver::{Control, Node, Observer, Setup, net};
use engine_core::api::hunts::{Hunts, Settings};
use engine_core::api::token::KeyRing;
use engine_core::arena::{Arena, ArenaMeters};
use engine_core::error::Problem;
use engine_core::game::hash::Seed;
use engine_core::limits::Limits;
use engine_core::seam::{Applied, Listener, Observe, Published, Reply, Submit, WorkerId};
use engine_core::time::Timestamp;
use runtime_tokio_epoll::{Mode, serve};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

const LATE: Duration = Duration::from_millis(50);

/// Answers after [`LATE`].
struct Late {
    memory: Memory<HeapArena>,
    control: Control,
}

impl Store for Late {
    #[expect(clippy::disallowed_methods, reason = "the store is late, whatever it is told")]
    fn submit(&self, now: Timestamp, submit: Submit, _: &mut Applied) {
        let worker = submit.to.worker;
        let mut applied = Applied::default();
        self.memory.submit(now, submit, &mut applied);
        let control = self.control.clone();
        thread::spawn(move || {
            thread::sleep(LATE);
            control.applied(worker, applied);
        });
    }

    fn tick(&self, now: Timestamp, worker: WorkerId, published: &mut Vec<Published>) {
        self.memory.tick(now, worker, published);
    }
}

struct Nothing;

impl Observer for Nothing {
    fn observe(&self, _: Observe) -> Reply {
        Reply::Refused(Problem::UnknownPath.into())
    }
}

/// Serves for as long as `play` takes.
fn with_server(mode: Mode, play: impl FnOnce(SocketAddr)) {
    let limits = Arc::new(Limits::default());
    let meters = ArenaMeters::default();
    let control = Control::new(2);
    let memory = Memory::new(2, Seed(1), meters.clone(), limits.clone());
    let settings = Arc::new(Settings {
        keys: KeyRing::new([(1, &[7; 32][..])]).unwrap(),
        allowed_origins: Vec::new(),
        admin_on_public: false,
        limits: limits.clone(),
    });
    let setup = Setup {
        limits,
        control: control.clone(),
        store: Arc::new(Late { memory, control: control.clone() }),
        observer: Arc::new(Nothing),
        arena: Box::new(move || HeapArena::new(meters.scratch.clone())),
        service: Box::new(move |_| Hunts::new(settings.clone())),
    };
    let public = net::listen_shared("127.0.0.1:0".parse().unwrap(), 1).unwrap();
    let addr = public[0].local_addr().unwrap();
    let node = Node { setup, public, admin: None, pin: false, private_descriptors: false };
    let server = thread::spawn(move || serve(mode, node));
    play(addr);
    control.drain(1_000);
    server.join().unwrap().unwrap();
    assert_eq!(control.open(Listener::Public), 0);
}

#[test]
fn a_peer_that_ends_its_side_after_a_request_gets_its_answer() {
    for mode in [Mode::WorkStealing, Mode::PerCore] {
        with_server(mode, |addr| {
            for requests in [1, 3, 100] {
                let mut peer = TcpStream::connect(addr).unwrap();
                peer.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
                let request = "GET /loot HTTP/1.1\r\nHost: h\r\n\r\n";
                peer.write_all(request.repeat(requests).as_bytes()).unwrap();
                peer.shutdown(Shutdown::Write).unwrap();
                let mut text = String::new();
                peer.read_to_string(&mut text).unwrap();
                assert_eq!(text.matches("HTTP/1.1 200 OK").count(), requests, "{mode:?}");
            }
        });
    }
}
