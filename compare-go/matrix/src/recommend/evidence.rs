//! What a bundle knows of the rate that a server serves while it keeps a promise.

use crate::bundle::Bundle;
use crate::cell::{Cell, Server, Workload};
use crate::figures::{Figures, Metric, Summary};
use crate::number::count;
use crate::plan::Task;
use crate::slo::Slo;
use crate::statistics::{Estimate, Interval};
use serde::Serialize;

/// On what an answer rests.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// A search for the highest rate that keeps this promise: the one that was asked for, or a
    /// stricter one, so that the rate is a lower bound.
    Search(Slo),
    /// A load that was offered, and under which the promise was kept; nobody tried how much more
    /// would be.
    Load,
}

impl Basis {
    /// The best that there is of a workload and a promise: the weakest promise that was searched
    /// for and implies the one that was asked for, or else the load.
    #[must_use]
    pub fn of(bundle: &Bundle, workload: Workload, asked: Slo) -> Self {
        let steps = bundle.plan.steps.iter().filter(|step| step.cell.workload == workload);
        let searched = steps.filter_map(|step| match step.task {
            Task::Capacity(slo) if slo.implies(asked) => Some(slo),
            _ => None,
        });
        let weakest = |slo: &Slo| (std::cmp::Reverse(slo.percentile), slo.below_ns);
        searched.max_by_key(weakest).map_or(Self::Load, Self::Search)
    }

    /// The metric by which servers are told apart.
    #[must_use]
    pub const fn metric(self) -> Metric {
        match self {
            Self::Search(slo) => Metric::Capacity(slo),
            Self::Load => Metric::Cpu,
        }
    }

    /// Whether a cell may serve more than the rate that is known of it: a load says nothing of
    /// higher ones, and a search nothing of those that the generator is not proven for.
    #[must_use]
    pub fn is_lower_bound(self, figures: &Figures<'_>, cell: Cell) -> bool {
        match self {
            Self::Search(_) => figures.summary(cell, self.metric()).is_ok_and(|of| of.at_least),
            Self::Load => true,
        }
    }
}

/// The rate that one core serves while it keeps the promise, with its interval.
///
/// # Errors
/// Why nothing is known of it.
pub fn rate_per_core(
    figures: &Figures<'_>,
    server: Server,
    workload: Workload,
    asked: Slo,
    basis: Basis,
) -> Result<Estimate, String> {
    let cell = Cell { workload, server };
    let cores = count(figures.bundle.environment.cores.server.len().max(1));
    let rate = match basis {
        Basis::Search(_) => with_interval(figures.summary(cell, basis.metric())?)?,
        Basis::Load => under_load(figures, cell, asked)?,
    };
    let per_core = |rate: f64| rate / cores;
    Ok(Estimate { value: per_core(rate.value), interval: rate.interval.map(per_core) })
}

/// The rate of the load, where every valid round kept the promise under it.
fn under_load(figures: &Figures<'_>, cell: Cell, asked: Slo) -> Result<Estimate, String> {
    let latency = figures.summary(cell, Metric::Latency(asked.percentile))?;
    let highest = latency
        .estimate
        .map_or(latency.spread.max, |estimate| estimate.interval.upper.max(latency.spread.max));
    if highest >= crate::number::float(asked.below_ns) {
        return Err(format!("it did not keep {asked} under the load that was measured"));
    }
    let rate = with_interval(figures.summary(cell, Metric::Rate)?)?;
    Ok(rate)
}

/// A figure with its interval.
///
/// # Errors
/// If a single round was valid.
pub fn with_interval(summary: Summary) -> Result<Estimate, String> {
    let estimate = summary.estimate.ok_or("a single valid round tells nothing of its spread")?;
    let Interval { lower, upper } = estimate.interval;
    let value = summary.spread.median;
    Ok(Estimate { value, interval: Interval { lower: lower.min(value), upper: upper.max(value) } })
}
