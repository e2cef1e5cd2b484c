//! The figures of a run that are read most, taken from everything that was counted.

use crate::figures::{Figures, OperationFigures, Requests};
use crate::histogram::{Histogram, Quantiles};
use crate::outcome::Outcome;
use crate::plan::Phase;
use crate::slo::Figure;
use serde::{Deserialize, Serialize};

/// The figures of a run. Latencies and send lags are in nanoseconds and begin at the intended send
/// time; shares are of one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Of each operation, in the order of the workload.
    pub operations: Vec<OperationSummary>,
    /// Latencies of all operations.
    pub latency: Quantiles,
    /// Send lag of all operations.
    pub lag: Quantiles,
    /// Sums over all operations.
    pub requests: Requests,
    /// For how long it was measured, in seconds.
    pub measured_s: f64,
    /// Right answers a second.
    pub rate_per_s: f64,
    /// Requests that were sent among those that were due; none in a closed loop.
    pub achieved: Option<f64>,
    /// Errors of all kinds.
    pub errors: u64,
    /// Errors among everything that was tried.
    pub error_share: f64,
    /// The highest share of the time in which a worker of the generator had something to do.
    pub busiest: f64,
    /// The highest share of the time for which a worker wanted its core and had it not.
    pub starved: f64,
    /// CPU time of the generator for each request.
    pub cpu_ns_per_request: f64,
}

/// The figures of one kind of request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OperationSummary {
    /// The kind of connection that asks.
    pub lane: String,
    /// The kind of request.
    pub name: String,
    /// Requests that were sent.
    pub sent: u64,
    /// Right answers.
    pub right: u64,
    /// Requests without a right answer.
    pub failed: u64,
    /// Right answers a second.
    pub rate_per_s: f64,
    /// Latencies.
    pub latency: Quantiles,
    /// Send lag.
    pub lag: Quantiles,
}

impl Summary {
    /// Sums up.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Self {
        let figures = &outcome.figures;
        let measured_s = outcome.measured.as_secs_f64();
        let per_s = |count: u64| if measured_s > 0.0 { float(count) / measured_s } else { 0.0 };
        let operations = figures.operations().map(|(lane, op)| OperationSummary {
            lane: lane.name.clone(),
            name: op.name.clone(),
            sent: op.sent,
            right: op.right,
            failed: op.failed,
            rate_per_s: per_s(op.right),
            latency: op.latency.quantiles(),
            lag: op.lag.quantiles(),
        });
        let requests = figures.requests();
        Self {
            operations: operations.collect(),
            latency: figures.latency().quantiles(),
            lag: figures.lag().quantiles(),
            requests,
            measured_s,
            rate_per_s: per_s(requests.right),
            achieved: achieved(outcome),
            errors: figures.errors().total(),
            error_share: figures.error_share().unwrap_or(0.0),
            busiest: figures.busiest(),
            starved: starved(figures),
            cpu_ns_per_request: figures.cpu_ns_per_request(),
        }
    }
}

/// A figure, for an objective: of a kind of request, of a metric of the workload, or of the run.
/// None where nothing was counted that would tell it.
#[must_use]
pub fn look(outcome: &Outcome, summary: &Summary, of: Option<&str>, figure: Figure) -> Option<f64> {
    let figures = &outcome.figures;
    let Some(name) = of else {
        return match figure {
            Figure::Errors => figures.error_share(),
            Figure::Achieved => summary.achieved,
            Figure::Rate => Some(summary.rate_per_s),
            Figure::Lag(_) | Figure::LagMax => value(&figures.lag(), figure),
            _ => value(&figures.latency(), figure),
        };
    };
    let mut values = Histogram::default();
    for lane in &figures.lanes {
        let metrics = lane.metrics.iter().filter(|metric| is(name, &lane.name, &metric.name));
        metrics.for_each(|metric| values.add(&metric.values));
    }
    if !values.is_empty() {
        return value(&values, figure);
    }
    let found: Vec<&OperationFigures> = figures
        .operations()
        .filter(|(lane, op)| is(name, &lane.name, &op.name))
        .map(|(_, op)| op)
        .collect();
    let right: u64 = found.iter().map(|op| op.right).sum();
    let failed: u64 = found.iter().map(|op| op.failed).sum();
    match figure {
        Figure::Errors => (right + failed > 0).then(|| float(failed) / float(right + failed)),
        Figure::Rate => (summary.measured_s > 0.0).then(|| float(right) / summary.measured_s),
        Figure::Lag(_) | Figure::LagMax => {
            found.iter().for_each(|op| values.add(&op.lag));
            value(&values, figure)
        }
        _ => {
            found.iter().for_each(|op| values.add(&op.latency));
            value(&values, figure)
        }
    }
}

/// Whether something is meant by `wanted`: by its name, or by that behind the name of its lane.
pub(crate) fn is(wanted: &str, lane: &str, name: &str) -> bool {
    wanted == name || wanted.split_once('/') == Some((lane, name))
}

/// A figure of one histogram.
fn value(histogram: &Histogram, figure: Figure) -> Option<f64> {
    if histogram.is_empty() {
        return None;
    }
    match figure {
        Figure::Latency(quantile) | Figure::Lag(quantile) => Some(float(histogram.at(quantile))),
        Figure::LatencyMax | Figure::LagMax => Some(float(histogram.quantiles().max)),
        Figure::LatencyMean => Some(histogram.quantiles().mean),
        Figure::Errors | Figure::Achieved | Figure::Rate => None,
    }
}

/// What was sent while it counted, of what became due then. What was sent afterwards was not
/// achieved.
fn achieved(outcome: &Outcome) -> Option<f64> {
    outcome.rate_per_s?;
    let seconds = || outcome.seconds.iter().filter(|second| second.phase == Phase::Measured);
    let due: u64 = seconds().map(|second| second.requests.due).sum();
    let sent: u64 = seconds().map(|second| second.requests.sent).sum();
    (due > 0).then(|| (float(sent) / float(due)).min(1.0))
}

fn starved(figures: &Figures) -> f64 {
    let workers = figures.workers.iter().filter(|worker| worker.wall_ns > 0);
    let shares = workers.map(|worker| float(worker.starved_ns) / float(worker.wall_ns));
    shares.fold(0.0, f64::max)
}

#[expect(clippy::cast_precision_loss, reason = "a figure has few digits")]
pub(crate) fn float(value: u64) -> f64 {
    value as f64
}
