//! The report as CSV (RFC 4180, line feeds): one line for each number, with the runs that it is
//! made of. Figures are in base units: nanoseconds, bytes, a second, shares of one; changes by
//! ratio are shares of one as well.

use crate::figures::{Metric, Unit};
use crate::quantity;
use crate::report::Report;
use crate::report::effects::Effect;
use crate::report::number::{Number, said};
use crate::report::ranking::Ranking;
use crate::report::sheet::Sheet;
use crate::statistics::{Interval, Judged, Scale};
use std::fmt::Write;

const HEADS: [&str; 19] = [
    "table",
    "bundle",
    "digest",
    "workload",
    "subject",
    "against",
    "metric",
    "unit",
    "text",
    "value",
    "lower",
    "upper",
    "place",
    "rounds",
    "settings",
    "p_corrected",
    "said",
    "runs",
    "note",
];

/// A line, of which most fields are empty.
#[derive(Clone, Debug, Default)]
struct Fields {
    table: &'static str,
    bundle: usize,
    workload: String,
    subject: String,
    against: String,
    metric: Option<Metric>,
    number: Option<Number>,
    share: Option<LayerShare>,
    is_change: bool,
    place: String,
    rounds: String,
    settings: String,
    judged: Option<Judged>,
    runs: String,
    note: String,
}

/// What a layer has of a server's CPU time: a number of a profile, and of no metric of runs.
#[derive(Clone, Copy, Debug)]
struct LayerShare {
    metric: &'static str,
    unit: Unit,
    value: f64,
    interval: Option<Interval>,
}

/// The text.
pub(super) fn text(report: &Report<'_>) -> String {
    let mut out = HEADS.join(",");
    out.push('\n');
    let mut put = |fields: Fields| {
        out.push_str(&line(report, fields));
        out.push('\n');
    };
    for sheet in &report.sheets {
        figures(report, sheet, &mut put);
        for ranking in &sheet.rankings {
            ranked(report, sheet, ranking, &mut put);
        }
        layers(sheet, &mut put);
        effects(sheet, &mut put);
        without(sheet, &mut put);
    }
    for comparison in &report.comparisons {
        for row in &comparison.rows {
            put(Fields {
                table: "comparison",
                bundle: comparison.second,
                workload: row.cell.workload.to_string(),
                subject: row.cell.server.to_string(),
                against: report.about[comparison.first].name.clone(),
                metric: Some(row.metric),
                number: Some(row.change.clone()),
                is_change: true,
                rounds: row.judged.change.rounds.to_string(),
                judged: Some(row.judged),
                note: format!("{} became {}", row.before.whole(), row.after.whole()),
                ..Fields::default()
            });
        }
    }
    out
}

/// The files of the runs that a metric of a cell is made of.
fn runs(report: &Report<'_>, number: &Number) -> String {
    let cells: Vec<_> = report.cells.iter().collect();
    let of = number.cells.split(' ').filter_map(|place| cells.get(place.parse::<usize>().ok()?));
    let files = of.flat_map(|(bundle, cell)| {
        let cell = report.bundles[*bundle].cell(*cell);
        cell.map_or(&[][..], |cell| cell.files(number.metric))
    });
    files.cloned().collect::<Vec<String>>().join(" ")
}

fn figures(report: &Report<'_>, sheet: &Sheet, put: &mut impl FnMut(Fields)) {
    for row in sheet.tables.iter().flat_map(|table| &table.rows) {
        for number in row.figures.iter().flatten() {
            put(Fields {
                table: "figure",
                bundle: sheet.bundle,
                workload: sheet.workload.to_string(),
                subject: row.server.to_string(),
                metric: Some(number.metric),
                number: Some(number.clone()),
                runs: runs(report, number),
                ..Fields::default()
            });
        }
    }
}

fn ranked(report: &Report<'_>, sheet: &Sheet, ranking: &Ranking, put: &mut impl FnMut(Fields)) {
    let best = ranking.rows.first().map(|row| row.server.to_string()).unwrap_or_default();
    for row in &ranking.rows {
        let base = Fields {
            bundle: sheet.bundle,
            workload: sheet.workload.to_string(),
            subject: row.server.to_string(),
            metric: Some(ranking.metric),
            rounds: row.rounds.to_string(),
            ..Fields::default()
        };
        put(Fields {
            table: "ranking",
            number: Some(row.number.clone()),
            place: row.place.map_or(String::new(), |place| place.to_string()),
            runs: runs(report, &row.number),
            note: match (&ranking.refusal, row.leads) {
                (Some(why), _) => format!("not ranked: {why}"),
                (None, true) => "leads".to_owned(),
                (None, false) => String::new(),
            },
            ..base.clone()
        });
        if let Some((number, judged)) = &row.against_best {
            put(Fields {
                table: "against-best",
                against: best.clone(),
                number: Some(number.clone()),
                is_change: true,
                judged: Some(*judged),
                ..base
            });
        }
    }
}

fn layers(sheet: &Sheet, put: &mut impl FnMut(Fields)) {
    for row in &sheet.cpu.layers {
        for part in &row.parts {
            let (value, interval) = (part.value, Some(part.interval));
            let share = LayerShare { metric: "cpu-share", unit: Unit::Share, value, interval };
            let cost =
                |value| LayerShare { metric: "cpu", unit: Unit::Time, value, interval: None };
            for share in std::iter::once(share).chain(part.cost_ns.map(cost)) {
                put(Fields {
                    table: "layer",
                    bundle: sheet.bundle,
                    workload: sheet.workload.to_string(),
                    subject: row.server.to_string(),
                    share: Some(share),
                    runs: row.file.clone(),
                    note: part.layer.to_string(),
                    ..Fields::default()
                });
            }
        }
    }
}

fn effects(sheet: &Sheet, put: &mut impl FnMut(Fields)) {
    let one = |table, metric, effect: &Effect| Fields {
        table,
        bundle: sheet.bundle,
        workload: sheet.workload.to_string(),
        subject: effect.subject.clone(),
        against: effect.against.clone(),
        metric: Some(metric),
        number: Some(effect.number.clone()),
        is_change: true,
        rounds: effect.judged.change.rounds.to_string(),
        settings: effect.settings.to_string(),
        judged: Some(effect.judged),
        ..Fields::default()
    };
    for effects in &sheet.effects {
        for factor in &effects.factors {
            for effect in &factor.effects {
                let fields = one("effect", effects.metric, effect);
                put(Fields { note: factor.name.to_owned(), ..fields });
            }
        }
        for effect in &effects.interactions {
            put(one("interaction", effects.metric, effect));
        }
    }
}

fn without(sheet: &Sheet, put: &mut impl FnMut(Fields)) {
    let base =
        Fields { bundle: sheet.bundle, workload: sheet.workload.to_string(), ..Fields::default() };
    for refused in &sheet.refused {
        put(Fields {
            table: "refused",
            subject: refused.server.to_string(),
            note: refused.why.clone(),
            ..base.clone()
        });
    }
    for run in &sheet.excluded {
        put(Fields {
            table: "excluded",
            subject: run.server.to_string(),
            runs: run.file.clone(),
            note: format!("{}: {}", run.state, run.why),
            ..base.clone()
        });
    }
}

fn line(report: &Report<'_>, fields: Fields) -> String {
    let about = &report.about[fields.bundle];
    let number = fields.number.as_ref();
    let is_ratio = |metric: Metric| fields.is_change && metric.scale() == Scale::Ratio;
    let share = fields.share;
    let unit = fields.metric.map(|metric| match metric.unit() {
        _ if is_ratio(metric) => Unit::Share,
        unit => unit,
    });
    let unit = match unit.or(share.map(|share| share.unit)) {
        None => "",
        Some(Unit::Time) => "ns",
        Some(Unit::PerSecond) => "1/s",
        Some(Unit::Share) => "share",
        Some(Unit::Ratio) => "ratio",
        Some(Unit::Count) => "count",
        Some(Unit::Bytes) => "bytes",
    };
    let figure = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
    let metric = fields.metric.map(|metric| metric.to_string());
    let metric = metric.or(share.map(|share| share.metric.to_owned()));
    let whole = number.map(Number::whole);
    let whole = whole.or(share.map(|share| quantity::figure(share.value, share.unit)));
    let value = number.map(|number| number.value).or(share.map(|share| share.value));
    let ends = number.and_then(|number| number.ends).or(share.and_then(|share| share.interval));
    let texts = [
        fields.table.to_owned(),
        about.name.clone(),
        about.digest.clone(),
        fields.workload,
        fields.subject,
        fields.against,
        metric.unwrap_or_default(),
        unit.to_owned(),
        whole.unwrap_or_default(),
        figure(value),
        figure(ends.map(|ends| ends.lower)),
        figure(ends.map(|ends| ends.upper)),
        fields.place,
        fields.rounds,
        fields.settings,
        figure(fields.judged.map(|judged| judged.p_corrected)),
        fields.judged.map_or(String::new(), |judged| said(judged.verdict)),
        fields.runs,
        fields.note,
    ];
    let mut out = String::new();
    for (index, text) in texts.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        let _ = write!(out, "{comma}{}", field(text));
    }
    out
}

/// A field, in quotes where it must be.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_break_a_line_is_in_quotes() {
        assert_eq!(field("p99<5ms"), "p99<5ms");
        assert_eq!(field("15,000/s"), "\"15,000/s\"");
        assert_eq!(field("a \"b\"\nc"), "\"a \"\"b\"\"\nc\"");
    }
}
