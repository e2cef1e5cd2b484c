//! What a run gives: its figures, second by second and as a whole, and how it ended.

use crate::figures::{Figures, Second};
use crate::plan::Phase;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    /// As planned.
    Complete,
    /// Somebody asked for it.
    Interrupted,
    /// No connection could be had any more.
    ServerGone,
    /// The workload had nothing more to ask; the text has the remedy.
    Exhausted(String),
    /// A worker ended by itself.
    WorkerLost(String),
}

/// A run that has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// What counts.
    pub figures: Figures,
    /// What was counted before it counted.
    pub warmup: Figures,
    /// Second by second, the warm-up and the grace included.
    pub seconds: Vec<Second>,
    /// Requests a second that were meant to be sent; none in a closed loop.
    pub rate_per_s: Option<f64>,
    /// The time that counts: as planned, or shorter where the run ended early.
    pub measured: Duration,
    /// Connections on all workers, by lane.
    pub connections: Vec<(String, u32)>,
    /// How it ended.
    pub ending: Ending,
    /// What the workload says of itself: one line each.
    pub notes: Vec<String>,
}

/// How far a run is.
#[derive(Clone, Debug)]
pub struct Snapshot<'a> {
    /// The part of the run.
    pub phase: Phase,
    /// The time since the phase began.
    pub elapsed: Duration,
    /// How long the phase is; none where that is not known.
    pub length: Option<Duration>,
    /// Connections that are ready, and how many there are to be.
    pub ready: (u64, u64),
    /// The latest second.
    pub second: Option<&'a Second>,
    /// What counts so far.
    pub figures: &'a Figures,
}

/// A moment of a run that others wait for, told when it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The world is set up and so many connections are open; nothing was asked yet.
    Connected(u64),
    /// The warm-up begins.
    Warmup,
    /// What is asked from here on counts.
    Measured,
    /// Nothing more becomes due.
    Grace,
    /// Every worker has ended.
    End,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected(connections) => write!(f, "connected {connections}"),
            Self::Warmup => f.write_str("warmup"),
            Self::Measured => f.write_str("measured"),
            Self::Grace => f.write_str("grace"),
            Self::End => f.write_str("end"),
        }
    }
}

/// Who is told of a run while it goes on. All methods are called on the thread that called `run`.
pub trait Observer {
    /// Setting up has come to a step: publishing, joining, connecting.
    fn step(&mut self, text: &str) {
        let _ = text;
    }

    /// A second is over, or more connections are ready.
    fn snapshot(&mut self, snapshot: &Snapshot<'_>) {
        let _ = snapshot;
    }

    /// A part of the run begins now.
    fn mark(&mut self, mark: Mark) {
        let _ = mark;
    }
}

/// Nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {}
