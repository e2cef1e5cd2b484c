//! Linked but not installed, it does not serve, and its witness says so.

use alloc_mimalloc::WITNESS;
use alloc_witness::{Seen, Witness};

#[test]
fn it_does_not_serve_where_another_is_installed() {
    assert!(!WITNESS.serves());
    let seen = Seen::look(&WITNESS, &[&alloc_system::WITNESS]);
    assert_eq!((seen.allocator, seen.installed), ("system", "mimalloc"));
    assert!(!seen.is_as_installed() && seen.version.starts_with("glibc"));
}
