//! The generator's proof of itself, without which no run counts.

use crate::bundle::environment::Cores;
use crate::bundle::run::Proof;
use crate::plan::Extent;
use crate::run::interrupt::Stop;
use crate::run::programs::Program;
use crate::run::show::Show;
use std::path::Path;

/// Runs `hunt-load prove`.
///
/// # Errors
/// If it cannot be run, or it was to stop.
pub fn prove(
    _top: &Path,
    _generator: &Program,
    _number: u32,
    _extent: Extent,
    _cores: &Cores,
    _show: &mut dyn Show,
    _stop: &Stop,
) -> anyhow::Result<Proof> {
    unimplemented!()
}

/// Whether another proof may come out otherwise.
#[must_use]
pub fn again(_proof: &Proof) -> bool {
    unimplemented!()
}
