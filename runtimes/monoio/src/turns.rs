//! The turns of tasks.

use driver::runtime::yield_by;

/// Lets other tasks run. A task that wakes itself goes before all others in monoio's queue, so
/// another one wakes it, from behind them.
pub(crate) fn yield_now() -> impl Future<Output = ()> {
    yield_by(|waker| drop(monoio::spawn(async { waker.wake() })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use monoio::{LegacyDriver, RuntimeBuilder};
    use std::cell::RefCell;
    use std::rc::Rc;

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
}
