//! From a plan to jobs: first the lanes, of which it can be said whether they can be had; then the
//! world, and what is said on each lane.

use super::Kind;
use super::job::Job;
use super::lane::{Lane, Pace};
use crate::outcome::Observer;
use crate::plan::{Load, Plan};
use crate::world::{World, WorldError};

/// A workload that can begin.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// Its lanes, and what is said on them.
    pub jobs: Vec<Job>,
    /// What it says of itself, in a line each.
    pub notes: Vec<String>,
}

/// The lanes of a plan's workload.
///
/// # Errors
/// If the workload cannot be as large as it would have to be, with the remedy.
pub fn lanes(plan: &Plan) -> Result<Vec<Lane>, String> {
    match plan.workload {
        Kind::Get => super::get::lanes(plan),
        Kind::Loot => super::loot::lanes(plan),
        Kind::Resolve => super::resolve::lanes(plan),
        Kind::HotBoard => super::hot_board::lanes(plan),
        Kind::ReconnectStorm => super::reconnect_storm::lanes(plan),
        Kind::Sockets => super::sockets::lanes(plan),
        Kind::State => super::state::lanes(plan),
        Kind::Quests => super::quests::lanes(plan),
        Kind::SlowReaders => super::slow_readers::lanes(plan),
        Kind::Mixed => super::mixed::lanes(plan),
    }
}

/// Sets the world up, and says what is said on each of the lanes.
///
/// # Errors
/// If the server does not let it.
pub fn prepare(
    plan: &Plan,
    lanes: &[Lane],
    world: &World,
    observer: &mut dyn Observer,
) -> Result<Prepared, WorldError> {
    match plan.workload {
        Kind::Get => Ok(super::get::prepare(plan, lanes, world)),
        Kind::Loot => super::loot::prepare(plan, lanes, world, observer),
        Kind::Resolve => super::resolve::prepare(plan, lanes, world, observer),
        Kind::HotBoard => super::hot_board::prepare(plan, lanes, world, observer),
        Kind::ReconnectStorm => super::reconnect_storm::prepare(plan, lanes, world, observer),
        Kind::Sockets => super::sockets::prepare(plan, lanes, world, observer),
        Kind::State => super::state::prepare(plan, lanes, world, observer),
        Kind::Quests => super::quests::prepare(plan, lanes, world, observer),
        Kind::SlowReaders => super::slow_readers::prepare(plan, lanes, world, observer),
        Kind::Mixed => super::mixed::prepare(plan, lanes, world, observer),
    }
}

/// The lane that the plan's connections, load and depth are about.
pub(super) fn main_lane(name: &str, plan: &Plan, connections: u32, rate_per_s: f64) -> Lane {
    let pace = match plan.load {
        Load::Closed => Pace::Closed,
        Load::Open { rate_per_s: given, arrivals } => {
            Pace::Open { rate_per_s: given.unwrap_or(rate_per_s), arrivals }
        }
    };
    let connections = plan.connections.unwrap_or(connections);
    Lane { depth: plan.depth, ..Lane::new(name, plan.server, connections, pace) }
}
