//! Read buffers between uses, a few for each thread.
//!
//! Where the system tells readiness, a connection needs a buffer from the moment bytes are there to
//! the moment they are consumed: one or two buffers serve thousands of connections.

use std::cell::RefCell;

/// The size of a buffer.
pub const BYTES: usize = 16 * 1024;
/// How many buffers a thread keeps.
pub const KEPT_MAX: usize = 32;

thread_local! {
    static POOL: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// An empty buffer with room for [`BYTES`].
#[must_use]
pub fn lease() -> Vec<u8> {
    POOL.with(|pool| pool.borrow_mut().pop()).unwrap_or_else(|| Vec::with_capacity(BYTES))
}

/// A buffer that is not used any more. Any other than a leased one is given back to the allocator.
pub fn give(mut buf: Vec<u8>) {
    if buf.capacity() != BYTES {
        return;
    }
    buf.clear();
    POOL.with(|pool| {
        let mut pool = pool.borrow_mut();
        if pool.len() < KEPT_MAX {
            pool.push(buf);
        }
    });
}

/// Appends `filled`, a leased buffer, to `buf`, which takes it over if it has no memory.
pub fn append(buf: &mut Vec<u8>, filled: Vec<u8>) {
    if buf.capacity() == 0 && !filled.is_empty() {
        *buf = filled;
    } else {
        buf.extend_from_slice(&filled);
        give(filled);
    }
}

/// How many buffers this thread keeps now.
#[must_use]
pub fn kept() -> usize {
    POOL.with(|pool| pool.borrow().len())
}

/// What a connection has read and the shard has not consumed.
#[derive(Debug, Default)]
pub(crate) struct Input {
    buf: Vec<u8>,
    consumed: usize,
}

impl Input {
    /// Whether nothing waits to be consumed.
    pub(crate) fn is_empty(&self) -> bool {
        self.consumed == self.buf.len()
    }

    /// What waits to be consumed.
    pub(crate) fn bytes(&mut self) -> &mut [u8] {
        &mut self.buf[self.consumed..]
    }

    /// The first `count` bytes of what waits were consumed.
    pub(crate) fn consume(&mut self, count: usize) {
        assert!(count <= self.buf.len() - self.consumed, "no more is consumed than was offered");
        self.consumed += count;
        if self.is_empty() {
            give(std::mem::take(&mut self.buf));
            self.consumed = 0;
        }
    }

    /// Moves what waits to a buffer of its own size, if it is worth it: before a wait of unknown
    /// length.
    pub(crate) fn compact(&mut self) {
        if self.consumed == 0 && self.buf.capacity() != BYTES {
            return;
        }
        let tail = self.buf[self.consumed..].to_vec();
        give(std::mem::replace(&mut self.buf, tail));
        self.consumed = 0;
    }

    /// The buffer, to be filled by a read and put back.
    pub(crate) fn lend(&mut self) -> Vec<u8> {
        self.compact();
        std::mem::take(&mut self.buf)
    }

    /// The buffer that was lent.
    pub(crate) fn put_back(&mut self, buf: Vec<u8>) {
        debug_assert!(self.buf.is_empty() && self.consumed == 0, "one buffer is lent at a time");
        self.buf = buf;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_consumed_gives_the_buffer_back_and_a_tail_keeps_its_own_size() {
        while kept() > 0 {
            drop(POOL.with(|pool| pool.borrow_mut().pop()));
        }
        let mut input = Input::default();
        let mut leased = lease();
        leased.extend_from_slice(b"whole");
        input.put_back(leased);
        input.consume(5);
        assert_eq!((kept(), input.buf.capacity()), (1, 0));

        let mut leased = lease();
        leased.extend_from_slice(b"one and a half");
        assert_eq!(kept(), 0);
        input.put_back(leased);
        input.consume(8);
        let lent = input.lend();
        assert_eq!((&lent[..], lent.capacity(), kept()), (&b"a half"[..], 6, 1));
        input.put_back(lent);
        input.consume(1);
        assert_eq!(input.bytes(), b" half");
        input.compact();
        assert_eq!(input.buf.capacity(), 5);
    }

    #[test]
    fn a_thread_keeps_a_few_buffers_and_no_others() {
        give(Vec::with_capacity(BYTES + 1));
        give(Vec::new());
        let before = kept();
        let leased: Vec<_> = (0..before + KEPT_MAX + 9).map(|_| lease()).collect();
        assert_eq!(kept(), 0);
        leased.into_iter().for_each(give);
        assert_eq!(kept(), KEPT_MAX);
        assert_eq!(lease().capacity(), BYTES);
    }
}
