//! The treasure-hunt engine: HTTP/1.1, WebSocket and the game as one sans-I/O state machine.
//!
//! Nothing in this crate knows a socket, a clock, a thread or a source of randomness: bytes, time
//! and seeds come in; bytes, and requests to a store, go out. So it runs the same on every runtime,
//! in a test, and in a simulation.
//!
//! ```text
//!      bytes, time                                              Submit
//!   ┌───────────────┐   ┌──────────────── Shard ─────────────┐  ─────────►  ┌─────────────────┐
//!   │    driver     │──►│ connection   http/  websocket/     │              │      store      │
//!   │ sockets, one  │   │   exchange, play, sweep            │              │ Catalogue       │
//!   │ per worker    │◄──│ service      api::hunts            │  ◄─────────  │ Partition       │
//!   └───────────────┘   │ rooms        who gets a broadcast  │   Applied    │   of the hunts  │
//!     Transmit, Resume, └────────────────────────────────────┘              └─────────────────┘
//!     Abort
//! ```
//!
//! - [`shard::Shard`] owns the connections of one worker: inputs are calls, outputs are polled.
//! - [`service::Service`] gives requests and messages a meaning; the game's is
//!   [`api::hunts::Hunts`].
//! - [`game`] is the game itself: [`game::partition::Partition`] applies what a shard submits.
//! - [`seam`] has the words between them, [`limits`] every bound, [`error`] every refusal.
//!
//! # The contract
//!
//! **Mutate, then drain [`poll_output`](shard::Shard::poll_output) to `None` before waiting.** A
//! protocol error is output, not a `Result`: a driver handles nothing but errors of its sockets.
//!
//! ```
//! use alloc_heap::HeapArena;
//! use engine_core::api::{hunts::{Hunts, Settings}, token::KeyRing};
//! use engine_core::arena::Arena;
//! use engine_core::limits::Limits;
//! use engine_core::seam::{Applied, Listener, Output, Reply, WorkerId};
//! use engine_core::{shard::Shard, time::Timestamp};
//! use std::sync::Arc;
//!
//! let limits = Arc::new(Limits::default());
//! let settings = Settings {
//!     keys: KeyRing::new([(1, &[7; 32][..])])?,
//!     allowed_origins: Vec::new(),
//!     admin_on_public: false,
//!     limits: limits.clone(),
//! };
//! let service = Hunts::new(Arc::new(settings));
//! let arena = HeapArena::new(Arc::default());
//! let mut shard = Shard::new(WorkerId(0), limits, arena, service);
//! let now = Timestamp(1_800_000_000_000);
//!
//! // A connection, and the bytes of a request.
//! let conn = shard.open(now, Listener::Public).expect("the first connection");
//! let mut bytes = *b"GET /loot HTTP/1.1\r\nHost: example\r\n\r\n";
//! assert_eq!(shard.receive(now, conn, &mut bytes), bytes.len());
//!
//! // The outputs, until there are none.
//! let mut sent = Vec::new();
//! while let Some(output) = shard.poll_output() {
//!     match output {
//!         // A store without hunts answers every query for loot like this.
//!         Output::Submit(submit) => {
//!             let reply = Reply::Loot { session: 0, hunt: None, rows: 0..0 };
//!             let replies = vec![(submit.to, reply)];
//!             shard.applied(now, &Applied { replies, ..Applied::default() });
//!         }
//!         Output::Transmit { conn, buf, .. } => {
//!             sent.extend_from_slice(&buf);
//!             shard.sent(now, conn, buf);
//!         }
//!         Output::Resume(_) | Output::Abort(_) => unreachable!("nothing was paused or is stuck"),
//!     }
//! }
//! assert!(sent.starts_with(b"HTTP/1.1 200 OK\r\n"));
//! assert!(sent.ends_with(br#"{"session":0,"hunt":null,"loot":[]}"#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod answer;
pub mod api;
pub mod arena;
mod common;
mod connection;
pub mod error;
mod exchange;
pub mod figures;
pub mod game;
pub mod http;
pub mod json;
pub mod limits;
mod outbound;
mod play;
mod replies;
mod rooms;
pub mod seam;
pub mod service;
pub mod shard;
mod slots;
mod sweep;
pub mod text;
pub mod time;
pub mod websocket;
