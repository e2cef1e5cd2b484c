//! What the system tells of a process, and how a process is bound to a core.

use anyhow::Context;
use nix::time::ClockId;
use rustix::process::{self, Signal};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;
use std::{fs, io, thread};

/// Keeps the calling thread, and those that it starts from now on, on one core.
///
/// # Errors
/// If the process may not use that core.
pub fn pin(core: usize) -> io::Result<()> {
    pin_to(&[core])
}

/// Keeps the calling thread, and those that it starts from now on, on some cores.
///
/// # Errors
/// If the process may use none of them, or a core has a number that the system does not know.
pub fn pin_to(cores: &[usize]) -> io::Result<()> {
    let mut set = CpuSet::new();
    for core in cores {
        if *core >= CpuSet::MAX_CPU {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
        set.set(*core);
    }
    Ok(sched_setaffinity(None, &set)?)
}

/// The cores that the calling thread may use.
///
/// # Errors
/// Whatever the system says.
pub fn cores() -> io::Result<Vec<usize>> {
    let set = sched_getaffinity(None)?;
    Ok((0..CpuSet::MAX_CPU).filter(|core| set.is_set(*core)).collect())
}

/// Has the process killed when its parent ends.
///
/// # Errors
/// Whatever the system says.
pub fn end_with_parent() -> io::Result<()> {
    Ok(process::set_parent_process_death_signal(Some(Signal::KILL))?)
}

/// The CPU time of a process so far, threads that have ended included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cpu {
    /// Of all its threads, in nanoseconds. For one that runs in the very moment it is behind by up
    /// to a tick of the kernel's clock (1 to 10 ms).
    pub total_ns: u64,
    /// In user space, in ticks of 10 ms that the kernel has sampled.
    pub user_ticks: u64,
    /// In the kernel, in ticks of 10 ms that the kernel has sampled.
    pub kernel_ticks: u64,
}

impl Cpu {
    /// Reads it.
    ///
    /// # Errors
    /// If the process is gone.
    pub fn of(pid: u32) -> anyhow::Result<Self> {
        let clock = ClockId::pid_cpu_clock_id(nix::unistd::Pid::from_raw(i32::try_from(pid)?));
        let used = clock.and_then(ClockId::now);
        let used = Duration::from(used.with_context(|| format!("process {pid} is gone"))?);
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The name, in brackets, may hold anything; the state follows it.
        let after = stat.rsplit(") ").next().unwrap_or_default();
        let mut ticks = after.split(' ').skip(11).map(str::parse);
        let mut next = || ticks.next().context("stat has ticks")?.context("ticks are numbers");
        let (user_ticks, kernel_ticks) = (next()?, next()?);
        Ok(Self { total_ns: u64::try_from(used.as_nanos())?, user_ticks, kernel_ticks })
    }

    /// The time since an earlier reading, and the share of it that was spent in user space.
    #[must_use]
    pub fn since(self, earlier: Self) -> (u64, Option<f64>) {
        let user = self.user_ticks.saturating_sub(earlier.user_ticks);
        let kernel = self.kernel_ticks.saturating_sub(earlier.kernel_ticks);
        let sampled = user + kernel;
        let share = (sampled >= TICKS_MIN).then(|| ratio(user, sampled));
        (self.total_ns.saturating_sub(earlier.total_ns), share)
    }
}

/// The fewest ticks that say anything of a share: half a second at 100 a second.
const TICKS_MIN: u64 = 50;

#[expect(clippy::cast_precision_loss, reason = "a share has few digits")]
fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

fn first_number(text: &str) -> Option<u64> {
    text.split_ascii_whitespace().next()?.parse().ok()
}

/// The resident memory of a process, in bytes.
///
/// # Errors
/// If the process is gone.
pub fn resident_bytes(pid: u32) -> anyhow::Result<u64> {
    // The exact sum; the figure in `status` may lag by some pages for each core.
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"));
    let (text, key) = match rollup {
        Ok(text) => (text, "Rss:"),
        Err(_) => (fs::read_to_string(format!("/proc/{pid}/status"))?, "VmRSS:"),
    };
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    let kib = line.and_then(first_number).context("the system does not tell resident memory")?;
    Ok(kib * 1024)
}

/// The most memory that a process ever had resident, in bytes. The kernel brings it up to date
/// when memory is given back and when it is asked, from counters that lag by some pages a core.
///
/// # Errors
/// If the process is gone.
pub fn resident_peak_bytes(pid: u32) -> anyhow::Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(first_number).context("the system does not tell peak memory")?;
    Ok(kib * 1024)
}

/// The resident memory of a process, in bytes, from counters that lag by some pages a core: unlike
/// [`resident_bytes`], which walks all its pages, it costs the process nothing.
///
/// # Errors
/// If the process is gone.
pub fn resident_about_bytes(pid: u32) -> anyhow::Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/statm"))?;
    let pages: u64 = text.split(' ').nth(1).context("statm has resident pages")?.parse()?;
    Ok(pages * rustix::param::page_size() as u64)
}

/// The share of all cores that was idle between two readings of `/proc/stat`, 0 to 1.
#[derive(Clone, Copy, Debug)]
pub struct Idle {
    idle: u64,
    all: u64,
}

impl Idle {
    /// Reads it.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn now() -> io::Result<Self> {
        let text = fs::read_to_string("/proc/stat")?;
        let line = text.lines().next().unwrap_or_default();
        let times: Vec<u64> = line.split(' ').filter_map(|text| text.parse().ok()).collect();
        let idle = times.iter().skip(3).take(2).sum();
        Ok(Self { idle, all: times.iter().take(8).sum() })
    }

    /// The share since an earlier reading.
    #[must_use]
    pub fn since(self, earlier: Self) -> f64 {
        let all = self.all.saturating_sub(earlier.all);
        if all == 0 { 1.0 } else { ratio(self.idle.saturating_sub(earlier.idle), all) }
    }
}

/// The name and version of the kernel.
#[must_use]
pub fn kernel() -> String {
    let name = rustix::system::uname();
    let part = |text: &std::ffi::CStr| text.to_string_lossy().into_owned();
    format!("{} {} {}", part(name.sysname()), part(name.release()), part(name.machine()))
}

/// The model of the processor.
#[must_use]
pub fn processor() -> String {
    let text = fs::read_to_string(Path::new("/proc/cpuinfo")).unwrap_or_default();
    let model = text.lines().find(|line| line.starts_with("model name"));
    let model = model.and_then(|line| line.split_once(": "));
    model.map_or("unknown".into(), |(_, model)| model.to_owned())
}

/// How many descriptors the process may have.
#[must_use]
pub fn descriptors_max() -> u64 {
    process::getrlimit(process::Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// The lines of a pipe, read by a thread of its own since a pipe has no time-out.
#[must_use]
pub fn lines(pipe: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_works_uses_cpu_time_and_memory() {
        let pid = std::process::id();
        let before = Cpu::of(pid).unwrap();
        let sum = (0..20_000_000_u64).fold(0, |sum: u64, n| sum.wrapping_mul(31).wrapping_add(n));
        assert_ne!(sum, 1);
        let (ns, _) = Cpu::of(pid).unwrap().since(before);
        assert!(ns > 0);
        let resident = resident_bytes(pid).unwrap();
        assert!(resident > 1024 * 1024);
        assert!(resident_about_bytes(pid).unwrap() > 1024 * 1024);
        assert!(resident_peak_bytes(pid).unwrap() >= resident / 2);
        assert!(Cpu::of(u32::MAX).is_err());
    }

    #[test]
    fn a_share_is_told_only_where_enough_was_sampled() {
        let at = |user_ticks, kernel_ticks| Cpu { total_ns: 0, user_ticks, kernel_ticks };
        assert_eq!(at(30, 90).since(at(0, 0)).1, Some(0.25));
        assert_eq!(at(10, 10).since(at(0, 0)).1, None);
    }
}
