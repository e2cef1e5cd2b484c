//! Taking a profile: a fresh server under the load of its workload, as a run has it, and samplers
//! beside it while the load is on.
//!
//! The programs are those that the bundle was measured with: others would have other shares.

use crate::bundle::Bundle;
use crate::bundle::manifest::sha256;
use crate::bundle::observed::Observed;
use crate::bundle::profile::{Profile, Sampled};
use crate::bundle::run::CommandLine;
use crate::cell::Cell;
use crate::plan::Load;
use crate::profile::perf::{self, Walk, indices};
use crate::profile::pprof;
use crate::profile::rules::Rules;
use crate::run::interrupt::Stop;
use crate::run::serving;
use anyhow::{Context, bail, ensure};
use process::child::{Addresses, Child, Launch};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The most seconds that a sampler looks.
pub const SECONDS_MAX: u32 = 60;
/// For how long a server may take until it serves.
const START: Duration = Duration::from_secs(30);
/// For how long the world may take to be set up and everybody to be connected.
const SET_UP: Duration = Duration::from_secs(180);
/// For how long a server may take to end.
const END: Duration = Duration::from_secs(20);
/// How often it is looked whether it is to stop.
const LOOK: Duration = Duration::from_millis(200);
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
    pub fn take(&self, stop: &Stop) -> anyhow::Result<Profile> {
        let Self { top, bundle, cell, .. } = *self;
        let (server, generator) = (self.server()?, self.generator()?);
        for program in [server, generator] {
            program.check(top)?;
        }
        let load = self.load()?;
        let cores = &bundle.environment.cores;
        let started_unix_ms = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
        let line = serving::server(cell.server, server.path, &load, cores);
        let mut serving = Child::start(&launch(&line, top))?;
        let addresses = serving.addresses(START)?;
        let mut asking = serving::generator(cell, generator.path, &load, load.rate_per_s, cores);
        asking.args.extend(asked_of(&addresses));
        let mut loading = launch(&asking, top);
        loading.keep_output = true;
        let mut loading = Child::start(&loading)?;
        wait_for_load(&mut loading, stop)?;
        let (perf, pprof) = self.sample(&serving, &addresses, stop)?;
        let exit = wait_for_end(&mut loading, &load, stop)?;
        serving.terminate().ok();
        serving.wait_for(END)?;
        Ok(Profile {
            cell,
            started_unix_ms: u64::try_from(started_unix_ms)?,
            offered_per_s: load.rate_per_s,
            server: line,
            server_sha256: server.sha256.to_owned(),
            generator: asking,
            generator_sha256: generator.sha256.to_owned(),
            generator_exit: exit,
            rules: Rules::ours().version,
            perf,
            pprof,
        })
    }

    /// `perf` first, then Go's own: neither is in the samples of the other.
    fn sample(
        &self,
        serving: &Child,
        addresses: &Addresses,
        stop: &Stop,
    ) -> anyhow::Result<(Observed<Sampled>, Observed<Sampled>)> {
        let Self { top, bundle, cell, seconds, .. } = *self;
        let folder = top.join("target/profile");
        fs::create_dir_all(&folder)?;
        let file = folder.join(format!("{cell}.perf"));
        let is_go = cell.server.is_go();
        let asked = perf::Asked {
            process: serving.id(),
            seconds,
            walk: if is_go { Walk::Pointers } else { Walk::Tables },
            cores: &bundle.environment.cores.generator,
            file: &file,
        };
        let perf = perf::sample(&asked, stop)?;
        let pprof = if is_go {
            pprof::sample(addresses.admin, seconds).into()
        } else {
            Observed::missing("only Go samples itself")
        };
        ensure!(!stop.is_asked(), "stopped while samples were taken");
        Ok((perf, pprof))
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
        let bytes = fs::read(top.join(path)).with_context(|| format!("{path}; {remedy}"))?;
        let found = sha256(&bytes);
        ensure!(
            found == expected,
            "{path} is another build than the bundle's: its SHA-256 begins with {found:.12}, not \
             {expected:.12}; {remedy}"
        );
        Ok(())
    }
}

/// A command line as it is started at the top of the repository.
fn launch(line: &CommandLine, top: &Path) -> Launch {
    let mut launch = Launch::new(&line.program).args(&line.args).within(top);
    launch = launch.on(indices(&line.cores));
    launch.env.clone_from(&line.env);
    launch
}

/// Where the generator finds the server, and that it says when its phases begin.
fn asked_of(addresses: &Addresses) -> [String; 5] {
    [
        "--url".to_owned(),
        format!("http://{}", addresses.players),
        "--admin-url".to_owned(),
        format!("http://{}", addresses.admin),
        "--phases".to_owned(),
    ]
}

fn wait_for_load(loading: &mut Child, stop: &Stop) -> anyhow::Result<()> {
    let begin = Instant::now();
    loop {
        ensure!(!stop.is_asked(), "stopped before the load was on");
        match loading.next_line(LOOK) {
            Some(line) if line == "phase: measured" => return Ok(()),
            Some(_) => {}
            None => {
                if let Some(status) = loading.ended()? {
                    let said = loading.said().join(" | ");
                    bail!("the generator ended with {status} before the load was on: {said}");
                }
                let waited = begin.elapsed();
                ensure!(waited < SET_UP, "the load was not on after {} s", waited.as_secs());
            }
        }
    }
}

fn wait_for_end(loading: &mut Child, load: &Load, stop: &Stop) -> anyhow::Result<i32> {
    let begin = Instant::now();
    let patience = Duration::from_millis(load.counted_ms * 2) + END;
    let status = loop {
        if let Some(status) = loading.wait_for(LOOK)? {
            break status;
        }
        ensure!(!stop.is_asked(), "stopped under the load");
        ensure!(begin.elapsed() < patience, "the generator does not end");
    };
    let code = status.code().filter(|code| LOADED.contains(code));
    code.with_context(|| {
        format!("the generator ended with {status}: {}", loading.said().join(" | "))
    })
}
