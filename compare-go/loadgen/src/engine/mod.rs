//! The event loop of a worker: one thread on one core, thousands of connections, and a clock.
//!
//! It sleeps until the next request is due or something has come, to the nanosecond and without
//! spinning, so that the CPU time it uses tells how much it could still do. A request that is due
//! takes the connection that has been idle for longest; where none is, it waits and keeps its
//! intended time. The time of an answer is taken right after the read that completed it.

mod conn;
mod control;
mod lane;
mod meter;
mod phases;
mod shared;
mod socket_events;
mod sweep;

pub use control::{Control, End, Interval, Report};

use crate::clock::{NANOS_PER_S, Nanos};
use crate::outcome::Ending;
use crate::plan::Fault;
use crate::workload::{Job, Life};
use conn::Place;
use lane::{Asking, LaneLoop};
use meter::Meter;
use phases::Phases;
use rustix::event::Timespec;
use rustix::event::epoll::{self, Event};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use shared::Shared;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;
use sweep::Sweep;

/// Events that are taken from the system at once: few, so that requests are sent in between.
const EVENTS: usize = 64;
/// Requests of one lane that are sent before something else has its turn.
const BURST: u32 = 32;
/// A wait that was shorter was a question to the system, and no sleep.
const NO_SLEEP_NS: u64 = 2_000;
/// The longest sleep: what no event tells of is looked at as often.
const SLEEP_MAX_NS: u64 = 10_000_000;

/// What an engine is to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Task {
    /// The worker that it is.
    pub worker: u32,
    /// Its share of the workload.
    pub jobs: Vec<Job>,
    /// For how long requests do not count.
    pub warmup: Duration,
    /// For how long they do.
    pub duration: Duration,
    /// For how long answers are waited for after that.
    pub grace: Duration,
    /// For how long one answer is waited for.
    pub timeout: Duration,
    /// Everything random comes from it.
    pub seed: u64,
    /// What it is to do wrong.
    pub fault: Fault,
    /// The core on which it stays.
    pub core: Option<usize>,
}

impl Task {
    /// Connections that are made before requests are due.
    pub(crate) fn connections(&self) -> u64 {
        let kept = self.jobs.iter().filter(|job| job.lane.life == Life::Kept);
        kept.map(|job| u64::from(job.lane.share.count)).sum()
    }
}

/// A worker's loop.
#[derive(Debug)]
pub struct Engine {
    lanes: Vec<LaneLoop>,
    shared: Shared,
    phases: Phases,
    meter: Meter,
    sweep: Sweep,
    control: Arc<Control>,
    reports: Sender<Report>,
    seed: u64,
    /// Whether requests are due.
    begun: bool,
}

/// Does a task on the calling thread, and reports; the last report is that it has ended.
pub fn run(task: Task, control: Arc<Control>, reports: Sender<Report>) {
    let last = reports.clone();
    let end = match Engine::new(task, control, reports) {
        Ok(mut engine) => match engine.run() {
            Ok(end) => end,
            Err(error) => End::Failed(format!("the event loop failed: {error}")),
        },
        Err(error) => End::Failed(format!("the event loop cannot start: {error}")),
    };
    // Whoever does not listen any more does not miss it.
    let _ = last.send(Report::Ended(end));
}

impl Engine {
    fn new(task: Task, control: Arc<Control>, reports: Sender<Report>) -> rustix::io::Result<Self> {
        assert!(task.jobs.len() <= conn::LANES_MAX, "lanes are few");
        if let Some(core) = task.core {
            let mut cores = rustix::thread::CpuSet::new();
            cores.set(core);
            rustix::thread::sched_setaffinity(None, &cores)?;
        }
        // As a rule the system may wake a thread 50 us late, to save power.
        rustix::thread::set_current_timer_slack(NonZeroU64::new(1))?;
        let shared = Shared::new(task.fault, crate::clock::nanos(task.timeout))?;
        let phases = Phases::new(&task);
        let sweep = Sweep::new(task.timeout);
        let lanes = task.jobs.into_iter().enumerate();
        let lanes = lanes
            .map(|(number, job)| LaneLoop::new(number, job, seed_of(task.seed, number)))
            .collect();
        let meter = Meter::new(task.worker);
        let seed = task.seed;
        Ok(Self { lanes, shared, phases, meter, sweep, control, reports, seed, begun: false })
    }

    fn run(&mut self) -> rustix::io::Result<End> {
        let mut events: Vec<Event> = Vec::with_capacity(EVENTS);
        let mut woke = Nanos::now();
        loop {
            let now = Nanos::now();
            if let Some(end) = self.turn(now) {
                return Ok(end);
            }
            self.sweep.look(now, &mut self.lanes, &mut self.shared);
            let asking = if self.begun { self.ask_due() } else { Asking::Done };
            let slept = Nanos::now();
            let timeout = match asking {
                Asking::More => Timespec { tv_sec: 0, tv_nsec: 0 },
                Asking::Done => self.sleep(slept),
            };
            self.shared.calls.worked_ns += slept.since(woke);
            events.clear();
            self.shared.calls.waits += 1;
            let buffer = rustix::buffer::spare_capacity(&mut events);
            match epoll::wait(&self.shared.epoll, buffer, Some(&timeout)) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error),
            }
            woke = Nanos::now();
            if woke.since(slept) < NO_SLEEP_NS {
                woke = slept;
            }
            for event in &events {
                let place = Place::of(event.data);
                self.lanes[place.lane].event(place, event.flags, &mut self.shared);
            }
        }
    }

    fn ask_due(&mut self) -> Asking {
        let mut asking = Asking::Done;
        for lane in &mut self.lanes {
            if let Asking::More = lane.ask_due(BURST, &mut self.shared) {
                asking = Asking::More;
            }
        }
        asking
    }

    /// For how long there is nothing to do but to listen.
    fn sleep(&self, now: Nanos) -> Timespec {
        let due = self.lanes.iter().map(|lane| {
            let next = if self.begun { lane.next() } else { Nanos::NEVER };
            next.min(lane.next_turn())
        });
        let next = due.min().unwrap_or(Nanos::NEVER).min(self.phases.next());
        let nanos = next.since(now).min(SLEEP_MAX_NS);
        debug_assert!(nanos < NANOS_PER_S, "less than a second");
        Timespec { tv_sec: 0, tv_nsec: i64::try_from(nanos).expect("less than a second") }
    }

    /// Ends with what is not answered.
    fn finish(&mut self, now: Nanos, ending: Ending) -> End {
        for lane in &mut self.lanes {
            lane.count_due(now);
            lane.finish(now, &self.shared);
        }
        self.report_interval(now);
        End::Run(ending)
    }
}

/// Lanes that draw from one seed do not draw the same.
fn seed_of(seed: u64, lane: usize) -> u64 {
    fastrand::Rng::with_seed(seed ^ (lane as u64) << 48).u64(..)
}
