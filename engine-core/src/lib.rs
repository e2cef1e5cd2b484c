//! The treasure-hunt engine: HTTP/1.1, WebSocket and the game as one sans-I/O state machine.
//!
//! Nothing in this crate knows a socket, a clock, a thread or a source of randomness. Bytes and
//! time come in, bytes and requests to the store go out.
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
