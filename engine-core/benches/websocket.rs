//! What a WebSocket frame costs: masking, decoding a move, writing a header.
//!
//! `cargo bench -p engine-core --bench websocket`

mod paths;
#[path = "../tests/support/mod.rs"]
mod support;
mod timed;

use criterion::{Criterion, criterion_group, criterion_main};

fn benches(criterion: &mut Criterion) {
    timed::group(criterion, paths::websocket::PATHS);
}

criterion_group!(all, benches);
criterion_main!(all);
