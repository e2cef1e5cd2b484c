//! The hunts of a store in the order of their creation, for `GET /loot`.
//!
//! Hunts come and go rarely, and are chosen from with every request: each worker has a copy of the
//! list, which it looks at under a lock that no other worker takes, and renews when the version
//! says that the list has changed.

use engine_core::seam::WorkerId;
use engine_core::text::Id;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The list, and the workers' copies.
#[derive(Debug)]
pub(super) struct Directory {
    hunts: Mutex<List>,
    /// Counts the changes of the list.
    version: AtomicU64,
    copies: Box<[Padded]>,
}

/// The list itself.
#[derive(Debug, Default)]
pub(super) struct List {
    ids: Vec<Id>,
    /// What the workers share, made when the first of them asks for it.
    copy: Option<Arc<[Id]>>,
}

/// A worker's copy, on cache lines of its own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Padded(Mutex<(u64, Arc<[Id]>)>);

impl Directory {
    /// An empty list for `workers` workers.
    pub(super) fn new(workers: usize) -> Self {
        let copies = (0..workers).map(|_| Padded::default()).collect();
        Self { hunts: Mutex::default(), version: AtomicU64::new(0), copies }
    }

    /// The list, to be changed through [`Directory::change`].
    pub(super) fn lock(&self) -> MutexGuard<'_, List> {
        lock(&self.hunts)
    }

    /// Changes the list that `lock` gave.
    pub(super) fn change(&self, list: &mut List, change: impl FnOnce(&mut Vec<Id>)) {
        change(&mut list.ids);
        list.copy = None;
        self.version.fetch_add(1, Ordering::Release);
    }

    /// The hunt that `session` sees, and how many there are. O(1) where nothing has changed.
    pub(super) fn choose(&self, worker: WorkerId, session: u32) -> (Option<Id>, u32) {
        let mut copy = lock(&self.copies[usize::from(worker.0)].0);
        let version = self.version.load(Ordering::Acquire);
        if copy.0 != version {
            *copy = (version, self.lock().share());
        }
        let count = u32::try_from(copy.1.len()).expect("hunts_max is far below");
        let place = session.checked_rem(count).map(|place| place as usize);
        (place.map(|place| copy.1[place]), count)
    }
}

impl List {
    /// How many hunts there are.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether `hunt` is among them. O(n).
    pub(super) fn contains(&self, hunt: &Id) -> bool {
        self.ids.contains(hunt)
    }

    fn share(&mut self) -> Arc<[Id]> {
        Arc::clone(self.copy.get_or_insert_with(|| self.ids.as_slice().into()))
    }
}

/// Nothing is half done under these locks, so a panic elsewhere leaves the value whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_worker_sees_a_change_at_once() {
        let directory = Directory::new(2);
        let [first, second] = [WorkerId(0), WorkerId(1)];
        let ids = ["a", "b", "c"].map(|id| Id::new(id).unwrap());
        assert_eq!(directory.choose(first, 7), (None, 0));
        directory.change(&mut directory.lock(), |list| list.extend(ids));
        assert_eq!(directory.choose(first, 7), (Some(ids[1]), 3));
        assert_eq!(directory.choose(second, 3), (Some(ids[0]), 3));
        directory.change(&mut directory.lock(), |list| list.retain(|id| *id != ids[1]));
        assert_eq!(directory.choose(second, 7), (Some(ids[2]), 2));
        assert_eq!(directory.choose(first, 7), (Some(ids[2]), 2));
    }
}
