//! What a run is to do, as the command line or a program says it; nothing here is checked yet.

use crate::workload::Options;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::time::Duration;

/// A run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plan {
    /// What is asked, over which connections.
    pub workload: crate::workload::Kind,
    /// What the workload leaves open.
    pub options: Options,
    /// Where players go.
    pub server: SocketAddr,
    /// Where operators go.
    pub admin: SocketAddr,
    /// What operators show; workloads that set nothing up need none.
    pub admin_token: Option<String>,
    /// How requests arrive.
    pub load: Load,
    /// Connections of the main lane, on all workers together; the workload's own where none is
    /// given.
    pub connections: Option<u32>,
    /// Requests that one connection may have outstanding; 1: no pipelining.
    pub depth: u32,
    /// Who does it.
    pub workers: Workers,
    /// For how long requests are sent before they count.
    pub warmup: Duration,
    /// For how long they count.
    pub duration: Duration,
    /// For how long answers are waited for after that.
    pub grace: Duration,
    /// For how long one answer is waited for.
    pub timeout: Duration,
    /// Everything random comes from it.
    pub seed: u64,
    /// A part of all ids that the run makes, so that runs on one server do not meet.
    pub tag: String,
    /// Operations and metrics that somebody will look at: a workload that has not all of them is
    /// refused.
    #[serde(default)]
    pub names: Vec<String>,
    /// What the generator is made to do wrong, to prove that the proof finds it.
    pub fault: Fault,
}

/// How requests arrive.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Load {
    /// At a rate of their own, whatever the server does.
    Open {
        /// Requests a second on all workers together; the workload's own where none is given.
        rate_per_s: Option<f64>,
        /// The time between them.
        arrivals: Arrivals,
    },
    /// Each connection asks again when it has its answer: as fast as the server lets it.
    Closed,
}

/// The time between arrivals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Arrivals {
    /// Always the same.
    #[default]
    Constant,
    /// Exponentially distributed: as of many that do not know each other.
    Poisson,
}

/// Who sends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workers {
    /// How many; 0: as many as the connections need.
    pub count: u32,
    /// Each in a process of its own, with descriptors of its own.
    pub processes: Processes,
    /// The core of each, in turn; none: wherever the system puts them.
    pub cores: Vec<usize>,
}

/// Whether workers are processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Processes {
    /// Where one process has too few descriptors.
    #[default]
    WhereNeeded,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Part of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Connections are opened and begun.
    Connect,
    /// Requests are sent that do not count.
    Warmup,
    /// Requests count.
    Measured,
    /// No more become due; what is outstanding is waited for.
    Grace,
}

/// A way in which a generator can be wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// None.
    #[default]
    None,
    /// Latency is counted from when a request was sent, not from when it was meant to be.
    LatencyFromSend,
    /// A request that cannot be sent in time is left out.
    LateDropped,
    /// The end of an answer is when it has been checked, not when it was read.
    TimeAfterParse,
}
