//! The tasks of an executor that have not ended.
//!
//! glommio forgets a task that waits when its executor is dropped: its memory and its sockets
//! would never be given back. So each is known here, and dropped at the end.

use glommio::{Task, TaskQueueHandle};
use pin_project_lite::pin_project;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

/// The tasks of one executor. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tasks(Rc<RefCell<Table>>);

#[derive(Debug, Default)]
struct Table {
    next: u64,
    running: BTreeMap<u64, Task<()>>,
}

pin_project! {
    /// A task that is known; written by hand, since an `async` block would hold it twice.
    struct Known<F> {
        #[pin]
        task: F,
        id: u64,
        tasks: Tasks,
    }
}

impl<F: Future<Output = ()>> Future for Known<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let known = self.project();
        ready!(known.task.poll(cx));
        if let Some(itself) = known.tasks.0.borrow_mut().running.remove(known.id) {
            // Dropped, it would be cancelled while it runs.
            itself.detach();
        }
        Poll::Ready(())
    }
}

impl Tasks {
    /// Runs a task to its end, or to that of the executor; not before others have had their turn.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        let mut table = self.0.borrow_mut();
        table.next += 1;
        let id = table.next;
        let known = Known { task, id, tasks: self.clone() };
        let task = glommio::spawn_local_into(known, TaskQueueHandle::default());
        table.running.insert(id, task.expect("every executor has the default queue"));
    }

    /// Drops all tasks that have not ended.
    pub(crate) async fn end(&self) {
        let running = std::mem::take(&mut self.0.borrow_mut().running);
        for task in running.into_values() {
            task.cancel().await;
        }
    }
}
