//! The time of the generator: nanoseconds of the monotonic clock, the same in every process of
//! this machine.

use rustix::time::{ClockId, Timespec, clock_gettime};
use std::ops::Add;
use std::time::Duration;

/// A point in time, in nanoseconds of `CLOCK_MONOTONIC`.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(transparent)]
pub struct Nanos(pub u64);

impl Nanos {
    /// Never.
    pub const NEVER: Self = Self(u64::MAX);

    /// The time now. Costs tens of nanoseconds and no system call.
    #[must_use]
    pub fn now() -> Self {
        Self::of(clock_gettime(ClockId::Monotonic))
    }

    /// CPU time that the calling thread has used so far.
    #[must_use]
    pub fn of_thread_cpu() -> Self {
        Self::of(clock_gettime(ClockId::ThreadCPUTime))
    }

    /// Nanoseconds since an earlier time; 0 where it is not earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    fn of(time: Timespec) -> Self {
        let (seconds, nanos) = (u64::try_from(time.tv_sec), u64::try_from(time.tv_nsec));
        Self(seconds.unwrap_or(0) * NANOS_PER_S + nanos.unwrap_or(0))
    }
}

impl Add<Duration> for Nanos {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(nanos(duration)))
    }
}

/// Nanoseconds of a second.
pub const NANOS_PER_S: u64 = 1_000_000_000;

/// A duration in nanoseconds; saturates after 584 years.
#[must_use]
pub fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_on_and_never_back() {
        let (first, second) = (Nanos::now(), Nanos::now());
        assert!(second >= first && first > Nanos(0));
        assert_eq!(Nanos(5).since(Nanos(7)), 0);
        assert_eq!(Nanos(5) + Duration::from_micros(1), Nanos(1_005));
    }
}
