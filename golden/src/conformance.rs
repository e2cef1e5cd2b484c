//! Starts the conformance application on a backend, in this process.

use crate::echo::{self, Echo};
use alloc_heap::HeapArena;
use anyhow::{Result, anyhow};
use backends::Backend;
use driver::store::Memory;
use driver::{Control, Node, Observer, Setup};
use engine_core::arena::{Arena, ArenaMeters};
use engine_core::error::Problem;
use engine_core::game::hash::Seed;
use engine_core::seam::{Observe, Reply};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

/// A conformance server that runs.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    control: Control,
    thread: JoinHandle<io::Result<()>>,
}

struct Nothing;

impl Observer for Nothing {
    fn observe(&self, _: Observe) -> Reply {
        Reply::Refused(Problem::UnknownPath.into())
    }
}

impl Server {
    /// Starts it; port 0 takes any free port.
    ///
    /// # Errors
    /// If the backend cannot start here, or the address cannot be had.
    pub fn start(backend: Backend, listen: SocketAddr) -> Result<Self> {
        backend.probe()?;
        let limits = Arc::new(echo::limits());
        let meters = ArenaMeters::default();
        let workers = std::thread::available_parallelism()?.get();
        let control = Control::new(workers);
        let store = Memory::<HeapArena>::new(workers, Seed(1), meters.clone(), limits.clone());
        let setup = Setup {
            limits,
            control: control.clone(),
            store: Arc::new(store),
            observer: Arc::new(Nothing),
            arena: Box::new(move || HeapArena::new(meters.scratch.clone())),
            service: Box::new(|_| Echo),
        };
        let listeners = if backend.is_per_core() { workers } else { 1 };
        let public = driver::net::listen_shared(listen, listeners)?;
        let address = public[0].local_addr()?;
        let node = Node { setup, public, admin: None, pin: false, private_descriptors: false };
        let thread = std::thread::spawn(move || backend.serve(node));
        Ok(Self { address, control, thread })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it.
    ///
    /// # Errors
    /// If it failed while it ran.
    pub fn stop(self) -> Result<()> {
        self.control.drain(0);
        self.wait()
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// If it failed while it ran.
    pub fn wait(self) -> Result<()> {
        self.thread.join().map_err(|_| anyhow!("the server panicked"))??;
        Ok(())
    }
}
