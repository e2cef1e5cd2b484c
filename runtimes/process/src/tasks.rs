//! The CPU time of every task of the machine: who worked on some cores.
//!
//! What is left of a core's time when idleness and a process are taken away is no answer to that:
//! it has what it takes to wake a core, 2.5 to 4 us each time on a virtual machine, which is a
//! tenth of a core for a server that sleeps after every answer and has the core to itself.

use anyhow::Context;
use std::collections::BTreeMap;
use std::fs;

/// What every task has worked until now.
#[derive(Clone, Debug)]
pub struct Tasks {
    by_number: BTreeMap<u32, Task>,
}

#[derive(Clone, Copy, Debug)]
struct Task {
    process: u32,
    /// The core on which it ran last.
    core: usize,
    cpu_ns: u64,
}

impl Tasks {
    /// Reads it. Costs two files read for each thread of the machine. Time of a thread that runs in
    /// the very moment is behind by up to a tick of the kernel's clock (1 to 10 ms).
    ///
    /// # Errors
    /// If the system does not tell its processes.
    pub fn now() -> anyhow::Result<Self> {
        let mut by_number = BTreeMap::new();
        for process in numbers("/proc").context("the system tells no processes")? {
            // Whoever has just ended is left out.
            for number in numbers(&format!("/proc/{process}/task")).unwrap_or_default() {
                by_number.extend(task(process, number).map(|task| (number, task)));
            }
        }
        Ok(Self { by_number })
    }

    /// How long tasks worked since an earlier reading that ran last on some cores, those of some
    /// processes left out, in nanoseconds. Whoever ended in between is not seen.
    #[must_use]
    pub fn worked_since(&self, earlier: &Self, cores: &[usize], except: &[u32]) -> u64 {
        let of_cores = self
            .by_number
            .iter()
            .filter(|(_, task)| cores.contains(&task.core) && !except.contains(&task.process));
        let worked = of_cores.map(|(number, task)| {
            let before = earlier.by_number.get(number).filter(|it| it.process == task.process);
            task.cpu_ns.saturating_sub(before.map_or(0, |before| before.cpu_ns))
        });
        worked.sum()
    }
}

fn numbers(folder: &str) -> std::io::Result<Vec<u32>> {
    let entries = fs::read_dir(folder)?;
    Ok(entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect())
}

fn task(process: u32, number: u32) -> Option<Task> {
    let folder = format!("/proc/{process}/task/{number}");
    let schedstat = fs::read_to_string(format!("{folder}/schedstat")).ok()?;
    let stat = fs::read_to_string(format!("{folder}/stat")).ok()?;
    // The name, in brackets, may hold anything; the state follows it.
    let (_, after) = stat.rsplit_once(") ")?;
    let core = after.split(' ').nth(36)?.parse().ok()?;
    let cpu_ns = schedstat.split(' ').next()?.parse().ok()?;
    Some(Task { process, core, cpu_ns })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::child::{Child, Launch};

    #[test]
    fn whoever_works_on_a_core_is_seen_unless_it_is_left_out() {
        let core = crate::system::cores().unwrap()[0];
        let launch = Launch::new("sh").args(["-c", "while :; do :; done"]);
        let child = Child::start(&launch.on([core])).unwrap();
        let before = Tasks::now().unwrap();
        let cpu_ns = |pid| crate::system::Cpu::of(pid).unwrap().total_ns;
        let used = cpu_ns(child.id());
        while cpu_ns(child.id()) < used + 200_000_000 {
            std::thread::yield_now();
        }
        let now = Tasks::now().unwrap();
        let all = now.worked_since(&before, &[core], &[]);
        let others = now.worked_since(&before, &[core], &[child.id()]);
        assert!(all >= others + 150_000_000, "{all} {others}");
        assert_eq!(now.worked_since(&before, &[1_000_000], &[]), 0);
    }
}
