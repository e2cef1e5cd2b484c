//! An author at work: large quests are published as next versions, and hunts are started with them.
//!
//! Each quest is published by one request at a time, so its next version is known beforehand.

use super::editions::{Edited, edition_of};
use super::job::Plot;
use super::lane::Share;
use super::responses::{self, Fault, document, hold, judge};
use super::seam::{Exhausted, Heard, Input, Names, Opening, Traffic};
use crate::clock::Nanos;
use crate::http::{Reader, Request, Response};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::time::Duration;

/// Quests that are published, and hunts that are started again with them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Publisher {
    /// The value of the Host field.
    pub host: String,
    /// An admin token.
    pub token: String,
    /// How many quests of a size each connection has: at least as many as it may have requests
    /// outstanding.
    pub quests_per_connection: u32,
    /// Quests of 4,200 waypoints, whose first two versions are published.
    pub small: Vec<Edited>,
    /// As many of 8,500.
    pub large: Vec<Edited>,
    /// Hunts whose first rounds have begun with the second versions, of all `small` ones and then
    /// all `large` ones in turn.
    pub hunts: Vec<String>,
    /// Players who may join each of them.
    pub capacity: u32,
}

impl Plot for Publisher {
    fn share(&self, share: Share) -> Self {
        // The connections' quests, and the hunts that play those.
        let each = self.quests_per_connection as usize;
        let range = share.range();
        let range = range.start * each..range.end * each;
        let all = self.small.len() + self.large.len();
        let is_ours = |place: usize| range.contains(&(place % all % self.small.len()));
        let hunts = self.hunts.iter().enumerate().filter(|(place, _)| is_ours(*place));
        Self {
            hunts: hunts.map(|(_, hunt)| hunt.clone()).collect(),
            small: self.small[range.clone()].to_vec(),
            large: self.large[range].to_vec(),
            ..self.clone()
        }
    }

    fn start(self, share: Share, _seed: u64) -> Box<dyn Traffic> {
        let Self { host, token, small, large, hunts, capacity, .. } = self;
        let sizes = small.len();
        let quests: Vec<_> =
            small.iter().chain(&large).map(|quest| Quest::new(quest, &host, &token)).collect();
        let now = Nanos::now();
        let hunts = hunts.into_iter().enumerate().map(|(place, id)| {
            let quest = place % quests.len();
            Hunt { id, quest, round: 1, over: now + quests[quest].round, busy: false, lost: 0 }
        });
        Box::new(Publishing {
            hunts: hunts.collect(),
            quests,
            sizes,
            host,
            token,
            capacity,
            turn: 0,
            reader: Reader::default(),
            asked: vec![VecDeque::new(); share.count as usize],
        })
    }
}

/// A worker's part.
#[derive(Debug)]
struct Publishing {
    /// First those of 4,200 waypoints, then those of 8,500.
    quests: Vec<Quest>,
    /// How many there are of each size.
    sizes: usize,
    hunts: Vec<Hunt>,
    host: String,
    token: String,
    capacity: u32,
    /// How many requests were chosen.
    turn: usize,
    reader: Reader,
    /// By connection.
    asked: Vec<VecDeque<Asking>>,
}

#[derive(Debug)]
struct Quest {
    id: String,
    waypoints: usize,
    treasures: usize,
    round: Duration,
    /// The requests that publish each edition.
    requests: Vec<Vec<u8>>,
    /// The latest version that is known.
    version: u32,
    /// Publications under way, which are to be none or one.
    busy: u32,
    /// When it was last published, in publications.
    turn: u64,
}

#[derive(Debug)]
struct Hunt {
    id: String,
    quest: usize,
    /// The number of the round that was last begun.
    round: u32,
    /// From when on that round is surely over.
    over: Nanos,
    busy: bool,
    /// Restarts since then of which nobody knows whether they were done.
    lost: u32,
}

/// A request that is not answered yet.
#[derive(Clone, Copy, Debug)]
enum Asking {
    Publish { quest: usize },
    Restart { hunt: usize, version: u32, is_over: bool },
}

/// In turn: one restart for two publications.
pub(super) const OPERATIONS: [&str; 3] = ["publish_4200", "publish_8500", "restart"];
const PUBLISH_SMALL: usize = 0;
const RESTART: usize = 2;

const COUNTERS: [&str; 1] = ["restarts_early"];
/// Restarts of rounds that may not have been over: after the server has stood still.
const RESTARTS_EARLY: usize = 0;

impl Quest {
    fn new(edited: &Edited, host: &str, token: &str) -> Self {
        let target = format!("/v1/quests/{}", edited.id);
        let request = |plan: crate::quest_plan::QuestPlan| {
            Request::new("PUT", &target, host).bearer(token).json(plan.make().document.as_bytes())
        };
        Self {
            id: edited.id.clone(),
            waypoints: edited.first.waypoints,
            treasures: edited.first.treasures,
            round: Duration::from_millis(edited.round_ms.into()),
            requests: edited.editions().map(request).collect(),
            version: 2,
            busy: 0,
            turn: 0,
        }
    }
}

impl Publishing {
    /// The quest of a size that was published the longest time ago.
    fn next_quest(&self, operation: usize) -> Result<usize, Exhausted> {
        let places = match operation {
            PUBLISH_SMALL => 0..self.sizes,
            _ => self.sizes..self.quests.len(),
        };
        let free = places.filter(|place| self.quests[*place].busy == 0);
        free.min_by_key(|place| self.quests[*place].turn).ok_or_else(|| {
            Exhausted("more requests are outstanding than there are quests: use --depth 1".into())
        })
    }

    /// The hunt whose round is over for the longest time.
    fn next_hunt(&self) -> Result<usize, Exhausted> {
        let free = (0..self.hunts.len()).filter(|place| !self.hunts[*place].busy);
        free.min_by_key(|place| self.hunts[*place].over).ok_or_else(|| {
            Exhausted("more requests are outstanding than there are hunts: use --depth 1".into())
        })
    }

    fn restart(&self, hunt: usize, version: u32) -> Vec<u8> {
        let Hunt { id, quest, .. } = &self.hunts[hunt];
        let (quest, capacity) = (&self.quests[*quest].id, self.capacity);
        let body = format!(r#"{{"quest":"{quest}","capacity":{capacity},"version":{version}}}"#);
        let target = format!("/v1/hunts/{id}");
        Request::new("PUT", &target, &self.host).bearer(&self.token).json(body.as_bytes())
    }

    /// Takes in the answer to a publication.
    fn published(&mut self, quest: usize, response: &Response<'_>) -> Result<(), Fault> {
        let quest = &mut self.quests[quest];
        quest.busy -= 1;
        let told: Published<'_> = document(response, &[200])?;
        let version = quest.version + 1;
        hold(told.quest == quest.id && told.version == version, || {
            format!("it must be version {version} of quest {}", quest.id)
        })?;
        quest.version = version;
        let (waypoints, treasures) = (quest.waypoints, quest.treasures);
        hold(told.waypoints == waypoints && told.treasures == treasures, || {
            format!("it must have {waypoints} waypoints and {treasures} treasures")
        })
    }

    /// Takes in the answer to a restart.
    fn restarted(
        &mut self,
        hunt: usize,
        version: u32,
        is_over: bool,
        response: &Response<'_>,
        read: Nanos,
    ) -> Result<(), Fault> {
        let hunt = &mut self.hunts[hunt];
        let quest = &self.quests[hunt.quest];
        hunt.busy = false;
        if !is_over && response.status == 409 {
            return Ok(());
        }
        if response.status == 201 {
            hunt.over = read + quest.round;
        }
        let told: Started<'_> = document(response, if is_over { &[201] } else { &[200, 201] })?;
        let last = hunt.round + std::mem::take(&mut hunt.lost);
        let rounds = match response.status {
            201 => hunt.round + 1..=last + 1,
            _ => hunt.round..=last,
        };
        hunt.round = told.round;
        let capacity = self.capacity;
        hold(told.version == version && told.capacity == capacity, || {
            format!("it must be of version {version}, capacity {capacity}")
        })?;
        hold(rounds.contains(&told.round), || format!("the round must be {rounds:?}"))?;
        hold(told.hunt == hunt.id && told.quest == quest.id, || {
            format!("it must be hunt {} of quest {}", hunt.id, quest.id)
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Published<'a> {
    quest: &'a str,
    version: u32,
    waypoints: usize,
    treasures: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Started<'a> {
    hunt: &'a str,
    quest: &'a str,
    version: u32,
    capacity: u32,
    round: u32,
}

impl Traffic for Publishing {
    fn names(&self) -> Names {
        Names { operations: &OPERATIONS, metrics: &[], counters: &COUNTERS }
    }

    fn open(&mut self, _conn: u32, _out: &mut Vec<u8>) -> Opening {
        Opening::Ready
    }

    fn choose(&mut self) -> usize {
        self.turn += 1;
        (self.turn - 1) % OPERATIONS.len()
    }

    fn request(&mut self, conn: u32, operation: usize, out: &mut Vec<u8>) -> Result<(), Exhausted> {
        let asking = if operation == RESTART {
            let place = self.next_hunt()?;
            let version = self.quests[self.hunts[place].quest].version;
            out.extend_from_slice(&self.restart(place, version));
            let hunt = &mut self.hunts[place];
            hunt.busy = true;
            Asking::Restart { hunt: place, version, is_over: hunt.over < Nanos::now() }
        } else {
            let place = self.next_quest(operation)?;
            let last = self.quests.iter().map(|quest| quest.turn).max();
            let quest = &mut self.quests[place];
            quest.busy += 1;
            quest.turn = last.map_or(0, |last| last + 1);
            let edition = edition_of(quest.version + 1).expect("the first is published");
            out.extend_from_slice(&quest.requests[edition]);
            Asking::Publish { quest: place }
        };
        self.asked[conn as usize].push_back(asking);
        Ok(())
    }

    fn receive(&mut self, conn: u32, input: Input<'_>, heard: &mut Heard<'_>) -> usize {
        let mut reader = std::mem::take(&mut self.reader);
        let used = responses::receive(&mut reader, input, heard, |heard, response| {
            let verdict = match self.asked[conn as usize].pop_front() {
                None => Ok(()),
                Some(Asking::Publish { quest }) => self.published(quest, response),
                Some(Asking::Restart { hunt, version, is_over }) => {
                    heard.count(RESTARTS_EARLY, u64::from(!is_over));
                    self.restarted(hunt, version, is_over, response, heard.at())
                }
            };
            judge(heard, response, verdict);
        });
        self.reader = reader;
        used
    }

    fn closed(&mut self, conn: u32) {
        for asked in self.asked[conn as usize].drain(..) {
            match asked {
                // Whether it was published or not, the same document is the same version next time.
                Asking::Publish { quest } => self.quests[quest].busy -= 1,
                Asking::Restart { hunt, .. } => {
                    let hunt = &mut self.hunts[hunt];
                    hunt.busy = false;
                    hunt.lost += 1;
                    hunt.over = Nanos::now() + self.quests[hunt.quest].round;
                }
            }
        }
    }
}
