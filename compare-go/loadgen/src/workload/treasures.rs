//! The quests of the workloads that open treasures or look at them: every treasure is where players
//! start, can be opened by everybody from the beginning, and has points of its own.

use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// The most treasures that a quest may have.
pub(super) const TREASURES_MAX: u32 = 1_024;
/// Players that can open each treasure: as many as can be.
pub(super) const SUPPLY: u32 = 1_000_000;
/// Rounds last for a day.
const DURATION_MS: u32 = 86_400_000;

/// Treasures of a quest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Treasures {
    /// How many: `t0000`, `t0001`, ...
    pub(super) count: u32,
}

impl Treasures {
    /// The item in a treasure; some treasures hold the same.
    pub(super) fn item(self, treasure: u32) -> String {
        format!("coin-{}", treasure % 10)
    }

    /// The points of a treasure. They differ from one to the next, so that claims change ranks.
    pub(super) fn points(self, treasure: u32) -> u32 {
        1 + treasure * 37 % 101
    }

    /// The document of the quest.
    pub(super) fn document(self, name: &str) -> Vec<u8> {
        let mut text = format!(r#"{{"name":"{name}","waypoints":["#);
        for place in 0..12 {
            let (comma, at) = (if place == 0 { "" } else { "," }, place * 20);
            let _ = write!(text, r#"{comma}{{"x":{at},"y":{at},"z":0,"radius":10}}"#);
        }
        text.push_str(r#"],"treasures":["#);
        for treasure in 0..self.count {
            let comma = if treasure == 0 { "" } else { "," };
            let (item, points) = (self.item(treasure), self.points(treasure));
            let _ = write!(
                text,
                r#"{comma}{{"id":"t{treasure:04}","x":0,"y":0,"z":0,"radius":10,"loot":{{"item":"{item}","points":{points}}},"supply":{SUPPLY}}}"#
            );
        }
        let _ = write!(
            text,
            r#"],"rules":{{"duration_ms":{DURATION_MS},"speed_max":1000000,"waypoints_in_play":8}}}}"#
        );
        text.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc_heap::HeapArena;
    use engine_core::arena::Arena;
    use engine_core::game::quest::Quest;
    use engine_core::text::Id;
    use std::sync::Arc;

    #[test]
    fn the_server_takes_the_quest() {
        let arena = HeapArena::new(Arc::default());
        for count in [1, TREASURES_MAX] {
            let document = Treasures { count }.document("A quest");
            let id = Id::new("q").unwrap();
            let quest = Quest::parse(id, &document, &arena, &Arc::default()).unwrap();
            assert_eq!(quest.treasures.len(), count as usize);
        }
    }
}
