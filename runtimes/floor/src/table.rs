//! The record as text for a terminal.

use crate::record::{Record, Row, Spread};
use crate::targets::Target;
use crate::workload::Workload;
use std::io::{self, Write};

/// Prints the tables, the targets, and what the figures rest on.
///
/// # Errors
/// Whatever writing says.
pub fn print(record: &Record, targets: &[Target], out: &mut dyn Write) -> io::Result<()> {
    let rows = record.rows();
    for workload in Workload::ALL {
        let rows: Vec<&Row> = rows.iter().filter(|row| row.cell.workload == workload).collect();
        if !rows.is_empty() {
            print_workload(workload, &rows, out)?;
        }
    }
    if !targets.is_empty() {
        writeln!(out, "targets")?;
        for Target { name, value, limit, verdict } in targets {
            writeln!(out, "  {verdict:<6}  {value:>5.2}  of at most {limit:.2}  {name}")?;
        }
        writeln!(out)?;
    }
    for (name, value) in record.facts() {
        writeln!(out, "{name:<9}  {value}")?;
    }
    writeln!(out, "proof      every peer gave the same {} answers", record.agreed)?;
    if let Some(why) = &record.no_system_calls {
        writeln!(out, "calls      not counted: {why}")?;
    }
    for warning in &record.warnings {
        writeln!(out, "warning    {warning}")?;
    }
    for failure in &record.failures {
        let place = failure
            .cell
            .map_or(String::new(), |cell| format!(" {} c={}", cell.workload, cell.connections));
        writeln!(out, "failed     {}{place}: {}", failure.peer, failure.error)?;
    }
    Ok(())
}

const HEADER: [&str; 10] =
    ["c", "peer", "µs", "ratio", "of ratio", "user", "p50 ms", "p99 ms", "MiB", "calls"];

fn print_workload(workload: Workload, rows: &[&Row], out: &mut dyn Write) -> io::Result<()> {
    let unit = match workload {
        Workload::Fanout => "frame to one of 2,000 players; latency since the first one got it",
        Workload::Resolve | Workload::Loot | Workload::Move => "request",
    };
    writeln!(out, "{workload}: CPU of the server for a {unit}")?;
    let mut lines = vec![HEADER.map(str::to_owned).to_vec()];
    lines[0].extend(["busy".to_owned(), "per s".to_owned()]);
    lines.extend(rows.iter().map(|row| line(row)));
    let columns = lines[0].len();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    for line in &lines {
        let mut text = String::new();
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            let cell =
                if column == 1 { format!("{cell:<width$}") } else { format!("{cell:>width$}") };
            text.push_str(&format!("  {cell}"));
        }
        writeln!(out, "{}", text.trim_end())?;
    }
    writeln!(out)
}

fn line(row: &Row) -> Vec<String> {
    let none = || "-".to_owned();
    let range = |spread: Spread| format!("{:.2}-{:.2}", spread.min, spread.max);
    vec![
        row.cell.connections.to_string(),
        row.cell.peer.to_string(),
        format!("{:.2}", row.cpu_ns.median / 1e3),
        row.ratio.map_or_else(none, |ratio| format!("{:.2}", ratio.median)),
        row.ratio.map_or_else(none, range),
        row.user_share.map_or_else(none, |share| format!("{:.0}%", share.median * 100.0)),
        format!("{:.2}", row.p50_ns.median / 1e6),
        format!("{:.2}", row.p99_ns.median / 1e6),
        format!("{:.1}", row.resident_bytes.median / 1024.0 / 1024.0),
        row.system_calls.map_or_else(|| "n/a".to_owned(), |calls| format!("{:.2}", calls.median)),
        format!("{:.0}%", row.busy.median * 100.0),
        format!("{:.0}", row.per_second.median),
    ]
}

/// Nanoseconds as milliseconds.
#[expect(clippy::cast_precision_loss, reason = "a measured figure has few digits")]
#[must_use]
pub fn ms(ns: u64) -> f64 {
    ns as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::Peer;
    use crate::record::tests::record;
    use crate::targets;

    #[test]
    fn every_row_and_target_is_printed_and_what_is_unknown_is_no_number() {
        let record = record(&[
            (2, Peer::Epoll, Workload::Resolve, 64, 1234.0),
            (2, crate::peer::REFERENCE, Workload::Resolve, 64, 2468.0),
            (2, Peer::Hyper, Workload::Loot, 64, 999.0),
        ]);
        let mut out = Vec::new();
        print(&record, &targets::check(&record), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let row = |start: &str| text.lines().find(|line| line.trim_start().starts_with(start));
        assert!(row("64  tokio-per-core  2.47   2.00  2.00-2.00").is_some(), "{text}");
        let hyper: Vec<_> = row("64  hyper").unwrap().split_whitespace().collect();
        assert_eq!((hyper[3], hyper[9]), ("-", "n/a"));
        assert!(text.contains("missed   2.00  of at most 1.20"), "{text}");
        assert!(!text.contains('\u{1b}'), "no colours");
    }
}
