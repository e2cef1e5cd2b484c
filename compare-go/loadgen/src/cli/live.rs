//! What is shown while a run goes on: a line on a terminal, a line now and then elsewhere.

use crate::figures::Second;
use crate::outcome::{Mark, Observer, Snapshot};
use crate::plan::Phase;
use crate::quantity::{count, rate, time};
use crate::report::summary::float;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::fmt;
use std::io::{IsTerminal, Write, stderr};
use std::time::Duration;

/// How often there is a line where there is no terminal.
const PLAIN_EVERY: Duration = Duration::from_secs(5);

/// A bar and a line that are drawn anew, on standard error.
#[derive(Debug)]
pub struct Line {
    bar: ProgressBar,
    phase: Option<Phase>,
}

impl Line {
    /// On standard error.
    #[must_use]
    pub fn new() -> Self {
        Self::drawn(ProgressDrawTarget::stderr())
    }

    fn drawn(target: ProgressDrawTarget) -> Self {
        let bar = ProgressBar::with_draw_target(None, target);
        let style = ProgressStyle::with_template("{bar:8} {wide_msg}");
        bar.set_style(style.expect("the template is good").progress_chars("=> "));
        Self { bar, phase: None }
    }
}

impl Default for Line {
    fn default() -> Self {
        Self::new()
    }
}

impl Observer for Line {
    fn step(&mut self, text: &str) {
        self.bar.set_message(text.to_owned());
        self.bar.tick();
    }

    fn snapshot(&mut self, snapshot: &Snapshot<'_>) {
        if self.phase.replace(snapshot.phase) != Some(snapshot.phase) {
            self.bar.reset();
            self.bar.set_length(snapshot.length.map_or(0, millis));
        }
        let (done, of) = match snapshot.phase {
            Phase::Connect => snapshot.ready,
            _ => (millis(snapshot.elapsed), snapshot.length.map_or(0, millis)),
        };
        self.bar.set_length(of);
        self.bar.set_position(done.min(of));
        self.bar.set_message(line(snapshot));
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Lines that stay, on standard error: one for each step and phase, and one every five seconds.
#[derive(Debug, Default)]
pub struct Plain {
    said: Option<(Phase, Duration)>,
}

impl Observer for Plain {
    fn step(&mut self, text: &str) {
        let _ = writeln!(stderr(), "hunt-load: {text}");
    }

    fn snapshot(&mut self, snapshot: &Snapshot<'_>) {
        let now = (snapshot.phase, snapshot.elapsed);
        let due = match self.said {
            None => true,
            Some((phase, at)) => phase != now.0 || now.1.saturating_sub(at) >= PLAIN_EVERY,
        };
        if due {
            self.said = Some(now);
            let _ = writeln!(stderr(), "hunt-load: {}", line(snapshot));
        }
    }
}

/// Marks of the parts of a run, as they begin: a line each on standard error, for a program that
/// waits for them. What else is shown comes between them.
pub struct Marked(pub Box<dyn Observer>);

impl Observer for Marked {
    fn step(&mut self, text: &str) {
        self.0.step(text);
    }

    fn snapshot(&mut self, snapshot: &Snapshot<'_>) {
        self.0.snapshot(snapshot);
    }

    fn mark(&mut self, mark: Mark) {
        // One write, so that nothing stands in the middle of it. Whoever is gone waits for nothing.
        let _ = stderr().write_all(format!("phase: {mark}\n").as_bytes());
    }
}

impl fmt::Debug for Marked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Marked").finish_non_exhaustive()
    }
}

/// What is shown where standard error goes, if anything.
#[must_use]
pub fn observer(quiet: bool) -> Box<dyn Observer> {
    if quiet {
        Box::new(crate::outcome::Unobserved)
    } else if stderr().is_terminal() {
        Box::new(Line::new())
    } else {
        Box::new(Plain::default())
    }
}

/// A snapshot in one line that leaves room for a bar on 80 columns, as a rule.
#[must_use]
pub fn line(snapshot: &Snapshot<'_>) -> String {
    if snapshot.phase == Phase::Connect {
        let (ready, of) = snapshot.ready;
        return format!("{} {} of {}", word(snapshot.phase), count(ready), count(of));
    }
    let mut text = match snapshot.phase {
        // What lasts needs no word.
        Phase::Measured => String::new(),
        other => format!("{} ", word(other)),
    };
    let elapsed = snapshot.elapsed.as_secs();
    match snapshot.length {
        Some(length) => text += &format!("{elapsed}/{}s", length.as_secs_f64().ceil()),
        None => text += &format!("{elapsed}s"),
    }
    let Some(second) = snapshot.second else { return text };
    text + &figures(second)
}

fn figures(second: &Second) -> String {
    let short = |ns: u64| time(float(ns)).replace(' ', "");
    let errors: u64 = second.errors.iter().map(|(_, count)| count).sum();
    let per_s = float(second.requests.right) * 1000.0 / float(second.length_ms.max(1));
    format!(
        " {} p50 {} p99 {} p99.9 {} err {} lag {}",
        rate(per_s),
        short(second.latency.p50),
        short(second.latency.p99),
        short(second.latency.p999),
        count(errors),
        short(second.lag.p99),
    )
}

/// The word for a part of a run.
#[must_use]
pub fn word(phase: Phase) -> &'static str {
    match phase {
        Phase::Connect => "connect",
        Phase::Warmup => "warm-up",
        Phase::Measured => "measure",
        Phase::Grace => "drain",
    }
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::{Figures, Requests};
    use crate::histogram::Quantiles;

    fn second() -> Second {
        let of = |p50, p99, p999| Quantiles { p50, p99, p999, ..Quantiles::default() };
        Second {
            index: 0,
            phase: Phase::Measured,
            began_ms: 0,
            length_ms: 500,
            requests: Requests { right: 7_500, ..Requests::default() },
            errors: vec![(crate::errors::ErrorKind::Reset, 3)],
            latency: of(412_000, 2_100_000, 123_000_000),
            lag: of(0, 30_000, 0),
            histograms: vec![],
            backlog: 0,
            ready: 0,
            counters: vec![],
            metrics: vec![],
            busiest: 0.0,
        }
    }

    #[test]
    fn a_second_is_one_line() {
        let (figures, second) = (Figures::default(), second());
        let mut snapshot = Snapshot {
            phase: Phase::Measured,
            elapsed: Duration::from_secs(12),
            length: Some(Duration::from_secs(30)),
            ready: (510, 512),
            second: Some(&second),
            figures: &figures,
        };
        let text = line(&snapshot);
        let expected = "12/30s 15,000/s p50 412us p99 2.10ms p99.9 123ms err 3 lag 30.0us";
        assert_eq!(text, expected);
        snapshot.phase = Phase::Warmup;
        assert_eq!(line(&snapshot), format!("warm-up {expected}"));
        snapshot.phase = Phase::Connect;
        assert_eq!(line(&snapshot), "connect 510 of 512");
    }
}
