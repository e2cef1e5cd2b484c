//! Generational slots: an id of a value that is gone never finds the value that took its slot.

use crate::seam::ConnId;
use alloc::vec::Vec;

/// Values by [`ConnId`]. Every operation costs O(1).
///
/// They stand in chunks, so that a new one moves none of them, and no more memory is held than for
/// one chunk too many.
#[derive(Debug)]
pub(crate) struct Slots<T> {
    /// Of [`CHUNK`] slots each, the last one perhaps of fewer.
    chunks: Vec<Vec<Slot<T>>>,
    count: usize,
    free: Vec<u32>,
}

/// Slots of a chunk.
const CHUNK: usize = 64;

#[derive(Debug)]
struct Slot<T> {
    generation: u32,
    value: Option<T>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), count: 0, free: Vec::new() }
    }
}

impl<T> Slots<T> {
    /// How many values there are.
    pub(crate) fn len(&self) -> usize {
        self.count - self.free.len()
    }

    /// How many slots there are, free ones included.
    pub(crate) fn capacity(&self) -> usize {
        self.count
    }

    /// Adds the value that `make` makes for its id.
    pub(crate) fn insert(&mut self, make: impl FnOnce(ConnId) -> T) -> ConnId {
        let index = self.free.pop().unwrap_or_else(|| self.add());
        let slot = self.slot_mut(index as usize).expect("it was added");
        let id = ConnId { index, generation: slot.generation };
        debug_assert!(slot.value.is_none(), "a free slot is empty");
        slot.value = Some(make(id));
        id
    }

    /// Removes a value; its id finds nothing from now on.
    pub(crate) fn remove(&mut self, id: ConnId) -> Option<T> {
        let slot = self.slot_mut(id.index as usize)?;
        if slot.generation != id.generation {
            return None;
        }
        let value = slot.value.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(id.index);
        Some(value)
    }

    /// The value of an id.
    pub(crate) fn get(&self, id: ConnId) -> Option<&T> {
        let index = id.index as usize;
        let slot = self.chunks.get(index / CHUNK)?.get(index % CHUNK)?;
        if slot.generation == id.generation { slot.value.as_ref() } else { None }
    }

    /// The value of an id.
    pub(crate) fn get_mut(&mut self, id: ConnId) -> Option<&mut T> {
        let slot = self.slot_mut(id.index as usize)?;
        if slot.generation == id.generation { slot.value.as_mut() } else { None }
    }

    /// The value in a slot, below [`capacity`](Self::capacity).
    pub(crate) fn at_mut(&mut self, index: usize) -> Option<&mut T> {
        self.slot_mut(index)?.value.as_mut()
    }

    fn slot_mut(&mut self, index: usize) -> Option<&mut Slot<T>> {
        self.chunks.get_mut(index / CHUNK)?.get_mut(index % CHUNK)
    }

    /// One more slot; its index.
    fn add(&mut self) -> u32 {
        let index = u32::try_from(self.count).expect("fewer than 2^32 connections");
        if self.count.is_multiple_of(CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        let last = self.chunks.last_mut().expect("one has room");
        last.push(Slot { generation: 0, value: None });
        self.count += 1;
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_a_removed_value_finds_nothing() {
        let mut slots = Slots::default();
        let first = slots.insert(|_| 'a');
        assert_eq!(slots.remove(first), Some('a'));
        let second = slots.insert(|_| 'b');
        assert_eq!(second.index, first.index);
        assert_eq!((slots.get(first), slots.get(second)), (None, Some(&'b')));
        assert_eq!(slots.remove(first), None);
        assert_eq!(slots.get_mut(first), None);
        assert_eq!((slots.len(), slots.capacity()), (1, 1));
        assert_eq!(slots.at_mut(0), Some(&mut 'b'));
        assert_eq!(slots.at_mut(1), None);
    }

    #[test]
    fn values_are_found_in_every_chunk_and_free_slots_used_first() {
        let mut slots = Slots::default();
        let ids: Vec<_> = (0..3 * CHUNK).map(|value| slots.insert(|_| value)).collect();
        for (value, id) in ids.iter().enumerate() {
            assert_eq!(slots.get(*id), Some(&value));
            assert_eq!(slots.at_mut(value), Some(&mut { value }));
        }
        assert_eq!(slots.remove(ids[CHUNK]), Some(CHUNK));
        let id = slots.insert(|_| 7);
        assert_eq!((id.index as usize, slots.capacity(), slots.len()), (CHUNK, 192, 192));
    }
}
