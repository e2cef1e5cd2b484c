//! Reading quest documents: a small one, the average and the large one of the `quests` scenario.

use super::{Path, Step};
use alloc_bumpalo::BumpArena;
use alloc_heap::HeapArena;
use engine_core::arena::{Arena, Meter};
use engine_core::game::quest::Quest;
use engine_core::text::Id;
use std::fmt::Write;
use std::hint::black_box;
use std::sync::Arc;

pub(crate) const PATHS: &[Path] = &[
    Path { name: "quest_parse/heap/12", ready: || parse::<HeapArena>(12) },
    Path { name: "quest_parse/bump/12", ready: || parse::<BumpArena>(12) },
    Path { name: "quest_parse/heap/4200", ready: || parse::<HeapArena>(4_200) },
    Path { name: "quest_parse/bump/4200", ready: || parse::<BumpArena>(4_200) },
    Path { name: "quest_parse/heap/8500", ready: || parse::<HeapArena>(8_500) },
    Path { name: "quest_parse/bump/8500", ready: || parse::<BumpArena>(8_500) },
];

/// A quest of `waypoints` waypoints and 16 treasures, coordinates with up to three decimals.
fn document(waypoints: usize) -> String {
    let mut text = String::from("{\"name\":\"The harbour\",\"waypoints\":[");
    for index in 0..waypoints {
        let turn = index as f64 * 0.618;
        let (x, y, z) = (1000.0 * turn.sin(), 1000.0 * turn.cos(), 0.25 * turn);
        let comma = if index == 0 { "" } else { "," };
        write!(text, "{comma}\n  {{\"x\":{x:.3},\"y\":{y:.3},\"z\":{z:.1},\"radius\":5}}")
            .expect("a String takes everything");
    }
    text.push_str("],\"treasures\":[");
    for index in 0..16 {
        let comma = if index == 0 { "" } else { "," };
        write!(
            text,
            "{comma}{{\"id\":\"chest-{index}\",\"x\":{index},\"y\":0.5,\"z\":0,\"radius\":3,\
             \"supply\":100,\"loot\":{{\"item\":\"coin\",\"points\":10}}}}"
        )
        .expect("a String takes everything");
    }
    text.push_str("]}");
    text
}

fn parse<A: Arena>(waypoints: usize) -> Step {
    let text = document(waypoints);
    let id = Id::new("harbour").expect("a well-formed id");
    let meter = Arc::new(Meter::default());
    let mut scratch = A::new(Arc::new(Meter::default()));
    Step::bytes(text.len(), move || {
        let quest = Quest::<A>::parse(id, text.as_bytes(), &scratch, &meter);
        scratch.reset();
        black_box(quest.expect("a valid quest"));
    })
}
