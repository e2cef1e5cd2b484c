//! The counts are those of the requests that were made.

use alloc_counting::{Counted, Counting, Counts, measure, thread, total};
use alloc_witness::{Seen, Witness};
use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;

#[global_allocator]
static ALLOCATOR: Counting<System> = Counting::new(System);

#[test]
fn nothing_is_counted_where_nothing_is_asked() {
    let mut buf: Vec<u8> = Vec::with_capacity(64);
    let counts = measure(|| black_box(&mut buf).extend_from_slice(&[1; 64]));
    assert_eq!(counts, Counts::default());
}

#[test]
fn every_request_is_counted_once_with_its_bytes() {
    let counts = measure(|| {
        let mut buf: Vec<u8> = black_box(Vec::with_capacity(10));
        buf.reserve_exact(30);
        black_box(&mut buf);
        drop(black_box(vec![0_u8; 100]));
    });
    let expected = Counts {
        allocations: 2,
        deallocations: 2,
        reallocations: 1,
        allocated_bytes: 10 + 30 + 100,
        freed_bytes: 10 + 30 + 100,
    };
    assert_eq!(counts, expected);
    assert_eq!(counts.requests(), 3);
    assert_eq!(counts.live_bytes(), 0);
}

#[test]
fn live_bytes_are_those_not_freed_and_may_be_negative() {
    let mut kept = None;
    assert_eq!(measure(|| kept = black_box(Some(Box::new([0_u8; 48])))).live_bytes(), 48);
    assert_eq!(measure(|| kept = black_box(None)).live_bytes(), -48);
    assert!(kept.is_none());
}

#[test]
fn zeroed_blocks_are_zero_and_reallocated_ones_keep_their_bytes() {
    let mut zeroed = black_box(vec![0_u8; 5_000]);
    assert!(zeroed.iter().all(|byte| *byte == 0));
    zeroed.fill(7);
    zeroed.extend_from_slice(&[7; 50_000]);
    assert!(black_box(zeroed).iter().all(|byte| *byte == 7));
}

#[test]
fn another_thread_is_counted_in_the_total_and_not_here() {
    const BYTES: usize = 1 << 20;
    let (before_total, before) = (total(), thread());
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let other = std::thread::spawn(move || {
        wait.recv().unwrap();
        measure(|| drop(black_box(vec![1_u8; BYTES])))
    });
    let here = measure(|| go.send(()).unwrap());
    let there = other.join().unwrap();
    assert_eq!(there.allocated_bytes, BYTES as u64);
    assert!(here.allocated_bytes < BYTES as u64);
    assert!((thread() - before).allocated_bytes < BYTES as u64);
    assert!((total() - before_total).allocated_bytes >= BYTES as u64);
}

#[test]
fn a_request_that_the_allocator_beneath_refuses_is_passed_on() {
    struct Nothing;
    #[expect(unsafe_code, reason = "a global allocator is an unsafe trait")]
    // SAFETY: it gives no block out, so none comes back.
    unsafe impl GlobalAlloc for Nothing {
        unsafe fn alloc(&self, _: Layout) -> *mut u8 {
            std::ptr::null_mut()
        }
        unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
    }
    let layout = Layout::new::<u64>();
    #[expect(unsafe_code, reason = "the trait's functions are unsafe to call")]
    // SAFETY: the layout is not of size zero.
    let block = unsafe { Counting::new(Nothing).alloc(layout) };
    assert!(block.is_null());
}

#[test]
fn the_witness_tells_the_allocator_beneath_and_what_was_asked_of_it() {
    let witness = Counted(&alloc_system::WITNESS);
    let seen = Seen::look(&witness, &[]);
    assert_eq!((seen.allocator, seen.instrument), ("system", Some("counting")));
    let before = witness.figures().asked.unwrap();
    drop(black_box(vec![1_u8; 3_000]));
    let after = witness.figures().asked.unwrap();
    assert!(after.requests > before.requests && after.bytes >= before.bytes + 3_000);
    assert!(witness.figures().allocated_bytes.unwrap() > 0);
}
