//! A comparison as text, Markdown or JSON.

use crate::compare::{Comparison, Row};
use crate::published::markdown::Sheet;
use crate::quantity::{self, several};
use crate::statistics::{Judged, Verdict};

/// As text. `all`: what is indistinguishable too.
#[must_use]
pub fn text(comparison: &Comparison, all: bool) -> String {
    let sheet = sheet(comparison, all);
    format!(
        "{}{}",
        heading(comparison),
        if sheet.rows.is_empty() { notes(&sheet) } else { sheet.text() }
    )
}

/// As Markdown. `all`: what is indistinguishable too.
#[must_use]
pub fn markdown(comparison: &Comparison, all: bool) -> String {
    let sheet = sheet(comparison, all);
    let heading = heading(comparison).replace('\n', "  \n");
    let heading = heading.trim_end();
    let table = if sheet.rows.is_empty() { notes(&sheet) } else { sheet.markdown() };
    format!("{heading}\n\n{table}")
}

/// As JSON, with everything in it.
///
/// # Errors
/// If a figure is no number.
pub fn json(comparison: &Comparison) -> serde_json::Result<String> {
    serde_json::to_string_pretty(comparison).map(|text| text + "\n")
}

fn heading(comparison: &Comparison) -> String {
    let Comparison { first, second, digests, paired, .. } = comparison;
    let how = if *paired { "paired by round" } else { "rounds of two times, not paired" };
    let [one, other] = digests.each_ref().map(|digest| &digest[..12]);
    let mut text = format!("{first} (manifest {one}) to {second} (manifest {other}), {how}\n");
    for difference in &comparison.environment {
        let mark = if difference.confounds { "! " } else { "  " };
        text.push_str(&format!(
            "{mark}{}: {} to {}\n",
            difference.what, difference.first, difference.second
        ));
    }
    text.push('\n');
    text
}

fn sheet(comparison: &Comparison, all: bool) -> Sheet {
    let told = |row: &&Row| all || !matches!(row.judged.verdict, Verdict::Indistinguishable(_));
    let rows = comparison.rows.iter().filter(told).map(cells);
    Sheet {
        headings: ["cell", "metric", "before", "after", "change", "verdict"]
            .map(str::to_owned)
            .to_vec(),
        rows: rows.collect(),
        words: vec![0, 1, 5],
        notes: below(comparison, all),
    }
}

fn cells(row: &Row) -> Vec<String> {
    let unit = row.metric.unit();
    let Judged { change, verdict, .. } = row.judged;
    let estimate = change.on_its_scale();
    let server = if row.first_server == row.second_server {
        row.first_server.to_string()
    } else {
        format!("{} to {}", row.first_server, row.second_server)
    };
    let same = if row.control { "; the same program" } else { "" };
    vec![
        format!("{}@{server}", row.workload),
        row.metric.title(),
        quantity::figure(row.first.spread.median, unit),
        quantity::figure(row.second.spread.median, unit),
        quantity::change(estimate.value, estimate.interval, change.scale, unit),
        format!("{verdict}{same}"),
    ]
}

fn below(comparison: &Comparison, all: bool) -> Vec<String> {
    let count = |verdict: Verdict| {
        comparison.rows.iter().filter(|row| row.judged.verdict == verdict).count()
    };
    let (faster, slower) = (count(Verdict::Faster), count(Verdict::Slower));
    let rest = comparison.rows.len() - faster - slower;
    let mut notes = vec![format!(
        "{faster} faster, {slower} slower, {rest} indistinguishable of {}; changes are means over \
         rounds with their 95 % intervals, verdicts are corrected for all of them (Holm).{}",
        several(comparison.rows.len(), "comparison"),
        if all || rest == 0 { "" } else { " --all shows what is indistinguishable." },
    )];
    if !comparison.controls.is_empty() {
        let controls: Vec<String> = comparison.controls.iter().map(ToString::to_string).collect();
        notes.push(format!(
            "The same program in both, so what differs is the machine's: {}.",
            controls.join(", ")
        ));
    } else if !comparison.paired {
        notes.push(
            "No program is the same in both, so nothing tells how far the machine drifted between \
             the two."
                .into(),
        );
    }
    notes.extend(comparison.not_compared.iter().map(|left_out| {
        let of = left_out.metric.map_or(String::new(), |metric| format!("{} of ", metric.title()));
        format!("Not compared: {of}{}: {}.", left_out.cell, left_out.why)
    }));
    notes
}

fn notes(sheet: &Sheet) -> String {
    sheet.notes.iter().map(|note| format!("{note}\n")).collect()
}
