//! A quest, as another JSON reader sees it.

use engine_core::seam::{Loot, Point, PowerUp};
use engine_core::text::Id;
use serde_json::Value;

#[derive(Debug)]
pub struct ModelQuest {
    pub id: Id,
    pub version: u32,
    pub body: Vec<u8>,
    /// With the radius.
    pub waypoints: Vec<(Point, f64)>,
    pub treasures: Vec<ModelTreasure>,
    pub duration_ms: u64,
    pub speed_max: f64,
    pub energy_max: u64,
    pub energy_per_s: u64,
    pub power_up_energy: u64,
    pub power_up_ms: u64,
    /// By `PowerUp as usize`.
    pub start_power_ups: [u32; 3],
    pub waypoints_in_play: u64,
    pub waypoint_ms: u64,
}

#[derive(Clone, Copy, Debug)]
pub struct ModelTreasure {
    pub id: Id,
    pub at: Point,
    pub radius: f64,
    pub opens_ms: u64,
    pub supply: u32,
    pub loot: Loot,
}

impl ModelQuest {
    /// Reads a document that is known to be valid.
    pub fn read(id: Id, version: u32, body: &[u8]) -> Self {
        let quest: Value = serde_json::from_slice(body).expect("a valid document");
        let list = |name: &str| quest[name].as_array().expect("a list").clone();
        let rules = quest["rules"].clone();
        let rule = |name: &str, or: u64| rules[name].as_u64().unwrap_or(or);
        let start = |name: &str| rules["start_power_ups"][name].as_u64().unwrap_or(1) as u32;
        Self {
            id,
            version,
            body: body.to_vec(),
            waypoints: list("waypoints").iter().map(|w| (point(w), number(&w["radius"]))).collect(),
            treasures: list("treasures").iter().map(treasure).collect(),
            duration_ms: rule("duration_ms", 600_000),
            speed_max: rules["speed_max"].as_f64().unwrap_or(10.0),
            energy_max: rule("energy_max", 100),
            energy_per_s: rule("energy_per_s", 5),
            power_up_energy: rule("power_up_energy", 30),
            power_up_ms: rule("power_up_ms", 5_000),
            start_power_ups: [start("boost"), start("reach"), start("double")],
            waypoints_in_play: rule("waypoints_in_play", 8),
            waypoint_ms: rule("waypoint_ms", 3_000),
        }
    }
}

fn treasure(value: &Value) -> ModelTreasure {
    let loot = &value["loot"];
    ModelTreasure {
        id: id(&value["id"]),
        at: point(value),
        radius: number(&value["radius"]),
        opens_ms: value["opens_ms"].as_u64().unwrap_or(0),
        supply: value["supply"].as_u64().unwrap_or(1) as u32,
        loot: Loot {
            item: id(&loot["item"]),
            points: loot["points"].as_u64().expect("points") as u32,
            power_up: loot["power_up"].as_str().and_then(PowerUp::from_word),
        },
    }
}

fn id(value: &Value) -> Id {
    Id::new(value.as_str().expect("a string")).expect("an id")
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn point(value: &Value) -> Point {
    Point { x: number(&value["x"]), y: number(&value["y"]), z: number(&value["z"]) }
}
