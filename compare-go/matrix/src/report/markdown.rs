//! The report as Markdown: for each workload the answer, the order by what counts most, the figures
//! that decisions are made on, the effects, and what does not count. Everything else is in the page
//! and in the CSV.

use crate::figures::Metric;
use crate::profile::layer::Layer;
use crate::report::Report;
use crate::report::comparison::Comparison;
use crate::report::cpu::Cpu;
use crate::report::effects::Effect;
use crate::report::number::{Number, said};
use crate::report::ranking::Ranking;
use crate::report::sheet::Sheet;
use crate::slo::Percentile;
use std::fmt::Write;

/// The metrics of the table of figures.
const FIGURES: [Metric; 9] = [
    Metric::Latency(Percentile::P50),
    Metric::Latency(Percentile::P99),
    Metric::Latency(Percentile::P999),
    Metric::LatencyMax,
    Metric::Rate,
    Metric::Errors,
    Metric::Cpu,
    Metric::ResidentPeak,
    Metric::PerConnection,
];

/// The text.
pub(super) fn text(report: &Report<'_>) -> String {
    let mut out = format!("<!-- {} -->\n# {}\n\n", report.stamp, report.headline());
    for about in &report.about {
        let short = about.short.join("; ");
        line(&mut out, &format!("- **{}** (`{}`): {short}.", about.name, about.digest));
        line(&mut out, &format!("  Made by `{}`.", about.command));
        for warning in &about.warnings {
            line(&mut out, &format!("  **Mind:** {warning}"));
        }
    }
    for comparison in &report.comparisons {
        compared(&mut out, report, comparison);
    }
    for sheet in &report.sheets {
        let of = &report.about[sheet.bundle];
        workload(&mut out, sheet, &of.name);
    }
    out
}

fn workload(out: &mut String, sheet: &Sheet, bundle: &str) {
    line(out, &format!("\n## {} in {bundle}\n\n{}.", sheet.workload, sheet.load));
    line(out, sheet.latency_of);
    answer(out, sheet);
    if let Some(ranking) = sheet.rankings.first() {
        ranked(out, ranking);
    }
    figures(out, sheet);
    layers(out, &sheet.cpu);
    if let Some(effects) = sheet.effects.first() {
        let heads = ["Choice", "Against", "Change", "Said of it", "Settings"];
        let title = format!("Effects on {}, all else equal", effects.metric.title());
        let all = effects.factors.iter().flat_map(|factor| {
            factor.effects.iter().map(move |effect| (Some(factor.name), effect))
        });
        let all = all.chain(effects.interactions.iter().map(|effect| (None, effect)));
        table(out, &title, &heads, all.map(|(factor, effect)| effect_row(factor, effect)));
    }
    for search in &sheet.searches {
        let title = format!("Highest rate with {}", search.slo);
        let rows = search.rows.iter().map(|(row, tries)| {
            vec![row.server.to_string(), row.number.whole(), tries.len().to_string()]
        });
        table(out, &title, &["Server", "Rate", "Runs"], rows);
    }
    let refused = sheet.refused.iter();
    let refused = refused.map(|refused| vec![refused.server.to_string(), refused.why.clone()]);
    table(out, "Refused a place", &["Server", "Why"], refused);
    let excluded = sheet.excluded.iter().map(|run| {
        vec![format!("`{}`", run.file), run.server.to_string(), run.state.into(), run.why.clone()]
    });
    table(out, "Runs that do not count", &["Run", "Server", "State", "Why"], excluded);
}

fn answer(out: &mut String, sheet: &Sheet) {
    line(out, "");
    if let Some(why) = &sheet.answer.refusal {
        line(out, &format!("**Not ranked:** {why}."));
    }
    for answer in &sheet.answer.lines {
        let ties: Vec<String> = answer.ties.iter().map(|server| format!("`{server}`")).collect();
        let ties = if ties.is_empty() {
            String::new()
        } else {
            format!("; indistinguishable from it: {}", ties.join(", "))
        };
        let others: String = answer
            .others
            .iter()
            .map(|other| {
                let (number, change) = (other.number.whole(), other.change.whole());
                format!(
                    "; best {}: `{}`, {number}, {change}, {}",
                    other.kind, other.server, other.said
                )
            })
            .collect();
        let (praise, leader, figure) = (&answer.praise, answer.leader, answer.number.whole());
        line(out, &format!("- {praise}: **`{leader}`**, {figure}{ties}{others}."));
    }
}

fn ranked(out: &mut String, ranking: &Ranking) {
    let title =
        format!("{}: {}; {}", ranking.metric.title(), ranking.better(), ranking.noise_text());
    let heads =
        ["Place", "Server", "Median (95 % interval)", "Against the best", "Said of it", "Rounds"];
    let rows = ranking.rows.iter().map(|row| {
        let place = row.place.map_or("–".to_owned(), |place| place.to_string());
        let place = if row.like_above { format!("{place} =") } else { place };
        let (against, said) = match &row.against_best {
            Some((number, judged)) => (number.whole(), said(judged.verdict)),
            None if ranking.refusal.is_some() => ("–".to_owned(), "not ranked".to_owned()),
            None if row.leads => ("–".to_owned(), "best".to_owned()),
            None => ("–".to_owned(), "not compared".to_owned()),
        };
        let rounds = row.rounds.to_string();
        vec![place, row.server.to_string(), row.number.whole(), against, said, rounds]
    });
    table(out, &title, &heads, rows);
    if let Some(why) = &ranking.refusal {
        line(out, &format!("\nNobody is ranked: {why}."));
    }
}

fn figures(out: &mut String, sheet: &Sheet) {
    let found = |server, metric: Metric| {
        let tables = sheet.tables.iter();
        let table = tables.clone().find(|table| table.metrics.contains(&metric))?;
        let column = table.metrics.iter().position(|other| *other == metric)?;
        let row = table.rows.iter().find(|row| row.server == server)?;
        row.figures[column].as_ref().ok().map(Number::whole)
    };
    let titles: Vec<String> = FIGURES.iter().map(|metric| metric.title()).collect();
    let heads: Vec<&str> =
        std::iter::once("Server").chain(titles.iter().map(String::as_str)).collect();
    let servers = sheet.tables.first().into_iter().flat_map(|table| &table.rows);
    let rows = servers.map(|row| {
        let figures = FIGURES.map(|metric| found(row.server, metric).unwrap_or("–".to_owned()));
        std::iter::once(row.server.to_string()).chain(figures).collect()
    });
    table(out, "Figures: median of rounds (95 % interval)", &heads, rows);
}

/// Where a profile tells it, the share of each layer and what a unit of work costs in it.
fn layers(out: &mut String, cpu: &Cpu) {
    let titles = Cpu::kinds().map(Layer::title);
    let heads: Vec<&str> = std::iter::once("Server").chain(titles).chain(["Samples"]).collect();
    let rows = cpu.layers.iter().map(|row| {
        let parts = row.parts.iter().map(|part| match part.cost() {
            Some(cost) => format!("{}, {cost}", part.share()),
            None => part.share(),
        });
        let ends = (row.server.to_string(), row.samples.clone());
        std::iter::once(ends.0).chain(parts).chain([ends.1]).collect()
    });
    table(out, "CPU time by layer, and of it for a unit of work", &heads, rows);
    for row in &cpu.layers {
        if let Some(doubt) = &row.doubt {
            line(out, &format!("\n**Mind:** {}: {doubt}.", row.server));
        }
    }
}

fn effect_row(factor: Option<&str>, effect: &Effect) -> Vec<String> {
    let factor = factor.map_or(String::new(), |factor| format!("{factor} "));
    vec![
        format!("{factor}{}", effect.subject),
        effect.against.clone(),
        effect.number.whole(),
        said(effect.judged.verdict),
        effect.settings.to_string(),
    ]
}

fn compared(out: &mut String, report: &Report<'_>, comparison: &Comparison) {
    let [first, second] =
        [comparison.first, comparison.second].map(|index| report.about[index].name.as_str());
    line(out, &format!("\n## From {first} to {second}\n\n{}", comparison.summary));
    for warning in &comparison.warnings {
        line(out, &format!("\n**Mind:** {warning}"));
    }
    let differences = comparison.differences.iter();
    let differences = differences.map(|d| vec![d.what.clone(), d.first.clone(), d.second.clone()]);
    table(out, "What differs around them", &["What", first, second], differences);
    let heads = ["Cell", "Metric", first, second, "Change", "Said of it"];
    let rows = comparison.rows.iter().map(|row| {
        vec![
            row.cell.to_string(),
            row.metric.title(),
            row.before.whole(),
            row.after.whole(),
            row.change.whole(),
            said(row.judged.verdict),
        ]
    });
    table(out, "What changed", &heads, rows);
}

/// A table, where it has rows.
fn table(out: &mut String, title: &str, heads: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    let rows: Vec<Vec<String>> = rows.collect();
    if rows.is_empty() {
        return;
    }
    let cells = |texts: Vec<String>| {
        let texts = texts.into_iter().map(|text| text.replace('|', "\\|").replace('\n', " "));
        format!("| {} |", texts.collect::<Vec<_>>().join(" | "))
    };
    line(out, &format!("\n**{title}**\n"));
    line(out, &cells(heads.iter().map(|head| (*head).to_owned()).collect()));
    line(out, &format!("|{}", "---|".repeat(heads.len())));
    for row in rows {
        line(out, &cells(row));
    }
}

fn line(out: &mut String, text: &str) {
    let _ = writeln!(out, "{text}");
}
