//! The tasks of an executor that have not ended.
//!
//! glommio forgets a task that waits when its executor is dropped: its memory and its sockets
//! would never be given back. So each is known here, and dropped at the end.

use glommio::{Task, TaskQueueHandle};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The tasks of one executor. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tasks(Rc<RefCell<Table>>);

#[derive(Debug, Default)]
struct Table {
    next: u64,
    running: BTreeMap<u64, Task<()>>,
}

impl Tasks {
    /// Runs a task to its end, or to that of the executor; not before others have had their turn.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        let mut table = self.0.borrow_mut();
        table.next += 1;
        let (id, tasks) = (table.next, self.clone());
        let task = async move {
            task.await;
            if let Some(itself) = tasks.0.borrow_mut().running.remove(&id) {
                itself.detach();
            }
        };
        let task = glommio::spawn_local_into(task, TaskQueueHandle::default());
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
