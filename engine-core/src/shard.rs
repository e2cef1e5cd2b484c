//! A shard owns the connections of one worker; every input and output passes here.

use crate::arena::Arena;
use crate::figures::ShardFigures;
use crate::limits::Limits;
use crate::seam::{Applied, ConnId, Listener, Output, WorkerId};
use crate::service::Service;
use crate::time::Timestamp;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// The connections of one worker. `Send`, never shared.
#[derive(Debug)]
pub struct Shard<A: Arena, S: Service> {
    scratch: A,
    service: S,
    limits: Arc<Limits>,
    worker: WorkerId,
    figures: ShardFigures,
}

impl<A: Arena, S: Service> Shard<A, S> {
    /// A shard without connections.
    pub fn new(worker: WorkerId, limits: Arc<Limits>, scratch: A, service: S) -> Self {
        Self { scratch, service, limits, worker, figures: ShardFigures::default() }
    }

    /// A connection was accepted. `None`: `connections_max` is reached.
    pub fn open(&mut self, now: Timestamp, listener: Listener) -> Option<ConnId> {
        let _ = (now, listener);
        None
    }

    /// Bytes arrived. Returns how many were consumed; the caller keeps the rest and offers it
    /// again, with what follows it.
    pub fn receive(&mut self, now: Timestamp, id: ConnId, bytes: &mut [u8]) -> usize {
        let _ = (now, id, &self.service, &self.limits, self.worker, &self.scratch);
        bytes.len()
    }

    /// The write of a `Transmit` finished; the buffer comes back for reuse.
    pub fn sent(&mut self, now: Timestamp, id: ConnId, buf: Vec<u8>) {
        let _ = (now, id, buf);
    }

    /// The connection ended: end of stream, or an error.
    pub fn closed(&mut self, now: Timestamp, id: ConnId) {
        let _ = (now, id);
    }

    /// The store has answered, or another worker has published.
    pub fn applied(&mut self, now: Timestamp, batch: &Applied) {
        let _ = (now, batch);
    }

    /// Time has passed; called every few milliseconds, drives every time-out.
    pub fn tick(&mut self, now: Timestamp) {
        let _ = now;
    }

    /// What is to be done next; `None` when nothing is.
    pub fn poll_output(&mut self) -> Option<Output> {
        None
    }

    /// False: do not issue the next read. [`Output::Resume`] says when it is true again.
    #[must_use]
    pub fn wants_read(&self, id: ConnId) -> bool {
        let _ = id;
        true
    }

    /// The server ends: answer what was received, tell every WebSocket peer 1001, paced from now
    /// to `until`, and close what is idle at `until`.
    pub fn drain(&mut self, now: Timestamp, until: Timestamp) {
        let _ = (now, until);
    }

    /// Connections open now.
    #[must_use]
    pub fn connections(&self) -> usize {
        0
    }

    /// What was done so far.
    #[must_use]
    pub fn figures(&self) -> &ShardFigures {
        &self.figures
    }
}

/// What a connection gets that is too many: write it, then close.
pub const CONNECTIONS_FULL: &[u8] = b"";
