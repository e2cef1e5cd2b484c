//! The leaderboard: a score change, a rank, the first ten and the ten around a player.
//!
//! `cargo bench -p engine-core --bench leaderboard`

mod paths;
#[path = "../tests/support/mod.rs"]
mod support;
mod timed;

use criterion::{Criterion, criterion_group, criterion_main};

fn benches(criterion: &mut Criterion) {
    timed::group(criterion, paths::leaderboard::PATHS);
    timed::group(criterion, paths::leaderboard::LARGE);
}

criterion_group!(all, benches);
criterion_main!(all);
