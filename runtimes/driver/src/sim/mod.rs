//! A runtime without sockets, threads or a clock: the whole server in one thread, and everything
//! that a network or a scheduler may do to it drawn from a seed.
//!
//! One seed is one run: the order in which tasks are polled, how long each operation takes, how
//! many bytes it moves, and which connection goes to which worker. Time moves only when the test
//! moves it. A read or a write that is dropped before it is ready panics, since a completion
//! runtime would lose its bytes.
//!
//! ```
//! use driver::sim::{Faults, World};
//! # use driver::{Control, Observer, Setup, store::Memory};
//! # use engine_core::api::{hunts::{Hunts, Settings}, token::KeyRing};
//! # use engine_core::arena::{Arena, ArenaMeters};
//! # use engine_core::game::hash::Seed;
//! # use engine_core::seam::{Listener, Observe, Reply};
//! # use alloc_heap::HeapArena;
//! # use std::sync::Arc;
//! # struct Nothing;
//! # impl Observer for Nothing {
//! #     fn observe(&self, _: Observe) -> Reply {
//! #         Reply::Document { status: 200, content_type: "text/plain", body: vec![] }
//! #     }
//! # }
//! # let limits = Arc::new(engine_core::limits::Limits::default());
//! # let meters = ArenaMeters::default();
//! # let scratch = meters.scratch.clone();
//! # let settings = Arc::new(Settings {
//! #     keys: KeyRing::new([(1, &[7; 32][..])]).unwrap(),
//! #     allowed_origins: vec![],
//! #     admin_on_public: true,
//! #     limits: limits.clone(),
//! # });
//! # let setup = Setup {
//! #     control: Control::new(2),
//! #     store: Arc::new(Memory::<HeapArena>::new(2, Seed(1), meters, limits.clone())),
//! #     observer: Arc::new(Nothing),
//! #     arena: Box::new(move || HeapArena::new(scratch.clone())),
//! #     service: Box::new(move |_| Hunts::new(settings.clone())),
//! #     limits,
//! # };
//! let mut world = World::new(7, Faults::rough());
//! world.start(&setup);
//! let client = world.connect(Listener::Public);
//! client.send(b"GET /loot HTTP/1.1\r\nHost: h\r\n\r\n");
//! world.advance_ms(1_000);
//! assert!(client.receive().starts_with(b"HTTP/1.1 200 OK\r\n"));
//! ```

mod executor;
mod net;

pub use executor::Sim;
pub use net::{Client, SimListener, SimReader, SimWriter};

use crate::clock::Moment;
use crate::loops::tick_loop;
use crate::node::{self, Setup};
use crate::runtime::Runtime;
use engine_core::arena::Arena;
use engine_core::seam::{Listener, WorkerId};
use engine_core::service::Service;
use engine_core::time::Timestamp;
use net::Backlog;
use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

/// When every world begins: 2027-01-15T08:00:00Z.
pub const START: Timestamp = Timestamp(1_800_000_000_000);

/// What may go wrong, and how badly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Faults {
    /// How many bytes a direction of a socket holds, drawn anew for each: 64 to this; 0: all.
    pub socket_bytes_max: usize,
    /// Of 100 operations, how many move fewer bytes than they could.
    pub short_percent: u8,
    /// Of 100 operations, how many are not done at once.
    pub late_percent: u8,
    /// How late, in microseconds: 1 to this.
    pub late_us_max: u64,
    /// Of 100 times that a task runs, how often its worker stalls instead, as long as an operation
    /// can be late, while the other workers go on.
    pub stall_percent: u8,
    /// Of 100 calls of `accept`, how many fail.
    pub accept_percent: u8,
}

impl Faults {
    /// Nothing goes wrong.
    #[must_use]
    pub fn none() -> Self {
        Self {
            socket_bytes_max: 0,
            short_percent: 0,
            late_percent: 0,
            late_us_max: 1,
            stall_percent: 0,
            accept_percent: 0,
        }
    }

    /// Everything does, often.
    #[must_use]
    pub fn rough() -> Self {
        Self {
            socket_bytes_max: 2_000,
            short_percent: 40,
            late_percent: 30,
            late_us_max: 20_000,
            stall_percent: 3,
            accept_percent: 20,
        }
    }
}

/// A server and its network.
pub struct World {
    sim: Sim,
    public: Vec<Rc<Backlog>>,
    admin: Option<Rc<Backlog>>,
    workers: usize,
    ended: Rc<Cell<usize>>,
}

impl World {
    /// An empty world at [`START`].
    #[must_use]
    pub fn new(seed: u64, faults: Faults) -> Self {
        let sim = Sim::new(seed, faults, START);
        Self { sim, public: Vec::new(), admin: None, workers: 0, ended: Rc::default() }
    }

    /// Starts the workers of `setup`: with a listener for each, or with one for all, whose
    /// connections go to the workers in turn; the seed decides.
    pub fn start<A: Arena, S: Service>(&mut self, setup: &Setup<A, S>) {
        let ids = setup.control.worker_ids();
        let workers: Vec<_> = ids.map(|id| (id, setup.worker(&self.sim.of(id), id))).collect();
        let cells: Vec<_> = workers.iter().map(|(_, worker)| worker.clone()).collect();
        let shared = self.below(2) == 0;
        for (id, worker) in &workers {
            let rt = &self.sim.of(*id);
            let first = *id == WorkerId(0);
            let public = (first || !shared).then(|| listen(rt, &mut self.public));
            let admin = first.then(|| SimListener::new(rt, self.admin.insert(Rc::default())));
            let targets = if shared { &cells[..] } else { std::slice::from_ref(worker) };
            node::start(rt, worker, targets, public, admin);
            let (tick, ended) = (tick_loop(rt.clone(), worker.clone()), Rc::clone(&self.ended));
            rt.spawn(async move {
                tick.await;
                ended.set(ended.get() + 1);
            });
        }
        self.workers = workers.len();
    }

    /// Connects a client, to the listener that the seed chooses.
    ///
    /// # Panics
    /// If nothing was started.
    #[must_use]
    pub fn connect(&self, to: Listener) -> Client {
        let backlog = match to {
            Listener::Public => &self.public[self.sim.below(self.public.len())],
            Listener::Admin => self.admin.as_ref().expect("it was started"),
        };
        net::connect(&self.sim, backlog)
    }

    /// Runs what can run now.
    pub fn run(&mut self) {
        self.sim.run();
    }

    /// Lets time pass, and everything happen that happens in it.
    pub fn advance_ms(&mut self, ms: u64) {
        self.sim.advance_us(ms * 1000);
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.sim.now()
    }

    /// A number below `bound`, from the world's seed; 0 where `bound` is.
    #[must_use]
    pub fn below(&self, bound: usize) -> usize {
        self.sim.below(bound)
    }

    /// Whether every worker has come to its end.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.workers > 0 && self.ended.get() == self.workers
    }
}

fn listen(rt: &Sim, backlogs: &mut Vec<Rc<Backlog>>) -> SimListener {
    let backlog = Rc::default();
    let listener = SimListener::new(rt, &backlog);
    backlogs.push(backlog);
    listener
}

impl Drop for World {
    fn drop(&mut self) {
        self.sim.tear_down();
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("now", &self.now()).finish_non_exhaustive()
    }
}
