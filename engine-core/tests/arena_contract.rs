//! What every kind of arena must do; each test runs for all of them, and under a sanitizer too.

use std::sync::Arc;
use std::thread;

use alloc_bumpalo::BumpArena;
use alloc_heap::HeapArena;
use engine_core::arena::{Allocator, Arena, ArenaVec, Meter};

macro_rules! contract {
    ($($test:ident)*) => {
        mod heap {
            $(#[test] fn $test() { super::$test::<super::HeapArena>(); })*
        }
        mod bump {
            $(#[test] fn $test() { super::$test::<super::BumpArena>(); })*
        }
    };
}

contract! {
    vectors_grow_and_shrink_and_keep_what_they_hold
    blocks_have_the_alignment_that_was_asked_for
    zeroed_blocks_are_zero_even_where_memory_is_used_again
    a_region_lives_until_its_last_handle_and_crosses_threads
    one_region_serves_several_threads
    a_reset_is_free_where_nothing_was_allocated
    scratch_is_counted_and_given_back
    two_arenas_add_up_in_one_meter
}

/// Grows `count` numbers one by one in each of two vectors by turns, so that both must move.
fn interleaved<A: Allocator + Clone>(alloc: &A, count: u64) -> [ArenaVec<u64, A>; 2] {
    let mut lists = [ArenaVec::new_in(alloc.clone()), ArenaVec::new_in(alloc.clone())];
    for number in 0..count {
        for (factor, list) in (1..).zip(&mut lists) {
            list.push(number * factor);
        }
    }
    lists
}

fn assert_interleaved<A: Allocator>(lists: &[ArenaVec<u64, A>; 2], count: u64) {
    for (factor, list) in (1..).zip(lists) {
        assert!(list.iter().copied().eq((0..count).map(|number| number * factor)));
    }
}

fn vectors_grow_and_shrink_and_keep_what_they_hold<A: Arena>() {
    let mut arena = A::new(Arc::default());
    for count in [1, 100, 10_000] {
        let mut lists = interleaved(&arena.scratch(), count);
        assert_interleaved(&lists, count);
        for list in &mut lists {
            list.truncate(list.len() / 3);
            list.shrink_to_fit();
            list.reserve(500);
        }
        assert_interleaved(&lists, count / 3);
        drop(lists);
        arena.reset();
    }
    let region = A::region(&Arc::default());
    let mut lists = interleaved(&region, 10_000);
    for list in &mut lists {
        list.truncate(100);
        list.shrink_to_fit();
    }
    let more = interleaved(&region, 1_000);
    assert_interleaved(&lists, 100);
    assert_interleaved(&more, 1_000);
}

#[repr(align(256))]
struct Aligned(u8);

fn blocks_have_the_alignment_that_was_asked_for<A: Arena>() {
    let region = A::region(&Arc::default());
    let mut bytes = ArenaVec::new_in(region.clone());
    let mut aligned = ArenaVec::new_in(region);
    for value in 0..100_u8 {
        bytes.push(value);
        bytes.shrink_to_fit();
        aligned.push(Aligned(value));
        assert_eq!(aligned.as_ptr() as usize % 256, 0);
    }
    assert!(bytes.iter().copied().eq(0..100));
    assert!(aligned.iter().map(|aligned| aligned.0).eq(0..100));
}

fn zeroed_blocks_are_zero_even_where_memory_is_used_again<A: Arena>() {
    let region = A::region(&Arc::default());
    let mut arena = A::new(Arc::default());
    for _ in 0..3 {
        assert_zeroed(&arena.scratch());
        arena.reset();
        assert_zeroed(&region);
    }
}

#[expect(unsafe_code, reason = "reads a block that no collection owns")]
fn assert_zeroed<A: Allocator>(alloc: &A) {
    let layout = std::alloc::Layout::array::<u8>(3_000).expect("a small array");
    let block = alloc.allocate_zeroed(layout).expect("memory");
    // SAFETY: the block is this function's alone, zeroed and so initialised, and is not used after
    // it is given back with its layout.
    unsafe {
        assert!((*block.as_ptr()).iter().all(|byte| *byte == 0));
        block.cast::<u8>().write_bytes(0xff, layout.size());
        alloc.deallocate(block.cast(), layout);
    }
}

fn a_region_lives_until_its_last_handle_and_crosses_threads<A: Arena>() {
    let meter = Arc::new(Meter::default());
    let region = A::region(&meter);
    let lists = interleaved(&region, 20_000);
    let held = meter.figures().bytes_held;
    assert!(held >= 2 * 20_000 * size_of::<u64>());
    drop(region);
    assert_eq!(meter.figures().bytes_held, held);
    let grown = thread::spawn(move || {
        assert_interleaved(&lists, 20_000);
        let [mut first, second] = lists;
        drop(second);
        first.extend(20_000..30_000);
        assert!(first.iter().copied().eq(0..30_000));
        first
    });
    let first = grown.join().expect("the thread ends well");
    assert!(first.iter().copied().eq(0..30_000));
    assert_eq!(meter.figures().resets, 0);
    let high = meter.figures().bytes_high;
    assert!(high >= 50_000 * size_of::<u64>(), "{high}");
    drop(first);
    let figures = meter.figures();
    assert_eq!((figures.bytes_held, figures.bytes_high, figures.resets), (0, high, 1));
}

fn one_region_serves_several_threads<A: Arena>() {
    let meter = Arc::new(Meter::default());
    let region = A::region(&meter);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let region = region.clone();
            thread::spawn(move || {
                let kept = interleaved(&region, 2_000);
                for round in 1..20 {
                    let lists = interleaved(&region, 10 * round);
                    assert_interleaved(&lists, 10 * round);
                }
                assert_interleaved(&kept, 2_000);
                kept
            })
        })
        .collect();
    let kept: Vec<_> =
        threads.into_iter().map(|thread| thread.join().expect("the thread ends well")).collect();
    kept.iter().for_each(|lists| assert_interleaved(lists, 2_000));
    drop((kept, region));
    assert_eq!((meter.figures().bytes_held, meter.figures().resets), (0, 1));
}

fn a_reset_is_free_where_nothing_was_allocated<A: Arena>() {
    let meter = Arc::new(Meter::default());
    let mut arena = A::new(Arc::clone(&meter));
    arena.reset();
    assert_eq!(meter.figures().resets, 0);
    // Not given back in the order in which a bump arena can take it.
    drop(interleaved(&arena.scratch(), 10));
    arena.reset();
    assert_eq!(meter.figures().resets, 1);
    arena.reset();
    drop(ArenaVec::<u8, _>::new_in(arena.scratch()));
    arena.reset();
    assert_eq!(meter.figures().resets, 1);
}

fn scratch_is_counted_and_given_back<A: Arena>() {
    let meter = Arc::new(Meter::default());
    let mut arena = A::new(Arc::clone(&meter));
    assert_eq!(meter.figures().bytes_held, 0);
    for round in 1..=3 {
        drop(interleaved(&arena.scratch(), 50_000));
        arena.reset();
        let figures = meter.figures();
        assert!(figures.bytes_high >= 2 * 50_000 * size_of::<u64>(), "{figures:?}");
        assert!(figures.bytes_held <= 64 * 1024, "{figures:?}");
        assert_eq!(figures.resets, round);
    }
    drop(interleaved(&arena.scratch(), 10));
    drop(arena);
    assert_eq!(meter.figures().bytes_held, 0);
}

fn two_arenas_add_up_in_one_meter<A: Arena>() {
    let meter = Arc::new(Meter::default());
    let (first, second) = (A::region(&meter), A::region(&meter));
    let one = ArenaVec::<u8, _>::with_capacity_in(100_000, first);
    let held = meter.figures().bytes_held;
    let other = ArenaVec::<u8, _>::with_capacity_in(100_000, second);
    assert_eq!(meter.figures().bytes_held, 2 * held);
    drop(one);
    assert_eq!(meter.figures().bytes_held, held);
    drop(other);
    assert_eq!(meter.figures().bytes_held, 0);
    assert_eq!(meter.figures().bytes_high, 2 * held);
}
