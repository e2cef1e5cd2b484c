//! What the generator writes is read by the engine, and what the engine writes is read here.

use super::*;
use engine_core::api::messages as theirs;
use engine_core::game::frame::{self, Scene};
use engine_core::game::quest;
use engine_core::seam::{self, Codec};
use engine_core::text::{Id, Name};
use engine_core::websocket::frame::header_bytes;
use proptest::prelude::*;
use prost::Message as _;

fn encoded(encoding: Encoding, seq: u32, action: &Action<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    encoding.append(seq, action, &mut out);
    out
}

fn place() -> impl Strategy<Value = Place> {
    let axis = prop_oneof![Just(0.0), Just(-0.0), -1e6..1e6f64, -1e-7..1e-7f64];
    [axis.clone(), axis.clone(), axis].prop_map(|[x, y, z]| Place { x, y, z })
}

/// Zeros of either sign are one place, and both are left out of protobuf.
fn positive(at: Place) -> Place {
    Place { x: at.x + 0.0, y: at.y + 0.0, z: at.z + 0.0 }
}

proptest! {
    #[test]
    fn a_move_is_what_the_engine_reads(seq: u32, at in place(), heading in 0.0..360.0f64) {
        let action = Action::Move { at, heading };
        let message = theirs::ClientMessage::decode(&*encoded(Encoding::Protobuf, seq, &action));
        let Place { x, y, z } = positive(at);
        let body = theirs::Move { x, y, z, heading };
        let action_read = Some(theirs::Action::Move(body));
        prop_assert_eq!(message.unwrap(), theirs::ClientMessage { seq, action: action_read });
        let json: serde_json::Value =
            serde_json::from_slice(&encoded(Encoding::Json, seq, &action)).unwrap();
        let number = |value: f64| serde_json::json!(value).as_f64();
        prop_assert_eq!(json["seq"].as_u64(), Some(seq.into()));
        prop_assert_eq!(json["move"]["x"].as_f64().map(|x| x + 0.0), number(x));
        prop_assert_eq!(json["move"]["z"].as_f64().map(|z| z + 0.0), number(z));
        prop_assert_eq!(json["move"]["heading"].as_f64(), number(heading));
    }

    #[test]
    fn a_resolve_is_what_the_engine_reads(
        seq: u32, at in place(), treasure in "[a-z]{1,32}",
        key in proptest::option::of("[!-~]{1,64}"),
    ) {
        let action = Action::Resolve { treasure: &treasure, at, key: key.as_deref() };
        let message = theirs::ClientMessage::decode(&*encoded(Encoding::Protobuf, seq, &action));
        let Place { x, y, z } = positive(at);
        let resolve = theirs::Resolve { treasure: treasure.clone(), x, y, z, key: key.clone() };
        let action_read = Some(theirs::Action::Resolve(resolve));
        prop_assert_eq!(message.unwrap(), theirs::ClientMessage { seq, action: action_read });
        let json: serde_json::Value =
            serde_json::from_slice(&encoded(Encoding::Json, seq, &action)).unwrap();
        prop_assert_eq!(json["resolve"]["treasure"].as_str(), Some(&*treasure));
        prop_assert_eq!(json["resolve"].get("key").and_then(|key| key.as_str()), key.as_deref());
    }

    #[test]
    fn a_frame_of_the_engine_is_read(
        tick: u32, full: bool, remaining_ms: u32, ended: bool, scores: [u32; 2],
        places in proptest::collection::vec(place(), 1..5), changed in 0u64..8,
    ) {
        let waypoints: Vec<_> = places.into_iter().map(waypoint).collect();
        let treasures = ["t1", "t2", "t3"].map(treasure);
        let leaders = [leader(0, "Ada \"L\"", scores[0]), leader(7, "Gr\u{e9}ta", scores[1])];
        let state = if ended { seam::HuntState::Ended } else { seam::HuntState::Running };
        let scene = Scene {
            tick, full, state, remaining_ms,
            waypoints: &waypoints, first_waypoint: 1, waypoints_in_play: waypoints.len(),
            treasures: &treasures, remaining: &[0, 1, 300], changed: &[changed],
            leaders: &leaders,
        };
        let codecs = [(Codec::Protobuf, Encoding::Protobuf), (Codec::Json, Encoding::Json)];
        let frames = codecs.map(|(codec, encoding)| {
            let wire = frame::encode(&scene, codec, &mut Vec::new());
            let head = [2, 4, 10].into_iter().find(|head| header_bytes(wire.len() - head) == *head);
            let payload = &wire[head.unwrap()..];
            assert_eq!(encoding.peek_frame(payload), Some((tick, full)));
            match encoding.read(payload).unwrap() {
                ServerMessage::Frame(frame) => format!("{frame:?}"),
                other => panic!("{other:?}"),
            }
        });
        prop_assert_eq!(&frames[0], &frames[1], "the two encodings say the same");
        let index = 1 % waypoints.len();
        let x = waypoints[index].at.x;
        let first = format!("waypoints: [Waypoint {{ index: {index}, x: {x:?}, y");
        prop_assert!(frames[0].contains(&first), "{} lacks {first}", frames[0]);
        let score = format!("name: \"Gr\u{e9}ta\", score: {}", scores[1]);
        prop_assert!(frames[0].contains(&score), "{} lacks {score}", frames[0]);
        prop_assert_eq!(frames[0].matches("Changed {").count(), changed.count_ones() as usize);
    }

    #[test]
    fn whatever_bytes_come_nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for encoding in [Encoding::Json, Encoding::Protobuf] {
            let _ = encoding.read(&bytes);
            let _ = encoding.peek_frame(&bytes);
        }
    }

    #[test]
    fn a_message_with_one_byte_changed_or_cut_never_panics(at in 0usize..60, to: u8, cut: bool) {
        let mut bytes = RESOLVED.to_vec();
        let place = at % bytes.len();
        if cut { bytes.truncate(place) } else { bytes[place] = to }
        let _ = Encoding::Json.read(&bytes);
        let mut bytes = resolved().encode_to_vec();
        let place = at % bytes.len();
        if cut { bytes.truncate(place) } else { bytes[place] = to }
        let _ = Encoding::Protobuf.read(&bytes);
    }
}

const RESOLVED: &[u8] = br#"{"resolved":{"seq":3,"outcome":"claimed","loot":{"item":"pearl","points":50,"power_up":"double"},"score":90,"rank":2}}"#;

fn resolved() -> theirs::ServerMessage {
    let loot = theirs::Loot { item: "pearl".into(), points: 50, power_up: Some(3) };
    let resolved = theirs::Resolved { seq: 3, outcome: 1, loot: Some(loot), score: 90, rank: 2 };
    theirs::ServerMessage { event: Some(theirs::Event::Resolved(resolved)) }
}

fn waypoint(at: Place) -> quest::Waypoint {
    // The engine has no negative zeros.
    let Place { x, y, z } = positive(at);
    quest::Waypoint { at: seam::Point { x, y, z }, radius: 5.5 }
}

fn leader(player: u32, name: &str, score: u32) -> frame::Leader {
    frame::Leader { player, name: Name::new(name).unwrap(), score }
}

fn treasure(id: &str) -> quest::Treasure {
    let id = Id::new(id).unwrap();
    let loot = seam::Loot { item: id, points: 1, power_up: None };
    let at = seam::Point { x: 0.0, y: 0.0, z: 0.0 };
    quest::Treasure { id, at, radius: 1.0, opens_ms: 0, supply: 1, loot }
}

/// The protobuf form of an event, and the JSON form that must say the same.
fn both_say(event: theirs::Event, json: &str, expected: &ServerMessage<'_>) {
    let bytes = theirs::ServerMessage { event: Some(event) }.encode_to_vec();
    assert_eq!(Encoding::Protobuf.read(&bytes).as_ref(), Ok(expected));
    assert_eq!(Encoding::Json.read(json.as_bytes()).as_ref(), Ok(expected));
}

#[test]
fn every_answer_is_read_in_both_encodings() {
    let moved = Moved { seq: 9, outcome: MoveOutcome::TooFast, x: 0.0, y: -1.5, z: 2.0, energy: 0 };
    let wire = theirs::Moved { seq: 9, outcome: 2, x: 0.0, y: -1.5, z: 2.0, energy: 0 };
    let json = r#"{"moved":{"seq":9,"outcome":"too_fast","x":0,"y":-1.5,"z":2,"energy":0}}"#;
    both_say(theirs::Event::Moved(wire), json, &ServerMessage::Moved(moved));

    let used = PowerUpUsed {
        seq: 0,
        outcome: PowerUpOutcome::NoEnergy,
        power_up: PowerUp::Reach,
        active_ms: 0,
        energy: 7,
    };
    let wire = theirs::PowerUpUsed { seq: 0, outcome: 4, power_up: 2, active_ms: 0, energy: 7 };
    let json = r#"{"power_up_used":{"seq":0,"outcome":"no_energy","power_up":"reach","active_ms":0,"energy":7}}"#;
    both_say(theirs::Event::PowerUpUsed(wire), json, &ServerMessage::PowerUpUsed(used));

    let refused = Refused {
        seq: 5,
        kind: "urn:hunt:problem:hunt-ended".into(),
        title: "the hunt has ended".into(),
        status: 409,
        ..Refused::default()
    };
    let wire = theirs::Refused {
        seq: 5,
        r#type: "urn:hunt:problem:hunt-ended".into(),
        title: "the hunt has ended".into(),
        status: 409,
        detail: None,
        path: None,
        line: None,
        column: None,
    };
    let json = r#"{"refused":{"seq":5,"type":"urn:hunt:problem:hunt-ended","title":"the hunt has ended","status":409}}"#;
    both_say(theirs::Event::Refused(wire), json, &ServerMessage::Refused(refused));

    let theirs::ServerMessage { event: Some(event) } = resolved() else { panic!("an event") };
    let loot = Loot { item: "pearl".into(), points: 50, power_up: Some(PowerUp::Double) };
    let outcome = ResolveOutcome::Claimed;
    let resolved = Resolved { seq: 3, outcome, loot: Some(loot), score: 90, rank: 2 };
    let json = str::from_utf8(RESOLVED).unwrap();
    both_say(event, json, &ServerMessage::Resolved(resolved));
}

#[test]
fn the_words_and_numbers_of_enums_are_the_engines() {
    for (number, word) in [(1, "boost"), (2, "reach"), (3, "double")] {
        assert_eq!(PowerUp::from_number(number).unwrap().word(), word);
    }
    assert_eq!(PowerUp::from_number(0), None);
    assert_eq!(ResolveOutcome::from_number(6).unwrap().word(), "exhausted");
    assert_eq!(ResolveOutcome::from_number(7), None);
    let used = encoded(Encoding::Protobuf, 0, &Action::UsePowerUp(PowerUp::Double));
    let message = theirs::ClientMessage::decode(&*used).unwrap();
    let expected = theirs::UsePowerUp { power_up: theirs::PowerUp::Double.into() };
    assert_eq!(message.action, Some(theirs::Action::UsePowerUp(expected)));
}

#[test]
fn what_no_right_server_sends_is_malformed() {
    for bytes in [
        &b""[..],
        b"\x0a",
        b"\x0a\x00",
        b"\x0a\x02\x10\x03",
        b"\x0a\x02\x10\x01\x0a\x00",
        b"\x0a\x04\x10\x01\x48\x01",
        b"\x0a\x03\x10\x01\x18\x01",
        b"\x32\x00",
        b"\x2a\x03\x12\x01\xff",
    ] {
        assert!(Encoding::Protobuf.read(bytes).is_err(), "{bytes:?}");
    }
    for text in [
        "",
        "{}",
        r#"{"moved":{"seq":9,"outcome":"flown","x":0,"y":-1.5,"z":2,"energy":0}}"#,
        r#"{"moved":{"seq":9,"outcome":"moved","x":0,"y":-1.5,"energy":0}}"#,
        r#"{"moved":{"seq":9,"outcome":"moved","x":0,"y":-1.5,"z":2,"energy":0,"w":1}}"#,
        r#"{"moved":{"seq":9,"outcome":"moved","x":0,"y":-1.5,"z":2,"energy":0}} "x""#,
    ] {
        assert!(Encoding::Json.read(text.as_bytes()).is_err(), "{text}");
    }
}
