//! Who uses the cores before anything is measured, seen over a second.

use crate::number::float;
use crate::run::environment::files::text;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// For how long it looks.
const LOOK: Duration = Duration::from_secs(1);
/// Processes that are named.
const NAMED_MAX: usize = 3;
/// A process that uses less of a core is not named.
const NAMED_MIN: f64 = 0.02;

/// Who used the cores.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Busy {
    /// The share of each core that was used, 0 to 1; what a hypervisor gave to others is used too.
    pub(crate) cores: BTreeMap<u32, f64>,
    /// The processes that used most, the greatest first.
    pub(crate) processes: Vec<Process>,
}

/// A process that used a core.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) name: String,
    /// Of one core.
    pub(crate) share: f64,
}

impl Busy {
    /// Looks for a second.
    ///
    /// # Errors
    /// If the kernel does not tell.
    pub(crate) fn look() -> Result<Self, String> {
        let root = Path::new("/");
        let before = Moment::read(root)?;
        wait(LOOK);
        Ok(Moment::read(root)?.since(&before))
    }

    /// The share of the machine.
    pub(crate) fn share(&self) -> f64 {
        let cores = float(self.cores.len().max(1) as u64);
        self.cores.values().sum::<f64>() / cores
    }
}

#[expect(clippy::disallowed_methods, reason = "what is looked at is what others do meanwhile")]
fn wait(time: Duration) {
    std::thread::sleep(time);
}

/// Counters of one moment, in ticks of the kernel.
#[derive(Debug, Default)]
struct Moment {
    /// Used and all, of each core.
    cores: BTreeMap<u32, (u64, u64)>,
    /// Name and used, of each process but this one.
    processes: BTreeMap<u32, (String, u64)>,
}

impl Moment {
    fn read(root: &Path) -> Result<Self, String> {
        let stat = text(root, "proc/stat")?;
        let cores: BTreeMap<u32, (u64, u64)> = stat.lines().filter_map(core).collect();
        if cores.is_empty() {
            return Err("/proc/stat: it tells of no core".into());
        }
        let entries = fs::read_dir(root.join("proc")).into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let others = pids.filter(|pid| *pid != std::process::id());
        // One that has ended meanwhile is not asked.
        let told = others.filter_map(|pid| {
            let stat = text(root, &format!("proc/{pid}/stat")).ok()?;
            Some((pid, process(&stat)?))
        });
        Ok(Self { cores, processes: told.collect() })
    }

    fn since(&self, before: &Self) -> Busy {
        let mut cores = BTreeMap::new();
        let mut ticks: u64 = 0;
        for (core, (used, all)) in &self.cores {
            let Some((used_before, all_before)) = before.cores.get(core) else { continue };
            let (used, all) = (used.saturating_sub(*used_before), all.saturating_sub(*all_before));
            ticks = ticks.max(all);
            cores.insert(*core, (float(used) / float(all.max(1))).min(1.0));
        }
        let mut processes: Vec<Process> = Vec::new();
        for (pid, (name, used)) in &self.processes {
            let used_before = before.processes.get(pid).map_or(0, |(_, used)| *used);
            let share = float(used.saturating_sub(used_before)) / float(ticks.max(1));
            if share >= NAMED_MIN {
                processes.push(Process { pid: *pid, name: name.clone(), share });
            }
        }
        processes.sort_by(|a, b| b.share.total_cmp(&a.share));
        processes.truncate(NAMED_MAX);
        Busy { cores, processes }
    }
}

/// Used and all ticks of `cpu0 USER NICE SYSTEM IDLE IOWAIT IRQ SOFTIRQ STEAL …`; what guests used
/// is in the first two already.
fn core(line: &str) -> Option<(u32, (u64, u64))> {
    let mut words = line.split_ascii_whitespace();
    let core = words.next()?.strip_prefix("cpu")?.parse().ok()?;
    let ticks: Vec<u64> = words.take(8).filter_map(|word| word.parse().ok()).collect();
    let all: u64 = ticks.iter().sum();
    let idle: u64 = ticks.iter().skip(3).take(2).sum();
    Some((core, (all - idle, all)))
}

/// Name and used ticks of `PID (NAME) STATE …`; a name may hold anything.
fn process(stat: &str) -> Option<(String, u64)> {
    let (before, after) = stat.rsplit_once(") ")?;
    let (_, name) = before.split_once(" (")?;
    let mut ticks = after.split(' ').skip(11).map(|word| word.parse::<u64>().ok());
    Some((name.to_owned(), ticks.next()?? + ticks.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::environment::files::Files;

    /// A process of so many ticks in user space and in the kernel.
    fn told(pid: u32, name: &str, user: u64, kernel: u64) -> String {
        format!("{pid} ({name}) S 1 1 1 0 -1 0 0 0 0 0 {user} {kernel} 0 0 20 0 1 0 5 0 0\n")
    }

    #[test]
    fn what_others_used_between_two_moments_is_told_by_core_and_process() {
        let first = Files::new(&[
            ("proc/stat", "cpu 0 0\ncpu0 10 0 10 80 0 0 0 0 5 0\ncpu1 0 0 0 100 0 0 0 0 0 0\n"),
            ("proc/7/stat", &told(7, "make (all) me", 10, 5)),
            ("proc/8/stat", &told(8, "idle", 10, 5)),
        ]);
        let second = Files::new(&[
            ("proc/stat", "cpu 0 0\ncpu0 60 0 20 110 10 0 0 0 5 0\ncpu1 0 0 0 175 0 0 5 20 0 0\n"),
            ("proc/7/stat", &told(7, "make (all) me", 60, 15)),
            ("proc/8/stat", &told(8, "idle", 10, 6)),
            ("proc/9/stat", &told(9, "new", 3, 0)),
        ]);
        let [before, after] = [&first, &second].map(|files| Moment::read(files.root()).unwrap());
        let busy = after.since(&before);
        assert_eq!(busy.cores, BTreeMap::from([(0, 0.6), (1, 0.25)]));
        assert!((busy.share() - 0.425).abs() < 1e-9);
        let named: Vec<(u32, &str)> =
            busy.processes.iter().map(|process| (process.pid, &*process.name)).collect();
        assert_eq!(named, [(7, "make (all) me"), (9, "new")]);
        assert!((busy.processes[0].share - 0.6).abs() < 1e-9);
    }

    #[test]
    fn a_kernel_that_tells_nothing_is_said_to_be_so() {
        let error = Moment::read(Files::new(&[]).root()).unwrap_err();
        assert_eq!(error, "/proc/stat: no such file or directory");
        let error = Moment::read(Files::new(&[("proc/stat", "intr 1\n")]).root()).unwrap_err();
        assert_eq!(error, "/proc/stat: it tells of no core");
    }
}
