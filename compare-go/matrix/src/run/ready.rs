//! What a server must show before it is measured: that it plays the game.

use crate::bundle::environment::Cores;
use crate::bundle::server::ServerRecord;
use crate::cell::Server;
use crate::plan::Extent;
use crate::run::interrupt::Stop;
use crate::run::programs::Programs;
use crate::run::show::Show;
use std::path::Path;

/// Looks at a server: transcripts, size, start-up. One that fails is left out, with the reason.
///
/// # Errors
/// If it was to stop.
pub fn ready(
    _top: &Path,
    _server: Server,
    _extent: Extent,
    _programs: &Programs,
    _cores: &Cores,
    _show: &mut dyn Show,
    _stop: &Stop,
) -> anyhow::Result<ServerRecord> {
    unimplemented!()
}
