//! The store that keeps everything in memory and answers at once.
//!
//! Hunts are independent, so each belongs to one of many partitions by a keyed hash of its id, and
//! each partition has a lock of its own that is held for one request. The worker that got the
//! request applies it there and then; the worker that keeps a partition's time publishes its
//! broadcasts. Locks are taken in one order: a partition's, then the directory's.

use super::Store;
use super::directory::Directory;
use engine_core::arena::{Arena, ArenaMeters};
use engine_core::error::{Problem, Refusal};
use engine_core::game::catalogue::Catalogue;
use engine_core::game::hash::{Seed, hash128};
use engine_core::game::partition::{Partition, PartitionFigures};
use engine_core::game::quest::Quest;
use engine_core::limits::Limits;
use engine_core::seam::{
    Applied, Command, Published, Query, Reply, ReplyTo, Request, Submit, WorkerId,
};
use engine_core::text::Id;
use engine_core::time::Timestamp;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, RwLock};

/// The fewest partitions of a store.
const PARTITIONS_MIN: usize = 64;

/// A store in memory.
pub struct Memory<A: Arena> {
    partitions: Box<[Mutex<Partition<A>>]>,
    workers: usize,
    catalogue: RwLock<Catalogue<A>>,
    directory: Directory,
    seed: Seed,
    meters: ArenaMeters,
    limits: Arc<Limits>,
}

impl<A: Arena> Memory<A> {
    /// An empty store for `workers` workers. `seed` must be secret where peers can choose names.
    #[must_use]
    pub fn new(workers: usize, seed: Seed, meters: ArenaMeters, limits: Arc<Limits>) -> Self {
        let count = (4 * workers).next_power_of_two().max(PARTITIONS_MIN);
        let count = u16::try_from(count).expect("four for each of at most 128 workers");
        let partition = |number| {
            let limits = Arc::clone(&limits);
            Mutex::new(Partition::new(seed, meters.clone(), limits, number, count))
        };
        Self {
            partitions: (0..count).map(partition).collect(),
            workers,
            catalogue: RwLock::new(Catalogue::new(seed, limits.quests_max)),
            directory: Directory::new(workers),
            seed,
            meters,
            limits,
        }
    }

    /// Quests that are kept.
    #[must_use]
    pub fn quests(&self) -> usize {
        self.catalogue.read().expect("nothing panics under this lock").len()
    }

    /// The worker that keeps the time of `hunt`, and publishes its broadcasts.
    #[must_use]
    pub fn keeper(&self, hunt: &Id) -> WorkerId {
        let worker = self.place(hunt) % self.workers;
        WorkerId(u8::try_from(worker).expect("at most 128 workers"))
    }

    /// What all partitions hold. O(hunts), under one partition's lock after the other.
    #[must_use]
    pub fn figures(&self) -> PartitionFigures {
        let mut sum = PartitionFigures::default();
        for partition in &self.partitions {
            let figures = lock(partition).figures();
            sum.hunts_running += figures.hunts_running;
            sum.hunts_ended += figures.hunts_ended;
            sum.players += figures.players;
            sum.watchers += figures.watchers;
            sum.claims += figures.claims;
        }
        sum
    }

    fn partition(&self, hunt: &Id) -> MutexGuard<'_, Partition<A>> {
        lock(&self.partitions[self.place(hunt)])
    }

    fn place(&self, hunt: &Id) -> usize {
        // Another hash than the one that the maps in the partition place by.
        let hash = hash128(self.seed, hunt.as_str().as_bytes());
        usize::try_from(hash >> 96).expect("32 bits") & (self.partitions.len() - 1)
    }

    fn command(&self, now: Timestamp, to: ReplyTo, command: &Command, applied: &mut Applied) {
        match command {
            Command::PublishQuest { quest, body } => {
                applied.replies.push((to, self.publish(*quest, body)));
            }
            Command::StartHunt { hunt, quest, version, capacity } => {
                let found = self.catalogue.read().expect("nothing panics under this lock");
                let found = found.find(quest, *version);
                match found {
                    Ok(quest) => self.start(now, to, *hunt, quest, *capacity, applied),
                    Err(problem) => applied.replies.push((to, Reply::Refused(problem.into()))),
                }
            }
            Command::Join { hunt, .. }
            | Command::Resolve { hunt, .. }
            | Command::Move { hunt, .. }
            | Command::UsePowerUp { hunt, .. } => {
                self.partition(hunt).apply(now, to, command, applied);
            }
        }
    }

    /// Reads the document before any lock is taken.
    fn publish(&self, id: Id, body: &[u8]) -> Reply {
        let scratch = A::new(Arc::clone(&self.meters.scratch));
        match Quest::parse(id, body, &scratch, &self.meters.quests) {
            Ok(quest) => {
                self.catalogue.write().expect("nothing panics under this lock").publish(quest)
            }
            Err(fault) => Reply::Refused(Refusal::json(Problem::InvalidQuest, fault)),
        }
    }

    fn start(
        &self,
        now: Timestamp,
        to: ReplyTo,
        hunt: Id,
        quest: Arc<Quest<A>>,
        capacity: u32,
        applied: &mut Applied,
    ) {
        let mut partition = self.partition(&hunt);
        // Held until the hunt is listed, so that no two hunts are the last one that fits.
        let mut list = self.directory.lock();
        if list.len() >= self.limits.hunts_max && !list.contains(&hunt) {
            applied.replies.push((to, Reply::Refused(Problem::HuntsFull.into())));
        } else if partition.start_hunt(now, to, hunt, quest, capacity, applied) {
            self.directory.change(&mut list, |ids| ids.push(hunt));
        }
    }

    fn query(&self, now: Timestamp, to: ReplyTo, query: Query, applied: &mut Applied) {
        match &query {
            Query::Status { hunt }
            | Query::Leaderboard { hunt, .. }
            | Query::Snapshot { hunt, .. } => {
                self.partition(hunt).query(now, to, &query, 0, applied);
            }
            Query::Loot { session, .. } => {
                let (hunt, hunts) = self.directory.choose(to.worker, *session);
                let Some(hunt) = hunt else {
                    let rows = applied.loot_rows.len()..applied.loot_rows.len();
                    let reply = Reply::Loot { session: *session, hunt: None, rows };
                    return applied.replies.push((to, reply));
                };
                let query = Query::Loot { session: *session, hunt: Some(hunt) };
                self.partition(&hunt).query(now, to, &query, hunts, applied);
            }
        }
    }
}

impl<A: Arena> Store for Memory<A> {
    fn submit(&self, now: Timestamp, submit: Submit, applied: &mut Applied) {
        let Submit { to, request } = submit;
        match request {
            Request::Command(command) => self.command(now, to, &command, applied),
            Request::Query(query) => self.query(now, to, query, applied),
            Request::Watch(watch) => self.partition(&watch.hunt).watch(now, to, &watch, applied),
            Request::Observe(_) => unreachable!("the worker asks the server around the engine"),
        }
    }

    fn tick(&self, now: Timestamp, worker: WorkerId, published: &mut Vec<Published>) {
        let mut forgotten = Vec::new();
        let own = self.partitions.iter().skip(usize::from(worker.0)).step_by(self.workers);
        for partition in own {
            let mut partition = lock(partition);
            partition.tick(now, published, &mut forgotten);
            if !forgotten.is_empty() {
                // Under the partition's lock, so that a hunt that begins anew is listed after it.
                let mut list = self.directory.lock();
                self.directory.change(&mut list, |ids| ids.retain(|id| !forgotten.contains(id)));
                forgotten.clear();
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nothing panics under a partition's lock")
}

impl<A: Arena> fmt::Debug for Memory<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("workers", &self.workers).finish_non_exhaustive()
    }
}
