//! Who receives the broadcasts of which hunt, on this worker.
//!
//! A frame arrives encoded; a room only says whose outbound buffers it is appended to.

use crate::seam::{ConnId, HuntKey};
use alloc::vec::Vec;
use core::hash::{BuildHasherDefault, Hasher};
use hashbrown::HashMap;

/// The rooms of one worker. Joining and leaving cost O(1).
#[derive(Debug, Default)]
pub(crate) struct Rooms {
    rooms: HashMap<HuntKey, Vec<ConnId>, BuildHasherDefault<KeyHasher>>,
}

/// A connection's place in a room. Another member's leaving moves it: see [`Rooms::leave`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Membership {
    /// The room.
    pub(crate) hunt: HuntKey,
    /// The place among its members.
    pub(crate) place: u32,
}

impl Rooms {
    /// Adds a member.
    pub(crate) fn join(&mut self, hunt: HuntKey, conn: ConnId) -> Membership {
        let members = self.rooms.entry(hunt).or_default();
        let place = u32::try_from(members.len()).expect("fewer members than connections");
        members.push(conn);
        Membership { hunt, place }
    }

    /// Removes a member. The member that is returned has its place now.
    pub(crate) fn leave(&mut self, membership: Membership) -> Option<ConnId> {
        let members = self.rooms.get_mut(&membership.hunt)?;
        let place = membership.place as usize;
        members.swap_remove(place);
        let moved = members.get(place).copied();
        if members.is_empty() {
            self.rooms.remove(&membership.hunt);
        }
        moved
    }

    /// Takes a room's members out, to look at each of them; [`Rooms::put`] puts them back.
    pub(crate) fn take(&mut self, hunt: HuntKey) -> Vec<ConnId> {
        self.rooms.get_mut(&hunt).map(core::mem::take).unwrap_or_default()
    }

    /// Puts back the members of a room, unless the room ended.
    pub(crate) fn put(&mut self, hunt: HuntKey, members: Vec<ConnId>, ended: bool) {
        if ended {
            self.rooms.remove(&hunt);
        } else if let Some(room) = self.rooms.get_mut(&hunt) {
            debug_assert!(room.is_empty(), "nobody joins while the members are out");
            *room = members;
        }
    }
}

/// Hunt keys are made by the server, so a multiplication spreads them well enough.
#[derive(Debug, Default)]
pub(crate) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn write(&mut self, _: &[u8]) {
        unreachable!("a hunt key hashes as one u64");
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 ^= self.0 >> 32;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conn(index: u32) -> ConnId {
        ConnId { index, generation: 0 }
    }

    #[test]
    fn the_last_member_takes_the_place_of_one_that_leaves() {
        let mut rooms = Rooms::default();
        let hunt = HuntKey(7);
        let first = rooms.join(hunt, conn(1));
        rooms.join(hunt, conn(2));
        let last = rooms.join(hunt, conn(3));
        assert_eq!(last.place, 2);
        assert_eq!(rooms.leave(first), Some(conn(3)));
        let members = rooms.take(hunt);
        assert_eq!(members, [conn(3), conn(2)]);
        rooms.put(hunt, members, false);
        assert_eq!(rooms.leave(Membership { hunt, place: 1 }), None);
        assert_eq!(rooms.leave(Membership { hunt, place: 0 }), None);
        assert!(rooms.rooms.is_empty());
        rooms.join(hunt, conn(4));
        let members = rooms.take(hunt);
        rooms.put(hunt, members, true);
        assert!(rooms.rooms.is_empty());
    }
}
