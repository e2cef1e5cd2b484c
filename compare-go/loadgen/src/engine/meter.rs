//! What a worker's thread uses of its core.

use crate::clock::Nanos;
use crate::figures::WorkerFigures;
use std::fs::File;
use std::os::unix::fs::FileExt;

/// The time of one tick of the system's sampling: `USER_HZ` is 100 wherever Linux runs.
const TICK_NS: u64 = 10_000_000;

/// What an engine itself counts of its work.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Calls {
    pub(super) waits: u64,
    pub(super) reads: u64,
    pub(super) writes: u64,
    /// Requests that were sent.
    pub(super) sent: u64,
    /// Time in which there was something to do.
    pub(super) worked_ns: u64,
}

/// Reads what the calling thread has used since the last time.
#[derive(Debug)]
pub(super) struct Meter {
    worker: u32,
    /// None where the system does not tell.
    stat: Option<File>,
    schedstat: Option<File>,
    last: Reading,
}

#[derive(Clone, Copy, Debug, Default)]
struct Reading {
    wall: Nanos,
    cpu: Nanos,
    user_ns: u64,
    starved_ns: u64,
}

impl Meter {
    /// Of the calling thread, from now on.
    pub(super) fn new(worker: u32) -> Self {
        let open = |name| File::open(format!("/proc/thread-self/{name}")).ok();
        let (stat, schedstat) = (open("stat"), open("schedstat"));
        let mut this = Self { worker, stat, schedstat, last: Reading::default() };
        this.last = this.reading();
        this
    }

    /// What was used since the last call.
    pub(super) fn take(&mut self, calls: &mut Calls) -> WorkerFigures {
        let now = self.reading();
        let last = std::mem::replace(&mut self.last, now);
        let Calls { waits, reads, writes, sent, worked_ns } = std::mem::take(calls);
        WorkerFigures {
            worker: self.worker,
            wall_ns: now.wall.since(last.wall),
            cpu_ns: now.cpu.since(last.cpu),
            user_ns: now.user_ns.saturating_sub(last.user_ns),
            starved_ns: now.starved_ns.saturating_sub(last.starved_ns),
            worked_ns,
            sent,
            waits,
            reads,
            writes,
        }
    }

    fn reading(&self) -> Reading {
        Reading {
            wall: Nanos::now(),
            cpu: Nanos::of_thread_cpu(),
            user_ns: self.stat.as_ref().and_then(user_ticks).unwrap_or(0) * TICK_NS,
            starved_ns: self.schedstat.as_ref().and_then(starved_ns).unwrap_or(0),
        }
    }
}

fn user_ticks(file: &File) -> Option<u64> {
    let mut bytes = [0; 512];
    let text = read(file, &mut bytes)?;
    // The name, in brackets, may hold anything; the state follows it.
    let (_, after) = text.rsplit_once(") ")?;
    after.split(' ').nth(11)?.parse().ok()
}

fn starved_ns(file: &File) -> Option<u64> {
    let mut bytes = [0; 128];
    read(file, &mut bytes)?.split_ascii_whitespace().nth(1)?.parse().ok()
}

fn read<'a>(file: &File, bytes: &'a mut [u8]) -> Option<&'a str> {
    let count = file.read_at(bytes, 0).ok()?;
    std::str::from_utf8(&bytes[..count]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_seen_and_calls_are_counted_once() {
        let mut calls = Calls { waits: 1, reads: 2, writes: 3, sent: 5, worked_ns: 6 };
        let mut meter = Meter::new(4);
        let end = Nanos::now() + std::time::Duration::from_millis(50);
        while Nanos::now() < end {}
        let used = meter.take(&mut calls);
        assert_eq!((used.worker, used.waits, used.reads, used.writes), (4, 1, 2, 3));
        assert_eq!((used.sent, used.worked_ns), (5, 6));
        assert!(used.wall_ns >= 50_000_000 && used.cpu_ns > 0, "{used:?}");
        assert!(used.cpu_ns <= used.wall_ns + 1_000_000, "{used:?}");
        assert_eq!(meter.take(&mut calls).reads, 0);
    }
}
