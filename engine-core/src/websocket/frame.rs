//! Frames (RFC 6455 section 5.2).

use super::close::CloseCode;
use alloc::vec::Vec;

/// The largest payload of a control frame.
pub const CONTROL_BYTES_MAX: usize = 125;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Opcode {
    /// More of a message.
    Continuation = 0x0,
    /// A text message.
    Text = 0x1,
    /// A binary message.
    Binary = 0x2,
    /// The closing handshake.
    Close = 0x8,
    /// A ping.
    Ping = 0x9,
    /// A pong.
    Pong = 0xa,
}

/// The header of a frame from a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Whether it is the last of its message.
    pub fin: bool,
    /// What it is.
    pub opcode: Opcode,
    /// The masking key.
    pub mask: [u8; 4],
    /// The bytes of the payload.
    pub payload_bytes: u64,
    /// The bytes of the header itself.
    pub header_bytes: usize,
}

/// Reads the header of a client's frame; `None` where it is incomplete.
///
/// # Errors
/// 1002 where the header breaks the protocol.
pub fn parse(bytes: &[u8]) -> Result<Option<Header>, CloseCode> {
    let [first, second, rest @ ..] = bytes else { return first_byte(bytes) };
    let opcode = opcode(*first)?;
    if second & 0x80 == 0 {
        return Err(CloseCode::PROTOCOL_ERROR);
    }
    let fin = first & 0x80 != 0;
    let short = second & 0x7f;
    if opcode as u8 >= 8 && (!fin || short > 125) {
        return Err(CloseCode::PROTOCOL_ERROR);
    }
    let length_bytes = match short {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    if rest.len() < length_bytes {
        return Ok(None);
    }
    let (extended, rest) = rest.split_at(length_bytes);
    let payload_bytes = match length_bytes {
        0 => u64::from(short),
        _ => extended.iter().fold(0, |length, byte| length << 8 | u64::from(*byte)),
    };
    let minimum = match length_bytes {
        0 => 0,
        2 => 126,
        _ => 0x1_0000,
    };
    if payload_bytes < minimum || payload_bytes > i64::MAX as u64 {
        return Err(CloseCode::PROTOCOL_ERROR);
    }
    let Some(mask) = rest.first_chunk() else { return Ok(None) };
    let header_bytes = 2 + length_bytes + 4;
    Ok(Some(Header { fin, opcode, mask: *mask, payload_bytes, header_bytes }))
}

fn first_byte(bytes: &[u8]) -> Result<Option<Header>, CloseCode> {
    bytes.first().map_or(Ok(()), |first| opcode(*first).map(drop)).map(|()| None)
}

fn opcode(first: u8) -> Result<Opcode, CloseCode> {
    match first & 0x7f {
        0x0 => Ok(Opcode::Continuation),
        0x1 => Ok(Opcode::Text),
        0x2 => Ok(Opcode::Binary),
        0x8 => Ok(Opcode::Close),
        0x9 => Ok(Opcode::Ping),
        0xa => Ok(Opcode::Pong),
        _ => Err(CloseCode::PROTOCOL_ERROR),
    }
}

/// Appends a whole unmasked frame.
pub fn write_frame(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8]) {
    write_header(out, opcode, payload.len());
    out.extend_from_slice(payload);
}

/// Appends the header of an unmasked frame.
pub fn write_header(out: &mut Vec<u8>, opcode: Opcode, payload_bytes: usize) {
    out.push(0x80 | opcode as u8);
    match (u8::try_from(payload_bytes), u16::try_from(payload_bytes)) {
        (Ok(short @ ..126), _) => out.push(short),
        (_, Ok(medium)) => {
            out.push(126);
            out.extend_from_slice(&medium.to_be_bytes());
        }
        _ => {
            out.push(127);
            out.extend_from_slice(&(payload_bytes as u64).to_be_bytes());
        }
    }
}
