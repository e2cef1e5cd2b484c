//! The same bytes on one connection, whole and cut in pieces, answered at once and late, through
//! shards of their own at one time: what comes back is the same, byte for byte.
//!
//! In the input `{token}` and `{admin}` stand for a session and an admin token.

use crate::input::{cuts, every, pieces};
use crate::signature::note;
use crate::support::Pair;
use crate::wire;
use alloc_bumpalo::BumpArena;
use engine_core::limits::Limits;

pub(super) const WORDS: &[&[u8]] = &[
    b"GET /loot?session=1 HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET /v1/hunts/h1/status HTTP/1.1\r\nHost: h\r\n\r\n",
    b"HEAD /loot HTTP/1.1\r\nHost: h\r\n\r\n",
    b"POST /v1/hunts/h1/players HTTP/1.1\r\nHost: h\r\nContent-Length: 14\r\n\r\n\
      {\"name\":\"Eve\"}",
    b"POST /v1/hunts/h1/resolve HTTP/1.1\r\nHost: h\r\n",
    b"Authorization: Bearer {token}\r\n",
    b"Authorization: Bearer {admin}\r\n",
    b"Transfer-Encoding: chunked\r\n\r\n",
    b"Content-Length: ",
    b"Expect: 100-continue\r\n",
    b"Connection: close\r\n",
    b"{\"treasure\":\"t1\",\"x\":0,\"y\":0,\"z\":0}",
    b"5\r\n{\"tre\r\n",
    b"0\r\n\r\n",
    b"\r\n\r\n",
    b"GET /v1/hunts/h1/play?session={token} HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\n\
      Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
      Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    b"\x89\x82\0\0\0\0hi",
    b"\x88\x82\0\0\0\0\x03\xe8",
    b"\x01\x83\0\0\0\0{\"s",
    b"\x80\x81\0\0\0\0}",
    b"\x81\xa1\0\0\0\0{\"seq\":1,\"move\":{\"x\":1,\"y\":0,\"z\":0}}",
];

/// How the bytes are offered and answered.
#[derive(Clone, Copy, Debug, Default)]
struct How {
    /// The store answers after a piece, the last submission first, not at once.
    late: bool,
    /// Writes complete after a piece.
    slow: bool,
}

/// What came back.
#[derive(Debug, PartialEq, Eq)]
struct Back {
    bytes: Vec<u8>,
    ended: bool,
}

/// Sends the bytes in several ways.
///
/// # Panics
/// If the output differs.
pub fn split(data: &[u8]) {
    let whole = play(data, 0, How::default());
    let few = play(data, 7, How::default());
    assert!(few == whole, "cut in a few places: {}", difference(&few, &whole));
    let single = play(data, usize::MAX, How::default());
    assert!(single == whole, "byte by byte: {}", difference(&single, &whole));
    let late = play(data, 5, How { late: true, slow: true });
    assert!(late == whole, "answered late: {}", difference(&late, &whole));
    // A response to HEAD has no body, which only its request tells.
    if !data.windows(4).any(|four| four.eq_ignore_ascii_case(b"head")) {
        let received = wire::read(&whole.bytes);
        note("responses", received.responses as u64);
        note("tags", received.tags.len() as u64);
    }
    note("ended", u64::from(whole.ended));
}

fn play(data: &[u8], cut_count: usize, how: How) -> Back {
    let limits = Limits { body_bytes_max: 1024, message_bytes_max: 256, ..Limits::default() };
    let mut pair = Pair::<BumpArena>::with_hunt(limits);
    let token = pair.join("Ada");
    let admin = pair.admin_token();
    let bytes = replace(data, b"{token}", token.as_bytes());
    let bytes = replace(&bytes, b"{admin}", admin.as_bytes());
    let places = match cut_count {
        usize::MAX => every(&bytes),
        count => cuts(&bytes, count),
    };
    let id = pair.open();
    pair.hold_store = how.late;
    pair.hold_writes = how.slow;
    let mut back = Vec::new();
    for (turn, piece) in pieces(&bytes, &places).enumerate() {
        pair.send(id, piece);
        if turn % 2 == 1 {
            answer(&mut pair, true);
            back.extend(pair.take(id));
        }
    }
    pair.hold_store = false;
    pair.hold_writes = false;
    answer(&mut pair, false);
    back.extend(pair.take(id));
    back.extend(pair.take(id));
    assert!(pair.late.is_empty());
    Back { bytes: back, ended: pair.wires[&id.index].ended }
}

/// The store answers. What changes the game is applied in the order of its submission, as the
/// answers depend on that; the replies of one connection leave in order anyhow.
fn answer(pair: &mut Pair<BumpArena>, one: bool) {
    let hold = std::mem::replace(&mut pair.hold_store, true);
    while !pair.late.is_empty() {
        pair.answer_one(0);
        if one {
            break;
        }
    }
    pair.hold_store = hold;
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}

fn difference(got: &Back, wanted: &Back) -> String {
    let same = got.bytes.iter().zip(&wanted.bytes).take_while(|(a, b)| a == b).count();
    let after = |bytes: &[u8]| {
        String::from_utf8_lossy(&bytes[same..(same + 200).min(bytes.len())]).into_owned()
    };
    format!(
        "after {same} bytes {:?} (ended: {}) in place of {:?} (ended: {})",
        after(&got.bytes),
        got.ended,
        after(&wanted.bytes),
        wanted.ended
    )
}
