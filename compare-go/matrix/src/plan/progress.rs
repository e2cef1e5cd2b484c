//! How far a plan is, from the runs of its bundle: which steps are done, and what is next.

use crate::bundle::Bundle;
use crate::bundle::run::{Purpose, Run};
use crate::bundle::server::ServerState;
use crate::figures::RunFigures;
use crate::plan::search::{self, Next, Tried};
use crate::plan::{Step, Task};
use crate::slo::Slo;

/// How far a step is.
#[derive(Clone, Debug, PartialEq)]
pub enum Status {
    /// Every run of it is there.
    Done,
    /// Its server has no row, so nothing is run.
    LeftOut,
    /// The next of its runs: which attempt it is, what it is for, and the rate that it offers.
    Next {
        /// The number of the run.
        attempt: u32,
        /// What for.
        purpose: Purpose,
        /// At which rate.
        offered_per_s: Option<f64>,
    },
}

impl Status {
    /// Of a step of a bundle. The generator is proven up to `most_per_s`.
    #[must_use]
    pub fn of(bundle: &Bundle, index: u32, step: &Step, most_per_s: f64) -> Self {
        let server = bundle.servers.get(&step.cell.server);
        if server.is_some_and(|server| matches!(server.state, ServerState::LeftOut(_))) {
            return Self::LeftOut;
        }
        let runs: Vec<&Run> = bundle.runs_of(index).collect();
        let attempt = u32::try_from(runs.len() + 1).unwrap_or(u32::MAX);
        let load = &bundle.plan.loads[&step.cell.workload];
        match step.task {
            Task::Measure if runs.is_empty() => {
                let offered_per_s = load.rate_per_s;
                Self::Next { attempt, purpose: Purpose::Measure, offered_per_s }
            }
            Task::Measure => Self::Done,
            Task::Capacity(slo) => {
                let tried: Vec<Tried> = runs.iter().filter_map(|run| tried(run, slo)).collect();
                let start_per_s = load.rate_per_s.unwrap_or(START_PER_S);
                let (purpose, rate) = match search::next(start_per_s, most_per_s, &tried) {
                    Next::Search(rate) => (Purpose::Search(slo), rate),
                    Next::Confirm(rate) => (Purpose::Confirm(slo), rate),
                    Next::Done => return Self::Done,
                };
                Self::Next { attempt, purpose, offered_per_s: Some(rate) }
            }
        }
    }
}

/// Where a search begins of a workload that has no rate.
const START_PER_S: f64 = 1_000.0;

/// What a run of a search came to. One that failed, or is not valid, did not keep the promise.
fn tried(run: &Run, slo: Slo) -> Option<Tried> {
    let rate_per_s = run.offered_per_s?;
    let figures = RunFigures::of(run);
    let kept = figures.is_ok_and(|figures| figures.invalid.is_empty() && figures.keeps(slo));
    Some(Tried { rate_per_s, confirms: matches!(run.purpose, Purpose::Confirm(_)), kept })
}

/// The first step that is not done, with its number; none where all are.
#[must_use]
pub fn first_open(bundle: &Bundle, most_per_s: f64) -> Option<(u32, Step, Status)> {
    (0..).zip(&bundle.plan.steps).find_map(|(index, step)| {
        let status = Status::of(bundle, index, step, most_per_s);
        matches!(status, Status::Next { .. }).then_some((index, *step, status))
    })
}
