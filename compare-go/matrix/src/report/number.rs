//! A number as a report shows it, and where it comes from: of which metric it is and of which
//! cells, so that a reader can ask any number for its bundle, runs and command lines.

use crate::figures::{Metric, Summary};
use crate::quantity;
use crate::statistics::{Interval, Judged, Scale, Verdict};

/// A cell of a report, by its place in the list of all of them.
pub(super) type CellIndex = usize;

/// A number that is shown.
#[derive(Clone, Debug)]
pub(super) struct Number {
    /// The figure with its unit.
    pub(super) text: String,
    /// The ends of its interval in the same unit, as `2.31 to 2.40`; empty where there is none.
    pub(super) interval: String,
    /// Of what.
    pub(super) metric: Metric,
    /// Of which cells, as `3` or `3 7`.
    pub(super) cells: String,
    /// What was made of the rounds.
    pub(super) how: String,
    /// The figure in the base unit of its metric, or as a share where it is a change by ratio.
    pub(super) value: f64,
    /// Both ends of the interval.
    pub(super) ends: Option<Interval>,
}

impl Number {
    /// What the rounds of a cell say of a metric.
    pub(super) fn of_rounds(metric: Metric, cell: CellIndex, summary: &Summary) -> Self {
        let value = summary.spread.median;
        let ends = summary.estimate.map(|estimate| estimate.interval);
        let (text, interval) = split(quantity::of_rounds(summary, metric.unit()));
        let mut how = match summary.rounds {
            1 => "one round; no interval".to_owned(),
            rounds => format!("median of {rounds} rounds, 95 % interval"),
        };
        if summary.at_least {
            how += "; a lower bound, since the generator is proven no further";
        }
        Self { text, interval, metric, cells: cell.to_string(), how, value, ends }
    }

    /// By how much cells differ.
    pub(super) fn of_change(metric: Metric, cells: &[CellIndex], judged: &Judged) -> Self {
        let change = &judged.change;
        let estimate = change.on_its_scale();
        let ends = estimate.interval;
        // Beyond half as much again, a ratio is read more easily than a percentage.
        let as_ratio = change.scale == Scale::Ratio && estimate.value.abs() > 0.5;
        let (text, interval) = split(if as_ratio {
            quantity::ratio(1.0 + estimate.value, ends.map(|end| 1.0 + end))
        } else {
            quantity::change(estimate.value, ends, change.scale, metric.unit())
        });
        let text = if as_ratio { format!("{text} ×") } else { text };
        let how = format!(
            "mean of {} paired rounds, 95 % interval; p {} once corrected for all comparisons \
             beside it",
            change.rounds,
            p_value(judged.p_corrected)
        );
        let cells = cells.iter().map(usize::to_string).collect::<Vec<_>>().join(" ");
        Self { text, interval, metric, cells, how, value: estimate.value, ends: Some(ends) }
    }

    /// The figure and its interval in one text.
    pub(super) fn whole(&self) -> String {
        if self.interval.is_empty() {
            return self.text.clone();
        }
        format!("{} ({})", self.text, self.interval)
    }
}

/// A figure and its interval, apart.
fn split(text: String) -> (String, String) {
    match text.strip_suffix(')').and_then(|text| text.split_once(" (")) {
        Some((figure, interval)) => (figure.to_owned(), interval.to_owned()),
        None => (text, String::new()),
    }
}

/// A p-value with the digits that count.
pub(super) fn p_value(p: f64) -> String {
    if p < 0.001 { "< 0.001".to_owned() } else { format!("= {p:.3}") }
}

/// What is said of a difference, as a word that style sheets know.
pub(super) const fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Faster => "better",
        Verdict::Slower => "worse",
        Verdict::Indistinguishable(_) => "same",
    }
}

/// What is said of a difference in a metric that need not be a time.
pub(super) fn said(verdict: Verdict) -> String {
    match verdict {
        Verdict::Faster => "better".to_owned(),
        Verdict::Slower => "worse".to_owned(),
        same @ Verdict::Indistinguishable(_) => same.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slo::Percentile;
    use crate::statistics::verdict::judge;
    use crate::statistics::{Better, Change, Question, Spread};

    const P99: Metric = Metric::Latency(Percentile::P99);

    fn judged(second: &[f64]) -> Judged {
        let change = Change::paired(&[100.0, 101.0, 99.0], second, Scale::Ratio).unwrap();
        judge(&[Question { change, better: Better::Less, noise: None }])[0]
    }

    #[test]
    fn one_round_has_no_interval_and_says_so() {
        let spread = Spread { median: 2_345_000.0, min: 2_345_000.0, max: 2_345_000.0 };
        let number = Number::of_rounds(
            P99,
            3,
            &Summary { spread, estimate: None, rounds: 1, at_least: false },
        );
        assert_eq!((number.whole().as_str(), number.cells.as_str()), ("2.35 ms", "3"));
        assert!(number.how.contains("no interval"));
    }

    #[test]
    fn a_small_change_is_a_percentage_and_a_large_one_a_ratio() {
        let small = Number::of_change(P99, &[1, 2], &judged(&[110.0, 111.1, 108.9]));
        assert_eq!((small.text.as_str(), small.cells.as_str()), ("+10.0 %", "1 2"));
        let large = Number::of_change(P99, &[1], &judged(&[200.0, 204.0, 198.0]));
        assert!(large.text.starts_with("2.0") && large.text.ends_with('×'), "{}", large.text);
        assert!(large.interval.contains(" to "), "{}", large.interval);
    }
}
