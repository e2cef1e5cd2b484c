//! Quests whose rules leave nothing to the clock.

use fastrand::Rng;

/// A place in space, as numbers are written.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The coordinates.
    pub(super) x: [f64; 3],
}

/// Rounds end by claims alone, a step over 1.0 is too far however long the rest, energy does not
/// come back, and what is in effect stays so.
const RULES: &str = "\"duration_ms\":86400000,\"speed_max\":1e-30,\"energy_per_s\":0,\
                     \"power_up_ms\":3600000,\"waypoint_ms\":86400000";

/// Coordinates that are not written as they are read.
const ODD: &[f64] = &[
    0.0,
    -1.5,
    0.1,
    0.30000000000000004,
    1e-7,
    5e-324,
    123456.789,
    -999999.5,
    1e6,
    4.35,
    1.0 / 3.0,
    2.5e-5,
    1e5,
    100.0,
    -0.000001,
];

impl Place {
    /// Anywhere, and oddly so.
    pub(super) fn any(random: &mut Rng) -> Self {
        Self { x: [0; 3].map(|_| ODD[random.usize(0..ODD.len())]) }
    }

    /// A step away, no further than a player may always go.
    pub(super) fn near(&self, random: &mut Rng) -> Self {
        const STEPS: [f64; 7] = [0.0, 0.25, -0.25, 0.1, -0.2, 1e-7, 0.015625];
        Self { x: self.x.map(|x| (x + STEPS[random.usize(0..STEPS.len())]).clamp(-1e6, 1e6)) }
    }

    /// As fields of an object.
    pub(super) fn fields(&self) -> String {
        let [x, y, z] = self.x.map(|x| format!("{x:?}"));
        format!("\"x\":{x},\"y\":{y},\"z\":{z}")
    }

    /// A quest with a treasure of every kind around here.
    pub(super) fn quest(&self, random: &mut Rng) -> String {
        let here = self.fields();
        let mut waypoints = format!("{{{here},\"radius\":5}}");
        for _ in 0..random.usize(0..9) {
            let there = Self::any(random).fields();
            waypoints
                .push_str(&format!(",{{{there},\"radius\":{:?}}}", random.u16(1..) as f64 / 8.0));
        }
        let in_play = random.u32(1..65);
        let near = self.near(random).fields();
        format!(
            "{{\"name\":\"Harbour\",\"waypoints\":[{waypoints}],\"treasures\":[\
             {{\"id\":\"chest\",{here},\"radius\":5,\"supply\":3,\"loot\":{{\"item\":\"pearl\",\"points\":50}}}},\
             {{\"id\":\"box\",{near},\"radius\":5,\"loot\":{{\"item\":\"ring\",\"points\":70,\"power_up\":\"boost\"}}}},\
             {{\"id\":\"many\",{near},\"radius\":0.5,\"supply\":1000,\"loot\":{{\"item\":\"ring\",\"points\":1,\"power_up\":null}}}},\
             {{\"id\":\"late\",{here},\"radius\":5,\"opens_ms\":86400000,\"loot\":{{\"item\":\"coin\",\"points\":10}}}},\
             {{\"id\":\"far\",\"x\":-500000,\"y\":7,\"z\":7,\"radius\":5,\"loot\":{{\"item\":\"gem\",\"points\":30}}}}],\
             \"rules\":{{{RULES},\"waypoints_in_play\":{in_play}}}}}"
        )
    }

    /// A quest that is over soon.
    pub(super) fn small_quest(&self, random: &mut Rng) -> String {
        let (here, supply) = (self.fields(), random.u32(1..3));
        format!(
            "{{\"rules\":{{{RULES},\"power_up_energy\":0}},\"treasures\":[{{\"id\":\"chest\",{here},\"radius\":2,\
             \"supply\":{supply},\"loot\":{{\"points\":1000000,\"item\":\"key\",\"power_up\":\"double\"}}}}],\
             \"waypoints\":[{{{here},\"radius\":1}}],\"name\":\"Hut\"}}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc_heap::HeapArena;
    use engine_core::arena::Arena as _;
    use engine_core::game::quest::Quest;
    use engine_core::text::Id;
    use std::sync::Arc;

    #[test]
    fn the_quests_are_valid_and_a_step_is_near() {
        let mut random = Rng::with_seed(1);
        for _ in 0..50 {
            let home = Place::any(&mut random);
            for document in [home.quest(&mut random), home.small_quest(&mut random)] {
                assert!(document.len() <= 4096, "{}", document.len());
                let value: serde_json::Value = serde_json::from_str(&document).expect(&document);
                assert!(value["rules"]["energy_per_s"] == 0);
                let scratch = HeapArena::new(Arc::default());
                let parsed = Quest::<HeapArena>::parse(
                    Id::new("q").unwrap(),
                    document.as_bytes(),
                    &scratch,
                    &Arc::default(),
                );
                assert!(parsed.is_ok(), "{document}");
            }
            let (one, other) = (home.near(&mut random), home.near(&mut random));
            let far: f64 = one.x.iter().zip(other.x).map(|(a, b)| (a - b) * (a - b)).sum();
            assert!(far <= 1.0);
        }
    }
}
