//! `sockets`: a mass of WebSocket players that say nothing, and `hunt-status` beside it.
//!
//! A WebSocket player of this game is never quite idle: every tick, its hunt sends it a frame. Each
//! frame of the mass is held against its quest and its time.

use super::casting::Casting;
use super::hunt_status::HuntStatus;
use super::job::{Job, Part};
use super::lane::{Lane, Pace};
use super::prepare::{Prepared, main_lane};
use super::watchers::Watchers;
use crate::messages::Encoding;
use crate::outcome::Observer;
use crate::plan::Plan;
use crate::quest_plan::{QuestPlan, Rules};
use crate::world::{World, WorldError};

const SOCKETS: u32 = 30_000;
const HUNTS: u32 = 300;
const STATUS_CONNECTIONS: u32 = 64;
const STATUS_RATE_PER_S: f64 = 1_000.0;
/// Rounds last for a day.
pub(super) const DAY_MS: u32 = 86_400_000;

pub(super) fn lanes(plan: &Plan) -> Result<Vec<Lane>, String> {
    let sockets = plan.connections.unwrap_or(SOCKETS);
    let status = main_lane("status", plan, STATUS_CONNECTIONS, STATUS_RATE_PER_S);
    let status = Lane::new("status", plan.server, STATUS_CONNECTIONS, status.pace);
    let sockets = Lane::new("sockets", plan.server, sockets, Pace::Never);
    Ok(vec![sockets, Lane { depth: plan.depth, ..status }])
}

pub(super) fn prepare(
    plan: &Plan,
    lanes: &[Lane],
    world: &World,
    observer: &mut dyn Observer,
) -> Result<Prepared, WorldError> {
    let casting = Casting {
        quests: vec![(world.id("q"), small_quest(plan.seed))],
        hunts: plan.options.hunts.unwrap_or(HUNTS).max(1),
        seats: lanes[0].share.count,
        room: 0,
    };
    let (hunts, seats) = casting.set_up(world, observer)?;
    let note = format!(
        "{} sockets watch {} hunts: {:.0} frames a second",
        casting.seats,
        casting.hunts,
        f64::from(casting.seats) / 0.15
    );
    let watchers = Watchers {
        encoding: plan.options.encoding.unwrap_or(Encoding::Protobuf),
        slow: false,
        host: world.host(),
        hunts: hunts.clone(),
        seats,
    };
    let parts =
        [Part::Watchers(watchers), Part::HuntStatus(HuntStatus { host: world.host(), hunts })];
    let jobs = lanes.iter().cloned().zip(parts).map(|(lane, part)| Job { lane, part });
    Ok(Prepared { jobs: jobs.collect(), notes: vec![note] })
}

/// A quest of ordinary size whose rounds outlast any run.
pub(super) fn small_quest(seed: u64) -> QuestPlan {
    let rules = Rules { duration_ms: DAY_MS, ..Rules::default() };
    QuestPlan { seed, edition: 0, waypoints: 200, treasures: 40, supply: 1_000_000, rules }
}
