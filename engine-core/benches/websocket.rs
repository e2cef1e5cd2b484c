//! What a WebSocket frame costs: masking, decoding a move, writing a header.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use engine_core::websocket::{Decoder, Opcode, frame, mask};
use std::hint::black_box;

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A read as large as a driver's.
const READ_BYTES: usize = 16 * 1024;

fn unmask(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("websocket/unmask");
    for bytes in [64_usize, 1024, 64 * 1024] {
        group.throughput(Throughput::Bytes(bytes as u64));
        let mut payload = vec![0x5a; bytes];
        group.bench_function(format!("{bytes} B"), |bencher| {
            bencher.iter(|| mask::unmask(black_box(&mut payload), black_box(KEY), 0));
        });
    }
}

fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("websocket/decode");
    for (name, first) in [("binary", 0x82), ("text", 0x81)] {
        let one = client_frame(first, 40);
        let count = READ_BYTES / one.len();
        let read = one.repeat(count);
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(format!("{count} {name} moves of 40 B in one read"), |bencher| {
            bencher.iter_batched_ref(
                || (Decoder::default(), read.clone()),
                |(decoder, read)| decode_all(decoder, read),
                BatchSize::SmallInput,
            );
        });
    }
    let large = client_frame(0x82, READ_BYTES);
    group.throughput(Throughput::Bytes(large.len() as u64));
    group.bench_function("16 KiB in reads of 1,460 B", |bencher| {
        bencher.iter_batched_ref(
            || (Decoder::default(), large.clone()),
            |(decoder, large)| large.chunks_mut(1_460).for_each(|read| decode_all(decoder, read)),
            BatchSize::SmallInput,
        );
    });
}

fn encode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("websocket/write_header");
    let mut out = Vec::with_capacity(frame::SERVER_HEADER_BYTES_MAX);
    for bytes in [40_usize, 1024, 64 * 1024] {
        group.bench_function(format!("for {bytes} B"), |bencher| {
            bencher.iter(|| {
                out.clear();
                frame::write_header(black_box(&mut out), Opcode::Binary, black_box(bytes));
            });
        });
    }
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

criterion_group!(benches, unmask, decode, encode);
criterion_main!(benches);
