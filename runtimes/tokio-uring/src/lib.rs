//! The io_uring backend inside Tokio: one `current_thread` runtime and one ring for each worker.
//!
//! ```text
//!   tasks ──► operations wait ──► [all have run] ──► one system call ──► completions ──► tasks
//!                                                         │ none
//!                                                         ▼
//!                                        Tokio sleeps in epoll: timers, wakers of other
//!                                        threads, and the event of the ring
//! ```
//!
//! - `queue` is all that is said to the kernel, `buffers` what it receives into.
//! - `ring` takes completions to `socket` and `listener`; `park` is where Tokio lets it. A loop
//!   that always finds something to do keeps Tokio from that: where it yields, the ring has its
//!   turn.
//!
//! The kernel accepts and receives without being asked again (multishot), into buffers that belong
//! to no connection; so an idle one holds none. A write goes to the ring, one system call for all
//! that are due; a broadcast is tried at once, and what is left of it goes to the ring.

#[expect(unsafe_code, reason = "it is memory that the kernel writes to")]
mod buffers;
mod listener;
mod park;
#[expect(unsafe_code, reason = "the kernel is handed descriptors and memory, and hands some back")]
mod queue;
mod ring;
mod slots;
mod socket;
#[cfg(test)]
mod tests;

use crate::listener::Listener;
use crate::park::Parked;
use crate::ring::{Ring, Sizes};
use crate::socket::{Reader, Writer};
use driver::clock::{Clock, Moment};
use driver::connection::Connection;
use driver::figures::RuntimeFigures;
use driver::loops::{Loop, tick_loop};
use driver::node::{self, Node, Seat, Setup};
use driver::runtime::{Runtime, yield_by};
use driver::{Tables, Unavailable, uring};
use engine_core::arena::Arena;
use engine_core::service::Service;
use std::cell::RefCell;
use std::io;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::task::Waker;
use std::time::Duration;
use tokio::runtime::{Builder, LocalOptions};

/// Whether a ring can be had here with all that this backend needs: Linux 6.1.
///
/// # Errors
/// Why not, and what to do about it.
pub fn probe() -> Result<(), Unavailable> {
    uring::probe(&queue::NEEDED)?;
    ring(Sizes::default()).map(drop)
}

/// Serves until the node is drained or aborted. Blocks.
///
/// # Errors
/// If a runtime or a ring cannot be built, or a worker has panicked.
pub fn serve<A: Arena, S: Service>(node: Node<A, S>) -> io::Result<()> {
    node.run_per_core(|setup, seat, tables| per_core(Sizes::default(), setup, seat, tables))
}

fn ring(sizes: Sizes) -> Result<(Ring, OwnedFd), Unavailable> {
    uring::patiently(|| Ring::new(sizes)).map_err(|error| uring::explain(&error))
}

fn per_core<A: Arena, S: Service>(
    sizes: Sizes,
    setup: &Setup<A, S>,
    seat: Seat,
    tables: Tables<'_>,
) -> io::Result<()> {
    let tokio = Builder::new_current_thread()
        .enable_all()
        .on_thread_park(park::before_sleep)
        .build_local(LocalOptions::default())?;
    tables.part()?;
    let (ring, event) = ring(sizes).map_err(io::Error::other)?;
    let ring = Rc::new(ring);
    let result = tokio.block_on(async {
        let _parked = Parked::new(&ring, event)?;
        let rt = Uring { clock: Clock::start(), ring: Rc::clone(&ring) };
        let worker = setup.worker(&rt, seat.worker);
        let register = |listener| Listener::new(&ring, listener);
        let public = seat.public.map(register).transpose()?;
        let admin = seat.admin.map(register).transpose()?;
        node::start(&rt, &worker, std::slice::from_ref(&worker), public, admin);
        tick_loop(rt, worker).await;
        Ok(())
    });
    // Tasks go first, then the ring, with whatever they have left in flight.
    drop(tokio);
    drop(ring);
    result
}

/// Tasks stay on their thread.
#[derive(Clone, Debug)]
struct Uring {
    clock: Clock,
    ring: Rc<Ring>,
}

impl Runtime for Uring {
    type Listener = Listener;
    type Reader = Reader;
    type Writer = Writer;
    type Shared<T: 'static> = Rc<RefCell<T>>;

    fn now(&self) -> Moment {
        self.clock.now()
    }

    fn sleep(&self, time: Duration) -> impl Future<Output = ()> {
        tokio::time::sleep(time)
    }

    /// The ring has its turn when the tasks that can run have had theirs, as it has before a sleep:
    /// while a loop always finds something to do, the thread does not sleep.
    async fn yield_now(&self) {
        yield_by(Waker::wake).await;
        self.ring.turn();
    }

    fn spawn_connection<A: Arena, S: Service>(&self, task: Connection<Self, A, S>) {
        tokio::task::spawn_local(task.run());
    }

    fn spawn_loop<A: Arena, S: Service>(&self, task: Loop<Self, A, S>) {
        tokio::task::spawn_local(task.run());
    }

    fn figures(&self) -> RuntimeFigures {
        self.ring.figures()
    }
}
