//! How long a plan takes, before it begins: said so that nobody starts a night's work unknowingly.

use crate::number::whole;
use crate::plan::search::CONFIRMATIONS;
use crate::plan::{Extent, Load, Plan, Task};

/// To start a server and to end it, in seconds.
const START_S: f64 = 1.0;
/// Players who join in a second while a world is set up.
const JOINS_PER_S: f64 = 20_000.0;
/// Connections that are opened in a second.
const CONNECTS_PER_S: f64 = 5_000.0;
/// To check a server by the transcripts and to start it some times, in seconds.
const SERVER_S: f64 = 15.0;
/// The proof of the generator, in seconds: a short one, and a whole one.
const PROOF_S: (f64, f64) = (45.0, 150.0);
/// Runs that a search takes as a rule before it confirms.
const SEARCH_RUNS: f64 = 7.0;
/// The counted time of a run of a search, as a share of that of the load.
pub const SEARCH_SHARE: f64 = 0.5;

/// How long, by part, in seconds; building is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// Servers are checked and started, and the generator proves itself.
    pub before_s: u64,
    /// Loads are measured.
    pub measuring_s: u64,
    /// Capacities are searched for.
    pub searching_s: u64,
}

impl Estimate {
    /// Of a plan.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let (short, long) = PROOF_S;
        let proof_s = if plan.extent == Extent::Quick { short } else { long };
        let servers = crate::number::count(plan.servers.len());
        let (mut measuring_s, mut searching_s) = (0.0, 0.0);
        for step in &plan.steps {
            let load = &plan.loads[&step.cell.workload];
            match step.task {
                Task::Measure => measuring_s += run_s(load, 1.0),
                Task::Capacity(_) => {
                    let runs = SEARCH_RUNS + crate::number::count(CONFIRMATIONS);
                    searching_s += runs * run_s(load, SEARCH_SHARE);
                }
            }
        }
        Self {
            before_s: whole(servers * SERVER_S + proof_s),
            measuring_s: whole(measuring_s),
            searching_s: whole(searching_s),
        }
    }

    /// All of it.
    #[must_use]
    pub const fn total_s(self) -> u64 {
        self.before_s + self.measuring_s + self.searching_s
    }
}

/// One run, of which this share of the load's time is counted.
fn run_s(load: &Load, share: f64) -> f64 {
    let set_up =
        f64::from(load.sessions) / JOINS_PER_S + f64::from(load.connections) / CONNECTS_PER_S;
    let counted = crate::number::float(load.counted_ms) / 1_000.0 * share;
    START_S + set_up + crate::number::float(load.warm_up_ms) / 1_000.0 + counted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::make::{Capacities, Wanted};

    fn estimate(extent: Extent, filters: &[&str]) -> Estimate {
        let filters = filters.iter().map(|text| text.parse().unwrap()).collect();
        let wanted =
            Wanted { extent, filters, rounds: None, capacities: Capacities::Leading, seed: 1 };
        Estimate::of(&Plan::make(&wanted).unwrap())
    }

    #[test]
    fn a_quick_plan_takes_less_than_six_minutes() {
        let quick = estimate(Extent::Quick, &[]);
        assert!(quick.total_s() < 360, "{quick:?}");
        assert_eq!(quick.searching_s, 0);
    }

    #[test]
    fn more_takes_longer() {
        let [quick, normal, full] = Extent::ALL.map(|extent| estimate(extent, &[]));
        assert!(quick.total_s() < normal.total_s() && normal.total_s() < full.total_s());
        assert!(estimate(Extent::Normal, &["resolve"]).total_s() < normal.total_s());
    }
}
