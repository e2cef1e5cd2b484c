//! A hunt, its players and its frames.

use super::answer::{Answer, FrameView, PublishedView};
use super::quest::ModelQuest;
use engine_core::error::Problem;
use engine_core::seam::{
    BoardRow, Codec, HuntState, HuntStatus, Loot, MoveOutcome, PlayerRef, Point, PowerUp,
    PowerUpOutcome, ResolveOutcome, WorkerId,
};
use engine_core::text::{Id, Key, Name};
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

#[derive(Debug)]
pub struct Hunt {
    pub id: Id,
    pub quest: Arc<ModelQuest>,
    pub capacity: u32,
    pub round: u32,
    pub started: u64,
    /// In milliseconds of the round, once everything is claimed.
    exhausted_at: Option<u64>,
    players: Vec<Player>,
    /// Who claimed which treasure, in order.
    claims: Vec<(usize, usize)>,
    /// How often a score was reached.
    reached: u64,
    watchers: Vec<(WorkerId, Codec)>,
    /// How many claims the watchers know of.
    shown: usize,
    last_tick: u64,
    final_frame_made: bool,
}

#[derive(Debug)]
struct Player {
    name: Name,
    at: Point,
    score: u32,
    reached: u64,
    energy_milli: u64,
    energy_at: u64,
    moved_at: u64,
    /// By `PowerUp as usize`.
    left: [u32; 3],
    active_until: [u64; 3],
    /// The latest last.
    keys: Vec<(Key, Id, Answer)>,
}

impl Hunt {
    pub fn new(id: Id, quest: Arc<ModelQuest>, capacity: u32, round: u32, started: u64) -> Self {
        Self {
            id,
            quest,
            capacity,
            round,
            started,
            exhausted_at: None,
            players: vec![],
            claims: vec![],
            reached: 0,
            watchers: vec![],
            shown: 0,
            last_tick: 0,
            final_frame_made: false,
        }
    }

    pub fn answer(&self, created: bool) -> Answer {
        Answer::HuntStarted {
            hunt: self.id,
            quest: self.quest.id,
            version: self.quest.version,
            capacity: self.capacity,
            round: self.round,
            created,
        }
    }

    pub fn end(&self) -> u64 {
        self.exhausted_at.unwrap_or(self.quest.duration_ms)
    }

    pub fn ended(&self, now: u64) -> bool {
        self.exhausted_at.is_some() || now.saturating_sub(self.started) >= self.quest.duration_ms
    }

    /// Milliseconds of the round, which stop at its end.
    fn t(&self, now: u64) -> u64 {
        if self.ended(now) { self.end() } else { now.saturating_sub(self.started) }
    }

    pub fn remaining(&self, treasure: usize) -> u32 {
        let claimed = self.claims.iter().filter(|claim| claim.1 == treasure).count();
        self.quest.treasures[treasure].supply - claimed as u32
    }

    fn ranking(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.players.len()).collect();
        order.sort_by_key(|p| (Reverse(self.players[*p].score), self.players[*p].reached));
        order
    }

    fn rank(&self, player: usize) -> u32 {
        self.ranking().iter().position(|p| *p == player).unwrap() as u32 + 1
    }

    fn player(&self, now: u64, player: PlayerRef) -> Result<usize, Problem> {
        let index = player.player as usize;
        if player.started_ms != self.started || index >= self.players.len() {
            Err(Problem::SessionStale)
        } else if self.ended(now) {
            Err(Problem::HuntEnded)
        } else {
            Ok(index)
        }
    }

    pub fn join(&mut self, now: u64, name: Name) -> Result<Answer, Problem> {
        if self.ended(now) {
            return Err(Problem::HuntEnded);
        }
        if self.players.len() == self.capacity as usize {
            return Err(Problem::HuntFull);
        }
        let t = self.t(now);
        let player = self.players.len() as u32;
        self.reached += 1;
        self.players.push(Player {
            name,
            at: self.quest.waypoints[0].0,
            score: 0,
            reached: self.reached,
            energy_milli: self.quest.energy_max * 1000,
            energy_at: t,
            moved_at: t,
            left: self.quest.start_power_ups,
            active_until: [0; 3],
            keys: vec![],
        });
        let player = PlayerRef { player, started_ms: self.started };
        Ok(Answer::Joined { hunt: self.id, player })
    }

    pub fn resolve(
        &mut self,
        now: u64,
        player: PlayerRef,
        treasure: &Id,
        at: Point,
        key: Option<Key>,
    ) -> Result<Answer, Problem> {
        let who = self.player(now, player)?;
        let t = self.t(now);
        let treasures = &self.quest.treasures;
        let index = treasures.iter().position(|one| one.id == *treasure);
        let index = index.ok_or(Problem::UnknownTreasure)?;
        let known = self.players[who].keys.iter().find(|known| Some(known.0) == key);
        if let Some((_, of, answer)) = known {
            return if of == treasure { Ok(answer.clone()) } else { Err(Problem::KeyReused) };
        }
        let (outcome, loot) = self.open(who, index, at, t);
        let (score, rank) = (self.players[who].score, self.rank(who));
        let answer = Answer::Resolved { outcome, loot, score, rank };
        if let Some(key) = key {
            let keys = &mut self.players[who].keys;
            keys.push((key, *treasure, answer.clone()));
            if keys.len() > 8 {
                keys.remove(0);
            }
        }
        Ok(answer)
    }

    fn open(
        &mut self,
        who: usize,
        index: usize,
        at: Point,
        t: u64,
    ) -> (ResolveOutcome, Option<Loot>) {
        self.regain(who, t);
        if self.claims.contains(&(who, index)) {
            return (ResolveOutcome::AlreadyClaimed, None);
        }
        if self.too_fast(who, at, t) {
            return (ResolveOutcome::TooFast, None);
        }
        self.players[who].at = at;
        self.players[who].moved_at = t;
        let treasure = self.quest.treasures[index];
        let reach = self.players[who].active_until[PowerUp::Reach as usize] > t;
        let radius = treasure.radius * if reach { 1.5 } else { 1.0 };
        if square(treasure.at, at) > radius * radius {
            return (ResolveOutcome::TooFar, None);
        }
        if t < treasure.opens_ms {
            return (ResolveOutcome::NotOpen, None);
        }
        if self.remaining(index) == 0 {
            return (ResolveOutcome::Exhausted, None);
        }
        let mut loot = treasure.loot;
        self.claims.push((who, index));
        self.reached += 1;
        let player = &mut self.players[who];
        if player.active_until[PowerUp::Double as usize] > t {
            loot.points *= 2;
        }
        player.score += loot.points;
        player.reached = self.reached;
        if let Some(power_up) = loot.power_up {
            let left = &mut player.left[power_up as usize];
            *left = (*left + 1).min(255);
        }
        if (0..self.quest.treasures.len()).all(|index| self.remaining(index) == 0) {
            self.exhausted_at = Some(t);
        }
        (ResolveOutcome::Claimed, Some(loot))
    }

    fn too_fast(&self, who: usize, to: Point, t: u64) -> bool {
        let player = &self.players[who];
        let boost = player.active_until[PowerUp::Boost as usize] > t;
        let speed = self.quest.speed_max * if boost { 2.0 } else { 1.0 };
        let dt = (t - player.moved_at).min(60_000) as f64;
        let allowed = speed * dt / 1000.0;
        square(player.at, to) > (allowed + 1.0) * (allowed + 1.0)
    }

    fn regain(&mut self, who: usize, t: u64) {
        let (most, rate) = (self.quest.energy_max * 1000, self.quest.energy_per_s);
        let player = &mut self.players[who];
        let gained = (t - player.energy_at) * rate;
        player.energy_milli = (player.energy_milli + gained).min(most);
        player.energy_at = t;
    }

    pub fn go(&mut self, now: u64, player: PlayerRef, to: Point) -> Result<Answer, Problem> {
        let who = self.player(now, player)?;
        let t = self.t(now);
        self.regain(who, t);
        let mut outcome = MoveOutcome::TooFast;
        if !self.too_fast(who, to, t) {
            outcome = MoveOutcome::Moved;
            self.players[who].at = to;
            self.players[who].moved_at = t;
        }
        let player = &self.players[who];
        let energy = (player.energy_milli / 1000) as u32;
        Ok(Answer::Moved { outcome, at: player.at, energy })
    }

    pub fn use_power_up(
        &mut self,
        now: u64,
        player: PlayerRef,
        power_up: PowerUp,
    ) -> Result<Answer, Problem> {
        let who = self.player(now, player)?;
        let t = self.t(now);
        self.regain(who, t);
        let which = power_up as usize;
        let cost = self.quest.power_up_energy * 1000;
        let player = &mut self.players[who];
        let outcome = if player.active_until[which] > t {
            PowerUpOutcome::Active
        } else if player.left[which] == 0 {
            PowerUpOutcome::NoneLeft
        } else if player.energy_milli < cost {
            PowerUpOutcome::NoEnergy
        } else {
            player.energy_milli -= cost;
            player.left[which] -= 1;
            player.active_until[which] = t + self.quest.power_up_ms;
            PowerUpOutcome::Used
        };
        let active_ms = player.active_until[which].saturating_sub(t) as u32;
        let energy = (player.energy_milli / 1000) as u32;
        Ok(Answer::PowerUpUsed { outcome, power_up, active_ms, energy })
    }

    fn state(&self, now: u64) -> HuntState {
        if self.ended(now) { HuntState::Ended } else { HuntState::Running }
    }

    pub fn status(&self, now: u64) -> HuntStatus {
        let t = self.t(now);
        HuntStatus {
            hunt: self.id,
            quest: self.quest.id,
            version: self.quest.version,
            round: self.round,
            state: self.state(now),
            tick: (t / 150) as u32,
            remaining_ms: if self.ended(now) { 0 } else { (self.quest.duration_ms - t) as u32 },
            players: self.players.len() as u32,
            capacity: self.capacity,
            watchers: self.watchers.len() as u32,
            claims: self.claims.len() as u32,
        }
    }

    pub fn leaderboard(&self, limit: u32, around: Option<u32>) -> Result<Answer, Problem> {
        let order = self.ranking();
        let limit = limit as usize;
        let last = order.len().saturating_sub(limit);
        let mut first = 0;
        if let Some(player) = around {
            let place = order.iter().position(|p| *p == player as usize);
            first = place.ok_or(Problem::UnknownPlayer)?.saturating_sub(limit / 2).min(last);
        }
        let row = |(place, player): (usize, &usize)| BoardRow {
            rank: place as u32 + 1,
            player: *player as u32,
            name: self.players[*player].name,
            score: self.players[*player].score,
        };
        let rows = order.iter().enumerate().skip(first).take(limit).map(row).collect();
        Ok(Answer::Leaderboard { hunt: self.id, players: order.len() as u32, rows })
    }

    pub fn watch(
        &mut self,
        now: u64,
        player: PlayerRef,
        worker: WorkerId,
        codec: Codec,
    ) -> Result<Answer, Problem> {
        self.player(now, player)?;
        if self.watchers.is_empty() {
            self.shown = self.claims.len();
            self.last_tick = self.t(now) / 150;
        }
        self.watchers.push((worker, codec));
        Ok(Answer::Watching(self.full_frame(now)))
    }

    pub fn unwatch(&mut self, player: PlayerRef, worker: WorkerId, codec: Codec) {
        let place = self.watchers.iter().position(|watcher| *watcher == (worker, codec));
        if let Some(place) = place
            && self.started == player.started_ms
        {
            self.watchers.remove(place);
        }
    }

    /// The frame that is due, if anybody watches.
    pub fn tick(&mut self, now: u64) -> Option<PublishedView> {
        let tick = self.t(now) / 150;
        let ended = self.ended(now);
        let due = if ended { !self.final_frame_made } else { tick > self.last_tick };
        if !due {
            return None;
        }
        self.final_frame_made = ended;
        self.last_tick = tick;
        if self.watchers.is_empty() {
            return None;
        }
        let claimed = self.claims[self.shown..].iter().map(|claim| claim.1).collect();
        self.shown = self.claims.len();
        Some(PublishedView {
            hunt: self.id,
            started: self.started,
            frame: self.frame(now, false, claimed),
            workers: self.watchers.iter().map(|watcher| watcher.0.0).collect(),
            codecs: self.watchers.iter().map(|watcher| watcher.1 as usize).collect(),
        })
    }

    pub fn full_frame(&self, now: u64) -> FrameView {
        self.frame(now, true, self.claims.iter().map(|claim| claim.1).collect())
    }

    fn frame(&self, now: u64, full: bool, changed: BTreeSet<usize>) -> FrameView {
        let tick = self.t(now) / 150;
        let t = tick * 150;
        let quest = &self.quest;
        let ended = self.ended(now);
        let count = quest.waypoints.len() as u64;
        let first = t / quest.waypoint_ms;
        let in_play = (first..first + quest.waypoints_in_play.min(count)).map(|i| i % count);
        let leaders = self.ranking().into_iter().take(3);
        FrameView {
            tick: tick as u32,
            full,
            status: if ended { "ended" } else { "running" }.to_owned(),
            remaining_ms: if ended { 0 } else { (quest.duration_ms - t) as u32 },
            waypoints: in_play
                .map(|index| {
                    let (at, radius) = quest.waypoints[index as usize];
                    (index as u32, [at.x, at.y, at.z, radius])
                })
                .collect(),
            changed: changed
                .into_iter()
                .map(|index| (quest.treasures[index].id.to_string(), self.remaining(index)))
                .collect(),
            leaders: leaders
                .map(|player| {
                    let Player { name, score, .. } = &self.players[player];
                    (player as u32, name.to_string(), *score)
                })
                .collect(),
        }
    }
}

fn square(a: Point, b: Point) -> f64 {
    (b.x - a.x) * (b.x - a.x) + (b.y - a.y) * (b.y - a.y) + (b.z - a.z) * (b.z - a.z)
}
