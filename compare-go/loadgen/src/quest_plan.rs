//! Quests from a seed: the document that is published, and what it says, to check frames against.
//!
//! The same plan gives the same document in every process and every run. It knows the rules of a
//! quest document, and neither requests nor the world that the quests are played in.

use crate::messages::{Place, PowerUp, Waypoint};
use fastrand::Rng;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// What a quest is made from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuestPlan {
    /// Where its numbers come from.
    pub seed: u64,
    /// Which of the documents of this seed: with another edition all waypoints are elsewhere.
    pub edition: u32,
    /// How many waypoints, 1 to 10,000.
    pub waypoints: usize,
    /// How many treasures, 1 to 1,024.
    pub treasures: usize,
    /// How many players can claim each treasure, 1 to 1,000,000.
    pub supply: u32,
    /// How it is played.
    pub rules: Rules,
}

/// The rules of a quest; `Default` gives what holds where a document says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// How long a round is.
    pub duration_ms: u32,
    /// Units a second.
    pub speed_max: f64,
    /// The most energy, in whole units.
    pub energy_max: u32,
    /// Units that come back in a second.
    pub energy_per_s: u32,
    /// What a power-up costs.
    pub power_up_energy: u32,
    /// For how long one is in effect.
    pub power_up_ms: u32,
    /// How many of each a player begins with: boost, reach, double.
    pub start_power_ups: [u8; 3],
    /// How many waypoints a frame shows.
    pub waypoints_in_play: u32,
    /// For how long each is the first of them.
    pub waypoint_ms: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            duration_ms: 600_000,
            speed_max: 10.0,
            energy_max: 100,
            energy_per_s: 5,
            power_up_energy: 30,
            power_up_ms: 5_000,
            start_power_ups: [1; 3],
            waypoints_in_play: 8,
            waypoint_ms: 3_000,
        }
    }
}

/// A quest that was made from a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Quest {
    /// The document to publish.
    pub document: String,
    /// Its waypoints, in order.
    pub waypoints: Vec<Place>,
    /// Their radii.
    pub radii: Vec<f64>,
    /// Its treasures, in order.
    pub treasures: Vec<Treasure>,
    /// How many players can claim each treasure.
    pub supply: u32,
    /// Its rules.
    pub rules: Rules,
}

/// A treasure of a quest.
#[derive(Clone, Debug, PartialEq)]
pub struct Treasure {
    /// Its id.
    pub id: String,
    /// Where it lies.
    pub at: Place,
    /// From how far it can be opened.
    pub radius: f64,
    /// What it is worth.
    pub points: u32,
    /// A power-up that comes with it.
    pub power_up: Option<PowerUp>,
}

impl QuestPlan {
    /// Makes the quest. Linear in its waypoints and treasures.
    #[must_use]
    pub fn make(&self) -> Quest {
        let mut rng = Rng::with_seed(self.seed ^ (u64::from(self.edition) << 32));
        let mut quest = Quest {
            document: format!(r#"{{"name":"Quest {:x}, edition {}","#, self.seed, self.edition),
            waypoints: Vec::with_capacity(self.waypoints),
            radii: Vec::with_capacity(self.waypoints),
            treasures: Vec::with_capacity(self.treasures),
            supply: self.supply,
            rules: self.rules,
        };
        self.write_rules(&mut quest.document);
        quest.document.push_str(r#","waypoints":["#);
        let mut at = Place { x: rng.f64() * 2e3 - 1e3, y: rng.f64() * 2e3 - 1e3, z: 0.0 };
        for index in 0..self.waypoints {
            quest.waypoint(index, &mut at, &mut rng);
        }
        quest.document.push_str(r#"],"treasures":["#);
        for index in 0..self.treasures {
            self.treasure(index, &mut quest, &mut rng);
        }
        quest.document.push_str("]}");
        quest
    }

    fn write_rules(&self, out: &mut String) {
        let Rules { duration_ms, speed_max, energy_max, energy_per_s, .. } = self.rules;
        let Rules { power_up_energy, power_up_ms, start_power_ups, .. } = self.rules;
        let Rules { waypoints_in_play, waypoint_ms, .. } = self.rules;
        let [boost, reach, double] = start_power_ups;
        write!(
            out,
            r#""rules":{{"duration_ms":{duration_ms},"speed_max":{speed_max},"energy_max":{energy_max},"energy_per_s":{energy_per_s},"power_up_energy":{power_up_energy},"power_up_ms":{power_up_ms},"start_power_ups":{{"boost":{boost},"reach":{reach},"double":{double}}},"waypoints_in_play":{waypoints_in_play},"waypoint_ms":{waypoint_ms}}}"#
        )
        .expect("a string takes all that is written");
    }

    fn treasure(&self, index: usize, quest: &mut Quest, rng: &mut Rng) {
        let near = quest.waypoints[rng.usize(..quest.waypoints.len())];
        let out = &mut quest.document;
        if index > 0 {
            out.push(',');
        }
        let id = format!("t{}", index + 1);
        write!(out, r#"{{"id":"{id}","x":"#).expect("a string takes all that is written");
        let x = number(near.x + rng.f64() * 4.0 - 2.0, 3, out);
        out.push_str(r#","y":"#);
        let y = number(near.y + rng.f64() * 4.0 - 2.0, 3, out);
        out.push_str(r#","z":"#);
        let z = number(near.z, 2, out);
        out.push_str(r#","radius":"#);
        let radius = number(2.0 + rng.f64() * 6.0, 1, out);
        let points = rng.u32(1..=100) * 5;
        let power_up = match rng.u32(..12) {
            0 => Some(PowerUp::Boost),
            1 => Some(PowerUp::Reach),
            2 => Some(PowerUp::Double),
            _ => None,
        };
        let item = ITEMS[rng.usize(..ITEMS.len())];
        let supply = self.supply;
        write!(out, r#","supply":{supply},"loot":{{"item":"{item}","points":{points},"power_up":"#)
            .expect("a string takes all that is written");
        match power_up {
            Some(power_up) => {
                write!(out, r#""{}"}}}}"#, power_up.word()).expect("a string takes it");
            }
            None => out.push_str("null}}"),
        }
        quest.treasures.push(Treasure { id, at: Place { x, y, z }, radius, points, power_up });
    }
}

impl Quest {
    /// The next waypoint of a path that turns and climbs a little, written as authors write: some
    /// numbers typed in by hand, others from a survey with up to six decimals.
    fn waypoint(&mut self, index: usize, at: &mut Place, rng: &mut Rng) {
        at.x = (at.x + rng.f64() * 50.0 - 25.0).clamp(-COORDINATE_MAX, COORDINATE_MAX);
        at.y = (at.y + rng.f64() * 50.0 - 25.0).clamp(-COORDINATE_MAX, COORDINATE_MAX);
        at.z = (at.z + rng.f64() * 4.0 - 2.0).clamp(-500.0, 500.0);
        let decimals = DECIMALS[rng.usize(..DECIMALS.len())];
        let out = &mut self.document;
        out.push_str(if index > 0 { r#",{"x":"# } else { r#"{"x":"# });
        let x = number(at.x, decimals, out);
        out.push_str(r#","y":"#);
        let y = number(at.y, decimals, out);
        out.push_str(r#","z":"#);
        let z = number(at.z, decimals.min(3), out);
        out.push_str(r#","radius":"#);
        let radius = number(1.0 + rng.f64() * 14.0, 1, out);
        out.push('}');
        self.waypoints.push(Place { x, y, z });
        self.radii.push(radius);
    }

    /// The waypoints that a frame of this tick shows, in order (R59).
    pub fn in_play(&self, tick: u32) -> impl Iterator<Item = Waypoint> {
        let all = self.waypoints.len();
        let shown = (self.rules.waypoints_in_play as usize).min(all);
        let time_ms = u64::from(tick) * BROADCAST_MS;
        let first = time_ms / u64::from(self.rules.waypoint_ms);
        (first..).take(shown).map(move |place| {
            let index = u32::try_from(place % all as u64).expect("at most 10,000 waypoints");
            let Place { x, y, z } = self.waypoints[index as usize];
            Waypoint { index, x, y, z, radius: self.radii[index as usize] }
        })
    }
}

/// The time between two ticks of a hunt.
pub const BROADCAST_MS: u64 = 150;

/// Far inside the million that the rules allow.
const COORDINATE_MAX: f64 = 100_000.0;
const DECIMALS: [usize; 8] = [0, 1, 2, 2, 3, 3, 5, 6];
const ITEMS: [&str; 8] =
    ["pearl", "doubloon", "sextant", "amber", "lantern", "astrolabe", "spyglass", "compass"];

/// Appends a number with this many decimals, and returns what a reader makes of it.
fn number(value: f64, decimals: usize, out: &mut String) -> f64 {
    let start = out.len();
    write!(out, "{value:.decimals$}").expect("a string takes all that is written");
    let read: f64 = out[start..].parse().expect("it is a number");
    // A negative zero is a positive one in the game (R32).
    read + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc_heap::HeapArena;
    use engine_core::arena::Arena as _;
    use engine_core::game::quest;
    use engine_core::text::Id;
    use std::sync::Arc;

    fn plan(waypoints: usize) -> QuestPlan {
        let rules = Rules { waypoints_in_play: 12, speed_max: 2.5, ..Rules::default() };
        QuestPlan { seed: 7, edition: 3, waypoints, treasures: 40, supply: 9, rules }
    }

    #[test]
    fn the_engine_reads_what_was_planned() {
        for waypoints in [1, 4_200, 8_500] {
            let made = plan(waypoints).make();
            let arena = HeapArena::new(Arc::default());
            let id = Id::new("q").unwrap();
            let read = quest::Quest::parse(id, made.document.as_bytes(), &arena, &Arc::default());
            let read = read.unwrap();
            assert_eq!(read.waypoints.len(), waypoints);
            for (theirs, (ours, radius)) in
                read.waypoints.iter().zip(made.waypoints.iter().zip(&made.radii))
            {
                assert_eq!((theirs.at.x, theirs.at.y, theirs.at.z), (ours.x, ours.y, ours.z));
                assert_eq!(theirs.radius.to_bits(), radius.to_bits());
            }
            assert_eq!(read.treasures.len(), 40);
            for (theirs, ours) in read.treasures.iter().zip(&made.treasures) {
                assert_eq!(theirs.id.as_str(), ours.id);
                assert_eq!(
                    (theirs.at.x, theirs.at.y, theirs.at.z),
                    (ours.at.x, ours.at.y, ours.at.z)
                );
                assert_eq!((theirs.loot.points, theirs.supply), (ours.points, 9));
                assert_eq!(
                    theirs.loot.power_up.map(|it| it as u8),
                    ours.power_up.map(|it| it as u8 - 1)
                );
            }
            assert_eq!(read.rules.waypoints_in_play, 12);
            assert_eq!(read.rules.speed_max.to_bits(), 2.5f64.to_bits());
        }
    }

    #[test]
    fn a_plan_is_the_same_quest_again_and_an_edition_another() {
        assert_eq!(plan(50).make(), plan(50).make());
        let next = QuestPlan { edition: 4, ..plan(50) }.make();
        assert_ne!(next.waypoints, plan(50).make().waypoints);
    }

    #[test]
    fn documents_of_the_scenario_have_its_size() {
        let bytes = plan(8_500).make().document.len();
        assert!((400_000..800_000).contains(&bytes), "{bytes} bytes");
    }

    #[test]
    fn waypoints_in_play_wrap_at_the_end() {
        let quest = plan(20).make();
        let index = |tick| quest.in_play(tick).map(|it| it.index).collect::<Vec<_>>();
        assert_eq!(index(19), (0..12).collect::<Vec<_>>(), "2,850 ms");
        assert_eq!(index(20), (1..13).collect::<Vec<_>>(), "3,000 ms");
        assert_eq!(index(19 * 20), [19, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        assert_eq!(plan(3).make().in_play(0).count(), 3);
    }
}
