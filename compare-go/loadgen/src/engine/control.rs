//! What goes into an engine while it runs, and what comes out.

use crate::clock::Nanos;
use crate::figures::Figures;
use crate::outcome::Ending;
use crate::plan::Phase;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What is told to an engine, from any thread.
#[derive(Debug, Default)]
pub struct Control {
    start_at: AtomicU64,
    stop: AtomicBool,
    abort: AtomicBool,
}

impl Control {
    /// All engines begin at this time.
    pub fn start_at(&self, at: Nanos) {
        self.start_at.store(at.0, Ordering::Release);
    }

    /// Nothing more becomes due; what is outstanding is waited for, shortly.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }

    /// Nothing is waited for.
    pub fn abort(&self) {
        self.stop();
        self.abort.store(true, Ordering::Release);
    }

    pub(super) fn start(&self) -> Option<Nanos> {
        match self.start_at.load(Ordering::Acquire) {
            0 => None,
            at => Some(Nanos(at)),
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    pub(super) fn is_aborted(&self) -> bool {
        self.abort.load(Ordering::Acquire)
    }
}

/// What an engine tells.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Report {
    /// How many connections are ready, of how many.
    Ready {
        /// Those that are.
        ready: u64,
        /// All of them.
        total: u64,
    },
    /// All are: it waits for the start.
    Connected,
    /// An interval is over.
    Interval(Interval),
    /// It has ended.
    Ended(End),
}

/// A second, or what there was of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Interval {
    /// The part of the run in which it lies.
    pub phase: Phase,
    /// Its number in that phase.
    pub index: u32,
    /// How long it was.
    pub length_ns: u64,
    /// What was counted in it.
    pub figures: Figures,
    /// Requests that were due and not sent at its end.
    pub backlog: u64,
}

/// How an engine ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// The run ended so.
    Run(Ending),
    /// It never began: connections could not be made. The text says why.
    NotConnected(String),
    /// The system refused what an engine needs.
    Failed(String),
}
