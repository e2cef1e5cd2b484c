//! The tasks that do not end by themselves, and their turns.
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

/// Lets other tasks run. A task that wakes itself goes before all others in monoio's queue, so
/// another one wakes it, from behind them.
pub(crate) async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        let waker = cx.waker().clone();
        monoio::spawn(async { waker.wake() });
        Poll::Pending
    })
    .await;
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

#[cfg(test)]
mod tests {
    use super::*;
    use monoio::{LegacyDriver, RuntimeBuilder};
    use std::cell::Cell;

    fn block_on<T>(task: impl Future<Output = T>) -> T {
        let builder = RuntimeBuilder::<LegacyDriver>::new().enable_timer();
        builder.build().expect("a runtime").block_on(task)
    }

    #[test]
    fn a_task_that_yields_goes_behind_all_others() {
        let turns = Rc::new(RefCell::new(Vec::new()));
        let task = |name: char| {
            let turns = turns.clone();
            async move {
                for _ in 0..3 {
                    turns.borrow_mut().push(name);
                    yield_now().await;
                }
            }
        };
        block_on(async {
            let (a, b, c) = (task('a'), task('b'), task('c'));
            let all = [monoio::spawn(a), monoio::spawn(b), monoio::spawn(c)];
            for task in all {
                task.await;
            }
        });
        assert_eq!(turns.borrow().iter().collect::<String>(), "abcabcabc");
    }

    #[test]
    fn what_waits_at_the_end_is_dropped_and_waited_for() {
        let (begun, value) = (Rc::new(Cell::new(0)), Rc::new(()));
        let task = |ms| {
            let (begun, value) = (begun.clone(), value.clone());
            async move {
                begun.set(begun.get() + 1);
                monoio::time::sleep(Duration::from_millis(ms)).await;
                drop(value);
            }
        };
        block_on(async {
            let tasks = Tasks::default();
            for ms in [1, 1, 60_000, 60_000] {
                monoio::spawn(tasks.clone().run(task(ms)));
            }
            while Rc::strong_count(&value) > 3 {
                monoio::time::sleep(Duration::from_millis(1)).await;
            }
            assert_eq!(begun.get(), 4);
            monoio::spawn(tasks.clone().run(task(60_000)));
            assert_eq!(tasks.0.borrow().wakers.len(), 4, "a place that is free is used again");
            tasks.end().await;
        });
        assert_eq!(Rc::strong_count(&value), 1, "nothing waits that cannot end");
    }
}
