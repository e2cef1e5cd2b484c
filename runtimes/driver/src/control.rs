//! The handle by which a server watches its workers and ends them.
//!
//! It holds one mailbox and one copy of the figures for each worker, and the few counters that all
//! workers share.

use crate::figures::DriverFigures;
use crate::mailbox::Mailbox;
use engine_core::seam::{Applied, Frame, Listener, WorkerId};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Where a server stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Not every worker runs yet.
    Starting,
    /// It serves.
    Ready,
    /// It finishes what it received, and accepts no players.
    Draining,
}

/// A message to one worker.
#[derive(Debug)]
pub enum Mail {
    /// A broadcast that the worker has watchers for.
    Frame(Arc<Frame>),
    /// Answers of a store that did not answer at once.
    Applied(Applied),
    /// End within this many milliseconds.
    Drain {
        /// Milliseconds from its receipt.
        within_ms: u64,
    },
    /// End now.
    Abort,
}

/// A handle to the workers of one server. Clones are the same handle.
#[derive(Clone, Debug)]
pub struct Control {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    workers: Box<[Seat]>,
    state: AtomicU8,
    started: AtomicUsize,
    /// Loops that still accept players.
    accepting: AtomicUsize,
    /// Whether each worker has a descriptor table of its own.
    private_descriptors: AtomicBool,
    /// Connections open now, by `Listener as usize`.
    open: [AtomicUsize; 2],
}

#[derive(Debug, Default)]
struct Seat {
    mailbox: Mailbox<Mail>,
    figures: Mutex<DriverFigures>,
}

impl Control {
    /// A handle for `workers` workers.
    ///
    /// # Panics
    /// If there are none, or more than [`WorkerId::COUNT_MAX`].
    #[must_use]
    pub fn new(workers: usize) -> Self {
        assert!((1..=WorkerId::COUNT_MAX).contains(&workers), "1 to 128 workers");
        let inner = Inner {
            workers: (0..workers).map(|_| Seat::default()).collect(),
            state: AtomicU8::new(State::Starting as u8),
            started: AtomicUsize::new(0),
            accepting: AtomicUsize::new(0),
            private_descriptors: AtomicBool::new(false),
            open: Default::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// How many workers there are.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.inner.workers.len()
    }

    /// Every worker.
    pub fn worker_ids(&self) -> impl Iterator<Item = WorkerId> + use<> {
        let count = u8::try_from(self.workers()).expect("at most 128 workers");
        (0..count).map(WorkerId)
    }

    /// Where the server stands.
    #[must_use]
    pub fn state(&self) -> State {
        match self.inner.state.load(Ordering::Acquire) {
            0 => State::Starting,
            1 => State::Ready,
            _ => State::Draining,
        }
    }

    /// Ends the server in order: players who wait to be accepted still are, then nobody; what was
    /// received is answered; WebSocket peers are told 1001, paced over the time; idle connections
    /// close. What is left after `within_ms` milliseconds is aborted. The first call counts.
    pub fn drain(&self, within_ms: u64) {
        let before = self.inner.state.swap(State::Draining as u8, Ordering::AcqRel);
        if before != State::Draining as u8 {
            self.send_all(|| Mail::Drain { within_ms });
        }
    }

    /// Ends the server at once.
    pub fn abort(&self) {
        self.inner.state.store(State::Draining as u8, Ordering::Release);
        self.send_all(|| Mail::Abort);
    }

    /// Hands answers to a worker, from any thread.
    pub fn applied(&self, worker: WorkerId, applied: Applied) {
        self.send(worker, Mail::Applied(applied));
    }

    /// The figures of every worker, at most [`crate::worker::FIGURES_MS`] old.
    #[must_use]
    pub fn figures(&self) -> Vec<DriverFigures> {
        let copy = |seat: &Seat| seat.figures.lock().expect("nothing panics here").clone();
        self.inner.workers.iter().map(copy).collect()
    }

    /// Connections that are open now.
    #[must_use]
    pub fn open(&self, listener: Listener) -> usize {
        self.inner.open[listener as usize].load(Ordering::Relaxed)
    }

    pub(crate) fn send(&self, worker: WorkerId, mail: Mail) {
        self.mailbox(worker).send(mail);
    }

    pub(crate) fn mailbox(&self, worker: WorkerId) -> &Mailbox<Mail> {
        &self.inner.workers[usize::from(worker.0)].mailbox
    }

    /// Lets a worker copy its figures out.
    pub(crate) fn report(&self, worker: WorkerId, copy: impl FnOnce(&mut DriverFigures)) {
        let seat = &self.inner.workers[usize::from(worker.0)];
        copy(&mut seat.figures.lock().expect("nothing panics here"));
    }

    /// A worker runs. The last one makes the server ready, unless it is to end already.
    pub(crate) fn worker_started(&self) {
        if self.inner.started.fetch_add(1, Ordering::AcqRel) + 1 == self.workers() {
            let (starting, ready) = (State::Starting as u8, State::Ready as u8);
            let state = &self.inner.state;
            // Not exchanged: a drain came first, and stays.
            let _ = state.compare_exchange(starting, ready, Ordering::AcqRel, Ordering::Acquire);
        }
    }

    /// Each worker is to have a descriptor table of its own, or not.
    pub(crate) fn part_descriptors(&self, private: bool) {
        self.inner.private_descriptors.store(private, Ordering::Release);
    }

    /// Whether sockets of one worker may have copies in the tables of others.
    pub(crate) fn has_private_descriptors(&self) -> bool {
        self.inner.private_descriptors.load(Ordering::Acquire)
    }

    /// A loop begins to accept players, or has ended.
    pub(crate) fn accepting(&self, begins: bool) {
        if begins {
            self.inner.accepting.fetch_add(1, Ordering::AcqRel);
        } else {
            self.inner.accepting.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Whether all workers run, and no player is left nor can come.
    pub(crate) fn players_are_gone(&self) -> bool {
        self.inner.started.load(Ordering::Acquire) == self.workers()
            && self.inner.accepting.load(Ordering::Acquire) == 0
            && self.inner.open[Listener::Public as usize].load(Ordering::Acquire) == 0
    }

    /// Counts a connection, unless `max` are open.
    pub(crate) fn enter(&self, listener: Listener, max: usize) -> bool {
        let open = &self.inner.open[listener as usize];
        let entered = open.fetch_add(1, Ordering::AcqRel) < max;
        if !entered {
            open.fetch_sub(1, Ordering::AcqRel);
        }
        entered
    }

    /// A connection that was counted is gone.
    pub(crate) fn leave(&self, listener: Listener) {
        self.inner.open[listener as usize].fetch_sub(1, Ordering::AcqRel);
    }

    fn send_all(&self, mail: impl Fn() -> Mail) {
        for seat in &self.inner.workers {
            seat.mailbox.send(mail());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_worker_makes_it_ready_and_a_drain_stays() {
        let control = Control::new(2);
        control.worker_started();
        assert_eq!(control.state(), State::Starting);
        control.worker_started();
        assert_eq!(control.state(), State::Ready);
        control.drain(5);
        assert_eq!(control.state(), State::Draining);

        let early = Control::new(1);
        early.drain(5);
        early.worker_started();
        assert_eq!(early.state(), State::Draining);
    }

    #[test]
    fn no_more_enter_than_may() {
        let control = Control::new(1);
        assert!(control.enter(Listener::Public, 2) && control.enter(Listener::Public, 2));
        assert!(!control.enter(Listener::Public, 2));
        assert!(control.enter(Listener::Admin, 1), "each listener has its own count");
        control.leave(Listener::Public);
        assert!(control.enter(Listener::Public, 2));
        assert_eq!(control.open(Listener::Public), 2);
    }
}
