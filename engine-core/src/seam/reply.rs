//! What the store answers, and what hunts broadcast.

use super::ReplyTo;
use super::request::{Codec, PlayerRef, Point, PowerUp};
use crate::error::Refusal;
use crate::text::{Id, Name};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

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
    /// How many changes of the round it knows of.
    pub revision: u32,
    /// Whether the round ended with it, so that its watchers are closed.
    pub ended: bool,
    /// The frame in each encoding that has watchers, by `Codec as usize`.
    pub wire: [Option<Box<[u8]>>; 2],
}

impl Frame {
    /// Its bytes in an encoding; none if nobody had asked for that one.
    #[must_use]
    pub fn wire(&self, codec: Codec) -> Option<&[u8]> {
        self.wire[codec as usize].as_deref()
    }

    /// Whether it was made before a frame of the same round with this tick and revision.
    #[must_use]
    pub fn is_before(&self, tick: u32, revision: u32) -> bool {
        self.tick < tick || self.revision < revision
    }
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
    /// To [`Command::PublishQuest`](super::Command::PublishQuest).
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
    /// To [`Command::StartHunt`](super::Command::StartHunt).
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
    /// To [`Command::Join`](super::Command::Join).
    Joined {
        /// The hunt.
        hunt: Id,
        /// The new player.
        player: PlayerRef,
    },
    /// To [`Command::Resolve`](super::Command::Resolve).
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
    /// To [`Command::Move`](super::Command::Move).
    Moved {
        /// What it came to.
        outcome: MoveOutcome,
        /// Where the player is.
        at: Point,
        /// The player's energy, whole units.
        energy: u32,
    },
    /// To [`Command::UsePowerUp`](super::Command::UsePowerUp).
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
    /// To [`Query::Status`](super::Query::Status).
    Status(HuntStatus),
    /// To [`Query::Leaderboard`](super::Query::Leaderboard).
    Leaderboard {
        /// The hunt.
        hunt: Id,
        /// How many players it has.
        players: u32,
        /// The rows, in [`Applied::board_rows`].
        rows: Range<usize>,
    },
    /// To [`Query::Loot`](super::Query::Loot).
    Loot {
        /// The session.
        session: u32,
        /// The hunt; none where the server has none.
        hunt: Option<Id>,
        /// The rows, in [`Applied::loot_rows`].
        rows: Range<usize>,
    },
    /// To [`Watch`](super::Watch) with `on`.
    Watching {
        /// The room.
        hunt: HuntKey,
        /// A full frame, to begin with.
        snapshot: Arc<Frame>,
    },
    /// To [`Query::Snapshot`](super::Query::Snapshot).
    Snapshot(Arc<Frame>),
    /// To [`Observe`](super::Observe).
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
