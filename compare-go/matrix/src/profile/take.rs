//! Taking a profile: a fresh server under the load of its workload, as a run has it, and samplers
//! beside it while the load is on.
//!
//! The programs are those that the bundle was measured with: others would have other shares.

use crate::bundle::Bundle;
use crate::bundle::observed::Observed;
use crate::bundle::profile::{Profile, Sampled};
use crate::cell::Cell;
use crate::plan::Load;
use crate::profile::perf::{self, Walk};
use crate::profile::pprof;
use crate::profile::rules::Rules;
use crate::run::generate::{Generator, Phase};
use crate::run::interrupt::Stop;
use crate::run::measure::now_unix_ms;
use crate::run::pair::{Attend, Made, Pair, Patience, failed};
use crate::run::programs::digest;
use crate::run::serving;
use crate::run::show::Show;
use anyhow::{Context, anyhow, ensure};
use process::child::Addresses;
use std::fs;
use std::path::Path;
use std::process::ExitStatus;

/// The most seconds that a sampler looks.
pub const SECONDS_MAX: u32 = 60;
/// The load goes on for so long beyond the samplers: they take a moment to begin.
const BEYOND_MS: u64 = 3_000;
/// Exit codes of the generator with which there was a load: a good one, and one whose figures it
/// does not trust.
const LOADED: [i32; 2] = [0, 3];

/// What is taken.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The top of the repository.
    pub top: &'a Path,
    /// The bundle whose server it is.
    pub bundle: &'a Bundle,
    /// Which, under which load.
    pub cell: Cell,
    /// For how long each sampler looks, in s; 1 to [`SECONDS_MAX`].
    pub seconds: u32,
    /// Another rate than that of the plan.
    pub rate_per_s: Option<f64>,
}

/// A program as the bundle has it.
#[derive(Clone, Copy, Debug)]
struct Program<'a> {
    path: &'a str,
    sha256: &'a str,
}

impl Asked<'_> {
    /// Takes it.
    ///
    /// # Errors
    /// If the server or the generator cannot be run as the bundle had it, or it was to stop.
    pub fn take(&self, show: &mut dyn Show, stop: &Stop) -> anyhow::Result<Profile> {
        let Self { top, bundle, cell, .. } = *self;
        let (server, generator) = (self.server()?, self.generator()?);
        for program in [server, generator] {
            program.check(top)?;
        }
        let load = self.load()?;
        let cores = &bundle.environment.cores;
        let started_unix_ms = now_unix_ms();
        let line = serving::server(cell.server, server.path, &load, cores);
        let rate = load.rate_per_s;
        let mut pair = Pair {
            top,
            server: &line,
            generator: serving::generator(cell, generator.path, &load, rate, cores),
            patience: Patience::with(&load),
            stop,
        };
        let mut sampler = Sampler { asked: self, show, stop, server: None, sampled: None };
        let taken = pair.run(&mut sampler)?.map_err(|failure| {
            anyhow!("it {failure}; the generator said: {}", failure.generator_said.join(" | "))
        });
        let (perf, pprof, generator_exit) = taken?;
        let asking = pair.generator;
        Ok(Profile {
            cell,
            started_unix_ms,
            offered_per_s: rate,
            server: line,
            server_sha256: server.sha256.to_owned(),
            generator: asking,
            generator_sha256: generator.sha256.to_owned(),
            generator_exit,
            rules: Rules::ours().version,
            perf,
            pprof,
        })
    }

    fn server(&self) -> anyhow::Result<Program<'_>> {
        let server = self.cell.server;
        let record = self.bundle.servers.get(&server).and_then(|record| record.ready());
        let ready = record.with_context(|| format!("{server} was left out of the bundle"))?;
        Ok(Program { path: &ready.program, sha256: &ready.program_sha256 })
    }

    fn generator(&self) -> anyhow::Result<Program<'_>> {
        let proof = self.bundle.proofs.last().context("the bundle has no proof of a generator")?;
        Ok(Program { path: &proof.command.program, sha256: &proof.generator_sha256 })
    }

    fn load(&self) -> anyhow::Result<Load> {
        let workload = self.cell.workload;
        let load = self.bundle.plan.loads.get(&workload);
        let load = load.with_context(|| format!("{workload} has no load in the bundle's plan"))?;
        let samplers = if self.cell.server.is_go() { 2 } else { 1 };
        let counted_ms = u64::from(self.seconds) * 1_000 * samplers + BEYOND_MS;
        let rate_per_s = self.rate_per_s.or(load.rate_per_s);
        Ok(Load { counted_ms, rate_per_s, ..load.clone() })
    }
}

impl Program<'_> {
    /// Whether it is still the one that was measured.
    fn check(self, top: &Path) -> anyhow::Result<()> {
        let Self { path, sha256: expected } = self;
        let remedy = "check out the bundle's commit and build it by `cargo matrix run`, or measure \
                      again";
        let (found, _) = digest(&top.join(path)).with_context(|| format!("{path}; {remedy}"))?;
        ensure!(
            found == expected,
            "{path} is another build than the bundle's: its SHA-256 begins with {found:.12}, not \
             {expected:.12}; {remedy}"
        );
        Ok(())
    }
}

/// Samples a server while the load counts.
struct Sampler<'a> {
    asked: &'a Asked<'a>,
    show: &'a mut dyn Show,
    stop: &'a Stop,
    server: Option<(u32, Addresses)>,
    sampled: Option<(Observed<Sampled>, Observed<Sampled>)>,
}

impl Attend for Sampler<'_> {
    /// What `perf` saw, what Go's own sampler saw, and the generator's exit code.
    type Made = (Observed<Sampled>, Observed<Sampled>, i32);

    fn serves(&mut self, server: u32, at: Addresses) -> anyhow::Result<()> {
        self.server = Some((server, at));
        Ok(())
    }

    fn phase(&mut self, phase: Phase) -> anyhow::Result<()> {
        if phase == Phase::Measured {
            self.sampled = Some(self.sample()?);
        }
        Ok(())
    }

    fn ended(&mut self, exit: ExitStatus, _: &mut Generator) -> Made<Self::Made> {
        let Some(code) = exit.code().filter(|code| LOADED.contains(code)) else {
            return failed("load", format!("the generator ended with {exit}"));
        };
        match self.sampled.take() {
            Some((perf, pprof)) => Ok((perf, pprof, code)),
            None => failed("load", "the load was never on"),
        }
    }
}

impl Sampler<'_> {
    /// `perf` first, then Go's own: neither is in the samples of the other. What `perf` took is
    /// read after both, for Go's must look while the load is on.
    fn sample(&mut self) -> anyhow::Result<(Observed<Sampled>, Observed<Sampled>)> {
        let Asked { top, bundle, cell, seconds, .. } = *self.asked;
        let (process, at) = self.server.context("nobody serves")?;
        let folder = top.join("target/profile");
        fs::create_dir_all(&folder)?;
        let file = folder.join(format!("{cell}.perf"));
        let is_go = cell.server.is_go();
        let asked = perf::Asked {
            process,
            seconds,
            walk: if is_go { Walk::Pointers } else { Walk::Tables },
            cores: &bundle.environment.cores.generator,
            file: &file,
        };
        let recorded = perf::record(&asked, self.show, self.stop)?;
        let pprof = if is_go {
            pprof::sample(at.admin, seconds).into()
        } else {
            Observed::missing("only Go samples itself")
        };
        let perf = perf::read(&asked, recorded, self.show, self.stop)?;
        Ok((perf, pprof))
    }
}
