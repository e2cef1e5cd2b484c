//! The generator's proof of itself, without which no run counts.
//!
//! It is proven on the cores that it will have, by the program that will be used. Claim e needs
//! wrk: where there is none, a to d are proven alone. They count, since each is held against what
//! is known beforehand; the record says that e was left out, and so does what is shown, with the
//! remedy. Where a claim does not hold, the machine may have been busy for a moment, so it is
//! proven once more; and where the highest rates were too much for it twice, up to the highest that
//! was not. Each attempt is a record of its own.

#[cfg(test)]
mod tests;

use crate::bundle::environment::Cores;
use crate::bundle::generator::Proven;
use crate::bundle::run::{CommandLine, Proof};
use crate::plan::Extent;
use crate::run::interrupt::Stop;
use crate::run::measure::now_unix_ms;
use crate::run::programs::Program;
use crate::run::programs::watched::{launch, watched};
use crate::run::show::Show;
use anyhow::{Context, ensure};
use process::child::{Child, Launch};
use serde_json::value::RawValue;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a proof may take.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// What is proven where wrk is missing.
const WITHOUT_WRK: &str = "a,b,c,d";
/// The rates that `hunt-load prove` tries unasked, in requests a second.
const RATES_PER_S: [f64; 4] = [1_000.0, 10_000.0, 50_000.0, 100_000.0];
/// Attempts at all of these; one at fewer may follow.
const ATTEMPTS: usize = 2;

/// Which proof it is.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// Its number in the bundle, from 1.
    pub number: u32,
    /// Those before it of this sitting, which did not hold: since a plan was begun or taken up
    /// again.
    pub before: &'a [Proof],
}

/// Runs `hunt-load prove`: about half a minute with a quick extent, three minutes otherwise.
///
/// # Errors
/// If it cannot be run, or it was to stop. A proof that does not hold is none.
pub fn prove(
    top: &Path,
    generator: &Program,
    attempt: Attempt<'_>,
    extent: Extent,
    cores: &Cores,
    show: &mut dyn Show,
    stop: &Stop,
) -> anyhow::Result<Proof> {
    prove_with(top, generator, attempt, extent, cores, show, stop, Path::new("wrk"))
}

#[expect(clippy::too_many_arguments, reason = "that of `prove`, and what a test puts in its place")]
fn prove_with(
    top: &Path,
    generator: &Program,
    attempt: Attempt<'_>,
    extent: Extent,
    cores: &Cores,
    show: &mut dyn Show,
    stop: &Stop,
    wrk: &Path,
) -> anyhow::Result<Proof> {
    let without = missing(wrk);
    if let Some(why) = &without {
        show.step(&format!("the generator proves itself without wrk: {why}"));
    }
    let mut command = command(generator, extent, cores)?;
    if without.is_some() {
        command.args.extend(["--only", WITHOUT_WRK].map(str::to_owned));
    }
    if let Some(rates) = fewer_rates(attempt.before) {
        show.step(&format!("the generator proves itself at {rates} requests a second only"));
        command.args.extend(["--rates".to_owned(), rates]);
    }
    let started_unix_ms = now_unix_ms();
    let what = "let the generator prove itself";
    let ended = watched(launch(top, &command), what, PATIENCE, show, stop)?;
    // 2 says that it was asked for wrongly.
    let exit_code = ended.status.code().filter(|code| (0..=1).contains(code));
    let exit_code =
        exit_code.with_context(|| format!("hunt-load prove ended with {}", ended.told()))?;
    let printed = String::from_utf8(ended.output).context("a proof is text")?;
    let proven: Proven = serde_json::from_str(&printed)
        .with_context(|| format!("hunt-load prove ended with {exit_code} and printed no proof"))?;
    ensure!(
        proven.valid == (exit_code == 0),
        "hunt-load prove ended with {exit_code} and said otherwise"
    );
    Ok(Proof {
        number: attempt.number,
        started_unix_ms,
        command,
        generator_sha256: generator.sha256.clone(),
        printed: serde_json::from_str::<Box<RawValue>>(&printed)?,
        exit_code,
    })
}

/// Whether a further attempt is worth a try after those of this sitting.
#[must_use]
pub fn again(before: &[Proof]) -> bool {
    let holds = before.last().is_some_and(Proof::holds);
    !holds && (before.len() < ATTEMPTS || before.len() == ATTEMPTS && fewer_rates(before).is_some())
}

/// The rates up to the highest that was proven, where all of them were tried often enough; none
/// where they were not, or where all or none of them are left.
fn fewer_rates(before: &[Proof]) -> Option<String> {
    if before.len() < ATTEMPTS {
        return None;
    }
    let proven = before.iter().filter_map(|proof| Proven::read(&proof.printed).ok());
    let highest = proven.filter_map(|proven| proven.rate_proven_per_s).reduce(f64::max)?;
    let rates: Vec<String> =
        RATES_PER_S.iter().filter(|rate| **rate <= highest).map(f64::to_string).collect();
    (!rates.is_empty() && rates.len() < RATES_PER_S.len()).then(|| rates.join(","))
}

/// The command line. The program binds itself and its servers to their cores.
fn command(generator: &Program, extent: Extent, cores: &Cores) -> anyhow::Result<CommandLine> {
    let first = |cores: &[u32], whose: &str| {
        let core = cores.first().with_context(|| format!("{whose} no core"));
        core.map(u32::to_string)
    };
    let server = first(&cores.server, "the server has")?;
    let own = first(&cores.generator, "the generator has")?;
    let mut args = vec!["prove", "--format", "json", "--server-core", &server, "--core", &own];
    args.extend((extent == Extent::Quick).then_some("--quick"));
    Ok(CommandLine {
        program: generator.path.clone(),
        args: args.into_iter().map(str::to_owned).collect(),
        ..CommandLine::default()
    })
}

/// Why wrk cannot be run, what is not proven then, and the remedy; none where it can.
fn missing(wrk: &Path) -> Option<String> {
    // It prints its version and ends.
    let child = Child::start(&Launch::new(PathBuf::from(wrk)).args(["-v"]));
    let error = child.err()?;
    Some(format!(
        "{error:#}; that another tool measures the same (e) is not proven; install it with \
         `apt-get install wrk`"
    ))
}
