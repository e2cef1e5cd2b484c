//! `slow-readers`: players that do not take what they are sent, beside ones that do.
//!
//! A server may leave frames out for a slow one and send a full frame later, or close with 1008; it
//! may not let the others wait. What counts is the delivery to the prompt ones.

use super::casting::Casting;
use super::job::{Job, Part};
use super::lane::{Lane, Pace, Reading};
use super::prepare::Prepared;
use super::sockets::small_quest;
use super::watchers::Watchers;
use crate::messages::Encoding;
use crate::outcome::Observer;
use crate::plan::Plan;
use crate::quest_plan::{QuestPlan, Rules};
use crate::world::{World, WorldError};
use std::time::Duration;

const CONNECTIONS: u32 = 1_000;
const HUNTS: u32 = 10;
/// The share of slow readers.
const SLOW: f64 = 0.2;
/// For how long the ones that stall read nothing. A frame has 4 KiB in JSON, so the buffers of the
/// system and of the server are full after four seconds: these get a full frame in place of those
/// that were left out.
const STALL: Duration = Duration::from_secs(6);
/// For how long they read then.
const READS: Duration = Duration::from_secs(2);
/// The stuck ones stall for twice as long and this: a server waits ten seconds for a peer to take
/// anything, from when the system's buffers are full after two, and two more for it to take the
/// end.
const LONGER: Duration = Duration::from_millis(500);

pub(super) fn lanes(plan: &Plan) -> Result<Vec<Lane>, String> {
    let all = plan.connections.unwrap_or(CONNECTIONS);
    let share = plan.options.slow.unwrap_or(SLOW);
    if !(0.0..=1.0).contains(&share) {
        return Err(format!("the share of slow readers is 0 to 1, not {share}"));
    }
    let slow = part(all, share);
    let stuck = slow / 2;
    let stall = plan.options.stall.unwrap_or(STALL);
    let stalling = |stalls| Reading::Stalling { stalls, reads: READS };
    let lane = |name, count| Lane::new(name, plan.server, count, Pace::Never);
    Ok(vec![
        lane("prompt", all - slow),
        Lane { reading: stalling(stall), ..lane("stalling", slow - stuck) },
        Lane { reading: stalling(2 * stall + LONGER), ..lane("stuck", stuck) },
    ])
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
fn part(all: u32, share: f64) -> u32 {
    (f64::from(all) * share).round() as u32
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
        seats: lanes.iter().map(|lane| lane.share.count).sum(),
        room: 0,
    };
    let (hunts, seats) = casting.set_up(world, observer)?;
    // Every hunt has readers of all kinds: those that sit next to each other differ.
    let mut seats: Vec<_> = seats.into_iter().collect();
    fastrand::Rng::with_seed(plan.seed).shuffle(&mut seats);
    let jobs = lanes.iter().map(|lane| {
        let mut seats = seats.split_off(seats.len() - lane.share.count as usize);
        seats.sort_by_key(|seat| seat.hunt);
        let watchers = Watchers {
            encoding: plan.options.encoding.unwrap_or(Encoding::Json),
            slow: lane.reading != Reading::AtOnce,
            host: world.host(),
            hunts: hunts.clone(),
            seats,
        };
        Job { lane: lane.clone(), part: Part::Watchers(watchers) }
    });
    let note = format!("{} readers of {} hunts", casting.seats, casting.hunts);
    Ok(Prepared { jobs: jobs.collect(), notes: vec![note] })
}

/// Frames are as large as they can be, so that buffers fill: 64 waypoints in play.
fn quest(seed: u64) -> QuestPlan {
    let plan = small_quest(seed);
    let rules = Rules { waypoints_in_play: 64, ..plan.rules };
    QuestPlan { rules, ..plan }
}
