//! The tasks that do not end by themselves.
//!
//! A monoio runtime does not own its tasks: what waits when it is dropped is never dropped, and its
//! sockets stay open; a task whose waker is held by another thread would be dropped there. So a
//! worker ends its loops before its runtime.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

/// For how long a runtime waits once more before it is dropped.
const LET_GO: Duration = Duration::from_millis(1);

/// The loops of one worker. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tasks(Rc<RefCell<State>>);

#[derive(Debug, Default)]
struct State {
    ended: bool,
    running: usize,
    /// One place for each loop that runs, and some that are free.
    wakers: Vec<Option<Waker>>,
    /// Waits until none runs.
    waiting: Option<Waker>,
}

impl Tasks {
    /// Runs `task` to its end, or until all are ended.
    pub(crate) async fn run(self, task: impl Future<Output = ()>) {
        let place = poll_fn(|cx| Poll::Ready(self.enter(cx.waker()))).await;
        {
            let mut task = pin!(task);
            poll_fn(|cx| {
                let ended = self.0.borrow().ended;
                if ended { Poll::Ready(()) } else { task.as_mut().poll(cx) }
            })
            .await;
        }
        self.leave(place);
    }

    /// Ends all, waits until they are dropped, and until the kernel has let go of their sockets.
    pub(crate) async fn end(&self) {
        self.0.borrow_mut().ended = true;
        let wakers = std::mem::take(&mut self.0.borrow_mut().wakers);
        wakers.into_iter().flatten().for_each(Waker::wake);
        poll_fn(|cx| {
            let mut state = self.0.borrow_mut();
            state.waiting = Some(cx.waker().clone());
            if state.running == 0 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        // Operations that were dropped are cancelled when the runtime waits the next time.
        monoio::time::sleep(LET_GO).await;
    }

    fn enter(&self, waker: &Waker) -> usize {
        let mut state = self.0.borrow_mut();
        state.running += 1;
        let free = state.wakers.iter().position(Option::is_none);
        let place = free.unwrap_or_else(|| {
            state.wakers.push(None);
            state.wakers.len() - 1
        });
        state.wakers[place] = Some(waker.clone());
        place
    }

    fn leave(&self, place: usize) {
        let mut state = self.0.borrow_mut();
        state.running -= 1;
        if let Some(waker) = state.wakers.get_mut(place) {
            *waker = None;
        }
        if state.running == 0
            && let Some(waiting) = state.waiting.take()
        {
            waiting.wake();
        }
    }
}
