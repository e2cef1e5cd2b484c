//! What one run of one workload came to.

use serde::{Deserialize, Serialize};

/// One run: a line of JSON between the process that ran and the one that reports.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Sample {
    /// What was done.
    pub workload: String,
    /// On which arena.
    pub arena: String,
    /// On which allocator, as the process saw it.
    pub allocator: String,
    /// Its version.
    pub version: String,
    /// What the run came to.
    pub run: Run,
}

/// What a workload measures.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Run {
    /// How many operations were timed.
    pub operations: u64,
    /// Nanoseconds of CPU that all of them took.
    pub cpu_ns: u64,
    /// Bytes that the arenas held after the churn; on `heap` those that were asked for.
    pub held_bytes: u64,
    /// By how much the resident memory had grown after the churn, with everything alive.
    pub resident_bytes: u64,
    /// By how much it had grown once everything was given back.
    pub left_bytes: u64,
}
