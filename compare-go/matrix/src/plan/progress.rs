//! How far a plan is, from the runs of its bundle: which steps are done, and what is next.

use crate::bundle::Bundle;
use crate::bundle::run::{Outcome, Purpose, Run};
use crate::bundle::server::ServerState;
use crate::cell::Cell;
use crate::figures::capacity::capacity;
use crate::figures::{Metric, RunFigures};
use crate::number::{count, float};
use crate::plan::search::{self, Next, Tried};
use crate::plan::{Step, Task, loads};
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
            Task::Measure if is_measured(&runs) => Self::Done,
            Task::Measure => {
                let offered_per_s = load.rate_per_s;
                Self::Next { attempt, purpose: Purpose::Measure, offered_per_s }
            }
            Task::Capacity(slo) => {
                let tried = all_tried(&runs, slo);
                let start_per_s = start_per_s(bundle, index, step);
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

/// Where a search begins of a workload that has no rate and of which nothing is known.
const START_PER_S: f64 = 1_000.0;
/// The share of the cores, and of the rate of a closed loop, at which a server is expected to break
/// its promise.
const SATURATED: f64 = 0.9;
/// Runs of a search that may be tried again since something disturbed them; what does not get
/// quieter counts as not kept.
const DISTURBED_MAX: usize = 6;
/// Further runs of a load of which each was spoilt by others on the machine.
pub const MEASURED_AGAIN_MAX: u32 = 2;

/// Whether a load needs no further run. One that counts, or that is the server's own doing, is
/// never made again, so that nobody chooses among results.
fn is_measured(runs: &[&Run]) -> bool {
    let Some(last) = runs.last() else { return false };
    last.attempt > MEASURED_AGAIN_MAX
        || !RunFigures::of(last).is_ok_and(|figures| figures.is_spoilt_by_others())
}

/// Where a search begins: at what an earlier round came to, at what the search for another promise
/// came to, near what a closed loop came to, at what the CPU time of a measured load implies, or at
/// that load. Only steps before this one are looked at: all of them are done, so that an
/// interrupted search goes on as it began.
fn start_per_s(bundle: &Bundle, index: u32, step: &Step) -> f64 {
    let before = |cell: Cell| {
        let steps = (0..index).zip(&bundle.plan.steps).rev();
        steps.filter(move |(_, of)| of.cell == cell)
    };
    let earlier = || before(step.cell);
    let found = |same: bool| {
        earlier().find_map(|(at, of)| match of.task {
            Task::Capacity(slo) if (of.task == step.task) == same => found(bundle, at, slo),
            Task::Capacity(_) | Task::Measure => None,
        })
    };
    let implied = || {
        let mut measured = earlier().filter(|(_, of)| of.task == Task::Measure);
        measured.find_map(|(at, _)| bundle.runs_of(at).find_map(|run| implied(bundle, run)))
    };
    let saturated = || {
        let workload = loads::closed(step.cell.workload)?;
        let runs = before(Cell { workload, ..step.cell }).flat_map(|(at, _)| bundle.runs_of(at));
        let mut rates = runs.filter_map(|run| RunFigures::of(run).ok()?.value(Metric::Rate));
        Some(rates.next()? * SATURATED)
    };
    let load = &bundle.plan.loads[&step.cell.workload];
    let start = found(true).or_else(|| found(false)).or_else(saturated).or_else(implied);
    start.or(load.rate_per_s).unwrap_or(START_PER_S)
}

/// What a search came to.
fn found(bundle: &Bundle, index: u32, slo: Slo) -> Option<f64> {
    let figures: Vec<(&Run, RunFigures)> =
        bundle.runs_of(index).filter_map(|run| Some((run, RunFigures::of(run).ok()?))).collect();
    let runs: Vec<(&Run, &RunFigures)> =
        figures.iter().map(|(run, figures)| (*run, figures)).collect();
    capacity(slo, &runs).value().copied()
}

/// The rate at which a server would use up its cores, if each further unit of work took as much CPU
/// time as one did on the average.
fn implied(bundle: &Bundle, run: &Run) -> Option<f64> {
    let Outcome::Measured(measured) = &run.outcome else { return None };
    let each_ns = RunFigures::of(run).ok()?.value(Metric::Cpu).filter(|ns| *ns > 0.0)?;
    let (begin, end) = (measured.server.begin, measured.server.end);
    let (cpu, time) = (end.cpu_ns.checked_sub(begin.cpu_ns)?, end.at_ns.checked_sub(begin.at_ns)?);
    let cores = count(bundle.environment.cores.server.len());
    let spare = SATURATED * cores - float(cpu) / float(time.max(1));
    let rate_per_s = run.offered_per_s? + spare.max(0.0) * 1e9 / each_ns;
    rate_per_s.is_finite().then_some(rate_per_s)
}

/// What the runs of a search came to. One that failed did not keep the promise, nor one that the
/// server spoilt; what something else disturbed so that it says nothing is tried again.
fn all_tried(runs: &[&Run], slo: Slo) -> Vec<Tried> {
    let mut disturbed = 0;
    let mut tried = Vec::new();
    for run in runs {
        let Some(rate_per_s) = run.offered_per_s else { continue };
        let confirms = matches!(run.purpose, Purpose::Confirm(_));
        let figures = RunFigures::of(run);
        let kept = figures.as_ref().map_or(Some(false), |figures| figures.kept(slo));
        // The capacity is made of confirmations alone, and they must be valid.
        let valid = figures.is_ok_and(|figures| figures.invalid.is_empty());
        let tells = kept == Some(false) || (kept == Some(true) && (valid || !confirms));
        if !tells && disturbed < DISTURBED_MAX {
            disturbed += 1;
            continue;
        }
        let kept = kept.unwrap_or(false);
        tried.push(Tried { rate_per_s, confirms, kept });
    }
    tried
}

/// The first step that is not done, with its number; none where all are.
#[must_use]
pub fn first_open(bundle: &Bundle, most_per_s: f64) -> Option<(u32, Step, Status)> {
    (0..).zip(&bundle.plan.steps).find_map(|(index, step)| {
        let status = Status::of(bundle, index, step, most_per_s);
        matches!(status, Status::Next { .. }).then_some((index, *step, status))
    })
}
