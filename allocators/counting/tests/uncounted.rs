//! A program that forgot to install the allocator learns so.

#[test]
#[should_panic(expected = "Counting is the global allocator of a program that measures")]
fn measuring_without_the_allocator_panics() {
    let _ = alloc_counting::measure(|| ());
}
