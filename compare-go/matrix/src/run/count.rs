//! Short runs beside the measured one, in which what would disturb it is counted: system calls, and
//! what is asked of the allocator.

use crate::bundle::environment::Cores;
use crate::bundle::observed::Observed;
use crate::bundle::run::{Allocations, Counted};
use crate::run::interrupt::Stop;
use crate::run::measure::Asked;
use crate::run::programs::Programs;
use std::path::Path;

/// Counts both under the load of a run, with a rate that nobody is saturated by.
///
/// # Errors
/// If it was to stop.
pub fn count(
    _top: &Path,
    _asked: &Asked<'_>,
    _programs: &Programs,
    _cores: &Cores,
    _stop: &Stop,
) -> anyhow::Result<(Observed<Counted>, Observed<Allocations>)> {
    unimplemented!()
}
