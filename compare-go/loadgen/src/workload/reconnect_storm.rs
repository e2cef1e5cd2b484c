//! `reconnect-storm`: every request has a connection of its own, which is made when the request is
//! due and closed when it is answered. Its latency has the connection in it.

use super::lane::{Lane, Life};
use super::loot;
use super::prepare::{Prepared, main_lane};
use crate::outcome::Observer;
use crate::plan::Plan;
use crate::world::{World, WorldError};

/// Connections that can be under way at once.
const CONNECTIONS: u32 = 1_000;
const RATE_PER_S: f64 = 1_000.0;

pub(super) fn lanes(plan: &Plan) -> Result<Vec<Lane>, String> {
    if plan.depth > 1 {
        return Err("a connection for one request has nothing to pipeline; --pipeline 1".into());
    }
    let lane = main_lane("storm", plan, CONNECTIONS, RATE_PER_S);
    Ok(vec![Lane { life: Life::OneRequest, ..lane }])
}

pub(super) fn prepare(
    plan: &Plan,
    lanes: &[Lane],
    world: &World,
    observer: &mut dyn Observer,
) -> Result<Prepared, WorldError> {
    loot::prepare(plan, lanes, world, observer)
}
