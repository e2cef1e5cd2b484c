//! A machine that does not exist.

use crate::bundle::environment::{
    Cgroup, Cores, Cpu, Environment, IoUring, Kernel, Memory, Source,
};
use crate::bundle::observed::Observed;
use std::collections::BTreeMap;

/// Its facts.
#[must_use]
pub fn environment() -> Environment {
    let is = |text: &str| Observed::Is(text.to_owned());
    Environment {
        kernel: Kernel {
            release: "6.18.0".into(),
            version: "#1 SMP".into(),
            machine: "x86_64".into(),
            command_line: is("quiet"),
        },
        cpu: Cpu {
            model: "Synthetic".into(),
            online: 2,
            threads_per_core: Observed::Is(1),
            governor: Observed::missing("no such file"),
            mitigations: BTreeMap::from([("spectre_v2".into(), "Mitigation".into())]),
            hypervisor: is("none"),
        },
        memory: Memory {
            total_bytes: 32 << 30,
            swap_bytes: 0,
            transparent_huge_pages: is("madvise"),
        },
        limits: BTreeMap::from([
            ("nofile".into(), is("1048576")),
            ("memlock_bytes".into(), is("unlimited")),
        ]),
        cgroup: Cgroup { version: is("v2"), cpus: None, memory_bytes: None },
        io_uring: IoUring { disabled: Observed::Is(0), doctor: Observed::missing("not asked") },
        tools: BTreeMap::from([("rustc".into(), is("rustc 1.95.0"))]),
        source: Source {
            commit: "0123456789ab".into(),
            changed: Vec::new(),
            locks: BTreeMap::from([("Cargo.lock".into(), is("00"))]),
        },
        cores: Cores { server: vec![1], generator: vec![0] },
        busy_before: Observed::Is(0.01),
    }
}
