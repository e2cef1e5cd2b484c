//! What is said when a plan has come to its end: each workload's servers by what decisions are made
//! on, what does not count and why, and what the plan cannot say.

use crate::bundle::Bundle;
use crate::bundle::server::ServerState;
use crate::cell::Cell;
use crate::figures::ranking::Ranked;
use crate::figures::{Figures, Metric, Ranking, work};
use crate::plan::Extent;
use crate::quantity::{of_rounds, several};
use crate::slo::Percentile;
use std::fmt::Write;

/// The metrics of the table.
const SHOWN: [Metric; 3] = [Metric::Cpu, Metric::Latency(Percentile::P99), Metric::ResidentPeak];
/// Those of a closed loop.
const CLOSED: [Metric; 3] = [Metric::Cpu, Metric::Rate, Metric::ResidentPeak];
/// Of many reasons the first are told; the report has all.
const REASONS_MAX: usize = 8;

/// The text, and whether everything was measured and counts.
#[must_use]
pub fn summary(bundle: &Bundle) -> (String, bool) {
    let figures = Figures::of(bundle);
    let mut text = String::new();
    for (workload, load) in &bundle.plan.loads {
        let workload = *workload;
        let metrics = if work::is_closed(workload, load.rate_per_s) { CLOSED } else { SHOWN };
        let servers = figures.servers(workload);
        let ranking = Ranking::of(&figures, workload, Metric::Cpu, &servers);
        if ranking.rows.is_empty() {
            let _ = writeln!(text, "\n{workload}: no run counts");
            continue;
        }
        let rounds = several(bundle.plan.rounds as usize, "round");
        let _ = writeln!(text, "\n{workload}, medians of {rounds}:");
        let mut rows = vec![vec![String::new()]];
        rows[0].extend(metrics.map(Metric::title));
        for Ranked { server, .. } in ranking.rows {
            let cell = Cell { workload, server };
            let mut row = vec![server.to_string()];
            row.extend(metrics.map(|metric| match figures.summary(cell, metric) {
                Err(_) => "-".into(),
                Ok(summary) => of_rounds(&summary, metric.unit()),
            }));
            rows.push(row);
        }
        text += &table(&rows);
    }
    let wrong = what_is_wrong(bundle, &figures);
    for why in wrong.iter().take(REASONS_MAX) {
        let _ = writeln!(text, "{why}");
    }
    if wrong.len() > REASONS_MAX {
        let _ = writeln!(text, "and {} more; the report has all", wrong.len() - REASONS_MAX);
    }
    text += &cannot_say(bundle);
    let name = &bundle.head.name;
    let _ = write!(
        text,
        "\nThe bundle: {}\n  cargo matrix report {name} -o report.html   plots and rankings\n  \
         cargo matrix compare BEFORE {name}          what changed since another one\n  \
         cargo matrix verify --write   the documents that quote the newest bundle\n",
        bundle.folder.display()
    );
    (text, wrong.is_empty())
}

fn what_is_wrong(bundle: &Bundle, figures: &Figures<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    for record in bundle.servers.values() {
        if let ServerState::LeftOut(why) = &record.state {
            wrong.push(format!("No row: {}: {why}", record.server));
        }
    }
    if !bundle.proofs.last().is_some_and(|proof| proof.holds()) {
        wrong.push("INVALID, all of it: the generator did not prove itself".into());
    }
    for (cell, run) in figures.excluded().filter(|(_, run)| !run.replaced) {
        wrong.push(format!("Does not count: {cell}, round {}: {}", run.round, run.why.join("; ")));
    }
    wrong
}

fn cannot_say(bundle: &Bundle) -> String {
    let plan = &bundle.plan;
    let searches = plan.steps.iter().any(|step| step.task != crate::plan::Task::Measure);
    let mut text = String::new();
    if plan.extent == Extent::Quick {
        let _ = writeln!(
            text,
            "A first look, which cannot say: small differences ({} of seconds have wide \
             intervals), how servers do under full loads (these are a fraction), nor anything of \
             workloads, allocators and arenas that are not in it.",
            several(plan.rounds as usize, "round")
        );
    }
    if !searches {
        text += "No capacity was searched: what each server can hold is not known.\n";
    }
    text
}

/// Columns as wide as their widest cell, the first to the left.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or_default()).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        let _ = writeln!(text, "  {}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::{Server, Workload};
    use crate::testing::{Character, Synthetic};

    fn of(change: impl FnOnce(&mut Synthetic)) -> (String, bool) {
        let servers: [Server; 2] = ["hyper", "axum"].map(|name| name.parse().unwrap());
        let mut synthetic = Synthetic::of(&servers.map(|s| (s, Character::default())));
        change(&mut synthetic);
        let results = std::env::temp_dir().join(format!(
            "matrix-summary-{}-{:?}",
            std::process::id(),
            std::thread::current().id()
        ));
        let said = summary(&Bundle::read(&synthetic.write(&results)).unwrap());
        std::fs::remove_dir_all(results).unwrap();
        said
    }

    #[test]
    fn servers_stand_in_a_table_with_what_the_plan_cannot_say() {
        let (text, good) = of(|_| {});
        assert!(good, "{text}");
        for part in ["resolve, medians of 5 rounds", "CPU", "hyper", "axum", " to ", "first look"] {
            assert!(text.contains(part), "`{part}` is not in\n{text}");
        }
        assert!(text.contains("No capacity") && text.contains("cargo matrix report 2027-03-01"));
    }

    #[test]
    fn of_a_closed_loop_the_rate_is_told() {
        let (text, good) = of(|synthetic| {
            synthetic.workloads = vec![Workload::ResolveClosed];
            synthetic.load.rate_per_s = None;
        });
        assert!(good && text.contains(&Metric::Rate.title()) && !text.contains("p99"), "{text}");
    }

    #[test]
    fn what_is_not_proven_is_invalid() {
        let (text, good) = of(|synthetic| synthetic.proven = false);
        assert!(!good && text.contains("INVALID, all of it"), "{text}");
    }
}
