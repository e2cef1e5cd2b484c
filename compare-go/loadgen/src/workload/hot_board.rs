//! `hot-board`: one hunt that everybody plays: all claims write one leaderboard, and some requests
//! look at it around the player.

use super::job::{Job, Part};
use super::lane::Lane;
use super::prepare::{Prepared, main_lane};
use super::resolve;
use crate::outcome::Observer;
use crate::plan::Plan;
use crate::world::{World, WorldError};

const CONNECTIONS: u32 = 1_000;
const RATE_PER_S: f64 = 5_000.0;
const SESSIONS: u32 = 10_000;
/// The share of requests that look at the leaderboard.
const BOARDS: f64 = 0.2;

pub(super) fn lanes(plan: &Plan) -> Result<Vec<Lane>, String> {
    let lane = main_lane("players", plan, CONNECTIONS, RATE_PER_S);
    resolve::sessions(plan, &lane, SESSIONS)?;
    match plan.options.hunts {
        None | Some(1) => Ok(vec![lane]),
        Some(_) => Err("hot-board has one hunt; resolve takes --hunts".into()),
    }
}

pub(super) fn prepare(
    plan: &Plan,
    lanes: &[Lane],
    world: &World,
    observer: &mut dyn Observer,
) -> Result<Prepared, WorldError> {
    let sessions = resolve::sessions(plan, &lanes[0], SESSIONS).unwrap_or(SESSIONS);
    let connections = lanes[0].share.count;
    let mut claims = resolve::cast(world, observer, "hot", 1, sessions, connections)?;
    claims.again = resolve::AGAIN;
    claims.boards = BOARDS;
    let job = Job { lane: lanes[0].clone(), part: Part::Claims(claims) };
    Ok(Prepared { jobs: vec![job], notes: vec![format!("{sessions} sessions in one hunt")] })
}
