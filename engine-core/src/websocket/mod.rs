//! WebSocket: handshake, frames, messages (RFC 6455).

pub mod close;
pub mod frame;
pub mod handshake;
pub mod mask;
pub mod message;
pub mod utf8;
