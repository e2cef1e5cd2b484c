//! What a WebSocket frame costs: masking, decoding a move, writing a header.

use super::{Path, Step};
use engine_core::websocket::{Decoder, Opcode, frame, mask};
use std::hint::black_box;

pub(crate) const PATHS: &[Path] = &[
    Path { name: "websocket/unmask/64 B", ready: || unmask(64) },
    Path { name: "websocket/unmask/1 KiB", ready: || unmask(1024) },
    Path { name: "websocket/unmask/64 KiB", ready: || unmask(64 * 1024) },
    Path { name: "websocket/decode/binary moves", ready: || moves(0x82) },
    Path { name: "websocket/decode/text moves", ready: || moves(0x81) },
    Path { name: "websocket/decode/16 KiB in pieces", ready: large },
    Path { name: "websocket/write_header/40 B", ready: || header(40) },
    Path { name: "websocket/write_header/1 KiB", ready: || header(1024) },
    Path { name: "websocket/write_header/64 KiB", ready: || header(64 * 1024) },
];

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A read as large as a driver's.
const READ_BYTES: usize = 16 * 1024;

fn unmask(bytes: usize) -> Step {
    let mut payload = vec![0x5a; bytes];
    Step::bytes(bytes, move || mask::unmask(black_box(&mut payload), black_box(KEY), 0))
}

/// As many moves of 40 bytes as a read holds. A step begins by copying the read, since decoding
/// unmasks it in place.
fn moves(first: u8) -> Step {
    let one = client_frame(first, 40);
    let count = READ_BYTES / one.len();
    let masked = one.repeat(count);
    let mut read = masked.clone();
    Step::elements(count, move || {
        read.copy_from_slice(&masked);
        decode_all(&mut Decoder::default(), &mut read);
    })
}

fn large() -> Step {
    let masked = client_frame(0x82, READ_BYTES);
    let mut bytes = masked.clone();
    Step::bytes(bytes.len(), move || {
        bytes.copy_from_slice(&masked);
        let mut decoder = Decoder::default();
        bytes.chunks_mut(1_460).for_each(|read| decode_all(&mut decoder, read));
    })
}

fn header(bytes: usize) -> Step {
    let mut out = Vec::with_capacity(frame::SERVER_HEADER_BYTES_MAX);
    Step::one(move || {
        out.clear();
        frame::write_header(black_box(&mut out), Opcode::Binary, black_box(bytes));
    })
}

fn decode_all(decoder: &mut Decoder, mut read: &mut [u8]) {
    loop {
        let step = decoder.next(read, 64 * 1024).expect("the frames are well-formed");
        let consumed = step.consumed;
        black_box(step.event);
        if consumed == 0 {
            return;
        }
        read = &mut read[consumed..];
    }
}

/// A masked frame of a payload that is ASCII.
fn client_frame(first: u8, payload_bytes: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame::write_header(&mut bytes, Opcode::Binary, payload_bytes);
    bytes[0] = first;
    bytes[1] |= 0x80;
    bytes.extend_from_slice(&KEY);
    let start = bytes.len();
    bytes.resize(start + payload_bytes, b'a');
    mask::unmask(&mut bytes[start..], KEY, 0);
    bytes
}
