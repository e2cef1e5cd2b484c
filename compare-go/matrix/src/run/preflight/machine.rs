//! What makes figures of one machine doubtful: who else uses its cores, what its clocks do.

use super::Fault;
use super::choice::told;
use super::facts::Facts;
use crate::bundle::environment::Cores;
use crate::figures::Unit;
use crate::figures::run::OTHERS_MAX;
use crate::number::{count, float};
use crate::quantity;

/// The share of a core of the server or the generator that others may use before the first round:
/// as much as a run may lose to them and still count.
pub const BUSY_MAX: f64 = OTHERS_MAX;

/// What is doubtful.
pub(super) fn faults(facts: &Facts, cores: &Cores) -> Vec<Fault> {
    let mut faults = Vec::new();
    faults.extend(busy(facts, cores));
    faults.extend(quota(facts, cores));
    faults.extend(siblings(facts, cores));
    faults.extend(clocks(facts));
    if facts.swap_used_bytes > 0 {
        let used = quantity::figure(float(facts.swap_used_bytes), Unit::Bytes);
        faults.push(Fault::doubt(
            format!("{used} of memory lie in swap, and a page that is fetched takes milliseconds"),
            "free memory, then `swapoff -a`, at least while it is measured",
        ));
    }
    faults
}

fn busy(facts: &Facts, cores: &Cores) -> Option<Fault> {
    let busy = match &facts.busy {
        Ok(busy) => busy,
        Err(why) => {
            return Some(Fault::doubt(
                format!("whether others use the cores is not known: {why}"),
                "let this process read /proc, or see to it that nothing else runs",
            ));
        }
    };
    let share = |core: &u32| busy.cores.get(core).copied().unwrap_or(0.0);
    let ours = cores.server.iter().chain(&cores.generator);
    let taken: Vec<u32> = ours.copied().filter(|core| share(core) > BUSY_MAX).collect();
    let most = taken.iter().map(share).fold(0.0, f64::max);
    if taken.is_empty() {
        return None;
    }
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let named: Vec<String> = busy
        .processes
        .iter()
        .map(|process| {
            format!("{} (pid {}, {})", process.name, process.pid, percent(process.share))
        })
        .collect();
    let who = if named.is_empty() { "nobody who can be named".into() } else { named.join(", ") };
    let first = busy.processes.first();
    let remedy = first.map_or_else(
        || "take a machine whose cores are yours; a run that others disturb does not count".into(),
        |process| format!("end {}, or keep it from these cores (taskset)", process.name),
    );
    Some(Fault::doubt(
        format!("others use core {} ({} of one): {who}", told(&taken), percent(most)),
        remedy,
    ))
}

/// A quota that is used up makes everybody stand still for the rest of its period.
fn quota(facts: &Facts, cores: &Cores) -> Option<Fault> {
    let needed = cores.server.len() + cores.generator.len();
    let cpus = facts.cpus.filter(|cpus| *cpus < count(needed))?;
    let what = format!(
        "the control group has {cpus} CPUs, and {needed} cores are asked for: what is used up \
         stands still until the next period, which is up to 100 ms"
    );
    let remedy = format!("raise the CPU quota of the container or service to {needed}, or lift it");
    // Less than a core for each, and nothing is told but the quota.
    Some(if cpus < 2.0 { Fault::fatal(what, remedy) } else { Fault::doubt(what, remedy) })
}

fn siblings(facts: &Facts, cores: &Cores) -> Option<Fault> {
    let shared = cores.server.iter().find_map(|core| {
        let threads = facts.siblings.get(core)?;
        let other = cores.generator.iter().find(|other| threads.contains(other))?;
        Some((core, other))
    });
    let (server, generator) = shared?;
    Some(Fault::doubt(
        format!(
            "core {server} of the server and core {generator} of the generator are threads of one: \
             what the one does slows the other"
        ),
        "give them cores apart, or switch threads off (nosmt)",
    ))
}

fn clocks(facts: &Facts) -> Vec<Fault> {
    let mut faults = Vec::new();
    match &facts.governor {
        Ok(governor) if governor.contains("powersave") || governor.contains("ondemand") => {
            faults.push(Fault::doubt(
                format!("the clock of the cores follows their load (governor {governor})"),
                "`cpupower frequency-set --governor performance`",
            ));
        }
        Ok(_) => {}
        Err(_) if facts.boost.is_none() => faults.push(Fault::doubt(
            "what the clock of the cores does is not told here, as under most hypervisors: it may \
             rise and fall with what other guests do",
            "rely on differences, which are taken within rounds; for absolute figures take a \
             machine whose clock can be set",
        )),
        Err(_) => {}
    }
    if facts.boost == Some(true) {
        faults.push(Fault::doubt(
            "the clock may rise above its nominal rate for as long as the processor stays cool",
            "write 0 to /sys/devices/system/cpu/cpufreq/boost, or 1 to intel_pstate/no_turbo there",
        ));
    }
    // Others are read by a system call, or by the hypervisor, each time that somebody asks.
    let slow = |source: &&String| !["tsc", "kvm-clock", "arch_sys_counter"].contains(&&***source);
    if let Some(source) = facts.clock_source.as_ref().filter(slow) {
        faults.push(Fault::doubt(
            format!("the kernel tells the time by {source}, which costs a system call each time"),
            "boot with clocksource=tsc where the processor has a steady one",
        ));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::super::busy::{Busy, Process};
    use super::super::facts::tests::fine;
    use super::*;
    use std::collections::BTreeMap;

    fn cores() -> Cores {
        Cores { server: vec![1], generator: vec![0] }
    }

    fn one(facts: &Facts) -> Fault {
        let mut faults = faults(facts, &cores());
        assert_eq!(faults.len(), 1, "{faults:?}");
        faults.pop().unwrap()
    }

    #[test]
    fn whoever_uses_the_cores_is_named() {
        let mut facts = fine();
        let busy = |share: f64, processes: Vec<Process>| {
            let cores = BTreeMap::from([(0, 0.0), (1, share), (2, 1.0)]);
            Ok(Busy { cores, processes })
        };
        facts.busy = busy(BUSY_MAX, Vec::new());
        assert_eq!(faults(&facts, &cores()), []);
        let make = Process { pid: 7, name: "make".into(), share: 0.5 };
        facts.busy = busy(0.6, vec![make]);
        let fault = one(&facts);
        assert_eq!(fault.what, "others use core 1 (60 % of one): make (pid 7, 50 %)");
        assert_eq!(fault.remedy, "end make, or keep it from these cores (taskset)");
        facts.busy = busy(BUSY_MAX + 0.01, Vec::new());
        assert!(one(&facts).what.contains("nobody who can be named"));
        facts.busy = Err("/proc/stat: permission denied".into());
        assert!(one(&facts).what.ends_with("not known: /proc/stat: permission denied"));
    }

    #[test]
    fn a_quota_below_the_cores_is_doubtful_and_below_one_each_fatal() {
        let mut facts = fine();
        facts.cpus = Some(2.0);
        assert_eq!(faults(&facts, &cores()), []);
        facts.cpus = Some(1.9);
        assert!(one(&facts).fatal);
        let four = Cores { server: vec![1], generator: vec![0, 2, 3] };
        facts.cpus = Some(3.9);
        let fault = faults(&facts, &four).pop().unwrap();
        assert!(!fault.fatal && fault.remedy.contains("service to 4"), "{fault:?}");
    }

    #[test]
    fn threads_of_one_core_are_found() {
        let mut facts = fine();
        facts.siblings = BTreeMap::from([(0, vec![0, 1]), (1, vec![0, 1])]);
        assert!(one(&facts).what.contains("threads of one"));
    }

    #[test]
    fn a_clock_that_changes_or_is_slow_to_read_is_found() {
        let mut facts = fine();
        facts.governor = Ok("performance, powersave".into());
        assert!(one(&facts).remedy.contains("governor performance"));
        (facts.governor, facts.boost) = (Err("no such file".into()), None);
        assert!(one(&facts).what.contains("is not told here"));
        facts.boost = Some(true);
        assert!(one(&facts).remedy.contains("no_turbo"));
        facts.boost = Some(false);
        assert_eq!(faults(&facts, &cores()), []);
        facts.clock_source = Some("hpet".into());
        assert!(one(&facts).what.contains("by hpet"));
    }

    #[test]
    fn memory_in_swap_is_found() {
        let mut facts = fine();
        facts.swap_used_bytes = 3 << 20;
        assert!(
            one(&facts).what.starts_with("3.00 MiB of memory lie in swap"),
            "{:?}",
            one(&facts)
        );
    }
}
