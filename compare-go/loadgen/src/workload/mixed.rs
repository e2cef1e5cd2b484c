//! `mixed`: what a busy evening has, side by side: players who join, open treasures, move and look
//! at loot and leaderboards, operators who look at hunts, and many who only watch.

use super::casting::Casting;
use super::hunt_status::HuntStatus;
use super::job::{Job, Part};
use super::joins::Joins;
use super::lane::{Lane, Pace};
use super::prepare::{Prepared, main_lane};
use super::updates::Updates;
use super::watchers::Watchers;
use super::{loot, resolve, state};
use crate::messages::Encoding;
use crate::outcome::Observer;
use crate::plan::Plan;
use crate::world::{World, WorldError};

/// All connections together; the rate is of all requests together.
const CONNECTIONS: u32 = 1_000;
const RATE_PER_S: f64 = 5_000.0;
/// Hunts with players who move and watch; those who open treasures have hunts of their own.
const HUNTS: u32 = 20;
/// Claimers of treasures, at least.
const SESSIONS: u32 = 1_000;
/// Players who can join each hunt while it is played.
const ROOM: u32 = 500_000;

/// A lane's part of the connections and of the requests.
struct Portion {
    name: &'static str,
    connections: f64,
    requests: f64,
}

const PORTIONS: [Portion; 6] = [
    Portion { name: "claims", connections: 0.20, requests: 0.35 },
    Portion { name: "loot", connections: 0.10, requests: 0.25 },
    Portion { name: "status", connections: 0.05, requests: 0.15 },
    Portion { name: "joins", connections: 0.02, requests: 0.02 },
    Portion { name: "players", connections: 0.13, requests: 0.23 },
    Portion { name: "watchers", connections: 0.50, requests: 0.0 },
];
const CLAIMS: usize = 0;
const LOOT: usize = 1;
const STATUS: usize = 2;
const JOINS: usize = 3;
const PLAYERS: usize = 4;
const WATCHERS: usize = 5;

/// Of the requests of claimers, those that look at the leaderboard.
const BOARDS: f64 = 0.3;
/// Of the messages of players, power-ups.
const POWER_UPS: f64 = 0.1;

pub(super) fn lanes(plan: &Plan) -> Result<Vec<Lane>, String> {
    let all = main_lane("mixed", plan, CONNECTIONS, RATE_PER_S);
    let lanes = PORTIONS.map(|portion| {
        let pace = match all.pace {
            _ if portion.requests == 0.0 => Pace::Never,
            Pace::Open { rate_per_s, arrivals } => {
                Pace::Open { rate_per_s: rate_per_s * portion.requests, arrivals }
            }
            Pace::Closed | Pace::Never => all.pace,
        };
        let connections = part(all.share.count, portion.connections);
        Lane { depth: plan.depth, ..Lane::new(portion.name, plan.server, connections, pace) }
    });
    resolve::sessions(plan, &lanes[CLAIMS], SESSIONS)?;
    if let Pace::Open { rate_per_s, .. } = lanes[JOINS].pace {
        let most_s = f64::from(ROOM) * f64::from(hunts(plan)) / rate_per_s;
        if (plan.warmup + plan.duration).as_secs_f64() > most_s {
            return Err(format!(
                "hunts are full after {most_s:.0} s; a lower --rate, or more --hunts"
            ));
        }
    }
    Ok(lanes.to_vec())
}

/// A part of the connections, and one at least.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a count")]
fn part(all: u32, portion: f64) -> u32 {
    ((f64::from(all) * portion).round() as u32).max(1)
}

fn hunts(plan: &Plan) -> u32 {
    plan.options.hunts.unwrap_or(HUNTS).max(1)
}

pub(super) fn prepare(
    plan: &Plan,
    lanes: &[Lane],
    world: &World,
    observer: &mut dyn Observer,
) -> Result<Prepared, WorldError> {
    let (host, encoding) = (world.host(), plan.options.encoding.unwrap_or(Encoding::Protobuf));
    let casting = Casting {
        quests: vec![(world.id("q"), state::quest(plan.seed))],
        hunts: hunts(plan),
        seats: lanes[PLAYERS].share.count + lanes[WATCHERS].share.count,
        room: ROOM,
    };
    let (hunts, mut seats) = casting.set_up(world, observer)?;
    // Players and watchers meet in every hunt.
    fastrand::Rng::with_seed(plan.seed).shuffle(&mut seats);
    let mut watching = seats.split_off(lanes[PLAYERS].share.count as usize);
    watching.sort_by_key(|seat| seat.hunt);
    let sessions = resolve::sessions(plan, &lanes[CLAIMS], SESSIONS).unwrap_or(SESSIONS);
    let (claimers, claim_hunts) = (lanes[CLAIMS].share.count, sessions.div_ceil(1_000));
    let mut claims = resolve::cast(world, observer, "c", claim_hunts, sessions, claimers)?;
    claims.boards = BOARDS;
    claims.again = resolve::AGAIN;
    let statuses = HuntStatus { host: host.clone(), hunts: hunts.clone() };
    let joins = Joins { host: host.clone(), hunts: hunts.clone() };
    let updates =
        Updates { encoding, host: host.clone(), power_ups: POWER_UPS, hunts: hunts.clone(), seats };
    let watchers = Watchers { encoding, slow: false, host, hunts, seats: watching };
    // The last of all: it counts the hunts that there are.
    let looks = loot::prepare(plan, &lanes[LOOT..=LOOT], world, observer)?;
    let mut jobs = looks.jobs;
    let parts = [
        (CLAIMS, Part::Claims(claims)),
        (STATUS, Part::HuntStatus(statuses)),
        (JOINS, Part::Joins(joins)),
        (PLAYERS, Part::Updates(updates)),
        (WATCHERS, Part::Watchers(watchers)),
    ];
    jobs.extend(parts.into_iter().map(|(lane, part)| Job { lane: lanes[lane].clone(), part }));
    let mut notes = looks.notes;
    notes.extend(PORTIONS.iter().map(|Portion { name, connections, requests }| {
        format!("{name}: {:.0} % of the requests", requests * 100.0)
            + &format!(", {:.0} % of the connections", connections * 100.0)
    }));
    Ok(Prepared { jobs, notes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Arrivals, Load};
    use crate::preflight::tests::plan;
    use crate::workload::Kind;

    fn mixed() -> Plan {
        let load = Load::Open { rate_per_s: None, arrivals: Arrivals::Constant };
        Plan { workload: Kind::Mixed, load, ..plan() }
    }

    #[test]
    fn the_portions_make_up_the_whole() {
        let sum = |of: fn(&Portion) -> f64| PORTIONS.iter().map(of).sum::<f64>();
        assert!((sum(|it| it.connections) - 1.0).abs() < 1e-9);
        assert!((sum(|it| it.requests) - 1.0).abs() < 1e-9);
        let lanes = lanes(&mixed()).unwrap();
        assert_eq!(lanes.iter().map(|lane| lane.share.count).sum::<u32>(), CONNECTIONS);
        assert_eq!(lanes[WATCHERS].pace, Pace::Never);
    }

    #[test]
    fn a_run_that_fills_its_hunts_is_refused() {
        let mut plan = mixed();
        plan.options.hunts = Some(1);
        plan.duration = std::time::Duration::from_secs(5_100);
        assert!(lanes(&plan).unwrap_err().contains("more --hunts"));
        plan.options.hunts = Some(2);
        lanes(&plan).unwrap();
    }
}
