//! The heap arena: the global allocator behind the engine's `Arena` trait.
//!
//! Every allocation goes to the global allocator and comes back one by one; the arena only counts.
//! It is what the bump arena is measured against, and the one that tools which watch the heap can
//! see into. Bytes held are the bytes that were asked for, without the allocator's own overhead.

use core::alloc::Layout;
use core::cell::Cell;
use core::ptr::NonNull;
use std::sync::Arc;

use allocator_api2::alloc::{AllocError, Allocator, Global};
use engine_core::arena::{Arena, Meter};

/// The heap arena: `--arena heap`.
#[derive(Debug)]
pub struct HeapArena {
    work: Work,
    meter: Arc<Meter>,
    // What `meter` was told that this arena holds.
    metered: usize,
}

/// Counters of the current work. Plain cells: the shared meter is told at the end of the work only,
/// so that an allocation costs no atomic operation.
#[derive(Debug, Default)]
struct Work {
    held: Cell<usize>,
    high: Cell<usize>,
    used: Cell<bool>,
}

impl Work {
    fn grew(&self, bytes: usize) {
        let held = self.held.get() + bytes;
        self.held.set(held);
        self.high.set(self.high.get().max(held));
        self.used.set(true);
    }

    fn shrank(&self, bytes: usize) {
        self.held.set(self.held.get() - bytes);
    }
}

impl Arena for HeapArena {
    const NAME: &'static str = "heap";

    type Scratch<'a> = HeapScratch<'a>;
    type Region = HeapRegion;

    fn new(meter: Arc<Meter>) -> Self {
        Self { work: Work::default(), meter, metered: 0 }
    }

    fn scratch(&self) -> HeapScratch<'_> {
        HeapScratch(&self.work)
    }

    fn reset(&mut self) {
        if !self.work.used.get() {
            return;
        }
        let held = self.work.held.get();
        // The peak goes in first, so that the high-water mark sees it.
        self.meter.grew(self.work.high.get() - self.metered);
        self.meter.shrank(self.work.high.get() - held);
        self.meter.reset();
        self.metered = held;
        self.work.high.set(held);
        self.work.used.set(false);
    }

    fn region(meter: &Arc<Meter>) -> HeapRegion {
        HeapRegion(Arc::new(Region { meter: Arc::clone(meter) }))
    }
}

impl Drop for HeapArena {
    fn drop(&mut self) {
        self.reset();
        self.meter.shrank(self.metered);
    }
}

/// What collections of the current work of a [`HeapArena`] allocate from.
#[derive(Clone, Copy, Debug)]
pub struct HeapScratch<'a>(&'a Work);

/// What collections of a quest version or a round allocate from. Each allocation and release costs
/// one or two relaxed atomic operations on the shared meter.
#[derive(Clone, Debug)]
pub struct HeapRegion(Arc<Region>);

#[derive(Debug)]
struct Region {
    meter: Arc<Meter>,
}

impl Drop for Region {
    fn drop(&mut self) {
        self.meter.reset();
    }
}

/// Where bytes are counted.
trait Count {
    fn grew(&self, bytes: usize);
    fn shrank(&self, bytes: usize);
}

impl Count for HeapScratch<'_> {
    fn grew(&self, bytes: usize) {
        self.0.grew(bytes);
    }

    fn shrank(&self, bytes: usize) {
        self.0.shrank(bytes);
    }
}

impl Count for HeapRegion {
    fn grew(&self, bytes: usize) {
        self.0.meter.grew(bytes);
    }

    fn shrank(&self, bytes: usize) {
        self.0.meter.shrank(bytes);
    }
}

macro_rules! counted_global {
    ($handle:ty) => {
        #[expect(unsafe_code, reason = "an allocator cannot be written without")]
        // SAFETY: every call goes to `Global`, with the layouts of the caller, whose promises are
        // the ones that `Global` asks for. A block belongs to `Global` and not to the handle, so
        // clones are interchangeable, and moving or dropping a handle leaves every block alone.
        unsafe impl Allocator for $handle {
            #[inline]
            fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
                let block = Global.allocate(layout)?;
                self.grew(layout.size());
                Ok(block)
            }

            #[inline]
            fn allocate_zeroed(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
                let block = Global.allocate_zeroed(layout)?;
                self.grew(layout.size());
                Ok(block)
            }

            #[inline]
            unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
                // SAFETY: the caller's promise, unchanged.
                unsafe { Global.deallocate(block, layout) };
                self.shrank(layout.size());
            }

            #[inline]
            unsafe fn grow(
                &self,
                block: NonNull<u8>,
                old: Layout,
                new: Layout,
            ) -> Result<NonNull<[u8]>, AllocError> {
                // SAFETY: the caller's promise, unchanged.
                let block = unsafe { Global.grow(block, old, new) }?;
                self.grew(new.size() - old.size());
                Ok(block)
            }

            #[inline]
            unsafe fn grow_zeroed(
                &self,
                block: NonNull<u8>,
                old: Layout,
                new: Layout,
            ) -> Result<NonNull<[u8]>, AllocError> {
                // SAFETY: the caller's promise, unchanged.
                let block = unsafe { Global.grow_zeroed(block, old, new) }?;
                self.grew(new.size() - old.size());
                Ok(block)
            }

            #[inline]
            unsafe fn shrink(
                &self,
                block: NonNull<u8>,
                old: Layout,
                new: Layout,
            ) -> Result<NonNull<[u8]>, AllocError> {
                // SAFETY: the caller's promise, unchanged.
                let block = unsafe { Global.shrink(block, old, new) }?;
                self.shrank(old.size() - new.size());
                Ok(block)
            }
        }
    };
}

counted_global!(HeapScratch<'_>);
counted_global!(HeapRegion);

#[cfg(test)]
mod tests {
    use super::*;
    use allocator_api2::vec::Vec;

    #[test]
    fn scratch_counts_what_was_asked_for_and_tells_the_meter_at_the_reset() {
        let meter = Arc::new(Meter::default());
        let mut arena = HeapArena::new(Arc::clone(&meter));
        let list = Vec::<u8, _>::with_capacity_in(1_000, arena.scratch());
        drop(Vec::<u8, _>::with_capacity_in(500, arena.scratch()));
        drop(list);
        drop(Vec::<u8, _>::with_capacity_in(10, arena.scratch()));
        assert_eq!(meter.figures().bytes_high, 0);
        arena.reset();
        let figures = meter.figures();
        assert_eq!((figures.bytes_held, figures.bytes_high, figures.resets), (0, 1_500, 1));
    }

    #[test]
    fn what_outlives_the_work_stays_counted_until_the_arena_is_dropped() {
        let meter = Arc::new(Meter::default());
        let mut arena = HeapArena::new(Arc::clone(&meter));
        let layout = Layout::array::<u8>(100).unwrap();
        let kept = [1, 2, 3].map(|round| {
            let block = arena.scratch().allocate(layout).unwrap();
            drop(Vec::<u8, _>::with_capacity_in(1_000, arena.scratch()));
            arena.reset();
            let figures = meter.figures();
            assert_eq!((figures.bytes_held, figures.resets), (100 * round, round as u64));
            assert_eq!(figures.bytes_high, 100 * round + 1_000);
            block
        });
        drop(arena);
        assert_eq!(meter.figures().bytes_held, 0);
        for block in kept {
            #[expect(unsafe_code, reason = "gives back what no collection owns")]
            // SAFETY: scratch allocated the block from `Global`, with this layout.
            unsafe {
                Global.deallocate(block.cast(), layout);
            }
        }
    }

    #[test]
    fn a_region_counts_what_was_asked_for_at_once() {
        let meter = Arc::new(Meter::default());
        let region = HeapArena::region(&meter);
        let mut list = Vec::<u8, _>::with_capacity_in(1_000, region.clone());
        assert_eq!(meter.figures().bytes_held, 1_000);
        list.reserve_exact(2_500);
        assert_eq!(meter.figures().bytes_held, 2_500);
        list.push(1);
        list.shrink_to_fit();
        assert_eq!(meter.figures().bytes_held, 1);
        drop(list);
        assert_eq!((meter.figures().bytes_held, meter.figures().resets), (0, 0));
        drop(region);
        assert_eq!((meter.figures().bytes_high, meter.figures().resets), (2_500, 1));
    }
}
