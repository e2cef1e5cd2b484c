//! What a run used in each second of its counted time.

use crate::bundle::run::Series;
use process::meter::{Counters, Meter};
use process::system;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The length of an interval.
const INTERVAL: Duration = Duration::from_secs(1);
/// The last interval may be shorter by this part of it.
const SHORTER: u32 = 20;

/// The meters of a run.
#[derive(Debug)]
pub(super) struct Both {
    pub(super) server: Meter,
    pub(super) load: Meter,
}

impl Both {
    fn read(&mut self) -> anyhow::Result<Look> {
        let (server, load) = (self.server.read()?, self.load.read()?);
        let resident = self.server.sum(system::resident_about_bytes)?;
        Ok(Look { server, load, resident })
    }
}

/// What was seen at the end of an interval.
#[derive(Clone, Copy, Debug)]
struct Look {
    server: Counters,
    load: Counters,
    resident: u64,
}

pub(super) fn lock(both: &Mutex<Both>) -> MutexGuard<'_, Both> {
    both.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A thread that looks once in each interval, until it is told to end.
#[derive(Debug)]
pub(super) struct Sampler {
    thread: JoinHandle<Series>,
    /// Dropped to end it.
    running: mpsc::Sender<()>,
}

impl Sampler {
    /// Begins the first interval.
    pub(super) fn start(both: &Arc<Mutex<Both>>, cores: Vec<usize>) -> Self {
        let (running, ended) = mpsc::channel();
        let both = Arc::clone(both);
        let begun = Instant::now();
        let thread = thread::spawn(move || {
            // Where it cannot stay there, it disturbs others, but what it reads is right.
            let _ = system::pin_to(&cores);
            sample(&both, begun, &ended)
        });
        Self { thread, running }
    }

    /// The intervals that are complete, or nearly so.
    pub(super) fn finish(self) -> Series {
        drop(self.running);
        self.thread.join().unwrap_or_default()
    }
}

fn sample(both: &Mutex<Both>, begun: Instant, ended: &mpsc::Receiver<()>) -> Series {
    let interval_ms = u64::try_from(INTERVAL.as_millis()).expect("it is short");
    let mut series = Series { interval_ms, ..Series::default() };
    let Ok(mut last) = lock(both).read() else { return series };
    let mut due = begun + INTERVAL;
    loop {
        let wait = due.saturating_duration_since(Instant::now());
        let is_over = ended.recv_timeout(wait) != Err(RecvTimeoutError::Timeout);
        // The counted time is whole seconds, so that its end and that of the last interval are one.
        if is_over && Instant::now() + INTERVAL / SHORTER < due {
            break;
        }
        // A process that is gone has no further intervals; the run says so.
        let Ok(look) = lock(both).read() else { break };
        let switches =
            |counters: Counters| counters.voluntary_switches + counters.involuntary_switches;
        series.server_cpu_ns.push(look.server.cpu_ns - last.server.cpu_ns);
        series.load_cpu_ns.push(look.load.cpu_ns - last.load.cpu_ns);
        series.resident_bytes.push(look.resident);
        series.switches.push(switches(look.server) - switches(last.server));
        last = look;
        due += INTERVAL;
        if is_over {
            break;
        }
    }
    series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_that_is_hardly_begun_is_left_out_and_one_that_is_all_but_over_is_kept() {
        let pid = std::process::id();
        let both = Both { server: Meter::new(pid).unwrap(), load: Meter::new(pid).unwrap() };
        let both = Mutex::new(both);
        let intervals = |since: Duration| {
            let (running, ended) = mpsc::channel::<()>();
            drop(running);
            let begun = Instant::now().checked_sub(since).unwrap();
            sample(&both, begun, &ended).server_cpu_ns.len()
        };
        assert_eq!(intervals(Duration::ZERO), 0);
        assert_eq!(intervals(INTERVAL), 1);
    }
}
