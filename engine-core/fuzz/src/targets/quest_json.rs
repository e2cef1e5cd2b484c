//! A quest document: what JSON is agrees with `serde_json`, a fault lies within the document, and
//! what is accepted is within the rules and reads the same when it is written again.

use crate::signature::note;
use alloc_bumpalo::BumpArena;
use engine_core::arena::{Arena, Meter};
use engine_core::error::{FaultCode, JsonFault};
use engine_core::game::quest::{COORDINATE_MAX, Quest, RADIUS_MAX, TREASURES_MAX, WAYPOINTS_MAX};
use engine_core::json;
use engine_core::seam::{Point, PowerUp};
use engine_core::text::Id;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) const WORDS: &[&[u8]] = &[
    b"\"name\":",
    b"\"waypoints\":[",
    b"\"treasures\":[",
    b"\"rules\":{",
    b"\"x\":0,",
    b"\"radius\":",
    b"\"id\":\"t1\",",
    b"\"opens_ms\":",
    b"\"supply\":",
    b"\"loot\":{\"item\":\"i\",\"points\":1}",
    b"\"power_up\":\"boost\"",
    b"\"power_up\":null",
    b"\"duration_ms\":500",
    b"\"speed_max\":1e-3",
    b"\"start_power_ups\":{\"boost\":255}",
    b"{\"x\":0,\"y\":0,\"z\":0,\"radius\":1}",
    b",",
    b"-0",
    b"1e999",
    b"1e400",
    b"0.1e-5",
    b"\\u0041",
    b"\\ud83e\\udd80",
    b"\\ud800",
    b"[[[[[[[[[[[[[[[[[",
    b"]",
    b"}",
    b"\n",
];

/// Reads a document.
///
/// # Panics
/// If an invariant is broken.
pub fn quest_json(data: &[u8]) {
    agree_on_syntax(data);
    let meter = Arc::new(Meter::default());
    let read = parse(data, &meter);
    match &read {
        Ok(quest) => {
            assert!(serde_json::from_slice::<Value>(data).is_ok(), "what is accepted is JSON");
            check(quest);
            let written = write(quest).to_string();
            let again = parse(written.as_bytes(), &meter).expect("what was accepted");
            assert_eq!(same(&again), same(quest));
            note("waypoints", quest.waypoints.len().min(9) as u64);
            note("treasures", quest.treasures.len().min(9) as u64);
        }
        Err(fault) => {
            within(data, fault);
            note_place(fault);
        }
    }
    drop(read);
    assert_eq!(meter.figures().bytes_held, 0, "a quest that is gone holds no memory");
}

/// Notes where a fault is: the fields on the way, numbers as one, and no unknown field.
fn note_place(fault: &JsonFault) {
    for part in fault.path.split('/').skip(1) {
        let part = if part.starts_with(|c: char| c.is_ascii_digit()) { "#" } else { part };
        let quoted = format!("\"{part}\":");
        let known = WORDS.iter().any(|word| word.starts_with(quoted.as_bytes()));
        note(if known || part == "#" { part } else { "?" }, 0);
    }
    note("fault", fault.code as u64);
}

fn parse(data: &[u8], meter: &Arc<Meter>) -> Result<Quest<BumpArena>, JsonFault> {
    let scratch = BumpArena::new(Arc::default());
    Quest::parse(Id::new("q").expect("an id"), data, &scratch, meter)
}

/// Two differences are intended: depth ends at 16 here and at 128 there, and a number beyond the
/// doubles is a number here and an error there.
fn agree_on_syntax(data: &[u8]) {
    let ours = json::validate(data);
    let theirs = serde_json::from_slice::<Value>(data);
    match (&ours, &theirs) {
        (Ok(()), Err(error)) => assert!(error.to_string().contains("out of range"), "{error}"),
        (Err(fault), Ok(_)) => {
            let at = offset(data, fault);
            let deep = matches!(data.get(at), Some(b'[' | b'{')) && depth(&data[..at]) >= 16;
            assert!(fault.code == FaultCode::Syntax && deep, "{fault:?} in JSON");
        }
        _ => {}
    }
    if let Err(fault) = ours {
        within(data, &fault);
    }
}

/// How many brackets are open after `bytes`, which are the beginning of a JSON text.
fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut string, mut escaped) = (0_usize, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if string => escaped = true,
            b'"' => string = !string,
            b'[' | b'{' if !string => depth += 1,
            b']' | b'}' if !string => depth -= 1,
            _ => {}
        }
    }
    depth
}

fn within(data: &[u8], fault: &JsonFault) {
    assert!(offset(data, fault) <= data.len());
    assert!(fault.path.is_empty() || fault.path.starts_with('/'), "{}", fault.path);
    // A key is cut at 64 bytes, of which each may be written as two; 16 levels at most.
    assert!(fault.path.len() <= 16 * (1 + 2 * json::PATH_KEY_BYTES_MAX));
}

/// Where in the document a fault is.
fn offset(data: &[u8], fault: &JsonFault) -> usize {
    assert!(fault.line >= 1 && fault.column >= 1);
    let mut lines = data.split_inclusive(|byte| *byte == b'\n');
    let before: usize = lines.by_ref().take(fault.line as usize - 1).map(<[u8]>::len).sum();
    let line = lines.next().map_or(0, <[u8]>::len);
    assert!(fault.column as usize <= line + 1, "a column within its line");
    before + fault.column as usize - 1
}

fn check(quest: &Quest<BumpArena>) {
    let point = |p: &Point| {
        let within = [p.x, p.y, p.z].iter().all(|v| v.abs() <= COORDINATE_MAX);
        assert!(within && [p.x, p.y, p.z].iter().all(|v| v.to_bits() != (-0.0_f64).to_bits()));
    };
    let radius = |r: f64| assert!(r > 0.0 && r <= RADIUS_MAX);
    assert!((1..=WAYPOINTS_MAX).contains(&quest.waypoints.len()));
    assert!((1..=TREASURES_MAX).contains(&quest.treasures.len()));
    for waypoint in &quest.waypoints {
        point(&waypoint.at);
        radius(waypoint.radius);
    }
    for (place, treasure) in quest.treasures.iter().enumerate() {
        point(&treasure.at);
        radius(treasure.radius);
        assert!(treasure.opens_ms <= 86_400_000);
        assert!((1..=1_000_000).contains(&treasure.supply));
        assert!((1..=1_000_000).contains(&treasure.loot.points));
        assert_eq!(quest.treasure_index(&treasure.id).map(usize::from), Some(place));
    }
    let ids: BTreeSet<_> = quest.treasures.iter().map(|t| t.id.as_str()).collect();
    assert_eq!(ids.len(), quest.treasures.len(), "no id twice");
    let rules = &quest.rules;
    assert!((500..=86_400_000).contains(&rules.duration_ms));
    assert!(rules.speed_max > 0.0 && rules.speed_max <= 1e6);
    assert!(rules.energy_max.max(rules.energy_per_s).max(rules.power_up_energy) <= 1000);
    assert!((1..=3_600_000).contains(&rules.power_up_ms));
    assert!((1..=64).contains(&rules.waypoints_in_play));
    assert!((1..=86_400_000).contains(&rules.waypoint_ms));
}

fn write(quest: &Quest<BumpArena>) -> Value {
    let place = |at: Point, radius: f64| json!({"x": at.x, "y": at.y, "z": at.z, "radius": radius});
    let treasures = quest.treasures.iter().map(|t| {
        let mut value = place(t.at, t.radius);
        value["id"] = t.id.as_str().into();
        value["opens_ms"] = t.opens_ms.into();
        value["supply"] = t.supply.into();
        let power_up = t.loot.power_up.map(PowerUp::as_str);
        value["loot"] = json!({
            "item": t.loot.item.as_str(), "points": t.loot.points, "power_up": power_up,
        });
        value
    });
    let rules = &quest.rules;
    let [boost, reach, double] = rules.start_power_ups;
    json!({
        "name": quest.name.as_str(),
        "waypoints": quest.waypoints.iter().map(|w| place(w.at, w.radius)).collect::<Value>(),
        "treasures": treasures.collect::<Value>(),
        "rules": {
            "duration_ms": rules.duration_ms, "speed_max": rules.speed_max,
            "energy_max": rules.energy_max, "energy_per_s": rules.energy_per_s,
            "power_up_energy": rules.power_up_energy, "power_up_ms": rules.power_up_ms,
            "start_power_ups": {"boost": boost, "reach": reach, "double": double},
            "waypoints_in_play": rules.waypoints_in_play, "waypoint_ms": rules.waypoint_ms,
        },
    })
}

/// Everything of a quest but its digest.
fn same(quest: &Quest<BumpArena>) -> impl PartialEq + std::fmt::Debug {
    (quest.name, quest.waypoints.to_vec(), quest.treasures.to_vec(), quest.rules)
}
