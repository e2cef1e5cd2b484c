//! Facts of the process and its limits, as the kernel tells them.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// What the process uses now. Linux; elsewhere unknown figures are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ProcessFigures {
    /// Bytes resident in memory.
    pub resident_bytes: Option<u64>,
    /// Descriptors open, in the fullest table where there are several.
    pub open_fds: Option<u64>,
    /// Descriptors that may be open, in each table.
    pub max_fds: Option<u64>,
    /// Seconds of CPU used, user and system.
    pub cpu_s: Option<f64>,
}

/// Reads the figures; `private` where threads have descriptor tables of their own. Costs a few
/// system calls, on kernels before 6.2 some for every thousand open descriptors.
#[must_use]
pub fn figures(private: bool) -> ProcessFigures {
    let statm = fs::read_to_string("/proc/self/statm").ok();
    let resident_pages = statm.and_then(|text| text.split(' ').nth(1)?.parse::<u64>().ok());
    let stat = fs::read_to_string("/proc/self/stat").ok();
    let ticks = rustix::param::clock_ticks_per_second();
    ProcessFigures {
        resident_bytes: resident_pages.map(|pages| pages * rustix::param::page_size() as u64),
        open_fds: if private { open_fds_most() } else { open_fds(Path::new("/proc/self/fd")) },
        max_fds: getrlimit(Resource::Nofile).current,
        cpu_s: stat.and_then(|text| cpu_ticks(&text)).map(|used| seconds(used, ticks)),
    }
}

/// Descriptors that are open in the fullest table of all threads.
fn open_fds_most() -> Option<u64> {
    let threads = fs::read_dir("/proc/self/task").ok()?.filter_map(Result::ok);
    threads.filter_map(|thread| open_fds(&thread.path().join("fd"))).max()
}

/// Descriptors that are open: the size of their directory since Linux 6.2, its entries before.
fn open_fds(directory: &Path) -> Option<u64> {
    let size = fs::metadata(directory).ok()?.len();
    if size > 0 {
        return Some(size);
    }
    // The directory that is being read is open too.
    Some(fs::read_dir(directory).ok()?.count().saturating_sub(1) as u64)
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

/// What a server asks of its descriptor tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptors {
    /// Connections of all workers together.
    pub connections_max: usize,
    /// Worker threads, at least 1.
    pub workers: usize,
    /// Whether each has a table of its own, for which the limit of open files holds.
    pub private: bool,
}

impl Descriptors {
    /// Descriptors beside connections: listeners, logs, and what is opened for a moment.
    const BESIDE: u64 = 64;
    /// Descriptors of a worker's runtime and listener, of which every table holds a copy.
    const OF_WORKER: u64 = 16;

    /// How many each table must hold.
    #[must_use]
    pub fn needed(self) -> u64 {
        let (connections, workers) = (self.connections_max as u64, self.workers as u64);
        let share = if self.private && workers > 1 {
            // The system spreads connections by a hash, so a worker's share is binomial: four
            // standard deviations above the mean are exceeded once in thirty thousand times.
            let mean = connections.div_ceil(workers);
            (mean + 4 * (mean.isqrt() + 1)).min(connections)
        } else {
            connections
        };
        share + Self::BESIDE + Self::OF_WORKER * workers
    }

    /// Why a limit of open files does not suffice, and what to do about it.
    #[must_use]
    pub fn shortage(self, nofile: Option<u64>) -> Option<(String, String)> {
        let needed = self.needed();
        let nofile = nofile.filter(|nofile| *nofile < needed)?;
        let max = self.connections_max;
        let whose = if self.private { "each worker" } else { "the process" };
        let tables = match (self.private, self.workers) {
            (false, 2..) => ", give each worker a table of its own (--private-descriptors)",
            _ => "",
        };
        let cause = format!(
            "{whose} may open {nofile} descriptors, too few for limits.connections_max ({max})"
        );
        let remedy = format!(
            "raise the hard limit to {needed} (ulimit -Hn, LimitNOFILE=){tables}, or lower \
             connections_max"
        );
        Some((cause, remedy))
    }
}

/// Raises the soft limit of descriptors to the hard one, and says what is wrong if it cannot hold
/// what is asked of it.
#[must_use]
pub fn raise_nofile(asked: Descriptors) -> Option<String> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
        // Refused only where the hard limit is above what the kernel allows; then the soft stays.
        let _ = setrlimit(Resource::Nofile, raised);
    }
    let shortage = asked.shortage(getrlimit(Resource::Nofile).current);
    shortage.map(|(cause, remedy)| format!("{cause}; {remedy}"))
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
        let shared = figures(false);
        assert_eq!(figures(true).open_fds.is_some(), shared.open_fds.is_some());
        let figures = shared;
        assert!(figures.resident_bytes.unwrap() > 100_000);
        assert!((3..1_000_000).contains(&figures.open_fds.unwrap()));
        assert!(figures.cpu_s.unwrap() >= 0.0);
        assert!(figures.max_fds.is_none_or(|max| max > 3));
    }

    #[test]
    fn too_few_descriptors_are_warned_of_with_the_number_needed() {
        let asked = Descriptors { connections_max: 1024, workers: 1, private: false };
        assert_eq!(asked.needed(), 1104);
        assert_eq!(Descriptors { connections_max: 4_000_000, ..asked }.shortage(None), None);
        assert_eq!(asked.shortage(Some(1104)), None);
        let (cause, remedy) = asked.shortage(Some(1103)).unwrap();
        assert!(cause.contains("1103") && remedy.contains("1104"), "{cause}; {remedy}");
        assert!(!remedy.contains("--private-descriptors"), "{remedy}");
        let (_, remedy) = Descriptors { workers: 2, ..asked }.shortage(Some(1103)).unwrap();
        assert!(remedy.contains("--private-descriptors"), "{remedy}");
    }

    #[test]
    fn a_table_for_each_worker_divides_what_is_needed_and_leaves_room_for_uneven_shares() {
        let shared = Descriptors { connections_max: 30_000, workers: 2, private: false };
        assert_eq!(shared.needed(), 30_096);
        let private = Descriptors { private: true, ..shared };
        assert_eq!(private.needed(), 15_588);
        assert_eq!(private.shortage(Some(20_000)), None);
        let (cause, _) = private.shortage(Some(15_000)).unwrap();
        assert!(cause.starts_with("each worker may open 15000"), "{cause}");
        // Never more than all of them, nor for one worker that has no one to share with.
        assert_eq!(Descriptors { connections_max: 10, ..private }.needed(), 10 + 96);
        assert_eq!(Descriptors { workers: 1, ..private }.needed(), 30_080);
    }
}
