//! `state`: players that move and use power-ups over WebSocket, each answer held against what the
//! player may be told.

use super::casting::Casting;
use super::job::{Job, Part};
use super::lane::Lane;
use super::prepare::{Prepared, main_lane};
use super::sockets::small_quest;
use super::updates::Updates;
use crate::messages::Encoding;
use crate::outcome::Observer;
use crate::plan::Plan;
use crate::quest_plan::{QuestPlan, Rules};
use crate::world::{World, WorldError};

const CONNECTIONS: u32 = 1_000;
const HUNTS: u32 = 100;
const RATE_PER_S: f64 = 10_000.0;
/// The share of power-ups in all messages.
const POWER_UPS: f64 = 0.1;

pub(super) fn lanes(plan: &Plan) -> Result<Vec<Lane>, String> {
    Ok(vec![main_lane("players", plan, CONNECTIONS, RATE_PER_S)])
}

pub(super) fn prepare(
    plan: &Plan,
    lanes: &[Lane],
    world: &World,
    observer: &mut dyn Observer,
) -> Result<Prepared, WorldError> {
    let casting = Casting {
        quests: vec![(world.id("q"), quest(plan.seed))],
        hunts: plan.options.hunts.unwrap_or(HUNTS).max(1),
        seats: lanes[0].share.count,
        room: 0,
    };
    let (hunts, seats) = casting.set_up(world, observer)?;
    let updates = Updates {
        encoding: plan.options.encoding.unwrap_or(Encoding::Protobuf),
        host: world.host(),
        power_ups: POWER_UPS,
        hunts,
        seats,
    };
    let job = Job { lane: lanes[0].clone(), part: Part::Updates(updates) };
    let note = format!("{} players in {} hunts", casting.seats, casting.hunts);
    Ok(Prepared { jobs: vec![job], notes: vec![note] })
}

/// Power-ups are short, cheap and many, so that most of them are used: each player has 765.
pub(super) fn quest(seed: u64) -> QuestPlan {
    let plan = small_quest(seed);
    let rules = Rules {
        energy_max: 1_000,
        energy_per_s: 100,
        power_up_energy: 10,
        power_up_ms: 100,
        start_power_ups: [255; 3],
        ..plan.rules
    };
    QuestPlan { rules, ..plan }
}
