//! The words that cross the seam between a shard, the store and the driver.
//!
//! A shard says [`Submit`] when a peer asks for something that the game must answer; the store
//! answers with [`Applied`]. Between the two words may lie nothing (`memory`), a group commit or a
//! round trip to Redis: the shard cannot tell.

mod outgoing;
mod reply;
mod request;

pub use outgoing::Outgoing;
pub use reply::{
    Applied, BoardRow, Frame, HuntKey, HuntState, HuntStatus, Loot, LootRow, MoveOutcome,
    PowerUpOutcome, Published, Reply, ResolveOutcome,
};
pub use request::{Codec, Command, Observe, PlayerRef, Point, PowerUp, Query, Request, Watch};

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

/// What a shard wants done.
#[derive(Debug)]
pub enum Output {
    /// Write `buf` to the connection, whole, then call `sent` with the buffer.
    Transmit {
        /// The connection.
        conn: ConnId,
        /// What to write; never empty unless `after` is `Close`.
        buf: Outgoing,
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
