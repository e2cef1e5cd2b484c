//! Who watches a round, as numbers: connections by worker and encoding.
//!
//! Which connections they are is their shards' to know.

use crate::seam::{Codec, WorkerId};
use alloc::vec::Vec;

/// How many connections watch, by worker and codec.
#[derive(Debug, Default)]
pub(super) struct Watchers {
    by_worker: Vec<[u32; Codec::ALL.len()]>,
    by_codec: [u32; Codec::ALL.len()],
}

impl Watchers {
    /// How many there are.
    pub(super) fn count(&self) -> u32 {
        self.by_codec.iter().sum()
    }

    /// Whether any reads this encoding.
    pub(super) fn any(&self, codec: Codec) -> bool {
        self.by_codec[codec as usize] > 0
    }

    /// One more of `worker` watches.
    pub(super) fn add(&mut self, worker: WorkerId, codec: Codec) {
        let worker = usize::from(worker.0);
        assert!(worker < WorkerId::COUNT_MAX, "a bit of a u128 for each worker");
        if worker >= self.by_worker.len() {
            self.by_worker.resize(worker + 1, [0; Codec::ALL.len()]);
        }
        self.by_worker[worker][codec as usize] += 1;
        self.by_codec[codec as usize] += 1;
    }

    /// One less of `worker` watches.
    pub(super) fn remove(&mut self, worker: WorkerId, codec: Codec) {
        let counts = self.by_worker.get_mut(usize::from(worker.0));
        let count = counts.map(|counts| &mut counts[codec as usize]).filter(|count| **count > 0);
        debug_assert!(count.is_some(), "only who watches ends to watch");
        if let Some(count) = count {
            *count -= 1;
            self.by_codec[codec as usize] -= 1;
        }
    }

    /// A bit for each worker that has one.
    pub(super) fn workers(&self) -> u128 {
        let places = self.by_worker.iter().enumerate();
        places
            .filter(|(_, counts)| counts.iter().any(|count| *count > 0))
            .fold(0, |workers, (worker, _)| workers | 1 << worker)
    }
}
