//! The messages of `hunt.v1` (`proto/hunt/v1/hunt.proto`), as prost sees them.
//!
//! Written by hand, so that building needs no protobuf compiler; a test holds them against the
//! `.proto`, field by field. Strings are owned: what the server sends often is written without
//! these types (see [`crate::game::frame`]), and they are what its tests read it back with.
#![expect(missing_docs, reason = "prost derives accessors; the .proto documents every field")]

use crate::seam;
use alloc::string::String;
use alloc::vec::Vec;
use prost::{Enumeration, Message, Oneof};

/// What a player sends.
#[derive(Clone, PartialEq, Message)]
pub struct ClientMessage {
    #[prost(uint32, tag = "1")]
    pub seq: u32,
    #[prost(oneof = "Action", tags = "2, 3, 4")]
    pub action: Option<Action>,
}

/// What the player wants done.
#[derive(Clone, PartialEq, Oneof)]
pub enum Action {
    #[prost(message, tag = "2")]
    Move(Move),
    #[prost(message, tag = "3")]
    UsePowerUp(UsePowerUp),
    #[prost(message, tag = "4")]
    Resolve(Resolve),
}

/// Go to a place.
#[derive(Clone, Copy, PartialEq, Message)]
pub struct Move {
    #[prost(double, tag = "1")]
    pub x: f64,
    #[prost(double, tag = "2")]
    pub y: f64,
    #[prost(double, tag = "3")]
    pub z: f64,
    #[prost(double, tag = "4")]
    pub heading: f64,
}

/// Use a power-up.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct UsePowerUp {
    #[prost(enumeration = "PowerUp", tag = "1")]
    pub power_up: i32,
}

/// Open a treasure from a place.
#[derive(Clone, PartialEq, Message)]
pub struct Resolve {
    #[prost(string, tag = "1")]
    pub treasure: String,
    #[prost(double, tag = "2")]
    pub x: f64,
    #[prost(double, tag = "3")]
    pub y: f64,
    #[prost(double, tag = "4")]
    pub z: f64,
    #[prost(string, optional, tag = "5")]
    pub key: Option<String>,
}

/// What the server sends.
#[derive(Clone, PartialEq, Message)]
pub struct ServerMessage {
    #[prost(oneof = "Event", tags = "1, 2, 3, 4, 5")]
    pub event: Option<Event>,
}

/// An answer or a broadcast.
#[derive(Clone, PartialEq, Oneof)]
pub enum Event {
    #[prost(message, tag = "1")]
    Moved(Moved),
    #[prost(message, tag = "2")]
    PowerUpUsed(PowerUpUsed),
    #[prost(message, tag = "3")]
    Resolved(Resolved),
    #[prost(message, tag = "4")]
    Frame(Frame),
    #[prost(message, tag = "5")]
    Refused(Refused),
}

/// The answer to [`Move`].
#[derive(Clone, Copy, PartialEq, Message)]
pub struct Moved {
    #[prost(uint32, tag = "1")]
    pub seq: u32,
    #[prost(enumeration = "MoveOutcome", tag = "2")]
    pub outcome: i32,
    #[prost(double, tag = "3")]
    pub x: f64,
    #[prost(double, tag = "4")]
    pub y: f64,
    #[prost(double, tag = "5")]
    pub z: f64,
    #[prost(uint32, tag = "6")]
    pub energy: u32,
}

/// The answer to [`UsePowerUp`].
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct PowerUpUsed {
    #[prost(uint32, tag = "1")]
    pub seq: u32,
    #[prost(enumeration = "PowerUpOutcome", tag = "2")]
    pub outcome: i32,
    #[prost(enumeration = "PowerUp", tag = "3")]
    pub power_up: i32,
    #[prost(uint32, tag = "4")]
    pub active_ms: u32,
    #[prost(uint32, tag = "5")]
    pub energy: u32,
}

/// The answer to [`Resolve`].
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Resolved {
    #[prost(uint32, tag = "1")]
    pub seq: u32,
    #[prost(enumeration = "ResolveOutcome", tag = "2")]
    pub outcome: i32,
    #[prost(message, optional, tag = "3")]
    pub loot: Option<Loot>,
    #[prost(uint32, tag = "4")]
    pub score: u32,
    #[prost(uint32, tag = "5")]
    pub rank: u32,
}

/// What a treasure held.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Loot {
    #[prost(string, tag = "1")]
    pub item: String,
    #[prost(uint32, tag = "2")]
    pub points: u32,
    #[prost(enumeration = "PowerUp", optional, tag = "3")]
    pub power_up: Option<i32>,
}

/// The broadcast of one tick.
#[derive(Clone, PartialEq, Message)]
pub struct Frame {
    #[prost(uint32, tag = "1")]
    pub tick: u32,
    #[prost(bool, tag = "2")]
    pub full: bool,
    #[prost(enumeration = "HuntState", tag = "3")]
    pub status: i32,
    #[prost(uint32, tag = "4")]
    pub remaining_ms: u32,
    #[prost(message, repeated, tag = "5")]
    pub waypoints: Vec<Waypoint>,
    #[prost(message, repeated, tag = "6")]
    pub changed: Vec<Changed>,
    #[prost(message, repeated, tag = "7")]
    pub leaders: Vec<Leader>,
}

/// A waypoint in play.
#[derive(Clone, Copy, PartialEq, Message)]
pub struct Waypoint {
    #[prost(uint32, tag = "1")]
    pub index: u32,
    #[prost(double, tag = "2")]
    pub x: f64,
    #[prost(double, tag = "3")]
    pub y: f64,
    #[prost(double, tag = "4")]
    pub z: f64,
    #[prost(double, tag = "5")]
    pub radius: f64,
}

/// How many players can still open a treasure.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Changed {
    #[prost(string, tag = "1")]
    pub treasure: String,
    #[prost(uint32, tag = "2")]
    pub remaining: u32,
}

/// A place at the top of the leaderboard.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Leader {
    #[prost(uint32, tag = "1")]
    pub player: u32,
    #[prost(string, tag = "2")]
    pub name: String,
    #[prost(uint32, tag = "3")]
    pub score: u32,
}

/// The answer to a message that cannot be done.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Refused {
    #[prost(uint32, tag = "1")]
    pub seq: u32,
    #[prost(string, tag = "2")]
    pub r#type: String,
    #[prost(string, tag = "3")]
    pub title: String,
    #[prost(uint32, tag = "4")]
    pub status: u32,
    #[prost(string, optional, tag = "5")]
    pub detail: Option<String>,
    #[prost(string, optional, tag = "6")]
    pub path: Option<String>,
    #[prost(uint32, optional, tag = "7")]
    pub line: Option<u32>,
    #[prost(uint32, optional, tag = "8")]
    pub column: Option<u32>,
}

/// A power-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
#[repr(i32)]
pub enum PowerUp {
    Unspecified = 0,
    Boost = 1,
    Reach = 2,
    Double = 3,
}

/// What a move came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
#[repr(i32)]
pub enum MoveOutcome {
    Unspecified = 0,
    Moved = 1,
    TooFast = 2,
}

/// What the use of a power-up came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
#[repr(i32)]
pub enum PowerUpOutcome {
    Unspecified = 0,
    Used = 1,
    Active = 2,
    NoneLeft = 3,
    NoEnergy = 4,
}

/// What a resolve came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
#[repr(i32)]
pub enum ResolveOutcome {
    Unspecified = 0,
    Claimed = 1,
    AlreadyClaimed = 2,
    TooFast = 3,
    TooFar = 4,
    NotOpen = 5,
    Exhausted = 6,
}

/// Whether a round is still played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
#[repr(i32)]
pub enum HuntState {
    Unspecified = 0,
    Running = 1,
    Ended = 2,
}

macro_rules! same_words {
    ($($name:ident: $($variant:ident)*;)*) => {$(
        impl From<seam::$name> for $name {
            fn from(value: seam::$name) -> Self {
                match value {
                    $(seam::$name::$variant => Self::$variant,)*
                }
            }
        }

        impl $name {
            /// The engine's word; `None` for `Unspecified`.
            #[must_use]
            pub fn known(self) -> Option<seam::$name> {
                match self {
                    Self::Unspecified => None,
                    $(Self::$variant => Some(seam::$name::$variant),)*
                }
            }
        }
    )*};
}

same_words! {
    PowerUp: Boost Reach Double;
    MoveOutcome: Moved TooFast;
    PowerUpOutcome: Used Active NoneLeft NoEnergy;
    ResolveOutcome: Claimed AlreadyClaimed TooFast TooFar NotOpen Exhausted;
    HuntState: Running Ended;
}
