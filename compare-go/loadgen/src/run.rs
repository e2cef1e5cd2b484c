//! A run, from a plan to an outcome: sets the world up, sends the workers off, and gathers what
//! they count.

use crate::clock::Nanos;
use crate::crew::{Crew, News};
use crate::engine::{End, Interval, Report, Task};
use crate::errors::ErrorKind;
use crate::gather::Gather;
use crate::marks::Marks;
use crate::names;
use crate::outcome::{Ending, Mark, Observer, Outcome, Snapshot};
use crate::plan::{Load, Phase, Plan};
use crate::preflight::{self, CrewSize};
use crate::workload::{self, Job, Pace, Prepared};
use crate::world::{World, WorldError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// From when all workers are told to begin until they do.
const START_IN: Duration = Duration::from_millis(30);
/// How often it is looked whether somebody ends the run.
const LOOK: Duration = Duration::from_millis(50);
/// Workers that say nothing for longer than the run lasts, by this, are lost.
const SILENCE: Duration = Duration::from_secs(5);

/// Ends a run from another thread: what was measured so far is the outcome.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Ends the run.
    pub fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether somebody has.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Why there is no outcome.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It cannot be done as planned; the text has the remedy.
    #[error("{0}")]
    Refused(String),
    /// The world could not be set up.
    #[error(transparent)]
    World(#[from] WorldError),
    /// Connections could not be made.
    #[error("{0}")]
    NotConnected(String),
    /// The system refused what a worker needs, or a worker was lost before it began.
    #[error("{0}")]
    Worker(String),
    /// Somebody ended it before it began.
    #[error("interrupted before the first request")]
    Interrupted,
}

/// Runs a plan, and tells an observer.
///
/// # Errors
/// If it cannot be begun. Once requests are sent, whatever happens is part of the outcome.
pub fn run(plan: &Plan, stop: &Stop, observer: &mut dyn Observer) -> Result<Outcome, RunError> {
    let (crew, prepared) = set_up(plan, stop, observer)?;
    let jobs = prepared.jobs;
    observer.step(&format!("connecting with {}", crew.in_words()));
    let tasks = (0..crew.workers).map(|worker| task(plan, &jobs, worker, crew.workers));
    let tasks: Vec<_> = tasks.collect();
    let ready = tasks.iter().map(|task| (0, task.connections())).collect();
    let mut crew = Crew::send_off(tasks, crew.in_processes)?;
    let connections = connect(plan, stop, observer, &mut crew, ready)?;
    observer.mark(Mark::Connected(connections));
    let start = Nanos::now() + START_IN;
    crew.start_at(start);
    let mut gather = Gather::new(crew.len());
    let marks = Marks::of(plan, start);
    let ending = attend(plan, stop, observer, &mut crew, &mut gather, marks);
    observer.mark(Mark::End);
    crew.dismiss();
    Ok(outcome(plan, &jobs, gather, ending, prepared.notes))
}

/// What a run begins with: the world is set up, and nothing is measured yet.
pub(crate) fn prepare(
    plan: &Plan,
    stop: &Stop,
    observer: &mut dyn Observer,
) -> Result<Prepared, RunError> {
    set_up(plan, stop, observer).map(|(_, prepared)| prepared)
}

fn set_up(
    plan: &Plan,
    stop: &Stop,
    observer: &mut dyn Observer,
) -> Result<(CrewSize, Prepared), RunError> {
    let lanes = workload::lanes(plan).map_err(RunError::Refused)?;
    let crew = preflight::check(plan, &lanes)?;
    let world = World::new(plan)?;
    world.reach()?;
    let prepared = workload::prepare(plan, &lanes, &world, observer)?;
    names::check(&plan.names, &prepared.jobs).map_err(RunError::Refused)?;
    if stop.is_set() { Err(RunError::Interrupted) } else { Ok((crew, prepared)) }
}

fn task(plan: &Plan, jobs: &[Job], worker: u32, workers: u32) -> Task {
    let core = match plan.workers.cores.len() {
        0 => None,
        cores => Some(plan.workers.cores[worker as usize % cores]),
    };
    Task {
        worker,
        jobs: jobs.iter().map(|job| job.share(worker, workers)).collect(),
        warmup: plan.warmup,
        duration: plan.duration,
        grace: plan.grace,
        timeout: plan.timeout,
        seed: plan.seed.wrapping_add(u64::from(worker)),
        fault: plan.fault,
        core,
    }
}

/// Waits until all workers have their connections: `ready` has how many do, of how many. Returns
/// the number of all.
fn connect(
    plan: &Plan,
    stop: &Stop,
    observer: &mut dyn Observer,
    crew: &mut Crew,
    mut ready: Vec<(u64, u64)>,
) -> Result<u64, RunError> {
    let mut waits_for = crew.len();
    let began = Nanos::now();
    let nothing = crate::figures::Figures::default();
    while waits_for > 0 {
        if stop.is_set() {
            return Err(RunError::Interrupted);
        }
        match crew.news(LOOK) {
            None => continue,
            Some((worker, News::Report(Report::Ready { ready: count, .. }))) => {
                ready[worker].0 = count;
            }
            Some((worker, News::Report(Report::Connected))) => {
                waits_for -= 1;
                ready[worker].0 = ready[worker].1;
            }
            Some((_, News::Report(Report::Ended(End::NotConnected(text))))) => {
                return Err(RunError::NotConnected(format!(
                    "{text}; {}",
                    preflight::connect_remedy(plan)
                )));
            }
            Some((_, News::Report(Report::Ended(end)))) => {
                return Err(RunError::Worker(format!("a worker ended: {end:?}")));
            }
            Some((_, News::Lost(text))) => return Err(RunError::Worker(text)),
            Some((_, News::Report(Report::Interval(_)))) => {}
        }
        let sum = ready.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        observer.snapshot(&Snapshot {
            phase: Phase::Connect,
            elapsed: Duration::from_nanos(Nanos::now().since(began)),
            length: None,
            ready: sum,
            second: None,
            figures: &nothing,
        });
    }
    Ok(ready.iter().map(|(_, of)| of).sum())
}

/// Gathers what workers tell until all have ended.
fn attend(
    plan: &Plan,
    stop: &Stop,
    observer: &mut dyn Observer,
    crew: &mut Crew,
    gather: &mut Gather,
    mut marks: Marks,
) -> Ending {
    let mut ending = Ending::Complete;
    let mut told = false;
    let longest = plan.warmup + plan.duration + plan.grace + SILENCE;
    let deadline = Nanos::now() + longest;
    while gather.has_workers() {
        if stop.is_set() && !told {
            told = true;
            crew.stop();
            marks.drop_rest();
        }
        let now = Nanos::now();
        marks.tell(now, observer);
        if now >= deadline {
            crew.abort();
            let text = "a worker did not end in time".to_owned();
            gather.error(ErrorKind::Worker, text.clone());
            return Ending::WorkerLost(text);
        }
        let Some((worker, news)) = crew.news(marks.none_within(now, LOOK)) else { continue };
        match news {
            News::Report(Report::Interval(interval)) => {
                tell(plan, observer, gather, worker, interval);
            }
            News::Report(Report::Ended(end)) => {
                gather.ended(worker);
                ending = worse(ending, of(end));
            }
            News::Lost(text) => {
                gather.error(ErrorKind::Worker, text.clone());
                gather.ended(worker);
                ending = worse(ending, Ending::WorkerLost(text));
            }
            News::Report(Report::Ready { .. } | Report::Connected) => {}
        }
        if ending != Ending::Complete && !told && gather.has_workers() {
            // What one worker met, the others are not measured without.
            told = true;
            crew.stop();
            marks.drop_rest();
        }
    }
    ending
}

fn tell(
    plan: &Plan,
    observer: &mut dyn Observer,
    gather: &mut Gather,
    worker: usize,
    interval: Interval,
) {
    gather.add(worker, interval);
    while gather.next_second().is_some() {
        let Some(second) = gather.shown() else { return };
        let length = match second.phase {
            Phase::Connect => None,
            Phase::Warmup => Some(plan.warmup),
            Phase::Measured => Some(plan.duration),
            Phase::Grace => Some(plan.grace),
        };
        let elapsed_ms = u64::from(second.index) * 1_000 + second.length_ms;
        observer.snapshot(&Snapshot {
            phase: second.phase,
            elapsed: Duration::from_millis(elapsed_ms),
            length,
            ready: (second.ready, gather.connections()),
            second: Some(second),
            figures: gather.measured(),
        });
    }
}

fn of(end: End) -> Ending {
    match end {
        End::Run(ending) => ending,
        End::NotConnected(text) | End::Failed(text) => Ending::WorkerLost(text),
    }
}

/// The ending of all where these are two workers'.
fn worse(one: Ending, other: Ending) -> Ending {
    let rank = |ending: &Ending| match ending {
        Ending::Complete => 0,
        Ending::Interrupted => 1,
        Ending::Exhausted(_) => 2,
        Ending::ServerGone => 3,
        Ending::WorkerLost(_) => 4,
    };
    if rank(&other) > rank(&one) { other } else { one }
}

fn outcome(
    plan: &Plan,
    jobs: &[Job],
    gather: Gather,
    ending: Ending,
    notes: Vec<String>,
) -> Outcome {
    let connections = jobs.iter().map(|job| (job.lane.name.clone(), job.lane.share.count));
    let rate: f64 = jobs
        .iter()
        .map(|job| match job.lane.pace {
            Pace::Open { rate_per_s, .. } => rate_per_s,
            Pace::Never | Pace::Closed => 0.0,
        })
        .sum();
    let (figures, warmup, seconds) = gather.finish();
    let measured_ms: u64 = seconds
        .iter()
        .filter(|second| second.phase == Phase::Measured)
        .map(|second| second.length_ms)
        .sum();
    let measured = match ending {
        Ending::Complete => plan.duration,
        _ => Duration::from_millis(measured_ms),
    };
    Outcome {
        figures,
        warmup,
        seconds,
        rate_per_s: matches!(plan.load, Load::Open { .. }).then_some(rate),
        measured,
        connections: connections.collect(),
        ending,
        notes,
    }
}
