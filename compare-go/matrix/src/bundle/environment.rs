//! What a bundle was measured on: the machine, its kernel and limits, compilers and sources.
//!
//! Facts only, as they were at the start. What two environments differ in is told here too, since
//! figures of different machines are not compared as if they were of one.

use crate::bundle::observed::Observed;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The facts.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// The kernel.
    pub kernel: Kernel,
    /// The processor.
    pub cpu: Cpu,
    /// Memory.
    pub memory: Memory,
    /// Limits of the process and of the network, by name; `unlimited` where there is none.
    pub limits: BTreeMap<String, Observed<String>>,
    /// Control groups.
    pub cgroup: Cgroup,
    /// What the kernel says of io_uring, and which runtimes can start.
    pub io_uring: IoUring,
    /// The versions of compilers and tools, by program, as they name themselves.
    pub tools: BTreeMap<String, Observed<String>>,
    /// The sources.
    pub source: Source,
    /// The cores that servers and the generator were bound to.
    pub cores: Cores,
    /// The share of the machine that others used before the first round, 0 to 1.
    pub busy_before: Observed<f64>,
}

/// The kernel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kernel {
    /// Its release, as `6.18.44`.
    pub release: String,
    /// How it was built.
    pub version: String,
    /// The architecture.
    pub machine: String,
    /// What it was started with.
    pub command_line: Observed<String>,
}

/// The processor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cpu {
    /// Its model.
    pub model: String,
    /// Cores, threads counted, that the kernel runs on.
    pub online: u32,
    /// Threads of each core.
    pub threads_per_core: Observed<u32>,
    /// What chooses the clock of the cores.
    pub governor: Observed<String>,
    /// What the kernel does about each known fault of processors.
    pub mitigations: BTreeMap<String, String>,
    /// The hypervisor, where there is one.
    pub hypervisor: Observed<String>,
}

/// Memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// All of it, in bytes.
    pub total_bytes: u64,
    /// Swap, in bytes.
    pub swap_bytes: u64,
    /// Whether the kernel gives huge pages unasked.
    pub transparent_huge_pages: Observed<String>,
}

/// What control groups leave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cgroup {
    /// `v1`, `v2`, or why neither.
    pub version: Observed<String>,
    /// CPUs' worth of time; none where there is no quota.
    pub cpus: Option<f64>,
    /// Bytes of memory; none where they are not bounded.
    pub memory_bytes: Option<u64>,
}

/// What the kernel says of io_uring.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IoUring {
    /// `kernel.io_uring_disabled`.
    pub disabled: Observed<u32>,
    /// What `hunt-server doctor --format json` printed.
    pub doctor: Observed<Box<RawValue>>,
}

/// The sources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The commit.
    pub commit: String,
    /// Files that differ from it.
    pub changed: Vec<String>,
    /// The SHA-256 of each lock file, by its path.
    pub locks: BTreeMap<String, Observed<String>>,
}

/// Who had which cores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cores {
    /// The servers'.
    pub server: Vec<u32>,
    /// The generator's.
    pub generator: Vec<u32>,
}

/// Something that differs between two environments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What.
    pub what: String,
    /// How it is in the first.
    pub first: String,
    /// How it is in the second.
    pub second: String,
    /// Whether it makes figures incomparable rather than being what is compared.
    pub confounds: bool,
}

impl Environment {
    /// What differs in another one, the machine first, then what was built.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<Difference> {
        let mut found = Vec::new();
        let mut add = |what: &str, first: String, second: String, confounds: bool| {
            if first != second {
                found.push(Difference { what: what.to_owned(), first, second, confounds });
            }
        };
        for ((what, first), (_, second)) in self.machine().into_iter().zip(other.machine()) {
            add(what, first, second, true);
        }
        let names = self.limits.keys().chain(other.limits.keys());
        let names: std::collections::BTreeSet<&String> = names.collect();
        for name in names {
            let told = |limits: &BTreeMap<String, Observed<String>>| {
                limits.get(name).map_or("not looked at".to_owned(), told)
            };
            add(&format!("limit {name}"), told(&self.limits), told(&other.limits), true);
        }
        let tools: std::collections::BTreeSet<&String> =
            self.tools.keys().chain(other.tools.keys()).collect();
        for name in tools {
            let told = |tools: &BTreeMap<String, Observed<String>>| {
                tools.get(name).map_or("not looked at".to_owned(), told)
            };
            add(name, told(&self.tools), told(&other.tools), false);
        }
        add("commit", self.source.commit.clone(), other.source.commit.clone(), false);
        found
    }

    /// What must not differ for figures to be of one machine, as name and value.
    fn machine(&self) -> Vec<(&'static str, String)> {
        let cores = |cores: &[u32]| cores.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let mitigations = self.cpu.mitigations.iter();
        let mitigations: Vec<String> =
            mitigations.map(|(name, state)| format!("{name}: {state}")).collect();
        vec![
            ("kernel", format!("{} {}", self.kernel.release, self.kernel.machine)),
            ("kernel command line", told(&self.kernel.command_line)),
            ("processor", self.cpu.model.clone()),
            ("online cores", self.cpu.online.to_string()),
            ("governor", told(&self.cpu.governor)),
            ("mitigations", mitigations.join("; ")),
            ("hypervisor", told(&self.cpu.hypervisor)),
            ("memory bytes", self.memory.total_bytes.to_string()),
            ("huge pages", told(&self.memory.transparent_huge_pages)),
            ("CPU quota", format!("{:?}", self.cgroup.cpus)),
            ("memory bound", format!("{:?}", self.cgroup.memory_bytes)),
            ("server cores", cores(&self.cores.server)),
            ("generator cores", cores(&self.cores.generator)),
        ]
    }
}

fn told<T: ToString>(observed: &Observed<T>) -> String {
    match observed {
        Observed::Is(value) => value.to_string(),
        Observed::Missing(why) => format!("unknown ({why})"),
    }
}
