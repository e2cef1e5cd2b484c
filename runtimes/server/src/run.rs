//! `serve`.
use crate::load::Loaded;
use std::process::ExitCode;

/// Serves.
///
/// # Errors
/// If it cannot.
pub fn serve(_: Loaded) -> anyhow::Result<ExitCode> {
    anyhow::bail!("not yet")
}
