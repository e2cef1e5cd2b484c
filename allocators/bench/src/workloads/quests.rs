//! Quests of 8,500 waypoints that are read, held and replaced in any order, with small ones that
//! come and go between them. Only the large loads are timed: reading one, and giving back another.

use super::{Churned, Scale, measured};
use crate::memory::timed;
use crate::sample::Run;
use engine_core::arena::{Arena, Meter};
use engine_core::game::quest::Quest;
use engine_core::text::Id;
use std::fmt::Write;
use std::sync::Arc;

const LARGE_WAYPOINTS: usize = 8_500;
const SMALL_WAYPOINTS: usize = 12;
const LARGE: usize = 100;
const SMALL_TO_LARGE: usize = 20;
const LOADS: usize = 1_000;

/// A document of `waypoints` waypoints, with up to three decimals, and 16 treasures.
pub(super) fn document(waypoints: usize) -> String {
    let mut text = String::from("{\"name\":\"The harbour\",\"waypoints\":[");
    let fine = "a String takes everything";
    for index in 0..waypoints {
        let turn = index as f64 * 0.618;
        let (x, y, z) = (1000.0 * turn.sin(), 1000.0 * turn.cos(), 0.25 * turn);
        let comma = if index == 0 { "" } else { "," };
        write!(text, "{comma}\n  {{\"x\":{x:.3},\"y\":{y:.3},\"z\":{z:.1},\"radius\":5}}")
            .expect(fine);
    }
    text.push_str("],\"treasures\":[");
    for index in 0..16 {
        let comma = if index == 0 { "" } else { "," };
        write!(
            text,
            "{comma}{{\"id\":\"chest-{index}\",\"x\":{index},\"y\":0.5,\"z\":0,\"radius\":3,\
             \"supply\":1000000,\"loot\":{{\"item\":\"coin\",\"points\":10}}}}"
        )
        .expect(fine);
    }
    text.push_str("]}");
    text
}

pub(super) fn run<A: Arena>(scale: Scale) -> Run {
    let (large, small) = (document(LARGE_WAYPOINTS), document(SMALL_WAYPOINTS));
    let id = Id::new("harbour").expect("a well-formed id");
    measured(|| {
        let meter = Arc::new(Meter::default());
        let mut scratch = A::new(Arc::default());
        let mut load = |text: &str| {
            let quest = Quest::<A>::parse(id, text.as_bytes(), &scratch, &meter);
            scratch.reset();
            quest.expect("a valid quest")
        };
        let held = scale.of(LARGE);
        let mut large_held: Vec<_> = (0..held).map(|_| load(&large)).collect();
        let mut small_held: Vec<_> = (0..held * SMALL_TO_LARGE).map(|_| load(&small)).collect();
        let mut any = fastrand::Rng::with_seed(1);
        let (operations, mut cpu_ns) = (scale.of(LOADS), 0);
        for _ in 0..operations {
            let place = any.usize(..large_held.len());
            let (ns, ()) = timed(|| large_held[place] = load(&large));
            cpu_ns += ns;
            for _ in 0..SMALL_TO_LARGE {
                let place = any.usize(..small_held.len());
                small_held[place] = load(&small);
            }
        }
        let held_bytes = meter.figures().bytes_held;
        let alive = (large_held, small_held, scratch);
        Churned { operations: operations as u64, cpu_ns, held_bytes, alive }
    })
}
