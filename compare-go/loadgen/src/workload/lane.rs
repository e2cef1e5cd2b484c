//! A lane: connections of one kind to one address, with arrivals of their own. A workload is one or
//! more of them, and each worker has a share of each.

use crate::plan::Arrivals;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::time::Duration;

/// A lane, or a worker's share of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lane {
    /// Its name, unique within the workload.
    pub name: String,
    /// Where its connections go.
    pub address: SocketAddr,
    /// How many it has, and which.
    pub share: Share,
    /// When it asks.
    pub pace: Pace,
    /// Requests that one connection may have outstanding, at least 1.
    pub depth: u32,
    /// How its connections read.
    pub reading: Reading,
    /// For how long its connections are kept.
    pub life: Life,
}

/// Which connections of a lane a worker has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// The first one, counted over all workers.
    pub first: u32,
    /// How many.
    pub count: u32,
    /// The worker.
    pub worker: u32,
    /// Of how many.
    pub workers: u32,
}

/// When a lane asks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Pace {
    /// Never: its connections only listen.
    Never,
    /// At a rate of its own.
    Open {
        /// Requests a second of this lane, on all workers together or of this share.
        rate_per_s: f64,
        /// The time between them.
        arrivals: Arrivals,
    },
    /// Whenever a connection has its answer.
    Closed,
}

/// How connections read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reading {
    /// Whatever comes, at once.
    #[default]
    AtOnce,
    /// Nothing for a while, then whatever comes for a while, in turn, as where a network comes and
    /// goes. The receive buffer is as small as the system makes it.
    Stalling {
        /// For how long nothing is read.
        stalls: Duration,
        /// For how long everything is.
        reads: Duration,
    },
}

/// For how long connections are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Life {
    /// For the whole run; one that is lost is made anew.
    #[default]
    Kept,
    /// For one request: made when it is due, closed when it is answered. The latency has both in
    /// it.
    OneRequest,
}

impl Share {
    /// All connections, on one worker.
    #[must_use]
    pub const fn all(count: u32) -> Self {
        Self { first: 0, count, worker: 0, workers: 1 }
    }

    /// The part of the worker number `worker` of `workers`: parts differ by at most one connection.
    ///
    /// # Panics
    /// If this is a part already.
    #[must_use]
    pub fn part(self, worker: u32, workers: u32) -> Self {
        assert!(self.workers == 1 && worker < workers, "the whole is parted once");
        let at = |worker: u32| {
            let product = u64::from(self.count) * u64::from(worker) / u64::from(workers);
            u32::try_from(product).expect("not more than the whole")
        };
        let (first, end) = (at(worker), at(worker + 1));
        Self { first, count: end - first, worker, workers }
    }

    /// The places of these connections among all.
    #[must_use]
    pub fn range(self) -> std::ops::Range<usize> {
        let first = self.first as usize;
        first..first + self.count as usize
    }
}

impl Lane {
    /// A lane that keeps its connections, reads at once, and does not pipeline.
    #[must_use]
    pub fn new(name: &str, address: SocketAddr, connections: u32, pace: Pace) -> Self {
        Self {
            name: name.into(),
            address,
            share: Share::all(connections),
            pace,
            depth: 1,
            reading: Reading::AtOnce,
            life: Life::Kept,
        }
    }

    /// A worker's share of it: of the connections, and of the rate in proportion to them.
    #[must_use]
    pub fn part(&self, worker: u32, workers: u32) -> Self {
        let share = self.share.part(worker, workers);
        let pace = match self.pace {
            Pace::Open { rate_per_s, arrivals } => {
                let part = f64::from(share.count) / f64::from(self.share.count.max(1));
                Pace::Open { rate_per_s: rate_per_s * part, arrivals }
            }
            Pace::Never | Pace::Closed => self.pace,
        };
        Self { share, pace, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_make_up_the_whole() {
        for (count, workers) in [(0, 1), (1, 1), (7, 3), (30_000, 4), (2, 3)] {
            let address = "127.0.0.1:1".parse().unwrap();
            let pace = Pace::Open { rate_per_s: 100.0, arrivals: Arrivals::Constant };
            let lane = Lane::new("a", address, count, pace);
            let parts: Vec<_> = (0..workers).map(|worker| lane.part(worker, workers)).collect();
            let places: Vec<_> = parts.iter().flat_map(|part| part.share.range()).collect();
            assert_eq!(places, (0..count as usize).collect::<Vec<_>>());
            let rate: f64 = parts
                .iter()
                .map(|part| match part.pace {
                    Pace::Open { rate_per_s, .. } => rate_per_s,
                    Pace::Never | Pace::Closed => unreachable!(),
                })
                .sum();
            assert!(count == 0 || (rate - 100.0).abs() < 1e-9);
        }
    }
}
