//! Where jemalloc is installed, its witness says so, and its figures move with what is taken.

use alloc_jemalloc::{GLOBAL, Global, WITNESS};
use alloc_witness::{Seen, Witness};

#[global_allocator]
static ALLOCATOR: Global = GLOBAL;

const BYTES: usize = 100 << 20;

#[test]
fn it_serves_and_tells_its_version() {
    let seen = Seen::look(&WITNESS, &[]);
    assert_eq!((seen.allocator, seen.installed), ("jemalloc", "jemalloc"));
    assert!(seen.version.starts_with("5."), "{seen:?}");
}

#[test]
fn every_figure_grows_with_what_is_taken() {
    let read = || {
        let figures = WITNESS.figures();
        [figures.allocated_bytes, figures.resident_bytes, figures.mapped_bytes].map(Option::unwrap)
    };
    let before = read();
    let block = std::hint::black_box(vec![1_u8; BYTES]);
    let with = read();
    drop(block);
    for (before, with) in before.into_iter().zip(with) {
        assert!(with >= before + BYTES as u64 / 2, "{before} to {with}");
    }
    assert!(read()[0] < with[0] - BYTES as u64 / 2, "and allocated shrinks again");
}
