//! Reading quest documents: a small one, the average and the large one of the `quests` scenario.
//!
//! `cargo bench -p engine-core --bench quest`

mod paths;
#[path = "../tests/support/mod.rs"]
mod support;
mod timed;

use criterion::{Criterion, criterion_group, criterion_main};

fn benches(criterion: &mut Criterion) {
    timed::group(criterion, paths::quest::PATHS);
}

criterion_group!(all, benches);
criterion_main!(all);
