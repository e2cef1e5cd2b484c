//! `quests`: large quests are published, and hunts are started with them, while many other hunts
//! broadcast every 150 ms and operators ask for their status.

use super::casting::Casting;
use super::editions::Edited;
use super::entrants::Entrants;
use super::hunt_status::HuntStatus;
use super::job::{Job, Part};
use super::lane::{Lane, Life, Pace};
use super::prepare::{Prepared, main_lane};
use super::publisher::Publisher;
use super::sockets::DAY_MS;
use super::watchers::Watchers;
use crate::messages::Encoding;
use crate::outcome::Observer;
use crate::plan::{Arrivals, Plan};
use crate::quest_plan::{QuestPlan, Rules};
use crate::world::{NewHunt, World, WorldError};

const HUNTS: u32 = 2_000;
const WATCHERS_PER_HUNT: u32 = 2;
const STATUS_CONNECTIONS: u32 = 64;
const STATUS_RATE_PER_S: f64 = 2_000.0;
/// Waypoints of small and large quests.
const WAYPOINTS: [usize; 2] = [4_200, 8_500];
/// Publications a second.
const PUBLISH_PER_S: f64 = 4.0;
/// Connections that publish; each has a quest of each size, so requests do not wait for each other
/// unless one takes longer than a second.
const PUBLISHERS: u32 = 4;
/// Requests of publishers for each publication: there is a restart for two of them.
const REQUESTS: f64 = 1.5;
/// The part of the time between two restarts of a hunt for which its round lasts.
const ROUND: f64 = 0.75;
/// Players who come into hunts that were started again, a second.
const ENTRANTS_PER_S: f64 = 5.0;
const ENTRANTS: u32 = 16;
/// Players who may join a hunt that is started again and again.
const CAPACITY: u32 = 100_000;

pub(super) fn lanes(plan: &Plan) -> Result<Vec<Lane>, String> {
    let hunts = plan.options.hunts.unwrap_or(HUNTS).max(1);
    let publish_per_s = publish_per_s(plan);
    if !(0.01..=1_000.0).contains(&publish_per_s) {
        return Err(format!(
            "quests are published 0.01 to 1,000 times a second, not {publish_per_s}"
        ));
    }
    let watchers = plan.connections.unwrap_or(hunts.saturating_mul(WATCHERS_PER_HUNT));
    let open = |rate_per_s| Pace::Open { rate_per_s, arrivals: Arrivals::Constant };
    let requests = main_lane("status", plan, STATUS_CONNECTIONS, STATUS_RATE_PER_S);
    let status = Lane::new("status", plan.server, STATUS_CONNECTIONS, requests.pace);
    let entrants = Lane::new("entrants", plan.server, ENTRANTS, open(ENTRANTS_PER_S));
    Ok(vec![
        Lane::new("watchers", plan.server, watchers, Pace::Never),
        Lane::new("publishers", plan.admin, PUBLISHERS, open(publish_per_s * REQUESTS)),
        Lane { life: Life::OneRequest, ..entrants },
        Lane { depth: plan.depth, ..status },
    ])
}

fn publish_per_s(plan: &Plan) -> f64 {
    plan.options.publish_per_s.unwrap_or(PUBLISH_PER_S)
}

pub(super) fn prepare(
    plan: &Plan,
    lanes: &[Lane],
    world: &World,
    observer: &mut dyn Observer,
) -> Result<Prepared, WorldError> {
    let encoding = plan.options.encoding.unwrap_or(Encoding::Protobuf);
    let [small, large] = WAYPOINTS.map(|waypoints| edited(plan, world, waypoints));
    let quests: Vec<_> = small.iter().chain(&large).cloned().collect();
    let casting = Casting {
        quests: quests.iter().map(|quest| (quest.id.clone(), quest.first)).collect(),
        hunts: plan.options.hunts.unwrap_or(HUNTS).max(1),
        seats: lanes[0].share.count,
        room: 0,
    };
    let (hunts, seats) = casting.set_up(world, observer)?;
    let restarted = start_short(world, observer, &quests)?;
    let note = format!(
        "{} watchers of {} hunts; {} quests of {WAYPOINTS:?} waypoints, {} publications a second",
        casting.seats,
        casting.hunts,
        quests.len(),
        publish_per_s(plan),
    );
    let host = world.host();
    let publisher = Publisher {
        host: world.admin().to_string(),
        token: world.admin_token()?.to_owned(),
        quests_per_connection: 1,
        small,
        large,
        hunts: restarted.clone(),
        capacity: CAPACITY,
    };
    let (watched, host_too) = (hunts.clone(), host.clone());
    let parts = [
        Part::Watchers(Watchers { encoding, slow: false, host: host_too, hunts: watched, seats }),
        Part::Publisher(publisher),
        Part::Entrants(Entrants { encoding, host: host.clone(), quests, hunts: restarted }),
        Part::HuntStatus(HuntStatus { host, hunts }),
    ];
    let jobs = lanes.iter().cloned().zip(parts).map(|(lane, part)| Job { lane, part });
    Ok(Prepared { jobs: jobs.collect(), notes: vec![note] })
}

/// Publishes the second versions, and starts a hunt of each, whose rounds are short.
fn start_short(
    world: &World,
    observer: &mut dyn Observer,
    quests: &[Edited],
) -> Result<Vec<String>, WorldError> {
    observer.step(&format!("starting {} hunts with short rounds", quests.len()));
    let second = |quest: &Edited| (quest.id.clone(), quest.plan(2).make().document.into_bytes());
    world.publish(&quests.iter().map(second).collect::<Vec<_>>())?;
    let ids: Vec<_> = (0..quests.len()).map(|hunt| world.id(&format!("r{hunt}"))).collect();
    let hunt = |(id, quest): (&String, &Edited)| NewHunt {
        id: id.clone(),
        quest: quest.id.clone(),
        capacity: CAPACITY,
    };
    world.start(&ids.iter().zip(quests).map(hunt).collect::<Vec<_>>())?;
    Ok(ids)
}

/// The quests of a size, one for each connection that publishes.
fn edited(plan: &Plan, world: &World, waypoints: usize) -> Vec<Edited> {
    let quest = |number: u32| {
        let first = QuestPlan {
            seed: plan.seed.wrapping_mul(1 + u64::from(number)).wrapping_add(waypoints as u64),
            edition: 0,
            waypoints,
            treasures: 100,
            supply: CAPACITY,
            rules: Rules { duration_ms: DAY_MS, ..Rules::default() },
        };
        let id = world.id(&format!("q{waypoints}-{number}"));
        Edited { id, first, round_ms: round_ms(publish_per_s(plan)) }
    };
    (0..PUBLISHERS).map(quest).collect()
}

/// How long the rounds of hunts are that are started again and again: over when their turn comes.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within bounds")]
fn round_ms(publish_per_s: f64) -> u32 {
    let restarts_per_s = publish_per_s * (REQUESTS - 1.0);
    let turn_s = f64::from(2 * PUBLISHERS) / restarts_per_s;
    (turn_s * ROUND * 1_000.0).clamp(500.0, 600_000.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_over_before_their_hunts_are_started_again() {
        // Four publications, and with them two restarts of eight hunts, a second: four seconds.
        assert_eq!(round_ms(4.0), 3_000);
        assert_eq!((round_ms(1_000.0), round_ms(0.01)), (500, 600_000));
    }
}
