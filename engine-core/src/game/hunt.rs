//! A hunt: one round after the other of a quest, in its time, before its watchers.
//!
//! It turns timestamps into milliseconds of the round, decides what a session may still do, and
//! makes the broadcast frames. The rules of playing are the [`Round`]'s.

use super::frame::{self, LEADERS, Leader, Scene};
use super::hash::{Seed, hash128};
use super::quest::Quest;
use super::round::{Round, won};
use super::watchers::Watchers;
use crate::arena::Arena;
use crate::error::Problem;
use crate::seam::{
    BoardRow, Codec, Frame, HuntKey, HuntState, HuntStatus, LootRow, PlayerRef, Point, PowerUp,
    Published, Reply, ResolveOutcome, WorkerId,
};
use crate::text::{Id, Key, Name};
use crate::time::Timestamp;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::hash::BuildHasher;

/// Milliseconds between two broadcasts of a hunt, counted from the start of its round.
pub const BROADCAST_MS: u32 = 150;

/// The most rows of a loot table.
pub const LOOT_ROWS: u32 = 8;

/// A hunt and the round that it plays or has played last.
#[derive(Debug)]
pub struct Hunt<A: Arena> {
    id: Id,
    key: HuntKey,
    quest: Arc<Quest<A>>,
    capacity: u32,
    // Counts the rounds, from 1.
    number: u32,
    started: Timestamp,
    // When the round ends, or has ended: after its duration, or at the last claim of all. Whether
    // it is over is a question of the time alone.
    ends_ms: u32,
    round: Round<A>,
    watchers: Watchers,
    last_tick: u32,
    final_frame_made: bool,
    // Counts the changes of what a frame shows, the time aside.
    revision: u32,
    full_frames: [Option<FullFrame>; Codec::ALL.len()],
}

/// A full frame, good for as long as nothing changes within its tick.
#[derive(Debug)]
struct FullFrame {
    revision: u32,
    frame: Arc<Frame>,
}

/// What starts a round, besides the time.
#[derive(Debug)]
pub struct Start<A: Arena> {
    /// The hunt.
    pub id: Id,
    /// The key of this round.
    pub key: HuntKey,
    /// What is played.
    pub quest: Arc<Quest<A>>,
    /// How many players can join.
    pub capacity: u32,
    /// What the round's collections live in, and nothing else does.
    pub region: A::Region,
    /// The key of keyed hashes.
    pub seed: Seed,
}

impl<A: Arena> Hunt<A> {
    /// A hunt that begins its first round, or, after `last`, the next one. `last` gives its number
    /// and start: no two rounds of a hunt have the same start.
    pub fn new(start: Start<A>, now: Timestamp, last: Option<(u32, Timestamp)>) -> Self {
        let Start { id, key, quest, capacity, region, seed } = start;
        let round = Round::new(&quest, &region, seed.hash_one(key.0));
        Self {
            id,
            key,
            ends_ms: quest.rules.duration_ms,
            quest,
            capacity,
            number: last.map_or(1, |(number, _)| number + 1),
            started: last.map_or(now, |(_, started)| now.max(started.after_ms(1))),
            round,
            watchers: Watchers::default(),
            last_tick: 0,
            final_frame_made: false,
            revision: 0,
            full_frames: [None, None],
        }
    }

    /// The hunt's id.
    #[must_use]
    pub fn id(&self) -> &Id {
        &self.id
    }

    /// The number of the round, from 1, and its start.
    #[must_use]
    pub fn round(&self) -> (u32, Timestamp) {
        (self.number, self.started)
    }

    /// Whether the round is over.
    #[must_use]
    pub fn has_ended(&self, now: Timestamp) -> bool {
        now.ms_since(self.started) >= u64::from(self.ends_ms)
    }

    /// When the round ends, or has ended.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        self.started.after_ms(self.ends_ms.into())
    }

    /// How many players joined.
    #[must_use]
    pub fn players(&self) -> u32 {
        self.round.players()
    }

    /// How often a treasure was claimed in this round.
    #[must_use]
    pub fn claims(&self) -> u32 {
        self.round.claimed()
    }

    /// How many connections watch.
    #[must_use]
    pub fn watchers(&self) -> u32 {
        self.watchers.count()
    }

    /// Whether it plays this version of this quest with this capacity.
    #[must_use]
    pub fn plays(&self, quest: &Quest<A>, capacity: u32) -> bool {
        self.quest.id == quest.id
            && self.quest.version == quest.version
            && self.capacity == capacity
    }

    /// The answer to who started it, or found it running.
    #[must_use]
    pub fn started(&self, created: bool) -> Reply {
        Reply::HuntStarted {
            hunt: self.id,
            quest: self.quest.id,
            version: self.quest.version,
            capacity: self.capacity,
            round: self.number,
            created,
        }
    }

    /// A player joins.
    ///
    /// # Errors
    /// `HuntEnded` or `HuntFull`.
    pub fn join(&mut self, name: Name, now: Timestamp) -> Result<Reply, Problem> {
        let t = self.running(now)?;
        if self.round.players() >= self.capacity {
            return Err(Problem::HuntFull);
        }
        let player = self.round.join(&self.quest, name, t);
        self.revision += 1;
        let player = PlayerRef { player, started_ms: self.started.0 };
        Ok(Reply::Joined { hunt: self.id, player })
    }

    /// A player opens a treasure.
    ///
    /// # Errors
    /// `SessionStale`, `HuntEnded`, `UnknownTreasure` or `KeyReused`, looked for in this order.
    pub fn resolve(
        &mut self,
        player: PlayerRef,
        treasure: &Id,
        at: Point,
        key: Option<(&Key, Seed)>,
        now: Timestamp,
    ) -> Result<Reply, Problem> {
        let t = self.playing(player, now)?;
        let index = self.quest.treasure_index(treasure).ok_or(Problem::UnknownTreasure)?;
        let key = key.map(|(key, seed)| hash128(seed, key.as_str().as_bytes()));
        let claims_before = self.claims();
        let resolution = self.round.resolve(&self.quest, player.player, index, at, key, t)?;
        if self.claims() != claims_before {
            self.revision += 1;
            if self.round.is_exhausted() {
                self.ends_ms = t;
            }
        }
        let loot = &self.quest.treasures[usize::from(index)].loot;
        let claimed = resolution.outcome == ResolveOutcome::Claimed;
        Ok(Reply::Resolved {
            outcome: resolution.outcome,
            loot: claimed.then(|| won(loot, resolution.doubled)),
            score: resolution.score,
            rank: resolution.rank,
        })
    }

    /// A player moves.
    ///
    /// # Errors
    /// `SessionStale` or `HuntEnded`.
    pub fn go(
        &mut self,
        player: PlayerRef,
        to: Point,
        heading: f64,
        now: Timestamp,
    ) -> Result<Reply, Problem> {
        let t = self.playing(player, now)?;
        let rules = &self.quest.rules;
        let outcome = self.round.go(rules, player.player, to, heading, t);
        let state = self.round.player(player.player).expect("it has just moved");
        Ok(Reply::Moved { outcome, at: state.at(), energy: state.energy(rules, t) })
    }

    /// A player uses a power-up.
    ///
    /// # Errors
    /// `SessionStale` or `HuntEnded`.
    pub fn use_power_up(
        &mut self,
        player: PlayerRef,
        power_up: PowerUp,
        now: Timestamp,
    ) -> Result<Reply, Problem> {
        let t = self.playing(player, now)?;
        let rules = &self.quest.rules;
        let outcome = self.round.use_power_up(rules, player.player, power_up, t);
        let state = self.round.player(player.player).expect("it has just used a power-up");
        Ok(Reply::PowerUpUsed {
            outcome,
            power_up,
            active_ms: state.active_ms(power_up, t),
            energy: state.energy(rules, t),
        })
    }

    /// `hunt-status`.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> HuntStatus {
        let (state, t) = self.time(now);
        HuntStatus {
            hunt: self.id,
            quest: self.quest.id,
            version: self.quest.version,
            round: self.number,
            state,
            tick: t / BROADCAST_MS,
            remaining_ms: self.remaining_ms(state, t),
            players: self.round.players(),
            capacity: self.capacity,
            watchers: self.watchers(),
            claims: self.claims(),
        }
    }

    /// Appends `limit` rows of the leaderboard: around a player, or the first.
    ///
    /// # Errors
    /// `UnknownPlayer`.
    pub fn leaderboard(
        &self,
        limit: u32,
        around: Option<u32>,
        rows: &mut Vec<BoardRow>,
    ) -> Result<Reply, Problem> {
        let begin = rows.len();
        let board = self.round.board();
        let row = |standing: super::leaderboard::Standing| BoardRow {
            rank: standing.rank,
            player: standing.player,
            name: self.round.name(standing.player),
            score: standing.score,
        };
        match around {
            None => rows.extend(board.top(limit).map(row)),
            Some(player) => {
                rows.extend(board.around(player, limit).ok_or(Problem::UnknownPlayer)?.map(row));
            }
        }
        Ok(Reply::Leaderboard { hunt: self.id, players: board.len(), rows: begin..rows.len() })
    }

    /// Appends up to [`LOOT_ROWS`] rows of the loot table, from the treasure `first` (wrapping) on.
    pub fn loot(&self, first: u32, rows: &mut Vec<LootRow>) {
        let treasures = &self.quest.treasures;
        let first = first as usize % treasures.len();
        let count = treasures.len().min(LOOT_ROWS as usize);
        rows.extend((first..first + count).map(|place| {
            let index = place % treasures.len();
            let treasure = &treasures[index];
            LootRow {
                treasure: treasure.id,
                item: treasure.loot.item,
                points: treasure.loot.points,
                remaining: self.round.remaining()[index],
            }
        }));
    }

    /// A connection of `worker` begins to watch. Returns a full frame to begin with.
    ///
    /// # Errors
    /// `SessionStale` or `HuntEnded`.
    pub fn watch(
        &mut self,
        player: PlayerRef,
        worker: WorkerId,
        codec: Codec,
        now: Timestamp,
        scratch: &mut Vec<u8>,
    ) -> Result<Reply, Problem> {
        let t = self.playing(player, now)?;
        if self.watchers() == 0 {
            // Nobody has waited for what changed so far: the full frame says it all.
            self.round.forget_recent();
            self.last_tick = t / BROADCAST_MS;
        }
        self.watchers.add(worker, codec);
        Ok(Reply::Watching { hunt: self.key, snapshot: self.full_frame(codec, now, scratch) })
    }

    /// A connection of `worker` ends to watch. One of an earlier round was forgotten with it.
    pub fn unwatch(&mut self, player: PlayerRef, worker: WorkerId, codec: Codec) {
        if player.started_ms == self.started.0 {
            self.watchers.remove(worker, codec);
        }
    }

    /// A frame that is complete by itself. Encoded at most once for each codec, tick and change.
    pub fn full_frame(
        &mut self,
        codec: Codec,
        now: Timestamp,
        scratch: &mut Vec<u8>,
    ) -> Arc<Frame> {
        let (state, t) = self.time(now);
        let (tick, ended) = (t / BROADCAST_MS, state == HuntState::Ended);
        if let Some(FullFrame { revision, frame }) = &self.full_frames[codec as usize]
            && (*revision, frame.tick, frame.ended) == (self.revision, tick, ended)
        {
            return Arc::clone(frame);
        }
        let frame = self.frame(true, now, [codec], scratch);
        let kept = FullFrame { revision: self.revision, frame: Arc::clone(&frame) };
        self.full_frames[codec as usize] = Some(kept);
        frame
    }

    /// Makes the frame that is due, if anybody watches. The last one says that the round is over.
    pub fn tick(&mut self, now: Timestamp, scratch: &mut Vec<u8>) -> Option<Published> {
        let (state, t) = self.time(now);
        let tick = t / BROADCAST_MS;
        match state {
            HuntState::Ended if self.final_frame_made => return None,
            HuntState::Ended => self.final_frame_made = true,
            HuntState::Running if tick <= self.last_tick => return None,
            HuntState::Running => self.last_tick = tick,
        }
        if self.watchers() == 0 {
            return None;
        }
        let watched = |codec: &Codec| self.watchers.any(*codec);
        let frame = self.frame(false, now, Codec::ALL.into_iter().filter(watched), scratch);
        self.round.forget_recent();
        Some(Published { frame, workers: self.watchers.workers() })
    }

    /// When [`tick`](Self::tick) has something to do next; `None` once the last frame was made.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        if self.final_frame_made {
            return None;
        }
        if self.watchers() == 0 {
            return Some(self.ends_at());
        }
        let next = u64::from(self.last_tick + 1) * u64::from(BROADCAST_MS);
        Some(self.started.after_ms(next).min(self.ends_at()))
    }

    // The state, and the milliseconds of the round; they stand still when it is over.
    fn time(&self, now: Timestamp) -> (HuntState, u32) {
        match u32::try_from(now.ms_since(self.started)) {
            Ok(t) if t < self.ends_ms => (HuntState::Running, t),
            _ => (HuntState::Ended, self.ends_ms),
        }
    }

    fn running(&self, now: Timestamp) -> Result<u32, Problem> {
        match self.time(now) {
            (HuntState::Running, t) => Ok(t),
            (HuntState::Ended, _) => Err(Problem::HuntEnded),
        }
    }

    fn playing(&self, player: PlayerRef, now: Timestamp) -> Result<u32, Problem> {
        if player.started_ms != self.started.0 || self.round.player(player.player).is_none() {
            return Err(Problem::SessionStale);
        }
        self.running(now)
    }

    fn remaining_ms(&self, state: HuntState, t: u32) -> u32 {
        match state {
            HuntState::Running => self.ends_ms - t,
            HuntState::Ended => 0,
        }
    }

    fn frame(
        &self,
        full: bool,
        now: Timestamp,
        codecs: impl IntoIterator<Item = Codec>,
        scratch: &mut Vec<u8>,
    ) -> Arc<Frame> {
        let (state, t) = self.time(now);
        let tick = t / BROADCAST_MS;
        let t = tick * BROADCAST_MS;
        let rules = &self.quest.rules;
        let waypoints = &self.quest.waypoints;
        let (leaders, count) = self.leaders();
        let scene = Scene {
            tick,
            full,
            state,
            remaining_ms: self.remaining_ms(state, t),
            waypoints,
            first_waypoint: (t / rules.waypoint_ms) as usize % waypoints.len(),
            waypoints_in_play: (rules.waypoints_in_play as usize).min(waypoints.len()),
            treasures: &self.quest.treasures,
            remaining: self.round.remaining(),
            changed: if full { self.round.touched() } else { self.round.recent() },
            leaders: &leaders[..count],
        };
        let mut wire = [None, None];
        for codec in codecs {
            wire[codec as usize] = Some(frame::encode(&scene, codec, scratch));
        }
        let ended = state == HuntState::Ended;
        Arc::new(Frame { hunt: self.key, tick, revision: self.revision, ended, wire })
    }

    fn leaders(&self) -> ([Leader; LEADERS as usize], usize) {
        let name = Name::new("-").expect("a hyphen is a name");
        let mut leaders = [Leader { player: 0, name, score: 0 }; LEADERS as usize];
        let mut count = 0;
        for (place, standing) in leaders.iter_mut().zip(self.round.board().top(LEADERS)) {
            let player = standing.player;
            *place = Leader { player, name: self.round.name(player), score: standing.score };
            count += 1;
        }
        (leaders, count)
    }
}
