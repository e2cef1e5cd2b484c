//! How servers that do not exist behave: as a queue that knows no bounds.

use super::printed::P99_TO_MEDIAN;
use crate::bundle::run::Purpose;
use crate::number::float;
use crate::slo::Slo;
use crate::statistics::normal;
use crate::statistics::random::Random;

/// How a server that does not exist behaves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Character {
    /// The median latency far from saturation, in microseconds.
    pub latency_us: f64,
    /// CPU time for a unit of work, in microseconds; its inverse is the rate at which it saturates.
    pub cpu_us: f64,
    /// By how much figures vary from run to run: the deviation of their logarithm.
    pub noise: f64,
    /// Resident memory without connections, in bytes.
    pub started_bytes: u64,
    /// Resident memory for each connection, in bytes.
    pub connection_bytes: u64,
}

impl Default for Character {
    fn default() -> Self {
        Self {
            latency_us: 200.0,
            cpu_us: 10.0,
            noise: 0.02,
            started_bytes: 10 << 20,
            connection_bytes: 1_000,
        }
    }
}

impl Character {
    /// As it behaves this time.
    pub(super) fn varied(&self, random: &mut Random) -> Self {
        let mut vary = |figure: f64| figure * (self.noise * normal::quantile(random.unit())).exp();
        Self { latency_us: vary(self.latency_us), cpu_us: vary(self.cpu_us), ..*self }
    }

    /// The rates that a search tries: half and one and a half of what it can, then nearly that.
    pub(super) fn search(&self, slo: Slo) -> Vec<(Purpose, Option<f64>)> {
        let most = self.capacity_per_s(slo);
        vec![
            (Purpose::Search(slo), Some(0.5 * most)),
            (Purpose::Search(slo), Some(1.5 * most)),
            (Purpose::Search(slo), Some(0.95 * most)),
            (Purpose::Confirm(slo), Some(0.95 * most)),
        ]
    }

    /// The median latency at a rate, in nanoseconds: it grows without bound towards saturation.
    pub(super) fn latency_ns(&self, rate_per_s: f64) -> f64 {
        let load = (rate_per_s * self.cpu_us / 1e6).min(0.999);
        self.latency_us * 1e3 / (1.0 - load)
    }

    /// The highest rate at which it keeps a promise of p99.
    #[must_use]
    pub fn capacity_per_s(&self, slo: Slo) -> f64 {
        let p99_us = self.latency_us * P99_TO_MEDIAN;
        1e6 / self.cpu_us * (1.0 - p99_us * 1e3 / float(slo.below_ns)).clamp(0.001, 0.999)
    }
}
