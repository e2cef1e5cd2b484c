//! What the machine is, looked at before the first round.

use crate::bundle::environment::{Cores, Environment};
use std::path::Path;

/// Collects it.
#[must_use]
pub fn environment(_top: &Path, _cores: Cores) -> Environment {
    unimplemented!()
}
