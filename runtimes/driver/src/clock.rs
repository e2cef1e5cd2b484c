//! The time: monotonic since the start, told as time since the Unix epoch.

use engine_core::time::Timestamp;
use std::ops::Add;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A point in time, in microseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    us: u64,
}

impl Add<Duration> for Moment {
    type Output = Self;

    /// The moment that much later, in whole microseconds.
    fn add(self, time: Duration) -> Self {
        Self { us: self.us.saturating_add(whole_us(time)) }
    }
}

impl Moment {
    /// The moment `us` microseconds after the Unix epoch.
    #[must_use]
    pub fn from_us(us: u64) -> Self {
        Self { us }
    }

    /// As the engine counts time.
    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        Timestamp(self.us / 1000)
    }

    /// Microseconds since `earlier`; 0 if it is later.
    #[must_use]
    pub fn us_since(self, earlier: Self) -> u64 {
        self.us.saturating_sub(earlier.us)
    }

    /// Time since `earlier`; none if it is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.us_since(earlier))
    }
}

/// A clock that never goes back, whatever is done to the system's. Copies agree.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
    unix_us_at_start: u64,
}

impl Clock {
    /// A clock that is right now.
    #[must_use]
    pub fn start() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { started: Instant::now(), unix_us_at_start: whole_us(since_epoch) }
    }

    /// The time. Costs one read of the monotonic clock.
    #[must_use]
    pub fn now(&self) -> Moment {
        Moment { us: self.unix_us_at_start.saturating_add(whole_us(self.started.elapsed())) }
    }
}

pub(crate) fn whole_us(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_agrees_with_the_system_and_never_goes_back() {
        let system_ms =
            || u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis());
        let before_ms = system_ms().unwrap();
        let clock = Clock::start();
        let (first, second) = (clock.now(), clock.now());
        assert!(first <= second);
        assert!(first.timestamp().0.abs_diff(before_ms) < 5_000);
        assert_eq!(first.us_since(Moment::from_us(u64::MAX)), 0);
    }
}
