//! What a quest document says, and the first fault of one that says it wrongly.

use std::sync::Arc;

use alloc_heap::HeapArena;
use engine_core::arena::{Arena, Meter};
use engine_core::error::FaultCode::{self, *};
use engine_core::error::JsonFault;
use engine_core::game::quest::{Quest, Rules, TREASURES_MAX, WAYPOINTS_MAX};
use engine_core::seam::{Point, PowerUp};
use engine_core::text::Id;

const WAYPOINT: &str = r#"{"x":0,"y":0,"z":0,"radius":1}"#;

fn id(text: &str) -> Id {
    Id::new(text).expect("a well-formed id")
}

fn parse(text: &str) -> Result<Quest<HeapArena>, JsonFault> {
    let mut scratch = HeapArena::new(Arc::new(Meter::default()));
    let quest = Quest::parse(id("harbour"), text.as_bytes(), &scratch, &Arc::default());
    scratch.reset();
    quest
}

fn quest(waypoints: &str, treasures: &str, rules: &str) -> String {
    format!(r#"{{"name":"Q","waypoints":[{waypoints}],"treasures":[{treasures}]{rules}}}"#)
}

fn treasure(id: &str, more: &str) -> String {
    let loot = r#"{"item":"coin","points":1}"#;
    format!(r#"{{"id":"{id}","x":0,"y":0,"z":0,"radius":1,"loot":{loot}{more}}}"#)
}

fn treasures(count: usize) -> String {
    let all: Vec<_> = (0..count).map(|index| treasure(&format!("t{index}"), "")).collect();
    all.join(",")
}

#[test]
fn a_short_document_has_the_documented_defaults() {
    let quest = parse(&quest(WAYPOINT, &treasure("chest", ""), "")).unwrap();
    assert_eq!((quest.id, quest.name.as_str(), quest.version), (id("harbour"), "Q", 0));
    assert_eq!(quest.waypoints.len(), 1);
    let chest = &quest.treasures[0];
    assert_eq!((chest.opens_ms, chest.supply, chest.loot.power_up), (0, 1, None));
    let rules = Rules {
        duration_ms: 600_000,
        speed_max: 10.0,
        energy_max: 100,
        energy_per_s: 5,
        power_up_energy: 30,
        power_up_ms: 5_000,
        start_power_ups: [1, 1, 1],
        waypoints_in_play: 8,
        waypoint_ms: 3_000,
    };
    assert_eq!(quest.rules, rules);
}

#[test]
fn a_full_document_is_read_in_any_order_of_its_fields() {
    let text = r#" {
        "rules": {"waypoint_ms": 9, "waypoints_in_play": 8, "start_power_ups": {"double": 7,
            "boost": 0}, "power_up_ms": 6, "power_up_energy": 5, "energy_per_s": 4,
            "energy_max": 3, "speed_max": 2.5, "duration_ms": 501},
        "treasures": [{"loot": {"power_up": "reach", "points": 1000000, "item": "oar"},
            "supply": 1000000, "opens_ms": 86400000, "radius": 1e4, "z": -0.0, "y": -1e6,
            "x": 1000000, "id": "boat-\u0031"},
            {"id": "anchor", "x": 1, "y": 2, "z": 3, "radius": 0.001,
            "loot": {"item": "rope", "points": 2, "power_up": null}}],
        "waypoints": [{"radius": 4, "z": 3, "y": 2, "x": 1.5}, {"x":5,"y":6,"z":7,"radius":8}],
        "name": "The \"harbour\" \u00e9"
    } "#;
    let quest = parse(text).unwrap();
    assert_eq!(quest.name.as_str(), "The \"harbour\" é");
    assert_eq!(quest.waypoints[0].at, Point { x: 1.5, y: 2.0, z: 3.0 });
    assert_eq!((quest.waypoints[0].radius, quest.waypoints[1].radius), (4.0, 8.0));
    let [boat, anchor] = &quest.treasures[..] else { panic!("two treasures") };
    assert_eq!((boat.id, boat.at), (id("boat-1"), Point { x: 1e6, y: -1e6, z: 0.0 }));
    assert!(boat.at.z.is_sign_positive(), "-0 becomes 0");
    assert_eq!((boat.radius, boat.opens_ms, boat.supply), (1e4, 86_400_000, 1_000_000));
    assert_eq!((boat.loot.item, boat.loot.points), (id("oar"), 1_000_000));
    assert_eq!((boat.loot.power_up, anchor.loot.power_up), (Some(PowerUp::Reach), None));
    let rules = Rules {
        duration_ms: 501,
        speed_max: 2.5,
        energy_max: 3,
        energy_per_s: 4,
        power_up_energy: 5,
        power_up_ms: 6,
        start_power_ups: [0, 1, 7],
        waypoints_in_play: 8,
        waypoint_ms: 9,
    };
    assert_eq!(quest.rules, rules);
}

#[test]
fn the_digest_is_of_the_bytes() {
    // Made by `sha256sum`.
    let text = quest(WAYPOINT, &treasure("a", ""), "");
    let digest = |text: &str| parse(text).unwrap().digest;
    let hex: String = digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "acc88e3b2f254ad04d8988c7633964d1b81e19fb183dccfa5dd7cf4c1e622353");
    assert_eq!(digest(&text), digest(&text));
    assert_ne!(digest(&text), digest(&(text.clone() + " ")));
}

#[test]
fn treasures_are_found_by_their_ids() {
    let text = quest(WAYPOINT, &treasures(TREASURES_MAX), "");
    let quest = parse(&text).unwrap();
    for (index, treasure) in quest.treasures.iter().enumerate() {
        assert_eq!(quest.treasure_index(&treasure.id).map(usize::from), Some(index));
    }
    for unknown in ["t", "t1024", "T0", "z"] {
        assert_eq!(quest.treasure_index(&id(unknown)), None, "{unknown}");
    }
}

#[test]
fn the_longest_lists_are_read_and_the_next_element_is_too_many() {
    let waypoints = |count| vec![WAYPOINT; count].join(",");
    let longest = quest(&waypoints(WAYPOINTS_MAX), &treasures(TREASURES_MAX), "");
    let read = parse(&longest).unwrap();
    assert_eq!((read.waypoints.len(), read.treasures.len()), (WAYPOINTS_MAX, TREASURES_MAX));

    let fault = parse(&quest(&waypoints(WAYPOINTS_MAX + 1), "", "")).unwrap_err();
    assert_eq!((fault.code, fault.path.as_str()), (OutOfRange, "/waypoints"));
    let column = r#"{"name":"Q","waypoints":["#.len() + WAYPOINTS_MAX * (WAYPOINT.len() + 1) + 1;
    assert_eq!(fault.column as usize, column);
    let fault = parse(&quest(WAYPOINT, &treasures(TREASURES_MAX + 1), "")).unwrap_err();
    assert_eq!((fault.code, fault.path.as_str()), (OutOfRange, "/treasures"));
}

/// Reads `marked` without its mark `«`, which stands before the byte at fault.
fn assert_fault(marked: &str, code: FaultCode, path: &str) {
    let (before, after) = marked.split_once('«').expect("a mark");
    let line = u32::try_from(before.split('\n').count()).expect("a short document");
    let in_line = before.rsplit('\n').next().map_or(0, str::len);
    let column = u32::try_from(in_line + 1).expect("a short document");
    let expected = JsonFault { code, path: path.into(), line, column };
    assert_eq!(parse(&format!("{before}{after}")).expect_err(marked), expected, "{marked}");
}

#[test]
fn every_number_ends_where_its_documentation_says() {
    let rows: [(&str, &[&str], &[&str]); 12] = [
        ("duration_ms", &["500", "86400000"], &["499", "86400001", "500.0", "5e2"]),
        ("speed_max", &["5e-324", "0.5", "1000000"], &["0", "-1", "1000000.0000000002", "1e-999"]),
        ("energy_max", &["0", "1000"], &["1001", "-0", "-1"]),
        ("energy_per_s", &["0", "1000"], &["1001", "0.5"]),
        ("power_up_energy", &["0", "1000"], &["1001"]),
        ("power_up_ms", &["1", "3600000"], &["0", "3600001"]),
        ("waypoints_in_play", &["1", "64"], &["0", "65"]),
        ("waypoint_ms", &["1", "86400000"], &["0", "86400001"]),
        ("start_power_ups/boost", &["0", "255"], &["256", "1e0"]),
        ("start_power_ups/reach", &["0", "255"], &["256"]),
        ("start_power_ups/double", &["0", "255"], &["256", "4294967296"]),
        ("start_power_ups/double", &["1"], &["18446744073709551616"]),
    ];
    for (field, good, bad) in rows {
        let rules = |value: &str| {
            let inner = match field.split_once('/') {
                Some((outer, inner)) => format!(r#""{outer}":{{"{inner}":{value}}}"#),
                None => format!(r#""{field}":{value}"#),
            };
            quest(WAYPOINT, &treasure("a", ""), &format!(r#","rules":{{{inner}}}"#))
        };
        for value in good {
            assert!(parse(&rules(value)).is_ok(), "{field} {value}");
        }
        for value in bad {
            assert_fault(&rules(&format!("«{value}")), OutOfRange, &format!("/rules/{field}"));
        }
        assert_fault(&rules("«null"), WrongType, &format!("/rules/{field}"));
    }
}

#[test]
fn every_number_of_a_place_ends_where_its_documentation_says() {
    let rows: [(&str, &[&str], &[&str]); 6] = [
        ("x", &["-1e6", "1000000.00000000005", "1e-400"], &["1000000.0000000001", "1e400"]),
        ("y", &["1000000", "-1e6"], &["1000000.1", "-1e7"]),
        ("z", &["1000000", "-1e6"], &["1000000.1", "-1e7"]),
        ("radius", &["10000", "5e-324"], &["0", "-0", "1e-400", "-1", "10000.000000000002"]),
        ("opens_ms", &["0", "86400000"], &["86400001", "-0", "0.0"]),
        ("supply", &["1", "1000000"], &["0", "1000001"]),
    ];
    for (field, good, bad) in rows {
        let place = |value: &str| {
            let fields: Vec<_> = ["x", "y", "z", "radius"]
                .into_iter()
                .filter(|name| *name != field)
                .map(|name| format!(r#""{name}":1"#))
                .chain([format!(r#""{field}":{value}"#)])
                .collect();
            fields.join(",")
        };
        let chest = |value: &str| {
            let loot = r#"{"item":"coin","points":1}"#;
            let chest = format!(r#"{{"id":"a","loot":{loot},{}}}"#, place(value));
            quest(WAYPOINT, &chest, "")
        };
        let waypoint = |value: &str| {
            quest(&format!("{WAYPOINT},{{{}}}", place(value)), &treasure("a", ""), "")
        };
        let of_waypoint = !matches!(field, "opens_ms" | "supply");
        for value in good {
            assert!(parse(&chest(value)).is_ok(), "{field} {value}");
            assert!(!of_waypoint || parse(&waypoint(value)).is_ok(), "{field} {value}");
        }
        for value in bad {
            let marked = format!("«{value}");
            assert_fault(&chest(&marked), OutOfRange, &format!("/treasures/0/{field}"));
            if of_waypoint {
                assert_fault(&waypoint(&marked), OutOfRange, &format!("/waypoints/1/{field}"));
            }
        }
    }
}

#[test]
fn the_first_fault_of_a_quest_is_reported_where_it_is() {
    let rows = [
        ("«", Syntax, ""),
        ("«[]", WrongType, ""),
        ("{\"name\":«\" padded\"", OutOfRange, "/name"),
        ("{\"name\":«\"\\u0007\"", OutOfRange, "/name"),
        ("{\"name\":«7", WrongType, "/name"),
        ("{\"name\":\"Q\"«}", MissingField, "/waypoints"),
        ("{\"waypoints\":[«]", OutOfRange, "/waypoints"),
        ("{\"waypoints\":[{\"x\":1,\"y\":2,\n\"z\":3«}", MissingField, "/waypoints/0/radius"),
        ("{\"treasures\":[«]", OutOfRange, "/treasures"),
        ("{\"treasures\":[{«\"name\":", UnknownField, "/treasures/0/name"),
        ("{\"treasures\":[{\"id\":«\"-\"", OutOfRange, "/treasures/0/id"),
        ("{\"treasures\":[{\"loot\":{\"item\":«\"\"", OutOfRange, "/treasures/0/loot/item"),
        ("{\"treasures\":[{\"loot\":{\"points\":«0,", OutOfRange, "/treasures/0/loot/points"),
        ("{\"treasures\":[{\"loot\":{\"points\":«1000001}", OutOfRange, "/treasures/0/loot/points"),
        (
            "{\"treasures\":[{\"loot\":{\"power_up\":«\"Boost\"",
            OutOfRange,
            "/treasures/0/loot/power_up",
        ),
        ("{\"treasures\":[{\"loot\":{\"power_up\":«1", WrongType, "/treasures/0/loot/power_up"),
        ("{\"treasures\":[{\"loot\":{\"points\":5«}", MissingField, "/treasures/0/loot/item"),
        ("{\"treasures\":[{\"id\":\"a\"«}", MissingField, "/treasures/0/x"),
        ("{\"rules\":«null", WrongType, "/rules"),
        ("{\"rules\":{«\"gravity\":1", UnknownField, "/rules/gravity"),
        ("{\"rules\":{\"start_power_ups\":{«\"none\"", UnknownField, "/rules/start_power_ups/none"),
        ("{«\"Name\":", UnknownField, "/Name"),
        ("{\"name\":\"Q\",\n  «\"name\":", DuplicateField, "/name"),
    ];
    for (marked, code, path) in rows {
        assert_fault(marked, code, path);
    }
    let whole = quest(WAYPOINT, &treasure("a", ""), "");
    assert_fault(&(whole + "\n «{}"), TrailingBytes, "");
}

#[test]
fn an_id_that_an_earlier_treasure_has_is_refused_where_it_stands() {
    let mut ids: Vec<_> = (0..200).map(|index| format!("t{:03}", index * 37 % 200)).collect();
    ids.push("«t199".into());
    let list: Vec<_> = ids.iter().map(|id| treasure(id, "")).collect();
    // The mark must stand before the quote.
    let marked = quest(WAYPOINT, &list.join(","), "").replace("\"«", "«\"");
    assert_fault(&marked, DuplicateId, "/treasures/200/id");
    let later_fault = r#"{"id":"a","x":0,"y":0,"z":0,"radius":1,"loot":{"item":"a","points":1}},
        {"id":«"\u0061","x":"wrong"}"#;
    assert_fault(&quest(WAYPOINT, later_fault, ""), DuplicateId, "/treasures/1/id");
}

#[test]
fn scratch_holds_the_lists_and_the_room_for_more_and_nothing_else() {
    let meter = Arc::new(Meter::default());
    let mut scratch = HeapArena::new(Arc::clone(&meter));
    let text = quest(&vec![WAYPOINT; 100].join(","), &treasures(10), "");
    let quest = Quest::parse(id("q"), text.as_bytes(), &scratch, &Arc::default()).unwrap();
    scratch.reset();
    let lists = size_of_val(&quest.waypoints[..]) + size_of_val(&quest.treasures[..]);
    let high = meter.figures().bytes_high;
    // Room is reserved for the shortest texts that can still come, treasures' texts included.
    assert!(high >= lists && high <= 4 * lists, "{high} bytes for {lists}");
    assert_eq!(meter.figures().bytes_held, 0);
}
