//! What plots over time and over percentiles are drawn from, as columns of numbers.

use crate::cell::{Cell, Server, Workload};
use crate::figures::{Figures, work};
use crate::number::{count, float};
use crate::plan::Load;
use crate::report::runs::{RunView, State};
use crate::statistics::Histogram;
use serde::Serialize;

/// Places of a curve for each further nine of a percentile.
const PLACES_PER_NINE: u32 = 12;
/// The most nines that are drawn.
const NINES_MAX: u32 = 6;

/// The latencies of a server, by percentile.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Curve {
    /// Which server.
    pub(super) server: Server,
    /// Nanoseconds at each of [`shares`], of all valid runs together, as far as there are values.
    pub(super) ns: Vec<u64>,
    /// The least of any valid run there.
    pub(super) low_ns: Vec<u64>,
    /// The most of any valid run there.
    pub(super) high_ns: Vec<u64>,
    /// How many latencies.
    pub(super) count: u64,
}

/// What happened in each second of a run.
#[derive(Clone, Debug, Serialize)]
pub(super) struct OverTime {
    /// Which server.
    pub(super) server: Server,
    /// In which round.
    pub(super) round: u32,
    /// Its file.
    pub(super) file: String,
    /// Whether it counts.
    pub(super) counts: bool,
    /// Seconds since the counted time began, at the end of each second.
    pub(super) at_s: Vec<f64>,
    /// Requests a second whose time had come.
    pub(super) due_per_s: Vec<f64>,
    /// Right answers a second.
    pub(super) right_per_s: Vec<f64>,
    /// Requests a second without a right answer.
    pub(super) failed_per_s: Vec<f64>,
    /// The median latency, in nanoseconds; none in a closed loop, as of the two that follow.
    pub(super) p50_ns: Vec<u64>,
    /// The 99th percentile, in nanoseconds.
    pub(super) p99_ns: Vec<u64>,
    /// The largest, in nanoseconds.
    pub(super) max_ns: Vec<u64>,
    /// Seconds at the end of each interval of the runner.
    pub(super) observed_at_s: Vec<f64>,
    /// CPU time of the server in a second, in cores.
    pub(super) cores: Vec<f64>,
    /// Resident memory of the server, in bytes.
    pub(super) resident_bytes: Vec<u64>,
}

/// Where curves have their places: one over the share of latencies that lie above, so that each
/// further nine takes as much room as the one before.
pub(super) fn places() -> Vec<f64> {
    let exponents = 0..=PLACES_PER_NINE * NINES_MAX;
    exponents.map(|at| 10_f64.powf(f64::from(at) / f64::from(PLACES_PER_NINE))).collect()
}

/// The curves of a workload, in the order of the plan.
pub(super) fn curves(
    figures: &Figures<'_>,
    workload: Workload,
    runs: &[RunView<'_>],
) -> Vec<Curve> {
    let servers = figures.servers(workload).into_iter();
    servers.filter_map(|server| curve(figures, Cell { workload, server }, runs)).collect()
}

fn curve(figures: &Figures<'_>, cell: Cell, runs: &[RunView<'_>]) -> Option<Curve> {
    let all = figures.cell(cell)?.latency.as_ref()?;
    let counted = runs
        .iter()
        .filter(|run| run.cell() == cell && run.is_of_load() && run.state == State::Counts);
    let each: Vec<&Histogram> =
        counted.filter_map(|run| run.figures.as_ref()?.latency.as_ref()).collect();
    let values = count(usize::try_from(all.count()).ok()?);
    let places: Vec<f64> = places().into_iter().filter(|place| *place <= values).collect();
    // A logarithmic axis has no zero.
    let at =
        |histogram: &Histogram, place: &f64| histogram.at(1.0 - 1.0 / place).unwrap_or(0).max(1);
    let of_each = |place: &f64| each.iter().map(|run| at(run, place)).collect::<Vec<u64>>();
    let least = |place: &f64| of_each(place).into_iter().min().unwrap_or(0);
    let most = |place: &f64| of_each(place).into_iter().max().unwrap_or(0);
    Some(Curve {
        server: cell.server,
        ns: places.iter().map(|place| at(all, place)).collect(),
        low_ns: places.iter().map(least).collect(),
        high_ns: places.iter().map(most).collect(),
        count: all.count(),
    })
}

/// The runs of a workload's load, second by second; without latencies in a closed loop.
pub(super) fn over_time(workload: Workload, load: &Load, runs: &[RunView<'_>]) -> Vec<OverTime> {
    let closed = work::is_closed(workload, load.rate_per_s);
    let of_load = runs.iter().filter(|run| run.cell().workload == workload && run.is_of_load());
    of_load.filter(|run| run.figures.is_some()).map(|run| of_run(run, closed)).collect()
}

fn of_run(view: &RunView<'_>, closed: bool) -> OverTime {
    let mut ends = Vec::new();
    let mut end_ms = 0;
    for second in &view.seconds {
        end_ms += second.length_ms;
        ends.push(float(end_ms) / 1e3);
    }
    let per_s = |of: fn(&crate::bundle::generator::Requests) -> u64| {
        let rates = view.seconds.iter().map(move |second| {
            rounded(float(of(&second.requests)) * 1e3 / float(second.length_ms.max(1)))
        });
        rates.collect::<Vec<f64>>()
    };
    let latency = |of: fn(&crate::bundle::generator::Quantiles) -> u64| {
        let told = view.seconds.iter().filter(|_| !closed);
        told.map(|second| of(&second.latency)).collect::<Vec<u64>>()
    };
    let series = view.series();
    let interval_ms = series.map_or(1, |series| series.interval_ms.max(1));
    let cpu = series.map(|series| series.server_cpu_ns.as_slice()).unwrap_or_default();
    OverTime {
        server: view.cell().server,
        round: view.run.round,
        file: view.file.clone(),
        counts: view.state == State::Counts,
        at_s: ends,
        due_per_s: per_s(|requests| requests.due),
        right_per_s: per_s(|requests| requests.right),
        failed_per_s: per_s(|requests| requests.failed),
        p50_ns: latency(|quantiles| quantiles.p50),
        p99_ns: latency(|quantiles| quantiles.p99),
        max_ns: latency(|quantiles| quantiles.max),
        observed_at_s: (1..=cpu.len()).map(|at| count(at) * float(interval_ms) / 1e3).collect(),
        cores: cpu.iter().map(|ns| rounded(float(*ns) / (float(interval_ms) * 1e6))).collect(),
        resident_bytes: series.map(|s| s.resident_bytes.clone()).unwrap_or_default(),
    }
}

/// To a thousandth, which no plot shows.
fn rounded(figure: f64) -> f64 {
    (figure * 1e3).round() / 1e3
}
