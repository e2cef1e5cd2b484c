//! Our WebSocket against an independent one.
//!
//! - Input that begins with `c` is a list of what a client does; its frames are written by
//!   tungstenite and must be understood as they were meant.
//! - Any other input is the bytes of a client: both must see the same events and refuse the same
//!   bytes, and what our server answers must be readable by tungstenite.
//!
//! Differences that are permitted, and why:
//! - We refuse a frame at its first wrong byte, where tungstenite waits for the whole of it.
//! - We refuse a length that takes more bytes than it needs (RFC 6455 section 5.2); tungstenite
//!   takes it.
//! - We take close code 1014, which IANA has registered since; tungstenite refuses it.
//! - tungstenite reports a Close frame with a code that may not be sent as one with code 1002.

use super::ws_frames::{Owned, decode, note_event};
use crate::input::Input;
use crate::signature::note;
use crate::support::Pair;
use alloc_bumpalo::BumpArena;
use engine_core::limits::Limits;
use engine_core::websocket::CloseCode;
use std::io::{self, Read, Write};
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};
use tungstenite::protocol::frame::{CloseFrame, Frame};
use tungstenite::protocol::{Role, WebSocket, WebSocketConfig};
use tungstenite::{Error, Message};

pub(super) const WORDS: &[&[u8]] = &[
    b"\x81\x85\0\0\0\0Hello",
    b"\x01\x83\0\0\0\0Hel",
    b"\x80\x82\0\0\0\0lo",
    b"\x82\x83\x01\x02\x03\x04abc",
    b"\x89\x82\0\0\0\0hi",
    b"\x88\x82\0\0\0\0\x03\xe8",
    b"\x88\x84\0\0\0\0\x03\xf6ok",
    b"\x81\xfe\x00\x7e\0\0\0\0",
    b"\x81\xfe\x00\x03\0\0\0\0abc",
    b"\x82\xff\0\0\0\0\0\x01\0\0\0\0\0\0",
    b"\xf0\x9f\xa6\x80",
    b"\xc3",
    b"\xa9",
    b"\x81\xa1\0\0\0\0{\"seq\":1,\"move\":{\"x\":1,\"y\":0,\"z\":0}}",
    b"ct4",
    b"b~",
    b"f3t9",
    b"p2",
    b"x0",
];

const MESSAGE_BYTES_MAX: usize = 1024;

/// Compares.
///
/// # Panics
/// If the two disagree.
pub fn tungstenite(data: &[u8]) {
    if data.first() == Some(&b'c') {
        understands(Input::new(&data[1..]));
    } else {
        agrees(data);
        is_readable(data);
    }
}

/// A stream that gives what it has, then asks to wait, and takes any bytes.
#[derive(Debug)]
struct Stream<'a>(&'a [u8]);

impl Read for Stream<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buf) {
            Ok(0) => Err(io::ErrorKind::WouldBlock.into()),
            other => other,
        }
    }
}

impl Write for Stream<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What tungstenite reads, and whether it refused something.
fn theirs(bytes: &[u8], role: Role) -> (Vec<Owned>, bool) {
    let config = WebSocketConfig::default()
        .read_buffer_size(4096)
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX));
    let config = match role {
        Role::Server => config,
        // Our own frames have no limit.
        Role::Client => config.max_message_size(None).max_frame_size(None),
    };
    let mut socket = WebSocket::from_raw_socket(Stream(bytes), role, Some(config));
    let mut events = Vec::new();
    loop {
        let event = match socket.read() {
            Ok(Message::Text(text)) => Owned::Text(text.as_str().to_owned()),
            Ok(Message::Binary(bytes)) => Owned::Binary(bytes.to_vec()),
            Ok(Message::Ping(bytes)) => Owned::Ping(bytes.to_vec()),
            Ok(Message::Pong(bytes)) => Owned::Pong(bytes.to_vec()),
            Ok(Message::Close(None)) => Owned::Close(None),
            Ok(Message::Close(Some(CloseFrame { code, reason }))) => {
                if role == Role::Server && reason.as_str() == "Protocol violation" {
                    return (events, true);
                }
                Owned::Close(Some((code.into(), reason.as_str().to_owned())))
            }
            Ok(Message::Frame(_)) => unreachable!("never read"),
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                return (events, false);
            }
            Err(_) => return (events, true),
        };
        let last = matches!(event, Owned::Close(_));
        events.push(event);
        if last {
            return (events, false);
        }
    }
}

fn agrees(bytes: &[u8]) {
    let (ours, end) = decode(bytes, &[bytes.len()], MESSAGE_BYTES_MAX);
    let (theirs, refused) = theirs(bytes, Role::Server);
    ours.iter().for_each(note_event);
    note("end", end.map_or(0, |code| code.code().into()));
    let same = theirs.iter().zip(&ours).take_while(|(theirs, ours)| theirs == ours).count();
    if let Some(Owned::Close(Some((1014, _)))) = ours.get(same) {
        return assert!(refused && theirs.len() == same);
    }
    assert_eq!(same, ours.len(), "an event of ours is not theirs: {ours:?} {theirs:?}");
    match end {
        None => assert_eq!((same, false), (theirs.len(), refused), "only they refuse or go on"),
        Some(_) if refused && same == theirs.len() => {}
        Some(CloseCode::ProtocolError) if long_length(bytes, same) => note("long length", 0),
        Some(code) => {
            assert_eq!(same, theirs.len(), "we refuse what they take: {code:?} {theirs:?}");
            // They wait for the rest of the frame that we refused.
            let more = [bytes, &[0; MESSAGE_BYTES_MAX + 16]].concat();
            assert!(self::theirs(&more, Role::Server).1, "we refuse what they would take");
            note("early", code.code().into());
        }
    }
}

/// Whether a frame has a length that takes more bytes than it needs, after `events` events.
fn long_length(bytes: &[u8], events: usize) -> bool {
    (2..bytes.len()).any(|at| {
        let (before, length) = (&bytes[..at - 2], &bytes[at..]);
        let long = match bytes[at - 1] {
            0xfe => length.first_chunk().is_some_and(|l| u16::from_be_bytes(*l) < 126),
            0xff => length.first_chunk().is_some_and(|l| u64::from_be_bytes(*l) < 0x1_0000),
            _ => false,
        };
        let whole = |before| decode(before, &[at - 2], MESSAGE_BYTES_MAX);
        long && whole(before).0.len() == events && whole(before).1.is_none()
    })
}

/// What our server writes to a client that sends these bytes is readable.
fn is_readable(bytes: &[u8]) {
    let mut pair = Pair::<BumpArena>::with_hunt(Limits {
        message_bytes_max: MESSAGE_BYTES_MAX,
        ..Limits::default()
    });
    let protocol = if bytes.len().is_multiple_of(2) { "hunt.v1+json" } else { "hunt.v1" };
    let id = pair.play("Ada", protocol);
    pair.send(id, bytes);
    pair.wait(300);
    let written = pair.take(id);
    let (events, refused) = theirs(&written, Role::Client);
    assert!(!refused, "tungstenite reads what we write: {events:?}");
    let closed = matches!(events.last(), Some(Owned::Close(_)));
    assert_eq!(pair.wires[&id.index].ended, closed);
    assert!(closed || events.len() >= 2, "two ticks have passed");
}

/// Frames that tungstenite writes are understood.
fn understands(mut input: Input<'_>) {
    let (mut bytes, mut expected) = (Vec::new(), Vec::new());
    let mut mask = [0x37_u8, 0xfa, 0x21, 0x3d];
    let mut write = |opcode: OpCode, last: bool, payload: &[u8]| {
        mask.rotate_left(1);
        mask[0] = mask[0].wrapping_mul(7).wrapping_add(1);
        let mut frame = match opcode {
            OpCode::Data(_) => Frame::message(payload.to_vec(), opcode, last),
            OpCode::Control(Control::Ping) => Frame::ping(payload.to_vec()),
            OpCode::Control(Control::Pong) => Frame::pong(payload.to_vec()),
            OpCode::Control(_) => {
                let code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
                Frame::close(code.map(|code| CloseFrame {
                    code: code.into(),
                    reason: String::from_utf8_lossy(&payload[2..]).into_owned().into(),
                }))
            }
        };
        frame.header_mut().mask = Some(mask);
        frame.format(&mut bytes).expect("a vector takes any frame");
    };
    while let Some(letter) = input.next() {
        let size = input.below(80);
        let text = "añ€🦀z".repeat(size);
        match letter {
            b't' => {
                write(OpCode::Data(Data::Text), true, text.as_bytes());
                expected.push(Owned::Text(text));
            }
            b'b' => {
                let payload = vec![0xc3; size * size % MESSAGE_BYTES_MAX];
                write(OpCode::Data(Data::Binary), true, &payload);
                expected.push(Owned::Binary(payload));
            }
            b'f' => {
                // Cut where it falls, within a character or not, with a ping in between.
                let parts = text.as_bytes().chunks(input.below(9) + 1);
                let count = parts.len();
                for (place, part) in parts.enumerate() {
                    let data = if place == 0 { Data::Text } else { Data::Continue };
                    write(OpCode::Data(data), place + 1 == count, part);
                    if place + 1 < count && place % 3 == 1 {
                        write(OpCode::Control(Control::Ping), true, b"between");
                        expected.push(Owned::Ping(b"between".to_vec()));
                    }
                }
                if count > 0 {
                    expected.push(Owned::Text(text));
                }
            }
            b'p' => {
                write(OpCode::Control(Control::Ping), true, &text.as_bytes()[..size]);
                expected.push(Owned::Ping(text.as_bytes()[..size].to_vec()));
            }
            b'q' => {
                write(OpCode::Control(Control::Pong), true, &text.as_bytes()[..size]);
                expected.push(Owned::Pong(text.as_bytes()[..size].to_vec()));
            }
            b'x' => {
                let code = [1000, 1001, 1011, 3000, 4999][size % 5];
                write(OpCode::Control(Control::Close), true, &u16::to_be_bytes(code));
                expected.push(Owned::Close(Some((code, String::new()))));
                break;
            }
            _ => {}
        }
    }
    expected.iter().for_each(note_event);
    let (events, end) = decode(&bytes, &[bytes.len()], 64 * 1024);
    assert_eq!((events, end), (expected, None));
}
