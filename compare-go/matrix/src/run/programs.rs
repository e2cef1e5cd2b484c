//! The programs of a plan, built once each: the server once for each allocator, the peers, Go's
//! two servers, the generator, `golden`, and the builds that count what is asked of an allocator.
//!
//! ```text
//!   cargo   all Rust programs in one build, then those that count, which have a feature more
//!   go      a build for each of Go's servers, where there is a Go
//!   placed  a copy in target/matrix, its SHA-256 and sizes
//!   kept    what they are and of what, for a machine that builds nothing
//!   watched a tool that runs: shown, ended when it is to stop
//! ```
//!
//! What is measured is a copy that nobody else builds into: a build beside a run, or one with other
//! features, cannot change what the next run starts.

mod cargo;
mod go;
mod kept;
mod placed;
#[cfg(test)]
pub(super) mod scripts;
#[cfg(test)]
mod tests;
pub(crate) mod watched;

pub use kept::Origin;
pub(crate) use placed::digest;

use crate::bundle::observed::Observed;
use crate::bundle::run::CommandLine;
use crate::cell::{Allocator, Library, Server};
use crate::run::interrupt::Stop;
use crate::run::show::Show;
use anyhow::{Context, anyhow};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Where the copies lie, from the top of the repository.
pub(super) const FOLDER: &str = "target/matrix";

/// A program that was built. Paths are those from the top of the repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Where it lies.
    pub path: String,
    /// How it was built.
    pub build: CommandLine,
    /// Its SHA-256.
    pub sha256: String,
    /// Its size as it was built, in bytes.
    pub bytes: u64,
    /// Its size with symbols stripped, in bytes.
    pub stripped_bytes: Observed<u64>,
}

/// All of them.
#[derive(Debug)]
pub struct Programs {
    generator: Program,
    golden: Program,
    servers: BTreeMap<Name, Result<Program, String>>,
}

/// A program by what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Generator,
    Golden,
    Engine(Allocator),
    Peers,
    CountingEngine,
    CountingPeers,
    Go(Library),
}

/// What builds, by name or path.
#[derive(Clone, Debug)]
struct Tools {
    cargo: PathBuf,
    go: PathBuf,
    /// What strips a copy: `strip -o STRIPPED PROGRAM`.
    strip: PathBuf,
    /// What does the same: `objcopy --strip-all PROGRAM STRIPPED`.
    objcopy: PathBuf,
}

impl Default for Tools {
    fn default() -> Self {
        let [cargo, go, strip, objcopy] = ["cargo", "go", "strip", "objcopy"].map(PathBuf::from);
        Self { cargo, go, strip, objcopy }
    }
}

/// What a build is done with.
struct Building<'a> {
    top: &'a Path,
    tools: &'a Tools,
    show: &'a mut dyn Show,
    stop: &'a Stop,
}

impl Name {
    /// The program that a server is.
    const fn of(server: Server) -> Self {
        match server {
            Server::Engine { allocator, .. } => Self::Engine(allocator),
            Server::Peer(_) => Self::Peers,
            Server::Go { library, .. } => Self::Go(library),
        }
    }

    /// The name of its file.
    const fn file(self) -> &'static str {
        match self {
            Self::Generator => "hunt-load",
            Self::Golden => "golden",
            // The server as it is shipped is on jemalloc.
            Self::Engine(Allocator::Jemalloc) => "hunt-server",
            Self::Engine(Allocator::Mimalloc) => "hunt-server-mimalloc",
            Self::Engine(Allocator::System) => "hunt-server-system",
            Self::Peers => "floor",
            Self::CountingEngine => "hunt-server-counting",
            Self::CountingPeers => "floor-counting",
            Self::Go(Library::Nethttp) => "hunt-nethttp",
            Self::Go(Library::Fasthttp) => "hunt-fasthttp",
        }
    }

    /// The program that counts what a server asks of its allocator. What is asked for does not
    /// depend on who is asked, so there is one for all allocators. Go's servers count by
    /// themselves.
    const fn counting(server: Server) -> Self {
        match server {
            Server::Engine { .. } => Self::CountingEngine,
            Server::Peer(_) => Self::CountingPeers,
            Server::Go { library, .. } => Self::Go(library),
        }
    }

    /// The feature that it is built with, besides those that it has by default.
    const fn feature(self) -> Option<&'static str> {
        match self {
            Self::CountingEngine => Some("hunt-server/counting"),
            Self::CountingPeers => Some("floor/counting"),
            _ => None,
        }
    }

    /// All that these servers need.
    fn needed(servers: &[Server]) -> BTreeSet<Self> {
        let of = |server: &Server| [Self::of(*server), Self::counting(*server)];
        servers.iter().flat_map(of).chain([Self::Generator, Self::Golden]).collect()
    }
}

impl Programs {
    /// Builds what these servers need, and the generator and `golden`. Takes minutes on a fresh
    /// clone, seconds where everything is up to date.
    ///
    /// # Errors
    /// If something that every plan needs cannot be built, or it was to stop.
    pub fn build(
        top: &Path,
        servers: &[Server],
        show: &mut dyn Show,
        stop: &Stop,
    ) -> anyhow::Result<Self> {
        Self::build_by(&mut Building { top, tools: &Tools::default(), show, stop }, servers)
    }

    fn build_by(building: &mut Building<'_>, servers: &[Server]) -> anyhow::Result<Self> {
        let mut built = BTreeMap::new();
        for (name, compiled) in compiled(building, &Name::needed(servers))? {
            let program = match compiled {
                Ok((build, at)) => building
                    .place(name.file(), &at, build)
                    .map_err(|error| format!("{} cannot be taken: {error:#}", name.file())),
                Err(why) => Err(why),
            };
            building.go_on()?;
            built.insert(name, program.map_err(|why| watched::from_top(building.top, &why)));
        }
        let programs = Self::of(built)?;
        programs.keep(building.top)?;
        Ok(programs)
    }

    /// All that a plan needs; what every plan needs must be there.
    fn of(mut all: BTreeMap<Name, Result<Program, String>>) -> anyhow::Result<Self> {
        let mut must = |name: Name| {
            let program = all.remove(&name).context("every plan has it")?;
            program.map_err(|why| anyhow!("there is no {}: {why}", name.file()))
        };
        let (generator, golden) = (must(Name::Generator)?, must(Name::Golden)?);
        Ok(Self { generator, golden, servers: all })
    }

    /// Why the rows of Go will be left out, where there is no Go that could build its servers, or
    /// none that is new enough; none where they will not, or none of these servers is in Go. Takes
    /// a moment, and builds nothing.
    #[must_use]
    pub fn without_go(top: &Path, servers: &[Server]) -> Option<String> {
        let stop = Stop::default();
        servers.iter().any(|server| server.is_go()).then_some(())?;
        go::available(top, &Tools::default().go, &stop).err().map(|why| format!("{why:#}"))
    }

    /// The program of a server.
    ///
    /// # Errors
    /// Why there is none: no Go, a build that failed.
    pub fn server(&self, server: Server) -> Result<&Program, String> {
        self.named(Name::of(server))
    }

    /// The program of a server that counts what it asks of its allocator; Go's counts by itself.
    ///
    /// # Errors
    /// Why there is none.
    pub fn counting(&self, server: Server) -> Result<&Program, String> {
        self.named(Name::counting(server))
    }

    fn named(&self, name: Name) -> Result<&Program, String> {
        match self.servers.get(&name) {
            Some(program) => program.as_ref().map_err(Clone::clone),
            None => Err(format!("{} was not built: no server of the plan needs it", name.file())),
        }
    }

    /// `hunt-load`.
    #[must_use]
    pub const fn generator(&self) -> &Program {
        &self.generator
    }

    /// `golden`.
    #[must_use]
    pub const fn golden(&self) -> &Program {
        &self.golden
    }
}

#[cfg(test)]
impl Programs {
    /// Programs that are there, for tests of what runs them.
    pub(super) fn of_server(
        server: Server,
        program: Result<Program, String>,
        golden: Program,
    ) -> Self {
        let servers = [(Name::of(server), program)].into();
        Self { generator: golden.clone(), golden, servers }
    }
}

/// How it was built and where it was built to, or why it was not.
type Compiled = Result<(CommandLine, PathBuf), String>;

fn compiled(
    building: &mut Building<'_>,
    needed: &BTreeSet<Name>,
) -> anyhow::Result<Vec<(Name, Compiled)>> {
    let is_go = |name: &Name| matches!(name, Name::Go(_));
    let (with, without): (Vec<Name>, Vec<Name>) =
        needed.iter().copied().filter(|name| !is_go(name)).partition(|n| n.feature().is_some());
    let mut all = building.cargo(&without, None)?;
    for name in with {
        all.extend(building.cargo(&[name], name.feature())?);
    }
    let libraries = Library::ALL.into_iter().filter(|of| needed.contains(&Name::Go(*of)));
    let libraries: Vec<Library> = libraries.collect();
    if !libraries.is_empty() {
        all.extend(building.go(&libraries)?);
    }
    Ok(all)
}
