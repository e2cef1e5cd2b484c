//! The game and the rooms of its hunts: what one lock holds, and how it is got at.

use super::TICK_MS;
use super::play::Message;
use super::rooms::{Rooms, Shown};
use super::server::Server;
use crate::game::{Answered, Game};
use engine_core::api::hunts::Player;
use engine_core::figures::{RouteName, ShardFigures};
use std::fmt;
use std::time::Duration;
use tokio::sync::broadcast;

/// What the handlers of a server share.
pub trait Shared: Clone + 'static {
    /// A message of the library.
    type Message: Message;

    /// What needs no lock.
    fn server(&self) -> &Server;

    /// The world, at the time that it is now.
    fn with<R>(&self, work: impl FnOnce(&mut World<Self::Message>) -> R) -> R;
}

/// Sends each hunt's broadcasts when they are due, for ever.
pub async fn broadcast_loop(shared: impl Shared) {
    let mut ticks = tokio::time::interval(Duration::from_millis(TICK_MS.into()));
    loop {
        ticks.tick().await;
        shared.with(World::tick);
    }
}

/// The game and the rooms of its hunts.
pub struct World<M> {
    /// The game.
    pub game: Game,
    /// Responses, by route and status.
    pub responses: ShardFigures,
    rooms: Rooms<M>,
}

/// What a connection that watches begins with.
#[derive(Debug)]
pub struct Seat<M> {
    /// Who plays.
    pub player: Player,
    /// A full frame.
    pub first: M,
    /// The frames after it.
    pub frames: broadcast::Receiver<Shown<M>>,
}

impl<M: Message> World<M> {
    /// The world of a game that nobody watches yet.
    #[must_use]
    pub fn new(game: Game) -> Self {
        Self { game, responses: ShardFigures::default(), rooms: Rooms::default() }
    }

    /// A connection begins to watch its hunt.
    ///
    /// # Errors
    /// If the round is over, or another one than the player's.
    pub fn enter(&mut self, player: Player) -> Result<Seat<M>, Answered> {
        let frame = self.game.watch(&player)?;
        let codec = self.game.codec(&player);
        let frames = self.rooms.enter(frame.hunt, codec);
        let first = Shown::of(&frame, codec).message;
        Ok(Seat { player, first, frames })
    }

    /// A connection has missed frames: the full one that it gets instead. What it has not taken is
    /// forgotten. `None` where its hunt is.
    pub fn catch_up(&mut self, seat: &mut Seat<M>) -> Option<M> {
        let frame = self.game.snapshot(&seat.player)?;
        seat.frames = seat.frames.resubscribe();
        Some(Shown::of(&frame, self.game.codec(&seat.player)).message)
    }

    /// Time has passed: what is due is broadcast.
    pub fn tick(&mut self) {
        for published in self.game.tick() {
            self.rooms.publish(&published.frame);
        }
    }

    /// Counts a response.
    pub fn responded(&mut self, route: RouteName, status: u16) {
        self.responses.responded(route, status);
    }
}

impl<M> fmt::Debug for World<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("game", &self.game).finish_non_exhaustive()
    }
}
