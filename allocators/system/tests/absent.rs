//! glibc is always there; where another allocator is installed, its witness says no.

use alloc_mimalloc::{GLOBAL, Global};
use alloc_witness::{Seen, Witness};

#[global_allocator]
static ALLOCATOR: Global = GLOBAL;

#[test]
fn it_does_not_serve_where_another_is_installed() {
    assert!(!alloc_system::WITNESS.serves());
    let seen = Seen::look(&alloc_system::WITNESS, &[&alloc_mimalloc::WITNESS]);
    assert_eq!((seen.allocator, seen.installed), ("mimalloc", "system"));
    let seen = Seen::look(&alloc_system::WITNESS, &[]);
    assert_eq!((seen.allocator, seen.version.as_str()), ("unknown", ""));
}
