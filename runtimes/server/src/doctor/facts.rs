//! What the machine and its kernel leave this process: cores, limits, security modes.
//!
//! Facts only; what they mean for the server is said by `findings`.

use crate::doctor::cgroup::Cgroup;
use rustix::process::{Resource, getrlimit};
use serde::Serialize;
use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;

/// The facts of one moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Facts {
    /// The kernel's name and release.
    pub kernel: String,
    /// The architecture of the machine.
    pub machine: String,
    /// Cores.
    pub cores: Cores,
    /// Control groups.
    pub cgroup: Cgroup,
    /// Filters on system calls.
    pub seccomp: Seccomp,
    /// Descriptors that a table of the process may hold.
    pub nofile: Range,
    /// Bytes that the user may lock in memory.
    pub memlock: Memlock,
    /// Connections that may wait to be accepted, for each listener; none where unknown.
    pub somaxconn: Option<u64>,
}

/// A limit of the process; none where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Range {
    /// What is in force.
    pub soft: Option<u64>,
    /// How far the process may raise it.
    pub hard: Option<u64>,
}

/// Cores by those who bound them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cores {
    /// As many as the server takes for its own: affinity and quota counted.
    pub usable: usize,
    /// Those that the process may run on, as `0-3,8`; none where unknown.
    pub allowed: Option<String>,
}

/// Filters on system calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Seccomp {
    /// Which kind.
    pub mode: SeccompMode,
    /// How many of them; none where the kernel does not tell.
    pub filters: Option<u64>,
}

/// A kind of filter on system calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SeccompMode {
    /// None.
    Off,
    /// Nothing but read, write and exit.
    Strict,
    /// A program decides on each call; containers have one.
    Filter,
    /// The kernel does not tell.
    Unknown,
}

/// The bound on locked memory, to which the rings of some kernels are charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Memlock {
    /// The limit, in bytes.
    #[serde(flatten)]
    pub range: Range,
    /// Whether the kernel charges this process nothing (`CAP_IPC_LOCK`).
    pub exempt: bool,
}

impl Facts {
    /// Gathers them. Costs a few dozen system calls.
    #[must_use]
    pub fn gather() -> Self {
        let uname = rustix::system::uname();
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let name = [uname.sysname(), uname.release()].map(|part| part.to_string_lossy());
        let somaxconn = fs::read_to_string("/proc/sys/net/core/somaxconn").ok();
        Self {
            kernel: name.join(" "),
            machine: uname.machine().to_string_lossy().into_owned(),
            cores: Cores {
                usable: std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
                allowed: field(&status, "Cpus_allowed_list").map(str::to_owned),
            },
            cgroup: Cgroup::read(Path::new("/")),
            seccomp: Seccomp::of(&status),
            nofile: range(Resource::Nofile),
            memlock: Memlock { range: range(Resource::Memlock), exempt: may_lock(&status) },
            somaxconn: somaxconn.and_then(|text| text.trim().parse().ok()),
        }
    }
}

impl Seccomp {
    fn of(status: &str) -> Self {
        let mode = match field(status, "Seccomp") {
            Some("0") => SeccompMode::Off,
            Some("1") => SeccompMode::Strict,
            Some("2") => SeccompMode::Filter,
            _ => SeccompMode::Unknown,
        };
        Self { mode, filters: field(status, "Seccomp_filters").and_then(|n| n.parse().ok()) }
    }
}

fn range(resource: Resource) -> Range {
    let limit = getrlimit(resource);
    Range { soft: limit.current, hard: limit.maximum }
}

/// Whether `CAP_IPC_LOCK`, which is bit 14, is in force.
fn may_lock(status: &str) -> bool {
    let capabilities = field(status, "CapEff").and_then(|hex| u64::from_str_radix(hex, 16).ok());
    capabilities.is_some_and(|bits| bits & 1 << 14 != 0)
}

/// A field of `/proc/self/status`.
fn field<'t>(status: &'t str, name: &str) -> Option<&'t str> {
    let mut fields = status.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(key, _)| *key == name).map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "Name:\ta\nCapEff:\t0000000000004000\nSeccomp:\t2\nSeccomp_filters:\t3\n";

    #[test]
    fn the_filter_and_the_capability_are_read_from_the_status() {
        let expected = Seccomp { mode: SeccompMode::Filter, filters: Some(3) };
        assert_eq!(Seccomp::of(STATUS), expected);
        assert!(may_lock(STATUS));
        assert!(!may_lock(&STATUS.replace("4000", "b000")));
        let unknown = Seccomp { mode: SeccompMode::Unknown, filters: None };
        assert_eq!(Seccomp::of(""), unknown);
        assert!(!may_lock(""));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_a_kernel_cores_and_limits() {
        let facts = Facts::gather();
        assert!(facts.kernel.starts_with("Linux "), "{facts:?}");
        assert!(facts.cores.usable >= 1 && facts.cores.allowed.is_some(), "{facts:?}");
        assert!(facts.nofile.soft.is_none_or(|soft| soft >= 3), "{facts:?}");
        assert!(facts.somaxconn.is_some_and(|count| count > 0), "{facts:?}");
    }
}
