//! Tables that have a row for each server.

use super::Among;
use crate::cell::Server;
use crate::figures::{Metric, Ranked};
use crate::published::markdown::Sheet;
use crate::quantity;
use crate::slo::Percentile;
use crate::statistics::{Judged, Scale, Verdict};
use std::collections::BTreeMap;

/// What is in the headline besides capacities.
const HEADLINE: [Metric; 5] = [
    Metric::Latency(Percentile::P50),
    Metric::Latency(Percentile::P99),
    Metric::Cpu,
    Metric::ResidentPeak,
    Metric::PerConnection,
];

/// What is in it of a closed loop.
const CLOSED: [Metric; 4] = [Metric::Rate, Metric::Cpu, Metric::SystemCalls, Metric::ResidentPeak];

/// Capacities, then what is asked for most, of the best setting of each runtime or of those servers
/// that the block names; ordered by what leads, and how each stands to the best in it.
pub(super) fn headline(all: &Among<'_, '_>) -> Sheet {
    let leading = all.leading();
    let among = &if all.named { all.clone() } else { all.only(all.best_settings(leading)) };
    let mut metrics = among.capacities();
    metrics.extend(match among.is_closed() {
        true => &CLOSED[..],
        false => &HEADLINE,
    });
    let mut sheet = metrics_ordered(among, &metrics, leading);
    if !all.named {
        let by = leading.title();
        sheet.notes.push(format!("The best setting of each runtime by {by}; the report has all."));
    }
    sheet.headings.push("to the best".into());
    let ranking = among.rank(leading);
    for row in &mut sheet.rows {
        let ranked = ranking.rows.iter().find(|ranked| ranked.server.to_string() == row[0]);
        row.push(ranked.map_or(NONE.to_owned(), |ranked| to_the_best(ranked, leading)));
    }
    sheet.notes.push(format!(
        "Ordered by {}; \"to the best\" is the ratio in it, paired by round, where something tells \
         the two apart.",
        leading.title()
    ));
    sheet
}

/// These metrics, ordered by the first.
pub(super) fn metrics(among: &Among<'_, '_>, metrics: &[Metric]) -> Sheet {
    metrics_ordered(among, metrics, metrics[0])
}

pub(super) const NONE: &str = "-";

fn metrics_ordered(among: &Among<'_, '_>, metrics: &[Metric], leading: Metric) -> Sheet {
    let ranking = among.rank(leading);
    let ranked = ranking.rows.iter().map(|row| row.server);
    let order = ranked.chain(ranking.without.iter().map(|(server, _)| *server));
    let mut missing = Missing::default();
    let rows = order.map(|server| {
        let figure = |metric: &Metric| {
            among.figure(server, *metric).unwrap_or_else(|why| {
                missing.note(*metric, why, server);
                NONE.to_owned()
            })
        };
        let mut row = vec![server.to_string()];
        row.extend(metrics.iter().map(figure));
        row
    });
    let rows = rows.collect();
    let mut notes = vec![among.source()];
    notes.extend(missing.told());
    notes.extend(among.left_out());
    let titles = metrics.iter().map(|metric| metric.title());
    let headings = std::iter::once("server".to_owned()).chain(titles).collect();
    Sheet { headings, rows, words: vec![0], notes }
}

/// Every server in the order of a metric, and which places mean something.
pub(super) fn ranking(among: &Among<'_, '_>, metric: Metric) -> Sheet {
    let ranking = among.rank(metric);
    let rows = ranking.rows.iter().map(|row| {
        let figure = among.figure(row.server, metric).unwrap_or_else(|_| NONE.to_owned());
        let verdict = match row.against_best {
            Some(judged) => judged.verdict.to_string(),
            None if row.server == ranking.rows[0].server => "the best".into(),
            None => "too few rounds".into(),
        };
        vec![row.server.to_string(), figure, to_the_best(row, metric), verdict]
    });
    let rows = rows.collect();
    let mut notes = vec![among.source()];
    notes.push(match ranking.noise {
        None => "No A/A pair tells what is noise, so nothing is told apart.".into(),
        Some(_) if metric.is_exact() => "It never varies, so any difference is one.".into(),
        Some(noise) => {
            let reach = match metric.scale() {
                Scale::Ratio => format!("{:.1} %", noise.reach.exp_m1() * 100.0),
                Scale::Difference => quantity::figure(noise.reach, metric.unit()),
            };
            format!(
                "The same server differs from itself by up to {reach}; p-values are corrected for \
                 all comparisons of the table (Holm)."
            )
        }
    });
    let mut missing = Missing::default();
    ranking.without.into_iter().for_each(|(server, why)| missing.note(metric, why, server));
    notes.extend(missing.told());
    notes.extend(among.left_out());
    let headings = ["server", &metric.title(), "to the best", "verdict"].map(str::to_owned);
    Sheet { headings: headings.to_vec(), rows, words: vec![0, 3], notes }
}

/// How a server stands to the best: by ratio, or by difference where there is no ratio.
fn to_the_best(row: &Ranked, metric: Metric) -> String {
    let Some(Judged { change, verdict, .. }) = row.against_best else { return NONE.to_owned() };
    if let Verdict::Indistinguishable(_) = verdict {
        return "like it".to_owned();
    }
    let estimate = change.estimate;
    match change.scale {
        Scale::Ratio => quantity::ratio(estimate.value.exp(), estimate.interval.map(f64::exp)),
        Scale::Difference => {
            quantity::change(estimate.value, estimate.interval, change.scale, metric.unit())
        }
    }
}

/// Why figures are missing, each reason once: which ones, of whom.
#[derive(Default)]
pub(super) struct Missing(BTreeMap<String, BTreeMap<Server, Vec<String>>>);

impl Missing {
    pub(super) fn note(&mut self, metric: Metric, why: String, server: Server) {
        self.0.entry(why).or_default().entry(server).or_default().push(metric.title());
    }

    pub(super) fn told(self) -> impl Iterator<Item = String> {
        self.0.into_iter().flat_map(|(why, servers)| {
            let mut alike: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for (server, metrics) in servers {
                alike.entry(metrics.join("; ")).or_default().push(server.to_string());
            }
            let told = |(metrics, servers): (String, Vec<String>)| {
                format!("No {metrics} of {}: {why}.", servers.join(", "))
            };
            alike.into_iter().map(told).collect::<Vec<_>>()
        })
    }
}
