//! The engine's player tables: rounds of any size that fill while others do, end, and begin again.

use super::quests::document;
use super::{Churned, Scale, measured};
use crate::memory::timed;
use crate::sample::Run;
use engine_core::arena::{Arena, Meter};
use engine_core::game::quest::Quest;
use engine_core::game::round::Round;
use engine_core::seam::Point;
use engine_core::text::{Id, Name};
use std::sync::Arc;

const ROUNDS: usize = 1_000;
const JOINS: usize = 4_000_000;
/// A round takes 8 players at least, and twice as many up to nine times.
const PLAYERS_MIN: u32 = 8;
const DOUBLINGS: u32 = 9;

/// A round, and how many players it takes before it ends.
struct Place<A: Arena> {
    round: Round<A>,
    players_max: u32,
}

struct Begin<'a, A: Arena> {
    quest: &'a Quest<A>,
    meter: &'a Arc<Meter>,
    any: fastrand::Rng,
}

impl<A: Arena> Begin<'_, A> {
    fn place(&mut self) -> Place<A> {
        let players_max = PLAYERS_MIN << self.any.u32(0..=DOUBLINGS);
        let seed = self.any.u64(..);
        Place { round: Round::new(self.quest, &A::region(self.meter), seed), players_max }
    }
}

pub(super) fn run<A: Arena>(scale: Scale) -> Run {
    let text = document(12);
    let id = Id::new("harbour").expect("a well-formed id");
    let scratch = A::new(Arc::default());
    let quest = Quest::<A>::parse(id, text.as_bytes(), &scratch, &Arc::default());
    let quest = quest.expect("a valid quest");
    let name = Name::new("Ada").expect("a well-formed name");
    measured(|| {
        let meter = Arc::new(Meter::default());
        let any = fastrand::Rng::with_seed(1);
        let mut begin = Begin { quest: &quest, meter: &meter, any };
        let mut places: Vec<_> = (0..scale.of(ROUNDS)).map(|_| begin.place()).collect();
        let operations = scale.of(JOINS);
        let (cpu_ns, ()) = timed(|| {
            for step in 0..operations {
                let place = begin.any.usize(..places.len());
                let Place { round, players_max } = &mut places[place];
                if round.players() == *players_max {
                    places[place] = begin.place();
                    continue;
                }
                let player = round.join(&quest, name, 0);
                // Opens a treasure with a key, so that what is kept of keys is written too.
                let at = Point { x: 0.0, y: 0.5, z: 0.0 };
                let _ = round.resolve(&quest, player, 0, at, Some(step as u128), 0);
            }
        });
        let held_bytes = meter.figures().bytes_held;
        Churned { operations: operations as u64, cpu_ns, held_bytes, alive: places }
    })
}
