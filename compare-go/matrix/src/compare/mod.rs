//! What changed from one bundle to another, or from one server to another, by how much, and whether
//! that is more than noise.
//!
//! Two servers of one bundle were measured in the same rounds, so their figures are paired. Two
//! bundles were measured at two times, between which a machine drifts by more than its rounds vary:
//! programs that are the same in both are measured against themselves, and what they differ by is
//! noise for everybody.

mod shown;
mod sides;

pub use shown::{json, markdown, text};
pub use sides::{Side, SideError, split};

use crate::bundle::environment::Difference;
use crate::cell::{Cell, Server, Workload};
use crate::figures::{Figures, Metric, Summary};
use crate::plan::filter::{self, Filter};
use crate::slo::Percentile;
use crate::statistics::verdict::judge;
use crate::statistics::{Change, Judged, Noise, Question, Verdict};
use serde::Serialize;
use std::collections::BTreeSet;

/// The metrics that are compared where none are named; capacities come besides.
pub const METRICS: [Metric; 12] = [
    Metric::Latency(Percentile::P50),
    Metric::Latency(Percentile::P99),
    Metric::Latency(Percentile::P999),
    Metric::Rate,
    Metric::Errors,
    Metric::Cpu,
    Metric::SystemCalls,
    Metric::Switches,
    Metric::Allocations,
    Metric::Resident,
    Metric::PerConnection,
    Metric::Binary,
];

/// What is compared.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// The metrics; [`METRICS`] and all capacities where there are none.
    pub metrics: Vec<Metric>,
    /// The cells of the first side; all where there are none.
    pub filters: Vec<Filter>,
}

/// Everything that was compared.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The first side, as `BUNDLE` or `BUNDLE@SERVER`.
    pub first: String,
    /// The second side.
    pub second: String,
    /// The digests of the two bundles.
    pub digests: [String; 2],
    /// Whether figures are paired by round.
    pub paired: bool,
    /// What else differs between the two.
    pub environment: Vec<Difference>,
    /// The comparisons, by workload, server and metric.
    pub rows: Vec<Row>,
    /// Programs that are the same in both bundles and show how far a machine drifts.
    pub controls: Vec<Server>,
    /// What could not be compared, and why.
    pub not_compared: Vec<NotCompared>,
}

/// One comparison.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Under which workload.
    pub workload: Workload,
    /// The first server.
    pub first_server: Server,
    /// The second one; the same, where bundles are compared.
    pub second_server: Server,
    /// Of what.
    pub metric: Metric,
    /// What the rounds of the first say.
    pub first: Summary,
    /// What those of the second say.
    pub second: Summary,
    /// What is said of the second.
    pub judged: Judged,
    /// Whether it is the same program, so that whatever differs is the machine's.
    pub control: bool,
}

/// Something that could not be compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotCompared {
    /// A cell.
    pub cell: Cell,
    /// Of which metric; none: of any.
    pub metric: Option<Metric>,
    /// Why.
    pub why: String,
}

/// A comparison that is to be judged.
struct Asked {
    row: Row,
    change: Change,
}

impl Comparison {
    /// Compares.
    #[must_use]
    pub fn of(first: &Side<'_, '_>, second: &Side<'_, '_>, choice: &Choice) -> Self {
        let paired = first.figures.bundle.digest == second.figures.bundle.digest;
        let mut this = Self {
            first: first.name(),
            second: second.name(),
            digests: [first, second].map(|side| side.figures.bundle.digest.clone()),
            paired,
            environment: first
                .figures
                .bundle
                .environment
                .differences(&second.figures.bundle.environment),
            rows: Vec::new(),
            controls: Vec::new(),
            not_compared: Vec::new(),
        };
        let mut asked = Vec::new();
        for (one, other) in this.pairs(first, second, &choice.filters) {
            let control = !paired && same_program(first, second, one, other);
            if control && !this.controls.contains(&one.server) {
                this.controls.push(one.server);
            }
            for metric in metrics(first, second, one, other, choice) {
                asked.extend(this.ask(first, second, (one, other), metric, control));
            }
        }
        this.judge(first.figures, second.figures, asked);
        this
    }

    /// The cells that stand for each other.
    fn pairs(
        &mut self,
        first: &Side<'_, '_>,
        second: &Side<'_, '_>,
        filters: &[Filter],
    ) -> Vec<(Cell, Cell)> {
        let mut pairs = Vec::new();
        let (ours, theirs) = (first.cells(), second.cells());
        for cell in &ours {
            if !filter::any(filters, *cell) {
                continue;
            }
            let server = second.server.unwrap_or(cell.server);
            let other = Cell { workload: cell.workload, server };
            if theirs.contains(&other) {
                pairs.push((*cell, other));
            } else {
                let why = format!("{} has no {other}", second.name());
                self.not_compared.push(NotCompared { cell: *cell, metric: None, why });
            }
        }
        for cell in theirs.iter().filter(|cell| filter::any(filters, **cell)) {
            if !pairs.iter().any(|(_, other)| other == cell) {
                let why = format!("{} has nothing to compare it with", first.name());
                self.not_compared.push(NotCompared { cell: *cell, metric: None, why });
            }
        }
        pairs
    }

    fn ask(
        &mut self,
        first: &Side<'_, '_>,
        second: &Side<'_, '_>,
        (one, other): (Cell, Cell),
        metric: Metric,
        control: bool,
    ) -> Option<Asked> {
        let summaries = (first.figures.summary(one, metric), second.figures.summary(other, metric));
        let (ours, theirs) = match summaries {
            (Ok(ours), Ok(theirs)) => (ours, theirs),
            // Neither has it, as a runtime without a collector has no pauses.
            (Err(_), Err(_)) => return None,
            (Err(why), _) => {
                self.leave_out(one, metric, format!("{}: {why}", first.name()));
                return None;
            }
            (_, Err(why)) => {
                self.leave_out(other, metric, format!("{}: {why}", second.name()));
                return None;
            }
        };
        let change = match self.paired {
            true => first.figures.change(one, other, metric),
            false => apart(first.figures, second.figures, one, other, metric),
        };
        let Some(change) = change else {
            let rounds = ours.rounds.min(theirs.rounds);
            if metric.is_exact() && ours.spread.median == theirs.spread.median {
                return None;
            }
            self.leave_out(one, metric, format!("{rounds} valid rounds are too few"));
            return None;
        };
        let judged = Judged {
            change,
            p_corrected: 1.0,
            noise: None,
            verdict: Verdict::Indistinguishable(crate::statistics::verdict::Why::NoPair),
        };
        let (workload, first_server, second_server) = (one.workload, one.server, other.server);
        let (first, second) = (ours, theirs);
        let row =
            Row { workload, first_server, second_server, metric, first, second, judged, control };
        Some(Asked { row, change })
    }

    fn leave_out(&mut self, cell: Cell, metric: Metric, why: String) {
        self.not_compared.push(NotCompared { cell, metric: Some(metric), why });
    }

    fn judge(&mut self, first: &Figures<'_>, second: &Figures<'_>, asked: Vec<Asked>) {
        let questions: Vec<Question> = asked
            .iter()
            .map(|Asked { row, change }| Question {
                change: *change,
                better: row.metric.better(),
                noise: noise(first, second, row, &asked),
            })
            .collect();
        let judged = judge(&questions);
        self.rows = asked
            .into_iter()
            .zip(judged)
            .map(|(Asked { row, .. }, judged)| Row { judged, ..row })
            .collect();
    }

    /// What became slower by more than a share; programs that are the same in both are not counted.
    pub fn slower(&self, tolerance: f64) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| {
            let by = row.judged.change.relative().map(|change| change.value.abs());
            let slower = row.judged.verdict == Verdict::Slower && !row.control;
            slower && by.is_none_or(|by| by > tolerance)
        })
    }

    /// What makes the two incomparable: another machine, kernel or limit.
    pub fn confounds(&self) -> impl Iterator<Item = &Difference> {
        self.environment.iter().filter(|difference| difference.confounds)
    }
}

/// The noise floor of a row: that of both sides, and how far programs that are the same in both
/// have drifted.
fn noise(first: &Figures<'_>, second: &Figures<'_>, row: &Row, asked: &[Asked]) -> Option<Noise> {
    let (workload, metric) = (row.workload, row.metric);
    let within = first.noise(workload, metric)?.or_larger(second.noise(workload, metric)?);
    let alike = |other: &&Asked| {
        let theirs = &other.row;
        // What is to be judged is no measure of itself.
        let another = theirs.first_server != row.first_server;
        theirs.control && another && theirs.workload == workload && theirs.metric == metric
    };
    let drifts: Vec<Change> = asked.iter().filter(alike).map(|asked| asked.change).collect();
    Some(Noise::of(&drifts).map_or(within, |drift| within.or_larger(drift)))
}

fn metrics(
    first: &Side<'_, '_>,
    second: &Side<'_, '_>,
    one: Cell,
    other: Cell,
    choice: &Choice,
) -> Vec<Metric> {
    if !choice.metrics.is_empty() {
        return choice.metrics.clone();
    }
    let sides = [first.figures.cell(one), second.figures.cell(other)];
    let capacities: BTreeSet<Metric> = sides
        .into_iter()
        .flatten()
        .flat_map(|figures| figures.metrics())
        .filter(|metric| matches!(metric, Metric::Capacity(_)))
        .collect();
    capacities.into_iter().chain(METRICS).collect()
}

/// The change between two bundles, whose rounds have nothing to do with each other.
fn apart(
    first: &Figures<'_>,
    second: &Figures<'_>,
    one: Cell,
    other: Cell,
    metric: Metric,
) -> Option<Change> {
    let values = |figures: &Figures<'_>, cell: Cell| -> Option<Vec<f64>> {
        Some(figures.cell(cell)?.values(metric).into_values().collect())
    };
    Change::unpaired(&values(first, one)?, &values(second, other)?, metric.scale())
}

/// Whether two cells are of one program, byte for byte.
fn same_program(first: &Side<'_, '_>, second: &Side<'_, '_>, one: Cell, other: Cell) -> bool {
    let digest = |side: &Side<'_, '_>, cell: Cell| {
        let record = side.figures.bundle.servers.get(&cell.server)?;
        record.ready().map(|ready| ready.program_sha256.clone())
    };
    let (ours, theirs) = (digest(first, one), digest(second, other));
    one.server == other.server && ours.is_some() && ours == theirs
}
