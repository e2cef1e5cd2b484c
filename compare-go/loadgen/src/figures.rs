//! What a run counts. Figures of several workers, and of several seconds, add up to those of the
//! whole; nothing here knows how they are shown.

use crate::errors::{ErrorKind, Errors};
use crate::histogram::{Encoded, Histogram, Quantiles};
use crate::plan::Phase;
use serde::{Deserialize, Serialize};

/// Everything that was counted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// By lane, in the order of the workload.
    pub lanes: Vec<LaneFigures>,
    /// What the generator itself used, by worker.
    pub workers: Vec<WorkerFigures>,
}

/// What one lane counted: connections of one kind, with arrivals of their own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LaneFigures {
    /// Its name.
    pub name: String,
    /// Requests whose intended time has come, sent or not.
    pub due: u64,
    /// What it asks for.
    pub operations: Vec<OperationFigures>,
    /// What it measures besides: delivery latencies, skews.
    pub metrics: Vec<MetricFigures>,
    /// What it counts besides: frames, missed ticks, fresh claims.
    pub counters: Vec<Counter>,
    /// What went wrong.
    pub errors: Errors,
    /// What became of its connections.
    pub connections: ConnectionFigures,
    /// Bytes that it sent.
    pub bytes_sent: u64,
    /// Bytes that came.
    pub bytes_received: u64,
}

/// What was counted of one kind of request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OperationFigures {
    /// Its name.
    pub name: String,
    /// Requests that were sent.
    pub sent: u64,
    /// Whole answers that came, right or wrong.
    pub answered: u64,
    /// Answers that were right.
    pub right: u64,
    /// Requests that got no right answer: wrong, cut off, timed out or never answered.
    pub failed: u64,
    /// From the intended time to the end of the answer, in nanoseconds. A request without an answer
    /// is in it with the time for which it was waited for.
    pub latency: Histogram,
    /// From the intended time to when it was sent, in nanoseconds.
    pub lag: Histogram,
}

/// A measurement besides the latencies of requests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MetricFigures {
    /// Its name; the unit stands last.
    pub name: String,
    /// The values.
    pub values: Histogram,
}

/// A count besides requests and answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// Its name.
    pub name: String,
    /// How many.
    pub count: u64,
}

/// What became of connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionFigures {
    /// Connections that were made.
    pub opened: u64,
    /// Connections that the server ended while nothing was asked of it, as it may.
    pub ended_idle: u64,
    /// Connections that are open now and ready for a request. A gauge: the latest value.
    pub ready: u64,
}

/// What one worker used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerFigures {
    /// Its number, from 0.
    pub worker: u32,
    /// The time that passed.
    pub wall_ns: u64,
    /// The part of it in which it had something to do. Falling asleep and waking is not in it: that
    /// costs CPU time, which is there for work as soon as there is some.
    pub worked_ns: u64,
    /// CPU time of its thread.
    pub cpu_ns: u64,
    /// The part of it in user space, to the ticks (10 ms as a rule) in which the system samples.
    pub user_ns: u64,
    /// For how long it wanted a core and had none.
    pub starved_ns: u64,
    /// Requests that it sent in this time.
    pub sent: u64,
    /// Times that it waited for events.
    pub waits: u64,
    /// Reads from sockets.
    pub reads: u64,
    /// Writes to sockets.
    pub writes: u64,
}

impl Figures {
    /// Adds what other workers, or the same ones in another second, have counted.
    ///
    /// # Panics
    /// If the other ones are of another workload: lanes, operations and metrics are the same in all
    /// workers.
    pub fn add(&mut self, other: &Self) {
        if self.lanes.is_empty() {
            self.lanes.clone_from(&other.lanes);
        } else {
            assert_eq!(self.lanes.len(), other.lanes.len(), "figures of one workload");
            for (lane, other) in self.lanes.iter_mut().zip(&other.lanes) {
                lane.add(other);
            }
        }
        for worker in &other.workers {
            match self.workers.iter_mut().find(|own| own.worker == worker.worker) {
                Some(own) => own.add(worker),
                None => self.workers.push(*worker),
            }
        }
    }

    /// Every operation of every lane, with its lane.
    pub fn operations(&self) -> impl Iterator<Item = (&LaneFigures, &OperationFigures)> {
        self.lanes.iter().flat_map(|lane| lane.operations.iter().map(move |op| (lane, op)))
    }

    /// The latencies of all operations together.
    #[must_use]
    pub fn latency(&self) -> Histogram {
        let mut all = Histogram::default();
        self.operations().for_each(|(_, op)| all.add(&op.latency));
        all
    }

    /// The send lag of all operations together.
    #[must_use]
    pub fn lag(&self) -> Histogram {
        let mut all = Histogram::default();
        self.operations().for_each(|(_, op)| all.add(&op.lag));
        all
    }

    /// The errors of all lanes together.
    #[must_use]
    pub fn errors(&self) -> Errors {
        let mut all = Errors::default();
        self.lanes.iter().for_each(|lane| all.add(&lane.errors));
        all
    }

    /// Requests that were due, sent, answered and rightly answered, of all lanes.
    #[must_use]
    pub fn requests(&self) -> Requests {
        let mut all = Requests::default();
        for (_, op) in self.operations() {
            all.sent += op.sent;
            all.answered += op.answered;
            all.right += op.right;
            all.failed += op.failed;
        }
        all.due = self.lanes.iter().map(|lane| lane.due).sum();
        all
    }

    /// The share of errors in all that was tried: errors / (errors + right answers), or, in a run
    /// that asks nothing, errors / (errors + right broadcasts). None where nothing was tried.
    #[must_use]
    pub fn error_share(&self) -> Option<f64> {
        let errors = self.errors().total();
        let requests = self.requests();
        let right = if requests.sent == 0 { self.heard() } else { requests.right };
        (errors + right > 0).then(|| float(errors) / float(errors + right))
    }

    /// What came unasked and was right: each has a value of the lane's first metric.
    fn heard(&self) -> u64 {
        let firsts = self.lanes.iter().filter_map(|lane| lane.metrics.first());
        firsts.map(|metric| metric.values.count()).sum()
    }

    /// The highest share of its time in which a worker had something to do, 0 to 1: at 1 it could
    /// not have sent more.
    #[must_use]
    pub fn busiest(&self) -> f64 {
        let shares = self.workers.iter().filter(|worker| worker.wall_ns > 0);
        shares.map(|worker| float(worker.worked_ns) / float(worker.wall_ns)).fold(0.0, f64::max)
    }

    /// The highest share of its time for which a worker wanted its core while somebody else than
    /// its fellow workers had it, 0 to 1. Workers take turns at `cores`; 0: they are not bound, and
    /// keep no core from each other.
    #[must_use]
    pub fn starved_by_others(&self, cores: usize) -> f64 {
        let of_others = |worker: &WorkerFigures| {
            let fellows: u64 = self.fellows(worker, cores).map(|fellow| fellow.cpu_ns).sum();
            float(worker.starved_ns.saturating_sub(fellows)) / float(worker.wall_ns)
        };
        let workers = self.workers.iter().filter(|worker| worker.wall_ns > 0);
        workers.map(of_others).fold(0.0, f64::max)
    }

    /// The highest share of the time in which a core of the workers had something of theirs to do,
    /// 0 to 1.
    #[must_use]
    pub fn busiest_core(&self, cores: usize) -> f64 {
        let worked = |worker: &WorkerFigures| worker.worked_ns.saturating_sub(worker.starved_ns);
        let shared = |worker: &WorkerFigures| {
            let fellows = self.fellows(worker, cores).map(worked);
            let worked_ns = fellows.reduce(|a, b| a + b).map(|fellows| fellows + worked(worker));
            float(worked_ns.unwrap_or(worker.worked_ns)) / float(worker.wall_ns)
        };
        let workers = self.workers.iter().filter(|worker| worker.wall_ns > 0);
        workers.map(shared).fold(0.0, f64::max)
    }

    /// The other workers on the core of one.
    fn fellows(&self, of: &WorkerFigures, cores: usize) -> impl Iterator<Item = &WorkerFigures> {
        let core = move |worker: u32| (worker as usize).checked_rem(cores);
        let (own, core_of) = (of.worker, core(of.worker));
        let shares = move |other: &&WorkerFigures| {
            core_of.is_some() && core(other.worker) == core_of && other.worker != own
        };
        self.workers.iter().filter(shares)
    }

    /// CPU time of all workers, in nanoseconds, for each request that was sent; 0 where none was.
    #[must_use]
    pub fn cpu_ns_per_request(&self) -> f64 {
        let sent: u64 = self.workers.iter().map(|worker| worker.sent).sum();
        let cpu_ns: u64 = self.workers.iter().map(|worker| worker.cpu_ns).sum();
        if sent == 0 { 0.0 } else { float(cpu_ns) / float(sent) }
    }

    /// The count of a counter in all lanes; 0 where no lane has it.
    #[must_use]
    pub fn counter(&self, name: &str) -> u64 {
        let counters = self.lanes.iter().flat_map(|lane| &lane.counters);
        counters.filter(|counter| counter.name == name).map(|counter| counter.count).sum()
    }
}

/// Sums over all operations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requests {
    /// Requests whose intended time has come.
    pub due: u64,
    /// Requests that were sent.
    pub sent: u64,
    /// Whole answers.
    pub answered: u64,
    /// Right answers.
    pub right: u64,
    /// Requests that got no right answer.
    pub failed: u64,
}

impl LaneFigures {
    /// Nothing yet, of a lane with these names.
    #[must_use]
    pub fn new(name: &str, operations: &[&str], metrics: &[&str], counters: &[&str]) -> Self {
        let named = |name: &&str| OperationFigures { name: (*name).into(), ..Default::default() };
        let metric = |name: &&str| MetricFigures { name: (*name).into(), ..Default::default() };
        Self {
            name: name.into(),
            operations: operations.iter().map(named).collect(),
            metrics: metrics.iter().map(metric).collect(),
            counters: counters.iter().map(|n| Counter { name: (*n).into(), count: 0 }).collect(),
            ..Self::default()
        }
    }

    fn add(&mut self, other: &Self) {
        assert_eq!(self.name, other.name, "lanes of one workload");
        self.due += other.due;
        for (own, other) in self.operations.iter_mut().zip(&other.operations) {
            own.sent += other.sent;
            own.answered += other.answered;
            own.right += other.right;
            own.failed += other.failed;
            own.latency.add(&other.latency);
            own.lag.add(&other.lag);
        }
        for (own, other) in self.metrics.iter_mut().zip(&other.metrics) {
            own.values.add(&other.values);
        }
        for (own, other) in self.counters.iter_mut().zip(&other.counters) {
            own.count += other.count;
        }
        self.errors.add(&other.errors);
        self.connections.opened += other.connections.opened;
        self.connections.ended_idle += other.connections.ended_idle;
        self.connections.ready = other.connections.ready;
        self.bytes_sent += other.bytes_sent;
        self.bytes_received += other.bytes_received;
    }

    /// The same names and gauges, and nothing counted.
    #[must_use]
    pub fn emptied(&self) -> Self {
        let operation = |op: &OperationFigures| OperationFigures {
            name: op.name.clone(),
            ..OperationFigures::default()
        };
        let metric = |metric: &MetricFigures| MetricFigures {
            name: metric.name.clone(),
            ..MetricFigures::default()
        };
        let counter = |counter: &Counter| Counter { name: counter.name.clone(), count: 0 };
        Self {
            name: self.name.clone(),
            operations: self.operations.iter().map(operation).collect(),
            metrics: self.metrics.iter().map(metric).collect(),
            counters: self.counters.iter().map(counter).collect(),
            connections: ConnectionFigures { ready: self.connections.ready, ..Default::default() },
            ..Self::default()
        }
    }
}

impl OperationFigures {
    /// Counts a request that got no right answer after it was waited for so long.
    pub fn failed_after(&mut self, waited_ns: u64) {
        self.failed += 1;
        self.latency.record(waited_ns);
    }
}

impl WorkerFigures {
    fn add(&mut self, other: &Self) {
        self.wall_ns += other.wall_ns;
        self.worked_ns += other.worked_ns;
        self.cpu_ns += other.cpu_ns;
        self.user_ns += other.user_ns;
        self.starved_ns += other.starved_ns;
        self.sent += other.sent;
        self.waits += other.waits;
        self.reads += other.reads;
        self.writes += other.writes;
    }
}

/// One second of a run, all workers together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Second {
    /// Its number in its phase, from 0.
    pub index: u32,
    /// Whether it counts.
    pub phase: Phase,
    /// When it began, in milliseconds since the Unix epoch.
    pub began_ms: u64,
    /// How long it was; the last one of a phase may be shorter.
    pub length_ms: u64,
    /// Sums over all operations.
    pub requests: Requests,
    /// Errors by kind.
    pub errors: Vec<(ErrorKind, u64)>,
    /// Latencies of all operations that were answered in it.
    pub latency: Quantiles,
    /// Send lag of the requests that were sent in it.
    pub lag: Quantiles,
    /// Latencies by operation, in the order of [`Figures::operations`], for logs.
    pub histograms: Vec<Encoded>,
    /// Requests that were due and not sent at its end.
    pub backlog: u64,
    /// Connections that were ready at its end.
    pub ready: u64,
    /// Counters in the order of the lanes, and values of each metric, likewise.
    pub counters: Vec<Counter>,
    /// Metrics in the order of the lanes.
    pub metrics: Vec<(String, Quantiles)>,
    /// The highest share of it in which a worker had something to do.
    pub busiest: f64,
}

#[expect(clippy::cast_precision_loss, reason = "a share has few digits")]
fn float(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(worker: u32, latencies: &[u64]) -> Figures {
        let mut lane = LaneFigures::new("claims", &["claim"], &["delivery_ns"], &["fresh"]);
        lane.due = latencies.len() as u64;
        for latency in latencies {
            lane.operations[0].sent += 1;
            lane.operations[0].answered += 1;
            lane.operations[0].right += 1;
            lane.operations[0].latency.record(*latency);
            lane.operations[0].lag.record(5);
        }
        lane.counters[0].count = 1;
        lane.metrics[0].values.record(9);
        let sent = latencies.len() as u64;
        let used = WorkerFigures {
            worker,
            wall_ns: 100,
            worked_ns: 40,
            cpu_ns: 50,
            sent,
            ..Default::default()
        };
        Figures { lanes: vec![lane], workers: vec![used] }
    }

    #[test]
    fn workers_and_seconds_add_up() {
        let mut all = Figures::default();
        all.add(&figures(0, &[10, 20]));
        all.add(&figures(1, &[30]));
        all.add(&figures(1, &[40]));
        let requests = all.requests();
        assert_eq!((requests.due, requests.sent, requests.right), (4, 4, 4));
        assert_eq!((all.latency().count(), all.lag().count()), (4, 4));
        assert_eq!(all.counter("fresh"), 3);
        assert_eq!(all.workers.len(), 2);
        assert_eq!(all.workers[1].wall_ns, 200);
        assert!((all.busiest() - 0.4).abs() < 1e-9);
        assert!((all.cpu_ns_per_request() - 150.0 / 4.0).abs() < 1e-9);
    }

    #[test]
    fn workers_that_share_a_core_wait_for_each_other_and_fill_it_together() {
        let worker = |worker: u32, starved_ns: u64| WorkerFigures {
            worker,
            wall_ns: 1_000,
            worked_ns: 500,
            cpu_ns: 300,
            starved_ns,
            ..WorkerFigures::default()
        };
        let figures =
            Figures { workers: vec![worker(0, 200), worker(1, 350)], ..Figures::default() };
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        // Of 350 that the second waited, the first had the core for 300 at most.
        assert!(near(figures.starved_by_others(1), 0.05));
        assert!(near(figures.busiest_core(1), 0.3 + 0.15));
        // With a core each, or none that is known, all of it is others'.
        for cores in [0, 2] {
            assert!(near(figures.starved_by_others(cores), 0.35));
            assert!(near(figures.busiest_core(cores), 0.5));
        }
    }

    #[test]
    fn errors_are_a_share_of_what_was_tried() {
        let mut all = figures(0, &[10, 20, 30]);
        assert_eq!(all.error_share(), Some(0.0));
        all.lanes[0].errors.record(ErrorKind::Reset, String::new);
        assert_eq!(all.error_share(), Some(0.25));
        assert_eq!(Figures::default().error_share(), None);
    }

    #[test]
    fn errors_of_a_run_that_asks_nothing_are_a_share_of_what_it_heard() {
        let mut lane = LaneFigures::new("watchers", &[], &["delivery_ns"], &[]);
        (0..3).for_each(|_| lane.metrics[0].values.record(7));
        lane.errors.record(ErrorKind::Wrong, String::new);
        let all = Figures { lanes: vec![lane], ..Figures::default() };
        assert_eq!(all.error_share(), Some(0.25));
    }

    #[test]
    fn they_come_back_from_json_and_keep_their_names_when_they_are_emptied() {
        let mut all = figures(3, &[10, 20]);
        let text = serde_json::to_string(&all).unwrap();
        assert_eq!(serde_json::from_str::<Figures>(&text).unwrap(), all);
        all.lanes[0].connections.ready = 5;
        let empty = all.lanes[0].emptied();
        let mut named = figures(3, &[]).lanes.remove(0).emptied();
        named.connections.ready = 5;
        assert_eq!(empty, named);
    }
}
