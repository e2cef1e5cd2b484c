//! Two bundles held against each other, as a report shows it: what changed first, then what cannot
//! be told apart. What is compared and what is said of it is [`crate::compare`]'s.

use crate::axis::Axis;
use crate::bundle::environment::Difference;
use crate::cell::Cell;
use crate::compare::{self, Choice, Side};
use crate::figures::{Figures, Metric};
use crate::quantity::several;
use crate::report::cells::Cells;
use crate::report::number::Number;
use crate::statistics::{Judged, Scale, Verdict};

/// Two bundles.
#[derive(Clone, Debug)]
pub(super) struct Comparison {
    /// The place of the first bundle.
    pub(super) first: usize,
    /// The place of the second one.
    pub(super) second: usize,
    /// What came of it, in a sentence.
    pub(super) summary: String,
    /// What a reader must know before the rows.
    pub(super) warnings: Vec<String>,
    /// What else differs between the two.
    pub(super) differences: Vec<Difference>,
    /// What changed, the worse first; then what cannot be told apart.
    pub(super) rows: Vec<Row>,
    /// What could not be compared, and why.
    pub(super) not_compared: Vec<String>,
    /// Where changes by ratio lie in the plot.
    pub(super) axis: Axis,
}

/// One metric of one cell.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// The cell.
    pub(super) cell: Cell,
    /// The metric.
    pub(super) metric: Metric,
    /// In the first bundle.
    pub(super) before: Number,
    /// In the second one.
    pub(super) after: Number,
    /// By how much it changed.
    pub(super) change: Number,
    /// What is said of that.
    pub(super) judged: Judged,
    /// Whether it is the same program, so that whatever differs is the machine's.
    pub(super) control: bool,
}

/// The first bundle against each other one.
pub(super) fn comparisons(bundles: &[Figures<'_>], cells: &Cells) -> Vec<Comparison> {
    let others = 1..bundles.len();
    others.filter_map(|second| Comparison::of(bundles, second, cells)).collect()
}

impl Comparison {
    fn of(bundles: &[Figures<'_>], second: usize, cells: &Cells) -> Option<Self> {
        let (ours, theirs) = (&bundles[0], &bundles[second]);
        let sides = (Side::new(ours, None).ok()?, Side::new(theirs, None).ok()?);
        let compared = compare::Comparison::of(&sides.0, &sides.1, &Choice::default());
        let row = |row: &compare::Row| {
            let cell = Cell { workload: row.workload, server: row.first_server };
            let places = [cells.index(ours, cell), cells.index(theirs, cell)];
            Row {
                cell,
                metric: row.metric,
                before: Number::of_rounds(row.metric, places[0], &row.first),
                after: Number::of_rounds(row.metric, places[1], &row.second),
                change: Number::of_change(row.metric, &places, &row.judged),
                judged: row.judged,
                control: row.control,
            }
        };
        let mut rows: Vec<Row> = compared.rows.iter().map(row).collect();
        rows.sort_by_key(|row| match row.judged.verdict {
            Verdict::Slower => 0,
            Verdict::Faster => 1,
            Verdict::Indistinguishable(_) => 2,
        });
        let ratios = rows.iter().filter(|row| row.metric.scale() == Scale::Ratio);
        let ends = ratios.flat_map(|row| row.change.ends).flat_map(|ends| [ends.lower, ends.upper]);
        let not_compared = compared.not_compared.iter().map(|left_out| {
            let of = left_out.metric.map_or(String::new(), |m| format!("{} of ", m.title()));
            format!("{of}{}: {}", left_out.cell, left_out.why)
        });
        Some(Self {
            first: 0,
            second,
            summary: summary(&rows),
            warnings: warnings(&compared),
            differences: compared.environment.clone(),
            not_compared: not_compared.collect(),
            axis: Axis::about_zero(ends),
            rows,
        })
    }

    /// How many rows have changed.
    pub(super) fn changed(&self) -> usize {
        let same = |row: &&Row| matches!(row.judged.verdict, Verdict::Indistinguishable(_));
        self.rows.len() - self.rows.iter().filter(same).count()
    }
}

fn summary(rows: &[Row]) -> String {
    let count = |verdict: Verdict| rows.iter().filter(|row| row.judged.verdict == verdict).count();
    let (worse, better) = (count(Verdict::Slower), count(Verdict::Faster));
    let rest = rows.len() - worse - better;
    format!(
        "Of {}, {worse} became worse and {better} better; {rest} are indistinguishable.",
        several(rows.len(), "comparison")
    )
}

fn warnings(compared: &compare::Comparison) -> Vec<String> {
    let mut found = Vec::new();
    let confounds: Vec<&str> = compared.confounds().map(|d| d.what.as_str()).collect();
    if !confounds.is_empty() {
        found.push(format!(
            "The two are not of one machine as it was ({} differ), so a change need not be the \
             program's.",
            confounds.join(", ")
        ));
    }
    let controls: Vec<String> = compared.controls.iter().map(ToString::to_string).collect();
    found.push(match controls.len() {
        0 => "No program is the same in both, so nothing tells how far the machine drifted \
              between the two."
            .to_owned(),
        1..=3 => format!(
            "The same program in both, which shows how far the machine drifted: {}.",
            controls.join(", ")
        ),
        many => format!(
            "{many} programs are the same in both; they are marked, and show how far the machine \
             drifted."
        ),
    });
    found
}
