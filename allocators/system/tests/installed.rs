//! Where system is installed, its witness says so, and its figures move with what is taken.

use alloc_system::{GLOBAL, Global, WITNESS};
use alloc_witness::{Seen, Witness};

#[global_allocator]
static ALLOCATOR: Global = GLOBAL;

const BYTES: usize = 100 << 20;

#[test]
fn it_serves_and_tells_its_version() {
    let seen = Seen::look(&WITNESS, &[]);
    assert_eq!((seen.allocator, seen.installed), ("system", "system"));
    assert!(seen.version.starts_with("glibc 2."), "{seen:?}");
}

#[test]
fn both_figures_grow_with_what_is_taken_and_shrink_again() {
    let read = || {
        let figures = WITNESS.figures();
        [figures.allocated_bytes, figures.mapped_bytes].map(Option::unwrap)
    };
    let before = read();
    let block = std::hint::black_box(vec![1_u8; BYTES]);
    let with = read();
    drop(block);
    for ((before, with), after) in before.into_iter().zip(with).zip(read()) {
        assert!(with >= before + BYTES as u64, "{before} to {with}");
        assert!(after < with - BYTES as u64 / 2, "{with} to {after}");
    }
}

#[test]
fn it_is_seen_while_other_threads_take_and_give_back() {
    let (stop, told) = std::sync::mpsc::channel::<()>();
    let busy = std::thread::spawn(move || {
        while told.try_recv().is_err() {
            drop(std::hint::black_box(vec![0_u8; 5_000]));
        }
    });
    assert!((0..100).all(|_| WITNESS.serves()));
    stop.send(()).unwrap();
    busy.join().unwrap();
}
