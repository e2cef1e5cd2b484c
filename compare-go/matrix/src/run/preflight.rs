//! What would spoil a run, found before the first round: each with its remedy.

use crate::bundle::environment::Cores;
use crate::plan::Plan;
use std::path::Path;

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
    /// Whether nothing can be measured so; otherwise figures would be doubtful.
    pub fatal: bool,
}

/// Which cores servers and the generator have: those that were asked for, or a good choice.
///
/// # Errors
/// If there are too few, or they overlap.
pub fn cores(_server: Option<&[u32]>, _generator: Option<&[u32]>) -> Result<Cores, String> {
    unimplemented!()
}

/// Looks for what is wrong.
#[must_use]
pub fn faults(_top: &Path, _plan: &Plan, _cores: &Cores) -> Vec<Fault> {
    unimplemented!()
}
