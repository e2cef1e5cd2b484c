//! WebSocket: handshake, frames, messages (RFC 6455), server side.
//!
//! Bytes in, events out. Nothing here knows a connection, a time-out or the game: the caller
//! answers pings, sends Close frames and decides what a message means.
//!
//! ```text
//!  bytes ─> frame::parse ─> mask::unmask ─> utf8::Validator ─> message::Decoder ─> Event
//!  frame::{append, ping, close, ..} ─> bytes
//! ```

pub mod close;
pub mod frame;
pub mod handshake;
pub mod mask;
pub mod message;
pub mod utf8;

pub use close::CloseCode;
pub use frame::Opcode;
pub use message::{Decoder, Event, Kind, Step};
