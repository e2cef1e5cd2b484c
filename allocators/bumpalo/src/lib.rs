//! The bump arena: bumpalo behind the engine's `Arena` trait.
//!
//! Memory is taken in chunks and handed out by moving a pointer; it is given back as a whole.
//! Bytes held are the chunks that were taken, bumpalo's footers included, used or not.

use core::alloc::Layout;
use core::fmt;
use core::ptr::NonNull;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use allocator_api2::alloc::{AllocError, Allocator};
use bumpalo::Bump;
use engine_core::arena::{Arena, Meter};

/// The largest chunk that a scratch arena keeps over a reset. A larger one is given back, so that
/// one large piece of work does not pin its memory for as long as the worker lives.
pub const CHUNK_KEPT_BYTES_MAX: usize = 64 * 1024;

/// The bump arena: `--arena bump`.
///
/// Without a chunk until something is allocated, and one chunk from then on.
#[derive(Debug)]
pub struct BumpArena {
    bump: Bump,
    meter: Arc<Meter>,
    // What `meter` was told that this arena holds. Told at resets: in between it only grows.
    metered: usize,
}

impl BumpArena {
    fn tell_meter(&mut self) {
        let held = self.bump.allocated_bytes_including_metadata();
        if held > self.metered {
            self.meter.grew(held - self.metered);
        } else {
            self.meter.shrank(self.metered - held);
        }
        self.metered = held;
    }
}

impl Arena for BumpArena {
    const NAME: &'static str = "bump";

    type Scratch<'a> = &'a Bump;
    type Region = BumpRegion;

    fn new(meter: Arc<Meter>) -> Self {
        Self { bump: Bump::new(), meter, metered: 0 }
    }

    fn scratch(&self) -> &Bump {
        &self.bump
    }

    fn reset(&mut self) {
        // The one chunk that a reset keeps is free from its first byte to its last.
        if self.bump.chunk_capacity() == self.bump.allocated_bytes() {
            return;
        }
        self.tell_meter();
        self.bump.reset();
        if self.bump.allocated_bytes_including_metadata() > CHUNK_KEPT_BYTES_MAX {
            self.bump = Bump::new();
        }
        self.tell_meter();
        self.meter.reset();
    }

    fn region(meter: &Arc<Meter>) -> BumpRegion {
        let bump = Mutex::new(Metered { bump: Bump::new(), capacity: 0, held: 0 });
        BumpRegion(Arc::new(Region { bump, meter: Arc::clone(meter) }))
    }
}

impl Drop for BumpArena {
    fn drop(&mut self) {
        self.reset();
        self.meter.shrank(self.metered);
    }
}

/// What collections of a quest version or a round allocate from: one bump arena, which lives until
/// the last handle is dropped. An allocation takes an uncontended lock.
#[derive(Clone)]
pub struct BumpRegion(Arc<Region>);

struct Region {
    bump: Mutex<Metered>,
    meter: Arc<Meter>,
}

struct Metered {
    bump: Bump,
    // `allocated_bytes` and the bytes with footers when the meter was last told.
    capacity: usize,
    held: usize,
}

impl BumpRegion {
    fn lock(&self) -> MutexGuard<'_, Metered> {
        // A panic inside bumpalo leaves its pointers as they were: it moves them last.
        self.0.bump.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `allocate`, and meters the chunk if it took one.
    #[inline]
    fn metered(
        &self,
        allocate: impl FnOnce(&Bump) -> Result<NonNull<[u8]>, AllocError>,
    ) -> Result<NonNull<[u8]>, AllocError> {
        let mut metered = self.lock();
        let block = allocate(&metered.bump);
        if metered.bump.allocated_bytes() != metered.capacity {
            let held = metered.bump.allocated_bytes_including_metadata();
            self.0.meter.grew(held - metered.held);
            metered.capacity = metered.bump.allocated_bytes();
            metered.held = held;
        }
        block
    }
}

impl fmt::Debug for BumpRegion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BumpRegion").field("held", &self.lock().held).finish_non_exhaustive()
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        let metered = self.bump.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.meter.shrank(metered.held);
        self.meter.reset();
    }
}

#[expect(unsafe_code, reason = "an allocator cannot be written without")]
// SAFETY: every call goes to the one `Bump` that all clones of the handle share, under its lock, so
// any clone may grow, shrink or release what another one allocated. A block lies in a chunk, chunks
// do not move, and they are given back when the last clone is dropped: nothing calls `Bump::reset`.
// A collection owns its handle, so its blocks outlive it.
unsafe impl Allocator for BumpRegion {
    #[inline]
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        self.metered(|bump| bump.allocate(layout))
    }

    #[inline]
    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: the caller's promise, unchanged: this `Bump` allocated the block.
        unsafe { (&self.lock().bump).deallocate(block, layout) }
    }

    #[inline]
    unsafe fn grow(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: the caller's promise, unchanged: this `Bump` allocated the block.
        self.metered(|bump| unsafe { bump.grow(block, old, new) })
    }

    #[inline]
    unsafe fn shrink(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: the caller's promise, unchanged: this `Bump` allocated the block.
        self.metered(|bump| unsafe { bump.shrink(block, old, new) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use allocator_api2::vec::Vec;

    #[test]
    fn nothing_is_taken_before_something_is_allocated() {
        let meter = Arc::new(Meter::default());
        let mut arena = BumpArena::new(Arc::clone(&meter));
        let region = BumpArena::region(&meter);
        arena.reset();
        drop(Vec::<u8, _>::new_in(region));
        drop(arena);
        assert_eq!((meter.figures().bytes_high, meter.figures().resets), (0, 1));
    }

    #[test]
    fn a_reset_keeps_one_chunk_up_to_the_cap() {
        let meter = Arc::new(Meter::default());
        let mut arena = BumpArena::new(Arc::clone(&meter));
        let mut held_after = |bytes| {
            std::mem::forget(Vec::<u8, _>::with_capacity_in(bytes, arena.scratch()));
            arena.reset();
            assert_eq!(arena.bump.allocated_bytes_including_metadata(), arena.metered);
            meter.figures().bytes_held
        };
        let small = held_after(100);
        assert!((100..=1_024).contains(&small), "{small}");
        assert_eq!(held_after(200), small, "the chunk is used again");
        let medium = held_after(CHUNK_KEPT_BYTES_MAX - 8_192);
        assert!((CHUNK_KEPT_BYTES_MAX - 8_192..=CHUNK_KEPT_BYTES_MAX).contains(&medium));
        assert_eq!(held_after(100), medium);
        assert_eq!(held_after(CHUNK_KEPT_BYTES_MAX), 0);
        assert_eq!(held_after(100), small);
        assert_eq!(meter.figures().resets, 6);
        assert!(meter.figures().bytes_high > CHUNK_KEPT_BYTES_MAX);
    }

    #[test]
    fn memory_that_was_given_back_in_order_needs_no_reset() {
        let meter = Arc::new(Meter::default());
        let mut arena = BumpArena::new(Arc::clone(&meter));
        std::mem::forget(Vec::<u8, _>::with_capacity_in(100, arena.scratch()));
        arena.reset();
        drop(Vec::<u8, _>::with_capacity_in(100, arena.scratch()));
        arena.reset();
        assert_eq!(meter.figures().resets, 1);
    }

    #[test]
    fn a_region_counts_chunks_and_grows_in_place() {
        let meter = Arc::new(Meter::default());
        let region = BumpArena::region(&meter);
        let mut list = Vec::<u8, _>::with_capacity_in(10_000, region.clone());
        let held = meter.figures().bytes_held;
        assert!((10_000..=16_384).contains(&held), "{held}");
        list.shrink_to(1);
        for size in 2..10_000 {
            list.reserve_exact(size);
        }
        assert_eq!(meter.figures().bytes_held, held, "the last block has the chunk to itself");
        list.reserve_exact(20_000);
        let both = meter.figures().bytes_held;
        assert!((held + 20_000..=held + 32_768).contains(&both), "{both}");
        assert!(std::format!("{region:?}").contains(&both.to_string()));
        drop(list);
        assert_eq!((meter.figures().bytes_held, meter.figures().resets), (both, 0));
        drop(region);
        assert_eq!((meter.figures().bytes_held, meter.figures().resets), (0, 1));
    }
}
