//! What is on the live screen, for any size: pure, from a snapshot and what was before it.

use crate::cli::live::word;
use crate::figures::{OperationFigures, Second};
use crate::outcome::Snapshot;
use crate::quantity::{count, rate, share, time};
use crate::report::paint;
use crate::report::summary::float;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, LineGauge, Paragraph, Row, Sparkline, Table};

/// Seconds that are kept; more than a screen is wide.
const SECONDS_MAX: usize = 512;

/// What was shown before.
#[derive(Clone, Debug, Default)]
pub struct History {
    seconds: Vec<Second>,
}

impl History {
    /// Keeps the latest second of a snapshot.
    pub fn add(&mut self, snapshot: &Snapshot<'_>) {
        let Some(second) = snapshot.second else { return };
        if self.seconds.last().is_some_and(|last| last.began_ms == second.began_ms) {
            return;
        }
        self.seconds.push(second.clone());
        let beyond = self.seconds.len().saturating_sub(SECONDS_MAX);
        self.seconds.drain(..beyond);
    }

    /// The latest `width` values, so that the newest is at the right.
    fn latest(&self, width: usize, of: impl Fn(&Second) -> u64) -> Vec<u64> {
        let skipped = self.seconds.len().saturating_sub(width);
        self.seconds[skipped..].iter().map(of).collect()
    }
}

/// Draws.
pub fn draw(
    frame: &mut Frame<'_>,
    title: &str,
    step: &str,
    snapshot: Option<&Snapshot<'_>>,
    history: &History,
) {
    let operations = snapshot.map_or(0, |snapshot| snapshot.figures.operations().count());
    let table = u16::try_from(operations + 3).unwrap_or(u16::MAX);
    let rows = [
        Constraint::Length(2),
        Constraint::Length(10),
        Constraint::Length(table),
        Constraint::Min(0),
        Constraint::Length(1),
    ];
    let [top, middle, lower, errors, foot] = Layout::vertical(rows).areas(frame.area());
    heading(frame, top, title, step, snapshot);
    let [left, right] =
        Layout::horizontal([Constraint::Length(34), Constraint::Min(20)]).areas(middle);
    if let Some(snapshot) = snapshot {
        last_second(frame, left, snapshot);
        courses(frame, right, history);
        so_far(frame, lower, snapshot);
        faults(frame, errors, snapshot);
    }
    frame.render_widget(Paragraph::new("Ctrl-C ends the run with a report").style(dim()), foot);
}

fn heading(
    frame: &mut Frame<'_>,
    area: Rect,
    title: &str,
    step: &str,
    snapshot: Option<&Snapshot<'_>>,
) {
    let [first, second] = Layout::vertical([Constraint::Length(1); 2]).areas(area);
    frame.render_widget(Paragraph::new(title.to_owned()).style(bold()), first);
    let Some(snapshot) = snapshot else {
        frame.render_widget(Paragraph::new(step.to_owned()), second);
        return;
    };
    let elapsed = snapshot.elapsed.as_secs_f64();
    let length = snapshot.length.map(|length| length.as_secs_f64()).filter(|length| *length > 0.0);
    let label = match length {
        Some(length) => format!("{} {elapsed:.0} of {length:.0} s", word(snapshot.phase)),
        None => format!("{} {elapsed:.0} s", word(snapshot.phase)),
    };
    let gauge = LineGauge::default()
        .ratio(length.map_or(0.0, |length| (elapsed / length).clamp(0.0, 1.0)))
        .label(label)
        .filled_symbol(symbols::line::THICK_HORIZONTAL)
        .unfilled_symbol(symbols::line::HORIZONTAL)
        .filled_style(colour(Color::Green))
        .unfilled_style(dim());
    frame.render_widget(gauge, second);
}

fn last_second(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot<'_>) {
    let block = Block::bordered().title("Last second");
    let Some(second) = snapshot.second else {
        let (ready, of) = snapshot.ready;
        let text = format!("{} of {} connections", count(ready), count(of));
        frame.render_widget(Paragraph::new(text).block(block), area);
        return;
    };
    let length_s = float(second.length_ms.max(1)) / 1000.0;
    let shown = |ns: u64| time(float(ns));
    let errors: u64 = second.errors.iter().map(|(_, count)| count).sum();
    let both = |one: u64, other: u64| format!("{} / {}", shown(one), shown(other));
    let rows = [
        ("answers", rate(float(second.requests.right) / length_s), false),
        ("due", rate(float(second.requests.due) / length_s), false),
        ("p50 / p99", both(second.latency.p50, second.latency.p99), false),
        ("p99.9 / max", both(second.latency.p999, second.latency.max), false),
        ("lag p99", shown(second.lag.p99), false),
        ("errors", count(errors), errors > 0),
        ("backlog", count(second.backlog), false),
        ("ready", count(second.ready), false),
    ];
    let lines = rows.map(|(name, value, bad)| {
        let style = if bad { colour(Color::Red) } else { Style::new() };
        Line::from(vec![Span::styled(format!("{name:<13}"), dim()), Span::styled(value, style)])
    });
    frame.render_widget(Paragraph::new(lines.to_vec()).block(block), area);
}

/// How the rate, the p99 and the generator's use of its core went, second by second.
fn courses(frame: &mut Frame<'_>, area: Rect, history: &History) {
    let [first, second, third] = Layout::vertical([Constraint::Ratio(1, 3); 3]).areas(area);
    let width = usize::from(area.width);
    let per_s = |second: &Second| second.requests.right * 1000 / second.length_ms.max(1);
    let data = history.latest(width, per_s);
    course(frame, first, ("answers", &data, Color::Green), |value| rate(float(value)));
    let data = history.latest(width, |second| second.latency.p99);
    course(frame, second, ("p99", &data, Color::Yellow), |value| time(float(value)));
    let data = history.latest(width, |second| per_mille(second.busiest));
    course(frame, third, ("generator", &data, Color::Blue), |value| share(float(value) / 1000.0));
}

fn course(
    frame: &mut Frame<'_>,
    area: Rect,
    (name, data, tint): (&str, &[u64], Color),
    shown: impl Fn(u64) -> String,
) {
    let highest = data.iter().copied().max().unwrap_or_default();
    let title = format!("{name}, at most {}", shown(highest));
    let block = Block::new().title(Span::styled(title, dim()));
    frame.render_widget(Sparkline::default().block(block).data(data).style(colour(tint)), area);
}

fn so_far(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot<'_>) {
    let block = Block::bordered().title("So far");
    if snapshot.figures.operations().next().is_none() {
        frame.render_widget(Paragraph::new("nothing counts yet").block(block), area);
        return;
    }
    let wide = area.width >= 100;
    let mut names = vec!["", "right", "p50", "p90", "p99", "p99.9", "max", "failed"];
    if !wide {
        names.retain(|name| !["p90", "max"].contains(name));
    }
    let row = |op: &OperationFigures| {
        let of = op.latency.quantiles();
        let cells = names.iter().map(|name| match *name {
            "" => op.name.clone(),
            "right" => count(op.right),
            "p50" => time(float(of.p50)),
            "p90" => time(float(of.p90)),
            "p99" => time(float(of.p99)),
            "p99.9" => time(float(of.p999)),
            "max" => time(float(of.max)),
            _ => count(op.failed),
        });
        Row::new(cells.collect::<Vec<String>>())
    };
    let rows: Vec<Row<'_>> = snapshot.figures.operations().map(|(_, op)| row(op)).collect();
    let widths = names.iter().map(|name| match *name {
        "" => Constraint::Min(12),
        _ => Constraint::Length(11),
    });
    let table = Table::new(rows, widths).header(Row::new(names.clone()).style(dim())).block(block);
    frame.render_widget(table, area);
}

fn faults(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot<'_>) {
    let errors = snapshot.figures.errors();
    let kinds = errors.iter().map(|(kind, number)| {
        let text = format!("{:<16}{:>12}  {}", kind.word(), count(number), kind.what());
        Line::styled(text, colour(Color::Red))
    });
    let lines: Vec<Line<'_>> = kinds.collect();
    if !lines.is_empty() {
        frame.render_widget(Paragraph::new(lines).block(Block::bordered().title("Errors")), area);
    }
}

/// A colour, where colours are wanted.
fn colour(colour: Color) -> Style {
    if paint::wanted() { Style::new().fg(colour) } else { Style::new() }
}

fn dim() -> Style {
    Style::new().add_modifier(Modifier::DIM)
}

fn bold() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
fn per_mille(share: f64) -> u64 {
    (share * 1000.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::errors::ErrorKind;
    use crate::figures::{Figures, LaneFigures, Requests};
    use crate::histogram::Quantiles;
    use crate::plan::Phase;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use std::time::Duration;

    fn second(index: u32) -> Second {
        Second {
            index,
            phase: Phase::Measured,
            began_ms: 1_000 * u64::from(index),
            length_ms: 1_000,
            requests: Requests { due: 15_000, right: 14_990, ..Requests::default() },
            errors: vec![(ErrorKind::Timeout, 7)],
            latency: Quantiles { p50: 412_000, p99: 2_100_000, ..Quantiles::default() },
            lag: Quantiles::default(),
            histograms: vec![],
            backlog: 3,
            ready: 512,
            counters: vec![],
            metrics: vec![],
            busiest: 0.34,
        }
    }

    /// The screen of a run that is under way.
    fn screen(width: u16, height: u16) -> String {
        let mut lane = LaneFigures::new("players", &["resolve", "status"], &[], &[]);
        lane.operations[0].right = 123_456;
        lane.operations[0].latency.record(412_000);
        lane.errors.record(ErrorKind::Timeout, String::new);
        let figures = Figures { lanes: vec![lane], workers: vec![] };
        let seconds = [second(0), second(1)];
        let mut history = History::default();
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        for second in &seconds {
            let snapshot = Snapshot {
                phase: Phase::Measured,
                elapsed: Duration::from_secs(2),
                length: Some(Duration::from_secs(30)),
                ready: (512, 512),
                second: Some(second),
                figures: &figures,
            };
            history.add(&snapshot);
            let drawn =
                terminal.draw(|frame| draw(frame, "resolve", "", Some(&snapshot), &history));
            drawn.unwrap();
        }
        assert_eq!(history.seconds.len(), 2);
        terminal.backend().to_string()
    }

    #[test]
    fn what_matters_is_on_a_small_screen_and_more_on_a_wide_one() {
        for (width, height) in [(80, 24), (140, 40)] {
            let text = screen(width, height);
            for part in [
                "resolve",
                "measure 2 of 30 s",
                "14,990/s",
                "412 us / 2.10 ms",
                "123,456",
                "34 %",
                "timeout",
                "no answer came",
                "Ctrl-C",
            ] {
                assert!(text.contains(part), "{width}: {part} is not in\n{text}");
            }
            assert_eq!(text.contains("p90"), width >= 100);
        }
    }

    #[test]
    fn nothing_fails_on_a_screen_that_is_too_small() {
        for (width, height) in [(1, 1), (10, 5), (40, 12)] {
            assert!(!screen(width, height).is_empty());
        }
    }
}
