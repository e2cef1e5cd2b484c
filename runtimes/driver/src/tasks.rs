//! Tasks that do not end by themselves, for runtimes that do not end them either.
//!
//! monoio and glommio do not own their tasks: what waits when such a runtime is dropped is
//! forgotten, and its memory and its sockets are never given back. So a worker ends its loops
//! before its runtime; its connections end with their shard.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

/// The loops of one worker. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Tasks(Rc<RefCell<State>>);

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
    pub async fn run(self, task: impl Future<Output = ()>) {
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

    /// Ends all, and waits until they are dropped.
    pub async fn end(&self) {
        self.0.borrow_mut().ended = true;
        let wakers = std::mem::take(&mut self.0.borrow_mut().wakers);
        wakers.into_iter().flatten().for_each(Waker::wake);
        poll_fn(|cx| {
            let mut state = self.0.borrow_mut();
            state.waiting = Some(cx.waker().clone());
            if state.running == 0 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Wake};

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn what_waits_at_the_end_is_woken_dropped_and_waited_for() {
        let (tasks, value, woken) = (Tasks::default(), Rc::new(()), Arc::new(Woken::default()));
        let waker = Waker::from(woken.clone());
        let mut cx = Context::from_waker(&waker);
        let waits = |value: Rc<()>| {
            let tasks = tasks.clone();
            Box::pin(tasks.run(async move {
                pending::<()>().await;
                drop(value);
            }))
        };
        let mut ends = Box::pin(tasks.clone().run(async {}));
        assert!(ends.as_mut().poll(&mut cx).is_ready());
        let mut waiting = [waits(value.clone()), waits(value.clone())];
        for task in &mut waiting {
            assert!(task.as_mut().poll(&mut cx).is_pending());
        }
        assert_eq!(tasks.0.borrow().wakers.len(), 2, "a place that is free is used again");

        let mut end = pin!(tasks.end());
        assert!(end.as_mut().poll(&mut cx).is_pending());
        assert_eq!(woken.0.load(Ordering::Relaxed), 2, "both, to end");
        let [first, second] = &mut waiting;
        assert!(first.as_mut().poll(&mut cx).is_ready());
        assert!(end.as_mut().poll(&mut cx).is_pending());
        assert!(second.as_mut().poll(&mut cx).is_ready());
        assert_eq!(woken.0.load(Ordering::Relaxed), 3, "who waits for them");
        assert!(end.as_mut().poll(&mut cx).is_ready());
        assert_eq!(Rc::strong_count(&value), 1, "dropped, though the tasks are still there");
        let mut late = waits(value.clone());
        assert!(late.as_mut().poll(&mut cx).is_ready(), "nothing begins behind the end");
    }
}
