//! What a run ran on, as far as it changes figures.

use crate::prove::cores;
use rustix::process::{Resource, getrlimit};
use serde::{Deserialize, Serialize};
use std::fs;

/// The machine and the limits of this process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// The kernel's release.
    pub kernel: String,
    /// The architecture.
    pub machine: String,
    /// The model of the first processor.
    pub cpu: Option<String>,
    /// Processors that are online, as a list of ranges.
    pub cores_online: Option<String>,
    /// Processors that this process may use.
    pub cores_allowed: Vec<usize>,
    /// How the frequency of the first processor is governed; none where it is not, as in most
    /// virtual machines.
    pub governor: Option<String>,
    /// Load of the machine in the last minute, when the report was made.
    pub load_1m: Option<f64>,
    /// Descriptors that a process may have.
    pub descriptors_max: Option<u64>,
    /// Local ports of outgoing connections, first and last.
    pub ports: Option<(u16, u16)>,
}

impl Environment {
    /// Looks.
    #[must_use]
    pub fn observe() -> Self {
        let names = rustix::system::uname();
        let cpu = read("/proc/cpuinfo").and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        });
        let governor = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor";
        Self {
            kernel: names.release().to_string_lossy().into_owned(),
            machine: names.machine().to_string_lossy().into_owned(),
            cpu,
            cores_online: read("/sys/devices/system/cpu/online"),
            cores_allowed: cores::allowed().unwrap_or_default(),
            governor: read(governor),
            load_1m: read("/proc/loadavg").and_then(|text| text.split(' ').next()?.parse().ok()),
            descriptors_max: getrlimit(Resource::Nofile).current,
            ports: read("/proc/sys/net/ipv4/ip_local_port_range").and_then(|text| {
                let mut ends = text.split_whitespace().map(str::parse);
                Some((ends.next()?.ok()?, ends.next()?.ok()?))
            }),
        }
    }
}

fn read(path: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_has_a_kernel_and_cores() {
        let environment = Environment::observe();
        assert!(!environment.kernel.is_empty());
        assert!(!environment.cores_allowed.is_empty());
        assert!(environment.ports.is_some_and(|(first, last)| first < last));
    }
}
