//! What a process and those that descend from it used: CPU time, waiting for a core, and switches.
//!
//! How exact each figure is:
//!
//! - **CPU time** is the kernel's clock of the process, in nanoseconds, threads that have ended
//!   included. For a thread that runs in the very moment it is behind by up to a tick of the
//!   kernel's clock (1 to 10 ms), since it is brought up to date at ticks and switches.
//! - **Ticks** in user space and in the kernel are of 10 ms. How CPU time is divided between the
//!   two is sampled at the kernel's ticks: it says something of half a second of CPU time or more.
//! - **Waiting** is the time in which a thread could have run and had no core, in nanoseconds,
//!   exact at the switch that ends the wait. It is a sum; its distribution is not told.
//! - **Switches** are counted one by one.
//!
//! The kernel tells waiting and switches for each thread that lives, and forgets them with it.
//! Hence a meter keeps what it saw last of each: what a thread did between the last look and its
//! end is lost, and so is all of a process that came and went between two looks.

use crate::system::Cpu;
use anyhow::Context;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// Counters of a process and those that descend from it, since they began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// CPU time, user and kernel, in nanoseconds.
    pub cpu_ns: u64,
    /// CPU time in user space, in ticks of 10 ms.
    pub user_ticks: u64,
    /// CPU time in the kernel, in ticks of 10 ms.
    pub kernel_ticks: u64,
    /// Time in which a thread could have run and had no core, in nanoseconds.
    pub waited_ns: u64,
    /// Times that a thread gave its core up.
    pub voluntary_switches: u64,
    /// Times that a thread's core was taken.
    pub involuntary_switches: u64,
}

/// Reads the counters of a process and of those that descend from it, again and again.
#[derive(Debug)]
pub struct Meter {
    root: u32,
    /// What was seen last of each process and of each thread.
    processes: BTreeMap<u32, Counters>,
    threads: BTreeMap<u32, Counters>,
    /// Of those that have ended.
    ended: Counters,
}

impl Meter {
    /// Of a process and those that descend from it.
    ///
    /// # Errors
    /// If it is gone, or the system does not tell its counters.
    pub fn new(root: u32) -> anyhow::Result<Self> {
        let (processes, threads) = (BTreeMap::new(), BTreeMap::new());
        let mut this = Self { root, processes, threads, ended: Counters::default() };
        this.read()?;
        Ok(this)
    }

    /// The counters now. None is ever less than it was. Costs three files read for each thread.
    ///
    /// # Errors
    /// If the first process is gone.
    pub fn read(&mut self) -> anyhow::Result<Counters> {
        let (mut processes, mut threads) = (BTreeMap::new(), BTreeMap::new());
        for pid in family(self.root)? {
            match (of_process(pid), of_threads(pid)) {
                (Ok(counters), Ok(more)) => {
                    processes.insert(pid, counters);
                    threads.extend(more);
                }
                (Err(error), _) | (_, Err(error)) if pid == self.root => return Err(error),
                // It has just ended.
                _ => {}
            }
        }
        for (before, now) in [(&self.processes, &processes), (&self.threads, &threads)] {
            for (id, last) in before {
                // A number that begins anew is another's.
                if now.get(id).is_none_or(|now| now.has_less_than(last)) {
                    self.ended = self.ended.plus(last);
                }
            }
        }
        (self.processes, self.threads) = (processes, threads);
        let living = self.processes.values().chain(self.threads.values());
        Ok(living.fold(self.ended, |sum, counters| sum.plus(counters)))
    }

    /// The processes that were there when it was read last.
    pub fn processes(&self) -> impl Iterator<Item = u32> {
        self.processes.keys().copied()
    }

    /// The sum of a figure over them. Those that have ended since have none.
    ///
    /// # Errors
    /// If the first process is gone, or its figure is not told.
    pub fn sum(&self, figure: fn(u32) -> anyhow::Result<u64>) -> anyhow::Result<u64> {
        let first = figure(self.root)?;
        let others = self.processes().filter(|pid| *pid != self.root);
        Ok(first + others.filter_map(|pid| figure(pid).ok()).sum::<u64>())
    }
}

impl Counters {
    /// Ticks are left out: the kernel may move some from one side to the other.
    const fn has_less_than(&self, last: &Self) -> bool {
        self.cpu_ns < last.cpu_ns
            || self.waited_ns < last.waited_ns
            || self.voluntary_switches < last.voluntary_switches
            || self.involuntary_switches < last.involuntary_switches
    }

    const fn plus(self, other: &Self) -> Self {
        Self {
            cpu_ns: self.cpu_ns + other.cpu_ns,
            user_ticks: self.user_ticks + other.user_ticks,
            kernel_ticks: self.kernel_ticks + other.kernel_ticks,
            waited_ns: self.waited_ns + other.waited_ns,
            voluntary_switches: self.voluntary_switches + other.voluntary_switches,
            involuntary_switches: self.involuntary_switches + other.involuntary_switches,
        }
    }
}

/// A process and those that descend from it.
fn family(root: u32) -> anyhow::Result<BTreeSet<u32>> {
    let (mut all, mut left) = (BTreeSet::new(), vec![root]);
    while let Some(pid) = left.pop() {
        if !all.insert(pid) {
            continue;
        }
        let threads = match threads(pid) {
            Ok(threads) => threads,
            Err(error) if pid == root => return Err(error),
            Err(_) => continue,
        };
        for thread in threads {
            let path = format!("/proc/{pid}/task/{thread}/children");
            let children = match fs::read_to_string(path) {
                Ok(children) => children,
                // A thread that has just ended has left its children with the others.
                Err(_) if fs::exists(format!("/proc/{pid}/task/{pid}/children"))? => continue,
                Err(_) if pid != root => continue,
                Err(error) => {
                    return Err(error).context(
                        "it is gone, or the kernel tells no children (CONFIG_PROC_CHILDREN)",
                    );
                }
            };
            left.extend(
                children.split_ascii_whitespace().filter_map(|pid| pid.parse::<u32>().ok()),
            );
        }
    }
    Ok(all)
}

fn threads(pid: u32) -> anyhow::Result<Vec<u32>> {
    let threads = fs::read_dir(format!("/proc/{pid}/task"));
    let threads = threads.with_context(|| format!("process {pid} is gone"))?;
    Ok(threads.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect())
}

/// What the kernel keeps for a process, ended threads included.
fn of_process(pid: u32) -> anyhow::Result<Counters> {
    let Cpu { total_ns, user_ticks, kernel_ticks } = Cpu::of(pid)?;
    Ok(Counters { cpu_ns: total_ns, user_ticks, kernel_ticks, ..Counters::default() })
}

/// What the kernel keeps for each thread of a process.
fn of_threads(pid: u32) -> anyhow::Result<Vec<(u32, Counters)>> {
    let of = |thread: u32| -> anyhow::Result<Counters> {
        let folder = format!("/proc/{pid}/task/{thread}");
        let schedstat = fs::read_to_string(format!("{folder}/schedstat"))?;
        let waited = schedstat.split(' ').nth(1).context("schedstat has the time of waiting")?;
        let status = fs::read_to_string(format!("{folder}/status"))?;
        let switches = |name: &str| -> anyhow::Result<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            Ok(line.context("status has switches")?.trim().parse()?)
        };
        Ok(Counters {
            waited_ns: waited.parse()?,
            voluntary_switches: switches("voluntary_ctxt_switches:")?,
            involuntary_switches: switches("nonvoluntary_ctxt_switches:")?,
            ..Counters::default()
        })
    };
    let mut all = Vec::new();
    for thread in threads(pid)? {
        match of(thread) {
            Ok(counters) => all.push((thread, counters)),
            Err(error) if thread == pid => return Err(error),
            // It has just ended.
            Err(_) => {}
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::child::{Child, Launch};
    use std::sync::mpsc;
    use std::time::Duration;

    fn work() -> u64 {
        (0..30_000_000_u64)
            .fold(0, |sum, n| sum.wrapping_mul(31).wrapping_add(std::hint::black_box(n)))
    }

    #[test]
    fn threads_that_have_ended_still_count() {
        let mut meter = Meter::new(std::process::id()).unwrap();
        let before = meter.read().unwrap();
        // It waits often, is looked at, and ends.
        let (tell, told) = mpsc::channel::<()>();
        let (answer, answered) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            for () in told {
                answer.send(work()).unwrap();
            }
        });
        for _ in 0..20 {
            tell.send(()).unwrap();
            answered.recv().unwrap();
        }
        let during = meter.read().unwrap();
        drop(tell);
        thread.join().unwrap();
        let after = meter.read().unwrap();
        assert!(during.cpu_ns > before.cpu_ns + 1_000_000);
        assert!(during.voluntary_switches > before.voluntary_switches);
        assert!(after.cpu_ns >= during.cpu_ns);
        assert!(after.voluntary_switches >= during.voluntary_switches);
        assert!(after.waited_ns >= during.waited_ns);
    }

    #[test]
    fn what_it_starts_counts_even_once_it_has_ended() {
        let script = "sh -c 'echo begun; i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; \
                      echo counted; exec tail -f /dev/null' & wait; exec sleep 1000";

        let mut child = Child::start(&Launch::new("sh").args(["-c", script])).unwrap();
        let mut meter = Meter::new(child.id()).unwrap();
        let said = |child: &mut Child, text: &str| {
            child.line(Duration::from_secs(30), |line| (line == text).then_some(())).unwrap();
        };
        said(&mut child, "counted");
        let counted = meter.read().unwrap();
        let inner: Vec<u32> = meter.processes().filter(|pid| *pid != child.id()).collect();
        assert_eq!(inner.len(), 1);
        let own = of_process(child.id()).unwrap();
        assert!(counted.cpu_ns > 2 * own.cpu_ns.max(1_000_000), "{counted:?} {own:?}");
        let raw = rustix::process::Pid::from_raw(i32::try_from(inner[0]).unwrap()).unwrap();
        rustix::process::kill_process(raw, rustix::process::Signal::KILL).unwrap();
        while of_process(inner[0]).is_ok() {
            std::thread::yield_now();
        }
        let after = meter.read().unwrap();
        assert!(after.cpu_ns >= counted.cpu_ns, "{after:?} {counted:?}");
        assert!(after.voluntary_switches >= counted.voluntary_switches);
    }

    #[test]
    fn a_process_that_is_gone_is_an_error() {
        assert!(Meter::new(u32::MAX / 2).is_err());
        let child = Child::start(&Launch::new("sleep").args(["1000"])).unwrap();
        let mut meter = Meter::new(child.id()).unwrap();
        drop(child);
        assert!(meter.read().is_err());
    }
}
