//! Doing what a plan says: building, checking and proving first, then one run after the other,
//! each written to the bundle before the next begins.
//!
//! ```text
//!   preflight ► programs ► environment ► steps:  ready ► prove ► step after step
//!   what would   builds     the machine          golden,          first open one until none is
//!   spoil it                                     size, start      │
//!                                                                 ▼
//!                              serving ► measure ─┬─ trial ─┬─ observe  what the system tells
//!                              how it    one run  │         └─ pair     both alive, until the end
//!                              starts             └─ count ─── pair     short runs beside it
//! ```

pub mod count;
pub mod environment;
pub mod generate;
pub mod interrupt;
pub mod measure;
pub mod observe;
pub(crate) mod pair;
pub mod preflight;
pub mod programs;
pub mod prove;
pub mod ready;
mod resumed;
pub mod serving;
pub mod show;
mod steps;
pub mod summary;
mod trial;

use crate::bundle::environment::Cores;
use crate::bundle::run::{Proof, Run};
use crate::bundle::server::{ServerRecord, ServerState};
use crate::bundle::write::{self, Writer};
use crate::bundle::{Bundle, Head};
use crate::cell::Server;
use crate::number::indices;
use crate::plan::{Extent, Plan};
use anyhow::{Context, anyhow, bail, ensure};
use interrupt::Stop;
use measure::{Asked, now_unix_ms};
use preflight::{Choice, Fault};
use programs::{Origin, Programs};
use prove::Attempt;
use show::Show;
use std::path::{Path, PathBuf};
use steps::{Doing, Work};

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The top of the repository.
    pub top: PathBuf,
    /// Where bundles lie.
    pub results: PathBuf,
    /// A new bundle, or one that was interrupted.
    pub which: Which,
    /// The servers' cores; chosen where none are given.
    pub server_cores: Option<Vec<u32>>,
    /// The generator's cores; chosen where none are given.
    pub generator_cores: Option<Vec<u32>>,
    /// Whether programs are taken as they lie there, and nothing is built.
    pub built: bool,
    /// Whether it goes on where the generator did not prove itself.
    pub unproven: bool,
}

/// Which bundle.
#[derive(Clone, Debug)]
pub enum Which {
    /// A new one.
    New {
        /// What it measures.
        plan: Box<Plan>,
        /// What its name has behind the date.
        label: String,
        /// What it is for.
        note: String,
        /// The command line that makes it.
        command: Vec<String>,
    },
    /// The one of this name, which goes on where it stopped.
    Resumed(String),
}

/// A plan that ended early: what is there, and why it went no further.
#[derive(Debug, thiserror::Error)]
#[error("{why:#}")]
pub struct Stopped {
    /// Why.
    pub why: anyhow::Error,
    /// The name of the bundle, which can be taken up again.
    pub bundle: String,
}

/// Does it; where the bundle lies.
///
/// # Errors
/// [`interrupt::Interrupted`] or a fault with its remedy before there is a bundle; [`Stopped`] once
/// there is one.
pub fn run(wanted: &Wanted, show: &mut dyn Show, stop: &Stop) -> anyhow::Result<PathBuf> {
    preflight::raise_descriptors().map_err(|why| anyhow!(why))?;
    match &wanted.which {
        Which::New { plan, label, note, command } => {
            let name = write::name(now_unix_ms(), label)?;
            let cores = wanted.cores(show)?;
            let mut faults = preflight::place(&wanted.results, &name, plan);
            faults.extend(preflight::faults(&wanted.top, plan, &cores, wanted.built));
            heed(&faults, show)?;
            show.note(&steps::announced(plan));
            let (programs, origin) = wanted.programs(plan, show, stop)?;
            let environment = environment::environment(&wanted.top, cores.clone(), origin);
            let head = Head {
                name: name.clone(),
                created_unix_ms: now_unix_ms(),
                tool: concat!("matrix ", env!("CARGO_PKG_VERSION")).into(),
                command: command.clone(),
                note: note.clone(),
            };
            let writer = Writer::begin(&wanted.results, &head, &environment, plan)?;
            let bundle = Bundle::read(writer.folder())?;
            let doing = Doing::new(writer, bundle, wanted.unproven);
            wanted.finish(doing, name, Bench::new(wanted, programs, cores, plan.extent, stop), show)
        }
        Which::Resumed(name) => {
            let folder = wanted.results.join(name);
            let (writer, bundle) = Writer::resume(&folder)
                .with_context(|| format!("{name} cannot be taken up again"))?;
            ensure!(
                bundle.end.is_none(),
                "{name} is complete; `cargo matrix report {name}` shows it"
            );
            let recorded = &bundle.environment.cores;
            let cores = Wanted {
                server_cores: wanted.server_cores.clone().or(Some(recorded.server.clone())),
                generator_cores: wanted
                    .generator_cores
                    .clone()
                    .or(Some(recorded.generator.clone())),
                ..wanted.clone()
            };
            let cores = cores.cores(show)?;
            heed(&preflight::faults(&wanted.top, &bundle.plan, &cores, wanted.built), show)?;
            let (programs, origin) = wanted.programs(&bundle.plan, show, stop)?;
            let now = environment::environment(&wanted.top, cores.clone(), origin);
            resumed::same_machine(&bundle.environment, &now)?;
            resumed::same_programs(&bundle, &programs)?;
            let extent = bundle.plan.extent;
            let doing = Doing::new(writer, bundle, wanted.unproven);
            let bench = Bench::new(wanted, programs, cores, extent, stop);
            wanted.finish(doing, name.clone(), bench, show)
        }
    }
}

/// What would spoil a plan, told; for whoever only wants to know.
pub fn look(top: &Path, plan: &Plan, built: bool, show: &mut dyn Show) {
    if built {
        if let Err(why) = Programs::built(top, &plan.servers) {
            show.note(&format!("{why:#}"));
        }
    } else if let Some(why) = Programs::without_go(top, &plan.servers) {
        show.note(&format!("Go's servers will have no row: {why}"));
    }
    match preflight::cores(None, None) {
        Ok(Choice { cores, why }) => {
            show.note(&why);
            for fault in preflight::faults(top, plan, &cores, built) {
                show.note(&said(&fault));
            }
        }
        Err(why) => show.note(&why),
    }
}

impl Wanted {
    fn cores(&self, show: &mut dyn Show) -> anyhow::Result<Cores> {
        let (server, generator) = (&self.server_cores, &self.generator_cores);
        let chosen = preflight::cores(server.as_deref(), generator.as_deref());
        let Choice { cores, why } = chosen.map_err(|why| anyhow!(why))?;
        show.note(&why);
        Ok(cores)
    }

    /// The programs of a plan, and of what they were built, where that was elsewhere.
    fn programs(
        &self,
        plan: &Plan,
        show: &mut dyn Show,
        stop: &Stop,
    ) -> anyhow::Result<(Programs, Option<Origin>)> {
        if self.built {
            let (programs, origin) = Programs::built(&self.top, &plan.servers)?;
            return Ok((programs, Some(origin)));
        }
        let programs = Programs::build(&self.top, &plan.servers, show, stop)?;
        stop.check()?;
        Ok((programs, None))
    }

    fn finish(
        &self,
        doing: Doing,
        bundle: String,
        mut bench: Bench<'_>,
        show: &mut dyn Show,
    ) -> anyhow::Result<PathBuf> {
        let stop = bench.stop.clone();
        let folder = self.results.join(&bundle);
        match doing.finish(&mut bench, show, &stop) {
            Ok(()) => Ok(folder),
            Err(why) => Err(Stopped { why, bundle }.into()),
        }
    }
}

/// Says what would spoil it.
///
/// # Errors
/// If nothing could be measured so.
fn heed(faults: &[Fault], show: &mut dyn Show) -> anyhow::Result<()> {
    for fault in faults.iter().filter(|fault| !fault.fatal) {
        show.note(&said(fault));
    }
    let fatal: Vec<String> = faults.iter().filter(|fault| fault.fatal).map(said).collect();
    if fatal.is_empty() {
        return Ok(());
    }
    bail!("nothing can be measured so: {}", fatal.join("\n  "))
}

fn said(Fault { what, remedy, .. }: &Fault) -> String {
    format!("{what}: {remedy}")
}

/// Real programs on this machine.
struct Bench<'a> {
    top: &'a Path,
    programs: Programs,
    cores: Cores,
    extent: Extent,
    stop: &'a Stop,
}

impl<'a> Bench<'a> {
    fn new(
        wanted: &'a Wanted,
        programs: Programs,
        cores: Cores,
        extent: Extent,
        stop: &'a Stop,
    ) -> Self {
        Self { top: &wanted.top, programs, cores, extent, stop }
    }
}

impl Work for Bench<'_> {
    fn ready(&mut self, server: Server, show: &mut dyn Show) -> anyhow::Result<ServerRecord> {
        if let Err(why) = self.programs.server(server) {
            return Ok(ServerRecord { server, state: ServerState::LeftOut(why) });
        }
        let Self { top, programs, cores, extent, stop } = self;
        ready::ready(top, server, *extent, programs, cores, show, stop)
    }

    fn prove(&mut self, attempt: Attempt<'_>, show: &mut dyn Show) -> anyhow::Result<Proof> {
        let generator = self.programs.generator();
        prove::prove(self.top, generator, attempt, self.extent, &self.cores, show, self.stop)
    }

    fn is_worth_a_proof(&self, before: &[Proof]) -> bool {
        prove::again(before)
    }

    fn measure(&mut self, asked: &Asked<'_>) -> anyhow::Result<Run> {
        // What the runner itself does meanwhile is not done on the servers' cores. Not earlier: the
        // proof needs both.
        let own: Vec<usize> = indices(&self.cores.generator).collect();
        process::system::pin_to(&own)?;
        measure::measure(self.top, asked, &self.programs, &self.cores, self.stop)
    }
}
