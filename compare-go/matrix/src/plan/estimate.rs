//! How long a plan takes, before it begins: said so that nobody starts a night's work unknowingly.

use crate::bundle::run::Purpose;
use crate::number::whole;
use crate::plan::search::CONFIRMATIONS;
use crate::plan::{Extent, Load, Plan, Task, loads};

/// To start a server and to end it, and to read and write what came of the run, in seconds.
const START_S: f64 = 0.8;
/// Players who join in a second while a world is set up.
const JOINS_PER_S: f64 = 60_000.0;
/// Connections that are opened in a second, WebSocket handshakes included.
const CONNECTS_PER_S: f64 = 12_000.0;
/// To check a server by the transcripts and to start it some times, in seconds.
const SERVER_S: f64 = 20.0;
/// The proof of the generator, in seconds: a short one, and a whole one.
const PROOF_S: (f64, f64) = (45.0, 150.0);
/// Runs that a search takes before it confirms: the first, and those that begin where it ended.
const SEARCH_RUNS: (f64, f64) = (8.0, 3.5);
/// Short runs in which system calls and allocations are counted, once for each cell, and how long
/// each of them asks, in seconds.
const COUNTS: (f64, f64) = (2.0, 2.0);

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
                Task::Measure => {
                    measuring_s += run_s(load);
                    if step.round == 1 && step.twin.is_none() {
                        let (runs, seconds) = COUNTS;
                        measuring_s += runs * (set_up_s(load) + seconds);
                    }
                }
                Task::Capacity(slo) => {
                    let (first, further) = SEARCH_RUNS;
                    let tries = if step.round == 1 { first } else { further };
                    let runs = tries + crate::number::count(CONFIRMATIONS);
                    searching_s += runs * run_s(&loads::of_run(load, Purpose::Search(slo)));
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

/// One run.
fn run_s(load: &Load) -> f64 {
    set_up_s(load) + crate::number::float(load.warm_up_ms + load.counted_ms) / 1_000.0
}

/// What comes before the load, and after it.
fn set_up_s(load: &Load) -> f64 {
    let joining = f64::from(load.sessions) / JOINS_PER_S;
    START_S + joining + f64::from(load.connections) / CONNECTS_PER_S
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
    fn a_normal_plan_takes_an_evening_and_a_full_one_a_night_or_more() {
        let normal = estimate(Extent::Normal, &[]).total_s();
        assert!((7_200..10_800).contains(&normal), "{normal}");
        assert!(estimate(Extent::Full, &[]).total_s() > 8 * 3_600);
    }

    #[test]
    fn more_takes_longer() {
        let [quick, normal, full] = Extent::ALL.map(|extent| estimate(extent, &[]));
        assert!(quick.total_s() < normal.total_s() && normal.total_s() < full.total_s());
        assert!(estimate(Extent::Normal, &["resolve"]).total_s() < normal.total_s());
    }
}
