//! How a ring lives in a Tokio runtime: it has its turn whenever no task can run, and Tokio sleeps
//! in its own poll, which an event of the ring ends.
//!
//! Tokio looks for tasks that the turn has woken before it sleeps. The event needs no task that
//! waits for it: Tokio comes back here before it sleeps again.

use crate::ring::Ring;
use std::cell::RefCell;
use std::io;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

thread_local! {
    static RING: RefCell<Option<Rc<Ring>>> = const { RefCell::new(None) };
}

/// A ring that has its turns on this thread, as long as this is there.
#[derive(Debug)]
pub(crate) struct Parked {
    /// What Tokio polls. It is never read: each write to it counts as news.
    _event: AsyncFd<OwnedFd>,
}

impl Parked {
    /// Gives `ring` its turns. Called in a runtime whose `on_thread_park` is [`before_sleep`].
    pub(crate) fn new(ring: &Rc<Ring>, event: OwnedFd) -> io::Result<Self> {
        #[expect(unsafe_code, reason = "a descriptor must stay the same and open")]
        // SAFETY: it is owned, and never given away.
        let event = unsafe { AsyncFd::register_with_interest(event, Interest::READABLE) };
        let event = event?;
        RING.with(|place| *place.borrow_mut() = Some(Rc::clone(ring)));
        Ok(Self { _event: event })
    }
}

impl Drop for Parked {
    fn drop(&mut self) {
        let ring = RING.with(|place| place.borrow_mut().take());
        drop(ring);
    }
}

/// Gives the ring its turns until a task is woken, or nothing is left to do but to wait for the
/// event.
pub(crate) fn before_sleep() {
    let Some(ring) = RING.with(|place| place.borrow().clone()) else { return };
    while !ring.turn() {
        // What completes after this look is announced.
        ring.with(|state| state.queue.announce(true));
        if ring.with(|state| state.queue.is_quiet()) {
            return;
        }
    }
}
