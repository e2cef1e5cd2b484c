//! Frames that are whole in a read cost no heap allocation, and an idle decoder holds none.

use alloc_counting::{Counting, Counts, measure};
use engine_core::websocket::{CloseCode, Decoder, Event, Opcode, frame, handshake, mask};
use std::alloc::System;
use std::hint::black_box;

#[global_allocator]
static ALLOCATOR: Counting<System> = Counting::new(System);

const MAX: usize = 64 * 1024;

/// A masked frame with the first byte `first`.
fn client_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let key = [1, 2, 3, 4];
    let mut bytes = Vec::new();
    frame::write_header(&mut bytes, Opcode::Binary, payload.len());
    bytes[0] = first;
    bytes[1] |= 0x80;
    bytes.extend_from_slice(&key);
    let start = bytes.len();
    bytes.extend_from_slice(payload);
    mask::unmask(&mut bytes[start..], key, 0);
    bytes
}

/// Decodes all of `read` and counts the events.
fn decode(decoder: &mut Decoder, mut read: &mut [u8]) -> usize {
    let mut events = 0;
    loop {
        let step = decoder.next(read, MAX).expect("the frames are well-formed");
        let consumed = step.consumed;
        if let Some(event) = black_box(step.event) {
            assert_ne!(event, Event::Ping(b"never sent"));
            events += 1;
        }
        if consumed == 0 {
            return events;
        }
        read = &mut read[consumed..];
    }
}

#[test]
fn whole_frames_allocate_nothing() {
    let mut read = [
        client_frame(0x81, "{\"seq\":1,\"move\":{\"x\":1,\"y\":2,\"z\":3}} \u{e9}".as_bytes()),
        client_frame(0x82, &[0xff; 40]),
        client_frame(0x89, b"ping"),
        client_frame(0x8a, &[7; 125]),
        client_frame(0x82, &[0xff; 60_000]),
        client_frame(0x01, b""),
        client_frame(0x80, b"last fragment"),
        client_frame(0x88, b"\x03\xe8bye"),
    ]
    .concat();
    let mut decoder = Decoder::default();
    let mut events = 0;
    let counts = measure(|| events = decode(&mut decoder, &mut read));
    assert_eq!(events, 7);
    assert_eq!(counts, Counts::default());
}

#[test]
fn small_messages_cut_by_reads_allocate_nothing_after_the_first() {
    let text = client_frame(0x81, &[b'a'; 400]);
    let ping = client_frame(0x89, b"ping");
    let cuts = [100, text.len() + ping.len() - 2];
    let one = [text, ping].concat();
    let mut decoder = Decoder::default();
    let mut decode_cut = |bytes: &mut [u8]| {
        let (first, rest) = bytes.split_at_mut(cuts[0]);
        let (second, third) = rest.split_at_mut(cuts[1] - cuts[0]);
        [first, second, third].map(|read| decode(&mut decoder, read))
    };

    let warm_up = measure(|| assert_eq!(decode_cut(&mut one.clone()), [0, 1, 1]));
    assert!(warm_up.requests() > 1, "the buffer comes from somewhere");

    let mut stream = one.repeat(20);
    let counts = measure(|| {
        for bytes in stream.chunks_mut(one.len()) {
            assert_eq!(decode_cut(bytes), [0, 1, 1]);
        }
    });
    assert_eq!(counts, Counts::default());
}

#[test]
fn a_large_message_cut_by_reads_leaves_nothing_on_the_heap() {
    let mut bytes = client_frame(0x82, &[5; 60_000]);
    let mut decoder = Decoder::default();
    let mut events = 0;
    let counts = measure(|| {
        for read in bytes.chunks_mut(1_460) {
            events += decode(&mut decoder, read);
        }
        decoder.recycle();
    });
    assert_eq!(events, 1);
    assert!((1..=8).contains(&counts.requests()), "{counts:?}");
    assert_eq!(counts.live_bytes(), 0);
}

#[test]
fn frames_are_written_into_room_that_is_there_without_allocating() {
    let mut out = Vec::with_capacity(4_096);
    let counts = measure(|| {
        frame::append(&mut out, Opcode::Text, b"Hello");
        frame::append(&mut out, Opcode::Binary, &[0; 1_000]);
        frame::ping(&mut out, b"");
        frame::pong(&mut out, b"Hello");
        frame::close(&mut out, CloseCode::Normal, "hunt ended");
        frame::close_reply(&mut out, Some(1000));
    });
    assert_eq!(counts, Counts::default());
}

#[test]
fn a_handshake_key_is_answered_without_allocating() {
    let key = b"dGhlIHNhbXBsZSBub25jZQ==";
    let counts = measure(|| {
        assert!(handshake::valid_key(black_box(key)));
        black_box(handshake::accept_key(black_box(key)));
    });
    assert_eq!(counts, Counts::default());
}
