//! The bytes that one connection has still to send, and the order of its writes.
//!
//! At most one write is in flight. What is queued meanwhile waits in `pending` and goes out as one
//! write when the buffer in flight comes back.

use crate::seam::{After, Codec, Frame, Outgoing};
use crate::time::Timestamp;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// The sending side of a connection.
#[derive(Debug, Default)]
pub(crate) struct Outbound {
    /// A broadcast that waits alone: there only while `pending` is empty.
    frame: Option<(Arc<Frame>, Codec)>,
    pending: Vec<u8>,
    in_flight_bytes: usize,
    in_flight: bool,
    /// When bytes last left, or when the first of them were queued.
    progress: Timestamp,
    closing: Closing,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Closing {
    #[default]
    No,
    /// The writing side is shut down after what is pending.
    Asked,
    /// The last write, with `After::Close`, was handed out.
    HandedOut,
    /// The last write came back.
    Done,
}

impl Outbound {
    /// Bytes that have not been reported as sent.
    pub(crate) fn unsent_bytes(&self) -> usize {
        self.waiting_bytes() + self.in_flight_bytes
    }

    fn waiting_bytes(&self) -> usize {
        match &self.frame {
            None => self.pending.len(),
            Some((frame, codec)) => frame.wire(*codec).map_or(0, <[u8]>::len),
        }
    }

    fn is_waiting(&self) -> bool {
        self.frame.is_some() || !self.pending.is_empty()
    }

    /// Whether nothing waits and nothing is in flight.
    pub(crate) fn is_idle(&self) -> bool {
        !self.is_waiting() && !self.in_flight
    }

    /// Since when nothing waits, where nothing does.
    pub(crate) fn idle_since(&self) -> Timestamp {
        self.progress
    }

    /// Since when bytes wait without progress.
    pub(crate) fn stalled_since(&self) -> Option<Timestamp> {
        (!self.is_idle()).then_some(self.progress)
    }

    /// Where to append; `spare` gives a buffer if there is none yet.
    pub(crate) fn append(
        &mut self,
        now: Timestamp,
        spare: impl FnOnce() -> Vec<u8>,
    ) -> &mut Vec<u8> {
        if self.is_idle() {
            self.progress = now;
        }
        if self.pending.capacity() == 0 {
            self.pending = spare();
        }
        if let Some((frame, codec)) = self.frame.take() {
            self.pending.extend_from_slice(frame.wire(codec).unwrap_or_default());
        }
        &mut self.pending
    }

    /// Appends a broadcast: as it is where nothing else waits, else a copy.
    pub(crate) fn append_frame(
        &mut self,
        now: Timestamp,
        frame: &Arc<Frame>,
        codec: Codec,
        spare: impl FnOnce() -> Vec<u8>,
    ) {
        if self.is_waiting() {
            self.append(now, spare).extend_from_slice(frame.wire(codec).unwrap_or_default());
            return;
        }
        if self.is_idle() {
            self.progress = now;
        }
        self.frame = Some((Arc::clone(frame), codec));
    }

    /// Shuts down the writing side after what is pending.
    pub(crate) fn close(&mut self) {
        if self.closing == Closing::No {
            self.closing = Closing::Asked;
        }
    }

    /// Whether the last write, and with it our end of stream, is out.
    pub(crate) fn is_closed(&self) -> bool {
        self.closing == Closing::Done
    }

    /// Whether a write is due and none is in flight.
    pub(crate) fn is_due(&self) -> bool {
        !self.in_flight && (self.is_waiting() || self.closing == Closing::Asked)
    }

    /// The next write, if one is due.
    pub(crate) fn take(&mut self) -> Option<(Outgoing, After)> {
        if !self.is_due() {
            return None;
        }
        let last = self.closing == Closing::Asked;
        if last {
            self.closing = Closing::HandedOut;
        }
        self.in_flight = true;
        self.in_flight_bytes = self.waiting_bytes();
        let after = if last { After::Close } else { After::Continue };
        let outgoing = match self.frame.take() {
            None => Outgoing::Own(core::mem::take(&mut self.pending)),
            Some((frame, codec)) => Outgoing::Frame(frame, codec),
        };
        Some((outgoing, after))
    }

    /// The write came back.
    pub(crate) fn sent(&mut self, now: Timestamp) {
        debug_assert!(self.in_flight, "a write comes back once");
        self.in_flight = false;
        self.in_flight_bytes = 0;
        self.progress = now;
        if self.closing == Closing::HandedOut {
            self.closing = Closing::Done;
        }
    }

    /// The buffer of a connection that ended.
    pub(crate) fn into_buffer(self) -> Vec<u8> {
        self.pending
    }
}

/// Buffers between uses: of all replies that were on their way at once, one each. What has not been
/// used for a while is given back to the allocator, so that idle connections hold nothing.
#[derive(Debug, Default)]
pub(crate) struct Spare {
    buffers: Vec<Vec<u8>>,
    /// Their memory together.
    bytes: usize,
    /// How many, from the first on, have not been used since the last trim.
    unused: usize,
    trimmed: Timestamp,
}

impl Spare {
    /// The most memory that is kept: a reply to each of 1,000 peers.
    const KEPT_BYTES_MAX: usize = 1024 * 1024;
    /// The largest buffer that is kept.
    const BYTES_MAX: usize = 64 * 1024;
    /// The size of a fresh buffer for a reply.
    const BYTES: usize = 1024;
    /// How long a buffer is kept unused, at least; at most twice as long.
    const UNUSED_MS: u64 = 1000;

    /// An empty buffer.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        let Some(buf) = self.buffers.pop() else { return Vec::with_capacity(Self::BYTES) };
        self.bytes -= buf.capacity();
        self.unused = self.unused.min(self.buffers.len());
        buf
    }

    /// A buffer that is not used any more.
    pub(crate) fn give(&mut self, mut buf: Vec<u8>) {
        let bytes = buf.capacity();
        if (1..=Self::BYTES_MAX).contains(&bytes) && self.bytes + bytes <= Self::KEPT_BYTES_MAX {
            buf.clear();
            self.bytes += bytes;
            self.buffers.push(buf);
        }
    }

    /// Gives back what was not used since the last time, once in a while.
    pub(crate) fn trim(&mut self, now: Timestamp) {
        if now.ms_since(self.trimmed) >= Self::UNUSED_MS {
            self.trimmed = now;
            self.bytes -=
                self.buffers.drain(..self.unused).map(|buf| buf.capacity()).sum::<usize>();
            self.unused = self.buffers.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seam::HuntKey;
    use alloc::vec;

    const NOW: Timestamp = Timestamp(1);

    fn own(bytes: &[u8]) -> Outgoing {
        Outgoing::Own(bytes.to_vec())
    }

    #[test]
    fn one_write_is_in_flight_and_the_rest_follows_as_one() {
        let mut outbound = Outbound::default();
        outbound.append(NOW, Vec::new).extend_from_slice(b"a");
        assert_eq!(outbound.take(), Some((own(b"a"), After::Continue)));
        outbound.append(NOW, Vec::new).extend_from_slice(b"b");
        outbound.append(NOW, Vec::new).extend_from_slice(b"c");
        assert_eq!(outbound.take(), None);
        assert_eq!(outbound.unsent_bytes(), 3);
        outbound.sent(NOW);
        assert_eq!(outbound.take(), Some((own(b"bc"), After::Continue)));
    }

    #[test]
    fn a_broadcast_is_copied_only_where_something_else_waits() {
        let frame = |text: &[u8]| {
            let wire = [Some(text.into()), None];
            let (hunt, tick, revision, ended) = (HuntKey(1), 1, 1, false);
            Arc::new(Frame { hunt, tick, revision, ended, wire })
        };
        let (first, second) = (frame(b"first "), frame(b"second "));
        let mut outbound = Outbound::default();
        outbound.append_frame(NOW, &first, Codec::Json, Vec::new);
        assert_eq!((outbound.unsent_bytes(), outbound.is_idle()), (6, false));
        let shared = Outgoing::Frame(first.clone(), Codec::Json);
        assert_eq!(outbound.take(), Some((shared, After::Continue)));
        outbound.append_frame(NOW, &first, Codec::Json, Vec::new);
        outbound.append_frame(NOW, &second, Codec::Json, Vec::new);
        outbound.append(NOW, Vec::new).extend_from_slice(b"reply ");
        outbound.append_frame(NOW, &second, Codec::Json, Vec::new);
        assert_eq!(outbound.unsent_bytes(), 6 + 6 + 7 + 6 + 7);
        outbound.sent(NOW);
        let all = own(b"first second reply second ");
        assert_eq!(outbound.take(), Some((all, After::Continue)));
    }

    #[test]
    fn the_end_follows_the_last_byte_once() {
        let mut outbound = Outbound::default();
        outbound.append(NOW, Vec::new).extend_from_slice(b"a");
        outbound.close();
        assert_eq!(outbound.take(), Some((own(b"a"), After::Close)));
        assert!(!outbound.is_closed());
        outbound.sent(NOW);
        assert!(outbound.is_closed());
        assert_eq!(outbound.take(), None);
    }

    #[test]
    fn a_close_behind_a_write_in_flight_is_an_empty_write() {
        let mut outbound = Outbound::default();
        outbound.append(NOW, Vec::new).extend_from_slice(b"a");
        assert!(outbound.take().is_some());
        outbound.close();
        assert_eq!(outbound.take(), None);
        outbound.sent(NOW);
        assert_eq!(outbound.take(), Some((own(b""), After::Close)));
    }

    #[test]
    fn what_replies_take_is_kept_until_it_is_not_used_for_a_while() {
        let mut spare = Spare::default();
        let replies = |spare: &mut Spare, peers: usize| {
            let taken: Vec<_> = (0..peers).map(|_| spare.take()).collect();
            taken.into_iter().for_each(|buf| spare.give(buf));
        };
        replies(&mut spare, 500);
        let at = |ms| Timestamp(ms * Spare::UNUSED_MS);
        for turn in 1..9 {
            spare.trim(at(turn));
            replies(&mut spare, 500);
            assert_eq!((spare.buffers.len(), spare.bytes), (500, 500 * Spare::BYTES));
        }
        spare.trim(at(9));
        replies(&mut spare, 10);
        spare.trim(at(10));
        assert_eq!((spare.buffers.len(), spare.bytes), (10, 10 * Spare::BYTES));
        spare.trim(at(11));
        assert_eq!((spare.buffers.len(), spare.bytes), (0, 0));
    }

    #[test]
    fn no_more_memory_is_kept_than_the_bound() {
        let mut spare = Spare::default();
        for _ in 0..20 {
            spare.give(Vec::with_capacity(Spare::BYTES_MAX));
        }
        assert_eq!((spare.buffers.len(), spare.bytes), (16, Spare::KEPT_BYTES_MAX));
    }

    #[test]
    fn spare_buffers_come_back_empty_and_large_ones_do_not() {
        let mut spare = Spare::default();
        spare.give(vec![1; Spare::BYTES]);
        assert_eq!((spare.buffers.len(), spare.take()), (1, Vec::new()));
        spare.give(Vec::with_capacity(Spare::BYTES_MAX + 1));
        assert_eq!(spare.take().capacity(), Spare::BYTES);
    }
}
