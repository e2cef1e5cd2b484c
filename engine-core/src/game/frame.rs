//! The broadcast frame: what a hunt tells its watchers, encoded once for each codec as a whole
//! WebSocket frame.
//!
//! Encoding writes into a reused buffer and copies once into memory of the exact size, so a frame
//! costs one allocation whatever it holds. It knows the wire, and no rules.

use super::quest::{Treasure, Waypoint};
use crate::api::messages;
use crate::json::Writer;
use crate::seam::{Codec, HuntState};
use crate::text::Name;
use crate::websocket::frame::{Opcode, write_header};
use alloc::boxed::Box;
use alloc::vec::Vec;
use prost::bytes::BufMut;
use prost::encoding::{self, WireType, encode_key, encode_varint, encoded_len_varint};

/// How many leaders a frame names.
pub const LEADERS: u32 = 3;

// The number of `ServerMessage.frame`.
const FRAME_TAG: u32 = 4;

/// What a frame says. A pure function of a hunt's state and the tick.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The tick.
    pub tick: u32,
    /// Whether it is complete by itself.
    pub full: bool,
    /// Whether the round is still played.
    pub state: HuntState,
    /// Milliseconds to the end of the round.
    pub remaining_ms: u32,
    /// All waypoints of the quest.
    pub waypoints: &'a [Waypoint],
    /// The first waypoint in play.
    pub first_waypoint: usize,
    /// How many are in play, wrapping at the end; at most all.
    pub waypoints_in_play: usize,
    /// All treasures of the quest.
    pub treasures: &'a [Treasure],
    /// How many players can still open each of them.
    pub remaining: &'a [u32],
    /// A bit for each treasure that is named.
    pub changed: &'a [u64],
    /// The first of the leaderboard, at most [`LEADERS`].
    pub leaders: &'a [Leader],
}

/// A place at the top of the leaderboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leader {
    /// The player.
    pub player: u32,
    /// The player's name.
    pub name: Name,
    /// The points.
    pub score: u32,
}

/// Encodes a frame. `scratch` is cleared and keeps its memory; the only allocation besides its
/// growth is the result. Linear in what the frame names, and in treasures / 64.
#[must_use]
pub fn encode(scene: &Scene<'_>, codec: Codec, scratch: &mut Vec<u8>) -> Box<[u8]> {
    scratch.clear();
    let mut wire;
    match codec {
        Codec::Json => {
            write_json(scene, scratch);
            wire = with_header(Opcode::Text, scratch.len());
        }
        Codec::Protobuf => {
            write_protobuf(scene, scratch);
            let len = scratch.len() as u64;
            wire = with_header(Opcode::Binary, 1 + encoded_len_varint(len) + scratch.len());
            encode_key(FRAME_TAG, WireType::LengthDelimited, &mut wire);
            encode_varint(len, &mut wire);
        }
    }
    wire.extend_from_slice(scratch);
    wire.into_boxed_slice()
}

// A header, and room for exactly the payload that it announces.
fn with_header(opcode: Opcode, payload_bytes: usize) -> Vec<u8> {
    let header_bytes = match payload_bytes {
        0..=125 => 2,
        126..=0xffff => 4,
        _ => 10,
    };
    let mut wire = Vec::with_capacity(header_bytes + payload_bytes);
    write_header(&mut wire, opcode, payload_bytes);
    debug_assert_eq!(wire.len(), header_bytes, "the box is made without a further allocation");
    wire
}

impl<'a> Scene<'a> {
    fn waypoints_in_play(&self) -> impl Iterator<Item = (u32, &'a Waypoint)> {
        let all = self.waypoints;
        (self.first_waypoint..).take(self.waypoints_in_play).map(move |place| {
            let index = place % all.len();
            (u32::try_from(index).expect("a quest has at most 10,000 waypoints"), &all[index])
        })
    }

    fn changed(&self) -> impl Iterator<Item = (&'a str, u32)> {
        let (treasures, remaining) = (self.treasures, self.remaining);
        let words = self.changed.iter().copied().enumerate();
        words
            .flat_map(|(place, word)| Bits(word).map(move |bit| place * 64 + bit))
            .map(move |treasure| (treasures[treasure].id.as_str(), remaining[treasure]))
    }
}

/// The places of the ones in a word, ascending.
struct Bits(u64);

impl Iterator for Bits {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let place = self.0.trailing_zeros();
        self.0 &= self.0 - 1;
        Some(place as usize)
    }
}

fn write_json(scene: &Scene<'_>, out: &mut Vec<u8>) {
    let mut w = Writer::new(out);
    w.begin_object();
    w.key("frame");
    w.begin_object();
    w.key("tick");
    w.u64(scene.tick.into());
    w.key("full");
    w.bool(scene.full);
    w.key("status");
    w.str(scene.state.as_str());
    w.key("remaining_ms");
    w.u64(scene.remaining_ms.into());
    w.key("waypoints");
    w.begin_array();
    for (index, waypoint) in scene.waypoints_in_play() {
        w.begin_object();
        w.key("index");
        w.u64(index.into());
        w.key("x");
        w.f64(waypoint.at.x);
        w.key("y");
        w.f64(waypoint.at.y);
        w.key("z");
        w.f64(waypoint.at.z);
        w.key("radius");
        w.f64(waypoint.radius);
        w.end_object();
    }
    w.end_array();
    w.key("changed");
    w.begin_array();
    for (treasure, remaining) in scene.changed() {
        w.begin_object();
        w.key("treasure");
        w.str(treasure);
        w.key("remaining");
        w.u64(remaining.into());
        w.end_object();
    }
    w.end_array();
    write_json_leaders(scene.leaders, &mut w);
    w.end_object();
    w.end_object();
}

fn write_json_leaders(leaders: &[Leader], w: &mut Writer<'_>) {
    w.key("leaders");
    w.begin_array();
    for leader in leaders {
        w.begin_object();
        w.key("player");
        w.u64(leader.player.into());
        w.key("name");
        w.str(leader.name.as_str());
        w.key("score");
        w.u64(leader.score.into());
        w.end_object();
    }
    w.end_array();
}

// The fields of `hunt.v1.Frame`, in the order of their numbers; zero values are left out.
fn write_protobuf(scene: &Scene<'_>, out: &mut Vec<u8>) {
    uint32(1, scene.tick, out);
    if scene.full {
        encoding::bool::encode(2, &scene.full, out);
    }
    encoding::int32::encode(3, &messages::HuntState::from(scene.state).into(), out);
    uint32(4, scene.remaining_ms, out);
    for (index, waypoint) in scene.waypoints_in_play() {
        let Waypoint { at, radius } = *waypoint;
        let message = messages::Waypoint { index, x: at.x, y: at.y, z: at.z, radius };
        encoding::message::encode(5, &message, out);
    }
    for (treasure, remaining) in scene.changed() {
        encode_key(6, WireType::LengthDelimited, out);
        encode_varint((text_len(treasure) + uint32_len(remaining)) as u64, out);
        text(1, treasure, out);
        uint32(2, remaining, out);
    }
    for leader in scene.leaders {
        let name = leader.name.as_str();
        let len = uint32_len(leader.player) + text_len(name) + uint32_len(leader.score);
        encode_key(7, WireType::LengthDelimited, out);
        encode_varint(len as u64, out);
        uint32(1, leader.player, out);
        text(2, name, out);
        uint32(3, leader.score, out);
    }
}

fn uint32(tag: u32, value: u32, out: &mut Vec<u8>) {
    if value != 0 {
        encoding::uint32::encode(tag, &value, out);
    }
}

// All field numbers here are below 16, so a key is one byte.
fn uint32_len(value: u32) -> usize {
    if value == 0 { 0 } else { 1 + encoded_len_varint(value.into()) }
}

fn text(tag: u32, value: &str, out: &mut Vec<u8>) {
    encode_key(tag, WireType::LengthDelimited, out);
    encode_varint(value.len() as u64, out);
    out.put_slice(value.as_bytes());
}

fn text_len(value: &str) -> usize {
    1 + encoded_len_varint(value.len() as u64) + value.len()
}
