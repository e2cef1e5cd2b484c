//! The servers of one workload in the order of one metric, as a table and a plot of intervals show
//! them.
//!
//! The order and what is said of it is that of [`crate::figures::Ranking`]. Who has no valid run
//! has no place, and of a single round nobody has one.

use crate::axis::Axis;
use crate::cell::{Cell, Server, Workload};
use crate::figures::{self, Figures, Metric, Ranked, work};
use crate::quantity;
use crate::report::cells::Cells;
use crate::report::number::Number;
use crate::slo::Percentile;
use crate::statistics::{Better, Judged, Noise, Scale, Spread, Verdict};

/// A workload's servers by one metric.
#[derive(Clone, Debug)]
pub(super) struct Ranking {
    /// The metric.
    pub(super) metric: Metric,
    /// Those that have a place, the best first; in the order of the plan where nobody can have one.
    pub(super) rows: Vec<Row>,
    /// Those that have none, and why.
    pub(super) without: Vec<(Server, String)>,
    /// Why nobody is ranked, where that is so.
    pub(super) refusal: Option<String>,
    /// How much is noise.
    pub(super) noise: Option<Noise>,
    /// Where figures lie in the plot.
    pub(super) axis: Axis,
}

/// A server in its place.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// Which.
    pub(super) server: Server,
    /// Its place, from 1; none where nobody is ranked.
    pub(super) place: Option<usize>,
    /// Whether nothing tells it from the one above.
    pub(super) like_above: bool,
    /// Whether it is the best, or nothing tells it from the best.
    pub(super) leads: bool,
    /// What it came to.
    pub(super) number: Number,
    /// The rounds, the least and the most of them.
    pub(super) spread: Spread,
    /// How many rounds.
    pub(super) rounds: usize,
    /// What it has more than the best; none of the best itself.
    pub(super) against_best: Option<(Number, Judged)>,
}

/// The metrics that servers are ranked by, in the order of menus: capacities come before them.
const RANKED: [Metric; 26] = [
    Metric::Latency(Percentile::P99),
    Metric::Latency(Percentile::P50),
    Metric::Latency(Percentile::P999),
    Metric::LatencyMax,
    Metric::Fairness,
    Metric::Lag,
    Metric::LagMax,
    Metric::Skew,
    Metric::MissedTicks,
    Metric::Deliveries,
    Metric::Status,
    Metric::Publish,
    Metric::Cpu,
    Metric::CpuShare,
    Metric::Resident,
    Metric::ResidentPeak,
    Metric::PerConnection,
    Metric::SystemCalls,
    Metric::Switches,
    Metric::Allocations,
    Metric::Allocated,
    Metric::Scheduling,
    Metric::Collections,
    Metric::Errors,
    Metric::Binary,
    Metric::StartUp,
];

/// Every ranking of these servers under a workload of which there is something to say, the most
/// telling first.
pub(super) fn rankings(
    figures: &Figures<'_>,
    workload: Workload,
    servers: &[Server],
    cells: &Cells,
) -> Vec<Ranking> {
    let all = metrics(figures, workload, servers).into_iter();
    all.map(|metric| {
        let order = figures::Ranking::of(figures, workload, metric, servers);
        Ranking::of(figures, workload, &order, cells)
    })
    .collect()
}

/// The highest rate that keeps the workload's own promise comes first, which is the weakest of
/// those that were searched for; the strict one is asked of every workload.
fn metrics(figures: &Figures<'_>, workload: Workload, servers: &[Server]) -> Vec<Metric> {
    let known = |metric: &Metric| {
        let cell = |server: &Server| Cell { workload, server: *server };
        servers.iter().any(|server| figures.summary(cell(server), *metric).is_ok())
    };
    let of_cells = servers.iter().filter_map(|s| figures.cell(Cell { workload, server: *s }));
    let mut capacities: Vec<(u64, Metric)> = of_cells
        .flat_map(|cell| cell.metrics())
        .filter_map(|metric| match metric {
            Metric::Capacity(slo) => Some((slo.below_ns, metric)),
            _ => None,
        })
        .collect();
    capacities.sort_by(|a, b| b.cmp(a));
    capacities.dedup();
    let capacities = capacities.into_iter().map(|(_, metric)| metric);
    let load = figures.bundle.plan.loads.get(&workload);
    // In an open loop everybody has the rate that was offered.
    let closed = load.is_some_and(|load| work::is_closed(workload, load.rate_per_s));
    let rate = closed.then_some(Metric::Rate);
    capacities.chain(rate).chain(RANKED).filter(known).collect()
}

impl Ranking {
    /// An order as it is shown.
    fn of(
        figures: &Figures<'_>,
        workload: Workload,
        order: &figures::Ranking,
        cells: &Cells,
    ) -> Self {
        let metric = order.metric;
        let refusal = why_refused(order);
        let index =
            |ranked: &Ranked| cells.index(figures, Cell { workload, server: ranked.server });
        let best = order.rows.first();
        let of_best = best.map(|ranked| (index(ranked), ranked.summary.spread.median));
        let (best_cell, best_value) = of_best.unwrap_or_default();
        let mut above = None;
        let mut rows = Vec::new();
        for (at, ranked) in order.rows.iter().enumerate() {
            let (cell, value) = (index(ranked), ranked.summary.spread.median);
            let same = |judged: Judged| matches!(judged.verdict, Verdict::Indistinguishable(_));
            let like = |other: f64| metric.is_exact() && value == other;
            let against_best = ranked.against_best.filter(|_| refusal.is_none());
            rows.push(Row {
                server: ranked.server,
                place: refusal.is_none().then_some(at + 1),
                like_above: refusal.is_none()
                    && above.is_some_and(|above| {
                        if metric.is_exact() { like(above) } else { !ranked.below_above }
                    }),
                leads: refusal.is_none()
                    && (at == 0 || against_best.is_some_and(same) || like(best_value)),
                number: Number::of_rounds(metric, cell, &ranked.summary),
                spread: ranked.summary.spread,
                rounds: ranked.summary.rounds,
                against_best: against_best
                    .map(|judged| (Number::of_change(metric, &[best_cell, cell], &judged), judged)),
            });
            above = Some(value);
        }
        let axis = Axis::around(rows.iter().flat_map(Row::reaches));
        let (without, noise) = (order.without.clone(), order.noise);
        Self { metric, rows, without, refusal, noise, axis }
    }

    /// What is better of it.
    pub(super) fn better(&self) -> &'static str {
        match self.metric.better() {
            Better::Less => "less is better",
            Better::More => "more is better",
        }
    }

    /// Those that nothing tells from the best, the best itself first.
    pub(super) fn leaders(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.leads)
    }

    /// The noise floor in words.
    pub(super) fn noise_text(&self) -> String {
        match self.noise {
            None => "no A/A pair tells what is noise: nothing can be told apart".to_owned(),
            Some(_) if self.metric.is_exact() => "exact: any difference is one".to_owned(),
            Some(Noise { reach }) => {
                let reach = match self.metric.scale() {
                    Scale::Ratio => format!("{:.1} %", reach.exp_m1() * 100.0),
                    Scale::Difference => quantity::figure(reach, self.metric.unit()),
                };
                format!("the same server differs from itself by up to {reach}")
            }
        }
    }

    /// Between which figures the noise of the best lies.
    pub(super) fn noise_of_best(&self) -> Option<(f64, f64)> {
        let best = self.rows.first().filter(|row| row.place.is_some())?.number.value;
        let reach = self.noise.filter(|_| !self.metric.is_exact())?.reach;
        Some(match self.metric.scale() {
            Scale::Ratio => (best * (-reach).exp(), best * reach.exp()),
            Scale::Difference => (best - reach, best + reach),
        })
    }
}

impl Row {
    /// All figures that its plot must have room for.
    fn reaches(&self) -> impl Iterator<Item = f64> {
        let ends = self.number.ends.into_iter().flat_map(|ends| [ends.lower, ends.upper]);
        ends.chain([self.spread.min, self.spread.max])
    }
}

/// Why there is no order.
fn why_refused(order: &figures::Ranking) -> Option<String> {
    let Some(fewest) = order.rows.iter().map(|ranked| ranked.summary.rounds).min() else {
        return Some("nobody has a valid run".to_owned());
    };
    (fewest < 2 && !order.metric.is_exact()).then(|| {
        "a single valid round has no interval, so nothing can be told apart: measure more rounds"
            .to_owned()
    })
}
