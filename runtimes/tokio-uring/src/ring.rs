//! A ring: what its operations are for, and the turn that runs them.
//!
//! Nothing is woken while the state is borrowed, since who is woken may come back to it.

use crate::buffers::Buffers;
use crate::listener::Port;
use crate::queue::{BATCH, Done, Key, Queue};
use crate::slots::Slots;
use crate::socket::{Sending, Socket};
use driver::figures::RuntimeFigures;
use rustix::event::{EventfdFlags, eventfd};
use std::cell::RefCell;
use std::mem::{self, MaybeUninit};
use std::os::fd::OwnedFd;
use std::task::Waker;
use std::{fmt, io};

/// How long waits for the last completions may last, in seconds.
const END_S: usize = 5;
/// Batches of completions of a turn, at most. Where tasks always find something to do, as
/// broadcasts to many, all of them run between two turns: what has completed by then must not wait
/// for one batch a turn.
const BATCHES_MAX: usize = 16;

/// How large a ring is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Operations that are handed over with one system call.
    pub(crate) operations: u32,
    /// Completions that wait to be taken.
    pub(crate) completions: u32,
    /// Buffers to receive into.
    pub(crate) buffers: u16,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { operations: 256, completions: 4096, buffers: 512 }
    }
}

/// A ring of one thread.
pub(crate) struct Ring {
    state: RefCell<State>,
}

/// What a ring is made of, in the order in which it is dropped: no operation may outlive what it
/// names.
pub(crate) struct State {
    pub(crate) queue: Queue,
    pub(crate) buffers: Buffers,
    pub(crate) sockets: Slots<Socket>,
    pub(crate) ports: Slots<Port>,
    /// Writes that have ended, whose memory the next ones take: an idle socket has none.
    #[expect(clippy::vec_box, reason = "they move to sockets and back")]
    pub(crate) spare: Vec<Box<Sending>>,
    /// Tasks that have something to do.
    pub(crate) wakers: Vec<Waker>,
    /// Receptions that ended for want of a buffer.
    pub(crate) no_buffers: u64,
    /// Receptions and acceptances that were begun again.
    pub(crate) rearms: u64,
}

impl Ring {
    /// A ring for this thread, and the event that tells of its completions.
    pub(crate) fn new(sizes: Sizes) -> io::Result<(Self, OwnedFd)> {
        let mut queue = Queue::new(sizes.operations, sizes.completions)?;
        let event = eventfd(0, EventfdFlags::CLOEXEC)?;
        queue.register_event(&event)?;
        let buffers = Buffers::new(&queue, sizes.buffers)?;
        let state = State {
            queue,
            buffers,
            sockets: Slots::new(),
            ports: Slots::new(),
            spare: Vec::new(),
            wakers: Vec::new(),
            no_buffers: 0,
            rearms: 0,
        };
        Ok((Self { state: RefCell::new(state) }, event))
    }

    /// Lends the state to `f`, which must not wake anybody.
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
        f(&mut self.state.borrow_mut())
    }

    /// Hands operations over, takes what has completed, though not without bound, and wakes whom
    /// it is for. Nothing is announced until that is wanted again. Says whether anybody was woken.
    pub(crate) fn turn(&self) -> bool {
        let mut wakers = self.with(|state| {
            state.queue.announce(false);
            for _ in 0..BATCHES_MAX {
                // It fetches what had no room in the queue, too.
                state.queue.submit();
                if state.take_completions() < BATCH {
                    break;
                }
            }
            mem::take(&mut state.wakers)
        });
        let woke = !wakers.is_empty();
        wakers.drain(..).for_each(Waker::wake);
        // Its memory is used again.
        self.with(|state| {
            wakers.append(&mut state.wakers);
            state.wakers = wakers;
        });
        woke
    }

    /// What the ring has done.
    pub(crate) fn figures(&self) -> RuntimeFigures {
        self.with(|state| RuntimeFigures {
            ring_buffers: u64::from(state.buffers.count()),
            ring_buffers_held: u64::from(state.buffers.held),
            ring_no_buffers: state.no_buffers,
            ring_overflows: state.queue.overflows,
            ring_rearms: state.rearms,
        })
    }
}

impl State {
    /// Takes completions, one batch of them.
    fn take_completions(&mut self) -> usize {
        let mut batch = [const { MaybeUninit::uninit() }; BATCH];
        let taken = self.queue.take(&mut batch);
        let count = taken.len();
        for done in taken {
            match done {
                Done::Received { key, result, more } => self.received(key, result, more),
                Done::Sent { key, result } => self.sent(key, result),
                Done::Accepted { key, result, more } => self.accepted(key, result, more),
                Done::Cancelled => {}
            }
        }
        count
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.queue.cancel_all();
        for _ in 0..END_S {
            while self.take_completions() > 0 {}
            if self.queue.in_flight() == 0 {
                return;
            }
            self.queue.wait();
        }
        tracing::error!("operations do not end, and their memory is not freed");
        self.buffers.leak();
        mem::forget(mem::replace(&mut self.sockets, Slots::new()));
    }
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring").finish_non_exhaustive()
    }
}

/// The key of a socket or port whose handle lives.
pub(crate) fn alive<T>(slots: &mut Slots<T>, key: Key) -> &mut T {
    slots.get_mut(key).expect("a place is kept while its handle is there")
}
