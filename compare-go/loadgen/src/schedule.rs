//! When requests are meant to be sent. Knows nothing of whether they are.
//!
//! A schedule is a cursor over arrivals that its seed determines. It may lag behind the clock: what
//! could not be sent yet is simply not taken from it, so a backlog of any length costs no memory.

use crate::clock::{NANOS_PER_S, Nanos};
use crate::plan::Arrivals;

/// Arrivals from a first to a last time.
#[derive(Clone, Debug)]
pub struct Schedule {
    start: Nanos,
    end: Nanos,
    gap_ns: f64,
    kind: Kind,
    next: Nanos,
}

#[derive(Clone, Debug)]
enum Kind {
    /// The number of the next arrival, and by which part of a gap all are shifted.
    Constant { count: u64, shift: f64 },
    /// The offset of the next arrival from the start.
    Poisson { offset_ns: f64, rng: fastrand::Rng },
    /// There is none.
    Never,
}

/// What a schedule is made of.
#[derive(Clone, Copy, Debug)]
pub struct Timetable {
    /// Arrivals a second.
    pub rate_per_s: f64,
    /// The time between them.
    pub arrivals: Arrivals,
    /// No arrival is before it.
    pub start: Nanos,
    /// Every arrival is before it.
    pub end: Nanos,
    /// The worker and of how many: regular arrivals of all of them together are regular again.
    pub turn: (u32, u32),
    /// What Poisson arrivals come from.
    pub seed: u64,
}

impl Schedule {
    /// The arrivals of a timetable. A rate that is not more than nothing has none.
    #[must_use]
    pub fn new(timetable: Timetable) -> Self {
        let Timetable { rate_per_s, arrivals, start, end, turn, seed } = timetable;
        let kind = match arrivals {
            _ if rate_per_s.is_nan() || rate_per_s <= 0.0 => Kind::Never,
            Arrivals::Constant => {
                Kind::Constant { count: 0, shift: f64::from(turn.0) / f64::from(turn.1.max(1)) }
            }
            Arrivals::Poisson => {
                Kind::Poisson { offset_ns: 0.0, rng: fastrand::Rng::with_seed(seed) }
            }
        };
        let gap_ns = float(NANOS_PER_S) / rate_per_s;
        let mut this = Self { start, end, gap_ns, kind, next: Nanos::NEVER };
        if let Kind::Poisson { offset_ns, rng } = &mut this.kind {
            *offset_ns = exponential(rng) * gap_ns;
        }
        this.next = this.at();
        this
    }

    /// The arrival that is to be taken next; [`Nanos::NEVER`] where there is none any more.
    #[must_use]
    pub fn next(&self) -> Nanos {
        self.next
    }

    /// Takes the next arrival.
    pub fn advance(&mut self) {
        match &mut self.kind {
            Kind::Constant { count, .. } => *count += 1,
            Kind::Poisson { offset_ns, rng } => *offset_ns += exponential(rng) * self.gap_ns,
            Kind::Never => {}
        }
        self.next = self.at();
    }

    /// Leaves out all arrivals from a time on.
    pub fn cut(&mut self, end: Nanos) {
        self.end = self.end.min(end);
        self.next = self.at();
    }

    /// Takes all arrivals up to a time; returns how many.
    pub fn advance_to(&mut self, now: Nanos) -> u64 {
        let mut count = 0;
        while self.next <= now && self.next != Nanos::NEVER {
            self.advance();
            count += 1;
        }
        count
    }

    fn at(&self) -> Nanos {
        let offset_ns = match &self.kind {
            Kind::Constant { count, shift } => (float(*count) + shift) * self.gap_ns,
            Kind::Poisson { offset_ns, .. } => *offset_ns,
            Kind::Never => return Nanos::NEVER,
        };
        let at = Nanos(self.start.0.saturating_add(whole(offset_ns)));
        if at < self.end { at } else { Nanos::NEVER }
    }
}

/// A time between events that happen once a unit of time on average and do not know each other.
fn exponential(rng: &mut fastrand::Rng) -> f64 {
    // In (0, 1], of which there is a logarithm.
    -(1.0 - rng.f64()).ln()
}

#[expect(clippy::cast_precision_loss, reason = "exact up to months in nanoseconds")]
fn float(value: u64) -> f64 {
    value as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "nanoseconds of a run; what is beyond is never"
)]
fn whole(value: f64) -> u64 {
    value as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: Nanos = Nanos(5_000);

    fn timetable(rate_per_s: f64, arrivals: Arrivals, seconds: u64) -> Timetable {
        let end = Nanos(START.0 + seconds * NANOS_PER_S);
        Timetable { rate_per_s, arrivals, start: START, end, turn: (0, 1), seed: 7 }
    }

    fn all(timetable: Timetable) -> Vec<u64> {
        let mut schedule = Schedule::new(timetable);
        let mut times = Vec::new();
        while schedule.next() != Nanos::NEVER {
            times.push(schedule.next().0);
            schedule.advance();
        }
        times
    }

    proptest! {
        #[test]
        fn arrivals_ascend_lie_within_their_time_and_are_as_many_as_the_rate_says(
            rate in 0.5..20_000.0_f64, poisson: bool, seed: u64
        ) {
            let arrivals = if poisson { Arrivals::Poisson } else { Arrivals::Constant };
            let timetable = Timetable { seed, ..timetable(rate, arrivals, 4) };
            let times = all(timetable);
            prop_assert!(times.is_sorted());
            prop_assert!(times.iter().all(|at| (START.0..timetable.end.0).contains(at)));
            let (want, got) = (rate * 4.0, times.len() as f64);
            let slack = if poisson { 6.0 * want.sqrt() + 2.0 } else { 1.0 };
            prop_assert!((got - want).abs() <= slack, "{got} of {want}");
            prop_assert_eq!(times, all(timetable));
        }

        #[test]
        fn workers_that_share_a_regular_rate_are_regular_together(workers in 1..9_u32) {
            let rate = 1_000.0;
            let mut times: Vec<u64> = (0..workers)
                .flat_map(|worker| {
                    let rate_per_s = rate / f64::from(workers);
                    let part = timetable(rate_per_s, Arrivals::Constant, 1);
                    all(Timetable { turn: (worker, workers), ..part })
                })
                .collect();
            times.sort_unstable();
            prop_assert_eq!(times.len(), 1_000);
            prop_assert!(times.windows(2).all(|two| (two[1] - two[0]).abs_diff(1_000_000) <= 2));
        }
    }

    #[test]
    fn gaps_of_poisson_arrivals_have_the_spread_of_their_mean() {
        let times = all(timetable(10_000.0, Arrivals::Poisson, 10));
        let gaps: Vec<f64> = times.windows(2).map(|two| (two[1] - two[0]) as f64).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        assert!((mean / 100_000.0 - 1.0).abs() < 0.02, "{mean}");
        assert!((variance.sqrt() / mean - 1.0).abs() < 0.03, "{variance}");
    }

    #[test]
    fn there_may_be_none_and_skipping_counts_them() {
        for rate in [0.0, -1.0, f64::NAN] {
            assert_eq!(all(timetable(rate, Arrivals::Poisson, 1)), [0; 0]);
        }
        let mut schedule = Schedule::new(timetable(100.0, Arrivals::Constant, 1));
        assert_eq!(schedule.advance_to(Nanos(START.0 + NANOS_PER_S / 2)), 51);
        let mut cut = schedule.clone();
        cut.cut(Nanos(START.0 + NANOS_PER_S * 3 / 4));
        assert_eq!(cut.advance_to(Nanos::NEVER), 24);
        assert_eq!(schedule.advance_to(Nanos::NEVER), 49);
        assert_eq!(schedule.advance_to(Nanos::NEVER), 0);
    }
}
