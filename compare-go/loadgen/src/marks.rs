//! When the parts of a run begin: told to an observer at the moment, not with the next second that
//! is over, so that others can read their own counters then.

use crate::clock::Nanos;
use crate::outcome::{Mark, Observer};
use crate::plan::Plan;
use std::time::Duration;

/// The marks that are still to come, by the clock that the workers go by.
#[derive(Debug)]
pub(crate) struct Marks {
    /// The next one last.
    due: Vec<(Nanos, Mark)>,
}

impl Marks {
    /// Of a run that begins at this time. A warm-up of no time has no mark.
    pub(crate) fn of(plan: &Plan, start: Nanos) -> Self {
        let measured = start + plan.warmup;
        let mut due = vec![(measured + plan.duration, Mark::Grace), (measured, Mark::Measured)];
        if plan.warmup > Duration::ZERO {
            due.push((start, Mark::Warmup));
        }
        Self { due }
    }

    /// Tells those whose time has come.
    pub(crate) fn tell(&mut self, now: Nanos, observer: &mut dyn Observer) {
        while let Some((_, mark)) = self.due.pop_if(|(at, _)| *at <= now) {
            observer.mark(mark);
        }
    }

    /// The run ends otherwise than planned: none of them comes.
    pub(crate) fn drop_rest(&mut self) {
        self.due.clear();
    }

    /// For how long there is none, at most this long.
    pub(crate) fn none_within(&self, now: Nanos, most: Duration) -> Duration {
        match self.due.last() {
            Some((at, _)) => most.min(Duration::from_nanos(at.since(now))),
            None => most,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Arrivals, Fault, Load, Workers};
    use crate::workload::{Kind, Options};

    struct Told(Vec<Mark>);

    impl Observer for Told {
        fn mark(&mut self, mark: Mark) {
            self.0.push(mark);
        }
    }

    fn marks(warmup_ms: u64) -> Marks {
        let nowhere = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
        let plan = Plan {
            workload: Kind::Get,
            options: Options::default(),
            server: nowhere,
            admin: nowhere,
            admin_token: None,
            load: Load::Open { rate_per_s: None, arrivals: Arrivals::Constant },
            connections: None,
            depth: 1,
            workers: Workers::default(),
            warmup: Duration::from_millis(warmup_ms),
            duration: Duration::from_millis(100),
            grace: Duration::from_millis(10),
            timeout: Duration::from_secs(1),
            seed: 1,
            tag: "t".into(),
            names: Vec::new(),
            fault: Fault::None,
        };
        Marks::of(&plan, Nanos(1_000_000_000))
    }

    #[test]
    fn each_is_told_once_when_its_time_has_come() {
        let (mut marks, mut told) = (marks(50), Told(Vec::new()));
        let long = Duration::from_secs(5);
        assert_eq!(marks.none_within(Nanos(999_000_000), long), Duration::from_millis(1));
        marks.tell(Nanos(999_999_999), &mut told);
        assert_eq!(told.0, []);
        marks.tell(Nanos(1_000_000_000), &mut told);
        marks.tell(Nanos(1_000_000_001), &mut told);
        assert_eq!(told.0, [Mark::Warmup]);
        assert_eq!(marks.none_within(Nanos(1_010_000_000), long), Duration::from_millis(40));
        marks.tell(Nanos(1_150_000_000), &mut told);
        assert_eq!(told.0, [Mark::Warmup, Mark::Measured, Mark::Grace]);
        assert_eq!(marks.none_within(Nanos(2_000_000_000), long), long);
    }

    #[test]
    fn no_warm_up_has_no_mark_and_what_ends_early_none_of_the_rest() {
        let (mut marks, mut told) = (marks(0), Told(Vec::new()));
        marks.tell(Nanos(1_000_000_000), &mut told);
        marks.drop_rest();
        marks.tell(Nanos::NEVER, &mut told);
        assert_eq!(told.0, [Mark::Measured]);
    }
}
