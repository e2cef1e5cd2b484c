//! The runs of a bundle as a report lists them: what each was for, whether it counts, how it was
//! started, and what it came to.

use crate::bundle::files::Name;
use crate::bundle::generator::{Printed, Second};
use crate::bundle::run::{CommandLine, Purpose, Run, Series};
use crate::cell::Cell;
use crate::figures::{Figures, Metric, RunFigures};
use crate::quantity;
use crate::slo::Slo;

/// A run.
#[derive(Clone, Debug)]
pub(super) struct RunView<'b> {
    /// As it was recorded.
    pub(super) run: &'b Run,
    /// Its file in the bundle.
    pub(super) file: String,
    /// What it came to, where it came to its end.
    pub(super) figures: Option<RunFigures>,
    /// Whether its figures count, or why not.
    pub(super) state: State,
    /// What the generator told of each second that counted.
    pub(super) seconds: Vec<Second>,
}

/// Whether the figures of a run count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// They do.
    Counts,
    /// It is part of a search: what it found was looked at again.
    Search,
    /// They cannot be trusted.
    Invalid(Vec<String>),
    /// It did not come to its end.
    Failed(String),
}

impl<'b> RunView<'b> {
    /// All runs of a bundle, in the order in which they were made.
    pub(super) fn of(figures: &Figures<'b>) -> Vec<Self> {
        let bundle = figures.bundle;
        let proven = |run: &Run| {
            bundle.proofs.iter().any(|proof| proof.number == run.proof && proof.holds())
        };
        bundle.runs.iter().map(|run| Self::one(run, proven(run))).collect()
    }

    fn one(run: &'b Run, proven: bool) -> Self {
        let file = Name::Run { step: run.step, attempt: run.attempt }.to_string();
        let figures = RunFigures::of(run);
        let state = match &figures {
            Err(why) => State::Failed(why.clone()),
            Ok(_) if !proven => State::Invalid(vec!["the generator did not prove itself".into()]),
            // A search goes beyond what can be served, so its runs may well be no good.
            Ok(_) if matches!(run.purpose, Purpose::Search(_)) => State::Search,
            Ok(figures) if figures.invalid.is_empty() => State::Counts,
            Ok(figures) => State::Invalid(figures.invalid.clone()),
        };
        let printed = run.measured().and_then(|m| Printed::read(&m.generator).ok());
        let mut seconds = printed.map(|printed| printed.outcome.seconds).unwrap_or_default();
        seconds.retain(|second| second.phase == "measured");
        Self { run, file, figures: figures.ok(), state, seconds }
    }

    /// Of which cell it is.
    pub(super) const fn cell(&self) -> Cell {
        self.run.cell
    }

    /// What the runner observed of each interval.
    pub(super) fn series(&self) -> Option<&'b Series> {
        self.run.measured().map(|measured| &measured.series)
    }

    /// Whether it is one of the runs that a load's figures are made of.
    pub(super) fn is_of_load(&self) -> bool {
        self.run.purpose == Purpose::Measure && self.run.twin.is_none()
    }

    /// What it was for.
    pub(super) fn purpose(&self) -> String {
        let what = match self.run.purpose {
            Purpose::Measure => "load".to_owned(),
            Purpose::Search(slo) => format!("search, {slo}"),
            Purpose::Confirm(slo) => format!("confirmation, {slo}"),
        };
        match self.run.twin {
            Some(twin) => format!("A/A pair, {twin}: {what}"),
            None => what,
        }
    }

    /// The promise that a search or a confirmation is about.
    pub(super) const fn slo(&self) -> Option<Slo> {
        match self.run.purpose {
            Purpose::Measure => None,
            Purpose::Search(slo) | Purpose::Confirm(slo) => Some(slo),
        }
    }

    /// The rate that was offered, in words.
    pub(super) fn offered(&self) -> String {
        let open = |rate| quantity::figure(rate, crate::figures::Unit::PerSecond);
        self.run.offered_per_s.map_or("closed loop".to_owned(), open)
    }

    /// What it says of a metric that it is made for; of a promise, whether it was kept.
    pub(super) fn text(&self, metric: Metric) -> Option<String> {
        let figures = self.figures.as_ref()?;
        match (metric, self.slo()) {
            (Metric::Capacity(of), Some(slo)) if of == slo => {
                let latency = Metric::Latency(slo.percentile);
                let found = figures.value(latency).map(|ns| quantity::figure(ns, latency.unit()));
                let kept = if figures.keeps(slo) { "kept" } else { "not kept" };
                Some(format!("{} {}, {kept}", latency.title(), found.unwrap_or_default()))
            }
            (_, Some(_)) => None,
            (metric, None) => {
                let value = figures.value(metric)?;
                Some(quantity::figure(value, metric.unit()))
            }
        }
    }
}

impl State {
    /// In a word.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Counts => "counts",
            Self::Search => "search",
            Self::Invalid(_) => "invalid",
            Self::Failed(_) => "failed",
        }
    }

    /// Why it does not count; empty where it does.
    pub(super) fn why(&self) -> String {
        match self {
            Self::Counts | Self::Search => String::new(),
            Self::Invalid(why) => why.join("; "),
            Self::Failed(why) => why.clone(),
        }
    }
}

/// A command line as a shell takes it, with its variables before it and the cores it was bound to.
pub(super) fn shell(command: &CommandLine) -> String {
    let mut words: Vec<String> =
        command.env.iter().map(|(name, value)| format!("{name}={}", quoted(value))).collect();
    if !command.cores.is_empty() {
        let cores: Vec<String> = command.cores.iter().map(u32::to_string).collect();
        words.push(format!("taskset --cpu-list {}", cores.join(",")));
    }
    words.push(quoted(&command.program));
    words.extend(command.args.iter().map(|arg| quoted(arg)));
    words.join(" ")
}

/// Words in one line, as a shell takes them.
pub(super) fn shell_words(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+,-./:=@_%".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_can_be_pasted_into_a_shell() {
        let command = CommandLine {
            program: "target/release/hunt-load".into(),
            args: vec!["--slo".into(), "p99<50ms".into(), "it's".into(), String::new()],
            env: [("MALLOC_CONF".to_owned(), "a:b,c d".to_owned())].into(),
            cores: vec![0, 2],
        };
        assert_eq!(
            shell(&command),
            "MALLOC_CONF='a:b,c d' taskset --cpu-list 0,2 target/release/hunt-load --slo \
             'p99<50ms' 'it'\\''s' ''"
        );
    }
}
