//! Times in which work had to wait, from what a server tells of them.
//!
//! Go tells two histograms: how long goroutines that could run waited for a thread (of every eighth
//! transition, as its runtime samples them), and how long each collection stopped the program. As
//! its metrics are exposed, their bounds lie about a factor of eleven apart (640 ns, 7.2 µs, 82 µs,
//! 0.92 ms, 10.5 ms, 117 ms). A percentile is told as the upper bound of where it lies, so that no
//! wait is made shorter than it was; beyond the last bound it is told as that bound. The total is
//! what the runtime estimates from its own, finer, histogram.
//!
//! Of other programs the kernel knows how long their threads waited for a core in all, but not how
//! that is distributed; a mean of waits is no percentile, and none is made of it.

use super::scrape::{Metrics, label};
use crate::bundle::run::Pauses;
use anyhow::{Context, bail, ensure};

/// How long goroutines that could run waited, between two moments.
pub(super) fn scheduling(begin: &Metrics, end: &Metrics) -> anyhow::Result<Pauses> {
    if end.go_version().is_none() {
        bail!(
            "the kernel tells how long threads waited for a core in all (waited_ns), not how that \
             is distributed"
        );
    }
    between("go_sched_latencies_seconds", begin, end)
}

/// How long collecting garbage stopped the program, between two moments.
pub(super) fn collections(begin: &Metrics, end: &Metrics) -> anyhow::Result<Pauses> {
    if end.go_version().is_none() {
        bail!("nothing collects garbage here");
    }
    between("go_sched_pauses_total_gc_seconds", begin, end)
}

/// What a histogram of seconds has more at the end.
fn between(metric: &str, begin: &Metrics, end: &Metrics) -> anyhow::Result<Pauses> {
    let buckets = added(metric, begin, end)?;
    let count = buckets.last().with_context(|| format!("{metric} has no buckets"))?.up_to;
    let sum = format!("{metric}_sum");
    let sums = end.value(&sum).zip(begin.value(&sum));
    let (after, before) = sums.with_context(|| format!("{metric} has no sum"))?;
    let at = |rank: u64| {
        if count == 0 {
            return 0;
        }
        let bucket = buckets.iter().find(|bucket| bucket.up_to >= rank);
        bucket.map_or(0, |bucket| bucket.bound_ns)
    };
    let (half, nearly_all) = (count.div_ceil(2), count - count / 100);
    Ok(Pauses {
        count,
        p50_ns: at(half),
        p99_ns: at(nearly_all),
        max_ns: at(count),
        total_ns: nanoseconds(after - before),
    })
}

/// How many values lie at or below a bound.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    bound_ns: u64,
    up_to: u64,
}

/// What the buckets of a histogram have more at the end, from the lowest bound to the highest.
fn added(metric: &str, begin: &Metrics, end: &Metrics) -> anyhow::Result<Vec<Bucket>> {
    let name = format!("{metric}_bucket");
    let mut bounds: Vec<(f64, f64)> = Vec::new();
    for (labels, after) in end.labelled(&name) {
        let bound = label(labels, "le").context("a bucket without its bound")?;
        let before = begin.value(&format!("{name}{labels}"));
        let before = before.with_context(|| format!("{metric} had no bucket {bound}"))?;
        ensure!(after >= before, "{metric} went backwards");
        let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse()? };
        bounds.push((bound, after - before));
    }
    bounds.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let mut last_ns = 0;
    let buckets = bounds.into_iter().map(|(bound, up_to)| {
        if bound.is_finite() {
            last_ns = nanoseconds(bound);
        }
        Bucket { bound_ns: last_ns, up_to: whole(up_to) }
    });
    Ok(buckets.collect())
}

fn nanoseconds(seconds: f64) -> u64 {
    whole((seconds * 1e9).round())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float saturates")]
pub(super) const fn whole(value: f64) -> u64 {
    value as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics(metric: &str, counts: [u64; 4], sum: f64) -> Metrics {
        let bounds = ["6.4e-07", "0.001", "0.1", "+Inf"];
        let lines = bounds
            .iter()
            .zip(counts)
            .map(|(le, count)| format!("{metric}_bucket{{le=\"{le}\"}} {count}\n"));
        let text: String = lines.collect();
        Metrics::read(&format!("go_info{{version=\"go1.26\"}} 1\n{text}{metric}_sum {sum}\n"))
    }

    #[test]
    fn percentiles_are_the_bounds_above_what_was_added() {
        const METRIC: &str = "go_sched_latencies_seconds";
        let begin = metrics(METRIC, [100, 100, 100, 100], 1.0);
        let end = metrics(METRIC, [150, 198, 200, 200], 1.5);
        let waits = scheduling(&begin, &end).unwrap();
        assert_eq!((waits.count, waits.p50_ns, waits.p99_ns), (100, 640, 100_000_000));
        assert_eq!((waits.max_ns, waits.total_ns), (100_000_000, 500_000_000));
        let end = metrics(METRIC, [100, 100, 100, 101], 3.0);
        let waits = scheduling(&begin, &end).unwrap();
        assert_eq!(waits.max_ns, 100_000_000, "beyond the last bound it is that bound");
        assert!(scheduling(&end, &begin).is_err(), "it cannot go backwards");
    }

    #[test]
    fn no_collection_is_no_pause_and_no_collector_is_no_figure() {
        let same = metrics("go_sched_pauses_total_gc_seconds", [4, 5, 5, 5], 0.25);
        let pauses = collections(&same, &same).unwrap();
        assert_eq!((pauses.count, pauses.max_ns, pauses.total_ns), (0, 0, 0));
        let rust = Metrics::read("hunt_connections 1\n");
        assert!(collections(&rust, &rust).unwrap_err().to_string().contains("nothing collects"));
        assert!(scheduling(&rust, &rust).unwrap_err().to_string().contains("waited_ns"));
        assert!(scheduling(&same, &same).is_err(), "it has no such histogram");
    }
}
