//! A tool that runs to its end: what it is at is shown now and then, and it is ended when it is to
//! stop, with all that it started.

use crate::bundle::run::CommandLine;
use crate::number::indices;
use crate::run::interrupt::Stop;
use crate::run::show::Show;
use anyhow::{Context, bail};
use process::child::{Child, Launch};
use std::collections::BTreeMap;
use std::env;
use std::path::Path;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

/// How often it is looked whether it is to stop.
const LOOK: Duration = Duration::from_millis(100);
/// How often what it is at is shown.
const SHOWN_EVERY: Duration = Duration::from_secs(5);
/// Lines of what it said that are told when it failed.
const TOLD_MAX: usize = 20;

/// A tool that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// How.
    pub(crate) status: ExitStatus,
    /// What it printed on standard output.
    pub(crate) output: Vec<u8>,
    /// The last lines of what it printed on standard error.
    pub(crate) said: Vec<String>,
}

impl Ended {
    /// How it ended, and the last lines that it said.
    pub(crate) fn told(&self) -> String {
        let from = self.said.len().saturating_sub(TOLD_MAX);
        if self.said.is_empty() {
            return format!("{}, without a word", self.status);
        }
        format!("{}\n{}", self.status, self.said[from..].join("\n"))
    }
}

/// Runs a tool; `what` says what it does.
///
/// # Errors
/// If it cannot be started, if it is not through in time, or if it was to stop.
pub(crate) fn watched(
    mut launch: Launch,
    what: &str,
    patience: Duration,
    show: &mut dyn Show,
    stop: &Stop,
) -> anyhow::Result<Ended> {
    show.step(what);
    launch.keep_output = true;
    let mut child = Child::start(&launch)?;
    let begin = Instant::now();
    let (mut shown, mut last) = (begin, String::new());
    let status = loop {
        stop.check().with_context(|| format!("stopped while it was to {what}"))?;
        let line = child.next_line(LOOK);
        if line.is_none()
            && let Some(status) = child.wait_for(LOOK)?
        {
            break status;
        }
        if begin.elapsed() > patience {
            let said = child.said();
            let last = said.last().map_or("nothing", String::as_str);
            bail!("{} s are over; it said last: {last}", patience.as_secs());
        }
        if let Some(line) = line.filter(|line| !line.trim().is_empty()) {
            last = format!(", {}", line.trim());
        }
        if shown.elapsed() >= SHOWN_EVERY {
            shown = Instant::now();
            show.step(&format!("{what}: {} s{last}", begin.elapsed().as_secs()));
        }
    };
    let said = child.said();
    let output = child.take_output().with_context(|| what.to_owned())?;
    Ok(Ended { status, output, said })
}

/// A text without the path of the repository's top: where that lies is no result.
pub(crate) fn from_top(top: &Path, text: &str) -> String {
    match top.to_str() {
        Some(path) if top.is_absolute() => text.replace(path, "."),
        _ => text.to_owned(),
    }
}

/// Variables of this process that begin so: those that a build must tell of.
pub(super) fn told(begins: &[&str]) -> BTreeMap<String, String> {
    let told = |name: &str| begins.iter().any(|begin| name.starts_with(begin));
    let all = env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    all.filter(|(name, _)| told(name))
        .map(|(name, value)| (name, value.to_string_lossy().into_owned()))
        .collect()
}

/// How a program of a command line is started: at the top of the repository, on its cores.
pub(crate) fn launch(top: &Path, line: &CommandLine) -> Launch {
    let mut launch = Launch::new(&line.program).args(&line.args).within(top);
    launch = launch.on(indices(&line.cores));
    launch.env.clone_from(&line.env);
    launch
}
