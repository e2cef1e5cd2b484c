//! The command line. Exit code 0: as it must be. 1: it is not, and what is wrong was said. 2: asked
//! for wrongly. 3: there is no answer, since results are missing or not to be trusted. 130: it was
//! interrupted.

mod compare;
mod profile;
mod prove;
mod recommend;
mod report;
mod run;
mod verify;

use crate::bundle::Bundle;
use crate::bundle::manifest::MANIFEST;
use crate::published::library::{self, RESULTS};
use crate::run::interrupt::Interrupted;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Something is not as it must be.
pub(crate) const FAILED: u8 = 1;
/// It was asked for wrongly.
const MISUSED: u8 = 2;
/// There is no answer: results are missing, or not to be trusted.
const NO_ANSWER: u8 = 3;
/// Somebody asked for the end: 128 and SIGINT.
const INTERRUPTED: u8 = 130;

const EXAMPLES: &str = "\
Examples:
  cargo matrix run --quick --dry-run   what a first look would measure, and for how long
  cargo matrix profile BUNDLE --cells resolve   where CPU time goes, by layer
  cargo matrix prove                 is this matrix right, on this machine?
  cargo matrix verify                every published number, against the bundles
  cargo matrix verify --write        computes the blocks of the documents anew
  cargo matrix compare BEFORE AFTER  what changed, by how much; fails where something is slower
  cargo matrix compare B@hyper B@axum   two servers of one bundle
  cargo matrix recommend --slo p99=50ms --rate 15k --sessions 30k   which server, and what it needs
  cargo matrix report BUNDLE -o report.html   one page with plots, rankings and effects

Exit code 0: as it must be. 1: it is not, and what is wrong was said. 2: asked for wrongly. 3: no
answer, since results are missing or not to be trusted.";

/// Measures servers against each other, and says what follows.
#[derive(Debug, Parser)]
#[command(
    name = "matrix",
    version,
    after_help = EXAMPLES,
    max_term_width = 100,
    disable_help_subcommand = true,
    arg_required_else_help = true
)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Plans what is measured, in which order, and says how long that takes
    Run(run::Args),
    /// Samples where the CPU time of servers goes, by layer, and adds it to a bundle
    Profile(profile::Args),
    /// Proves that what is to be found in a server is found, and that nothing else is
    Prove(prove::Args),
    /// Holds every published number to the bundles
    Verify(verify::Args),
    /// Says what changed between two bundles or servers, by how much, and whether that is noise
    Compare(compare::Args),
    /// Says which server to take for a load and a promise, from what was measured
    Recommend(recommend::Args),
    /// Writes what bundles say as one page that needs no network, as Markdown or as CSV
    Report(report::Args),
}

/// Does what the command line asks.
#[must_use]
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let matches = Cli::command().try_get_matches_from(args);
    let cli = match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and the version go to standard output, faults to standard error.
            let printed = error.print();
            let code = u8::try_from(error.exit_code()).unwrap_or(MISUSED);
            return ExitCode::from(if printed.is_ok() { code } else { FAILED });
        }
    };
    let result = match cli.task {
        Task::Run(args) => run::run(&args),
        Task::Profile(args) => profile::run(&args),
        Task::Prove(args) => prove::run(&args),
        Task::Verify(args) => verify::run(&args),
        Task::Compare(args) => compare::run(&args),
        Task::Recommend(args) => recommend::run(&args),
        Task::Report(args) => report::run(&args),
    };
    result.unwrap_or_else(|error| {
        let interrupted = error.is::<Interrupted>();
        let _ = writeln!(io::stderr(), "matrix: {error:#}");
        ExitCode::from(if interrupted { INTERRUPTED } else { FAILED })
    })
}

/// How figures are written.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

/// How an answer is written that goes into documents too.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Form {
    Text,
    Markdown,
    Json,
}

/// Prints a text. A reader that has gone away is no fault of ours.
fn print(text: &str) -> anyhow::Result<()> {
    match io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

/// Says why there is no answer.
fn no_answer(why: &str) -> anyhow::Result<ExitCode> {
    writeln!(io::stderr(), "matrix: {why}")?;
    Ok(ExitCode::from(NO_ANSWER))
}

/// A bundle by its name among the results, or by its folder.
fn read_bundle(name: &str, results: Option<&Path>) -> anyhow::Result<Bundle> {
    let folder = Path::new(name);
    if folder.join(MANIFEST).exists() || name.contains('/') {
        return Ok(Bundle::read(folder)?);
    }
    let results = match results {
        Some(results) => results.to_owned(),
        None => top()?.join(RESULTS),
    };
    let known = library::names(&results)?;
    if !known.iter().any(|other| other == name) {
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        anyhow::bail!("there is no bundle `{name}` in {}; there are: {known}", results.display());
    }
    Ok(Bundle::read(&results.join(name))?)
}

/// The top of the repository that the current folder is in.
///
/// # Errors
/// If it is in none.
fn top() -> anyhow::Result<PathBuf> {
    let here = std::env::current_dir()?;
    let is_top = |folder: &&Path| folder.join("compare-go").is_dir();
    let found = here.ancestors().find(is_top).map(Path::to_owned);
    found.ok_or_else(|| anyhow::anyhow!("no `compare-go` here or above: run it in the repository"))
}
