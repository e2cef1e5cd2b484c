//! Objectives that a run must hold: `p99<50ms,errors<0.1%`.
//!
//! An objective is `[OF/]FIGURE COMPARISON BOUND`; OF is an operation or a metric of the workload,
//! or `LANE/OPERATION` where several lanes have it. This file reads them, pointing at the place of
//! a fault, and judges them; where the figures come from it does not know.

use crate::quantity::{self, parse_duration, parse_rate, parse_share};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What an objective looks at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Figure {
    /// Latency at a quantile from 0 to 1, ns.
    Latency(f64),
    /// The largest latency, ns.
    LatencyMax,
    /// The mean latency, ns.
    LatencyMean,
    /// Send lag at a quantile from 0 to 1, ns.
    Lag(f64),
    /// The largest send lag, ns.
    LagMax,
    /// Errors among all requests, a share of one.
    Errors,
    /// Requests that were sent among those that were due, a share of one.
    Achieved,
    /// Right answers a second.
    Rate,
}

/// The unit of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Time,
    Share,
    Rate,
}

/// How a figure is compared with its bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
}

/// One objective.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// As it was written.
    pub text: String,
    /// Of which operation or metric of the workload; of all operations where `None`.
    pub of: Option<String>,
    /// What is looked at.
    pub figure: Figure,
    /// How it is compared.
    pub comparison: Comparison,
    /// With what: nanoseconds, a share of one, or a rate for each second.
    pub bound: f64,
}

/// Objectives, in the order in which they were written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slo {
    /// At least one, where it was read from a text.
    pub objectives: Vec<Objective>,
}

/// What became of an objective.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// As it was written.
    pub objective: String,
    /// The figure, in the unit of [`Objective::bound`]; `None` where there is nothing to tell it
    /// from.
    pub measured: Option<f64>,
    /// The figure as people read it.
    pub shown: String,
    /// Whether it was held. What was not measured was not.
    pub held: bool,
}

/// What is wrong with the text of an SLO, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}\n  {text}\n  {caret:>width$}\n{HELP}", caret = '^', width = .at + 1)]
pub struct SloError {
    message: String,
    text: String,
    /// In characters from the beginning of the text.
    at: usize,
}

const HELP: &str = "\
  an objective is [OF/]FIGURE and <, <=, > or >=, and a bound; several are joined by commas:
  --slo 'p99<50ms,p99.9<=0.2s,resolve/max<1s,errors<0.1%,achieved>=99%,rate>=14k,lag_p99<1ms'";

const NAMES: &str = "p50, p90, p99, p99.9 (any percentile), max, mean, lag_p99, lag_max, errors, \
                     achieved, rate";

impl Slo {
    /// Reads objectives.
    ///
    /// # Errors
    /// The first fault, with its place.
    pub fn parse(text: &str) -> Result<Self, SloError> {
        let mut objectives = Vec::new();
        let mut start = 0;
        for part in text.split(',') {
            objectives.push(objective(part).map_err(|(offset, message)| SloError {
                message,
                text: text.to_owned(),
                at: text[..start + offset].chars().count(),
            })?);
            start += part.len() + 1;
        }
        Ok(Self { objectives })
    }

    /// The operations and metrics that objectives are of.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.objectives.iter().filter_map(|objective| objective.of.clone()).collect()
    }

    /// Judges every objective by what `measured` knows of what it is of, and its figure.
    #[must_use]
    pub fn judge(&self, measured: impl Fn(Option<&str>, Figure) -> Option<f64>) -> Vec<Verdict> {
        let judged = self.objectives.iter().map(|objective| {
            let found = measured(objective.of.as_deref(), objective.figure);
            Verdict {
                objective: objective.text.clone(),
                measured: found,
                shown: found.map_or("not measured".into(), |value| objective.figure.shown(value)),
                held: found.is_some_and(|value| objective.comparison.holds(value, objective.bound)),
            }
        });
        judged.collect()
    }
}

impl Figure {
    fn parse(name: &str) -> Option<Self> {
        let quantile = |digits: &str| {
            // `p50` yes, `p5e1` and `p+50` no.
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            let percent: f64 = digits.parse().ok().filter(|_| plain)?;
            (0.0..=100.0).contains(&percent).then_some(percent / 100.0)
        };
        Some(match name {
            "max" => Self::LatencyMax,
            "mean" => Self::LatencyMean,
            "lag_max" => Self::LagMax,
            "errors" => Self::Errors,
            "achieved" => Self::Achieved,
            "rate" => Self::Rate,
            _ => match name.strip_prefix("lag_p") {
                Some(digits) => Self::Lag(quantile(digits)?),
                None => Self::Latency(quantile(name.strip_prefix('p')?)?),
            },
        })
    }

    fn unit(self) -> Unit {
        match self {
            Self::Latency(_)
            | Self::LatencyMax
            | Self::LatencyMean
            | Self::Lag(_)
            | Self::LagMax => Unit::Time,
            Self::Errors | Self::Achieved => Unit::Share,
            Self::Rate => Unit::Rate,
        }
    }

    /// A value of it, as people read it.
    #[must_use]
    pub fn shown(self, value: f64) -> String {
        match self.unit() {
            Unit::Time => quantity::time(value),
            Unit::Share => quantity::share(value),
            Unit::Rate => quantity::rate(value),
        }
    }
}

impl Comparison {
    fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Self::Below => value < bound,
            Self::AtMost => value <= bound,
            Self::Above => value > bound,
            Self::AtLeast => value >= bound,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.held { "held" } else { "NOT HELD" };
        write!(f, "{}: {}, {word}", self.objective, self.shown)
    }
}

/// Where in a text a fault is, in bytes, and what it is.
type Fault = (usize, String);

fn objective(part: &str) -> Result<Objective, Fault> {
    let trimmed = part.trim();
    let indent = part.len() - part.trim_start().len();
    let at = |offset: usize, message: String| (indent + offset, message);
    if trimmed.is_empty() {
        return Err(at(0, "an objective is missing".into()));
    }
    let Some(sign) = trimmed.find(['<', '>', '=', '!']) else {
        return Err(at(trimmed.len(), "a comparison is missing: <, <=, > or >=".into()));
    };
    let (left, rest) = trimmed.split_at(sign);
    let (comparison, signs) = comparison(rest).ok_or_else(|| {
        at(sign, "a comparison is <, <=, > or >=; a measured figure is never equal".into())
    })?;
    let (of, name) = match left.rsplit_once('/') {
        Some((of, name)) => (Some(of.trim()), name.trim()),
        None => (None, left.trim()),
    };
    let name_at = left.rfind('/').map_or(0, |slash| slash + 1);
    if of == Some("") {
        return Err(at(0, "an operation or a metric is missing before the slash".into()));
    }
    let figure = Figure::parse(name).ok_or_else(|| at(name_at, unknown(name)))?;
    if of.is_some() && figure == Figure::Achieved {
        return Err(at(name_at, "achieved is known of the whole run alone".into()));
    }
    let bound_text = rest[signs..].trim_start();
    let bound_at = trimmed.len() - bound_text.len();
    let bound = bound(figure.unit(), bound_text).map_err(|message| at(bound_at, message))?;
    let of = of.map(str::to_owned);
    Ok(Objective { text: trimmed.to_owned(), of, figure, comparison, bound })
}

fn comparison(text: &str) -> Option<(Comparison, usize)> {
    Some(match text.as_bytes() {
        [b'<', b'=', ..] => (Comparison::AtMost, 2),
        [b'<', ..] => (Comparison::Below, 1),
        [b'>', b'=', ..] => (Comparison::AtLeast, 2),
        [b'>', ..] => (Comparison::Above, 1),
        _ => return None,
    })
}

fn unknown(name: &str) -> String {
    if name.is_empty() {
        return format!("a figure is missing; there are {NAMES}");
    }
    format!("`{name}` is no figure; there are {NAMES}")
}

fn bound(unit: Unit, text: &str) -> Result<f64, String> {
    if text.is_empty() {
        let example = match unit {
            Unit::Time => "50ms",
            Unit::Share => "0.1%",
            Unit::Rate => "15k",
        };
        return Err(format!("the bound is missing, such as {example}"));
    }
    match unit {
        Unit::Time => Ok(parse_duration(text)?.as_secs_f64() * 1e9),
        Unit::Rate => parse_rate(text),
        Unit::Share => parse_share(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Objective> {
        Slo::parse(text).unwrap().objectives
    }

    #[test]
    fn objectives_are_read_with_their_units() {
        let slo =
            read("p99<50ms, errors <= 0.1%,resolve/p99.9>2s,achieved>=99%,rate>14k,lag_p99<1ms");
        let figures: Vec<Figure> = slo.iter().map(|objective| objective.figure).collect();
        let quantiles = [Figure::Latency(0.99), Figure::Errors, Figure::Latency(0.999)];
        assert_eq!(figures[..2], quantiles[..2]);
        assert!(matches!(figures[2], Figure::Latency(q) if (q - 0.999).abs() < 1e-9));
        assert_eq!(figures[3..], [Figure::Achieved, Figure::Rate, Figure::Lag(0.99)]);
        let bounds: Vec<f64> = slo.iter().map(|objective| objective.bound).collect();
        for (bound, expected) in bounds.iter().zip([5e7, 0.001, 2e9, 0.99, 14_000.0, 1e6]) {
            assert!((bound - expected).abs() < 1e-6 * expected, "{bound} is not {expected}");
        }
        assert_eq!(slo[2].of.as_deref(), Some("resolve"));
        assert_eq!(slo[1].comparison, Comparison::AtMost);
        assert_eq!(slo[1].text, "errors <= 0.1%");
    }

    #[test]
    fn a_fault_is_pointed_at() {
        for (text, at, message) in [
            ("", 0, "an objective is missing"),
            ("p99<50ms,", 9, "an objective is missing"),
            ("p99", 3, "a comparison is missing"),
            ("p99=50ms", 3, "never equal"),
            ("p99<", 4, "the bound is missing, such as 50ms"),
            ("p99<50", 4, "no unit: write 50s or 50ms"),
            ("p99<50mz", 4, "`mz` is no unit"),
            ("p99<50ms,eror<1%", 9, "`eror` is no figure"),
            ("p99<50ms,errors<0.1", 16, "in percent: 0.1%"),
            ("errors<101%", 7, "from 0% to 100%"),
            ("p101<1s", 0, "`p101` is no figure"),
            ("a/p5e1<1s", 2, "`p5e1` is no figure"),
            ("<1s", 0, "a figure is missing"),
            ("/p50<1s", 0, "an operation or a metric"),
            ("a/achieved>1%", 2, "the whole run"),
            ("rate>15x", 5, "15k"),
            ("äöü<1s,p50<x", 0, "`äöü` is no figure"),
        ] {
            let error = Slo::parse(text).unwrap_err();
            assert_eq!(error.at, at, "{text}");
            assert!(error.message.contains(message), "{text}: {}", error.message);
        }
    }

    #[test]
    fn the_message_shows_the_place_and_an_example() {
        let shown = Slo::parse("p99<50ms,eror<1%").unwrap_err().to_string();
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[1], "  p99<50ms,eror<1%");
        assert_eq!(lines[2].find('^'), Some(2 + 9));
        assert!(shown.contains("--slo 'p99<50ms"));
    }

    #[test]
    fn the_example_in_the_help_is_good() {
        let example = HELP.split('\'').nth(1).unwrap();
        assert_eq!(read(example).len(), 7);
    }

    #[test]
    fn an_objective_is_held_or_not_and_what_was_not_measured_is_not() {
        let slo = Slo::parse("p50<1ms,p50<2ms,errors<=0%,max<1h,rate>=10,rate>10").unwrap();
        let verdicts = slo.judge(|_, figure| match figure {
            Figure::Latency(_) => Some(1.5e6),
            Figure::Errors => Some(0.0),
            Figure::Rate => Some(10.0),
            _ => None,
        });
        let held: Vec<bool> = verdicts.iter().map(|verdict| verdict.held).collect();
        assert_eq!(held, [false, true, true, false, true, false]);
        assert_eq!(verdicts[0].to_string(), "p50<1ms: 1.50 ms, NOT HELD");
        assert_eq!(verdicts[3].to_string(), "max<1h: not measured, NOT HELD");
    }
}
