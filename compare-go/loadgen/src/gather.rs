//! Puts together what workers have counted: the same second of all of them, and all seconds.

use crate::clock::NANOS_PER_S;
use crate::engine::Interval;
use crate::errors::{ErrorKind, Errors};
use crate::figures::{Figures, Second};
use crate::plan::Phase;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What was told so far.
#[derive(Debug)]
pub(crate) struct Gather {
    /// Which workers are at work.
    working: Vec<bool>,
    /// Seconds of which not all workers have told, in their order.
    open: BTreeMap<(Part, u32), Open>,
    seconds: Vec<Second>,
    /// How many of them were given to an observer.
    shown: usize,
    measured: Figures,
    warmup: Figures,
    /// Errors of the generator itself.
    own: Errors,
}

/// The phases in their order.
type Part = u8;

/// A second of which some workers have told.
#[derive(Debug)]
struct Open {
    phase: Phase,
    figures: Figures,
    /// Connections that are ready, by lane.
    ready: Vec<u64>,
    length_ns: u64,
    backlog: u64,
    told: Vec<usize>,
}

impl Gather {
    pub(crate) fn new(workers: usize) -> Self {
        Self {
            working: vec![true; workers],
            open: BTreeMap::new(),
            seconds: Vec::new(),
            shown: 0,
            measured: Figures::default(),
            warmup: Figures::default(),
            own: Errors::default(),
        }
    }

    pub(crate) fn has_workers(&self) -> bool {
        self.working.contains(&true)
    }

    /// What counts, of all seconds that are over.
    pub(crate) fn measured(&self) -> &Figures {
        &self.measured
    }

    /// Connections that the latest second knows of.
    pub(crate) fn connections(&self) -> u64 {
        self.seconds.iter().map(|second| second.ready).max().unwrap_or(0)
    }

    pub(crate) fn error(&mut self, kind: ErrorKind, text: String) {
        self.own.record(kind, || text);
    }

    /// A worker has told of an interval.
    pub(crate) fn add(&mut self, worker: usize, interval: Interval) {
        let Interval { phase, index, length_ns, figures, backlog } = interval;
        let open = self.open.entry((part(phase), index)).or_insert_with(|| Open {
            phase,
            figures: Figures::default(),
            ready: vec![0; figures.lanes.len()],
            length_ns: 0,
            backlog: 0,
            told: Vec::new(),
        });
        for (ready, lane) in open.ready.iter_mut().zip(&figures.lanes) {
            *ready += lane.connections.ready;
        }
        open.figures.add(&figures);
        open.length_ns = open.length_ns.max(length_ns);
        open.backlog += backlog;
        open.told.push(worker);
        self.settle();
    }

    /// A worker tells nothing more.
    pub(crate) fn ended(&mut self, worker: usize) {
        self.working[worker] = false;
        self.settle();
    }

    /// The second that was shown last.
    pub(crate) fn shown(&self) -> Option<&Second> {
        self.seconds.get(self.shown.checked_sub(1)?)
    }

    /// The next second that nobody was shown.
    pub(crate) fn next_second(&mut self) -> Option<&Second> {
        let second = self.seconds.get(self.shown)?;
        self.shown += 1;
        Some(second)
    }

    /// Closes the seconds of which nobody will tell any more.
    fn settle(&mut self) {
        while let Some(first) = self.open.first_entry() {
            let told = &first.get().told;
            let complete = (0..self.working.len())
                .all(|worker| !self.working[worker] || told.contains(&worker));
            if !complete {
                return;
            }
            let ((_, index), open) = first.remove_entry();
            self.close(index, open);
        }
    }

    fn close(&mut self, index: u32, open: Open) {
        let Open { phase, mut figures, ready, length_ns, backlog, .. } = open;
        for (lane, ready) in figures.lanes.iter_mut().zip(&ready) {
            lane.connections.ready = *ready;
        }
        let length = Duration::from_nanos(length_ns);
        self.seconds.push(second(index, phase, length, &figures, backlog));
        match phase {
            Phase::Connect | Phase::Warmup => self.warmup.add(&figures),
            Phase::Measured => self.measured.add(&figures),
            // What was outstanding counts; the time does not.
            Phase::Grace => {
                figures.workers.clear();
                self.measured.add(&figures);
            }
        }
    }

    /// What counts, what did not yet, and the seconds of both.
    pub(crate) fn finish(mut self) -> (Figures, Figures, Vec<Second>) {
        self.working.fill(false);
        self.settle();
        if let Some(lane) = self.measured.lanes.first_mut() {
            lane.errors.add(&self.own);
        }
        (self.measured, self.warmup, self.seconds)
    }
}

fn part(phase: Phase) -> Part {
    match phase {
        Phase::Connect => 0,
        Phase::Warmup => 1,
        Phase::Measured => 2,
        Phase::Grace => 3,
    }
}

fn second(index: u32, phase: Phase, length: Duration, figures: &Figures, backlog: u64) -> Second {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let began = now.saturating_sub(length);
    let errors = figures.errors();
    let lanes = || figures.lanes.iter();
    let metrics = lanes().flat_map(|lane| &lane.metrics);
    Second {
        index,
        phase,
        began_ms: whole_ms(began),
        length_ms: whole_ms(length),
        requests: figures.requests(),
        errors: errors.iter().collect(),
        latency: figures.latency().quantiles(),
        lag: figures.lag().quantiles(),
        histograms: figures.operations().map(|(_, op)| op.latency.encoded()).collect(),
        backlog,
        ready: lanes().map(|lane| lane.connections.ready).sum(),
        counters: lanes().flat_map(|lane| lane.counters.clone()).collect(),
        metrics: metrics.map(|metric| (metric.name.clone(), metric.values.quantiles())).collect(),
        busiest: figures.busiest(),
    }
}

fn whole_ms(time: Duration) -> u64 {
    // A second that is a little too long or too short is a second.
    let rounded_ns = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX).saturating_add(500_000);
    rounded_ns / (NANOS_PER_S / 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::LaneFigures;

    fn interval(phase: Phase, index: u32, latency: u64) -> Interval {
        let mut lane = LaneFigures::new("a", &["ask"], &[], &["n"]);
        lane.operations[0].right = 1;
        lane.operations[0].latency.record(latency);
        lane.connections.ready = 4;
        lane.counters[0].count = 1;
        let figures = Figures { lanes: vec![lane], workers: Vec::new() };
        Interval { phase, index, length_ns: 1_000_200_000, figures, backlog: 3 }
    }

    #[test]
    fn a_second_is_over_when_all_workers_have_told_of_it() {
        let mut gather = Gather::new(2);
        gather.add(0, interval(Phase::Measured, 0, 10));
        gather.add(0, interval(Phase::Measured, 1, 20));
        assert_eq!(gather.next_second(), None);
        gather.add(1, interval(Phase::Measured, 0, 30));
        let second = gather.next_second().unwrap();
        assert_eq!((second.index, second.ready, second.backlog), (0, 8, 6));
        assert_eq!((second.requests.right, second.length_ms), (2, 1_000));
        assert_eq!(gather.next_second(), None);
        gather.ended(1);
        assert_eq!(gather.next_second().unwrap().index, 1);
        assert!(gather.has_workers());
        gather.ended(0);
        assert!(!gather.has_workers());
    }

    #[test]
    fn the_warm_up_is_apart_and_the_grace_counts() {
        let mut gather = Gather::new(1);
        gather.add(0, interval(Phase::Warmup, 0, 10));
        gather.add(0, interval(Phase::Measured, 0, 20));
        gather.add(0, interval(Phase::Grace, 0, 30));
        gather.error(ErrorKind::Worker, "gone".into());
        let (measured, warmup, seconds) = gather.finish();
        assert_eq!((measured.requests().right, warmup.requests().right), (2, 1));
        assert_eq!(measured.latency().quantiles().min, 20);
        assert_eq!(measured.counter("n"), 2);
        assert_eq!(measured.errors().count(ErrorKind::Worker), 1);
        assert_eq!(measured.lanes[0].connections.ready, 4);
        let phases: Vec<_> = seconds.iter().map(|second| second.phase).collect();
        assert_eq!(phases, [Phase::Warmup, Phase::Measured, Phase::Grace]);
    }
}
