//! Where the CPU time of a server goes under a load: stacks that were sampled, from which shares by
//! layer are computed.

use crate::bundle::observed::Observed;
use crate::bundle::run::CommandLine;
use crate::cell::Cell;
use crate::profile::stacks::Stacks;
use crate::words::words;
use serde::{Deserialize, Serialize};

words! {
    /// What takes samples.
    pub enum Sampler("sampler") {
        /// The kernel's clock of each thread, user space and kernel, by `perf record`.
        Perf = "perf",
        /// Go's own, user space alone: a system call belongs to whoever made it.
        Pprof = "pprof",
    }
}

/// A profile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Of what.
    pub cell: Cell,
    /// When the load began, in ms since the Unix epoch.
    pub started_unix_ms: u64,
    /// The rate that was offered, in units of work a second; none in a closed loop.
    pub offered_per_s: Option<f64>,
    /// How the server was started.
    pub server: CommandLine,
    /// The SHA-256 of the server's program.
    pub server_sha256: String,
    /// How the generator was started.
    pub generator: CommandLine,
    /// The SHA-256 of the generator's program.
    pub generator_sha256: String,
    /// Its exit code: 0, or 3 where it does not trust its figures, which says that the load was not
    /// quite the one that was asked for.
    pub generator_exit: i32,
    /// The version of the table of layers that was there when samples were taken. Shares are
    /// computed by the table that is there when they are asked for.
    pub rules: u32,
    /// What `perf` sampled.
    pub perf: Observed<Sampled>,
    /// What Go sampled of itself.
    pub pprof: Observed<Sampled>,
}

/// Samples.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sampled {
    /// What took them: a program, or a request to the server.
    pub command: CommandLine,
    /// How often a thread that runs is looked at, in times a second of its CPU time.
    pub per_s: u32,
    /// For how long, in ms.
    pub taken_ms: u64,
    /// A line for each stack: its frames from the outermost inwards, joined by `;`, and how often
    /// it was seen.
    pub stacks: Vec<String>,
}

impl Profile {
    /// The samples that speak for the server: those of `perf`, which sees the kernel too, else
    /// those of Go.
    ///
    /// # Errors
    /// Why there are none.
    pub fn best(&self) -> Result<(Sampler, &Sampled), &str> {
        match (&self.perf, &self.pprof) {
            (Observed::Is(sampled), _) => Ok((Sampler::Perf, sampled)),
            (_, Observed::Is(sampled)) => Ok((Sampler::Pprof, sampled)),
            (Observed::Missing(why), _) => Err(why),
        }
    }

    /// All that was sampled.
    pub fn sampled(&self) -> impl Iterator<Item = (Sampler, &Sampled)> {
        let of = [(Sampler::Perf, &self.perf), (Sampler::Pprof, &self.pprof)];
        of.into_iter().filter_map(|(sampler, observed)| Some((sampler, observed.value()?)))
    }
}

impl Sampled {
    /// The stacks.
    ///
    /// # Errors
    /// The first line that is none.
    pub fn read(&self) -> Result<Stacks, String> {
        Stacks::read(&self.stacks)
    }
}
