//! A server on a thread of its own, with a quest and a hunt.

use super::client::Client;
use super::late_store::Late;
use super::patience;
use crate::control::{Control, State};
use crate::net;
use crate::node::{Node, Observer, Setup};
use crate::store::{Memory, Store};
use engine_core::api::hunts::{Hunts, Settings};
use engine_core::api::token::KeyRing;
use engine_core::arena::{Arena, ArenaMeters};
use engine_core::game::hash::Seed;
use engine_core::limits::Limits;
use engine_core::seam::{Observe, Reply};
use engine_core::time::Timestamp;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Answers every question with 200 and `ok`.
#[derive(Debug)]
pub struct Nothing;

impl Observer for Nothing {
    fn observe(&self, _: Observe) -> Reply {
        Reply::Document { status: 200, content_type: "text/plain", body: b"ok".to_vec() }
    }
}

/// What a server is started with.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The bounds.
    pub limits: Limits,
    /// How many workers there are, each with a listener.
    pub workers: usize,
    /// Answers come from another thread, this much later; at once where none is given.
    pub late: Option<Duration>,
    /// Whether each worker stays on a core of its own.
    pub pin: bool,
    /// Whether each worker has a descriptor table of its own.
    pub private_descriptors: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            workers: 2,
            late: None,
            pin: false,
            private_descriptors: false,
        }
    }
}

impl From<Limits> for Plan {
    fn from(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }
}

/// One waypoint, and a treasure that never runs out.
const QUEST: &str = r#"{"name":"Pier","waypoints":[{"x":0,"y":0,"z":0,"radius":5}],"treasures":[
{"id":"t1","x":0,"y":0,"z":0,"radius":5,"supply":1000000,"loot":{"item":"pearl","points":50}}]}"#;

/// Players and operators may come the same way.
pub(super) fn settings(limits: Arc<Limits>) -> Settings {
    Settings {
        keys: KeyRing::new([(1, &[7; 32][..])]).unwrap(),
        allowed_origins: Vec::new(),
        admin_on_public: true,
        limits,
    }
}

/// A server that runs; it is aborted when it is dropped.
#[derive(Debug)]
pub struct Server {
    /// Where players come.
    pub public: SocketAddr,
    /// Where operators come.
    pub admin: SocketAddr,
    /// Its handle.
    pub control: Control,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Server {
    /// Serves the quest `pier` and the hunt `h1` of it on ports that the system chooses.
    pub fn start<A: Arena>(
        plan: Plan,
        serve: impl FnOnce(Node<A, Hunts>) -> io::Result<()> + Send + 'static,
    ) -> Self {
        let Plan { limits, workers, late, pin, private_descriptors } = plan;
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let public = net::listen_shared(any, workers).unwrap();
        let admin = net::listen(any).unwrap();
        let control = Control::new(workers);
        let limits = Arc::new(limits);
        let meters = ArenaMeters::default();
        let scratch = Arc::clone(&meters.scratch);
        let settings = Arc::new(settings(Arc::clone(&limits)));
        let keys = settings.keys.clone();
        let memory = Memory::<A>::new(workers, Seed(9), meters, Arc::clone(&limits));
        let store: Arc<dyn Store> = match late {
            None => Arc::new(memory),
            Some(late) => Arc::new(Late::new(memory, control.clone(), late)),
        };
        let mut server = Self {
            public: public[0].local_addr().unwrap(),
            admin: admin.local_addr().unwrap(),
            control: control.clone(),
            thread: None,
        };
        let node = Node {
            setup: Setup {
                limits,
                control,
                store,
                observer: Arc::new(Nothing),
                arena: Box::new(move || A::new(Arc::clone(&scratch))),
                service: Box::new(move |_| Hunts::new(Arc::clone(&settings))),
            },
            public,
            admin: Some(admin),
            pin,
            private_descriptors,
        };
        server.thread = Some(std::thread::spawn(|| serve(node)));
        until("the server is ready", || server.control.state() == State::Ready);
        let admin = keys.mint_admin(Timestamp(u64::MAX));
        let mut client = Client::connect(server.public);
        assert_eq!(client.ask("PUT", "/v1/quests/pier", &admin, QUEST).status, 201);
        let hunt = r#"{"quest":"pier","capacity":100000}"#;
        assert_eq!(client.ask("PUT", "/v1/hunts/h1", &admin, hunt).status, 201);
        server
    }

    /// Waits until it has ended by itself.
    pub fn join(mut self) {
        until("the server has ended", || self.thread.as_ref().unwrap().is_finished());
        self.thread.take().unwrap().join().unwrap().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.control.abort();
        if let Some(thread) = self.thread.take() {
            let result = thread.join();
            assert!(result.is_ok() || std::thread::panicking(), "the server panicked");
        }
    }
}

/// Waits for a condition, as long as [`patience`] lasts.
pub(super) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < patience(), "it takes too long until {what}");
        std::thread::park_timeout(Duration::from_millis(2));
    }
}
