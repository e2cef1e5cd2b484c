//! The kernel, the processor and the memory, as the kernel tells of them.

use super::files::{Said, chosen, field, list, text};
use super::tools::VERSION_WAIT;
use crate::bundle::environment::{Cpu, Kernel, Memory};
use crate::bundle::observed::Observed;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

const CPUS: &str = "sys/devices/system/cpu";

/// Parameters of the kernel that change figures. The others name disks, consoles and hosts.
const TELLING: &[&str] = &[
    "amd_iommu",
    "amd_pstate",
    "apparmor",
    "audit",
    "cgroup_disable",
    "clocksource",
    "cpufreq.default_governor",
    "cpuidle.governor",
    "cpuidle_haltpoll.force",
    "default_hugepagesz",
    "gather_data_sampling",
    "haltpoll.guest_halt_poll_ns",
    "hugepages",
    "hugepagesz",
    "idle",
    "init_on_alloc",
    "init_on_free",
    "intel_idle.max_cstate",
    "intel_iommu",
    "intel_pstate",
    "iommu",
    "irqaffinity",
    "isolcpus",
    "l1tf",
    "lsm",
    "maxcpus",
    "mds",
    "mitigations",
    "mmio_stale_data",
    "nmi_watchdog",
    "nohz",
    "nohz_full",
    "nopti",
    "nosmt",
    "nospectre_v1",
    "nospectre_v2",
    "nowatchdog",
    "nr_cpus",
    "numa",
    "numa_balancing",
    "preempt",
    "processor.max_cstate",
    "psi",
    "pti",
    "rcu_nocb_poll",
    "rcu_nocbs",
    "retbleed",
    "security",
    "selinux",
    "skew_tick",
    "spec_store_bypass_disable",
    "spectre_v2",
    "srbds",
    "swiotlb",
    "systemd.unified_cgroup_hierarchy",
    "threadirqs",
    "transparent_hugepage",
    "tsc",
    "tsx",
    "tsx_async_abort",
];

/// The kernel.
pub(super) fn kernel(root: &Path) -> Kernel {
    let name = rustix::system::uname();
    let part = |text: &std::ffi::CStr| text.to_string_lossy().into_owned();
    Kernel {
        release: part(name.release()),
        version: part(name.version()),
        machine: part(name.machine()),
        command_line: text(root, "proc/cmdline").map(|line| telling(&line)).into(),
    }
}

/// The parameters that change figures, and how many others there are.
fn telling(line: &str) -> String {
    // What follows is for the first program, not for the kernel.
    let line = line.split(" -- ").next().unwrap_or_default();
    let (told, others): (Vec<&str>, Vec<&str>) = line.split_ascii_whitespace().partition(|word| {
        let name = word.split('=').next().unwrap_or_default();
        TELLING.contains(&name)
    });
    match (told.is_empty(), others.len()) {
        (true, 0) => "nothing".into(),
        (true, others) => format!("{others} that change no figures"),
        (false, 0) => told.join(" "),
        (false, others) => format!("{} and {others} that change no figures", told.join(" ")),
    }
}

/// The processor.
pub(super) fn cpu(root: &Path) -> Cpu {
    let info = text(root, "proc/cpuinfo").unwrap_or_default();
    let online = online(root);
    Cpu {
        model: model(&info),
        online: u32::try_from(online.len()).unwrap_or(u32::MAX),
        threads_per_core: threads_per_core(root, &online).into(),
        governor: governor(root, &online).into(),
        mitigations: mitigations(root),
        hypervisor: hypervisor(root, &info),
    }
}

/// The cores, threads counted, that the kernel runs on.
fn online(root: &Path) -> Vec<u32> {
    let told = text(root, &format!("{CPUS}/online")).ok().and_then(|text| list(&text));
    told.filter(|cores| !cores.is_empty()).unwrap_or_else(|| {
        let count = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        (0..u32::try_from(count).unwrap_or(1)).collect()
    })
}

/// The model by name; by numbers where the processor has no name, as on ARM.
fn model(info: &str) -> String {
    let named = ["model name", "Processor", "cpu model", "cpu"];
    if let Some(name) = named.iter().find_map(|key| field(info, key)) {
        return name.to_owned();
    }
    match (field(info, "CPU implementer"), field(info, "CPU part")) {
        (Some(implementer), Some(part)) => format!("implementer {implementer}, part {part}"),
        _ => "unknown".into(),
    }
}

/// The threads that share the core of this one.
///
/// # Errors
/// If the kernel does not tell.
pub(crate) fn siblings(root: &Path, core: u32) -> Result<Vec<u32>, String> {
    let path = format!("{CPUS}/cpu{core}/topology/thread_siblings_list");
    let told = text(root, &path)?;
    list(&told).ok_or_else(|| format!("/{path}: `{told}` is no list of cores"))
}

fn threads_per_core(root: &Path, online: &[u32]) -> Result<u32, String> {
    let mut most = 1;
    for core in online {
        most = most.max(siblings(root, *core)?.len());
    }
    u32::try_from(most).map_err(|error| error.to_string())
}

/// What chooses the clock of these cores; several where they differ.
///
/// # Errors
/// If the kernel does not.
pub(crate) fn governor(root: &Path, cores: &[u32]) -> Result<String, String> {
    let path = |core: &u32| format!("{CPUS}/cpu{core}/cpufreq/scaling_governor");
    let told: Result<BTreeSet<String>, String> =
        cores.iter().map(|core| text(root, &path(core))).collect();
    let told = told.map_err(|why| format!("the kernel does not choose the clock ({why})"))?;
    Ok(told.into_iter().collect::<Vec<_>>().join(", "))
}

fn mitigations(root: &Path) -> BTreeMap<String, String> {
    let folder = format!("{CPUS}/vulnerabilities");
    let Ok(entries) = fs::read_dir(root.join(&folder)) else { return BTreeMap::new() };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names
        .filter_map(|name| Some((text(root, &format!("{folder}/{name}")).ok()?, name)))
        .map(|(state, name)| (name, state))
        .collect()
}

fn hypervisor(root: &Path, info: &str) -> Observed<String> {
    if let Ok(kind) = text(root, "sys/hypervisor/type") {
        return Observed::Is(kind);
    }
    let flags = field(info, "flags").map(|flags| flags.split(' ').any(|f| f == "hypervisor"));
    if flags == Some(false) {
        return Observed::Is("none".into());
    }
    // The processor names it, to programs that ask it.
    let said = Said::by(Path::new("/"), "lscpu", &[], VERSION_WAIT);
    match (said, flags) {
        (Ok(said), _) if field(&said.output, "Hypervisor vendor").is_some() => {
            let vendor = field(&said.output, "Hypervisor vendor").unwrap_or_default();
            Observed::Is(vendor.to_owned())
        }
        (_, Some(_)) => Observed::Is("one that is not named".into()),
        (Ok(_), None) => Observed::missing("neither the processor's flags nor lscpu tell"),
        (Err(why), None) => Observed::missing(format!("the processor's flags do not tell; {why}")),
    }
}

/// Memory.
pub(super) fn memory(root: &Path) -> Memory {
    let info = text(root, "proc/meminfo").unwrap_or_default();
    let huge = text(root, "sys/kernel/mm/transparent_hugepage/enabled");
    Memory {
        total_bytes: bytes(&info, "MemTotal").unwrap_or(0),
        swap_bytes: bytes(&info, "SwapTotal").unwrap_or(0),
        transparent_huge_pages: huge.map(|text| chosen(&text).to_owned()).into(),
    }
}

/// A line of `/proc/meminfo`, in bytes.
pub(crate) fn bytes(info: &str, name: &str) -> Option<u64> {
    let kib: u64 = field(info, name)?.split(' ').next()?.parse().ok()?;
    Some(kib * 1_024)
}

#[cfg(test)]
mod tests {
    use super::super::files::Files;
    use super::*;

    #[test]
    fn a_command_line_tells_what_changes_figures_and_names_no_disk_or_host() {
        let line = "root=UUID=0f-1a mitigations=off isolcpus=2-3 console=ttyS0 hostname=db7 nosmt \
                    -- --key x";
        let told = telling(line);
        assert_eq!(told, "mitigations=off isolcpus=2-3 nosmt and 3 that change no figures");
        assert_eq!(telling("quiet"), "1 that change no figures");
        assert_eq!(telling(""), "nothing");
    }

    #[test]
    fn a_processor_is_told_from_the_kernels_files() {
        let files = Files::new(&[
            ("proc/cpuinfo", "model name\t: Fast 3000\nflags\t\t: fpu sse\n"),
            ("sys/devices/system/cpu/online", "0-1,4\n"),
            ("sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "0,4\n"),
            ("sys/devices/system/cpu/cpu1/topology/thread_siblings_list", "1\n"),
            ("sys/devices/system/cpu/cpu4/topology/thread_siblings_list", "0,4\n"),
            ("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n"),
            ("sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "performance\n"),
            ("sys/devices/system/cpu/cpu4/cpufreq/scaling_governor", "powersave\n"),
            ("sys/devices/system/cpu/vulnerabilities/mds", "Not affected\n"),
        ]);
        let cpu = cpu(files.root());
        assert_eq!((cpu.model.as_str(), cpu.online), ("Fast 3000", 3));
        assert_eq!(cpu.threads_per_core, Observed::Is(2));
        assert_eq!(cpu.governor, Observed::Is("performance, powersave".into()));
        assert_eq!(cpu.mitigations["mds"], "Not affected");
        assert_eq!(cpu.hypervisor, Observed::Is("none".into()));
    }

    #[test]
    fn a_processor_without_a_name_has_numbers() {
        let info = "CPU implementer\t: 0x41\nCPU part\t: 0xd0c\n";
        assert_eq!(model(info), "implementer 0x41, part 0xd0c");
        assert_eq!(model(""), "unknown");
    }

    #[test]
    fn memory_is_in_bytes() {
        let files = Files::new(&[
            ("proc/meminfo", "MemTotal:    2048 kB\nSwapTotal:   4 kB\n"),
            ("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n"),
        ]);
        let memory = memory(files.root());
        assert_eq!((memory.total_bytes, memory.swap_bytes), (2_048 * 1_024, 4 * 1_024));
        assert_eq!(memory.transparent_huge_pages, Observed::Is("madvise".into()));
    }
}
