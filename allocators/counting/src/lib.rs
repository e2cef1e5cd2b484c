//! A global allocator that counts, for tests that assert how often a path allocates.
//!
//! ```
//! use alloc_counting::{Counting, measure};
//! use std::alloc::System;
//!
//! #[global_allocator]
//! static ALLOCATOR: Counting<System> = Counting::new(System);
//!
//! let counts = measure(|| drop(Box::new(7_u64)));
//! assert_eq!((counts.allocations, counts.deallocations), (1, 1));
//! assert_eq!(measure(|| ()).allocations, 0);
//! ```
//!
//! [`thread`] and [`measure`] see the calling thread alone, so tests that run side by side do not
//! disturb one another; [`total`] sees the process. It counts requests and their sizes, and does
//! not know what the allocator beneath rounds them to.

use alloc_witness::{Asked, Figures, Witness, with_block};
use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::hint::black_box;
use std::ops::Sub;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts every request, then passes it on to `A`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counting<A>(A);

impl<A> Counting<A> {
    /// Counts the requests to `allocator`.
    pub const fn new(allocator: A) -> Self {
        Self(allocator)
    }
}

/// The witness of an allocator under [`Counting`]: what it tells, and what was asked of it.
#[derive(Clone, Copy, Debug)]
pub struct Counted(pub &'static dyn Witness);

impl Witness for Counted {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn version(&self) -> String {
        self.0.version()
    }

    fn instrument(&self) -> Option<&'static str> {
        Some("counting")
    }

    fn serves(&self) -> bool {
        let before = thread().allocations;
        with_block(64, |_| thread().allocations > before) && self.0.serves()
    }

    fn figures(&self) -> Figures {
        let counts = total();
        let asked = Asked { requests: counts.requests(), bytes: counts.allocated_bytes };
        Figures { asked: Some(asked), ..self.0.figures() }
    }
}

/// What was asked of the allocator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// New blocks.
    pub allocations: u64,
    /// Blocks given back.
    pub deallocations: u64,
    /// Blocks that were made larger or smaller; neither an allocation nor a deallocation.
    pub reallocations: u64,
    /// Bytes of new blocks, and of the new sizes of reallocated ones.
    pub allocated_bytes: u64,
    /// Bytes of blocks given back, and of the old sizes of reallocated ones.
    pub freed_bytes: u64,
}

impl Counts {
    /// Allocations and reallocations: how often memory was asked for.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.allocations + self.reallocations
    }

    /// Bytes allocated and not freed; negative if more was freed than allocated.
    #[must_use]
    pub fn live_bytes(&self) -> i64 {
        self.allocated_bytes.wrapping_sub(self.freed_bytes).cast_signed()
    }
}

impl Sub for Counts {
    type Output = Self;

    /// What was asked between `earlier` and `self`.
    fn sub(self, earlier: Self) -> Self {
        Self {
            allocations: self.allocations - earlier.allocations,
            deallocations: self.deallocations - earlier.deallocations,
            reallocations: self.reallocations - earlier.reallocations,
            allocated_bytes: self.allocated_bytes - earlier.allocated_bytes,
            freed_bytes: self.freed_bytes - earlier.freed_bytes,
        }
    }
}

/// What `f` asks of the allocator on this thread.
///
/// # Panics
/// If [`Counting`] is not the global allocator: every count would be zero.
pub fn measure(f: impl FnOnce()) -> Counts {
    let before = thread();
    drop(black_box(Box::new(0_u8)));
    assert_ne!(thread(), before, "Counting is the global allocator of a program that measures");
    let before = thread();
    f();
    thread() - before
}

/// What this thread has asked of the allocator so far.
#[must_use]
pub fn thread() -> Counts {
    THREAD.get()
}

/// What all threads have asked of the allocator so far.
///
/// The counts are read one after another: while other threads allocate they may not be of the
/// same instant.
#[must_use]
pub fn total() -> Counts {
    Counts {
        allocations: TOTAL.allocations.load(Ordering::Relaxed),
        deallocations: TOTAL.deallocations.load(Ordering::Relaxed),
        reallocations: TOTAL.reallocations.load(Ordering::Relaxed),
        allocated_bytes: TOTAL.allocated_bytes.load(Ordering::Relaxed),
        freed_bytes: TOTAL.freed_bytes.load(Ordering::Relaxed),
    }
}

#[expect(unsafe_code, reason = "a global allocator is an unsafe trait")]
// SAFETY: every call goes to `A` unchanged, and its result comes back unchanged. Counting neither
// allocates nor unwinds: it writes to atomics and to a thread-local that is initialised at compile
// time and has no destructor.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Counting<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        allocated(layout.size());
        // SAFETY: the caller's promises are those that `A` asks for.
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        allocated(layout.size());
        // SAFETY: the caller's promises are those that `A` asks for.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        freed(layout.size());
        // SAFETY: the block came from `A`, and the caller's promises are those that `A` asks for.
        unsafe { self.0.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        reallocated(layout.size(), new_size);
        // SAFETY: the block came from `A`, and the caller's promises are those that `A` asks for.
        unsafe { self.0.realloc(block, layout, new_size) }
    }
}

struct Totals {
    allocations: AtomicU64,
    deallocations: AtomicU64,
    reallocations: AtomicU64,
    allocated_bytes: AtomicU64,
    freed_bytes: AtomicU64,
}

static TOTAL: Totals = Totals {
    allocations: AtomicU64::new(0),
    deallocations: AtomicU64::new(0),
    reallocations: AtomicU64::new(0),
    allocated_bytes: AtomicU64::new(0),
    freed_bytes: AtomicU64::new(0),
};

thread_local! {
    static THREAD: Cell<Counts> = const {
        Cell::new(Counts {
            allocations: 0,
            deallocations: 0,
            reallocations: 0,
            allocated_bytes: 0,
            freed_bytes: 0,
        })
    };
}

fn allocated(bytes: usize) {
    let bytes = bytes as u64;
    TOTAL.allocations.fetch_add(1, Ordering::Relaxed);
    TOTAL.allocated_bytes.fetch_add(bytes, Ordering::Relaxed);
    let mut counts = THREAD.get();
    counts.allocations += 1;
    counts.allocated_bytes += bytes;
    THREAD.set(counts);
}

fn freed(bytes: usize) {
    let bytes = bytes as u64;
    TOTAL.deallocations.fetch_add(1, Ordering::Relaxed);
    TOTAL.freed_bytes.fetch_add(bytes, Ordering::Relaxed);
    let mut counts = THREAD.get();
    counts.deallocations += 1;
    counts.freed_bytes += bytes;
    THREAD.set(counts);
}

fn reallocated(old_bytes: usize, new_bytes: usize) {
    let (old_bytes, new_bytes) = (old_bytes as u64, new_bytes as u64);
    TOTAL.reallocations.fetch_add(1, Ordering::Relaxed);
    TOTAL.allocated_bytes.fetch_add(new_bytes, Ordering::Relaxed);
    TOTAL.freed_bytes.fetch_add(old_bytes, Ordering::Relaxed);
    let mut counts = THREAD.get();
    counts.reallocations += 1;
    counts.allocated_bytes += new_bytes;
    counts.freed_bytes += old_bytes;
    THREAD.set(counts);
}
