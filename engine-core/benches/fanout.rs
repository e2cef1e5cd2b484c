//! A broadcast: the frame encoded once, and its bytes appended to every watcher's buffer.
//!
//! `cargo bench -p engine-core --bench fanout`

mod paths;
#[path = "../tests/support/mod.rs"]
mod support;
mod timed;

use criterion::{Criterion, criterion_group, criterion_main};

fn benches(criterion: &mut Criterion) {
    timed::group(criterion, paths::fanout::PATHS);
}

criterion_group!(all, benches);
criterion_main!(all);
