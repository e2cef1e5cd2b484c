//! The glommio backend: io_uring, one executor per core.
//!
//! glommio tries a socket first and asks the ring only whether it is ready, so this is a readiness
//! backend: a connection takes a read buffer when bytes are there, and nothing in flight lends
//! memory to the kernel. What a server does is not here but in `driver`; what glommio costs, and
//! why, is in `README.md`.

mod probe;
mod socket;

pub use probe::probe;

use crate::socket::{Listener, Reader, Writer};
use driver::clock::{Clock, Moment};
use driver::connection::Connection;
use driver::loops::{Loop, tick_loop};
use driver::node::{self, Node, Seat, Setup};
use driver::runtime::Runtime;
use driver::tasks::Tasks;
use driver::{Tables, uring};
use engine_core::arena::Arena;
use engine_core::service::Service;
use glommio::{LocalExecutor, LocalExecutorBuilder, Placement, PoolPlacement, TaskQueueHandle};
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

/// Entries of each of an executor's three rings.
const RING_DEPTH: usize = 1024;
/// For how long tasks run before rings, timers and wakes from other threads are looked at.
const PREEMPT: Duration = Duration::from_millis(2);

/// Serves until the node is drained or aborted. Blocks.
///
/// # Errors
/// If [`probe`] finds that it cannot start, an executor cannot be made, or a worker has panicked.
pub fn serve<A: Arena, S: Service>(node: Node<A, S>) -> io::Result<()> {
    // glommio panics, or ends the process, where it finds no io_uring.
    probe().map_err(io::Error::other)?;
    node.run_per_core(per_core)
}

/// The driver places workers, and nothing here blocks: no pinning, no pool of blocking threads.
fn builder() -> LocalExecutorBuilder {
    LocalExecutorBuilder::new(Placement::Unbound)
        .blocking_thread_pool_placement(PoolPlacement::Custom(Vec::new()))
        .io_memory(0)
        .ring_depth(RING_DEPTH)
        .preempt_timer(PREEMPT)
}

fn executor() -> io::Result<LocalExecutor> {
    uring::patiently(|| builder().make().map_err(io::Error::from))
}

fn per_core<A: Arena, S: Service>(
    setup: &Setup<A, S>,
    seat: Seat,
    tables: Tables<'_>,
) -> io::Result<()> {
    // Other threads wake an executor by an eventfd, which it has from here on.
    let executor = executor()?;
    tables.part()?;
    executor.run(async {
        let rt = PerCore { clock: Clock::start(), tasks: Tasks::default() };
        let worker = setup.worker(&rt, seat.worker);
        let (public, admin) = (seat.public.map(Listener::new), seat.admin.map(Listener::new));
        node::start(&rt, &worker, std::slice::from_ref(&worker), public, admin);
        tick_loop(rt.clone(), worker).await;
        rt.tasks.end().await;
    });
    Ok(())
}

/// Runs a task to its end; not before others have had their turn.
fn spawn(task: impl Future<Output = ()> + 'static) {
    let task = glommio::spawn_local_into(task, TaskQueueHandle::default());
    task.expect("every executor has the default queue").detach();
}

/// Tasks stay on their thread.
#[derive(Clone, Debug)]
struct PerCore {
    clock: Clock,
    tasks: Tasks,
}

impl Runtime for PerCore {
    type Listener = Listener;
    type Reader = Reader;
    type Writer = Writer;
    type Shared<T: 'static> = Rc<RefCell<T>>;

    fn now(&self) -> Moment {
        self.clock.now()
    }

    fn sleep(&self, time: Duration) -> impl Future<Output = ()> {
        glommio::timer::sleep(time)
    }

    fn spawn_connection<A: Arena, S: Service>(&self, task: Connection<Self, A, S>) {
        spawn(task.run());
    }

    fn spawn_loop<A: Arena, S: Service>(&self, task: Loop<Self, A, S>) {
        spawn(self.tasks.clone().run(task.run()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::sync::mpsc::{self, Sender};
    use std::task::{Poll, Waker};
    use std::thread;
    use std::time::Instant;

    /// How long it takes in the median until a task hears of another thread, among tasks that
    /// always want to run.
    fn median_wake(builder: LocalExecutorBuilder) -> Duration {
        let (send, wakes) = mpsc::channel::<(Waker, Sender<Instant>)>();
        let waker = thread::spawn(move || {
            for (waker, at) in wakes {
                thread::park_timeout(Duration::from_millis(3));
                at.send(Instant::now()).unwrap();
                waker.wake();
            }
        });
        // Wants to run again whenever it has run.
        let busy = poll_fn(|cx| {
            cx.waker().wake_by_ref();
            Poll::Pending
        });
        let mut delays = builder.make().unwrap().run(async {
            let tasks = Tasks::default();
            spawn(tasks.clone().run(busy));
            let mut delays = Vec::new();
            for _ in 0..21 {
                let (at, woken) = mpsc::channel();
                let mut at = Some(at);
                let begin = poll_fn(|cx| {
                    if let Some(at) = at.take() {
                        send.send((cx.waker().clone(), at)).unwrap();
                    }
                    woken.try_recv().map_or(Poll::Pending, Poll::Ready)
                });
                delays.push(begin.await.elapsed());
            }
            tasks.end().await;
            drop(send);
            delays
        });
        waker.join().unwrap();
        delays.sort();
        delays[delays.len() / 2]
    }

    #[test]
    fn a_busy_executor_hears_of_other_threads_soon() {
        let ours = median_wake(builder());
        let default = median_wake(LocalExecutorBuilder::new(Placement::Unbound));
        eprintln!("{ours:?} with our timer, {default:?} with that of glommio");
        assert!(ours < default / 2 && ours < 10 * PREEMPT, "{ours:?} {default:?}");
    }
}
