//! The workloads by name, and what each is made of.
//!
//! Setting one up gives [`Job`]s: a [`Lane`] and what is said on it. They travel to the workers,
//! each of which has its share and starts a [`Traffic`] from it.

mod broadcast;
mod casting;
mod claims;
mod editions;
mod entrants;
mod get;
mod hot_board;
mod hunt_status;
mod hunts;
mod job;
mod joins;
mod lane;
mod loot;
mod mixed;
mod player;
mod prepare;
mod publisher;
mod quests;
mod reconnect_storm;
mod resolve;
mod responses;
mod seam;
mod slow_readers;
mod socket;
mod sockets;
mod state;
mod treasures;
mod updates;
mod watchers;

pub use claims::Claims;
pub use editions::Edited;
pub use entrants::Entrants;
pub use get::Get;
pub use hunt_status::HuntStatus;
pub use hunts::{Hunt, Hunts, Seat, SessionFacts};
pub use job::{Job, Part, Plot};
pub use joins::Joins;
pub use lane::{Lane, Life, Pace, Reading, Share};
pub use loot::Loot;
pub use prepare::{Prepared, lanes, prepare};
pub use publisher::Publisher;
pub use seam::{Asked, Counting, Exhausted, Heard, Input, Loss, Names, Opening, Traffic, Verdict};
pub use updates::Updates;
pub use watchers::Watchers;

use crate::messages::Encoding;
use serde::{Deserialize, Serialize};
use std::time::Duration;

macro_rules! workloads {
    ($($name:ident = $word:literal, $what:literal;)*) => {
        /// A workload.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Kind {
            $(#[doc = $what] $name,)*
        }

        impl Kind {
            /// Every workload.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The word for it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// What it does, in one line.
            #[must_use]
            pub const fn what(self) -> &'static str {
                match self { $(Self::$name => $what,)* }
            }
        }
    };
}

workloads! {
    Resolve = "resolve", "players open treasures: fresh claims that write the leaderboard";
    Sockets = "sockets", "a mass of idle WebSocket players, and hunt-status beside it";
    State = "state", "moves and power-ups over WebSocket, protobuf";
    Quests = "quests", "large quests are published while hunts broadcast every 150 ms";
    Loot = "loot", "GET /loot, the smallest request that reads the game";
    HotBoard = "hot-board", "one hot hunt: claims, and the leaderboard around each player";
    SlowReaders = "slow-readers", "WebSocket players that read slowly or not at all, beside ones that do";
    ReconnectStorm = "reconnect-storm", "connect, ask, close, at a rate";
    Mixed = "mixed", "everything that a busy evening has, side by side";
    Get = "get", "GET of any path of any server, expecting 200";
}

impl Kind {
    /// The workload of that word.
    ///
    /// # Errors
    /// If there is none; the text names the nearest and lists all.
    pub fn from_name(name: &str) -> Result<Self, String> {
        if let Some(kind) = Self::ALL.iter().find(|kind| kind.name() == name) {
            return Ok(*kind);
        }
        let words: Vec<_> = Self::ALL.iter().map(|kind| kind.name()).collect();
        let nearest = words
            .iter()
            .max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
        let nearest = nearest.copied().unwrap_or_default();
        let all = words.join(", ");
        Err(format!("there is no workload {name:?}; did you mean {nearest}? There are {all}"))
    }
}

/// What a workload leaves open. Where something is not given, the workload has its own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// Hunts that are started.
    pub hunts: Option<u32>,
    /// Players that join, over all hunts.
    pub sessions: Option<u32>,
    /// The target of `get`.
    pub path: Option<String>,
    /// How the messages of WebSocket connections are written.
    pub encoding: Option<Encoding>,
    /// The share of slow readers, 0 to 1.
    pub slow: Option<f64>,
    /// For how long slow readers read nothing.
    pub stall: Option<Duration>,
    /// Quests that are published, a second.
    pub publish_per_s: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workloads_are_found_by_their_words_and_the_nearest_is_named() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_name(kind.name()), Ok(*kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
        let error = Kind::from_name("hotboard").unwrap_err();
        assert!(error.contains("did you mean hot-board?"), "{error}");
    }
}
