//! The game once more, as plainly as the rules are written: lists, counting, no thought of speed.
//!
//! It takes the seam's requests and gives the answers that a server must give, so that tests and
//! simulations can hold a store to it. It shares no rule with the engine: quests are read by
//! another JSON reader, ranks are counted, energy is regained step by step.
#![allow(
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "several tests include it, and each uses its own part"
)]

use engine_core::error::Problem;
use engine_core::seam::{Command, LootRow, Query, Watch, WorkerId};
use engine_core::text::Id;
use std::sync::Arc;

pub mod answer;
mod hunt;
mod quest;

use answer::{Answer, PublishedView};
use hunt::Hunt;
use quest::ModelQuest;

/// Every hunt and quest of a server.
#[derive(Debug, Default)]
pub struct Model {
    ended_keep_ms: u64,
    quests: Vec<Arc<ModelQuest>>,
    /// In the order of creation.
    hunts: Vec<Hunt>,
    /// Last frames of rounds that were followed by another at once.
    last_frames: Vec<PublishedView>,
    clock: u64,
}

impl Model {
    /// A server without quests and hunts, with this `limits.ended_keep_ms`.
    pub fn new(ended_keep_ms: u64) -> Self {
        Self { ended_keep_ms, ..Self::default() }
    }

    /// Answers a command.
    pub fn command(&mut self, now: u64, command: &Command) -> Answer {
        let answer = match command {
            Command::PublishQuest { quest, body } => Ok(self.publish(*quest, body)),
            Command::StartHunt { hunt, quest, version, capacity } => self
                .quest(*quest, *version)
                .and_then(|quest| self.start(now, *hunt, quest, *capacity)),
            _ => self.play(now, command),
        };
        answer.unwrap_or_else(Answer::Refused)
    }

    fn play(&mut self, now: u64, command: &Command) -> Result<Answer, Problem> {
        let now = self.advance(now);
        match command {
            Command::PublishQuest { .. } | Command::StartHunt { .. } => Err(Problem::Internal),
            Command::Join { hunt, name } => self.hunt(hunt).and_then(|h| h.join(now, *name)),
            Command::Resolve { hunt, player, treasure, at, key } => {
                self.hunt(hunt).and_then(|h| h.resolve(now, *player, treasure, *at, *key))
            }
            Command::Move { hunt, player, to, .. } => {
                self.hunt(hunt).and_then(|h| h.go(now, *player, *to))
            }
            Command::UsePowerUp { hunt, player, power_up } => {
                self.hunt(hunt).and_then(|h| h.use_power_up(now, *player, *power_up))
            }
        }
    }

    /// Answers a query. The hunt of [`Query::Loot`] is chosen here, whatever the query says.
    pub fn query(&mut self, now: u64, query: &Query) -> Answer {
        let now = self.advance(now);
        let answer = match query {
            Query::Status { hunt } => self.hunt(hunt).map(|h| Answer::Status(h.status(now))),
            Query::Leaderboard { hunt, limit, around } => {
                self.hunt(hunt).and_then(|h| h.leaderboard(*limit, *around))
            }
            Query::Loot { session, .. } => Ok(self.loot(*session)),
            Query::Snapshot { hunt, .. } => {
                self.hunt(hunt).map(|h| Answer::Snapshot(h.full_frame(now)))
            }
        };
        answer.unwrap_or_else(Answer::Refused)
    }

    /// The hunt that [`Query::Loot`] is about.
    pub fn loot_hunt(&self, session: u32) -> Option<Id> {
        let count = self.hunts.len() as u32;
        (count > 0).then(|| self.hunts[(session % count) as usize].id)
    }

    /// How many hunts there are.
    pub fn hunts(&self) -> u32 {
        self.hunts.len() as u32
    }

    /// A connection begins to watch, which is answered, or ends to.
    pub fn watch(&mut self, now: u64, worker: WorkerId, watch: &Watch) -> Option<Answer> {
        let now = self.advance(now);
        let Watch { hunt, player, codec, on } = watch;
        let hunt = self.hunt(hunt);
        if *on {
            let answer = hunt.and_then(|h| h.watch(now, *player, worker, *codec));
            Some(answer.unwrap_or_else(Answer::Refused))
        } else {
            hunt.map(|h| h.unwatch(*player, worker, *codec)).ok();
            None
        }
    }

    /// Time has passed. Returns the frames that are published and the hunts that are forgotten.
    pub fn tick(&mut self, now: u64) -> (Vec<PublishedView>, Vec<Id>) {
        self.tick_of(now, |_| true)
    }

    /// Time has passed for some of the hunts.
    pub fn tick_of(&mut self, now: u64, of: impl Fn(&Id) -> bool) -> (Vec<PublishedView>, Vec<Id>) {
        let now = self.advance(now);
        let last_frames = std::mem::take(&mut self.last_frames);
        let (mut published, later): (Vec<_>, Vec<_>) =
            last_frames.into_iter().partition(|view| of(&view.hunt));
        self.last_frames = later;
        let hunts = self.hunts.iter_mut().filter(|hunt| of(&hunt.id));
        published.extend(hunts.filter_map(|hunt| hunt.tick(now)));
        let keep = self.ended_keep_ms;
        let (kept, gone): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.hunts).into_iter().partition(|hunt| {
                !of(&hunt.id) || !hunt.ended(now) || now < hunt.started + hunt.end() + keep
            });
        self.hunts = kept;
        (published, gone.into_iter().map(|hunt| hunt.id).collect())
    }

    fn advance(&mut self, now: u64) -> u64 {
        self.clock = self.clock.max(now);
        self.clock
    }

    fn hunt(&mut self, id: &Id) -> Result<&mut Hunt, Problem> {
        self.hunts.iter_mut().find(|hunt| hunt.id == *id).ok_or(Problem::UnknownHunt)
    }

    fn publish(&mut self, id: Id, body: &[u8]) -> Answer {
        let latest = self.quests.iter().rfind(|quest| quest.id == id);
        let version = match latest {
            Some(latest) if latest.body == body => latest.version,
            Some(latest) => latest.version + 1,
            None => 1,
        };
        let created = latest.is_none();
        let quest = Arc::new(ModelQuest::read(id, version, body));
        let (waypoints, treasures) = (quest.waypoints.len() as u32, quest.treasures.len() as u32);
        if latest.is_none_or(|latest| latest.version != version) {
            self.quests.push(quest);
        }
        Answer::QuestPublished { quest: id, version, waypoints, treasures, created }
    }

    fn quest(&self, id: Id, version: Option<u32>) -> Result<Arc<ModelQuest>, Problem> {
        let versions: Vec<_> = self.quests.iter().filter(|quest| quest.id == id).collect();
        let latest = versions.last().ok_or(Problem::UnknownQuest)?;
        let version = version.unwrap_or(latest.version);
        let found = versions.iter().find(|quest| quest.version == version);
        let quest = found.ok_or(Problem::UnknownQuestVersion)?;
        let played = self.hunts.iter().any(|hunt| Arc::ptr_eq(&hunt.quest, quest));
        if played || quest.version + 4 > latest.version {
            Ok(Arc::clone(quest))
        } else {
            Err(Problem::UnknownQuestVersion)
        }
    }

    fn start(
        &mut self,
        now: u64,
        id: Id,
        quest: Arc<ModelQuest>,
        capacity: u32,
    ) -> Result<Answer, Problem> {
        let now = self.advance(now);
        let place = self.hunts.iter().position(|hunt| hunt.id == id);
        let Some(place) = place else {
            let hunt = Hunt::new(id, quest, capacity, 1, now);
            let answer = hunt.answer(true);
            self.hunts.push(hunt);
            return Ok(answer);
        };
        let hunt = &mut self.hunts[place];
        if !hunt.ended(now) {
            let same = Arc::ptr_eq(&hunt.quest, &quest) && hunt.capacity == capacity;
            return if same { Ok(hunt.answer(false)) } else { Err(Problem::HuntExists) };
        }
        self.last_frames.extend(hunt.tick(now));
        let started = now.max(hunt.started + 1);
        *hunt = Hunt::new(id, quest, capacity, hunt.round + 1, started);
        Ok(hunt.answer(true))
    }

    fn loot(&self, session: u32) -> Answer {
        let count = self.hunts.len();
        if count == 0 {
            return Answer::Loot { session, hunt: None, rows: vec![] };
        }
        let hunt = &self.hunts[session as usize % count];
        let treasures = &hunt.quest.treasures;
        let first = session as usize / count % treasures.len();
        let mut rows = vec![];
        for index in (first..treasures.len()).chain(0..first).take(8) {
            rows.push(LootRow {
                treasure: treasures[index].id,
                item: treasures[index].loot.item,
                points: treasures[index].loot.points,
                remaining: hunt.remaining(index),
            });
        }
        Answer::Loot { session, hunt: Some(hunt.id), rows }
    }
}
