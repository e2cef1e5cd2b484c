//! One run: a server under one load for some seconds, as the generator measured it and as the
//! runner observed it; and the generator's proof of itself.
//!
//! Raw counters only, read at the begin and the end of the counted time. What follows from them is
//! computed elsewhere, so that nothing is stored twice.

use crate::bundle::observed::Observed;
use crate::cell::Cell;
use crate::plan::Twin;
use crate::slo::Slo;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt;

/// A program as it was started. Paths are those from the top of the repository.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandLine {
    /// The program.
    pub program: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Variables that were set for it.
    pub env: BTreeMap<String, String>,
    /// The cores that it was bound to; empty where it was not.
    pub cores: Vec<u32>,
}

/// A run.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The step of the plan, from 0.
    pub step: u32,
    /// Which run of its step, from 1: a search for capacity has many.
    pub attempt: u32,
    /// What was measured.
    pub cell: Cell,
    /// In which round, from 1.
    pub round: u32,
    /// Which of an A/A pair, where it is one.
    pub twin: Option<Twin>,
    /// What for.
    pub purpose: Purpose,
    /// The rate that was offered, in units of work a second; none in a closed loop.
    pub offered_per_s: Option<f64>,
    /// When it began, in ms since the Unix epoch.
    pub started_unix_ms: u64,
    /// How the server was started.
    pub server: CommandLine,
    /// The SHA-256 of the server's program.
    pub server_sha256: String,
    /// How the generator was started.
    pub generator: CommandLine,
    /// The SHA-256 of the generator's program.
    pub generator_sha256: String,
    /// The number of the proof of the generator that this run rests on.
    pub proof: u32,
    /// What came of it.
    pub outcome: Outcome,
}

/// What a run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// The load of the workload, to be compared.
    Measure,
    /// Whether a rate keeps a promise, in a search for the highest that does.
    Search(Slo),
    /// Whether the rate that a search came to keeps it again.
    Confirm(Slo),
}

/// What came of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It went to its end, validly or not.
    Measured(Box<Measured>),
    /// It did not.
    Failed(Failure),
}

/// A run that did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// What was under way: `start`, `set-up`, `load`, `stop`.
    pub during: String,
    /// What went wrong.
    pub error: String,
    /// The last lines that the server printed.
    pub server_said: Vec<String>,
    /// The last lines that the generator printed.
    pub generator_said: Vec<String>,
}

/// What was measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// What `hunt-load --format json` printed, as it was.
    pub generator: Box<RawValue>,
    /// Its exit code.
    pub generator_exit: i32,
    /// The allocator of the server, as the process itself saw it.
    pub allocator: Observed<Allocator>,
    /// The server's counters over the counted time.
    pub server: Span,
    /// The generator's counters over the counted time.
    pub load: Span,
    /// Resident memory of the server.
    pub resident: Resident,
    /// System calls of the server, counted in a short run of their own.
    pub system_calls: Observed<Counted>,
    /// What the server asked of its allocator, counted in a short run of its own.
    pub allocations: Observed<Allocations>,
    /// How long what could run waited for its turn.
    pub scheduling: Observed<Pauses>,
    /// How long collecting garbage stopped the program.
    pub collections: Observed<Pauses>,
    /// Series of the server's own metrics that were read at the begin and at the end.
    pub scraped: BTreeMap<String, Scraped>,
    /// What the runner observed in each second.
    pub series: Series,
    /// The machine over the counted time.
    pub machine: Machine,
}

/// An allocator, as a process saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allocator {
    /// Its name; `unknown` where none that is known serves.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The one that was built in.
    pub installed: String,
}

/// The counters of a process at the begin and at the end of the counted time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// At the begin.
    pub begin: Reading,
    /// At the end.
    pub end: Reading,
}

/// The counters of a process, all threads, at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// When, in nanoseconds of a clock that never goes back.
    pub at_ns: u64,
    /// CPU time, user and kernel, in nanoseconds.
    pub cpu_ns: u64,
    /// CPU time in user space, in ticks of the kernel's sampling.
    pub user_ticks: u64,
    /// CPU time in the kernel, in ticks of the kernel's sampling.
    pub kernel_ticks: u64,
    /// Time in which a thread could have run and another had its core, in nanoseconds.
    pub waited_ns: u64,
    /// Times that a thread gave its core up.
    pub voluntary_switches: u64,
    /// Times that a thread's core was taken.
    pub involuntary_switches: u64,
}

/// Resident memory of a server, in bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resident {
    /// Once it served, before anybody connected.
    pub started_bytes: u64,
    /// Once the world was set up and everybody was connected, before the load.
    pub connected_bytes: Observed<u64>,
    /// Connections then.
    pub connections: u64,
    /// At the end of the counted time.
    pub steady_bytes: u64,
    /// The most at any time.
    pub peak_bytes: u64,
}

/// A count over some units of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counted {
    /// The count.
    pub count: u64,
    /// Units of work; more than 0.
    pub units: u64,
}

/// What was asked of an allocator over some units of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allocations {
    /// Requests for memory.
    pub requests: u64,
    /// Bytes that were asked for.
    pub bytes: u64,
    /// Units of work; more than 0.
    pub units: u64,
}

/// Times in which work had to wait, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pauses {
    /// How many.
    pub count: u64,
    /// The median.
    pub p50_ns: u64,
    /// The 99th percentile.
    pub p99_ns: u64,
    /// The longest.
    pub max_ns: u64,
    /// All together.
    pub total_ns: u64,
}

/// A series of the server's metrics at the begin and at the end of the counted time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scraped {
    /// At the begin.
    pub begin: f64,
    /// At the end.
    pub end: f64,
}

/// What the runner observed, by columns of one value for each interval; all are equally long.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// The length of an interval, in ms.
    pub interval_ms: u64,
    /// CPU time of the server, in nanoseconds.
    pub server_cpu_ns: Vec<u64>,
    /// CPU time of the generator, in nanoseconds.
    pub load_cpu_ns: Vec<u64>,
    /// Resident memory of the server at the end of the interval, in bytes.
    pub resident_bytes: Vec<u64>,
    /// Context switches of the server.
    pub switches: Vec<u64>,
}

/// The machine over the counted time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// The share of the server's cores that neither it nor the idle loop had, 0 to 1. What it takes
    /// to wake a core is in it.
    pub others_on_server_cores: f64,
    /// The share of all cores that the hypervisor gave to others, 0 to 1.
    pub stolen: f64,
}

/// What the generator proved of itself on this machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// Its number, from 1.
    pub number: u32,
    /// When it began, in ms since the Unix epoch.
    pub started_unix_ms: u64,
    /// What was run.
    pub command: CommandLine,
    /// The SHA-256 of the generator's program.
    pub generator_sha256: String,
    /// What `hunt-load prove --format json` printed, as it was.
    pub printed: Box<RawValue>,
    /// Its exit code: 0 where it proved itself.
    pub exit_code: i32,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed during {}: {}", self.during, self.error)
    }
}

impl Run {
    /// What was measured, where it came to its end.
    #[must_use]
    pub fn measured(&self) -> Option<&Measured> {
        match &self.outcome {
            Outcome::Measured(measured) => Some(measured),
            Outcome::Failed(_) => None,
        }
    }
}

impl Proof {
    /// Whether the generator proved itself.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.exit_code == 0
    }
}
