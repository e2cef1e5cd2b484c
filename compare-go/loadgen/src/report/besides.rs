//! What lanes measure and count besides requests, as people read it.

use super::paint::Paint;
use super::summary::float;
use super::table::{row, table};
use super::text::wrapped;
use crate::figures::{Figures, LaneFigures};
use crate::quantity::{count, three_digits, time};

/// Metrics, a row for each that has values.
pub(super) fn metrics(figures: &Figures, paint: Paint) -> String {
    let metrics = of_lanes(figures, |lane| &lane.metrics, |metric| &metric.name);
    if metrics.is_empty() {
        return String::new();
    }
    let mut rows = vec![row(["", "values", "p50", "p90", "p99", "p99.9", "max"])];
    let mut without = Vec::new();
    for (name, metric) in metrics {
        let of = metric.values.quantiles();
        if of.count == 0 {
            without.push(words(bare(&name)));
            continue;
        }
        let values = [of.p50, of.p90, of.p99, of.p999, of.max].map(float);
        let values = values.map(|value| in_unit(&metric.name, value));
        let first = [words(bare(&name)), count(of.count)];
        rows.push(first.into_iter().chain(values).collect());
    }
    let table = if rows.len() > 1 { table(&rows) } else { String::new() };
    format!("{}\n{table}{}\n", paint.title("Besides"), none_of(&without))
}

/// Counters, a row for each that is not 0.
pub(super) fn counters(figures: &Figures, paint: Paint) -> String {
    let counters = of_lanes(figures, |lane| &lane.counters, |counter| &counter.name);
    if counters.is_empty() {
        return String::new();
    }
    let (counted, none): (Vec<_>, Vec<_>) =
        counters.into_iter().partition(|(_, counter)| counter.count > 0);
    let rows: Vec<_> =
        counted.iter().map(|(name, counter)| vec![words(name), count(counter.count)]).collect();
    let none: Vec<String> = none.iter().map(|(name, _)| words(name)).collect();
    format!("{}\n{}{}\n", paint.title("Counted"), table(&rows), none_of(&none))
}

/// What there was none of, in one line.
fn none_of(names: &[String]) -> String {
    match names {
        [] => String::new(),
        names => format!("  none: {}\n", wrapped(&names.join(", "), 8)),
    }
}

/// A name as words.
fn words(name: &str) -> String {
    name.replace('_', " ")
}

/// A value of a metric, whose name ends in its unit.
fn in_unit(name: &str, value: f64) -> String {
    if name.ends_with("_ns") { time(value) } else { three_digits(value) }
}

/// The name of a metric without its unit, where values show it.
fn bare(name: &str) -> &str {
    name.strip_suffix("_ns").unwrap_or(name)
}

/// What lanes have besides, by name: with that of the lane where several lanes have the same.
fn of_lanes<'a, T>(
    figures: &'a Figures,
    of: impl Fn(&'a LaneFigures) -> &'a Vec<T>,
    name: impl Fn(&T) -> &str,
) -> Vec<(String, &'a T)> {
    let all = || figures.lanes.iter().flat_map(|lane| of(lane).iter().map(move |one| (lane, one)));
    let named = |(lane, one): (&'a LaneFigures, &'a T)| {
        let own = name(one);
        let alone = all().filter(|(_, other)| name(other) == own).count() == 1;
        (if alone { own.to_owned() } else { format!("{} {own}", lane.name) }, one)
    };
    all().map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_several_lanes_have_is_told_apart() {
        let lane = |name, counters| LaneFigures::new(name, &[], &["delivery_ns"], counters);
        let mut lanes = vec![lane("prompt", &["frames"]), lane("stuck", &["frames", "cut_off"])];
        lanes[0].metrics[0].values.record(2_000_000);
        lanes[1].counters[1].count = 3;
        let figures = Figures { lanes, workers: Vec::new() };
        let text = metrics(&figures, Paint::NONE);
        assert!(text.contains("\n  prompt delivery       1  2.00 ms"), "{text}");
        assert!(text.contains("\n  none: stuck delivery\n"), "{text}");
        let text = counters(&figures, Paint::NONE);
        let expected = "Counted\n  cut off  3\n  none: prompt frames, stuck frames\n\n";
        assert_eq!(text, expected);
    }
}
