//! Samples as rows, and rows as a table.

use crate::rounds::ALLOCATORS;
use crate::sample::{Run, Sample};
use crate::workloads::{ARENAS, Workload};
use anyhow::{Context, ensure};
use serde::Serialize;
use std::fmt::Write;

/// A figure over all rounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Spread {
    /// The smallest.
    pub min: f64,
    /// The one in the middle; of an even number the mean of both.
    pub median: f64,
    /// The largest.
    pub max: f64,
}

/// One workload on one arena and one allocator.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// What was done.
    pub workload: &'static str,
    /// What an operation is.
    pub operation: &'static str,
    /// On which arena.
    pub arena: &'static str,
    /// On which allocator.
    pub allocator: &'static str,
    /// Its version, as the process saw it.
    pub version: String,
    /// How many runs there were.
    pub runs: usize,
    /// Nanoseconds of CPU for an operation.
    pub cpu_ns: Spread,
    /// By how much the resident memory had grown after the churn.
    pub resident_bytes: Spread,
    /// Bytes that the arenas held then.
    pub held_bytes: u64,
    /// Bytes that the same objects ask for, each by itself: those that `heap` held.
    pub live_bytes: u64,
    /// Resident bytes for each of these; none where nothing is held between operations.
    pub resident_to_live: Option<f64>,
    /// By how much the resident memory had grown once all was given back.
    pub left_bytes: Spread,
}

fn spread(values: impl Iterator<Item = f64>) -> Option<Spread> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let (min, max) = (*values.first()?, *values.last()?);
    let middle = values.len() / 2;
    let median = if values.len() % 2 == 1 {
        values[middle]
    } else {
        f64::midpoint(values[middle - 1], values[middle])
    };
    Some(Spread { min, median, max })
}

/// The rows of the combinations that were run.
///
/// # Errors
/// If runs of one workload did not hold the same objects: then they cannot be compared.
pub fn rows(samples: &[Sample]) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for workload in Workload::ALL {
        let name = workload.name();
        let of = |arena: &'static str| {
            samples.iter().filter(move |sample| sample.workload == name && sample.arena == arena)
        };
        let Some(first) = of("heap").next() else { continue };
        let live_bytes = first.run.held_bytes;
        let same = of("heap").all(|sample| sample.run.held_bytes == live_bytes);
        ensure!(same, "the runs of {name} on heap did not hold the same bytes");
        for arena in ARENAS {
            for allocator in ALLOCATORS {
                let runs: Vec<_> = of(arena).filter(|s| s.allocator == allocator).collect();
                let cell = format!("{name} {arena} {allocator}");
                rows.push(row(workload, arena, allocator, live_bytes, &runs).context(cell)?);
            }
        }
    }
    Ok(rows)
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 bytes or nanoseconds")]
fn row(
    workload: Workload,
    arena: &'static str,
    allocator: &'static str,
    live_bytes: u64,
    samples: &[&Sample],
) -> anyhow::Result<Row> {
    let of = |figure: &dyn Fn(&Run) -> f64| {
        spread(samples.iter().map(|sample| figure(&sample.run))).context("it did not run")
    };
    let resident_bytes = of(&|run| run.resident_bytes as f64)?;
    let held_bytes = samples[0].run.held_bytes;
    let same = samples.iter().all(|sample| sample.run.held_bytes == held_bytes);
    ensure!(same, "the runs did not hold the same bytes");
    Ok(Row {
        workload: workload.name(),
        operation: workload.operation(),
        arena,
        allocator,
        version: samples[0].version.clone(),
        runs: samples.len(),
        cpu_ns: of(&|run| run.cpu_ns as f64 / run.operations as f64)?,
        resident_bytes,
        held_bytes,
        live_bytes,
        resident_to_live: (live_bytes > 0).then(|| resident_bytes.median / live_bytes as f64),
        left_bytes: of(&|run| run.left_bytes as f64)?,
    })
}

/// The table, a block for each workload.
#[must_use]
pub fn table(rows: &[Row]) -> String {
    let mut text = String::new();
    for workload in Workload::ALL {
        let mut own = rows.iter().filter(|row| row.workload == workload.name()).peekable();
        let Some(first) = own.peek() else { continue };
        let live = mib(count(first.live_bytes));
        let (name, operation, runs) = (first.workload, first.operation, first.runs);
        let _ = writeln!(
            text,
            "{name}: an operation is one {operation}; {live:.1} MiB live; {runs} runs\n  \
             {:6} {:9} {:>9} {:>19}  {:>9} {:>9} {:>7} {:>9}",
            "arena", "allocator", "ns CPU", "(least to most)", "resident", "held", "/ live", "left"
        );
        for row in own {
            let Spread { min, median, max } = row.cpu_ns;
            let _ = writeln!(
                text,
                "  {:6} {:9} {median:9.0} {:>19}  {:9.1} {:9.1} {:>7} {:9.1}",
                row.arena,
                row.allocator,
                format!("({min:.0} to {max:.0})"),
                mib(row.resident_bytes.median),
                mib(count(row.held_bytes)),
                row.resident_to_live.map_or("-".into(), |ratio| format!("{ratio:.2}")),
                mib(row.left_bytes.median),
            );
        }
        text.push('\n');
    }
    text.push_str(
        "MiB: resident after the churn, held by the arenas then, left once all is free\n",
    );
    text
}

fn mib(bytes: f64) -> f64 {
    bytes / f64::from(1 << 20)
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 bytes")]
fn count(bytes: u64) -> f64 {
    bytes as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> Vec<Sample> {
        let mut samples = Vec::new();
        for round in 0..3 {
            for (arena, held_bytes) in [("heap", 2 << 20), ("bump", 3 << 20)] {
                for (place, allocator) in ALLOCATORS.into_iter().enumerate() {
                    let cpu_ns = 1_000 + 10 * place as u64 + round;
                    let (resident_bytes, left_bytes) = (3 << 20, 1 << 20);
                    let run =
                        Run { operations: 10, cpu_ns, held_bytes, resident_bytes, left_bytes };
                    samples.push(Sample {
                        workload: "states".into(),
                        arena: arena.into(),
                        allocator: allocator.into(),
                        version: "1".into(),
                        run,
                    });
                }
            }
        }
        samples
    }

    #[test]
    fn a_row_is_the_middle_of_its_rounds_and_is_held_against_what_is_live() {
        let rows = rows(&samples()).unwrap();
        assert_eq!(rows.len(), 6);
        assert_eq!(rows[0].cpu_ns, Spread { min: 100.0, median: 100.1, max: 100.2 });
        assert_eq!(
            (rows[3].arena, rows[3].held_bytes, rows[3].live_bytes),
            ("bump", 3 << 20, 2 << 20)
        );
        assert_eq!(rows[3].resident_to_live, Some(1.5));
        let text = table(&rows);
        assert!(text.contains("states: an operation is one leave and join; 2.0 MiB live; 3 runs"));
        assert!(text.contains("bump   system"), "{text}");
    }

    #[test]
    fn runs_that_held_other_objects_are_not_compared() {
        for changed in [0, 3] {
            let mut samples = samples();
            samples[changed].run.held_bytes += 1;
            assert!(rows(&samples).is_err());
        }
        let mut samples = samples();
        samples.retain(|sample| sample.allocator != "jemalloc");
        let error = format!("{:#}", rows(&samples).unwrap_err());
        assert!(error.contains("states heap jemalloc: it did not run"), "{error}");
    }

    #[test]
    fn the_middle_of_an_even_number_lies_between_two() {
        let four = spread([4.0, 1.0, 2.0, 3.0].into_iter()).unwrap();
        assert_eq!(four, Spread { min: 1.0, median: 2.5, max: 4.0 });
        assert_eq!(spread(std::iter::empty()), None);
    }
}
