//! How each server is started for a load, and how the generator asks it: arguments, variables and
//! cores, equal in everything that is not what is compared.

use crate::bundle::environment::Cores;
use crate::bundle::run::CommandLine;
use crate::cell::{Cell, Server};
use crate::plan::Load;

/// The command line of a server. It prints `players: http://ADDRESS` and `admin: http://ADDRESS`
/// once it serves, on ports that are free.
#[must_use]
pub fn server(_server: Server, _program: &str, _load: &Load, _cores: &Cores) -> CommandLine {
    unimplemented!()
}

/// The command line of the generator but for addresses, which are known once the server runs.
#[must_use]
pub fn generator(
    _cell: Cell,
    _program: &str,
    _load: &Load,
    _rate_per_s: Option<f64>,
    _cores: &Cores,
) -> CommandLine {
    unimplemented!()
}
