//! Frames of a client: events do not depend on how the input was split, messages are within their
//! limit and text is UTF-8.
//!
//! The first byte chooses the limit of a message: `s` 125 bytes, anything else 64 KiB.

use crate::input::{Input, cuts, every, pieces};
use crate::signature::{magnitude, note};
use engine_core::websocket::{CloseCode, Decoder, Event, Kind};

pub(super) const WORDS: &[&[u8]] = &[
    b"\x81\x85\0\0\0\0Hello",
    b"\x01\x83\0\0\0\0Hel",
    b"\x80\x82\0\0\0\0lo",
    b"\x00\x80\0\0\0\0",
    b"\x82\x80\0\0\0\0",
    b"\x89\x82\0\0\0\0hi",
    b"\x8a\x80\0\0\0\0",
    b"\x88\x82\0\0\0\0\x03\xe8",
    b"\x88\x80\0\0\0\0",
    b"\x81\xfe\x00\x7e\0\0\0\0",
    b"\x81\xff\0\0\0\0\0\x01\0\0\0\0\0\0",
    b"\xf0\x9f\xa6\x80",
    b"\xc3\xa9",
    b"\xed\xa0\x80",
    b"\x37\xfa\x21\x3d",
];

/// An event that outlives its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Owned {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<(u16, String)>),
}

/// Reads frames.
///
/// # Panics
/// If an invariant is broken.
pub fn ws_frames(data: &[u8]) {
    let mut input = Input::new(data);
    let max = if input.next() == Some(b's') { 125 } else { 64 * 1024 };
    let bytes = input.rest();
    let whole = decode(bytes, &[bytes.len()], max);
    assert_eq!(decode(bytes, &cuts(bytes, 6), max), whole, "cut in a few places");
    assert_eq!(decode(bytes, &every(bytes), max), whole, "byte by byte");
    let (events, end) = whole;
    for event in &events {
        note_event(event);
    }
    note("end", end.map_or(0, |code| code.code().into()));
}

pub(super) fn note_event(event: &Owned) {
    match event {
        Owned::Text(text) => note("text", magnitude(text.len())),
        Owned::Binary(bytes) => note("binary", magnitude(bytes.len())),
        Owned::Ping(_) => note("ping", 0),
        Owned::Pong(_) => note("pong", 0),
        Owned::Close(close) => {
            note("close", close.as_ref().map_or(0, |(code, _)| (*code).into()));
        }
    }
}

/// The events of `bytes` up to a Close or a failure, offered in pieces.
pub(super) fn decode(
    bytes: &[u8],
    places: &[usize],
    max: usize,
) -> (Vec<Owned>, Option<CloseCode>) {
    let mut decoder = Decoder::default();
    let mut events = Vec::new();
    let mut held = Vec::new();
    for piece in pieces(bytes, places) {
        held.extend_from_slice(piece);
        let mut at = 0;
        while at < held.len() {
            let step = match decoder.next(&mut held[at..], max) {
                Ok(step) => step,
                Err(code) => return (events, Some(code)),
            };
            if let Some(event) = step.event {
                assert!(step.consumed > 0, "an event takes bytes");
                events.push(own(event, max));
            } else if step.consumed == 0 {
                break;
            }
            at += step.consumed;
            if matches!(events.last(), Some(Owned::Close(_))) {
                return (events, None);
            }
        }
        held.drain(..at);
        assert!(held.len() < 14, "only a header is waited for");
    }
    (events, None)
}

fn own(event: Event<'_>, max: usize) -> Owned {
    match event {
        Event::Message { kind, payload } => {
            assert!(payload.len() <= max);
            match kind {
                Kind::Text => Owned::Text(String::from_utf8(payload.to_vec()).expect("UTF-8")),
                Kind::Binary => Owned::Binary(payload.to_vec()),
            }
        }
        Event::Ping(payload) => {
            assert!(payload.len() <= 125);
            Owned::Ping(payload.to_vec())
        }
        Event::Pong(payload) => {
            assert!(payload.len() <= 125);
            Owned::Pong(payload.to_vec())
        }
        Event::Close { code, reason } => {
            assert!(code.is_some() || reason.is_empty());
            Owned::Close(code.map(|code| (code, reason.to_owned())))
        }
    }
}
