//! The reply slots of one connection: a slot for every request, sent in request order.

use crate::common::NO_SLOT;
use crate::figures::RouteName;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// What a slot must know to become bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Waiting {
    /// An HTTP response.
    Response(Exchange),
    /// The 101 of an upgrade, or the response that refuses it.
    Upgrade(Exchange),
    /// A WebSocket message.
    Message {
        /// The number that the peer gave it.
        seq: u32,
    },
}

/// What of a request decides the shape of its response.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exchange {
    /// What it is counted as.
    pub(crate) name: RouteName,
    /// Whether the connection goes on after it.
    pub(crate) keep_alive: bool,
    /// Whether the peer speaks HTTP/1.0.
    pub(crate) http10: bool,
    /// Whether the body is left out: HEAD.
    pub(crate) head_only: bool,
}

#[derive(Debug)]
enum Slot {
    Waiting(Waiting),
    Ready(Vec<u8>),
}

/// The replies that are not yet in the outbound buffer, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Replies {
    /// Stands here, since a peer that waits for each reply needs no queue.
    oldest: Option<Slot>,
    /// Empty where there is no oldest; there from the first pipelined request on.
    #[expect(clippy::box_collection, reason = "few connections have one, and all have its place")]
    others: Option<Box<VecDeque<Slot>>>,
    /// The number of the oldest slot.
    first: u32,
}

impl Replies {
    /// How many replies are due.
    pub(crate) fn len(&self) -> usize {
        usize::from(self.oldest.is_some()) + self.others.as_ref().map_or(0, |others| others.len())
    }

    /// Whether bytes can go straight to the outbound buffer.
    pub(crate) fn is_empty(&self) -> bool {
        self.oldest.is_none()
    }

    /// Reserves the next slot and returns its number.
    pub(crate) fn reserve(&mut self, waiting: Waiting) -> u32 {
        self.push(Slot::Waiting(waiting));
        self.number(self.len() - 1)
    }

    /// Queues bytes behind the replies that are due.
    pub(crate) fn push_ready(&mut self, bytes: Vec<u8>) {
        debug_assert!(!self.is_empty(), "with nothing due, bytes go straight out");
        self.push(Slot::Ready(bytes));
    }

    /// What waits in a slot; `None` where no reply is due for it.
    pub(crate) fn waiting(&self, number: u32) -> Option<Waiting> {
        let slot = match self.place(number) {
            0 => self.oldest.as_ref(),
            place => self.others.as_ref()?.get(place - 1),
        };
        match slot? {
            Slot::Waiting(waiting) => Some(*waiting),
            Slot::Ready(_) => None,
        }
    }

    /// Whether the slot is the oldest.
    pub(crate) fn is_oldest(&self, number: u32) -> bool {
        number == self.first && !self.is_empty()
    }

    /// Fills a slot that is not the oldest.
    pub(crate) fn fill(&mut self, number: u32, bytes: Vec<u8>) {
        debug_assert!(!self.is_oldest(number), "its bytes go straight out");
        let behind = self.place(number).wrapping_sub(1);
        if let Some(slot) = self.others.as_mut().and_then(|others| others.get_mut(behind)) {
            *slot = Slot::Ready(bytes);
        }
    }

    /// Drops the oldest slot, whose bytes went out, and returns the bytes that can follow.
    pub(crate) fn advance(&mut self) {
        self.oldest = self.others.as_mut().and_then(|others| others.pop_front());
        self.first = self.number(1);
    }

    /// The bytes of the oldest slot, if they are ready; drops the slot.
    pub(crate) fn pop_ready(&mut self) -> Option<Vec<u8>> {
        let Some(Slot::Ready(bytes)) = &mut self.oldest else { return None };
        let bytes = core::mem::take(bytes);
        self.advance();
        Some(bytes)
    }

    fn push(&mut self, slot: Slot) {
        if self.oldest.is_none() {
            self.oldest = Some(slot);
        } else {
            self.others.get_or_insert_default().push_back(slot);
        }
    }

    fn number(&self, place: usize) -> u32 {
        let number = (u64::from(self.first) + place as u64) % u64::from(NO_SLOT);
        u32::try_from(number).expect("less than NO_SLOT")
    }

    fn place(&self, number: u32) -> usize {
        let wrapped = if number < self.first { NO_SLOT } else { 0 };
        wrapped.wrapping_sub(self.first).wrapping_add(number) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn replies_leave_in_the_order_of_requests() {
        let mut replies = Replies::default();
        let first = replies.reserve(Waiting::Message { seq: 1 });
        let second = replies.reserve(Waiting::Message { seq: 2 });
        replies.push_ready(vec![3]);
        assert!(replies.is_oldest(first) && !replies.is_oldest(second));

        replies.fill(second, vec![2]);
        assert!(replies.waiting(second).is_none());
        assert_eq!(replies.pop_ready(), None);

        assert!(replies.waiting(first).is_some());
        replies.advance();
        assert_eq!(replies.pop_ready(), Some(vec![2]));
        assert_eq!(replies.pop_ready(), Some(vec![3]));
        assert!(replies.is_empty());
        assert!(replies.waiting(second).is_none());
    }

    #[test]
    fn slot_numbers_wrap_before_the_one_that_stands_for_none() {
        let mut replies = Replies { first: NO_SLOT - 2, ..Replies::default() };
        let seqs = [1, 2, 3];
        let slots = seqs.map(|seq| replies.reserve(Waiting::Message { seq }));
        assert_eq!(slots, [NO_SLOT - 2, NO_SLOT - 1, 0]);
        for (slot, seq) in slots.into_iter().zip(seqs) {
            assert!(replies.is_oldest(slot));
            let waiting = replies.waiting(slot);
            assert!(matches!(waiting, Some(Waiting::Message { seq: s }) if s == seq));
            replies.advance();
            assert!(replies.waiting(slot).is_none());
        }
    }
}
