//! `resolve`: players in many hunts open treasures. Nearly every answer is a fresh claim, which
//! writes the leaderboard; a few are repeated, as clients that lost an answer repeat them.

use super::claims::{ClaimHunt, Claimer, Claims};
use super::job::{Job, Part};
use super::lane::{Lane, Pace};
use super::prepare::{Prepared, main_lane};
use super::treasures::{SUPPLY, TREASURES_MAX, Treasures};
use crate::outcome::Observer;
use crate::plan::Plan;
use crate::world::{NewHunt, World, WorldError};

const CONNECTIONS: u32 = 1_000;
const RATE_PER_S: f64 = 5_000.0;
const SESSIONS: u32 = 30_000;
/// Players of a hunt, where nothing else is said.
const PLAYERS_PER_HUNT: u32 = 1_000;
/// The share of claims that are repeated: half of them are claims of what the player has, half the
/// same request again.
pub(super) const AGAIN: f64 = 0.02;
/// More claims a second than a closed loop makes on one core.
const CLOSED_PER_S: f64 = 200_000.0;

const TREASURES: Treasures = Treasures { count: TREASURES_MAX };

pub(super) fn lanes(plan: &Plan) -> Result<Vec<Lane>, String> {
    let lane = main_lane("players", plan, CONNECTIONS, RATE_PER_S);
    sessions(plan, &lane, SESSIONS)?;
    Ok(vec![lane])
}

pub(super) fn prepare(
    plan: &Plan,
    lanes: &[Lane],
    world: &World,
    observer: &mut dyn Observer,
) -> Result<Prepared, WorldError> {
    let sessions = sessions(plan, &lanes[0], SESSIONS).unwrap_or(SESSIONS);
    let hunts = plan.options.hunts.unwrap_or(sessions.div_ceil(PLAYERS_PER_HUNT));
    let mut claims = cast(world, observer, "resolve", hunts, sessions, lanes[0].share.count)?;
    claims.again = AGAIN;
    let note = format!("{sessions} sessions in {} hunts, each opens every treasure once", hunts);
    let job = Job { lane: lanes[0].clone(), part: Part::Claims(claims) };
    Ok(Prepared { jobs: vec![job], notes: vec![note] })
}

/// How many players are needed, so that claims are fresh to the end: as many as asked for, or as
/// usual, or as the rate takes.
pub(super) fn sessions(plan: &Plan, lane: &Lane, usual: u32) -> Result<u32, String> {
    let rate_per_s = match lane.pace {
        Pace::Open { rate_per_s, .. } => rate_per_s,
        Pace::Closed => CLOSED_PER_S * f64::from(plan.workers.count.max(1)),
        Pace::Never => 0.0,
    };
    let seconds = (plan.warmup + plan.duration).as_secs_f64();
    // Connections do not use up their players evenly, and what is begun is not left unfinished.
    let claims = rate_per_s * seconds * 1.1;
    let needed = (claims / f64::from(TREASURES.count)).ceil().max(f64::from(lane.share.count));
    if needed > f64::from(SUPPLY) {
        let longest = f64::from(SUPPLY) * f64::from(TREASURES.count) / 1.1 / rate_per_s.max(1.0);
        return Err(format!(
            "fresh claims for {seconds:.0} s take {needed:.0} players, and {SUPPLY} can be; a lower \
             --rate, or --duration {longest:.0}s at the most"
        ));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 to SUPPLY, as was just looked at"
    )]
    let needed = needed as u32;
    match plan.options.sessions {
        None => Ok(usual.max(needed)),
        Some(given) if given >= needed => Ok(given.min(SUPPLY)),
        Some(given) if given < lane.share.count => Err(format!(
            "{} connections need as many players; --sessions {needed}, or fewer --connections",
            lane.share.count
        )),
        Some(given) => Err(format!(
            "{given} players have opened everything before {seconds:.0} s are over; --sessions \
             {needed}"
        )),
    }
}

/// Sets up hunts of one quest, and players that are spread over hunts and connections.
pub(super) fn cast(
    world: &World,
    observer: &mut dyn Observer,
    name: &str,
    hunts: u32,
    sessions: u32,
    connections: u32,
) -> Result<Claims, WorldError> {
    let hunts = hunts.clamp(1, sessions.max(1));
    observer.step(&format!("publishing a quest, starting {hunts} hunts"));
    let quest = world.id(name);
    world.publish(&[(quest.clone(), TREASURES.document(name))])?;
    let players = |hunt: u32| {
        let until = |hunt: u32| u64::from(sessions) * u64::from(hunt) / u64::from(hunts);
        u32::try_from(until(hunt + 1) - until(hunt)).expect("not more than all")
    };
    let ids: Vec<_> = (0..hunts).map(|hunt| world.id(&format!("{name}-{hunt}"))).collect();
    let new = ids.iter().zip(0..).map(|(id, hunt)| NewHunt {
        id: id.clone(),
        quest: quest.clone(),
        capacity: players(hunt).max(1),
    });
    world.start(&new.collect::<Vec<_>>())?;
    observer.step(&format!("{sessions} players join"));
    let joining = ids.iter().zip(0..).map(|(id, hunt)| (id.clone(), players(hunt)));
    let joined = world.join(&joining.collect::<Vec<_>>())?;
    let mut all: Vec<Vec<Claimer>> = (0..connections).map(|_| Vec::new()).collect();
    let claimers = joined.into_iter().zip(0..).flat_map(|(players, hunt)| {
        players.into_iter().map(move |player| Claimer {
            hunt,
            number: player.number,
            name: player.name,
            session: player.session,
        })
    });
    for (claimer, place) in claimers.zip((0..connections as usize).cycle()) {
        all[place].push(claimer);
    }
    let hunts = ids.into_iter().zip(0..);
    Ok(Claims {
        host: world.host(),
        hunts: hunts.map(|(id, hunt)| ClaimHunt { id, players: players(hunt) }).collect(),
        treasures: TREASURES,
        boards: 0.0,
        again: 0.0,
        players: all,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Arrivals;
    use crate::preflight::tests::plan;
    use std::time::Duration;

    fn needed(rate_per_s: f64, seconds: u64, given: Option<u32>) -> Result<u32, String> {
        let mut plan = plan();
        plan.duration = Duration::from_secs(seconds);
        plan.options.sessions = given;
        let pace = Pace::Open { rate_per_s, arrivals: Arrivals::Constant };
        sessions(&plan, &Lane::new("a", plan.server, 100, pace), 500)
    }

    #[test]
    fn there_are_players_enough_for_fresh_claims_to_the_end() {
        assert_eq!(needed(10.0, 10, None), Ok(500));
        assert_eq!(needed(100_000.0, 60, None), Ok(6_446));
        assert_eq!(needed(100_000.0, 60, Some(7_000)), Ok(7_000));
        assert_eq!(needed(10.0, 10, Some(100)), Ok(100));
    }

    #[test]
    fn too_few_players_are_refused_with_the_remedy() {
        assert!(needed(10.0, 10, Some(99)).unwrap_err().contains("--sessions 100"));
        assert!(needed(100_000.0, 60, Some(6_000)).unwrap_err().contains("--sessions 6446"));
        assert!(needed(100_000.0, 36_000, None).unwrap_err().contains("--duration 9309s"));
    }
}
