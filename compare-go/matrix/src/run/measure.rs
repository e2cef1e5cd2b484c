//! One run: a fresh server, the generator against it, and what both used.

use crate::bundle::environment::Cores;
use crate::bundle::run::{Purpose, Run};
use crate::plan::{Load, Step};
use crate::run::interrupt::Stop;
use crate::run::programs::Programs;
use std::path::Path;

/// What is run.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// The number of the step, from 0.
    pub index: u32,
    /// The step.
    pub step: Step,
    /// Which run of it, from 1.
    pub attempt: u32,
    /// What for.
    pub purpose: Purpose,
    /// The load of its workload.
    pub load: &'a Load,
    /// The rate that is offered; none in a closed loop.
    pub offered_per_s: Option<f64>,
    /// The number of the proof that it rests on.
    pub proof: u32,
}

/// Does it. Whatever goes wrong with the server or the generator is a failure that the run records.
///
/// # Errors
/// If it was to stop.
pub fn measure(
    _top: &Path,
    _asked: &Asked<'_>,
    _programs: &Programs,
    _cores: &Cores,
    _stop: &Stop,
) -> anyhow::Result<Run> {
    unimplemented!()
}
