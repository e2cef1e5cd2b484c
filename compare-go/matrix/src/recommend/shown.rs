//! An answer as text, Markdown or JSON.

use crate::figures::Unit;
use crate::published::markdown::Sheet;
use crate::quantity::{self, several};
use crate::recommend::evidence::Basis;
use crate::recommend::needs::Cores;
use crate::recommend::{Answer, Choice};
use crate::statistics::verdict::Why;
use crate::statistics::{Judged, Verdict};
use std::collections::BTreeMap;

/// As text.
#[must_use]
pub fn text(answer: &Answer) -> String {
    format!("{}\n\n{}", heading(answer), sheet(answer).text())
}

/// As Markdown.
#[must_use]
pub fn markdown(answer: &Answer) -> String {
    format!("{}\n\n{}", heading(answer), sheet(answer).markdown())
}

/// As JSON, with everything in it.
///
/// # Errors
/// If a figure is no number.
pub fn json(answer: &Answer) -> serde_json::Result<String> {
    serde_json::to_string_pretty(answer).map(|text| text + "\n")
}

fn heading(answer: &Answer) -> String {
    let ask = &answer.ask;
    let rate = quantity::figure(ask.rate_per_s, Unit::PerSecond);
    let sessions = quantity::count(ask.sessions);
    let free = ask.headroom * 100.0;
    let basis = match answer.basis {
        Basis::Search(slo) => format!("the highest rate that keeps {slo}"),
        Basis::Load => "the load that was offered".to_owned(),
    };
    format!(
        "`{}` at {rate} with {sessions} sessions and {}, {free:.0} % of capacity kept free; from \
         {basis} in bundle `{}` (manifest `{}`).",
        ask.workload,
        ask.slo,
        answer.bundle,
        &answer.digest[..12],
    )
}

fn sheet(answer: &Answer) -> Sheet {
    let headings =
        ["server", "cores", "memory", "rate of a core", "to the best", "kept up", "if it is wrong"];
    let rows = answer.choices.iter().enumerate().map(|(at, choice)| cells(choice, at == 0));
    let mut notes = Vec::new();
    if answer.choices.is_empty() {
        notes.push("No server that was measured can run there.".to_owned());
    }
    notes.extend(ruled_out(answer));
    notes.extend(
        answer.unknown.iter().map(|(server, why)| format!("Nothing is said of {server}: {why}.")),
    );
    notes.push(list("Beyond the measurement", answer.beyond.iter().cloned()));
    notes.extend(maintenance(answer));
    notes.extend(wrong(answer));
    Sheet {
        headings: headings.map(str::to_owned).to_vec(),
        rows: rows.collect(),
        words: vec![0, 4, 5, 6],
        notes,
    }
}

fn cells(choice: &Choice, is_first: bool) -> Vec<String> {
    let Choice { needs, rate_per_core: rate, at_least, .. } = choice;
    let memory = needs.memory;
    let rate = quantity::with_interval(rate.value, rate.interval, Unit::PerSecond);
    let like_best = match choice.against_best {
        None if is_first => "-".to_owned(),
        None => "the best in it".to_owned(),
        Some(Judged { verdict: Verdict::Indistinguishable(Why::NoPair), .. }) => "not told".into(),
        Some(_) if !choice.is_told_from_best() => "like it".to_owned(),
        Some(judged) => {
            let change = judged.change.estimate;
            quantity::ratio(change.value.exp(), change.interval.map(f64::exp))
        }
    };
    vec![
        choice.server.to_string(),
        cores(needs.cores),
        quantity::with_interval(memory.value, memory.interval, Unit::Bytes),
        quantity::bound(rate, *at_least),
        like_best,
        choice.state.to_string(),
        cost(choice),
    ]
}

fn cores(cores: Cores) -> String {
    let Cores { likely, least, most } = cores;
    if least == most { likely.to_string() } else { format!("{likely} ({least} to {most})") }
}

/// What it costs to have chosen it where the best would have done, and where it is at its worse
/// end.
fn cost(choice: &Choice) -> String {
    let wrong = choice.wrong;
    let mut parts = Vec::new();
    if wrong.cores_if_worse > 0 {
        parts.push(format!("+{} at its worse end", cores_of(wrong.cores_if_worse)));
    }
    if wrong.cores_more_than_best > 0 {
        parts.push(format!("+{} over the best", cores_of(wrong.cores_more_than_best)));
    }
    let memory = wrong.memory_more_than_best_bytes;
    if memory > choice.needs.memory.value * 0.1 {
        parts.push(format!("+{} over the best", quantity::figure(memory, Unit::Bytes)));
    }
    if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") }
}

fn cores_of(number: u64) -> String {
    several(usize::try_from(number).unwrap_or(usize::MAX), "core")
}

/// Each reason once, with the servers that it rules out.
fn ruled_out(answer: &Answer) -> Vec<String> {
    let mut by_why: BTreeMap<(&str, &str, &str), Vec<String>> = BTreeMap::new();
    for out in &answer.ruled_out {
        let key = (&*out.why, &*out.remedy, &*out.source);
        by_why.entry(key).or_default().push(out.server.to_string());
    }
    let told = by_why.into_iter().map(|((why, remedy, source), servers)| {
        format!("Ruled out: {}: {why} ({source}); {remedy}.", servers.join(", "))
    });
    told.collect()
}

/// Who keeps up the parts of what can be chosen, the least kept up first.
fn maintenance(answer: &Answer) -> Option<String> {
    let mut parts: Vec<_> = answer.choices.iter().flat_map(|choice| &choice.parts).collect();
    parts.sort_by(|a, b| b.state.cmp(&a.state).then(a.name.cmp(&b.name)));
    parts.dedup();
    let told: Vec<String> = parts
        .into_iter()
        .map(|part| {
            format!(
                "{} {} ({}; {}; {})",
                part.name, part.state, part.release, part.says, part.source
            )
        })
        .collect();
    (!told.is_empty()).then(|| list("Kept up", told))
}

fn list(title: &str, lines: impl IntoIterator<Item = String>) -> String {
    let lines = lines.into_iter().map(|line| format!("\n- {line}"));
    format!("{title}:{}", lines.collect::<String>())
}

/// The sum of what can go wrong with the first choice.
fn wrong(answer: &Answer) -> Option<String> {
    let (ask, best) = (&answer.ask, answer.choices.first()?);
    let served = best.rate_per_core.interval.lower * crate::number::float(best.needs.cores.likely);
    let asked = quantity::figure(ask.rate_per_s, Unit::PerSecond);
    let left = (1.0 - ask.rate_per_s / served) * 100.0;
    Some(if left >= 0.0 {
        format!(
            "If the truth is at the worse end, {} of {} would still serve {asked} within {} with {left:.0} \
             % of capacity free.",
            cores_of(best.needs.cores.likely),
            best.server,
            ask.slo
        )
    } else {
        format!(
            "If the truth is at the worse end, {} of {} would break {} at {asked}: {} are needed.",
            cores_of(best.needs.cores.likely),
            best.server,
            ask.slo,
            cores_of(best.needs.cores.most)
        )
    })
}
