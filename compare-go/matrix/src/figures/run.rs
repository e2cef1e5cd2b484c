//! The figures of one run, and why they cannot be trusted where they cannot.

use crate::bundle::generator::{Printed, Requests};
use crate::bundle::observed::Observed;
use crate::bundle::run::{Allocations, Counted, Measured, Outcome, Resident, Run, Span};
use crate::figures::metric::Metric;
use crate::figures::work::{self, Broadcasts};
use crate::number::{count, float};
use crate::slo::{Percentile, Slo};
use crate::statistics::Histogram;
use std::collections::BTreeMap;

/// The largest share of the server's cores that others may have.
pub const OTHERS_MAX: f64 = 0.05;
/// What it takes to wake a core, and to let it sleep again, in nanoseconds: neither idle nor
/// anybody's time. 2.5 us to 3.7 us on a virtual machine with nobody else there, so that a server
/// that sleeps 25,000 times a second would seem to lose 9 % of its core to others.
const WAKE_NS: f64 = 4_000.0;
/// The largest share of all cores that the hypervisor may give to others.
pub const STOLEN_MAX: f64 = 0.02;
/// The largest share of errors with which a rate counts as served.
pub const ERRORS_MAX: f64 = 0.001;
/// The least share of what was due that must be sent for a rate to count as offered.
pub const ACHIEVED_MIN: f64 = 0.99;
/// How reasons begin that are of others on the machine: the generator's checks that it had its core
/// and time to spare, and what the runner saw.
const WAITED: &str = "core: ";
const HEADROOM: &str = "headroom: ";
const OTHERS: &str = "others used the server's cores";
const STOLEN: &str = "the hypervisor gave the cores to others";
/// Ticks that say anything of how CPU time is shared: half a second at 100 a second.
const TICKS_MIN: u64 = 50;

/// The figures of a run.
#[derive(Clone, Debug)]
pub struct RunFigures {
    /// By metric; a figure that is missing says why.
    pub values: BTreeMap<Metric, Observed<f64>>,
    /// Latencies, from the intended time; none where nothing was answered, and in a closed loop.
    pub latency: Option<Histogram>,
    /// Why they cannot be trusted; empty where they can.
    pub invalid: Vec<String>,
    /// The share of what was due that was sent; none in a closed loop.
    pub achieved: Option<f64>,
}

impl RunFigures {
    /// Computes them.
    ///
    /// # Errors
    /// If the run failed, with what it failed by.
    pub fn of(run: &Run) -> Result<Self, String> {
        let measured = match &run.outcome {
            Outcome::Measured(measured) => measured,
            Outcome::Failed(failure) => return Err(failure.to_string()),
        };
        let printed = Printed::read(&measured.generator)?;
        let figures = &printed.outcome.figures;
        let requests = figures.requests();
        let open = printed.outcome.rate_per_s.is_some() && requests.due > 0;
        let achieved = open.then(|| (float(requests.sent) / float(requests.due)).min(1.0));
        let workload = run.cell.workload;
        let broadcasts = Broadcasts::of(workload, figures);
        let closed = work::is_closed(workload, printed.outcome.rate_per_s);
        let latency = work::latencies(workload, figures, broadcasts.as_ref());
        let latency = latency.filter(|_| !closed);
        let mut values = BTreeMap::new();
        let why = if closed { CLOSED } else { NOTHING };
        latencies(&mut values, latency.as_ref(), why);
        answers(&mut values, &printed, closed);
        if work::has_broadcasts(workload) {
            heard(&mut values, broadcasts.as_ref(), printed.outcome.measured.seconds());
        }
        costs(&mut values, measured, work::units(figures));
        memory(&mut values, &measured.resident);
        let invalid = why_invalid(&printed, measured, run.server.cores.len());
        Ok(Self { values, latency, invalid, achieved })
    }

    /// A figure, where there is one.
    #[must_use]
    pub fn value(&self, metric: Metric) -> Option<f64> {
        self.values.get(&metric).and_then(Observed::value).copied()
    }

    /// Whether it is not valid for reasons that are not the server's. A server that is too slow
    /// keeps what is due from being sent, and one that dies ends the run.
    #[must_use]
    pub fn is_disturbed(&self) -> bool {
        const OF_SERVER: [&str; 3] = ["achieved: ", "ending: ", "the run ended early"];
        let of_server = |why: &String| OF_SERVER.iter().any(|begin| why.starts_with(begin));
        !self.invalid.is_empty() && !self.invalid.iter().any(of_server)
    }

    /// Whether it is not valid for the sole reason that others used the cores: neither the server
    /// nor the load could have helped that.
    #[must_use]
    pub fn is_spoilt_by_others(&self) -> bool {
        const OF_OTHERS: [&str; 3] = [WAITED, OTHERS, STOLEN];
        let of_others = |why: &String| OF_OTHERS.iter().any(|begin| why.starts_with(begin));
        !self.invalid.is_empty() && self.invalid.iter().all(of_others)
    }

    /// Whether the rate that was offered kept a promise; none where the run does not tell. Others
    /// on the cores, and a generator that has too much to do, make answers late and never early: a
    /// run that kept the promise beside them counts, and one that broke it says nothing.
    #[must_use]
    pub fn kept(&self, slo: Slo) -> Option<bool> {
        const SLOWER: [&str; 4] = [WAITED, HEADROOM, OTHERS, STOLEN];
        let slower = |why: &String| SLOWER.iter().any(|begin| why.starts_with(begin));
        let keeps = self.keeps(slo);
        if self.invalid.is_empty() {
            Some(keeps)
        } else if self.invalid.iter().all(slower) {
            keeps.then_some(true)
        } else {
            (!self.is_disturbed()).then_some(false)
        }
    }

    /// Whether the rate that was offered was served as a promise has it: what was due was sent,
    /// hardly an error, and the percentile below its bound.
    #[must_use]
    pub fn keeps(&self, slo: Slo) -> bool {
        let below = self.latency.as_ref().and_then(|latency| latency.at(slo.percentile.share()));
        let errors = self.value(Metric::Errors);
        below.is_some_and(|ns| ns < slo.below_ns)
            && errors.is_some_and(|share| share <= ERRORS_MAX)
            && self.achieved.is_none_or(|share| share >= ACHIEVED_MIN)
    }
}

type Values = BTreeMap<Metric, Observed<f64>>;

/// Why there is no latency in a closed loop: a server that is slow is asked less.
const CLOSED: &str = "a closed loop has no times at which requests are meant to be sent";
const NOTHING: &str = "nothing was answered";

fn latencies(values: &mut Values, latency: Option<&Histogram>, why: &str) {
    let told =
        |at: Option<u64>| at.map_or_else(|| Observed::missing(why), |ns| Observed::Is(float(ns)));
    for percentile in Percentile::ALL {
        let at = latency.and_then(|latency| latency.at(percentile.share()));
        values.insert(Metric::Latency(percentile), told(at));
    }
    values.insert(Metric::LatencyMax, told(latency.and_then(Histogram::max)));
    let at = |percentile: Percentile| latency?.at(percentile.share()).map(float);
    let fairness = match (at(Percentile::P99), at(Percentile::P50)) {
        (Some(p99), Some(p50)) if p50 > 0.0 => Observed::Is(p99 / p50),
        _ => Observed::missing(why),
    };
    values.insert(Metric::Fairness, fairness);
}

fn answers(values: &mut Values, printed: &Printed, closed: bool) {
    let figures = &printed.outcome.figures;
    let Requests { right, sent, .. } = figures.requests();
    values.insert(Metric::Rate, per_second(right, printed.outcome.measured.seconds()));
    let errors = float(figures.errors());
    let tried = errors + float(work::units(figures));
    let share = if tried > 0.0 { Observed::Is(errors / tried) } else { nothing() };
    values.insert(Metric::Errors, share);
    let p99 = |of: Option<Histogram>| of.and_then(|of| of.at(Percentile::P99.share()));
    if closed {
        values.insert(Metric::SendLag, Observed::missing(CLOSED));
    } else if sent > 0 {
        let lag = Histogram::merged(figures.operations().map(|operation| &operation.lag));
        values.insert(Metric::SendLag, time(p99(lag)));
    }
    for (metric, of) in
        [(Metric::Status, work::status(figures)), (Metric::Publish, work::publications(figures))]
    {
        if let Some(p99) = p99(of) {
            values.insert(metric, Observed::Is(float(p99)));
        }
    }
}

/// What came of broadcasts.
fn heard(values: &mut Values, broadcasts: Option<&Broadcasts>, seconds: f64) {
    let none = || Observed::missing("no broadcast came");
    let Some(Broadcasts { lag, skew, frames, missed }) = broadcasts else {
        let all = [Metric::Lag, Metric::LagMax, Metric::Skew, Metric::MissedTicks];
        values.extend(all.map(|metric| (metric, none())));
        values.insert(Metric::Deliveries, none());
        return;
    };
    let p99 = |values: &Histogram| values.at(Percentile::P99.share());
    values.insert(Metric::Lag, time(p99(lag)));
    values.insert(Metric::LagMax, time(lag.max()));
    let skew = skew.as_ref().map(|skew| time(p99(skew)));
    let alone = || Observed::missing("no broadcast had a second recipient");
    values.insert(Metric::Skew, skew.unwrap_or_else(alone));
    // Each tick that a recipient was due is one value of the lag, whether its frame came or not.
    let share = float(*missed) / float(lag.count());
    values.insert(Metric::MissedTicks, Observed::Is(share.min(1.0)));
    values.insert(Metric::Deliveries, per_second(*frames, seconds));
}

fn nothing() -> Observed<f64> {
    Observed::missing(NOTHING)
}

fn time(ns: Option<u64>) -> Observed<f64> {
    ns.map_or_else(nothing, |ns| Observed::Is(float(ns)))
}

fn per_second(count: u64, seconds: f64) -> Observed<f64> {
    if seconds > 0.0 {
        Observed::Is(float(count) / seconds)
    } else {
        Observed::missing("no time was measured")
    }
}

fn costs(values: &mut Values, measured: &Measured, units: u64) {
    let (begin, end) = (measured.server.begin, measured.server.end);
    let per_unit = |count: u64| match units {
        0 => Observed::missing("no work was done"),
        units => Observed::Is(float(count) / float(units)),
    };
    let cpu = per_unit(end.cpu_ns - begin.cpu_ns);
    let passed_ns = end.at_ns - begin.at_ns;
    let share = float(end.cpu_ns - begin.cpu_ns) / float(passed_ns.max(1));
    values.insert(Metric::CpuShare, Observed::Is(share));
    let (user, kernel) = (end.user_ticks - begin.user_ticks, end.kernel_ticks - begin.kernel_ticks);
    let part = |ticks: u64| match &cpu {
        Observed::Is(ns) if user + kernel >= TICKS_MIN => {
            Observed::Is(ns * float(ticks) / float(user + kernel))
        }
        Observed::Is(_) => Observed::missing("too little CPU time to tell its parts"),
        Observed::Missing(why) => Observed::missing(why),
    };
    let (in_user, in_kernel) = (part(user), part(kernel));
    values.insert(Metric::CpuUser, in_user);
    values.insert(Metric::CpuKernel, in_kernel);
    values.insert(Metric::Cpu, cpu);
    let switches = end.voluntary_switches - begin.voluntary_switches;
    let taken = end.involuntary_switches - begin.involuntary_switches;
    values.insert(Metric::Switches, per_unit(switches + taken));
    let calls = |counted: &Counted| float(counted.count) / float(counted.units);
    values.insert(Metric::SystemCalls, map(&measured.system_calls, calls));
    let asked = |part: fn(&Allocations) -> u64| {
        map(&measured.allocations, |counted| float(part(counted)) / float(counted.units))
    };
    values.insert(Metric::Allocations, asked(|counted| counted.requests));
    values.insert(Metric::Allocated, asked(|counted| counted.bytes));
    values.insert(Metric::Scheduling, map(&measured.scheduling, |waits| float(waits.p99_ns)));
    values.insert(Metric::Collections, map(&measured.collections, |waits| float(waits.max_ns)));
}

fn memory(values: &mut Values, resident: &Resident) {
    values.insert(Metric::Resident, Observed::Is(float(resident.steady_bytes)));
    values.insert(Metric::ResidentPeak, Observed::Is(float(resident.peak_bytes)));
    let per_connection = match (&resident.connected_bytes, resident.connections) {
        (Observed::Missing(why), _) => Observed::missing(why),
        (_, 0) => Observed::missing("nobody was connected"),
        (Observed::Is(connected), connections) => {
            let grown = connected.saturating_sub(resident.started_bytes);
            Observed::Is(float(grown) / float(connections))
        }
    };
    values.insert(Metric::PerConnection, per_connection);
}

fn map<T>(observed: &Observed<T>, figure: impl Fn(&T) -> f64) -> Observed<f64> {
    match observed {
        Observed::Is(value) => Observed::Is(figure(value)),
        Observed::Missing(why) => Observed::missing(why),
    }
}

/// What the generator found of itself, and what the runner saw of the machine.
fn why_invalid(printed: &Printed, measured: &Measured, server_cores: usize) -> Vec<String> {
    let mut why = Vec::new();
    if !printed.outcome.is_complete() {
        why.push(format!("the run ended early: {}", printed.outcome.ending));
    }
    let failed = printed.validity.checks.iter().filter(|check| !check.held);
    why.extend(failed.map(|check| format!("{}: {}", check.name, check.text)));
    let stolen = measured.machine.stolen;
    let others = others(measured, server_cores);
    for (share, max, what) in [(others, OTHERS_MAX, OTHERS), (stolen, STOLEN_MAX, STOLEN)] {
        if share > max {
            let (share, max) = (share * 100.0, max * 100.0);
            why.push(format!("{what} for {share:.1} % of the time (at most {max:.0} %)"));
        }
    }
    why
}

/// The share of the server's cores that others had: what neither it nor the idle loop had, less
/// what its own waking takes.
fn others(measured: &Measured, server_cores: usize) -> f64 {
    let Span { begin, end } = measured.server;
    let woken = end.voluntary_switches.saturating_sub(begin.voluntary_switches);
    let all_ns = float(end.at_ns.saturating_sub(begin.at_ns)) * count(server_cores);
    let waking = float(woken) * WAKE_NS / all_ns.max(1.0);
    (measured.machine.others_on_server_cores - waking).max(0.0)
}
