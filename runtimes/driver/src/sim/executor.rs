//! Tasks, time and chance.

use super::Faults;
use super::net::{SimListener, SimReader, SimWriter};
use crate::clock::{Moment, whole_us};
use crate::connection::Connection;
use crate::loops::Loop;
use crate::runtime::Runtime;
use engine_core::arena::Arena;
use engine_core::seam::WorkerId;
use engine_core::service::Service;
use engine_core::time::Timestamp;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// The simulated runtime of one worker. Clones are the same one.
#[derive(Clone)]
pub struct Sim {
    core: Rc<Core>,
    worker: usize,
}

struct Task {
    future: Pin<Box<dyn Future<Output = ()>>>,
    worker: usize,
}

struct Core {
    rng: RefCell<fastrand::Rng>,
    faults: Faults,
    now_us: Cell<u64>,
    tasks: RefCell<Vec<Option<Task>>>,
    ready: Arc<Ready>,
    /// By time, and by order of setting where times are equal.
    timers: RefCell<BTreeMap<(u64, u64), Waker>>,
    timers_set: Cell<u64>,
    /// Until when each worker does nothing.
    stalled_until_us: RefCell<Vec<u64>>,
    torn_down: Cell<bool>,
}

/// The tasks that were woken.
#[derive(Debug, Default)]
struct Ready(Mutex<Vec<usize>>);

struct TaskWaker {
    task: usize,
    ready: Arc<Ready>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        let mut ready = self.ready.0.lock().expect("one thread");
        if !ready.contains(&self.task) {
            ready.push(self.task);
        }
    }
}

impl Sim {
    pub(super) fn new(seed: u64, faults: Faults, start: Timestamp) -> Self {
        let core = Core {
            rng: RefCell::new(fastrand::Rng::with_seed(seed)),
            faults,
            now_us: Cell::new(start.0 * 1000),
            tasks: RefCell::default(),
            ready: Arc::default(),
            timers: RefCell::default(),
            timers_set: Cell::new(0),
            stalled_until_us: RefCell::new(vec![0; WorkerId::COUNT_MAX]),
            torn_down: Cell::new(false),
        };
        Self { core: Rc::new(core), worker: 0 }
    }

    /// The runtime of another worker.
    pub(super) fn of(&self, worker: WorkerId) -> Self {
        Self { core: Rc::clone(&self.core), worker: usize::from(worker.0) }
    }

    pub(super) fn faults(&self) -> &Faults {
        &self.core.faults
    }

    /// A number below `bound`; 0 where `bound` is.
    pub(super) fn below(&self, bound: usize) -> usize {
        if bound == 0 { 0 } else { self.core.rng.borrow_mut().usize(..bound) }
    }

    /// True in `percent` of 100 cases.
    pub(super) fn chance(&self, percent: u8) -> bool {
        self.below(100) < usize::from(percent)
    }

    /// How many of `count` things an operation does: all or, where the seed says so, 1 to all.
    pub(super) fn portion(&self, count: usize) -> usize {
        let short = count > 1 && self.chance(self.core.faults.short_percent);
        if short { 1 + self.below(count) } else { count }
    }

    pub(super) fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        let mut tasks = self.core.tasks.borrow_mut();
        self.core.ready.0.lock().expect("one thread").push(tasks.len());
        tasks.push(Some(Task { future: Box::pin(task), worker: self.worker }));
    }

    /// Polls what is ready, in the order of the seed, until nothing is.
    pub(super) fn run(&self) {
        while let Some(number) = self.pick() {
            let Some(mut task) = self.core.tasks.borrow_mut()[number].take() else { continue };
            let ready = Arc::clone(&self.core.ready);
            let waker = Waker::from(Arc::new(TaskWaker { task: number, ready }));
            let pending = match self.stall(task.worker) {
                Some(until_us) => {
                    self.set_timer(until_us, &waker);
                    true
                }
                None => task.future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending(),
            };
            if pending {
                self.core.tasks.borrow_mut()[number] = Some(task);
            }
        }
    }

    fn pick(&self) -> Option<usize> {
        let mut ready = self.core.ready.0.lock().expect("one thread");
        (!ready.is_empty()).then(|| {
            let place = self.below(ready.len());
            ready.swap_remove(place)
        })
    }

    /// Until when the worker does nothing, if the seed wants that, or has wanted it before.
    fn stall(&self, worker: usize) -> Option<u64> {
        let now_us = self.core.now_us.get();
        let until_us = &mut self.core.stalled_until_us.borrow_mut()[worker];
        if *until_us <= now_us && self.chance(self.core.faults.stall_percent) {
            *until_us = now_us + self.lateness_us();
        }
        (*until_us > now_us).then_some(*until_us)
    }

    fn lateness_us(&self) -> u64 {
        1 + self.core.rng.borrow_mut().u64(..self.core.faults.late_us_max)
    }

    fn set_timer(&self, at_us: u64, waker: &Waker) {
        let order = self.core.timers_set.get();
        self.core.timers_set.set(order + 1);
        self.core.timers.borrow_mut().insert((at_us, order), waker.clone());
    }

    /// Lets `us` microseconds pass.
    pub(super) fn advance_us(&self, us: u64) {
        let end = self.core.now_us.get() + us;
        loop {
            self.run();
            let next = self.core.timers.borrow().keys().next().copied();
            let Some((at, order)) = next.filter(|(at, _)| *at <= end) else { break };
            self.core.now_us.set(self.core.now_us.get().max(at));
            let waker = self.core.timers.borrow_mut().remove(&(at, order));
            if let Some(waker) = waker {
                waker.wake();
            }
        }
        self.core.now_us.set(end);
    }

    /// Ready `us` microseconds from now.
    pub(super) async fn sleep_us(&self, us: u64) {
        let end = self.core.now_us.get() + us;
        poll_fn(|cx| {
            if self.core.now_us.get() >= end {
                return Poll::Ready(());
            }
            self.set_timer(end, cx.waker());
            Poll::Pending
        })
        .await;
    }

    /// Ready at once or, where the seed says so, a while later.
    pub(super) async fn perhaps_late(&self) {
        if self.chance(self.core.faults.late_percent) {
            self.sleep_us(self.lateness_us()).await;
        }
    }

    /// An operation that panics if it is dropped before it is done.
    pub(super) fn in_flight(&self, what: &'static str) -> InFlight {
        InFlight { sim: self.clone(), what, done: false }
    }

    /// From here on, everything may be dropped.
    pub(super) fn tear_down(&self) {
        self.core.torn_down.set(true);
        // Tasks hold the runtime, which holds the tasks.
        let tasks = std::mem::take(&mut *self.core.tasks.borrow_mut());
        drop(tasks);
        self.core.timers.borrow_mut().clear();
    }
}

/// Finds operations that are dropped in flight.
#[derive(Debug)]
pub(super) struct InFlight {
    sim: Sim,
    what: &'static str,
    done: bool,
}

impl InFlight {
    pub(super) fn done(mut self) {
        self.done = true;
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let excused = self.sim.core.torn_down.get() || std::thread::panicking();
        assert!(self.done || excused, "a {} was dropped in flight", self.what);
    }
}

impl Runtime for Sim {
    type Listener = SimListener;
    type Reader = SimReader;
    type Writer = SimWriter;
    type Shared<T: 'static> = Rc<RefCell<T>>;

    fn now(&self) -> Moment {
        Moment::from_us(self.core.now_us.get())
    }

    async fn sleep(&self, time: Duration) {
        self.sleep_us(whole_us(time)).await;
    }

    fn spawn_connection<A: Arena, S: Service>(&self, task: Connection<Self, A, S>) {
        self.spawn(task.run());
    }

    fn spawn_loop<A: Arena, S: Service>(&self, task: Loop<Self, A, S>) {
        self.spawn(task.run());
    }
}

impl fmt::Debug for Sim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sim").field("now", &self.now()).finish_non_exhaustive()
    }
}
