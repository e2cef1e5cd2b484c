//! A partition: the hunts behind one lock of the store.
//!
//! It finds the hunt that a request is for, answers, and keeps the times at which hunts broadcast,
//! end and are forgotten. It does not know the quests that no hunt plays, the other partitions,
//! or how a reply reaches its connection.

use super::hash::Seed;
use super::hunt::{Hunt, Start};
use super::quest::Quest;
use crate::arena::{Arena, ArenaMeters};
use crate::error::Problem;
use crate::limits::Limits;
use crate::seam::{Applied, Command, HuntKey, Published, Query, Reply, ReplyTo, Watch};
use crate::text::Id;
use crate::time::Timestamp;
use alloc::sync::Arc;
use alloc::vec::Vec;
use hashbrown::HashMap;

/// The hunts of one partition.
#[derive(Debug)]
pub struct Partition<A: Arena> {
    seed: Seed,
    meters: ArenaMeters,
    limits: Arc<Limits>,
    hunts: Vec<Hunt<A>>,
    // When each of `hunts` has something to do next, in milliseconds since the Unix epoch, and the
    // first of these times. They stand alone so that looking for what is due reads little memory.
    due: Vec<u64>,
    first_due: u64,
    by_id: HashMap<Id, usize, Seed>,
    // The latest time that was seen. Workers read their clocks before they wait for the lock, so a
    // request may come with an earlier one.
    clock: Timestamp,
    next_key: HuntKey,
    // Last frames of rounds that were followed by another before they were published.
    last_frames: Vec<Published>,
    scratch: Vec<u8>,
    // Claims of rounds that are not among `hunts` any more.
    past_claims: u64,
}

/// What a partition holds, for the metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartitionFigures {
    /// Hunts that are played.
    pub hunts_running: u64,
    /// Hunts that have ended and are not forgotten.
    pub hunts_ended: u64,
    /// Players of both.
    pub players: u64,
    /// Connections that watch.
    pub watchers: u64,
    /// Treasures claimed since the start, in all rounds.
    pub claims: u64,
}

impl<A: Arena> Partition<A> {
    /// The partition number `partition` of `partitions`, without hunts.
    ///
    /// # Panics
    /// If there is no such partition.
    #[must_use]
    pub fn new(
        seed: Seed,
        meters: ArenaMeters,
        limits: Arc<Limits>,
        partition: u16,
        partitions: u16,
    ) -> Self {
        assert!(partition < partitions, "partitions are numbered from 0");
        Self {
            seed,
            meters,
            limits,
            hunts: Vec::new(),
            due: Vec::new(),
            first_due: u64::MAX,
            by_id: HashMap::with_hasher(seed),
            clock: Timestamp(0),
            next_key: HuntKey(u64::from(partition) << 48),
            last_frames: Vec::new(),
            scratch: Vec::new(),
            past_claims: 0,
        }
    }

    /// Starts a hunt, or the next round of one that has ended; the answer to
    /// [`Command::StartHunt`]. `quest` is what the catalogue found. Returns whether `hunt` is a new
    /// name, which the store then enters in its list of hunts.
    pub fn start_hunt(
        &mut self,
        now: Timestamp,
        to: ReplyTo,
        hunt: Id,
        quest: Arc<Quest<A>>,
        capacity: u32,
        applied: &mut Applied,
    ) -> bool {
        let now = self.advance(now);
        let place = self.by_id.get(&hunt).copied();
        let reply = match place {
            Some(place) if !self.hunts[place].has_ended(now) => {
                let running = &self.hunts[place];
                if running.plays(&quest, capacity) {
                    running.started(false)
                } else {
                    Reply::Refused(Problem::HuntExists.into())
                }
            }
            _ => {
                let start = self.start(hunt, quest, capacity);
                self.begin_round(place, start, now)
            }
        };
        applied.replies.push((to, reply));
        place.is_none()
    }

    /// Applies a change to the hunt that it names, and replies. No allocation besides those of
    /// joining: [`Command::PublishQuest`] and [`Command::StartHunt`] are the store's, and refused.
    pub fn apply(&mut self, now: Timestamp, to: ReplyTo, command: &Command, applied: &mut Applied) {
        let now = self.advance(now);
        let result = match command {
            Command::PublishQuest { .. } | Command::StartHunt { .. } => Err(Problem::Internal),
            Command::Join { hunt, name } => {
                self.find(hunt).and_then(|place| self.hunts[place].join(*name, now))
            }
            Command::Resolve { hunt, player, treasure, at, key } => {
                let key = key.as_ref().map(|key| (key, self.seed));
                self.find(hunt).and_then(|place| {
                    let hunt = &mut self.hunts[place];
                    let reply = hunt.resolve(*player, treasure, *at, key, now);
                    if reply.is_ok() && hunt.has_ended(now) {
                        self.set_due(place);
                    }
                    reply
                })
            }
            Command::Move { hunt, player, to, heading } => {
                self.find(hunt).and_then(|place| self.hunts[place].go(*player, *to, *heading, now))
            }
            Command::UsePowerUp { hunt, player, power_up } => self
                .find(hunt)
                .and_then(|place| self.hunts[place].use_power_up(*player, *power_up, now)),
        };
        applied.replies.push((to, result.unwrap_or_else(refused)));
    }

    /// Answers a question about the hunt that it names. `hunts` is the number of hunts of the
    /// store, for [`Query::Loot`]. Allocates for [`Query::Snapshot`] only, and where `applied` must
    /// grow.
    pub fn query(
        &mut self,
        now: Timestamp,
        to: ReplyTo,
        query: &Query,
        hunts: u32,
        applied: &mut Applied,
    ) {
        let now = self.advance(now);
        let result = match query {
            Query::Status { hunt } => {
                self.find(hunt).map(|place| Reply::Status(self.hunts[place].status(now)))
            }
            Query::Leaderboard { hunt, limit, around } => self.find(hunt).and_then(|place| {
                self.hunts[place].leaderboard(*limit, *around, &mut applied.board_rows)
            }),
            Query::Loot { session, hunt } => {
                let begin = applied.loot_rows.len();
                // One that was forgotten after the store chose it is as good as none.
                let place = hunt.as_ref().and_then(|hunt| self.find(hunt).ok());
                if let Some(place) = place {
                    let first = session / hunts.max(1);
                    self.hunts[place].loot(first, &mut applied.loot_rows);
                }
                let hunt = place.map(|place| *self.hunts[place].id());
                let rows = begin..applied.loot_rows.len();
                Ok(Reply::Loot { session: *session, hunt, rows })
            }
            Query::Snapshot { hunt, codec } => self.find(hunt).map(|place| {
                let hunt = &mut self.hunts[place];
                Reply::Snapshot(hunt.full_frame(*codec, now, &mut self.scratch))
            }),
        };
        applied.replies.push((to, result.unwrap_or_else(refused)));
    }

    /// A connection of `to.worker` begins to watch a hunt, which is answered, or ends to, which is
    /// not.
    pub fn watch(&mut self, now: Timestamp, to: ReplyTo, watch: &Watch, applied: &mut Applied) {
        let now = self.advance(now);
        let Watch { hunt, player, codec, on } = watch;
        let place = self.find(hunt);
        if !on {
            if let Ok(place) = place {
                self.hunts[place].unwatch(*player, to.worker, *codec);
            }
            return;
        }
        let result = place.and_then(|place| {
            let hunt = &mut self.hunts[place];
            let reply = hunt.watch(*player, to.worker, *codec, now, &mut self.scratch);
            self.set_due(place);
            reply
        });
        applied.replies.push((to, result.unwrap_or_else(refused)));
    }

    /// Time has passed: appends the frames that are due to `published`, and the hunts that were
    /// forgotten to `forgotten`. O(1) where nothing is due; else reads 8 bytes for each hunt.
    pub fn tick(
        &mut self,
        now: Timestamp,
        published: &mut Vec<Published>,
        forgotten: &mut Vec<Id>,
    ) {
        let now = self.advance(now);
        published.append(&mut self.last_frames);
        if now.0 < self.first_due {
            return;
        }
        let mut place = 0;
        while place < self.hunts.len() {
            if self.due[place] > now.0 {
                place += 1;
            } else if self.hunts[place].due().is_some() {
                published.extend(self.hunts[place].tick(now, &mut self.scratch));
                self.set_due(place);
            } else {
                forgotten.push(self.forget(place));
            }
        }
        self.first_due = self.due.iter().copied().min().unwrap_or(u64::MAX);
    }

    /// What it holds. O(hunts).
    #[must_use]
    pub fn figures(&self) -> PartitionFigures {
        let claims = self.past_claims;
        let mut figures = PartitionFigures { claims, ..PartitionFigures::default() };
        for hunt in &self.hunts {
            if hunt.has_ended(self.clock) {
                figures.hunts_ended += 1;
            } else {
                figures.hunts_running += 1;
            }
            figures.players += u64::from(hunt.players());
            figures.watchers += u64::from(hunt.watchers());
            figures.claims += u64::from(hunt.claims());
        }
        figures
    }

    fn advance(&mut self, now: Timestamp) -> Timestamp {
        self.clock = self.clock.max(now);
        self.clock
    }

    fn find(&self, hunt: &Id) -> Result<usize, Problem> {
        self.by_id.get(hunt).copied().ok_or(Problem::UnknownHunt)
    }

    fn start(&mut self, id: Id, quest: Arc<Quest<A>>, capacity: u32) -> Start<A> {
        let key = self.next_key;
        self.next_key.0 += 1;
        let region = A::region(&self.meters.rounds);
        Start { id, key, quest, capacity, region, seed: self.seed }
    }

    // Begins a round in a new place, or in the place of one that has ended.
    fn begin_round(&mut self, place: Option<usize>, start: Start<A>, now: Timestamp) -> Reply {
        let place = if let Some(place) = place {
            let ended = &mut self.hunts[place];
            self.last_frames.extend(ended.tick(now, &mut self.scratch));
            self.past_claims += u64::from(ended.claims());
            let last = ended.round();
            *ended = Hunt::new(start, now, Some(last));
            place
        } else {
            let place = self.hunts.len();
            self.by_id.insert(start.id, place);
            self.hunts.push(Hunt::new(start, now, None));
            self.due.push(u64::MAX);
            place
        };
        self.set_due(place);
        self.hunts[place].started(true)
    }

    fn set_due(&mut self, place: usize) {
        let hunt = &self.hunts[place];
        let forget = || hunt.ends_at().after_ms(self.limits.ended_keep_ms as u64);
        let due = hunt.due().unwrap_or_else(forget).0;
        self.due[place] = due;
        self.first_due = self.first_due.min(due);
    }

    fn forget(&mut self, place: usize) -> Id {
        let hunt = self.hunts.swap_remove(place);
        let id = *hunt.id();
        self.past_claims += u64::from(hunt.claims());
        self.due.swap_remove(place);
        self.by_id.remove(&id);
        if let Some(moved) = self.hunts.get(place) {
            self.by_id.insert(*moved.id(), place);
        }
        id
    }
}

fn refused(problem: Problem) -> Reply {
    Reply::Refused(problem.into())
}
