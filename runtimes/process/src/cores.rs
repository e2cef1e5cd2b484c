//! What the kernel tells of time on cores, from `/proc/stat`.
//!
//! It counts in ticks of 10 ms and rounds down, so that a difference is wrong by up to one tick a
//! core. Idle time is measured where cores stop their clock when idle, which is nearly everywhere;
//! what a core is busy with is sampled at each of its clock's ticks, so that work in step with the
//! clock is seen always or never. Hence busy time is taken here from what is left of the time that
//! went by, not from those samples.

use anyhow::Context;
use std::collections::BTreeMap;
use std::fs;
use std::time::Instant;

/// Nanoseconds of a tick in which the kernel tells times: 100 a second, on every machine.
pub const TICK_NS: u64 = 10_000_000;

/// The times of every core until now.
#[derive(Clone, Debug)]
pub struct CoreTimes {
    at: Instant,
    /// Idle and stolen ticks of each.
    cores: BTreeMap<usize, (u64, u64)>,
}

/// How some cores spent the time between two readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// The time of all of them, in nanoseconds.
    pub all_ns: u64,
    /// Idle, or waiting for a disk.
    pub idle_ns: u64,
    /// Given to others by the hypervisor.
    pub stolen_ns: u64,
}

impl CoreTimes {
    /// Reads them.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn now() -> anyhow::Result<Self> {
        let text = fs::read_to_string("/proc/stat").context("the system tells no core's time")?;
        Ok(Self { at: Instant::now(), cores: cores(&text) })
    }

    /// Their numbers.
    pub fn numbers(&self) -> impl Iterator<Item = usize> {
        self.cores.keys().copied()
    }

    /// How some of them spent the time since an earlier reading.
    ///
    /// # Errors
    /// If one of them was not there at both.
    pub fn since(
        &self,
        earlier: &Self,
        cores: impl IntoIterator<Item = usize>,
    ) -> anyhow::Result<Spent> {
        let elapsed = self.at.saturating_duration_since(earlier.at).as_nanos();
        let mut spent = Spent { all_ns: 0, idle_ns: 0, stolen_ns: 0 };
        for core in cores {
            let both = self.cores.get(&core).zip(earlier.cores.get(&core));
            let (now, then) = both.with_context(|| format!("core {core} is not there"))?;
            spent.all_ns += u64::try_from(elapsed)?;
            spent.idle_ns += now.0.saturating_sub(then.0) * TICK_NS;
            spent.stolen_ns += now.1.saturating_sub(then.1) * TICK_NS;
        }
        Ok(spent)
    }
}

fn cores(text: &str) -> BTreeMap<usize, (u64, u64)> {
    let core = |line: &str| {
        let mut words = line.strip_prefix("cpu")?.split_ascii_whitespace();
        let number = words.next()?.parse().ok()?;
        let ticks: Vec<u64> = words.map_while(|word| word.parse().ok()).collect();
        // user, nice, system, idle, waiting for a disk, interrupts, soft interrupts, stolen
        Some((number, (ticks.get(3)? + ticks.get(4)?, *ticks.get(7)?)))
    };
    text.lines().filter(|line| !line.starts_with("cpu ")).filter_map(core).collect()
}

impl Spent {
    /// The share of the time that neither was idle, nor stolen, nor `ours_ns`; 0 to 1.
    #[must_use]
    pub fn others(&self, ours_ns: u64) -> f64 {
        let known = self.idle_ns + self.stolen_ns + ours_ns;
        share(self.all_ns.saturating_sub(known), self.all_ns)
    }

    /// The share of the time that was stolen; 0 to 1.
    #[must_use]
    pub fn stolen(&self) -> f64 {
        share(self.stolen_ns, self.all_ns)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share has few digits")]
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { (part as f64 / whole as f64).min(1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_core_is_read_by_its_own_line() {
        let text = "cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 1 2 3 40 5 6 7 8 0 0\n\
                    cpu7 1 2 3 50 0 6 7 9 0 0\nintr 7\nctxt 8\n";
        assert_eq!(cores(text), [(0, (45, 8)), (7, (50, 9))].into());
    }

    #[test]
    fn what_nobody_accounts_for_is_others() {
        let spent = Spent { all_ns: 1_000, idle_ns: 300, stolen_ns: 100 };
        assert!((spent.others(500) - 0.1).abs() < 1e-9);
        assert!((spent.stolen() - 0.1).abs() < 1e-9);
        assert_eq!(spent.others(2_000), 0.0);
        assert_eq!(Spent { all_ns: 0, idle_ns: 0, stolen_ns: 0 }.others(0), 0.0);
    }

    #[test]
    fn a_core_that_works_for_another_process_is_seen() {
        let core = crate::system::cores().unwrap()[0];
        let launch = crate::child::Launch::new("sh").args(["-c", "while :; do :; done"]);
        let child = crate::child::Child::start(&launch.on([core])).unwrap();
        let mut meter = crate::meter::Meter::new(child.id()).unwrap();
        let (then, used) = (CoreTimes::now().unwrap(), meter.read().unwrap());
        // As long as it takes that process to work for some time, however busy the core is.
        while meter.read().unwrap().cpu_ns < used.cpu_ns + 20 * TICK_NS {
            std::thread::yield_now();
        }
        let spent = CoreTimes::now().unwrap().since(&then, [core]).unwrap();
        let work = 20 * TICK_NS;
        assert!(spent.all_ns + TICK_NS >= work, "{spent:?}");
        assert!(spent.idle_ns + work <= spent.all_ns + 4 * TICK_NS, "{spent:?}");
        assert!(CoreTimes::now().unwrap().since(&then, [1_000_000]).is_err());
        assert!(then.numbers().any(|number| number == core));
    }
}
