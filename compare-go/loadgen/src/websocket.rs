//! The client's side of WebSocket (RFC 6455): the handshake, the frames that a client sends, and a
//! reader of the frames that a server sends.
//!
//! It works on bytes alone: it knows no sockets, no time and no messages of the game. Whatever a
//! server sends, the answer is an event or a [`Fault`], never a panic, and memory is bounded by
//! [`MESSAGE_BYTES_MAX`] and [`HEAD_BYTES_MAX`].

mod frame;
mod handshake;
mod reader;

pub use frame::{Masks, append_close, append_control, append_message};
pub use handshake::{HEAD_BYTES_MAX, Handshake, Opened, Refusal};
pub use reader::{CloseFrame, Event, Fault, MESSAGE_BYTES_MAX, Reader};

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Opcode {
    /// A further fragment of a message.
    Continuation = 0x0,
    /// A text message, or the first fragment of one.
    Text = 0x1,
    /// A binary message, or the first fragment of one.
    Binary = 0x2,
    /// The peer ends the connection.
    Close = 0x8,
    /// The peer asks for a pong.
    Ping = 0x9,
    /// The answer to a ping, or a sign of life.
    Pong = 0xa,
}

/// Bytes of the longest payload of a control frame.
pub const CONTROL_BYTES_MAX: usize = 125;
