//! One request through the whole engine: bytes in, store, bytes out; no socket.
//!
//! `cargo bench -p engine-core --bench shard`

mod paths;
#[path = "../tests/support/mod.rs"]
mod support;
mod timed;

use criterion::{Criterion, criterion_group, criterion_main};

fn benches(criterion: &mut Criterion) {
    timed::group(criterion, paths::shard::PATHS);
}

criterion_group!(all, benches);
criterion_main!(all);
