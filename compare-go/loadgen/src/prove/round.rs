//! One run of the generator, as the proof needs it: `get` of one target, on one core.

use crate::outcome::{Ending, Observer, Outcome};
use crate::plan::{Arrivals, Fault, Load, Plan, Processes, Workers};
use crate::run::{Stop, run};
use crate::workload::{Kind, Options};
use anyhow::ensure;
use std::net::SocketAddr;
use std::time::Duration;

/// What is asked, and how.
#[derive(Clone, Debug)]
pub(super) struct Round {
    pub(super) server: SocketAddr,
    pub(super) path: String,
    /// Requests a second; none: a closed loop.
    pub(super) rate_per_s: Option<f64>,
    pub(super) connections: u32,
    pub(super) warmup: Duration,
    pub(super) duration: Duration,
    pub(super) core: usize,
    pub(super) fault: Fault,
}

impl Round {
    /// Runs, and tells `observer`. A round with errors proves nothing.
    pub(super) fn run(&self, stop: &Stop, observer: &mut dyn Observer) -> anyhow::Result<Outcome> {
        let outcome = run(&self.plan(), stop, observer)?;
        ensure!(outcome.ending == Ending::Complete, "a round did not end: {:?}", outcome.ending);
        let errors = outcome.figures.errors();
        let sample = errors.samples().first().map(|sample| sample.text.as_str());
        ensure!(
            errors.total() == 0,
            "a round had {} errors, such as: {}",
            errors.total(),
            sample.unwrap_or_default(),
        );
        Ok(outcome)
    }

    fn plan(&self) -> Plan {
        let load = match self.rate_per_s {
            None => Load::Closed,
            Some(rate) => Load::Open { rate_per_s: Some(rate), arrivals: Arrivals::Constant },
        };
        Plan {
            workload: Kind::Get,
            options: Options { path: Some(self.path.clone()), ..Options::default() },
            server: self.server,
            admin: self.server,
            admin_token: None,
            load,
            connections: Some(self.connections),
            depth: 1,
            workers: Workers { count: 1, processes: Processes::Never, cores: vec![self.core] },
            warmup: self.warmup,
            duration: self.duration,
            grace: Duration::from_secs(30),
            timeout: Duration::from_secs(30),
            seed: 1,
            tag: "proof".into(),
            names: Vec::new(),
            fault: self.fault,
        }
    }
}

/// The middle of values, or the mean of the two in the middle; 0 of none.
pub(super) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_in_the_middle() {
        for (values, middle) in
            [(&[][..], 0.0), (&[3.0], 3.0), (&[9.0, 1.0, 2.0], 2.0), (&[4.0, 1.0, 2.0, 9.0], 3.0)]
        {
            assert!((median(values) - middle).abs() < 1e-9);
        }
    }
}
