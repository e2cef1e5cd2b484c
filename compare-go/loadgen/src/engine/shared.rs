//! What all lanes of an engine share.

use super::conn::Place;
use super::meter::Calls;
use crate::clock::Nanos;
use crate::plan::Fault;
use crate::workload::{Counting, Exhausted};
use rustix::event::epoll::{self, CreateFlags, EventFlags};
use rustix::io::Result;
use socket2::Socket;
use std::os::fd::OwnedFd;

/// The most bytes that are read at once.
const READ_BYTES: usize = 64 * 1024;

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) epoll: OwnedFd,
    /// What was read.
    pub(super) read: Box<[u8]>,
    /// What is to be sent.
    pub(super) out: Vec<u8>,
    /// From when on and what counts; `read_at` and `opening` are each connection's.
    pub(super) counting: Counting,
    pub(super) fault: Fault,
    pub(super) timeout_ns: u64,
    pub(super) calls: Calls,
    /// Whether connections of a closed loop ask again.
    pub(super) asks: bool,
    /// Why a lane has nothing more to ask, if one has not.
    pub(super) exhausted: Option<Exhausted>,
    /// Attempts to connect that failed since one succeeded, and when the first of them was.
    pub(super) failures: (u32, Nanos),
    /// Connections that are being made.
    pub(super) connecting: u32,
}

impl Shared {
    pub(super) fn new(fault: Fault, timeout_ns: u64) -> Result<Self> {
        let counting = Counting {
            read_at: Nanos(0),
            from: Nanos(0),
            pushes: true,
            time_after_parse: fault == Fault::TimeAfterParse,
            opening: false,
        };
        Ok(Self {
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
            read: vec![0; READ_BYTES].into(),
            out: Vec::new(),
            counting,
            fault,
            timeout_ns,
            calls: Calls::default(),
            asks: false,
            exhausted: None,
            failures: (0, Nanos(0)),
            connecting: 0,
        })
    }

    /// Has a new socket watched.
    pub(super) fn watch(&self, socket: &Socket, place: Place, flags: EventFlags) -> Result<()> {
        epoll::add(&self.epoll, socket, place.data(), flags)
    }

    /// Has a socket watched for something else.
    pub(super) fn rewatch(&self, socket: &Socket, place: Place, flags: EventFlags) -> Result<()> {
        epoll::modify(&self.epoll, socket, place.data(), flags)
    }

    /// Notes that a connection was made.
    pub(super) fn connected(&mut self) {
        self.failures = (0, Nanos(0));
    }

    /// Notes that one could not be made.
    pub(super) fn not_connected(&mut self, now: Nanos) {
        if self.failures.0 == 0 {
            self.failures.1 = now;
        }
        self.failures.0 = self.failures.0.saturating_add(1);
    }
}
