//! A program that forgot to install the allocator learns so.

use alloc_witness::Witness;

#[test]
#[should_panic(expected = "Counting is the global allocator of a program that measures")]
fn measuring_without_the_allocator_panics() {
    let _ = alloc_counting::measure(|| ());
}

#[test]
fn its_witness_says_that_it_does_not_serve() {
    assert!(!alloc_counting::Counted(&alloc_system::WITNESS).serves());
}
