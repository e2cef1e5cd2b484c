//! The figures move with what is done. A process of their own: others would move them too.

use alloc_bench::memory::{resident_bytes, timed};

#[test]
fn what_is_touched_is_resident() {
    let before = resident_bytes();
    let block = std::hint::black_box(vec![1_u8; 16 << 20]);
    let grown = resident_bytes() - before;
    assert!(grown >= 15 << 20, "{grown} bytes for {}", block.len());
}

#[test]
fn time_is_that_of_the_work() {
    let (ns, sum) = timed(|| (0..10_000_000_u64).fold(0, |sum, n| std::hint::black_box(sum + n)));
    assert!(ns > 100_000 && sum > 0, "{ns} ns");
}
