//! What is measured, how often and in which order: decided before the first round, and recorded.
//!
//! A plan is a list of steps. What was done of it is told by the runs of the bundle, so that an
//! interrupted run goes on with the first step that has none.

pub mod estimate;
pub mod filter;
pub mod loads;
pub mod make;
pub mod progress;
pub mod search;

pub use filter::Filter;

use crate::cell::{Cell, Server, Workload};
use crate::slo::Slo;
use crate::words::words;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

words! {
    /// One of an A/A pair: the same cell, measured twice in each round as if it were two.
    pub enum Twin("twin") {
        /// The one.
        A = "a",
        /// The other.
        B = "b",
    }
}

words! {
    /// How much is measured.
    pub enum Extent("extent") {
        /// A first look, in minutes.
        Quick = "quick",
        /// What decisions are made on.
        Normal = "normal",
        /// Every server under every workload.
        Full = "full",
    }
}

/// What is measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// How much of it.
    pub extent: Extent,
    /// The filters of cells, as they were given; empty where nothing was left out.
    pub filters: Vec<String>,
    /// The order of steps follows from it.
    pub seed: u64,
    /// How often everything is measured.
    pub rounds: u32,
    /// The servers, in the order of tables.
    pub servers: Vec<Server>,
    /// The load of each workload.
    pub loads: BTreeMap<Workload, Load>,
    /// The cells that are measured twice in each round, to tell how much is noise.
    pub twins: Vec<Cell>,
    /// The steps, in the order in which they are made.
    pub steps: Vec<Step>,
}

/// The load of a workload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// Units of work a second; none in a closed loop.
    pub rate_per_s: Option<f64>,
    /// Connections that ask.
    pub connections: u32,
    /// Players of the world.
    pub sessions: u32,
    /// For how long it does not count, in ms.
    pub warm_up_ms: u64,
    /// For how long it counts, in ms.
    pub counted_ms: u64,
}

/// One thing to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// In which round, from 1.
    pub round: u32,
    /// Of what.
    pub cell: Cell,
    /// Which of an A/A pair, where it is one.
    pub twin: Option<Twin>,
    /// What.
    pub task: Task,
}

/// What is done of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// The load of its workload, in one run.
    Measure,
    /// A search for the highest rate that keeps a promise, in several runs.
    Capacity(Slo),
}
