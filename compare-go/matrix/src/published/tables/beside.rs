//! Tables that have servers side by side, a row for each metric, and by how much they differ.

use super::Among;
use super::of_cells::{Missing, NONE};
use crate::cell::{Library, Server, Tuning, Workload};
use crate::figures::Metric;
use crate::figures::work::{self, LatencyOf};
use crate::published::markdown::Sheet;
use crate::quantity;
use crate::slo::Percentile;
use crate::statistics::verdict::{Why, judge};
use crate::statistics::{Change, Judged, Question, Scale, Verdict};
use std::collections::BTreeMap;

/// What the best server of the engine is to reach, for what each library of Go reaches: the ratio
/// of the rates at which `resolve` keeps its promise.
const TARGETS: [(Library, f64); 2] = [(Library::Nethttp, 3.0), (Library::Fasthttp, 1.6)];

/// What stands in place of a ratio where no A/A pair tells how much of it is noise.
const UNTOLD: &str = "not told";

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    /// The figures of a server.
    Of(Server),
    /// How the first stands to the second.
    Ratio(Server, Server),
}

/// The best server of the engine, the better peer and the better build of each library of Go; and
/// how the first stands to those of Go.
pub(super) fn scenario(among: &Among<'_, '_>) -> Result<Sheet, String> {
    let leading = among.leading();
    let best = |is: &dyn Fn(Server) -> bool| {
        among.rank(leading).rows.iter().map(|row| row.server).find(|server| is(*server))
    };
    let engine = best(&|server| matches!(server, Server::Engine { .. }));
    let engine = engine.ok_or_else(|| format!("no server of the engine has a {leading}"))?;
    let mut columns = vec![Column::Of(engine)];
    columns.extend(best(&|server| matches!(server, Server::Peer(_))).map(Column::Of));
    let of = |library: Library| {
        best(&|server| matches!(server, Server::Go { library: l, .. } if l == library))
    };
    let of_go: Vec<Server> = Library::ALL.into_iter().filter_map(of).collect();
    columns.extend(of_go.iter().copied().map(Column::Of));
    columns.extend(of_go.iter().map(|go| Column::Ratio(engine, *go)));
    let mut rows = Rows::of(among, &metrics(among), &columns);
    rows.notes.push(format!(
        "Each the best of its kind by {}; among as many as there are, the best is a little lucky. \
         Ratios are of the first column to Go's, paired by round.",
        leading.title()
    ));
    if among.workload == Workload::Resolve && matches!(leading, Metric::Capacity(_)) {
        rows.notes.extend(TARGETS.iter().filter_map(|(library, target)| {
            let go =
                of_go.iter().find(|s| matches!(s, Server::Go { library: l, .. } if l == library));
            Some(reached(among, leading, engine, *go?, *target))
        }));
    }
    Ok(rows.sheet(among, &columns))
}

/// Each library of Go by default and tuned, and what tuning does.
pub(super) fn tuning(among: &Among<'_, '_>) -> Result<Sheet, String> {
    let mut columns = Vec::new();
    for library in Library::ALL {
        let [default, tuned] = Tuning::ALL.map(|tuning| Server::Go { library, tuning });
        if among.servers.contains(&default) && among.servers.contains(&tuned) {
            columns.extend([default, tuned].map(Column::Of));
            columns.push(Column::Ratio(tuned, default));
        }
    }
    if columns.is_empty() {
        return Err("no library of Go was measured by default and tuned".into());
    }
    let mut rows = Rows::of(among, &metrics(among), &columns);
    rows.notes.push("Ratios are of tuned to default, paired by round.".into());
    Ok(rows.sheet(among, &columns))
}

/// What is told of a workload: what it promises first, then what it is about, then what it costs.
fn metrics(among: &Among<'_, '_>) -> Vec<Metric> {
    let mut metrics = among.capacities();
    metrics.extend([Percentile::P50, Percentile::P99, Percentile::P999].map(Metric::Latency));
    if work::has_broadcasts(among.workload) {
        let answers = work::latency_of(among.workload) == LatencyOf::Answers;
        metrics.extend(answers.then_some(Metric::Lag));
        metrics.extend((!answers).then_some(Metric::Status));
        metrics.extend([Metric::Skew, Metric::MissedTicks, Metric::Deliveries]);
    }
    metrics.extend([
        Metric::Rate,
        Metric::Errors,
        Metric::Cpu,
        Metric::CpuShare,
        Metric::SystemCalls,
        Metric::ResidentPeak,
        Metric::PerConnection,
    ]);
    let told = |metric: &Metric| among.servers.iter().any(|s| among.figure(*s, *metric).is_ok());
    metrics.retain(told);
    metrics
}

/// Whether a target is reached, as far as the interval tells.
fn reached(
    among: &Among<'_, '_>,
    metric: Metric,
    engine: Server,
    go: Server,
    target: f64,
) -> String {
    let asked = format!("at least {target} × the {} of {go}", metric.title());
    match change(among, metric, engine, go) {
        None => format!("The target, {asked}: too few rounds have both to tell."),
        Some(change) => {
            let ratio = change.estimate.value.exp();
            let interval = change.estimate.interval.map(f64::exp);
            let bound = |server| {
                among.figures.summary(among.cell(server), metric).is_ok_and(|of| of.at_least)
            };
            let held = if interval.lower >= target && !bound(go) {
                "reached"
            } else if bound(engine) || bound(go) {
                "not told, since the generator is proven no further"
            } else if interval.upper < target {
                "missed"
            } else {
                "not told, since the interval holds it"
            };
            format!("The target, {asked}, is {held}: {}.", quantity::ratio(ratio, interval))
        }
    }
}

/// How much more the first has than the second.
fn change(among: &Among<'_, '_>, metric: Metric, first: Server, second: Server) -> Option<Change> {
    among.figures.change(among.cell(second), among.cell(first), metric)
}

/// The rows of such a table.
struct Rows {
    rows: Vec<Vec<String>>,
    notes: Vec<String>,
    missing: Missing,
}

impl Rows {
    fn of(among: &Among<'_, '_>, metrics: &[Metric], columns: &[Column]) -> Self {
        let judged = judged(among, metrics, columns);
        let mut missing = Missing::default();
        let mut cell = |metric: Metric, column: &Column| match column {
            Column::Of(server) => among.figure(*server, metric).unwrap_or_else(|why| {
                missing.note(metric, why, *server);
                NONE.to_owned()
            }),
            Column::Ratio(..) => {
                judged.get(&(metric, *column)).map_or(NONE.to_owned(), |j| stands(metric, j))
            }
        };
        let row = |metric: &Metric| {
            let mut row = vec![metric.title()];
            row.extend(columns.iter().map(|column| cell(*metric, column)));
            row
        };
        let rows: Vec<Vec<String>> = metrics.iter().map(row).collect();
        let alike = "\"alike\" where nothing tells the two apart: within what the same server \
                     differs from itself by, or chance among all comparisons of the table (Holm).";
        let untold = "\"not told\" where no A/A pair tells by how much the same server differs from \
                      itself: there is none, or both served as much as the generator is proven for.";
        let some_untold = rows.iter().flatten().any(|cell| cell == UNTOLD);
        let notes = [Some(alike), some_untold.then_some(untold)];
        Self { rows, notes: notes.into_iter().flatten().map(str::to_owned).collect(), missing }
    }

    fn sheet(self, among: &Among<'_, '_>, columns: &[Column]) -> Sheet {
        let heading = |column: &Column| match column {
            Column::Of(server) => server.to_string(),
            Column::Ratio(_, to) => format!("to {to}"),
        };
        let mut headings = vec!["metric".to_owned()];
        headings.extend(columns.iter().map(heading));
        let mut notes = vec![among.source()];
        notes.extend(self.notes);
        notes.extend(self.missing.told());
        notes.extend(among.left_out());
        Sheet { headings, rows: self.rows, words: vec![0], notes }
    }
}

/// All comparisons of a table, judged together.
fn judged(
    among: &Among<'_, '_>,
    metrics: &[Metric],
    columns: &[Column],
) -> BTreeMap<(Metric, Column), Judged> {
    let (mut places, mut questions) = (Vec::new(), Vec::new());
    for metric in metrics.iter().copied() {
        let noise = among.figures.noise(among.workload, metric);
        for column in columns.iter().copied() {
            let Column::Ratio(first, second) = column else { continue };
            if let Some(change) = change(among, metric, first, second) {
                places.push((metric, column));
                questions.push(Question { change, better: metric.better(), noise });
            }
        }
    }
    places.into_iter().zip(judge(&questions)).collect()
}

/// How one stands to another: by ratio, or by difference where there is no ratio.
fn stands(metric: Metric, judged: &Judged) -> String {
    match judged.verdict {
        Verdict::Indistinguishable(Why::NoPair) => return UNTOLD.to_owned(),
        Verdict::Indistinguishable(_) => return "alike".to_owned(),
        Verdict::Faster | Verdict::Slower => {}
    }
    let (change, estimate) = (judged.change, judged.change.estimate);
    match change.scale {
        Scale::Ratio => quantity::ratio(estimate.value.exp(), estimate.interval.map(f64::exp)),
        Scale::Difference => {
            quantity::change(estimate.value, estimate.interval, change.scale, metric.unit())
        }
    }
}
