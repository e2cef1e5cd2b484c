//! What a workload is once its world is set up: lanes, and what is said on each, ready to travel to
//! the workers.

use super::claims::Claims;
use super::entrants::Entrants;
use super::get::Get;
use super::hunt_status::HuntStatus;
use super::joins::Joins;
use super::lane::{Lane, Share};
use super::loot::Loot;
use super::publisher::Publisher;
use super::seam::Traffic;
use super::updates::Updates;
use super::watchers::Watchers;
use serde::{Deserialize, Serialize};

/// A lane and what is said on it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// The connections, and when they ask.
    pub lane: Lane,
    /// What they say.
    pub part: Part,
}

macro_rules! parts {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What is said on a lane. Each workload has one or more of these, in its own module: data
        /// that can be parted by connections and travels as JSON.
        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub enum Part {
            $($(#[$doc])* $name($name),)*
        }

        impl Part {
            /// The share of a worker.
            #[must_use]
            pub fn share(&self, share: Share) -> Self {
                match self {
                    $(Self::$name(plot) => Self::$name(plot.share(share)),)*
                }
            }

            /// Begins.
            #[must_use]
            pub fn start(self, share: Share, seed: u64) -> Box<dyn Traffic> {
                match self {
                    $(Self::$name(plot) => plot.start(share, seed),)*
                }
            }
        }
    };
}

parts! {
    /// Players who open treasures.
    Claims,
    /// The same GET over and over.
    Get,
    /// Loot tables.
    Loot,
    /// Questions for the status of hunts.
    HuntStatus,
    /// Players who join.
    Joins,
    /// Quests that are published, and hunts that are started again with them.
    Publisher,
    /// Players who come into those hunts.
    Entrants,
    /// WebSocket players that only watch.
    Watchers,
    /// WebSocket players that move and use power-ups.
    Updates,
}

/// What every variant of [`Part`] holds.
pub trait Plot: Clone + Serialize {
    /// The share of a worker: what its connections need, and nothing of the others'.
    #[must_use]
    fn share(&self, share: Share) -> Self;

    /// Begins. Everything random in it comes from the seed, which differs from worker to worker.
    fn start(self, share: Share, seed: u64) -> Box<dyn Traffic>;
}

impl Job {
    /// The share of a worker.
    #[must_use]
    pub fn share(&self, worker: u32, workers: u32) -> Self {
        let lane = self.lane.part(worker, workers);
        let part = self.part.share(lane.share);
        Self { lane, part }
    }
}
