//! What a shard asks of the store.

use crate::text::{Id, Key, Name};
use alloc::vec::Vec;

/// What is asked, by how it must be treated.
#[derive(Debug)]
pub enum Request {
    /// Changes the game: a durable store records it before it replies.
    Command(Command),
    /// Reads the game: answered from the read model at once.
    Query(Query),
    /// Presence: who receives broadcasts. Never recorded.
    Watch(Watch),
    /// Answered by the server around the engine.
    Observe(Observe),
}

/// A change of the game.
#[derive(Clone, Debug)]
pub enum Command {
    /// Publish a version of a quest.
    PublishQuest {
        /// The quest.
        quest: Id,
        /// The document, as it was sent.
        body: Vec<u8>,
    },
    /// Start a hunt, or the next round of one that has ended.
    StartHunt {
        /// The hunt.
        hunt: Id,
        /// The quest that it plays.
        quest: Id,
        /// The version of the quest; the latest where none is named.
        version: Option<u32>,
        /// How many players can join.
        capacity: u32,
    },
    /// Join a hunt.
    Join {
        /// The hunt.
        hunt: Id,
        /// The player's name.
        name: Name,
    },
    /// Open a treasure.
    Resolve {
        /// The hunt.
        hunt: Id,
        /// Who.
        player: PlayerRef,
        /// Which treasure.
        treasure: Id,
        /// From where.
        at: Point,
        /// The idempotency key.
        key: Option<Key>,
    },
    /// Move to a place.
    Move {
        /// The hunt.
        hunt: Id,
        /// Who.
        player: PlayerRef,
        /// Where to.
        to: Point,
        /// Degrees, 0 ≤ heading < 360.
        heading: f64,
    },
    /// Use a power-up.
    UsePowerUp {
        /// The hunt.
        hunt: Id,
        /// Who.
        player: PlayerRef,
        /// Which.
        power_up: PowerUp,
    },
}

/// A read of the game.
#[derive(Clone, Debug)]
pub enum Query {
    /// `GET /v1/hunts/{hunt}/status`.
    Status {
        /// The hunt.
        hunt: Id,
    },
    /// `GET /v1/hunts/{hunt}/leaderboard`.
    Leaderboard {
        /// The hunt.
        hunt: Id,
        /// How many rows, 1 to 100.
        limit: u32,
        /// The player in the middle; the top where none is named.
        around: Option<u32>,
    },
    /// `GET /loot`.
    Loot {
        /// The session, a number that picks the hunt and the first row.
        session: u32,
        /// The hunt; filled in by the store, which knows the order of hunts.
        hunt: Option<Id>,
    },
    /// A full frame, for a watcher that missed some.
    Snapshot {
        /// The hunt.
        hunt: Id,
        /// In which encoding.
        codec: Codec,
    },
}

/// A connection begins or ends to watch a hunt. A store does what one connection asks in the order
/// in which it asks.
#[derive(Clone, Debug)]
pub struct Watch {
    /// The hunt.
    pub hunt: Id,
    /// Who watches.
    pub player: PlayerRef,
    /// In which encoding.
    pub codec: Codec,
    /// Begins (a reply follows), or ends (none does).
    pub on: bool,
}

/// What only the server around the engine can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observe {
    /// `GET /readyz`.
    Ready,
    /// `GET /metrics`.
    Metrics,
    /// `GET /healthz`.
    Health,
}

/// A player of one round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PlayerRef {
    /// The player, from 0 in the order of joining.
    pub player: u32,
    /// When the round started, which tells one round from every other; ms since the Unix epoch.
    pub started_ms: u64,
}

/// A place, each coordinate within ±1,000,000.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// East.
    pub x: f64,
    /// North.
    pub y: f64,
    /// Up.
    pub z: f64,
}

/// An encoding of WebSocket messages: the subprotocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// `hunt.v1+json`, in text messages.
    Json,
    /// `hunt.v1`: protobuf, in binary messages.
    Protobuf,
}

impl Codec {
    /// Every codec; `codec as usize` is its place.
    pub const ALL: [Self; 2] = [Self::Json, Self::Protobuf];
}

/// A power-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PowerUp {
    /// Twice the speed.
    Boost,
    /// One and a half times the reach.
    Reach,
    /// Twice the points.
    Double,
}

impl PowerUp {
    /// Every power-up; `power_up as usize` is its place.
    pub const ALL: [Self; 3] = [Self::Boost, Self::Reach, Self::Double];

    /// Its word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Boost => "boost",
            Self::Reach => "reach",
            Self::Double => "double",
        }
    }

    /// The power-up of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.as_str() == word)
    }
}
