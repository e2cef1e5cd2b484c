//! The words that cross the seam between a shard, the store and the driver.
//!
//! A shard says [`Submit`] when a peer asks for something that the game must answer; the store
//! answers with [`Applied`]. Between the two words may lie nothing (`memory`), a group commit or a
//! round trip to Redis: the shard cannot tell.

use crate::error::Refusal;
use crate::text::{Id, Key, Name};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

/// A connection of one shard. The generation tells a late completion for a slot that was reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConnId {
    /// The slot.
    pub index: u32,
    /// How often the slot was used before.
    pub generation: u32,
}

/// A worker, from 0; each owns one shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkerId(pub u8);

impl WorkerId {
    /// The most workers of one server: a frame names its readers in a `u128`.
    pub const COUNT_MAX: usize = 128;
}

/// Which listener accepted a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Listener {
    /// Players.
    Public,
    /// Operators.
    Admin,
}

/// What is asked of the store.
#[derive(Debug)]
pub struct Submit {
    /// Who waits for the reply.
    pub to: ReplyTo,
    /// What is asked.
    pub request: Request,
}

/// Where a reply goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyTo {
    /// The worker whose shard asked.
    pub worker: WorkerId,
    /// The connection. A reply for a connection that is gone is dropped.
    pub conn: ConnId,
    /// The reply slot of the connection, counted from its first request.
    pub slot: u32,
}

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

/// A connection begins or ends to watch a hunt.
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

/// What a resolve came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResolveOutcome {
    /// The treasure was opened.
    Claimed,
    /// This player opened it before.
    AlreadyClaimed,
    /// The place cannot have been reached in the time since the last one.
    TooFast,
    /// The place is outside the treasure's radius.
    TooFar,
    /// The treasure opens later.
    NotOpen,
    /// Nothing is left of it.
    Exhausted,
}

impl ResolveOutcome {
    /// Its word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::AlreadyClaimed => "already_claimed",
            Self::TooFast => "too_fast",
            Self::TooFar => "too_far",
            Self::NotOpen => "not_open",
            Self::Exhausted => "exhausted",
        }
    }
}

/// What a move came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MoveOutcome {
    /// The player is there.
    Moved,
    /// The place cannot have been reached in the time since the last one; the player stays.
    TooFast,
}

impl MoveOutcome {
    /// Its word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Moved => "moved",
            Self::TooFast => "too_fast",
        }
    }
}

/// What the use of a power-up came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PowerUpOutcome {
    /// It is in effect now.
    Used,
    /// It is in effect already.
    Active,
    /// The player has none.
    NoneLeft,
    /// The player has too little energy.
    NoEnergy,
}

impl PowerUpOutcome {
    /// Its word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Active => "active",
            Self::NoneLeft => "none_left",
            Self::NoEnergy => "no_energy",
        }
    }
}

/// What a treasure holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loot {
    /// The item.
    pub item: Id,
    /// The points that were scored.
    pub points: u32,
    /// A power-up that comes with it.
    pub power_up: Option<PowerUp>,
}

/// Whether a round is still played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HuntState {
    /// Players join, move and resolve.
    Running,
    /// The round is over.
    Ended,
}

impl HuntState {
    /// Its word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Ended => "ended",
        }
    }
}

/// `hunt-status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HuntStatus {
    /// The hunt.
    pub hunt: Id,
    /// Its quest.
    pub quest: Id,
    /// The version of the quest.
    pub version: u32,
    /// The round, from 1.
    pub round: u32,
    /// Whether it is still played.
    pub state: HuntState,
    /// The number of the last broadcast tick, from 0.
    pub tick: u32,
    /// Milliseconds to the end of the round.
    pub remaining_ms: u32,
    /// Players that joined.
    pub players: u32,
    /// Players that can join.
    pub capacity: u32,
    /// WebSocket connections that watch.
    pub watchers: u32,
    /// Treasures opened so far, by all players.
    pub claims: u32,
}

/// A row of the leaderboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoardRow {
    /// The place, from 1.
    pub rank: u32,
    /// The player.
    pub player: u32,
    /// The player's name.
    pub name: Name,
    /// The points.
    pub score: u32,
}

/// A row of the loot table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LootRow {
    /// The treasure.
    pub treasure: Id,
    /// What it holds.
    pub item: Id,
    /// Its points.
    pub points: u32,
    /// How many players can still open it.
    pub remaining: u32,
}

/// A running round, unique in one process; what rooms are keyed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HuntKey(pub u64);

/// A broadcast of one hunt and tick, encoded once: whole WebSocket frames, header included.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame {
    /// The round.
    pub hunt: HuntKey,
    /// The tick.
    pub tick: u32,
    /// Whether the round ended with it, so that its watchers are closed.
    pub ended: bool,
    /// The frame in each encoding that has watchers, by `Codec as usize`.
    pub wire: [Option<Box<[u8]>>; 2],
}

/// A frame and the workers that have watchers for it.
#[derive(Clone, Debug)]
pub struct Published {
    /// The frame.
    pub frame: Arc<Frame>,
    /// Bit `w` is set where worker `w` has a watcher.
    pub workers: u128,
}

/// The answer to one request.
#[derive(Debug)]
pub enum Reply {
    /// To [`Command::PublishQuest`].
    QuestPublished {
        /// The quest.
        quest: Id,
        /// Its version now.
        version: u32,
        /// How many waypoints it has.
        waypoints: u32,
        /// How many treasures it has.
        treasures: u32,
        /// Whether it is the first version.
        created: bool,
    },
    /// To [`Command::StartHunt`].
    HuntStarted {
        /// The hunt.
        hunt: Id,
        /// Its quest.
        quest: Id,
        /// The version of the quest.
        version: u32,
        /// How many players can join.
        capacity: u32,
        /// The round, from 1.
        round: u32,
        /// False where it ran already with the same quest and capacity.
        created: bool,
    },
    /// To [`Command::Join`].
    Joined {
        /// The hunt.
        hunt: Id,
        /// The new player.
        player: PlayerRef,
    },
    /// To [`Command::Resolve`].
    Resolved {
        /// What it came to.
        outcome: ResolveOutcome,
        /// What was won; only where claimed.
        loot: Option<Loot>,
        /// The player's score now.
        score: u32,
        /// The player's rank now.
        rank: u32,
    },
    /// To [`Command::Move`].
    Moved {
        /// What it came to.
        outcome: MoveOutcome,
        /// Where the player is.
        at: Point,
        /// The player's energy, whole units.
        energy: u32,
    },
    /// To [`Command::UsePowerUp`].
    PowerUpUsed {
        /// What it came to.
        outcome: PowerUpOutcome,
        /// Which.
        power_up: PowerUp,
        /// Milliseconds for which it stays in effect; 0 where it is not.
        active_ms: u32,
        /// The player's energy, whole units.
        energy: u32,
    },
    /// To [`Query::Status`].
    Status(HuntStatus),
    /// To [`Query::Leaderboard`].
    Leaderboard {
        /// The hunt.
        hunt: Id,
        /// How many players it has.
        players: u32,
        /// The rows, in [`Applied::board_rows`].
        rows: Range<usize>,
    },
    /// To [`Query::Loot`].
    Loot {
        /// The session.
        session: u32,
        /// The hunt; none where the server has none.
        hunt: Option<Id>,
        /// The rows, in [`Applied::loot_rows`].
        rows: Range<usize>,
    },
    /// To [`Watch`] with `on`.
    Watching {
        /// The room.
        hunt: HuntKey,
        /// A full frame, to begin with.
        snapshot: Arc<Frame>,
    },
    /// To [`Query::Snapshot`].
    Snapshot(Arc<Frame>),
    /// To [`Observe`].
    Document {
        /// The status code.
        status: u16,
        /// The media type.
        content_type: &'static str,
        /// The body.
        body: Vec<u8>,
    },
    /// To anything that cannot be done.
    Refused(Refusal),
}

/// What the store has done: replies, in the order of application.
///
/// The caller keeps one and clears it between uses, so that its memory is reused.
#[derive(Debug, Default)]
pub struct Applied {
    /// The replies.
    pub replies: Vec<(ReplyTo, Reply)>,
    /// The rows of leaderboards.
    pub board_rows: Vec<BoardRow>,
    /// The rows of loot tables.
    pub loot_rows: Vec<LootRow>,
    /// Broadcasts.
    pub frames: Vec<Arc<Frame>>,
}

impl Applied {
    /// Forgets what it holds and keeps the memory.
    pub fn clear(&mut self) {
        self.replies.clear();
        self.board_rows.clear();
        self.loot_rows.clear();
        self.frames.clear();
    }
}

/// What a shard wants done.
#[derive(Debug)]
pub enum Output {
    /// Write `buf` to the connection, whole, then call `sent` with the buffer.
    Transmit {
        /// The connection.
        conn: ConnId,
        /// What to write; never empty unless `after` is `Close`.
        buf: Vec<u8>,
        /// What follows the write.
        after: After,
    },
    /// Hand to the store.
    Submit(Submit),
    /// Reading stopped earlier and may go on: offer the unconsumed bytes again, then read.
    Resume(ConnId),
    /// End the connection at once: shut its socket down in both directions.
    Abort(ConnId),
}

/// What follows a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// Nothing.
    Continue,
    /// Shut down the writing side, and go on reading until the peer ends or the shard aborts.
    Close,
}
