//! What the process uses, as the kernel tells it.

use rustix::time::{ClockId, clock_gettime};
use std::fs;

/// Bytes of memory that are resident and belong to no file: heap and stacks.
///
/// # Panics
/// Where the kernel does not tell: it is Linux 4.14 or later.
#[must_use]
pub fn resident_bytes() -> u64 {
    let text = fs::read_to_string("/proc/self/smaps_rollup").expect("Linux tells what is resident");
    let line = text.lines().find_map(|line| line.strip_prefix("Anonymous:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kib.and_then(|kib| kib.parse::<u64>().ok()).expect("a number of KiB") * 1024
}

/// Nanoseconds of CPU that this thread has used, in the program and in the kernel.
#[must_use]
pub fn cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let part = |value: i64| u64::try_from(value).expect("time is not negative");
    part(time.tv_sec) * 1_000_000_000 + part(time.tv_nsec)
}

/// Nanoseconds of CPU that `work` takes.
pub fn timed<R>(work: impl FnOnce() -> R) -> (u64, R) {
    let begin = cpu_ns();
    let result = work();
    (cpu_ns() - begin, result)
}
