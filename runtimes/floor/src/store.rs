//! The store of one worker: its hunts and the quests that they play, behind no lock.
//!
//! Owns what the engine's own store owns, in one partition: the catalogue, the order of the hunts,
//! how many there may be. It knows no HTTP and no connection.

use alloc_bumpalo::BumpArena;
use engine_core::arena::{Arena, ArenaMeters};
use engine_core::error::{Problem, Refusal};
use engine_core::game::catalogue::Catalogue;
use engine_core::game::hash::Seed;
use engine_core::game::partition::{Partition, PartitionFigures};
use engine_core::game::quest::Quest;
use engine_core::limits::Limits;
use engine_core::seam::{
    Applied, Command, ConnId, Published, Query, Reply, ReplyTo, Request, WorkerId,
};
use engine_core::text::Id;
use engine_core::time::Timestamp;
use std::sync::Arc;

/// One worker, and nobody who waits.
const TO: ReplyTo =
    ReplyTo { worker: WorkerId(0), conn: ConnId { index: 0, generation: 0 }, slot: 0 };

/// The hunts and quests of one worker.
#[derive(Debug)]
pub struct Store {
    partition: Partition<BumpArena>,
    catalogue: Catalogue<BumpArena>,
    /// The hunts in the order in which they were created, for `GET /loot`.
    ids: Vec<Id>,
    meters: ArenaMeters,
    limits: Arc<Limits>,
    published: Vec<Published>,
    forgotten: Vec<Id>,
}

impl Store {
    /// A store without hunts and quests. `seed` must be secret where peers can choose names.
    #[must_use]
    pub fn new(seed: Seed, meters: ArenaMeters, limits: Arc<Limits>) -> Self {
        Self {
            partition: Partition::new(seed, meters.clone(), Arc::clone(&limits), 0, 1),
            catalogue: Catalogue::new(seed, limits.quests_max),
            ids: Vec::new(),
            meters,
            limits,
            published: Vec::new(),
            forgotten: Vec::new(),
        }
    }

    /// Does what is asked. `applied` is cleared, and then holds the reply, if there is one.
    pub fn submit(&mut self, now: Timestamp, request: &Request, applied: &mut Applied) {
        applied.clear();
        match request {
            Request::Command(Command::PublishQuest { quest, body }) => {
                applied.replies.push((TO, self.publish(*quest, body)));
            }
            Request::Command(Command::StartHunt { hunt, quest, version, capacity }) => {
                match self.catalogue.find(quest, *version) {
                    Ok(quest) => self.start(now, *hunt, quest, *capacity, applied),
                    Err(problem) => applied.replies.push((TO, Reply::Refused(problem.into()))),
                }
            }
            Request::Command(command) => self.partition.apply(now, TO, command, applied),
            Request::Query(Query::Loot { session, .. }) => self.loot(now, *session, applied),
            Request::Query(query) => self.partition.query(now, TO, query, 1, applied),
            Request::Watch(watch) => self.partition.watch(now, TO, watch, applied),
            // Whoever serves answers it before the game is asked, or has nothing to say.
            Request::Observe(_) => {
                let refusal = Problem::UnknownPath.into();
                applied.replies.push((TO, Reply::Refused(refusal)));
            }
        }
    }

    /// The broadcasts that are due.
    pub fn tick(&mut self, now: Timestamp) -> &[Published] {
        self.published.clear();
        self.partition.tick(now, &mut self.published, &mut self.forgotten);
        if !self.forgotten.is_empty() {
            let forgotten = &self.forgotten;
            self.ids.retain(|id| !forgotten.contains(id));
            self.forgotten.clear();
        }
        &self.published
    }

    /// What it holds: hunts, and how many quests. O(hunts).
    #[must_use]
    pub fn figures(&self) -> (PartitionFigures, usize) {
        (self.partition.figures(), self.catalogue.len())
    }

    fn publish(&mut self, id: Id, body: &[u8]) -> Reply {
        let scratch = BumpArena::new(Arc::clone(&self.meters.scratch));
        match Quest::parse(id, body, &scratch, &self.meters.quests) {
            Ok(quest) => self.catalogue.publish(quest),
            Err(fault) => Reply::Refused(Refusal::json(Problem::InvalidQuest, fault)),
        }
    }

    fn start(
        &mut self,
        now: Timestamp,
        hunt: Id,
        quest: Arc<Quest<BumpArena>>,
        capacity: u32,
        applied: &mut Applied,
    ) {
        if self.ids.len() >= self.limits.hunts_max && !self.ids.contains(&hunt) {
            applied.replies.push((TO, Reply::Refused(Problem::HuntsFull.into())));
        } else if self.partition.start_hunt(now, TO, hunt, quest, capacity, applied) {
            self.ids.push(hunt);
        }
    }

    fn loot(&mut self, now: Timestamp, session: u32, applied: &mut Applied) {
        let hunts = u32::try_from(self.ids.len()).expect("hunts_max is less");
        let hunt = session.checked_rem(hunts).map(|place| self.ids[place as usize]);
        self.partition.query(now, TO, &Query::Loot { session, hunt }, hunts, applied);
    }
}
