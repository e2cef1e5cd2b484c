//! Where mimalloc is installed, its witness says so, and its figures move with what is taken.

use alloc_mimalloc::{GLOBAL, Global, WITNESS};
use alloc_witness::{Seen, Witness, with_block};

#[global_allocator]
static ALLOCATOR: Global = GLOBAL;

/// More than an arena, which is taken as a whole: 1 GiB.
const BYTES: usize = 3 << 30;

#[test]
fn it_serves_and_tells_its_version() {
    let seen = Seen::look(&WITNESS, &[]);
    assert_eq!((seen.allocator, seen.installed), ("mimalloc", "mimalloc"));
    assert!(seen.version.starts_with("2."), "{seen:?}");
}

#[test]
fn what_it_took_from_the_system_grows_with_what_is_taken() {
    let before = WITNESS.figures().mapped_bytes.unwrap();
    // Never written, so that it costs address space alone.
    let grown = with_block(BYTES, |_| WITNESS.figures().mapped_bytes.unwrap() - before);
    assert!(grown >= BYTES as u64, "{grown} bytes for {BYTES}");
}

#[test]
fn it_does_not_tell_what_it_does_not_know() {
    let figures = WITNESS.figures();
    assert_eq!((figures.allocated_bytes, figures.resident_bytes), (None, None));
}
