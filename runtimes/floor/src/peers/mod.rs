//! The game as a user of an HTTP library serves it: the peers that the engine's server is held
//! against.
//!
//! ```text
//!   on_hyper   one thread, Rc and RefCell     ┐           ┌ head      as the engine reads it
//!                                             ├ exchange ─┤ body
//!   on_axum    a router, work stealing, Mutex ┘           └ world ──► game, rooms
//!                     └── play: one WebSocket connection, over either library's socket
//! ```
//!
//! The library reads and writes HTTP and WebSocket, and decides what it takes. [`crate::game`]
//! decides what is answered. In between is what such a user writes: limits, time-outs, broadcasts
//! by hunt, metrics, an end in order.

pub mod accept;
pub mod exchange;
pub mod head;
pub mod metrics;
pub mod observe;
pub mod on_axum;
pub mod on_hyper;
pub mod play;
pub mod rooms;
pub mod server;
pub mod world;

use self::server::Server;
use crate::game::Game;
use std::net::TcpListener;
use std::sync::Arc;

/// How often whoever has watchers looks whether a broadcast is due; as often as the engine.
pub const TICK_MS: u32 = 5;

/// What is served, and where.
#[derive(Debug)]
pub struct Setup {
    /// What concerns all of it, and no lock.
    pub server: Arc<Server>,
    /// The game.
    pub game: Game,
    /// Where players connect.
    pub public: TcpListener,
    /// Where operators connect.
    pub admin: Option<TcpListener>,
}
