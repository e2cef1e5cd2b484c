//! Sets up hunts with players in them, for workloads over WebSocket.

use super::hunts::{Hunt, Hunts, Seat, SessionFacts};
use crate::outcome::Observer;
use crate::quest_plan::{BROADCAST_MS, QuestPlan};
use crate::world::{NewHunt, World, WorldError};
use std::thread;
use std::time::{Duration, Instant};

/// The hunts that a workload needs.
#[derive(Clone, Debug)]
pub(super) struct Casting {
    /// The quests, by their ids. Hunts play them in turn.
    pub(super) quests: Vec<(String, QuestPlan)>,
    /// How many hunts, at least 1.
    pub(super) hunts: u32,
    /// How many players, over all hunts.
    pub(super) seats: u32,
    /// How many more players each hunt has room for.
    pub(super) room: u32,
}

impl Casting {
    /// Publishes, starts and joins. The players of a hunt follow each other, so that few hunts have
    /// watchers on more than one worker.
    ///
    /// # Errors
    /// If the server does not let it.
    pub(super) fn set_up(
        &self,
        world: &World,
        observer: &mut dyn Observer,
    ) -> Result<(Hunts, Vec<Seat>), WorldError> {
        observer.step(&format!("publishing {} quests", self.quests.len()));
        let documents = self.quests.iter().map(|(id, plan)| {
            let document = plan.make().document.into_bytes();
            (id.clone(), document)
        });
        world.publish(&documents.collect::<Vec<_>>())?;
        observer.step(&format!("starting {} hunts", self.hunts));
        self.start(world)?;
        observer.step(&format!("{} players join", self.seats));
        let joining = (0..self.hunts).map(|hunt| (hunt_id(world, hunt), self.players(hunt)));
        let joined = world.join(&joining.collect::<Vec<_>>())?;
        let (mut hunts, mut seats) = (Vec::new(), Vec::new());
        for (players, hunt) in joined.into_iter().zip(0..) {
            let NewHunt { id, quest: quest_id, capacity } = self.new_hunt(world, hunt);
            let mut start_unix_ms = None;
            for player in players {
                let facts = facts(&player.session, player.number, &id)?;
                start_unix_ms = Some(facts.start_unix_ms);
                seats.push(Seat { hunt, session: player.session });
            }
            hunts.push(Hunt {
                quest: self.quest_of(hunt),
                quest_id,
                version: 1,
                start_unix_ms,
                players: self.players(hunt),
                capacity,
                id,
            });
        }
        let quests = self.quests.iter().map(|(_, plan)| *plan).collect();
        Ok((Hunts { quests, hunts }, seats))
    }

    /// Starts hunts at all times between two ticks, as hunts that have nothing to do with each
    /// other are. Started at once, all would tick at once: the later a server has the last of them
    /// started, the better it would look.
    #[expect(clippy::disallowed_methods, reason = "a real server's time passes by itself")]
    fn start(&self, world: &World) -> Result<(), WorldError> {
        let hunts: Vec<_> = (0..self.hunts).map(|hunt| self.new_hunt(world, hunt)).collect();
        let begin = Instant::now();
        let slices = hunts.chunks(hunts.len().div_ceil(SLICES as usize));
        for (hunts, slice) in slices.zip(0..) {
            thread::sleep(until_slice(begin.elapsed(), slice));
            world.start(hunts)?;
        }
        Ok(())
    }

    fn new_hunt(&self, world: &World, hunt: u32) -> NewHunt {
        let quest = self.quests[self.quest_of(hunt) as usize].0.clone();
        let capacity = (self.players(hunt) + self.room).max(1);
        NewHunt { id: hunt_id(world, hunt), quest, capacity }
    }

    fn quest_of(&self, hunt: u32) -> u32 {
        hunt % u32::try_from(self.quests.len()).expect("few quests")
    }

    /// Players of a hunt: as many as of any other, or one more.
    fn players(&self, hunt: u32) -> u32 {
        let until = |hunt: u32| u64::from(self.seats) * u64::from(hunt) / u64::from(self.hunts);
        u32::try_from(until(hunt + 1) - until(hunt)).expect("not more than all")
    }
}

/// Parts of the time between two ticks in which as many hunts are started.
const SLICES: u32 = 15;

/// How long it is until a part of the time between two ticks begins.
fn until_slice(elapsed: Duration, slice: u32) -> Duration {
    let tick = Duration::from_millis(BROADCAST_MS);
    let begin = tick * slice / SLICES;
    let passed = elapsed.as_nanos() % tick.as_nanos();
    let passed = Duration::from_nanos(u64::try_from(passed).unwrap_or_default());
    if passed <= begin { begin - passed } else { tick + begin - passed }
}

fn hunt_id(world: &World, hunt: u32) -> String {
    world.id(&format!("h{hunt}"))
}

/// What a session says, which must be of this player of this hunt.
pub(super) fn facts(session: &str, player: u32, hunt: &str) -> Result<SessionFacts, WorldError> {
    let facts = SessionFacts::read(session);
    facts.filter(|facts| facts.player == player && facts.hunt == hunt).ok_or_else(|| {
        WorldError::Wrong {
            what: format!("joining the hunt {hunt}"),
            answer: format!("{session:?} is no session of player {player}"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quest_plan::Rules;

    #[test]
    fn each_part_of_the_time_between_ticks_is_waited_for() {
        let ms = Duration::from_millis;
        assert_eq!(until_slice(ms(0), 0), ms(0));
        assert_eq!(until_slice(ms(3), 1), ms(7));
        assert_eq!(until_slice(ms(30), 1), ms(130));
        assert_eq!(until_slice(ms(150 * 4 + 139), 14), ms(1));
        assert_eq!(until_slice(ms(150 * 4 + 141), 14), ms(149));
    }

    #[test]
    fn seats_are_spread_over_hunts() {
        let rules = Rules::default();
        let plan = QuestPlan { seed: 7, edition: 0, waypoints: 9, treasures: 1, supply: 1, rules };
        let quests = vec![("a".to_owned(), plan), ("b".to_owned(), plan)];
        for (hunts, seats) in [(1, 0), (1, 7), (3, 7), (10, 4), (300, 30_000)] {
            let casting = Casting { quests: quests.clone(), hunts, seats, room: 0 };
            let players: Vec<_> = (0..hunts).map(|hunt| casting.players(hunt)).collect();
            assert_eq!(players.iter().sum::<u32>(), seats);
            assert!(players.iter().max().unwrap() - players.iter().min().unwrap() <= 1);
        }
    }
}
