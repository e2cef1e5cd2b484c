//! Player updates: a move of a random player, in the bare state and through a partition.
//!
//! `cargo bench -p engine-core --bench player`

mod paths;
#[path = "../tests/support/mod.rs"]
mod support;
mod timed;

use criterion::{Criterion, criterion_group, criterion_main};

fn benches(criterion: &mut Criterion) {
    timed::group(criterion, paths::player::PATHS);
    timed::group(criterion, paths::player::LARGE);
}

criterion_group!(all, benches);
criterion_main!(all);
