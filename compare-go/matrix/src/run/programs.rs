//! The programs of a plan, built once each.

use crate::bundle::observed::Observed;
use crate::bundle::run::CommandLine;
use crate::cell::Server;
use crate::run::interrupt::Stop;
use crate::run::show::Show;
use std::path::Path;

/// A program that was built. Paths are those from the top of the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Where it lies.
    pub path: String,
    /// How it was built.
    pub build: CommandLine,
    /// Its SHA-256.
    pub sha256: String,
    /// Its size as it was built, in bytes.
    pub bytes: u64,
    /// Its size with symbols stripped, in bytes.
    pub stripped_bytes: Observed<u64>,
}

/// All of them.
#[derive(Debug)]
pub struct Programs {}

impl Programs {
    /// Builds what these servers need, and the generator and `golden`.
    ///
    /// # Errors
    /// If something that every plan needs cannot be built, or it was to stop.
    pub fn build(
        _top: &Path,
        _servers: &[Server],
        _show: &mut dyn Show,
        _stop: &Stop,
    ) -> anyhow::Result<Self> {
        unimplemented!()
    }

    /// The program of a server.
    ///
    /// # Errors
    /// Why there is none: no Go, a build that failed.
    pub fn server(&self, _server: Server) -> Result<&Program, String> {
        unimplemented!()
    }

    /// The program of a server that counts what it asks of its allocator; Go's counts by itself.
    ///
    /// # Errors
    /// Why there is none.
    pub fn counting(&self, _server: Server) -> Result<&Program, String> {
        unimplemented!()
    }

    /// `hunt-load`.
    #[must_use]
    pub fn generator(&self) -> &Program {
        unimplemented!()
    }

    /// `golden`.
    #[must_use]
    pub fn golden(&self) -> &Program {
        unimplemented!()
    }
}
