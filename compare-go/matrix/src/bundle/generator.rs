//! What the generator printed, as far as figures are made of it.
//!
//! A bundle keeps the whole of it as it was; this is a view. Names that are not known are passed
//! over, since the generator may come to tell more; those that are must be there.

use crate::statistics::histogram::Histogram;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use std::collections::BTreeMap;

/// The version of the generator's JSON that is understood.
pub const PRINTED_SCHEMA: u32 = 1;

/// What `hunt-load --format json` printed.
#[derive(Clone, Debug, Deserialize)]
pub struct Printed {
    /// The version of its JSON.
    pub schema: u32,
    /// The program and its version.
    pub program: String,
    /// Whether it trusts its figures.
    pub validity: Validity,
    /// What came of the run.
    pub outcome: Outcome,
}

/// Whether the generator trusts its figures.
#[derive(Clone, Debug, Deserialize)]
pub struct Validity {
    /// What it looked at.
    pub checks: Vec<Check>,
}

/// Something that it looked at.
#[derive(Clone, Debug, Deserialize)]
pub struct Check {
    /// What.
    pub name: String,
    /// What was found, with the limit.
    pub text: String,
    /// Whether it is as it must be.
    pub held: bool,
}

/// What `hunt-load prove --format json` printed.
#[derive(Clone, Debug, Deserialize)]
pub struct Proven {
    /// The version of its JSON.
    pub schema: u32,
    /// Whether everything that was asked for is proven.
    pub valid: bool,
    /// What was not asked for.
    pub left_out: Vec<String>,
    /// The highest rate that is proven; none where that was not looked at.
    pub rate_proven_per_s: Option<f64>,
}

/// What came of a run.
#[derive(Clone, Debug, Deserialize)]
pub struct Outcome {
    /// What was counted while it counted.
    pub figures: Figures,
    /// Second by second; empty where only the whole was kept.
    #[serde(default)]
    pub seconds: Vec<Second>,
    /// Requests a second that were meant to be sent; none in a closed loop.
    pub rate_per_s: Option<f64>,
    /// The time that counts.
    pub measured: Span,
    /// How it ended: `Complete`, or something else.
    pub ending: Box<RawValue>,
}

/// A span of time.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Span {
    /// Whole seconds.
    pub secs: u64,
    /// The rest.
    pub nanos: u32,
}

/// What was counted.
#[derive(Clone, Debug, Deserialize)]
pub struct Figures {
    /// By lane.
    pub lanes: Vec<Lane>,
    /// What the generator itself used.
    pub workers: Vec<Worker>,
}

/// What one lane counted.
#[derive(Clone, Debug, Deserialize)]
pub struct Lane {
    /// Its name.
    pub name: String,
    /// Requests whose intended time has come.
    pub due: u64,
    /// By kind of request.
    pub operations: Vec<Operation>,
    /// What is measured besides.
    pub metrics: Vec<Metric>,
    /// What is counted besides.
    pub counters: Vec<Counter>,
    /// What went wrong.
    pub errors: Errors,
    /// Bytes that the generator sent.
    pub bytes_sent: u64,
    /// Bytes that came.
    pub bytes_received: u64,
}

/// What was counted of one kind of request.
#[derive(Clone, Debug, Deserialize)]
pub struct Operation {
    /// Its name.
    pub name: String,
    /// Requests that were sent.
    pub sent: u64,
    /// Right answers.
    pub right: u64,
    /// Requests without a right answer.
    pub failed: u64,
    /// From the intended time to the end of the answer, in nanoseconds.
    pub latency: Histogram,
    /// From the intended time to when it was sent, in nanoseconds.
    pub lag: Histogram,
}

/// A measurement besides latencies.
#[derive(Clone, Debug, Deserialize)]
pub struct Metric {
    /// Its name; the unit stands last.
    pub name: String,
    /// The values.
    pub values: Histogram,
}

/// A count besides.
#[derive(Clone, Debug, Deserialize)]
pub struct Counter {
    /// Its name.
    pub name: String,
    /// How many.
    pub count: u64,
}

/// What went wrong, by kind.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Errors {
    /// How many of each kind.
    pub counts: BTreeMap<String, u64>,
}

/// What one worker of the generator used.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Worker {
    /// The time that passed.
    pub wall_ns: u64,
    /// CPU time.
    pub cpu_ns: u64,
    /// For how long it wanted a core and had none.
    pub starved_ns: u64,
}

/// One second.
#[derive(Clone, Debug, Deserialize)]
pub struct Second {
    /// `connect`, `warmup`, `measured` or `grace`.
    pub phase: String,
    /// Its number in its phase.
    pub index: u32,
    /// How long it was.
    pub length_ms: u64,
    /// Sums over all operations.
    pub requests: Requests,
    /// Latencies of what was answered in it.
    pub latency: Quantiles,
}

/// Sums over all operations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Requests {
    /// Requests whose intended time has come.
    pub due: u64,
    /// Requests that were sent.
    pub sent: u64,
    /// Right answers.
    pub right: u64,
    /// Requests without a right answer.
    pub failed: u64,
}

/// Some values of a histogram, in nanoseconds.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Quantiles {
    /// The median.
    pub p50: u64,
    /// The 99th percentile.
    pub p99: u64,
    /// The largest.
    pub max: u64,
}

impl Printed {
    /// Reads what was printed.
    ///
    /// # Errors
    /// If something that is needed is not there, or it is of another version.
    pub fn read(printed: &RawValue) -> Result<Self, String> {
        let read: Self = parse(printed)?;
        of_our_version(read.schema)?;
        Ok(read)
    }
}

impl Proven {
    /// Reads what was printed.
    ///
    /// # Errors
    /// As [`Printed::read`].
    pub fn read(printed: &RawValue) -> Result<Self, String> {
        let read: Self = parse(printed)?;
        of_our_version(read.schema)?;
        Ok(read)
    }
}

/// How much is kept of what was printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Second by second.
    Seconds,
    /// As a whole: enough of a run of a search, of which there are many.
    Whole,
}

/// What a bundle keeps of what was printed: all of it but the figures of the warm-up, which do not
/// count, and the histograms of single seconds, whose percentiles stand beside them.
///
/// # Errors
/// If it is no JSON.
pub fn kept(printed: &str, detail: Detail) -> Result<Box<RawValue>, serde_json::Error> {
    let mut all: Value = serde_json::from_str(printed)?;
    if let Some(outcome) = all.get_mut("outcome").and_then(Value::as_object_mut) {
        outcome.remove("warmup");
        if detail == Detail::Whole {
            outcome.remove("seconds");
        }
        let seconds = outcome.get_mut("seconds").and_then(Value::as_array_mut);
        for second in seconds.into_iter().flatten().filter_map(Value::as_object_mut) {
            second.remove("histograms");
        }
    }
    to_raw_value(&all)
}

fn parse<'a, T: Deserialize<'a>>(printed: &'a RawValue) -> Result<T, String> {
    serde_json::from_str(printed.get()).map_err(|error| error.to_string())
}

fn of_our_version(found: u32) -> Result<(), String> {
    if found == PRINTED_SCHEMA {
        return Ok(());
    }
    Err(format!("version {found} of the generator's JSON, not {PRINTED_SCHEMA}"))
}

impl Outcome {
    /// Whether it ended as planned.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.ending.get() == "\"Complete\""
    }
}

impl Span {
    /// In seconds.
    #[must_use]
    pub fn seconds(self) -> f64 {
        crate::number::float(self.secs) + f64::from(self.nanos) / 1e9
    }
}

impl Figures {
    /// Every operation of every lane.
    pub fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.lanes.iter().flat_map(|lane| &lane.operations)
    }

    /// Sums over all operations.
    #[must_use]
    pub fn requests(&self) -> Requests {
        let mut all = Requests::default();
        for operation in self.operations() {
            all.sent += operation.sent;
            all.right += operation.right;
            all.failed += operation.failed;
        }
        all.due = self.lanes.iter().map(|lane| lane.due).sum();
        all
    }

    /// Errors of all kinds.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.lanes.iter().flat_map(|lane| lane.errors.counts.values()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_all_but_the_warm_up_and_the_histograms_of_seconds() {
        let printed = r#"{"schema":1,"x":0.1,"outcome":{"warmup":{"a":1},"figures":{"histograms":2},
            "seconds":[{"index":0,"histograms":["HIST"],"latency":{"p50":18446744073709551615}}]}}"#;
        let expected = r#"{"outcome":{"figures":{"histograms":2},"seconds":[{"index":0,"latency":{"p50":18446744073709551615}}]},"schema":1,"x":0.1}"#;
        assert_eq!(kept(printed, Detail::Seconds).unwrap().get(), expected);
        let expected = r#"{"outcome":{"figures":{"histograms":2}},"schema":1,"x":0.1}"#;
        assert_eq!(kept(printed, Detail::Whole).unwrap().get(), expected);
        assert_eq!(kept("[1]", Detail::Whole).unwrap().get(), "[1]");
        assert!(kept("{", Detail::Seconds).is_err());
    }
}
