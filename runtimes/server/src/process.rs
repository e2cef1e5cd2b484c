//! Facts of the process and its limits, as the kernel tells them.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

/// What the process uses now. Linux; elsewhere unknown figures are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ProcessFigures {
    /// Bytes resident in memory.
    pub resident_bytes: Option<u64>,
    /// Descriptors open.
    pub open_fds: Option<u64>,
    /// Descriptors that may be open.
    pub max_fds: Option<u64>,
    /// Seconds of CPU used, user and system.
    pub cpu_s: Option<f64>,
}

/// Reads the figures. Costs a few system calls, on kernels before 6.2 some for every thousand open
/// descriptors.
#[must_use]
pub fn figures() -> ProcessFigures {
    let statm = fs::read_to_string("/proc/self/statm").ok();
    let resident_pages = statm.and_then(|text| text.split(' ').nth(1)?.parse::<u64>().ok());
    let stat = fs::read_to_string("/proc/self/stat").ok();
    let ticks = rustix::param::clock_ticks_per_second();
    ProcessFigures {
        resident_bytes: resident_pages.map(|pages| pages * rustix::param::page_size() as u64),
        open_fds: open_fds(),
        max_fds: getrlimit(Resource::Nofile).current,
        cpu_s: stat.and_then(|text| cpu_ticks(&text)).map(|used| seconds(used, ticks)),
    }
}

/// Descriptors that are open: the size of their directory since Linux 6.2, its entries before.
fn open_fds() -> Option<u64> {
    const DIRECTORY: &str = "/proc/self/fd";
    let size = fs::metadata(DIRECTORY).ok()?.len();
    if size > 0 {
        return Some(size);
    }
    // The directory that is being read is open too.
    Some(fs::read_dir(DIRECTORY).ok()?.count().saturating_sub(1) as u64)
}

/// User and system time of a line of `/proc/PID/stat`, in clock ticks.
fn cpu_ticks(stat: &str) -> Option<u64> {
    // The program's name comes second, in parentheses, and may itself hold both.
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ').skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 ticks, three million years")]
fn seconds(ticks: u64, per_second: u64) -> f64 {
    ticks as f64 / per_second as f64
}

/// Seconds since the Unix epoch, with a fraction.
#[must_use]
pub fn unix_s() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// Descriptors that a server needs beside its connections: listeners, logs, runtimes.
const FDS_BESIDE: u64 = 64;

/// Raises the soft limit of descriptors to the hard one, and says what is wrong if it cannot hold
/// `connections_max`.
#[must_use]
pub fn raise_nofile(connections_max: usize) -> Option<String> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
        // Refused only where the hard limit is above what the kernel allows; then the soft stays.
        let _ = setrlimit(Resource::Nofile, raised);
    }
    nofile_warning(getrlimit(Resource::Nofile).current, connections_max)
}

fn nofile_warning(nofile: Option<u64>, connections_max: usize) -> Option<String> {
    let needed = connections_max as u64 + FDS_BESIDE;
    let nofile = nofile.filter(|nofile| *nofile < needed)?;
    Some(format!(
        "the process may open {nofile} descriptors, too few for limits.connections_max \
         ({connections_max}); raise the hard limit to {needed} (ulimit -Hn, LimitNOFILE=) or lower \
         connections_max"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_found_behind_any_program_name() {
        let stat = "7 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 30 12 0 0 20 0 1 0 100";
        assert_eq!(cpu_ticks(stat), Some(42));
        assert_eq!(cpu_ticks("7 (a)"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_uses_memory_descriptors_and_time() {
        let figures = figures();
        assert!(figures.resident_bytes.unwrap() > 100_000);
        assert!((3..1_000_000).contains(&figures.open_fds.unwrap()));
        assert!(figures.cpu_s.unwrap() >= 0.0);
        assert!(figures.max_fds.is_none_or(|max| max > 3));
    }

    #[test]
    fn too_few_descriptors_are_warned_of_with_the_number_needed() {
        assert_eq!(nofile_warning(None, 4_000_000), None);
        assert_eq!(nofile_warning(Some(1088), 1024), None);
        let warning = nofile_warning(Some(1087), 1024).unwrap();
        assert!(warning.contains("1087") && warning.contains("1088"), "{warning}");
    }
}
