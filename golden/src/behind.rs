//! The game behind an HTTP library of Rust: the peers of the floor, built on demand.
//!
//! Owns which there are, and how their program is built. What is not out of date is not built
//! again: cargo sees to that.

use crate::go::target;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A library behind which the game is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Web {
    /// hyper, with tungstenite.
    Hyper,
    /// axum.
    Axum,
}

/// Why the program is not there.
#[derive(Debug, thiserror::Error)]
#[error(
    "floor, which serves {web}, does not build: {said}\nbuild it with `cargo build --package \
     floor`, and name it with --program"
)]
pub struct NotBuilt {
    web: &'static str,
    said: String,
}

impl Web {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Hyper, Self::Axum];

    /// Its name on the command line, and the `--peer` of the program.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hyper => "hyper",
            Self::Axum => "axum",
        }
    }
}

/// The folder of the package, where the list of differences is.
#[must_use]
pub fn package() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtimes/floor")
}

/// Builds the program in the profile of this one, and returns where it is.
///
/// # Errors
/// If there is no cargo, or the package does not compile.
pub fn build(web: Web) -> Result<PathBuf, NotBuilt> {
    let (profile, folder) =
        if cfg!(debug_assertions) { ("dev", "debug") } else { ("release", "release") };
    let target = target();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--quiet", "--package", "floor", "--bin", "floor", "--profile", profile])
        .arg("--target-dir")
        .arg(&target)
        .current_dir(package())
        .output();
    let said = match output {
        Ok(output) if output.status.success() => return Ok(target.join(folder).join("floor")),
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Err(error) => format!("cargo does not start: {error}"),
    };
    Err(NotBuilt { web: web.name(), said })
}
