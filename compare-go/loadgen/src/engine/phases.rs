//! How a run goes on: connecting, the warm-up, the time that counts, the grace; and its seconds.

use super::control::{End, Interval, Report};
use super::{Engine, Task, seed_of};
use crate::clock::{NANOS_PER_S, Nanos};
use crate::figures::Figures;
use crate::outcome::Ending;
use crate::plan::Phase;
use std::time::Duration;

/// A run in which no connection is left, and none could be made for so long, has ended.
const GONE: Duration = Duration::from_secs(3);
/// What is outstanding when somebody ends a run is waited for as long, at most.
const INTERRUPTED_GRACE: Duration = Duration::from_secs(2);
/// For how long connections may take to be made, and longer by this for each of them.
const CONNECT: Duration = Duration::from_secs(10);
const CONNECT_EACH: Duration = Duration::from_millis(1);
/// How often it is told how many connections are ready, and looked whether all is answered.
const LOOK_NS: u64 = 50_000_000;

/// Where a run is.
#[derive(Debug)]
pub(super) struct Phases {
    phase: Phase,
    warmup: Duration,
    duration: Duration,
    grace: Duration,
    /// When the present phase ends.
    ends: Nanos,
    /// When the present second began, its number, and when it ends.
    began: Nanos,
    index: u32,
    second_ends: Nanos,
    /// When to look at what changes slowly.
    look: Nanos,
    /// Whether all connections were there, and it was told.
    connected: bool,
    ending: Ending,
}

impl Phases {
    pub(super) fn new(task: &Task) -> Self {
        let now = Nanos::now();
        let connections: u32 = task.jobs.iter().map(|job| job.lane.share.count).sum();
        Self {
            phase: Phase::Connect,
            warmup: task.warmup,
            duration: task.duration,
            grace: task.grace,
            ends: now + CONNECT + CONNECT_EACH * connections,
            began: now,
            index: 0,
            second_ends: Nanos::NEVER,
            look: now,
            connected: false,
            ending: Ending::Complete,
        }
    }

    /// When something changes by itself.
    pub(super) fn next(&self) -> Nanos {
        self.ends.min(self.second_ends)
    }

    fn enter(&mut self, phase: Phase, now: Nanos, ends: Nanos) {
        self.phase = phase;
        self.ends = ends;
        self.index = 0;
        self.began = now;
        self.second_ends = Nanos(now.0 + NANOS_PER_S).min(ends);
    }
}

impl Engine {
    /// Does what is due by the clock. Returns how the run has ended, if it has.
    pub(super) fn turn(&mut self, now: Nanos) -> Option<End> {
        for lane in &mut self.lanes {
            if self.begun {
                lane.count_due(now.min(Nanos(self.phases.ends.0 - 1)));
            }
            lane.turn_due(now, &mut self.shared);
            lane.dial_more(now, &mut self.shared);
        }
        if now >= self.phases.next() || now >= self.phases.look {
            self.phases.look = Nanos(now.0 + LOOK_NS.min(super::SLEEP_MAX_NS));
            return self.look(now);
        }
        None
    }

    fn look(&mut self, now: Nanos) -> Option<End> {
        if self.phases.phase == Phase::Connect {
            return self.connect(now);
        }
        if let Some(exhausted) = self.shared.exhausted.take() {
            self.end_early(now, Ending::Exhausted(exhausted.0), Duration::MAX);
        }
        if self.control.is_stopped() {
            self.end_early(now, Ending::Interrupted, INTERRUPTED_GRACE);
        }
        if self.control.is_aborted() || (self.is_gone(now) && self.phases.phase != Phase::Grace) {
            if !self.control.is_aborted() {
                self.phases.ending = Ending::ServerGone;
            }
            self.cut(now);
            return Some(self.end(now));
        }
        if now >= self.phases.second_ends && now < self.phases.ends {
            self.report_interval(now);
            let ends = Nanos(self.phases.second_ends.0 + NANOS_PER_S);
            self.phases.second_ends = ends.min(self.phases.ends);
        }
        if now >= self.phases.ends {
            return self.next_phase(now);
        }
        let is_over = self.phases.phase == Phase::Grace
            && !self.lanes.iter().any(super::lane::LaneLoop::is_busy);
        is_over.then(|| self.end(now))
    }

    /// Makes connections until all are there, and begins when it is told to.
    fn connect(&mut self, now: Nanos) -> Option<End> {
        self.phases.look = Nanos(now.0 + 1_000_000);
        let (ready, total) = self.readiness();
        if self.control.is_stopped() {
            return Some(End::Run(Ending::Interrupted));
        }
        if self.phases.connected {
            match self.control.start() {
                Some(start) if start <= now => self.begin(start),
                // Not a moment later.
                Some(start) => self.phases.ends = start,
                None => {}
            }
            return None;
        }
        if ready == total {
            self.phases.connected = true;
            // Whoever starts all of them decides for how long it waits for the others.
            self.phases.ends = Nanos::NEVER;
            let _ = self.reports.send(Report::Connected);
        } else if now >= self.phases.ends || self.is_gone(now) {
            return Some(End::NotConnected(self.why_not_connected(ready, total)));
        } else if now >= self.phases.second_ends || self.phases.second_ends == Nanos::NEVER {
            self.phases.second_ends = Nanos(now.0 + 2 * LOOK_NS);
            let _ = self.reports.send(Report::Ready { ready, total });
        }
        None
    }

    fn begin(&mut self, start: Nanos) {
        let end = start + self.phases.warmup + self.phases.duration;
        for (number, lane) in self.lanes.iter_mut().enumerate() {
            lane.begin(start, end, seed_of(!self.seed, number));
            lane.take_figures();
        }
        self.meter.take(&mut self.shared.calls);
        self.begun = true;
        self.shared.asks = true;
        if self.phases.warmup > Duration::ZERO {
            self.phases.enter(Phase::Warmup, start, start + self.phases.warmup);
        } else {
            self.shared.counting.from = start;
            self.phases.enter(Phase::Measured, start, end);
        }
    }

    fn next_phase(&mut self, now: Nanos) -> Option<End> {
        let boundary = self.phases.ends;
        self.report_interval(now);
        match self.phases.phase {
            Phase::Connect | Phase::Warmup => {
                self.shared.counting.from = boundary;
                self.phases.enter(Phase::Measured, boundary, boundary + self.phases.duration);
            }
            Phase::Measured => {
                self.shared.asks = false;
                self.shared.counting.pushes = false;
                self.phases.enter(Phase::Grace, boundary, boundary + self.phases.grace);
            }
            Phase::Grace => return Some(self.end(now)),
        }
        None
    }

    /// Nothing is due any more; what is outstanding is waited for.
    fn end_early(&mut self, now: Nanos, ending: Ending, grace_max: Duration) {
        if self.phases.phase == Phase::Grace {
            return;
        }
        self.phases.ending = ending;
        self.cut(now);
        self.phases.grace = self.phases.grace.min(grace_max);
        self.phases.ends = now;
        if self.phases.phase == Phase::Warmup {
            // Nothing has counted, and nothing will.
            self.phases.phase = Phase::Measured;
            self.shared.counting.from = now;
        }
    }

    fn cut(&mut self, now: Nanos) {
        for lane in &mut self.lanes {
            lane.count_due(now);
            lane.cut(now);
        }
    }

    fn end(&mut self, now: Nanos) -> End {
        let ending = std::mem::replace(&mut self.phases.ending, Ending::Complete);
        self.finish(now, ending)
    }

    /// Sends what was counted since the last time.
    pub(super) fn report_interval(&mut self, now: Nanos) {
        let phases = &mut self.phases;
        let interval = Interval {
            phase: phases.phase,
            index: phases.index,
            length_ns: now.since(phases.began),
            figures: Figures {
                lanes: self.lanes.iter_mut().map(super::lane::LaneLoop::take_figures).collect(),
                workers: vec![self.meter.take(&mut self.shared.calls)],
            },
            backlog: self.lanes.iter().map(super::lane::LaneLoop::backlog).sum(),
        };
        phases.index += 1;
        phases.began = now;
        let _ = self.reports.send(Report::Interval(interval));
    }

    fn readiness(&self) -> (u64, u64) {
        let all = self.lanes.iter().map(super::lane::LaneLoop::readiness);
        all.fold((0, 0), |sum, lane| (sum.0 + lane.0, sum.1 + lane.1))
    }

    /// Whether no connection is left, and none can be made.
    fn is_gone(&self, now: Nanos) -> bool {
        let (attempts, since) = self.shared.failures;
        attempts >= 3
            && now >= since + GONE
            && self.lanes.iter().all(|lane| lane.figures.connections.ready == 0)
    }

    fn why_not_connected(&self, ready: u64, total: u64) -> String {
        let mut text = format!("{ready} of {total} connections could be opened");
        for lane in &self.lanes {
            for (kind, count) in lane.figures.errors.iter() {
                text.push_str(&format!("; {count} times {}", kind.what()));
            }
            if let Some(sample) = lane.figures.errors.samples().first() {
                text.push_str(&format!(" ({})", sample.text));
            }
        }
        text
    }
}
