//! What a server hands to a backend, and how a worker is set up from it.

use crate::accept::Acceptor;
use crate::control::Control;
use crate::loops::Loop;
use crate::net;
use crate::runtime::{Runtime, Share};
use crate::store::Store;
use crate::tables::{Meeting, Tables};
use crate::worker::Worker;
use engine_core::arena::Arena;
use engine_core::limits::Limits;
use engine_core::seam::{Listener, Observe, Reply, WorkerId};
use engine_core::service::Service;
use std::net::TcpListener;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::{fmt, io, thread};

/// Answers what only the server around the engine can: health, readiness, metrics.
pub trait Observer: Send + Sync {
    /// The document that is asked for. Called on a worker, so it must not wait.
    fn observe(&self, what: Observe) -> Reply;
}

/// What every worker of a server is made from.
pub struct Setup<A: Arena, S: Service> {
    /// The bounds.
    pub limits: Arc<Limits>,
    /// The handle that ends the server; it knows how many workers there are.
    pub control: Control,
    /// What answers requests. One indirect call a request keeps stores out of the types, and one
    /// build of each backend for all of them.
    pub store: Arc<dyn Store>,
    /// What answers questions about the server.
    pub observer: Arc<dyn Observer>,
    /// Makes the scratch arena of a worker.
    pub arena: Box<dyn Fn() -> A + Send + Sync>,
    /// Makes the service of a worker.
    pub service: Box<dyn Fn(WorkerId) -> S + Send + Sync>,
}

/// A server: its setup and its sockets.
#[derive(Debug)]
pub struct Node<A: Arena, S: Service> {
    /// What every worker is made from.
    pub setup: Setup<A, S>,
    /// Where players come: one listener, or one for each worker, from
    /// [`listen_shared`](crate::net::listen_shared).
    pub public: Vec<TcpListener>,
    /// Where operators come; worker 0 serves it.
    pub admin: Option<TcpListener>,
    /// Whether each worker stays on a core of its own.
    pub pin: bool,
    /// Whether each worker has a descriptor table of its own; for those of
    /// [`Node::run_per_core`].
    pub private_descriptors: bool,
}

impl<A: Arena, S: Service> fmt::Debug for Setup<A, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup").field("control", &self.control).finish_non_exhaustive()
    }
}

/// One worker's part of a node.
#[derive(Debug)]
pub struct Seat {
    /// Which worker.
    pub worker: WorkerId,
    /// Where players come.
    pub public: Option<TcpListener>,
    /// Where operators come.
    pub admin: Option<TcpListener>,
}

/// The workers that take a listener's connections in turn.
pub type Workers<R, A, S> = Vec<<R as Runtime>::Shared<Worker<R, A, S>>>;

impl<A: Arena, S: Service> Setup<A, S> {
    /// The worker number `id`, in a cell.
    pub fn worker<R: Runtime>(&self, rt: &R, id: WorkerId) -> R::Shared<Worker<R, A, S>> {
        R::Shared::new(Worker::new(rt.clone(), id, self))
    }
}

impl<A: Arena, S: Service> Node<A, S> {
    /// What every worker gets: a listener, as far as they go, and the first one the operators'.
    pub fn seats(self) -> (Setup<A, S>, Vec<Seat>) {
        let mut public = self.public.into_iter();
        let mut admin = self.admin;
        let ids = self.setup.control.worker_ids();
        let seat = |worker| Seat { worker, public: public.next(), admin: admin.take() };
        let seats = ids.map(seat).collect();
        (self.setup, seats)
    }

    /// Runs `work` for every worker, each on a thread of its own. It calls [`Tables::part`] when
    /// its runtime is built. Where there are fewer listeners
    /// than workers, the last one is shared by the rest.
    ///
    /// # Errors
    /// The first of `work`. If one fails or panics, the others are aborted.
    pub fn run_per_core<W>(mut self, work: W) -> io::Result<()>
    where
        W: Fn(&Setup<A, S>, Seat, Tables<'_>) -> io::Result<()> + Sync,
    {
        let pin = self.pin;
        self.setup.control.part_descriptors(self.private_descriptors);
        let meeting = &Meeting::new(self.private_descriptors, self.setup.control.workers());
        while let Some(last) = self.public.last()
            && self.public.len() < self.setup.control.workers()
        {
            self.public.push(last.try_clone()?);
        }
        let (setup, seats) = self.seats();
        let (setup, work) = (&setup, &work);
        thread::scope(|scope| {
            let mut threads = Vec::new();
            for seat in seats {
                let index = usize::from(seat.worker.0);
                let tables = meeting.tables();
                let run = move || {
                    net::pin_if(pin, index);
                    let work = AssertUnwindSafe(|| work(setup, seat, tables));
                    let result = panic::catch_unwind(work)
                        .unwrap_or_else(|_| Err(io::Error::other("a worker panicked")));
                    result.inspect_err(|_| setup.control.abort())
                };
                let name = format!("hunt-worker-{index}");
                threads.push(thread::Builder::new().name(name).spawn_scoped(scope, run));
            }
            if threads.iter().any(Result::is_err) {
                setup.control.abort();
            }
            let join = |thread: thread::ScopedJoinHandle<'_, _>| {
                thread.join().unwrap_or_else(|_| Err(io::Error::other("a worker panicked")))
            };
            let results: Vec<_> = threads.into_iter().map(|thread| thread.and_then(join)).collect();
            results.into_iter().collect()
        })
    }
}

/// Starts the loops of one worker besides its tick, which the backend runs to its end:
/// [`tick_loop`](crate::loops::tick_loop).
///
/// Connections from `public` go to `workers` in turn, those from `admin` to this one.
pub fn start<R: Runtime, A: Arena, S: Service>(
    rt: &R,
    worker: &R::Shared<Worker<R, A, S>>,
    workers: &[R::Shared<Worker<R, A, S>>],
    public: Option<R::Listener>,
    admin: Option<R::Listener>,
) {
    let (control, id) = worker.with(|w| (w.control().clone(), w.id()));
    if let Some(listener) = public {
        control.accepting(true);
        let workers = workers.to_vec();
        let acceptor = Acceptor::new(rt, listener, Listener::Public, worker, workers);
        rt.spawn_loop(Loop::accept(acceptor));
    }
    if let Some(listener) = admin {
        let workers = vec![worker.clone()];
        rt.spawn_loop(Loop::accept(Acceptor::new(rt, listener, Listener::Admin, worker, workers)));
    }
    rt.spawn_loop(Loop::flush(worker.clone(), rt.clone()));
    rt.spawn_loop(Loop::mailbox(worker.clone(), rt.clone(), control.clone(), id));
    control.worker_started();
}
