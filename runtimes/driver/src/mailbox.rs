//! The one queue between threads: many senders, one receiver that is a task.
//!
//! One lock guards the queue and the waker together, so a message cannot fall between "the queue
//! is empty" and "wake me". The receiver swaps the whole queue out: one lock for a batch.

use crate::sync::Mutex;
use std::mem;
use std::task::{Context, Poll, Waker};

/// A queue of messages for one worker.
#[derive(Debug)]
pub struct Mailbox<T> {
    state: Mutex<Inbox<T>>,
}

#[derive(Debug)]
struct Inbox<T> {
    queue: Vec<T>,
    waker: Option<Waker>,
}

impl<T> Default for Mailbox<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Mailbox<T> {
    /// An empty mailbox.
    #[must_use]
    pub fn new() -> Self {
        Self { state: Mutex::new(Inbox { queue: Vec::new(), waker: None }) }
    }

    /// Adds a message, behind all that this sender has sent before, and wakes the receiver if it
    /// waits.
    pub fn send(&self, message: T) {
        let waker = {
            let mut inbox = self.state.lock().expect("nothing panics under this lock");
            inbox.queue.push(message);
            inbox.waker.take()
        };
        // Outside the lock: the receiver may run at once, and take it.
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Swaps all messages into `batch`, which must be empty and lends its memory in return; pending
    /// while there are none. For one receiver: the last caller is the one that is woken.
    pub fn poll_receive(&self, cx: &mut Context<'_>, batch: &mut Vec<T>) -> Poll<()> {
        debug_assert!(batch.is_empty(), "a batch is worked off before the next");
        let mut inbox = self.state.lock().expect("nothing panics under this lock");
        if inbox.queue.is_empty() {
            if !inbox.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                inbox.waker = Some(cx.waker().clone());
            }
            return Poll::Pending;
        }
        mem::swap(&mut inbox.queue, batch);
        Poll::Ready(())
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_batch_is_one_wake_and_keeps_its_order() {
        let mailbox = Mailbox::new();
        let count = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&count));
        let mut cx = Context::from_waker(&waker);
        let mut batch = Vec::new();
        assert_eq!(mailbox.poll_receive(&mut cx, &mut batch), Poll::Pending);
        for message in 0..5 {
            mailbox.send(message);
        }
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
        assert_eq!(mailbox.poll_receive(&mut cx, &mut batch), Poll::Ready(()));
        assert_eq!(batch, [0, 1, 2, 3, 4]);
        batch.clear();
        assert_eq!(mailbox.poll_receive(&mut cx, &mut batch), Poll::Pending);
        mailbox.send(5);
        assert_eq!(count.0.load(Ordering::Relaxed), 2);
    }
}
