//! What the system and the server itself tell while a run goes on.

use crate::bundle::environment::Cores;
use crate::bundle::observed::Observed;
use crate::bundle::run::{Allocator, Machine, Pauses, Resident, Scraped, Series, Span};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Whom it watches, each with the processes that it started.
#[derive(Clone, Copy, Debug)]
pub struct Watched {
    /// The server's process.
    pub server: u32,
    /// Its admin listener, where it has one.
    pub admin: SocketAddr,
    /// The generator's process.
    pub generator: u32,
}

/// Watches a run: a thread of its own on the generator's cores that looks now and then.
#[derive(Debug)]
pub struct Observer {}

/// What was observed.
#[derive(Clone, Debug)]
pub struct Observations {
    /// The allocator of the server, as the process itself saw it.
    pub allocator: Observed<Allocator>,
    /// The server's counters over the counted time.
    pub server: Span,
    /// The generator's counters over the counted time.
    pub load: Span,
    /// Resident memory of the server.
    pub resident: Resident,
    /// How long what could run waited for its turn.
    pub scheduling: Observed<Pauses>,
    /// How long collecting garbage stopped the program.
    pub collections: Observed<Pauses>,
    /// Series of the server's own metrics.
    pub scraped: BTreeMap<String, Scraped>,
    /// What was observed in each interval.
    pub series: Series,
    /// The machine over the counted time.
    pub machine: Machine,
}

impl Observer {
    /// Begins: the server serves, nobody is connected.
    ///
    /// # Errors
    /// If a process is gone.
    pub fn start(_watched: Watched, _cores: &Cores) -> anyhow::Result<Self> {
        unimplemented!()
    }

    /// Everybody is connected, nobody has asked yet: the warm-up begins.
    pub fn connected(&mut self, _connections: u64) {
        unimplemented!()
    }

    /// The counted time begins.
    ///
    /// # Errors
    /// If a process is gone.
    pub fn begin(&mut self) -> anyhow::Result<()> {
        unimplemented!()
    }

    /// The counted time ends.
    ///
    /// # Errors
    /// If a process is gone.
    pub fn end(&mut self) -> anyhow::Result<()> {
        unimplemented!()
    }

    /// What was observed.
    ///
    /// # Errors
    /// If the counted time has not begun and ended.
    pub fn finish(self) -> anyhow::Result<Observations> {
        unimplemented!()
    }
}
