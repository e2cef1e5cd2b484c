//! The generator as a program beside: its phases as they begin, and what it printed.
//!
//! It says on standard error when each part of a run begins (`hunt-load --phases`), so that
//! counters are read at these moments, and prints its report on standard output at the end.

use crate::bundle::run::CommandLine;
use crate::run::programs::watched::launch;
use anyhow::Context;
use process::child::{Addresses, Child, Launch};
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

/// A part of a run that begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The world is set up and so many connections are open; nothing was asked yet.
    Connected(u64),
    /// The warm-up.
    Warmup,
    /// What is asked from here on counts.
    Measured,
    /// Nothing more becomes due.
    Grace,
    /// It has ended, and writes its report.
    End,
}

impl Phase {
    /// The one that a line tells of; other lines are none of it.
    fn told(line: &str) -> Option<Self> {
        let words = line.strip_prefix("phase: ")?;
        Some(match words.split_once(' ').unwrap_or((words, "")) {
            ("connected", connections) => Self::Connected(connections.parse().ok()?),
            ("warmup", "") => Self::Warmup,
            ("measured", "") => Self::Measured,
            ("grace", "") => Self::Grace,
            ("end", "") => Self::End,
            _ => return None,
        })
    }
}

/// The command line, with where the server listens.
pub(crate) fn addressed(line: &CommandLine, at: Addresses) -> CommandLine {
    let mut line = line.clone();
    let urls = [("--url", at.players), ("--admin-url", at.admin)];
    line.args.extend(urls.into_iter().flat_map(|(name, at)| [name.into(), format!("http://{at}")]));
    line.args.push("--phases".into());
    line
}

/// A generator that runs; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Generator {
    child: Child,
}

impl Generator {
    /// Starts it.
    ///
    /// # Errors
    /// If it cannot be started.
    pub(crate) fn start(top: &Path, line: &CommandLine) -> anyhow::Result<Self> {
        let launch = Launch { keep_output: true, ..launch(top, line) };
        Ok(Self { child: Child::start(&launch)? })
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next phase that it tells of; none where nothing was told within the time.
    pub(crate) fn next(&mut self, patience: Duration) -> Option<Phase> {
        Phase::told(&self.child.next_line(patience)?)
    }

    /// How it ended, where it does within the time.
    ///
    /// # Errors
    /// Whatever the system says.
    pub(crate) fn ended(&mut self, patience: Duration) -> anyhow::Result<Option<ExitStatus>> {
        self.child.wait_for(patience)
    }

    /// What it printed, once it has ended.
    ///
    /// # Errors
    /// If it is too much, or no text.
    pub(crate) fn printed(&mut self) -> anyhow::Result<String> {
        String::from_utf8(self.child.take_output()?).context("it printed no text")
    }

    /// The last lines that it said.
    pub(crate) fn said(&mut self) -> Vec<String> {
        self.child.said()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_are_read_from_their_lines_only() {
        assert_eq!(Phase::told("phase: connected 8000"), Some(Phase::Connected(8_000)));
        assert_eq!(Phase::told("phase: warmup"), Some(Phase::Warmup));
        assert_eq!(Phase::told("phase: measured"), Some(Phase::Measured));
        assert_eq!(Phase::told("phase: grace"), Some(Phase::Grace));
        assert_eq!(Phase::told("phase: end"), Some(Phase::End));
        for other in ["phase: connected", "phase: connected x", "phase: grace 1", "warmup", ""] {
            assert_eq!(Phase::told(other), None, "{other}");
        }
    }

    #[test]
    fn the_addresses_are_added_to_the_command_line() {
        let line = CommandLine { args: vec!["loot".into()], ..CommandLine::default() };
        let at = |port| std::net::SocketAddr::from(([127, 0, 0, 1], port));
        let line = addressed(&line, Addresses { players: at(81), admin: at(82) });
        let expected =
            "loot --url http://127.0.0.1:81 --admin-url http://127.0.0.1:82 --phases".split(' ');
        assert_eq!(line.args, expected.collect::<Vec<_>>());
    }
}
