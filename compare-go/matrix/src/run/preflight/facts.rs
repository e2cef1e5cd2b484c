//! The facts that the preflight is told from, gathered once: a plain struct, so that a test can
//! make a machine of any kind.

use crate::bundle::environment::Cores;
use crate::cell::{Cell, Runtime};
use crate::plan::Plan;
use crate::recommend::Kernel;
use crate::run::environment::files::{field, hunt_server, number, text};
use crate::run::environment::tools::TOOLS;
use crate::run::environment::{self, machine};
use crate::run::preflight::busy::Busy;
use crate::run::serving;
use process::cgroup::Cgroup;
use rustix::process::{Resource, geteuid, getrlimit};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// What is known of the machine. What the kernel does not tell bounds nothing.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    /// Cells whose connections their server cannot hold, and why.
    pub(super) shortages: Vec<(Cell, String)>,
    /// Ports of an address that the system gives to connections.
    pub(super) ports: Option<u64>,
    /// Connections that may wait to be accepted, for each listener.
    pub(super) somaxconn: Option<u64>,
    /// Connections that the firewall follows.
    pub(super) conntrack_max: Option<u64>,
    /// Files that the whole system may open.
    pub(super) files_max: Option<u64>,
    /// Memory that is free, or can be made so; the tightest of the machine's and the quota's.
    pub(super) memory_bytes: Option<u64>,
    /// Swap that is in use.
    pub(super) swap_used_bytes: u64,
    /// CPUs' worth of time, where there is a quota.
    pub(super) cpus: Option<f64>,
    /// What chooses the clock of the cores, or why that is not known.
    pub(super) governor: Result<String, String>,
    /// Whether the clock may rise above its nominal rate, where the kernel tells.
    pub(super) boost: Option<bool>,
    /// By what the kernel tells the time.
    pub(super) clock_source: Option<String>,
    /// Threads that share a core, by each of them.
    pub(super) siblings: BTreeMap<u32, Vec<u32>>,
    /// Who uses the cores, or why that is not known.
    pub(super) busy: Result<Busy, String>,
    /// The kernel, where its release has two numbers.
    pub(super) kernel: Option<Kernel>,
    /// `kernel.io_uring_disabled`.
    pub(super) io_uring_disabled: Option<u32>,
    /// Runtimes that cannot start, with cause and remedy, by the server's doctor; none where the
    /// server is not built yet.
    pub(super) refused: Option<BTreeMap<Runtime, (String, String)>>,
    /// Bytes that may be locked; none where there is no bound.
    pub(super) memlock_bytes: Option<u64>,
    /// Whether this process may do what only root may.
    pub(super) is_root: bool,
    /// `kernel.perf_event_paranoid`.
    pub(super) perf_event_paranoid: Option<i32>,
    /// Tools, each with its version or why there is none.
    pub(super) tools: BTreeMap<&'static str, Result<String, String>>,
    /// Whether the programs of the engine lie there already.
    pub(super) built: bool,
    /// Whether programs are built; else they are taken as they lie there.
    pub(super) builds: bool,
}

impl Facts {
    /// Gathers them.
    pub(super) fn gather(top: &Path, plan: &Plan, cores: &Cores) -> Self {
        let root = Path::new("/");
        let sys = |name: &str| number::<u64>(root, &format!("proc/sys/{name}")).ok();
        let meminfo = text(root, "proc/meminfo").unwrap_or_default();
        let cgroup = Cgroup::read(root);
        let memory = machine::bytes(&meminfo, "MemAvailable");
        let both: Vec<u32> = cores.server.iter().chain(&cores.generator).copied().collect();
        let siblings = both.iter().map(|core| {
            let threads = machine::siblings(root, *core);
            (*core, threads.unwrap_or_else(|_| vec![*core]))
        });
        let clock = "sys/devices/system/clocksource/clocksource0/current_clocksource";
        Self {
            shortages: shortages(plan, cores),
            ports: ports(root),
            somaxconn: sys("net/core/somaxconn"),
            conntrack_max: sys("net/netfilter/nf_conntrack_max"),
            files_max: sys("fs/file-max"),
            memory_bytes: [memory, cgroup.memory_bytes].into_iter().flatten().min(),
            swap_used_bytes: swap_used(&meminfo),
            cpus: cgroup.cpus,
            governor: machine::governor(root, &both),
            boost: boost(root),
            clock_source: text(root, clock).ok(),
            siblings: siblings.collect(),
            busy: Busy::look(),
            kernel: rustix::system::uname().release().to_string_lossy().parse().ok(),
            io_uring_disabled: number(root, "proc/sys/kernel/io_uring_disabled").ok(),
            refused: environment::doctor(top).ok().map(|printed| refused(printed.get())),
            memlock_bytes: memlock(root),
            is_root: geteuid().is_root(),
            perf_event_paranoid: number(root, "proc/sys/kernel/perf_event_paranoid").ok(),
            tools: TOOLS.iter().map(|tool| (tool.name, tool.version(top))).collect(),
            built: hunt_server(top).is_some(),
            builds: true,
        }
    }
}

/// Cells whose connections their server cannot hold.
fn shortages(plan: &Plan, cores: &Cores) -> Vec<(Cell, String)> {
    let mut cells: Vec<Cell> = plan.steps.iter().map(|step| step.cell).collect();
    cells.sort_unstable();
    cells.dedup();
    let short = |cell: Cell| {
        let load = plan.loads.get(&cell.workload)?;
        Some((cell, serving::shortage(cell.server, load, cores)?))
    };
    cells.into_iter().filter_map(short).collect()
}

fn ports(root: &Path) -> Option<u64> {
    let text = text(root, "proc/sys/net/ipv4/ip_local_port_range").ok()?;
    let mut bounds = text.split_ascii_whitespace().map(|word| word.parse::<u64>().ok());
    let (first, last) = (bounds.next()??, bounds.next()??);
    Some((last + 1).saturating_sub(first))
}

fn swap_used(meminfo: &str) -> u64 {
    let of = |name: &str| machine::bytes(meminfo, name).unwrap_or(0);
    of("SwapTotal").saturating_sub(of("SwapFree"))
}

/// Whether the clock may rise above its nominal rate: two drivers tell it, each in its way.
fn boost(root: &Path) -> Option<bool> {
    let cpu = "sys/devices/system/cpu";
    let boost = number::<u32>(root, &format!("{cpu}/cpufreq/boost")).ok().map(|on| on != 0);
    let no_turbo = number::<u32>(root, &format!("{cpu}/intel_pstate/no_turbo")).ok();
    boost.or(no_turbo.map(|off| off == 0))
}

/// Bytes that may be locked; none where there is no bound, or none for this process.
fn memlock(root: &Path) -> Option<u64> {
    /// `CAP_IPC_LOCK`.
    const MAY_LOCK: u64 = 1 << 14;
    let status = text(root, "proc/self/status").unwrap_or_default();
    let capabilities = field(&status, "CapEff").and_then(|hex| u64::from_str_radix(hex, 16).ok());
    let exempt = capabilities.is_some_and(|bits| bits & MAY_LOCK != 0);
    getrlimit(Resource::Memlock).current.filter(|_| !exempt)
}

/// Runtimes that cannot start, as the doctor prints them.
fn refused(printed: &str) -> BTreeMap<Runtime, (String, String)> {
    let report: Value = serde_json::from_str(printed).unwrap_or_default();
    let runtimes = report["runtimes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let refused = runtimes.iter().filter(|runtime| runtime["ready"] == false);
    let text = |value: &Value| value.as_str().unwrap_or("not told").to_owned();
    let named = refused.filter_map(|runtime| {
        let name = runtime["name"].as_str()?.parse().ok()?;
        Some((name, (text(&runtime["cause"]), text(&runtime["remedy"]))))
    });
    named.collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::plan::make::{Capacities, Wanted};
    use crate::plan::{Extent, Filter};
    use crate::run::environment::files::Files;

    /// A machine on which all is well.
    pub(in crate::run::preflight) fn fine() -> Facts {
        let tools = TOOLS.iter().map(|tool| (tool.name, Ok(format!("{} 1", tool.name))));
        let mut tools: BTreeMap<_, _> = tools.collect();
        tools.insert("go", Ok("go version go1.26.0 linux/amd64".into()));
        Facts {
            shortages: Vec::new(),
            ports: Some(28_232),
            somaxconn: Some(4_096),
            conntrack_max: None,
            files_max: Some(1 << 40),
            memory_bytes: Some(1 << 40),
            swap_used_bytes: 0,
            cpus: None,
            governor: Ok("performance".into()),
            boost: Some(false),
            clock_source: Some("tsc".into()),
            siblings: BTreeMap::from([(0, vec![0]), (1, vec![1])]),
            busy: Ok(Busy { cores: BTreeMap::from([(0, 0.0), (1, 0.0)]), processes: Vec::new() }),
            kernel: "6.18".parse().ok(),
            io_uring_disabled: Some(0),
            refused: Some(BTreeMap::new()),
            memlock_bytes: None,
            is_root: true,
            perf_event_paranoid: Some(2),
            tools,
            built: true,
            builds: true,
        }
    }

    /// A plan of these cells, or of a first look where none are named.
    pub(in crate::run::preflight) fn plan(filters: &[&str]) -> Plan {
        let filters: Vec<Filter> = filters.iter().map(|text| text.parse().unwrap()).collect();
        Plan::make(&Wanted {
            extent: if filters.is_empty() { Extent::Quick } else { Extent::Full },
            filters,
            rounds: Some(2),
            capacities: Capacities::None,
            seed: 1,
        })
        .unwrap()
    }

    #[test]
    fn the_doctor_tells_which_runtimes_cannot_start_and_why() {
        let printed = r#"{"runtimes": [
            {"name": "tokio", "ready": true, "cause": null, "remedy": null},
            {"name": "monoio", "ready": false, "cause": "it is forbidden", "remedy": "allow it"},
            {"name": "unheard-of", "ready": false, "cause": "a", "remedy": "b"}]}"#;
        let expected = ("it is forbidden".to_owned(), "allow it".to_owned());
        assert_eq!(refused(printed), BTreeMap::from([(Runtime::Monoio, expected)]));
        assert_eq!(refused("{}"), BTreeMap::new());
    }

    #[test]
    fn the_kernels_files_are_read() {
        let files = Files::new(&[
            ("proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n"),
            ("sys/devices/system/cpu/intel_pstate/no_turbo", "0\n"),
            ("proc/self/status", "CapEff:\t0000000000004000\n"),
        ]);
        assert_eq!(ports(files.root()), Some(28_232));
        assert_eq!(boost(files.root()), Some(true));
        assert_eq!(memlock(files.root()), None);
        let nothing = Files::new(&[]);
        assert_eq!((ports(nothing.root()), boost(nothing.root())), (None, None));
        assert_eq!(memlock(nothing.root()), getrlimit(Resource::Memlock).current);
        assert_eq!(swap_used("SwapTotal:  9 kB\nSwapFree:  4 kB\n"), 5 * 1_024);
    }
}
