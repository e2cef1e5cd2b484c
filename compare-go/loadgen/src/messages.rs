//! The messages of a playing connection, in protobuf and JSON, as a client writes and reads them.
//!
//! Written for the generator from `engine-core/proto/hunt/v1/hunt.proto` and the rules of the game,
//! and held against the engine's own in a test. Reading is strict: a field that is unknown, of the
//! wrong type or outside its words is [`Malformed`], since a server that sends one is wrong. It
//! knows no frames of WebSocket and no game.

mod json;
mod protobuf;

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// How messages are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// Text messages, one JSON object each.
    Json,
    /// Binary messages, one protobuf message each.
    Protobuf,
}

impl Encoding {
    /// The subprotocol that names it in a handshake.
    #[must_use]
    pub fn subprotocol(self) -> &'static str {
        match self {
            Self::Json => "hunt.v1+json",
            Self::Protobuf => "hunt.v1",
        }
    }

    /// Appends a client's message.
    pub fn append(self, seq: u32, action: &Action<'_>, out: &mut Vec<u8>) {
        match self {
            Self::Json => json::append(seq, action, out),
            Self::Protobuf => protobuf::append(seq, action, out),
        }
    }

    /// Reads a server's message.
    ///
    /// # Errors
    /// If it is not well-formed, whole and within its words.
    pub fn read(self, payload: &[u8]) -> Result<ServerMessage<'_>, Malformed> {
        match self {
            Self::Json => json::read(payload),
            Self::Protobuf => protobuf::read(payload),
        }
    }

    /// The tick and whether it is full, if the message is a frame; nothing else of it is read or
    /// checked. Costs a few nanoseconds.
    #[must_use]
    pub fn peek_frame(self, payload: &[u8]) -> Option<(u32, bool)> {
        match self {
            Self::Json => json::peek_frame(payload),
            Self::Protobuf => protobuf::peek_frame(payload),
        }
    }
}

/// Why a server's message cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a malformed message: {0}")]
pub struct Malformed(pub Cow<'static, str>);

/// A place in the world.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Place {
    /// East.
    pub x: f64,
    /// North.
    pub y: f64,
    /// Up.
    pub z: f64,
}

/// What a player wants done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action<'a> {
    /// Go to a place.
    Move {
        /// Where to.
        at: Place,
        /// Degrees, 0 <= heading < 360.
        heading: f64,
    },
    /// Use a power-up.
    UsePowerUp(PowerUp),
    /// Open a treasure from a place.
    Resolve {
        /// The treasure's id.
        treasure: &'a str,
        /// From where.
        at: Place,
        /// The idempotency key.
        key: Option<&'a str>,
    },
}

/// What a server says.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerMessage<'a> {
    /// The answer to a move.
    Moved(Moved),
    /// The answer to the use of a power-up.
    PowerUpUsed(PowerUpUsed),
    /// The answer to a resolve.
    #[serde(borrow)]
    Resolved(Resolved<'a>),
    /// The broadcast of a tick.
    #[serde(borrow)]
    Frame(Frame<'a>),
    /// The answer to what cannot be done.
    #[serde(borrow)]
    Refused(Refused<'a>),
}

/// The answer to a move.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moved {
    /// The message's.
    pub seq: u32,
    /// What came of it.
    pub outcome: MoveOutcome,
    /// Where the player is, east.
    pub x: f64,
    /// North.
    pub y: f64,
    /// Up.
    pub z: f64,
    /// The player's energy in whole units.
    pub energy: u32,
}

impl Moved {
    /// Where the player is.
    #[must_use]
    pub fn at(&self) -> Place {
        Place { x: self.x, y: self.y, z: self.z }
    }
}

/// The answer to the use of a power-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PowerUpUsed {
    /// The message's.
    pub seq: u32,
    /// What came of it.
    pub outcome: PowerUpOutcome,
    /// Which one.
    pub power_up: PowerUp,
    /// For how long it stays in effect.
    pub active_ms: u32,
    /// The player's energy in whole units.
    pub energy: u32,
}

/// The answer to a resolve.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resolved<'a> {
    /// The message's.
    pub seq: u32,
    /// What came of it.
    pub outcome: ResolveOutcome,
    /// What was won.
    #[serde(borrow)]
    pub loot: Option<Loot<'a>>,
    /// The player's score.
    pub score: u32,
    /// The player's rank, from 1.
    pub rank: u32,
}

/// What a treasure held.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loot<'a> {
    /// The item's id.
    #[serde(borrow)]
    pub item: Cow<'a, str>,
    /// The points that were scored.
    pub points: u32,
    /// A power-up that came with it.
    pub power_up: Option<PowerUp>,
}

/// The broadcast of a tick.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frame<'a> {
    /// The tick, from 0.
    pub tick: u32,
    /// Whether it is complete by itself.
    pub full: bool,
    /// Whether the round is still played.
    pub status: HuntState,
    /// To the end of the round.
    pub remaining_ms: u32,
    /// The waypoints in play.
    pub waypoints: Vec<Waypoint>,
    /// The treasures of which another number is left.
    #[serde(borrow)]
    pub changed: Vec<Changed<'a>>,
    /// The first of the leaderboard.
    #[serde(borrow)]
    pub leaders: Vec<Leader<'a>>,
}

/// A waypoint in play.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waypoint {
    /// Its place in the quest, from 0.
    pub index: u32,
    /// East.
    pub x: f64,
    /// North.
    pub y: f64,
    /// Up.
    pub z: f64,
    /// Its radius.
    pub radius: f64,
}

/// How many players can still open a treasure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changed<'a> {
    /// The treasure's id.
    #[serde(borrow)]
    pub treasure: Cow<'a, str>,
    /// How many.
    pub remaining: u32,
}

/// A place at the top of the leaderboard.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leader<'a> {
    /// The player's number.
    pub player: u32,
    /// The player's name.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// The player's score.
    pub score: u32,
}

/// The answer to what cannot be done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused<'a> {
    /// The message's, or 0 where it could not be read.
    pub seq: u32,
    /// `urn:hunt:problem:` and the kind of problem.
    #[serde(borrow, rename = "type")]
    pub kind: Cow<'a, str>,
    /// In words.
    #[serde(borrow)]
    pub title: Cow<'a, str>,
    /// The HTTP status of the same refusal.
    pub status: u32,
    /// More about it.
    #[serde(borrow, default)]
    pub detail: Option<Cow<'a, str>>,
    /// Where in a JSON message the fault is.
    #[serde(borrow, default)]
    pub path: Option<Cow<'a, str>>,
    /// Its line.
    #[serde(default)]
    pub line: Option<u32>,
    /// Its column.
    #[serde(default)]
    pub column: Option<u32>,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$of:meta])* $variant:ident = $number:literal $word:literal,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
        pub enum $name {
            $($(#[$of])* #[serde(rename = $word)] $variant = $number,)*
        }

        impl $name {
            /// Its word in JSON.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            fn from_number(number: u64) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

words! {
    /// A power-up.
    PowerUp {
        /// Twice the speed.
        Boost = 1 "boost",
        /// One and a half times the reach.
        Reach = 2 "reach",
        /// Twice the points.
        Double = 3 "double",
    }
}

words! {
    /// What came of a move.
    MoveOutcome {
        /// The player is there.
        Moved = 1 "moved",
        /// The place is too far for the time; the player stays.
        TooFast = 2 "too_fast",
    }
}

words! {
    /// What came of the use of a power-up.
    PowerUpOutcome {
        /// It is in effect now.
        Used = 1 "used",
        /// It was in effect already.
        Active = 2 "active",
        /// The player has none.
        NoneLeft = 3 "none_left",
        /// The player has too little energy.
        NoEnergy = 4 "no_energy",
    }
}

words! {
    /// What came of a resolve.
    ResolveOutcome {
        /// The treasure was opened.
        Claimed = 1 "claimed",
        /// This player opened it before.
        AlreadyClaimed = 2 "already_claimed",
        /// The place is too far for the time.
        TooFast = 3 "too_fast",
        /// The place is outside the treasure's radius.
        TooFar = 4 "too_far",
        /// The treasure opens later.
        NotOpen = 5 "not_open",
        /// Nothing is left of it.
        Exhausted = 6 "exhausted",
    }
}

words! {
    /// Whether a round is still played.
    HuntState {
        /// It is.
        Running = 1 "running",
        /// It is over.
        Ended = 2 "ended",
    }
}

#[cfg(test)]
mod tests;
