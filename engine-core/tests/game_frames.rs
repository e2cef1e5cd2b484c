//! Broadcast frames: the same in both encodings, whole WebSocket frames, at any size.
#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

mod model;

use engine_core::game::frame::{Leader, Scene, encode};
use engine_core::game::quest::{Treasure, Waypoint};
use engine_core::seam::{Codec, Frame, HuntKey, HuntState, Loot, Point};
use engine_core::text::{Id, Name};
use model::answer::{FrameView, payload};

fn waypoints(count: u32) -> Vec<Waypoint> {
    let at = |i| Point { x: f64::from(i) * 0.1, y: 0.0, z: -f64::from(i) };
    (0..count).map(|i| Waypoint { at: at(i), radius: 0.5 + f64::from(i) }).collect()
}

fn treasures(count: usize) -> Vec<Treasure> {
    let loot = Loot { item: Id::new("coin").unwrap(), points: 1, power_up: None };
    let id = |i| Id::new(&format!("treasure-with-a-long-name-{i:06}")).unwrap();
    let at = Point::default();
    let treasure = |i| Treasure { id: id(i), at, radius: 1.0, opens_ms: 0, supply: 1, loot };
    (0..count).map(treasure).collect()
}

fn leader(player: u32, name: &str, score: u32) -> Leader {
    Leader { player, name: Name::new(name).unwrap(), score }
}

/// Encodes the scene both ways and reads it back; the reader compares the two.
fn view(scene: &Scene<'_>) -> FrameView {
    let mut scratch = Vec::new();
    let mut wire = |codec| Some(encode(scene, codec, &mut scratch));
    let wire = [wire(Codec::Json), wire(Codec::Protobuf)];
    let ended = scene.state == HuntState::Ended;
    FrameView::of(&Frame { hunt: HuntKey(0), tick: scene.tick, revision: 0, ended, wire })
}

#[test]
fn a_frame_is_written_to_the_byte() {
    let (waypoints, treasures) = (waypoints(3), treasures(70));
    let mut changed = [0; 2];
    changed[0] = 1 << 5;
    changed[1] = 1 << 2;
    let mut remaining = vec![9; 70];
    remaining[66] = 0;
    let scene = Scene {
        tick: 7,
        full: false,
        state: HuntState::Running,
        remaining_ms: 598_950,
        waypoints: &waypoints,
        first_waypoint: 2,
        waypoints_in_play: 2,
        treasures: &treasures,
        remaining: &remaining,
        changed: &changed,
        leaders: &[leader(3, "Zoë \"Z\" \\", 120), leader(0, "Ada", 0)],
    };
    let mut scratch = Vec::new();
    let wire = encode(&scene, Codec::Json, &mut scratch);
    let text = concat!(
        r#"{"frame":{"tick":7,"full":false,"status":"running","remaining_ms":598950,"#,
        r#""waypoints":[{"index":2,"x":0.2,"y":0,"z":-2,"radius":2.5},"#,
        r#"{"index":0,"x":0,"y":0,"z":0,"radius":0.5}],"#,
        r#""changed":[{"treasure":"treasure-with-a-long-name-000005","remaining":9},"#,
        r#"{"treasure":"treasure-with-a-long-name-000066","remaining":0}],"#,
        r#""leaders":[{"player":3,"name":"Zoë \"Z\" \\","score":120},"#,
        r#"{"player":0,"name":"Ada","score":0}]}}"#,
    );
    assert_eq!(std::str::from_utf8(payload(&wire, 1)).unwrap(), text);
    let view = view(&scene);
    assert_eq!(view.changed.len(), 2);
    assert_eq!(view.waypoints[1], (0, [0.0, 0.0, 0.0, 0.5]));
}

#[test]
fn nothing_to_say_is_a_frame_too() {
    let (waypoints, treasures) = (waypoints(1), treasures(1));
    let scene = Scene {
        tick: 0,
        full: true,
        state: HuntState::Ended,
        remaining_ms: 0,
        waypoints: &waypoints,
        first_waypoint: 0,
        waypoints_in_play: 1,
        treasures: &treasures,
        remaining: &[1],
        changed: &[0],
        leaders: &[],
    };
    let view = view(&scene);
    assert!(view.full && view.changed.is_empty() && view.leaders.is_empty());
    assert_eq!(view.status, "ended");
}

//= https://www.rfc-editor.org/rfc/rfc6455#section-5.2
//# Note that in all cases, the minimal number of bytes MUST be used to encode the length
#[test]
fn the_header_fits_at_every_length() {
    let (waypoints, treasures) = (waypoints(1), treasures(1_024));
    let remaining = vec![1_000_000; 1_024];
    let mut seen = [vec![], vec![]];
    // Enough treasures to come near 125 and 65,535 bytes, and a name to step over them one by one.
    for count in [0, 1, 2, 959, 960, 961, 1_024] {
        let mut changed = [0; 16];
        (0..count).for_each(|i| changed[i / 64] |= 1 << (i % 64));
        for length in 1..=64 {
            let name = "n".repeat(length);
            let scene = Scene {
                tick: 1,
                full: false,
                state: HuntState::Running,
                remaining_ms: 1,
                waypoints: &waypoints,
                first_waypoint: 0,
                waypoints_in_play: 1,
                treasures: &treasures,
                remaining: &remaining,
                changed: &changed,
                leaders: &[leader(1, &name, 1)],
            };
            view(&scene);
            let mut scratch = Vec::new();
            for codec in Codec::ALL {
                let wire = encode(&scene, codec, &mut scratch);
                seen[codec as usize].push(payload(&wire, codec as u8 + 1).len());
            }
        }
    }
    for (codec, border) in [(Codec::Protobuf, 125), (Codec::Json, 65_535)] {
        let seen = &seen[codec as usize];
        assert!(seen.contains(&border) && seen.contains(&(border + 1)), "{codec:?}: {seen:?}");
    }
}
