//! Reads the quest document: every field, its type and its range.

use super::{COORDINATE_MAX, RADIUS_MAX, Rules, TREASURES_MAX, Treasure, WAYPOINTS_MAX, Waypoint};
use crate::arena::{Allocator, ArenaVec};
use crate::error::FaultCode;
use crate::json::{Reader, Result, fields};
use crate::seam::{Loot, Point, PowerUp};
use crate::text::{Id, Name};

const DAY_MS: u32 = 86_400_000;
const REQUIRED: &str = "the reader refuses an object without its required fields";

/// A document that was read.
#[derive(Debug)]
pub(super) struct Draft<A: Allocator> {
    pub(super) name: Name,
    pub(super) waypoints: ArenaVec<Waypoint, A>,
    pub(super) treasures: ArenaVec<Treasure, A>,
    pub(super) by_id: ArenaVec<u16, A>,
    pub(super) rules: Rules,
}

// The shortest texts of an element, comma included.
const WAYPOINT_TEXT: &str = r#"{"x":0,"y":0,"z":0,"radius":1},"#;
const TREASURE_TEXT: &str =
    r#"{"id":"a","x":0,"y":0,"z":0,"radius":1,"loot":{"item":"a","points":1}},"#;

/// How many elements of at least `shortest` can follow, so that a list need not grow while it is
/// read. A bump arena would keep every size that it had.
fn room(remaining_bytes: usize, shortest: &str, count_max: usize) -> usize {
    count_max.min(remaining_bytes / shortest.len() + 1)
}

fields! {
    enum QuestField { Name = "name", Waypoints = "waypoints", Treasures = "treasures" }
    optional { Rules = "rules" }
}

/// Reads the whole document.
pub(super) fn document<A: Allocator + Copy>(bytes: &[u8], scratch: A) -> Result<Draft<A>> {
    let mut name = None;
    let mut waypoints = ArenaVec::new_in(scratch);
    let mut treasures = ArenaVec::new_in(scratch);
    let mut by_id = ArenaVec::new_in(scratch);
    let mut rules = Rules::default();
    let mut reader = Reader::new(bytes, scratch);
    reader.object(|r, field| {
        match field {
            QuestField::Name => name = Some(r.text(Name::new)?),
            QuestField::Waypoints => {
                waypoints.reserve_exact(room(r.remaining_bytes(), WAYPOINT_TEXT, WAYPOINTS_MAX));
                r.array(1..=WAYPOINTS_MAX, |r, _| {
                    waypoints.push(waypoint(r)?);
                    Ok(())
                })?;
            }
            QuestField::Treasures => {
                let count_max = room(r.remaining_bytes(), TREASURE_TEXT, TREASURES_MAX);
                treasures.reserve_exact(count_max);
                by_id.reserve_exact(count_max);
                r.array(1..=TREASURES_MAX, |r, _| {
                    let treasure = treasure(r, &treasures, &mut by_id)?;
                    treasures.push(treasure);
                    Ok(())
                })?;
            }
            QuestField::Rules => rules_object(r, &mut rules)?,
        }
        Ok(())
    })?;
    reader.end()?;
    Ok(Draft { name: name.expect(REQUIRED), waypoints, treasures, by_id, rules })
}

fields! {
    enum WaypointField { X = "x", Y = "y", Z = "z", Radius = "radius" }
}

fn waypoint<A: Allocator + Copy>(r: &mut Reader<'_, A>) -> Result<Waypoint> {
    let mut at = Point::default();
    let mut reach = 0.0;
    r.object(|r, field| {
        match field {
            WaypointField::X => at.x = coordinate(r)?,
            WaypointField::Y => at.y = coordinate(r)?,
            WaypointField::Z => at.z = coordinate(r)?,
            WaypointField::Radius => reach = radius(r)?,
        }
        Ok(())
    })?;
    Ok(Waypoint { at, radius: reach })
}

fields! {
    enum TreasureField { Id = "id", X = "x", Y = "y", Z = "z", Radius = "radius", Loot = "loot" }
    optional { OpensMs = "opens_ms", Supply = "supply" }
}

/// Reads the treasure after `before`, and enters it in `by_id`.
fn treasure<A: Allocator + Copy>(
    r: &mut Reader<'_, A>,
    before: &[Treasure],
    by_id: &mut ArenaVec<u16, A>,
) -> Result<Treasure> {
    let mut own_id = None;
    let mut at = Point::default();
    let mut reach = 0.0;
    let (mut opens_ms, mut supply) = (0, 1);
    let mut holds = None;
    r.object(|r, field| {
        match field {
            TreasureField::Id => own_id = Some(r.string(|text| new_id(text, before, by_id))?),
            TreasureField::X => at.x = coordinate(r)?,
            TreasureField::Y => at.y = coordinate(r)?,
            TreasureField::Z => at.z = coordinate(r)?,
            TreasureField::Radius => reach = radius(r)?,
            TreasureField::Loot => holds = Some(loot(r)?),
            TreasureField::OpensMs => opens_ms = r.u32(0..=DAY_MS)?,
            TreasureField::Supply => supply = r.u32(1..=1_000_000)?,
        }
        Ok(())
    })?;
    Ok(Treasure {
        id: own_id.expect(REQUIRED),
        at,
        radius: reach,
        opens_ms,
        supply,
        loot: holds.expect(REQUIRED),
    })
}

/// The id of the treasure after `before`, which none of them may have. A binary search and an
/// insertion that moves at most 2 KiB.
fn new_id<A: Allocator>(
    text: &str,
    before: &[Treasure],
    by_id: &mut ArenaVec<u16, A>,
) -> core::result::Result<Id, FaultCode> {
    let id = Id::new(text).ok_or(FaultCode::OutOfRange)?;
    match by_id.binary_search_by(|index| before[usize::from(*index)].id.cmp(&id)) {
        Ok(_) => Err(FaultCode::DuplicateId),
        Err(place) => {
            let index = u16::try_from(before.len()).expect("TREASURES_MAX is a u16");
            by_id.insert(place, index);
            Ok(id)
        }
    }
}

fields! {
    enum LootField { Item = "item", Points = "points" }
    optional { PowerUp = "power_up" }
}

fn loot<A: Allocator + Copy>(r: &mut Reader<'_, A>) -> Result<Loot> {
    let mut item = None;
    let mut points = 0;
    let mut power_up = None;
    r.object(|r, field| {
        match field {
            LootField::Item => item = Some(r.text(Id::new)?),
            LootField::Points => points = r.u32(1..=1_000_000)?,
            LootField::PowerUp => power_up = r.optional(|r| r.text(PowerUp::from_word))?,
        }
        Ok(())
    })?;
    Ok(Loot { item: item.expect(REQUIRED), points, power_up })
}

fields! {
    enum RulesField {}
    optional {
        DurationMs = "duration_ms",
        SpeedMax = "speed_max",
        EnergyMax = "energy_max",
        EnergyPerS = "energy_per_s",
        PowerUpEnergy = "power_up_energy",
        PowerUpMs = "power_up_ms",
        StartPowerUps = "start_power_ups",
        WaypointsInPlay = "waypoints_in_play",
        WaypointMs = "waypoint_ms",
    }
}

fn rules_object<A: Allocator + Copy>(r: &mut Reader<'_, A>, rules: &mut Rules) -> Result<()> {
    r.object(|r, field| {
        match field {
            RulesField::DurationMs => rules.duration_ms = r.u32(500..=DAY_MS)?,
            RulesField::SpeedMax => rules.speed_max = r.f64(|v| v > 0.0 && v <= 1_000_000.0)?,
            RulesField::EnergyMax => rules.energy_max = r.u32(0..=1_000)?,
            RulesField::EnergyPerS => rules.energy_per_s = r.u32(0..=1_000)?,
            RulesField::PowerUpEnergy => rules.power_up_energy = r.u32(0..=1_000)?,
            RulesField::PowerUpMs => rules.power_up_ms = r.u32(1..=3_600_000)?,
            RulesField::StartPowerUps => start_power_ups(r, &mut rules.start_power_ups)?,
            RulesField::WaypointsInPlay => rules.waypoints_in_play = r.u32(1..=64)?,
            RulesField::WaypointMs => rules.waypoint_ms = r.u32(1..=DAY_MS)?,
        }
        Ok(())
    })
}

fields! {
    enum StartField {}
    optional { Boost = "boost", Reach = "reach", Double = "double" }
}

fn start_power_ups<A: Allocator + Copy>(r: &mut Reader<'_, A>, counts: &mut [u8; 3]) -> Result<()> {
    r.object(|r, field| {
        let power_up = match field {
            StartField::Boost => PowerUp::Boost,
            StartField::Reach => PowerUp::Reach,
            StartField::Double => PowerUp::Double,
        };
        let count = r.u32(0..=255)?;
        counts[power_up as usize] = u8::try_from(count).expect("the range ends at a u8");
        Ok(())
    })
}

fn coordinate<A: Allocator + Copy>(r: &mut Reader<'_, A>) -> Result<f64> {
    r.f64(|v| v.abs() <= COORDINATE_MAX)
}

fn radius<A: Allocator + Copy>(r: &mut Reader<'_, A>) -> Result<f64> {
    r.f64(|v| v > 0.0 && v <= RADIUS_MAX)
}
