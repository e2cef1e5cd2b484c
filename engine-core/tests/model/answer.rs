//! Answers in a form that can be compared: of the model, and read from what the engine gives.

use engine_core::api::messages;
use engine_core::error::Problem;
use engine_core::seam::{
    Applied, BoardRow, Codec, Frame, HuntStatus, Loot, LootRow, MoveOutcome, PlayerRef, Point,
    PowerUp, PowerUpOutcome, Reply, ResolveOutcome,
};
use engine_core::text::Id;
use prost::Message;
use serde_json::Value;
use std::collections::BTreeSet;

/// A [`Reply`] without what only a process knows.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    QuestPublished {
        quest: Id,
        version: u32,
        waypoints: u32,
        treasures: u32,
        created: bool,
    },
    HuntStarted {
        hunt: Id,
        quest: Id,
        version: u32,
        capacity: u32,
        round: u32,
        created: bool,
    },
    Joined {
        hunt: Id,
        player: PlayerRef,
    },
    Resolved {
        outcome: ResolveOutcome,
        loot: Option<Loot>,
        score: u32,
        rank: u32,
    },
    Moved {
        outcome: MoveOutcome,
        at: Point,
        energy: u32,
    },
    PowerUpUsed {
        outcome: PowerUpOutcome,
        power_up: PowerUp,
        active_ms: u32,
        energy: u32,
    },
    Status(HuntStatus),
    Leaderboard {
        hunt: Id,
        players: u32,
        rows: Vec<BoardRow>,
    },
    Loot {
        session: u32,
        hunt: Option<Id>,
        rows: Vec<LootRow>,
    },
    Watching(FrameView),
    Snapshot(FrameView),
    Refused(Problem),
    /// Nothing that the game answers.
    Other,
}

/// What a frame says, in whichever encoding.
#[derive(Clone, Debug, PartialEq)]
pub struct FrameView {
    pub tick: u32,
    pub full: bool,
    pub status: String,
    pub remaining_ms: u32,
    /// Index; x, y, z and radius.
    pub waypoints: Vec<(u32, [f64; 4])>,
    pub changed: Vec<(String, u32)>,
    pub leaders: Vec<(u32, String, u32)>,
}

/// A frame and who gets it.
#[derive(Clone, Debug, PartialEq)]
pub struct PublishedView {
    pub hunt: Id,
    pub started: u64,
    pub frame: FrameView,
    pub workers: BTreeSet<u8>,
    /// `Codec as usize`.
    pub codecs: BTreeSet<usize>,
}

impl Answer {
    /// The answer that a reply is.
    pub fn of(reply: &Reply, applied: &Applied) -> Self {
        match reply {
            Reply::QuestPublished { quest, version, waypoints, treasures, created } => {
                let (quest, version, created) = (*quest, *version, *created);
                let (waypoints, treasures) = (*waypoints, *treasures);
                Self::QuestPublished { quest, version, waypoints, treasures, created }
            }
            Reply::HuntStarted { hunt, quest, version, capacity, round, created } => {
                let (hunt, quest, created) = (*hunt, *quest, *created);
                let (version, capacity, round) = (*version, *capacity, *round);
                Self::HuntStarted { hunt, quest, version, capacity, round, created }
            }
            Reply::Joined { hunt, player } => Self::Joined { hunt: *hunt, player: *player },
            Reply::Resolved { outcome, loot, score, rank } => {
                Self::Resolved { outcome: *outcome, loot: *loot, score: *score, rank: *rank }
            }
            Reply::Moved { outcome, at, energy } => {
                Self::Moved { outcome: *outcome, at: *at, energy: *energy }
            }
            Reply::PowerUpUsed { outcome, power_up, active_ms, energy } => {
                let (outcome, power_up) = (*outcome, *power_up);
                let (active_ms, energy) = (*active_ms, *energy);
                Self::PowerUpUsed { outcome, power_up, active_ms, energy }
            }
            Reply::Status(status) => Self::Status(*status),
            Reply::Leaderboard { hunt, players, rows } => {
                let rows = applied.board_rows[rows.clone()].to_vec();
                Self::Leaderboard { hunt: *hunt, players: *players, rows }
            }
            Reply::Loot { session, hunt, rows } => {
                let rows = applied.loot_rows[rows.clone()].to_vec();
                Self::Loot { session: *session, hunt: *hunt, rows }
            }
            Reply::Watching { snapshot, .. } => Self::Watching(FrameView::of(snapshot)),
            Reply::Snapshot(frame) => Self::Snapshot(FrameView::of(frame)),
            Reply::Document { .. } => Self::Other,
            Reply::Refused(refusal) => Self::Refused(refusal.problem),
        }
    }
}

impl FrameView {
    /// What a frame says in every encoding that it has, which must be the same.
    pub fn of(frame: &Frame) -> Self {
        let mut views = vec![];
        if let Some(wire) = &frame.wire[Codec::Json as usize] {
            views.push(Self::of_json(payload(wire, 0x1)));
        }
        if let Some(wire) = &frame.wire[Codec::Protobuf as usize] {
            views.push(Self::of_protobuf(payload(wire, 0x2)));
        }
        let view = views.pop().expect("a frame has an encoding");
        assert!(views.iter().all(|other| *other == view), "{views:?} and {view:?}");
        assert_eq!((frame.tick, frame.ended), (view.tick, view.status == "ended"));
        view
    }

    fn of_json(payload: &[u8]) -> Self {
        let message: Value = serde_json::from_slice(payload).expect("valid JSON");
        let frame = &message["frame"];
        let u = |value: &Value| value.as_u64().expect("a whole number") as u32;
        let s = |value: &Value| value.as_str().expect("a string").to_owned();
        let list = |name: &str| frame[name].as_array().expect("a list").iter();
        let place =
            |w: &Value| ["x", "y", "z", "radius"].map(|name| w[name].as_f64().expect("a number"));
        Self {
            tick: u(&frame["tick"]),
            full: frame["full"].as_bool().expect("a boolean"),
            status: s(&frame["status"]),
            remaining_ms: u(&frame["remaining_ms"]),
            waypoints: list("waypoints").map(|w| (u(&w["index"]), place(w))).collect(),
            changed: list("changed").map(|c| (s(&c["treasure"]), u(&c["remaining"]))).collect(),
            leaders: list("leaders")
                .map(|l| (u(&l["player"]), s(&l["name"]), u(&l["score"])))
                .collect(),
        }
    }

    fn of_protobuf(payload: &[u8]) -> Self {
        let message = messages::ServerMessage::decode(payload).expect("a message of hunt.v1");
        assert_eq!(message.encode_to_vec(), payload, "the encoding is the canonical one");
        let Some(messages::Event::Frame(frame)) = message.event else {
            panic!("a frame and nothing else")
        };
        let state = frame.status().known().expect("a known state");
        Self {
            tick: frame.tick,
            full: frame.full,
            status: state.as_str().to_owned(),
            remaining_ms: frame.remaining_ms,
            waypoints: frame
                .waypoints
                .iter()
                .map(|w| (w.index, [w.x, w.y, w.z, w.radius]))
                .collect(),
            changed: frame.changed.into_iter().map(|c| (c.treasure, c.remaining)).collect(),
            leaders: frame.leaders.into_iter().map(|l| (l.player, l.name, l.score)).collect(),
        }
    }
}

//= https://www.rfc-editor.org/rfc/rfc6455#section-5.1
//# A server MUST NOT mask any frames that it sends to the client.
//
//= https://www.rfc-editor.org/rfc/rfc6455#section-5.2
//# Note that in all cases, the minimal number of bytes MUST be used to encode the length
/// The payload of one whole WebSocket frame.
pub fn payload(wire: &[u8], opcode: u8) -> &[u8] {
    assert_eq!(wire[0], 0x80 | opcode, "a whole message in one frame");
    let (len, rest) = match wire[1] {
        len @ 0..=125 => (u64::from(len), &wire[2..]),
        126 => (u64::from(u16::from_be_bytes([wire[2], wire[3]])), &wire[4..]),
        127 => (u64::from_be_bytes(wire[2..10].try_into().unwrap()), &wire[10..]),
        _ => panic!("a server masks nothing"),
    };
    let shortest = match len {
        0..=125 => 2,
        126..=0xffff => 4,
        _ => 10,
    };
    assert_eq!(wire.len() - rest.len(), shortest, "the length in as few bytes as it needs");
    assert_eq!(rest.len() as u64, len);
    rest
}
