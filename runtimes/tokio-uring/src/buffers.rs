//! The buffers that the kernel receives into, in a ring that it takes them from.
//!
//! A buffer is the kernel's until a completion names it, and again as soon as its bytes were copied
//! out: no connection holds one.

use crate::queue::{Queue, Received};
use io_uring::types::BufRingEntry;
use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::io;
use std::ptr::NonNull;
use std::slice;
use std::sync::atomic::{AtomicU16, Ordering};

/// The size of a buffer: a request mostly fits.
pub(crate) const BYTES: u32 = 2048;
/// What the kernel wants a ring of buffers to begin at.
/// How many buffers the kernel takes in one ring (`io_uring_register_buf_ring(3)`).
const COUNT_MAX: u16 = 1 << 15;
const PAGE_BYTES: usize = 4096;

/// The buffers and their ring.
pub(crate) struct Buffers {
    ring: Memory<BufRingEntry>,
    data: Memory<u8>,
    count: u16,
    /// Where the next buffer is put, modulo `count`.
    tail: u16,
    /// Buffers that the kernel has handed over and not got back.
    pub(crate) held: u16,
}

impl Buffers {
    /// `count` buffers, a power of two, for the operations of `queue`, which must be dropped first.
    pub(crate) fn new(queue: &Queue, count: u16) -> io::Result<Self> {
        assert!(count.is_power_of_two() && count <= COUNT_MAX, "the kernel takes no others");
        let ring = Memory::<BufRingEntry>::new(usize::from(count));
        let data = Memory::<u8>::new(usize::from(count) * BYTES as usize);
        // SAFETY: the entries begin a page, and stay there as long as this does.
        unsafe { queue.register_buffers(ring.start.as_ptr() as u64, count)? };
        let mut buffers = Self { ring, data, count, tail: 0, held: count };
        (0..count).for_each(|id| buffers.give(id));
        Ok(buffers)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u16 {
        self.count
    }

    /// Appends what has been received to `to`, and gives the buffer back to the kernel.
    pub(crate) fn take(&mut self, received: Received, to: &mut Vec<u8>) {
        let Received { buffer: Some(id), count } = received else { return };
        assert!(id < self.count && count <= BYTES as usize, "the kernel names its buffers");
        self.held += 1;
        // SAFETY: the place is within the memory, by the line above. The kernel has written to it
        // and does so no more: nobody else has this `Received`, which is used up.
        let bytes = unsafe { slice::from_raw_parts(self.place(id).as_ptr(), count) };
        to.extend_from_slice(bytes);
        self.give(id);
    }

    fn place(&self, id: u16) -> NonNull<u8> {
        // SAFETY: `id` is below the count, so it is a place in the memory.
        unsafe { self.data.start.add(usize::from(id) * BYTES as usize) }
    }

    /// Makes a buffer the kernel's.
    fn give(&mut self, id: u16) {
        let addr = self.place(id).as_ptr() as u64;
        let index = usize::from(self.tail & (self.count - 1));
        // SAFETY: the index is below the count. The kernel reads entries up to the tail, which this
        // one is behind, and writes to none.
        let entry = unsafe { self.ring.start.add(index).as_mut() };
        entry.set_addr(addr);
        entry.set_len(BYTES);
        entry.set_bid(id);
        self.tail = self.tail.wrapping_add(1);
        // SAFETY: the tail lies in the first entry, in a field that nothing else here touches, and
        // the kernel reads it as an atomic of this size.
        let tail =
            unsafe { AtomicU16::from_ptr(BufRingEntry::tail(self.ring.start.as_ptr()).cast_mut()) };
        tail.store(self.tail, Ordering::Release);
        self.held -= 1;
    }

    /// Keeps the memory for good: the kernel may still write to it.
    pub(crate) fn leak(&mut self) {
        self.ring.leaked = true;
        self.data.leaked = true;
    }
}

/// Zeroed memory that begins a page.
struct Memory<T> {
    start: NonNull<T>,
    layout: Layout,
    leaked: bool,
}

impl<T> Memory<T> {
    fn new(count: usize) -> Self {
        let layout = Layout::array::<T>(count).and_then(|layout| layout.align_to(PAGE_BYTES));
        let layout = layout.expect("a few megabytes at most");
        assert!(layout.size() > 0, "memory of no bytes is none");
        // SAFETY: the size is not 0.
        let start = NonNull::new(unsafe { alloc_zeroed(layout) });
        let start = start.unwrap_or_else(|| handle_alloc_error(layout)).cast();
        Self { start, layout, leaked: false }
    }
}

impl<T> Drop for Memory<T> {
    fn drop(&mut self) {
        if !self.leaked {
            // SAFETY: it was allocated with this layout, and is freed once.
            unsafe { dealloc(self.start.as_ptr().cast(), self.layout) }
        }
    }
}
