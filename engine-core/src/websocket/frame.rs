//! Frames: the header of a client's frame is parsed, a server's frame is written (RFC 6455
//! section 5). Knows one frame at a time: what frames make a message stands in `message.rs`.

use super::close::CloseCode;
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

const FIN: u8 = 0x80;
const RSV: u8 = 0x70;
const OPCODE: u8 = 0x0f;
const MASKED: u8 = 0x80;
const LENGTH_SHORT_MAX: u8 = 125;
const LENGTH_16: u8 = 126;
const LENGTH_64: u8 = 127;

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::ToOwned;
    use std::string::String;

    const PROTOCOL_ERROR: Result<Option<Header>, CloseCode> = Err(CloseCode::ProtocolError);

    //= https://www.rfc-editor.org/rfc/rfc6455#section-5.7
    //# 0x81 0x85 0x37 0xfa 0x21 0x3d 0x7f 0x9f 0x4d 0x51 0x58
    //# (contains "Hello")
    #[test]
    fn the_masked_hello_of_the_rfc_is_parsed() {
        let bytes = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        let header = Header {
            fin: true,
            opcode: Opcode::Text,
            key: [0x37, 0xfa, 0x21, 0x3d],
            payload_bytes: 5,
            header_bytes: 6,
        };
        assert_eq!(parse(&bytes), Ok(Some(header)));
        for end in 0..6 {
            assert_eq!(parse(&bytes[..end]), Ok(None));
        }
    }

    //= https://www.rfc-editor.org/rfc/rfc6455#section-5.2
    //# MUST be 0 unless an extension is negotiated that defines meanings
    //# for non-zero values.
    //= https://www.rfc-editor.org/rfc/rfc6455#section-5.2
    //# If an unknown opcode is received, the receiving endpoint MUST _Fail the
    //# WebSocket Connection_.
    //= https://www.rfc-editor.org/rfc/rfc6455#section-5.4
    //# Control frames themselves MUST NOT be fragmented.
    #[test]
    fn the_first_byte_alone_shows_its_fault() {
        for first in 0..=u8::MAX {
            let reserved = first & 0x70 != 0 || matches!(first & 0x0f, 3..=7 | 0xb..=0xf);
            let fragmented_control = first & 0x08 != 0 && first & 0x80 == 0;
            let fault = reserved || fragmented_control;
            assert_eq!(parse(&[first]).is_err(), fault, "{first:#x}");
            assert_eq!(parse(&[first, 0x80, 0, 0, 0, 0]).is_err(), fault, "{first:#x}");
        }
    }

    //= https://www.rfc-editor.org/rfc/rfc6455#section-5.1
    //# The server MUST close the connection upon receiving a frame that is not
    //# masked.
    #[test]
    fn a_frame_that_is_not_masked_is_refused() {
        assert_eq!(parse(&[0x82, 0x00]), PROTOCOL_ERROR);
        assert_eq!(parse(&[0x82, 0x7e]), PROTOCOL_ERROR);
        assert_eq!(parse(&[0x82, 0x80]), Ok(None));
    }

    //= https://www.rfc-editor.org/rfc/rfc6455#section-5.5
    //# All control frames MUST have a payload length of 125 bytes or less
    #[test]
    fn a_long_control_frame_is_refused() {
        for first in [0x88, 0x89, 0x8a] {
            assert_eq!(parse(&[first, 0x80 | 125]), Ok(None));
            assert_eq!(parse(&[first, 0x80 | 126]), PROTOCOL_ERROR);
            assert_eq!(parse(&[first, 0x80 | 127]), PROTOCOL_ERROR);
        }
    }

    //= https://www.rfc-editor.org/rfc/rfc6455#section-5.2
    //# the minimal number of bytes MUST be used to encode the length
    //= https://www.rfc-editor.org/rfc/rfc6455#section-5.2
    //# (the most significant bit MUST be 0)
    #[test]
    fn lengths_are_minimal_and_under_two_to_the_63() {
        let parse_length = |short: u8, length: &[u8]| {
            let mut bytes = std::vec![0x82, 0x80 | short];
            bytes.extend_from_slice(length);
            bytes.extend_from_slice(&[1, 2, 3, 4]);
            parse(&bytes).map(|header| header.unwrap().payload_bytes)
        };
        let fault = Err(CloseCode::ProtocolError);
        assert_eq!(parse_length(125, &[]), Ok(125));
        assert_eq!(parse_length(126, &125_u16.to_be_bytes()), fault);
        assert_eq!(parse_length(126, &126_u16.to_be_bytes()), Ok(126));
        assert_eq!(parse_length(126, &u16::MAX.to_be_bytes()), Ok(65_535));
        assert_eq!(parse_length(127, &65_535_u64.to_be_bytes()), fault);
        assert_eq!(parse_length(127, &65_536_u64.to_be_bytes()), Ok(65_536));
        assert_eq!(parse_length(127, &(u64::MAX >> 1).to_be_bytes()), Ok(u64::MAX >> 1));
        assert_eq!(parse_length(127, &(1_u64 << 63).to_be_bytes()), fault);
    }

    //= https://www.rfc-editor.org/rfc/rfc6455#section-5.1
    //# A server MUST NOT mask any frames that it sends to the client.
    #[test]
    fn written_headers_are_minimal_and_not_masked() {
        let cases: [(usize, &[u8]); 6] = [
            (0, &[0x81, 0]),
            (125, &[0x81, 125]),
            (126, &[0x81, 126, 0, 126]),
            (65_535, &[0x81, 126, 0xff, 0xff]),
            (65_536, &[0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
            (1 << 32, &[0x81, 127, 0, 0, 0, 1, 0, 0, 0, 0]),
        ];
        for (payload_bytes, expected) in cases {
            let mut out = Vec::new();
            write_header(&mut out, Opcode::Text, payload_bytes);
            assert_eq!(out, expected);
            assert_eq!(header_bytes(payload_bytes), expected.len());
        }
    }

    //= https://www.rfc-editor.org/rfc/rfc6455#section-5.5.3
    //# A Pong frame sent in response to a Ping frame must have identical
    //# "Application data" as found in the message body of the Ping frame being
    //# replied to.
    #[test]
    fn frames_are_appended_to_what_is_there() {
        let mut out = Vec::new();
        append(&mut out, Opcode::Text, b"Hello");
        append(&mut out, Opcode::Binary, &[7; 126]);
        ping(&mut out, b"a");
        pong(&mut out, b"a");
        let mut expected = b"\x81\x05Hello\x82\x7e\x00\x7e".to_vec();
        expected.extend_from_slice(&[7; 126]);
        expected.extend_from_slice(b"\x89\x01a\x8a\x01a");
        assert_eq!(out, expected);
    }

    //= https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1
    //# When sending a Close frame in response, the endpoint typically echos the
    //# status code it received.
    #[test]
    fn close_frames_carry_a_code_and_a_reason_that_fits() {
        let closed = |code, reason: &str| {
            let mut out = Vec::new();
            close(&mut out, code, reason);
            out
        };
        assert_eq!(closed(CloseCode::GoingAway, ""), b"\x88\x02\x03\xe9");
        assert_eq!(closed(CloseCode::Normal, "hunt ended"), b"\x88\x0c\x03\xe8hunt ended");
        let longest = String::from_iter(['a'; 123]);
        assert_eq!(closed(CloseCode::Normal, &longest).len(), 2 + 125);
        let cut = closed(CloseCode::Normal, &(longest[1..].to_owned() + "\u{e9}"));
        assert_eq!((cut.len(), cut[1]), (2 + 124, 124));

        let mut out = Vec::new();
        close_reply(&mut out, Some(4000));
        close_reply(&mut out, None);
        assert_eq!(out, b"\x88\x02\x0f\xa0\x88\x00");
    }

    #[test]
    #[should_panic(expected = "a control frame is short")]
    fn a_long_ping_is_not_written() {
        ping(&mut Vec::new(), &[0; 126]);
    }
}
