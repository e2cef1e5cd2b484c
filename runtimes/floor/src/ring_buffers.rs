//! Buffers that the kernel picks from when bytes arrive: a provided buffer ring, shared with it.

#![expect(unsafe_code, reason = "the memory is shared with the kernel")]

use io_uring::{IoUring, types::BufRingEntry};
use std::alloc::{Layout, alloc_zeroed, handle_alloc_error};
use std::io;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU16, Ordering};

/// The group that receives name.
pub const GROUP: u16 = 1;
const PAGE_BYTES: usize = 4096;

/// The buffers. Their memory is never given back: the kernel may write to it until its ring is
/// gone, which nothing but the end of the process says for sure.
#[derive(Debug)]
pub struct RingBuffers {
    entries: NonNull<BufRingEntry>,
    memory: NonNull<u8>,
    count: u16,
    buffer_bytes: u32,
    tail: u16,
}

impl RingBuffers {
    /// Registers `count` buffers of `buffer_bytes` each with the ring.
    ///
    /// # Errors
    /// Whatever the system says: kernels before 5.19 have no such rings.
    ///
    /// # Panics
    /// If `count` is no power of two.
    pub fn new(ring: &IoUring, count: u16, buffer_bytes: u32) -> io::Result<Self> {
        assert!(count.is_power_of_two(), "places are counted around by a mask");
        let entries = pages(usize::from(count) * size_of::<BufRingEntry>()).cast();
        let memory = pages(usize::from(count) * buffer_bytes as usize);
        let address = entries.as_ptr() as u64;
        // SAFETY: the entries are `count` zeroed ones on pages of their own that are never freed;
        // test `every_buffer_is_lent_once_and_comes_back`.
        unsafe { ring.submitter().register_buf_ring_with_flags(address, count, GROUP, 0)? };
        let mut this = Self { entries, memory, count, buffer_bytes, tail: 0 };
        for buffer in 0..count {
            this.give_back(buffer);
        }
        this.publish();
        Ok(this)
    }

    /// The first bytes of a buffer that the kernel has filled.
    ///
    /// # Panics
    /// If there is no such buffer, or it is not as long.
    pub fn filled(&mut self, buffer: u16, bytes: u32) -> &mut [u8] {
        assert!(buffer < self.count && bytes <= self.buffer_bytes, "the kernel names what it has");
        let start = usize::from(buffer) * self.buffer_bytes as usize;
        // SAFETY: inside the memory, by the assertion; initialised, since it was zeroed; the kernel
        // does not touch a buffer from its completion until it is given back and published, and
        // nobody else has it while `self` is borrowed; test
        // `every_buffer_is_lent_once_and_comes_back`.
        unsafe { std::slice::from_raw_parts_mut(self.memory.add(start).as_ptr(), bytes as usize) }
    }

    /// Gives a buffer back; the kernel learns of it with [`publish`](Self::publish).
    ///
    /// # Panics
    /// If there is no such buffer.
    pub fn give_back(&mut self, buffer: u16) {
        assert!(buffer < self.count, "the kernel names what it has");
        let start = usize::from(buffer) * self.buffer_bytes as usize;
        let place = usize::from(self.tail & (self.count - 1));
        // SAFETY: `place` is one of the entries, and one at or behind the tail, which the kernel
        // reads only once it is published; `start` lies in the memory; test
        // `every_buffer_is_lent_once_and_comes_back`.
        let (entry, address) =
            unsafe { (self.entries.add(place).as_mut(), self.memory.add(start).as_ptr()) };
        entry.set_addr(address as u64);
        entry.set_len(self.buffer_bytes);
        entry.set_bid(buffer);
        self.tail = self.tail.wrapping_add(1);
    }

    /// Shows the kernel all that was given back.
    pub fn publish(&mut self) {
        // SAFETY: the first entry is valid and aligned, and its tail is only ever accessed as an
        // atomic by the kernel and by us; test `every_buffer_is_lent_once_and_comes_back`.
        let tail = unsafe { &*BufRingEntry::tail(self.entries.as_ptr()).cast::<AtomicU16>() };
        tail.store(self.tail, Ordering::Release);
    }
}

/// Zeroed pages that are never freed.
fn pages(bytes: usize) -> NonNull<u8> {
    let layout = Layout::from_size_align(bytes, PAGE_BYTES).expect("far below the address space");
    assert!(bytes > 0, "there are buffers, and they hold something");
    // SAFETY: the layout has a size; test `every_buffer_is_lent_once_and_comes_back`.
    let pages = unsafe { alloc_zeroed(layout) };
    NonNull::new(pages).unwrap_or_else(|| handle_alloc_error(layout))
}

#[cfg(test)]
mod tests {
    use super::*;
    use io_uring::{cqueue, opcode, squeue, types::Fd};
    use std::io::Write;
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    #[test]
    fn every_buffer_is_lent_once_and_comes_back() {
        let Ok(mut ring) = IoUring::new(8) else {
            // Where the system has no rings, nothing here runs.
            return;
        };
        let mut buffers = RingBuffers::new(&ring, 4, 8).unwrap();
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        for round in 0..20_u8 {
            let sent = [round; 8];
            theirs.write_all(&sent).unwrap();
            let receive = opcode::Recv::new(Fd(ours.as_raw_fd()), std::ptr::null_mut(), 8)
                .buf_group(GROUP)
                .build()
                .flags(squeue::Flags::BUFFER_SELECT);
            // SAFETY: the socket outlives the wait for its completion.
            unsafe { ring.submission().push(&receive).unwrap() };
            ring.submit_and_wait(1).unwrap();
            let entry = ring.completion().next().unwrap();
            assert_eq!(entry.result(), 8);
            let buffer = cqueue::buffer_select(entry.flags()).unwrap();
            assert_eq!(buffer, u16::from(round % 4));
            assert_eq!(buffers.filled(buffer, 8), sent);
            buffers.give_back(buffer);
            buffers.publish();
        }
    }
}
