//! A run as people read it.

use crate::figures::{Figures, WorkerFigures};
use crate::histogram::Quantiles;
use crate::outcome::Ending;
use crate::plan::{Arrivals, Load, Plan};
use crate::quantity::{bytes, count, rate, share, three_digits, time};
use crate::report::Report;
use crate::report::besides::{counters, metrics};
use crate::report::paint::Paint;
use crate::report::summary::{Summary, float};
use crate::report::table::{row, table};
use std::fmt::Write;
use std::time::Duration;

/// Reports fit into so many, as far as names and errors let them.
const COLUMNS: usize = 80;

/// Writes a report.
#[must_use]
pub fn write(report: &Report, paint: Paint) -> String {
    let mut text = heading(report, paint);
    text += &latencies(&report.summary, paint);
    text += &metrics(&report.outcome.figures, paint);
    text += &counters(&report.outcome.figures, paint);
    text += &traffic(report, paint);
    text += &errors(&report.outcome.figures, &report.summary, paint);
    text += &generator(report, paint);
    text += &objectives(report, paint);
    text += &validity(report, paint);
    text
}

/// What a plan asks for, in a few words.
#[must_use]
pub fn asked(plan: &Plan, rate_per_s: Option<f64>) -> String {
    let how = match (plan.load, rate_per_s) {
        (Load::Closed, _) => "closed loop".to_owned(),
        (Load::Open { .. }, None) => "open loop".to_owned(),
        (Load::Open { .. }, Some(target)) if target <= 0.0 => "listening".to_owned(),
        (Load::Open { arrivals, .. }, Some(target)) => {
            let arrivals = match arrivals {
                Arrivals::Constant => "constant",
                Arrivals::Poisson => "poisson",
            };
            format!("open loop, {}, {arrivals} arrivals", rate(target))
        }
    };
    let depth = if plan.depth > 1 { format!(", {} deep", plan.depth) } else { String::new() };
    format!("{}: {how}{depth}", plan.workload.name())
}

fn heading(report: &Report, paint: Paint) -> String {
    let (plan, outcome) = (&report.plan, &report.outcome);
    let mut text = String::new();
    if outcome.ending != Ending::Complete {
        let what = &report.validity.checks[0].text;
        let _ = writeln!(text, "{}", paint.bad(&format!("NOT COMPLETE: {what}")));
    }
    let _ = writeln!(text, "{}", paint.title(&asked(plan, outcome.rate_per_s)));
    let lanes = outcome.connections.iter().map(|(name, number)| match outcome.connections.len() {
        1 => count(u64::from(*number)),
        _ => format!("{} {name}", count(u64::from(*number))),
    });
    let lanes = lanes.collect::<Vec<_>>().join(", ");
    let (measured, warmup) = (seconds(outcome.measured), seconds(plan.warmup));
    let rows = vec![
        ("server", wrapped(&format!("{}, {lanes} connections", plan.server), 15)),
        ("measured", format!("{measured} after {warmup} of warm-up, seed {}", plan.seed)),
    ];
    text += &lines(rows);
    text
}

fn latencies(summary: &Summary, paint: Paint) -> String {
    if summary.latency.count == 0 && summary.lag.count == 0 {
        return String::new();
    }
    let head = ["", "answers", "rate", "p50", "p90", "p99", "p99.9", "max"];
    let mut rows = vec![row(head)];
    for op in &summary.operations {
        let answers = (count(op.right), rate(op.rate_per_s));
        rows.push(latency_row(&op.name, answers, &op.latency));
    }
    if summary.operations.len() > 1 {
        let answers = (count(summary.requests.right), rate(summary.rate_per_s));
        rows.push(latency_row("all", answers, &summary.latency));
    }
    rows.push(latency_row("send lag", (String::new(), String::new()), &summary.lag));
    let title = paint.title("Latency, from the intended send time to the end of the answer");
    format!("{title}\n{}\n", table(&rows))
}

fn latency_row(name: &str, (answers, rate): (String, String), latency: &Quantiles) -> Vec<String> {
    let Quantiles { count, p50, p90, p99, p999, max, .. } = *latency;
    let values = [p50, p90, p99, p999, max].map(float);
    let shown = |ns: f64| if count == 0 { "-".to_owned() } else { time(ns) };
    [name.to_owned(), answers, rate].into_iter().chain(values.map(shown)).collect()
}

fn traffic(report: &Report, paint: Paint) -> String {
    let (summary, outcome) = (&report.summary, &report.outcome);
    let requests = &summary.requests;
    let mut rows = Vec::new();
    if let (Some(target), Some(part)) = (outcome.rate_per_s, summary.achieved) {
        let text = format!("{} of {}, {}", rate(target * part), rate(target), share(part));
        rows.push(("sent", text));
    }
    if requests.sent > 0 {
        let right = format!("{} right, {}", count(requests.right), rate(summary.rate_per_s));
        rows.push(("answers", right));
    }
    let lanes = &outcome.figures.lanes;
    let (sent, received): (u64, u64) = (
        lanes.iter().map(|lane| lane.bytes_sent).sum(),
        lanes.iter().map(|lane| lane.bytes_received).sum(),
    );
    rows.push(("bytes", format!("{} sent, {} received", bytes(sent), bytes(received))));
    let opened: u64 = lanes.iter().map(|lane| lane.connections.opened).sum();
    let ended: u64 = lanes.iter().map(|lane| lane.connections.ended_idle).sum();
    let ready: u64 = lanes.iter().map(|lane| lane.connections.ready).sum();
    let (ready, opened, ended) = (count(ready), count(opened), count(ended));
    let text = format!("{ready} at the end; meanwhile {opened} made, {ended} idle ones ended");
    rows.push(("connections", text));
    section("Traffic", rows, paint)
}

fn errors(figures: &Figures, summary: &Summary, paint: Paint) -> String {
    let errors = figures.errors();
    if errors.total() == 0 {
        return format!("{}: none\n\n", paint.title("Errors"));
    }
    let total = format!("{}, {}", count(errors.total()), share(summary.error_share));
    let mut text = format!("{}: {}\n", paint.title("Errors"), paint.bad(&total));
    for (kind, number) in errors.iter() {
        let _ = writeln!(text, "  {:<16} {:>10}  {}", kind.word(), count(number), kind.what());
        for sample in errors.samples().iter().filter(|sample| sample.kind == kind) {
            let _ = writeln!(text, "    {}", paint.dim(&sample.text));
        }
    }
    text.push('\n');
    text
}

fn generator(report: &Report, paint: Paint) -> String {
    let workers = &report.outcome.figures.workers;
    let mut rows = Vec::new();
    for worker in workers {
        let wall = float(worker.wall_ns.max(1));
        let of = |ns: u64| share(float(ns) / wall);
        let cores = &report.plan.workers.cores;
        let on = match cores.len() {
            0 => "a core".to_owned(),
            many => format!("core {}", cores[worker.worker as usize % many]),
        };
        let (busy, cpu) = (of(worker.worked_ns), of(worker.cpu_ns));
        let starved = of(worker.starved_ns);
        let text = format!("busy {busy}, CPU {cpu} of {on}, {starved} waiting for it");
        rows.push((format!("worker {}", worker.worker), text));
    }
    let calls = |of: fn(&WorkerFigures) -> u64| count(workers.iter().map(of).sum());
    let (reads, writes) = (calls(|worker| worker.reads), calls(|worker| worker.writes));
    let waits = calls(|worker| worker.waits);
    rows.push(("calls".into(), format!("{waits} waits, {reads} reads, {writes} writes")));
    if report.summary.requests.sent > 0 {
        let cpu = time(report.summary.cpu_ns_per_request);
        rows.push(("cost".into(), format!("{cpu} of CPU for each request")));
    }
    let rows = rows.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    section("Generator", rows, paint)
}

fn objectives(report: &Report, paint: Paint) -> String {
    if report.slo.is_empty() {
        return String::new();
    }
    let mut text = paint.title("Objectives");
    text.push('\n');
    for verdict in &report.slo {
        let _ = writeln!(text, "  {}", mark(verdict.held, &verdict.to_string(), paint));
    }
    text.push('\n');
    text
}

fn validity(report: &Report, paint: Paint) -> String {
    let validity = &report.validity;
    let word = if validity.valid { "valid" } else { "NOT VALID" };
    let mut text = format!("{}: {}\n", paint.title("Result"), mark(validity.valid, word, paint));
    for check in &validity.checks {
        let _ = writeln!(text, "  {} {}", sign(check.held, paint), wrapped(&check.text, 4));
    }
    for remark in &validity.remarks {
        let _ = writeln!(text, "  - {}", wrapped(remark, 4));
    }
    text
}

fn section(title: &str, rows: Vec<(&str, String)>, paint: Paint) -> String {
    format!("{}\n{}", paint.title(title), lines(rows))
}

/// Names and values, and an empty line.
fn lines(rows: Vec<(&str, String)>) -> String {
    let mut text = String::new();
    for (name, value) in rows {
        let _ = writeln!(text, "  {name:<12} {value}");
    }
    text.push('\n');
    text
}

/// A text in lines that fit a narrow terminal, all but the first behind so many columns.
pub(super) fn wrapped(text: &str, indent: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is one");
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > COLUMNS - indent {
            lines.push(word.to_owned());
        } else {
            line.push_str(if line.is_empty() { "" } else { " " });
            line.push_str(word);
        }
    }
    lines.join(&format!("\n{}", " ".repeat(indent)))
}

/// A line that is good or bad.
#[must_use]
pub fn mark(good: bool, text: &str, paint: Paint) -> String {
    if good { paint.good(text) } else { paint.bad(text) }
}

/// Whether something is as it must be, in one sign.
#[must_use]
pub fn sign(good: bool, paint: Paint) -> String {
    if good { paint.good("✓") } else { paint.bad("✗") }
}

fn seconds(duration: Duration) -> String {
    format!("{} s", three_digits(duration.as_secs_f64()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_report_has_what_people_look_for() {
        let text = write(&sample::report("p99<50ms,errors<0.1%"), Paint::NONE);
        for part in [
            "resolve: open loop, 150/s, poisson arrivals\n",
            "server       127.0.0.1:8080, 64 connections\n",
            "measured     2.00 s after 1.00 s of warm-up, seed 7\n",
            "resolve       200   100/s  1.00 ms",
            "all           298   149/s  1.00 ms",
            "send lag                   20.0 us",
            "delivery       2  40.0 ms",
            "missed ticks  4",
            "sent         150/s of 150/s, 100 %",
            "bytes        20.0 KiB sent, 40.0 KiB received",
            "Errors: 2, 0.67 %",
            "wrong                     2  an answer was not right",
            "rank 7 in place of 6",
            "busy 20 %, CPU 25 % of core 1, 0.10 % waiting for it",
            "1.67 ms of CPU for each request",
            "p99<50ms: 3.00 ms, held",
            "errors<0.1%: 0.67 %, NOT HELD",
            "Result: valid",
            "98 % of the claims were fresh",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
        assert!(!text.contains('\x1b'));
        let widest = text.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(COLUMNS), "{text}");
    }

    #[test]
    fn what_there_was_none_of_is_in_one_line() {
        let mut outcome = sample::outcome();
        let lane = &mut outcome.figures.lanes[0];
        (lane.operations[0].sent, lane.operations[1].sent) = (0, 0);
        for op in &mut lane.operations {
            (op.latency, op.lag) = Default::default();
        }
        lane.metrics[0].values = Default::default();
        lane.counters[0].count = 0;
        outcome.rate_per_s = Some(0.0);
        let report = Report::of(&sample::plan(), outcome, &sample::context("p99<1s"));
        let text = write(&report, Paint::NONE);
        assert!(text.starts_with("resolve: listening\n"), "{text}");
        assert!(text.contains("Besides\n  none: delivery\n"), "{text}");
        assert!(text.contains("Counted\n  none: missed ticks\n"), "{text}");
        assert!(!text.contains("Latency,") && !text.contains("cost"), "{text}");
    }

    #[test]
    fn a_long_text_is_wrapped_behind_its_indent() {
        let text = wrapped(&"word ".repeat(30), 10);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[0].len() <= COLUMNS - 10 && lines[1].starts_with("          word word"));
    }

    #[test]
    fn a_run_that_did_not_end_says_so_first() {
        let mut outcome = sample::outcome();
        outcome.ending = Ending::Interrupted;
        let report = Report::of(&sample::plan(), outcome, &sample::context("p99<1s"));
        let text = write(&report, Paint::NONE);
        assert!(text.starts_with("NOT COMPLETE: it was interrupted"), "{text}");
        assert!(text.contains("Result: NOT VALID"));
    }
}
