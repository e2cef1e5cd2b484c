//! Frames: the header of a client's frame is parsed, a server's frame is written (RFC 6455
//! section 5). Knows one frame at a time: what frames make a message stands in `message.rs`.

use super::close::CloseCode;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Bytes of the longest header of a client's frame: two, eight of length, four of key.
pub const CLIENT_HEADER_BYTES_MAX: usize = 14;

/// Bytes of the longest header of a server's frame.
pub const SERVER_HEADER_BYTES_MAX: usize = 10;

/// Bytes of the longest payload of a control frame.
pub const CONTROL_BYTES_MAX: usize = 125;

/// Bytes of the longest reason of a Close frame: its payload begins with the code.
pub const REASON_BYTES_MAX: usize = CONTROL_BYTES_MAX - 2;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Opcode {
    /// A further fragment of a message.
    Continuation = 0x0,
    /// The first fragment of a text message, or all of it.
    Text = 0x1,
    /// The first fragment of a binary message, or all of it.
    Binary = 0x2,
    /// The peer ends the connection.
    Close = 0x8,
    /// The peer asks for a pong.
    Ping = 0x9,
    /// The answer to a ping, or a sign of life.
    Pong = 0xa,
}

impl Opcode {
    /// Whether the frame is about the connection and not part of a message.
    #[must_use]
    pub fn is_control(self) -> bool {
        self as u8 & 0x8 != 0
    }

    fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xa => Self::Pong,
            _ => return None,
        })
    }
}

/// The header of a client's frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Whether the frame is the last of its message; true for a control frame.
    pub fin: bool,
    /// What the frame is.
    pub opcode: Opcode,
    /// The masking key.
    pub key: [u8; 4],
    /// Bytes of the payload, under 2^63; at most [`CONTROL_BYTES_MAX`] in a control frame.
    pub payload_bytes: u64,
    /// Bytes of the header itself, 6 to [`CLIENT_HEADER_BYTES_MAX`].
    pub header_bytes: usize,
}

/// Parses the header that `bytes` begin with. `None`: it is not complete.
///
/// # Errors
/// [`CloseCode::ProtocolError`] as soon as a byte breaks a rule of the framing.
pub fn parse(bytes: &[u8]) -> Result<Option<Header>, CloseCode> {
    let Some((&first, rest)) = bytes.split_first() else { return Ok(None) };
    //= https://www.rfc-editor.org/rfc/rfc6455#section-5.2
    //# MUST be 0 unless an extension is negotiated that defines meanings
    //# for non-zero values.
    if first & RSV != 0 {
        return Err(CloseCode::ProtocolError);
    }
    //= https://www.rfc-editor.org/rfc/rfc6455#section-5.2
    //# If an unknown opcode is received, the receiving endpoint MUST _Fail the
    //# WebSocket Connection_.
    let opcode = Opcode::from_bits(first & OPCODE).ok_or(CloseCode::ProtocolError)?;
    let fin = first & FIN != 0;
    //= https://www.rfc-editor.org/rfc/rfc6455#section-5.4
    //# Control frames themselves MUST NOT be fragmented.
    if opcode.is_control() && !fin {
        return Err(CloseCode::ProtocolError);
    }

    let Some((&second, rest)) = rest.split_first() else { return Ok(None) };
    //= https://www.rfc-editor.org/rfc/rfc6455#section-5.1
    //# The server MUST close the connection upon receiving a frame that is not
    //# masked.
    if second & MASKED == 0 {
        return Err(CloseCode::ProtocolError);
    }
    let short = second & !MASKED;
    //= https://www.rfc-editor.org/rfc/rfc6455#section-5.5
    //# All control frames MUST have a payload length of 125 bytes or less
    if opcode.is_control() && short > LENGTH_SHORT_MAX {
        return Err(CloseCode::ProtocolError);
    }
    let Some((payload_bytes, rest)) = parse_length(short, rest)? else { return Ok(None) };
    let Some((&key, rest)) = rest.split_first_chunk() else { return Ok(None) };
    let header_bytes = bytes.len() - rest.len();
    Ok(Some(Header { fin, opcode, key, payload_bytes, header_bytes }))
}

/// The length that the seven bits `short` stand for, and what follows it. `None`: not complete.
fn parse_length(short: u8, rest: &[u8]) -> Result<Option<(u64, &[u8])>, CloseCode> {
    let (length, rest, least) = match short {
        LENGTH_16 => {
            let Some((&length, rest)) = rest.split_first_chunk() else { return Ok(None) };
            (u64::from(u16::from_be_bytes(length)), rest, u64::from(LENGTH_SHORT_MAX) + 1)
        }
        LENGTH_64 => {
            let Some((&length, rest)) = rest.split_first_chunk() else { return Ok(None) };
            (u64::from_be_bytes(length), rest, u64::from(u16::MAX) + 1)
        }
        _ => (u64::from(short), rest, 0),
    };
    //= https://www.rfc-editor.org/rfc/rfc6455#section-5.2
    //# the minimal number of bytes MUST be used to encode the length
    if length < least {
        return Err(CloseCode::ProtocolError);
    }
    //= https://www.rfc-editor.org/rfc/rfc6455#section-5.2
    //# (the most significant bit MUST be 0)
    if length > i64::MAX.unsigned_abs() {
        return Err(CloseCode::ProtocolError);
    }
    Ok(Some((length, rest)))
}

/// Bytes of the header of a server's frame with a payload of `payload_bytes`: 2, 4 or 10.
#[must_use]
pub fn header_bytes(payload_bytes: usize) -> usize {
    match payload_bytes {
        0..=125 => 2,
        126..=0xffff => 4,
        _ => SERVER_HEADER_BYTES_MAX,
    }
}

/// Appends the header of a server's frame: final, and not masked. The payload is to follow.
//= https://www.rfc-editor.org/rfc/rfc6455#section-5.1
//# A server MUST NOT mask any frames that it sends to the client.
pub fn write_header(out: &mut Vec<u8>, opcode: Opcode, payload_bytes: usize) {
    assert!(!opcode.is_control() || payload_bytes <= CONTROL_BYTES_MAX, "a control frame is short");
    let first = FIN | opcode as u8;
    if let Ok(short @ 0..=LENGTH_SHORT_MAX) = u8::try_from(payload_bytes) {
        out.extend_from_slice(&[first, short]);
    } else if let Ok(length) = u16::try_from(payload_bytes) {
        let [high, low] = length.to_be_bytes();
        out.extend_from_slice(&[first, LENGTH_16, high, low]);
    } else {
        out.extend_from_slice(&[first, LENGTH_64]);
        out.extend_from_slice(&(payload_bytes as u64).to_be_bytes());
    }
}

/// Appends a server's frame: header and payload.
pub fn append(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8]) {
    out.reserve(header_bytes(payload.len()) + payload.len());
    write_header(out, opcode, payload.len());
    out.extend_from_slice(payload);
}

/// Appends a text message in one frame.
pub fn text(out: &mut Vec<u8>, payload: &str) {
    append(out, Opcode::Text, payload.as_bytes());
}

/// Appends a binary message in one frame.
pub fn binary(out: &mut Vec<u8>, payload: &[u8]) {
    append(out, Opcode::Binary, payload);
}

/// Appends a ping; the payload is at most [`CONTROL_BYTES_MAX`].
pub fn ping(out: &mut Vec<u8>, payload: &[u8]) {
    append(out, Opcode::Ping, payload);
}

/// Appends the pong that answers a ping; the payload is the ping's.
//= https://www.rfc-editor.org/rfc/rfc6455#section-5.5.3
//# A Pong frame sent in response to a Ping frame must have identical
//# "Application data" as found in the message body of the Ping frame being
//# replied to.
pub fn pong(out: &mut Vec<u8>, payload: &[u8]) {
    append(out, Opcode::Pong, payload);
}

/// Appends a Close frame. A reason over [`REASON_BYTES_MAX`] is cut at a character.
pub fn close(out: &mut Vec<u8>, code: CloseCode, reason: &str) {
    let reason = &reason[..reason.floor_char_boundary(REASON_BYTES_MAX)];
    write_header(out, Opcode::Close, 2 + reason.len());
    out.extend_from_slice(&code.code().to_be_bytes());
    out.extend_from_slice(reason.as_bytes());
}

/// Appends the Close frame that answers a peer's: with its code, or without if it had none.
//= https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1
//# When sending a Close frame in response, the endpoint typically echos the
//# status code it received.
pub fn close_reply(out: &mut Vec<u8>, code: Option<u16>) {
    match code {
        Some(code) => append(out, Opcode::Close, &code.to_be_bytes()),
        None => append(out, Opcode::Close, b""),
    }
}

/// A server's frame on its own, for a payload that many connections get. Allocates once.
#[must_use]
pub fn frame(opcode: Opcode, payload: &[u8]) -> Box<[u8]> {
    let mut out = Vec::with_capacity(header_bytes(payload.len()) + payload.len());
    append(&mut out, opcode, payload);
    out.into_boxed_slice()
}

const FIN: u8 = 0x80;
const RSV: u8 = 0x70;
const OPCODE: u8 = 0x0f;
const MASKED: u8 = 0x80;
const LENGTH_SHORT_MAX: u8 = 125;
const LENGTH_16: u8 = 126;
const LENGTH_64: u8 = 127;
