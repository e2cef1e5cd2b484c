//! Scanning and parsing a request head: a small GET, a browser's GET, a player's POST.
//!
//! `cargo bench -p engine-core --bench http_head`

mod paths;
#[path = "../tests/support/mod.rs"]
mod support;
mod timed;

use criterion::{Criterion, criterion_group, criterion_main};

fn benches(criterion: &mut Criterion) {
    timed::group(criterion, paths::http_head::PATHS);
}

criterion_group!(all, benches);
criterion_main!(all);
