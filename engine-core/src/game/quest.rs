//! A quest: the immutable document that hunts are played from.
//!
//! It owns what an author wrote, checked and at its exact size, in one region of memory that is
//! freed whole with the version. It knows nothing of hunts and players.

mod read;

use crate::arena::{Allocator, Arena, ArenaVec, Meter};
use crate::error::JsonFault;
use crate::seam::{Loot, Point};
use crate::text::{Id, Name};
use alloc::sync::Arc;
use sha2::{Digest, Sha256};

/// The largest absolute value of a coordinate.
pub const COORDINATE_MAX: f64 = 1_000_000.0;
/// The largest radius.
pub const RADIUS_MAX: f64 = 10_000.0;
/// The most waypoints of a quest.
pub const WAYPOINTS_MAX: usize = 10_000;
/// The most treasures of a quest.
pub const TREASURES_MAX: usize = 1_024;

/// One version of a quest.
#[derive(Debug)]
pub struct Quest<A: Arena> {
    /// Its id.
    pub id: Id,
    /// Its version, from 1; 0 until it is published.
    pub version: u32,
    /// SHA-256 of the document, which tells whether two versions are the same.
    pub digest: [u8; 32],
    /// Its name.
    pub name: Name,
    /// The waypoints, in the order of the document: 1 to [`WAYPOINTS_MAX`].
    pub waypoints: ArenaVec<Waypoint, A::Region>,
    /// The treasures, in the order of the document: 1 to [`TREASURES_MAX`], no two of one id.
    pub treasures: ArenaVec<Treasure, A::Region>,
    /// The rules.
    pub rules: Rules,
    // The indices of the treasures, sorted by their ids.
    by_id: ArenaVec<u16, A::Region>,
}

/// A place to pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Waypoint {
    /// Its middle.
    pub at: Point,
    /// 0 < radius ≤ [`RADIUS_MAX`].
    pub radius: f64,
}

/// A treasure, as its author placed it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Treasure {
    /// Its id, unique in the quest.
    pub id: Id,
    /// Where it lies.
    pub at: Point,
    /// From how far it can be opened: 0 < radius ≤ [`RADIUS_MAX`].
    pub radius: f64,
    /// From when on it can be opened, in milliseconds from the start of the round.
    pub opens_ms: u32,
    /// How many players can open it: 1 to 1,000,000.
    pub supply: u32,
    /// What it holds; its points are 1 to 1,000,000.
    pub loot: Loot,
}

/// The rules of a quest. `Default` gives what holds where the document says nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// How long a round takes, in milliseconds: 500 to 86,400,000.
    pub duration_ms: u32,
    /// The highest speed, in units per second: 0 < speed ≤ 1,000,000.
    pub speed_max: f64,
    /// The energy of a player at the start, and the most one can have: 0 to 1,000.
    pub energy_max: u32,
    /// The energy that comes back in a second: 0 to 1,000.
    pub energy_per_s: u32,
    /// The energy that a power-up costs: 0 to 1,000.
    pub power_up_energy: u32,
    /// How long a power-up stays in effect, in milliseconds: 1 to 3,600,000.
    pub power_up_ms: u32,
    /// The power-ups of a player at the start, by `PowerUp as usize`.
    pub start_power_ups: [u8; 3],
    /// How many waypoints are in play at a time: 1 to 64.
    pub waypoints_in_play: u32,
    /// How long a waypoint stays in play before the next one follows, in milliseconds: 1 to
    /// 86,400,000.
    pub waypoint_ms: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            duration_ms: 600_000,
            speed_max: 10.0,
            energy_max: 100,
            energy_per_s: 5,
            power_up_energy: 30,
            power_up_ms: 5_000,
            start_power_ups: [1; 3],
            waypoints_in_play: 8,
            waypoint_ms: 3_000,
        }
    }
}

impl<A: Arena> Quest<A> {
    /// Reads the document `bytes` of the quest `id`.
    ///
    /// The lists are gathered in `scratch`, and then copied at their exact size into one region
    /// whose figures go to `meter`. Linear in the document, and O(n log n) in the treasures.
    ///
    /// # Errors
    /// The first fault, in the order of the document.
    pub fn parse(id: Id, bytes: &[u8], scratch: &A, meter: &Arc<Meter>) -> Result<Self, JsonFault> {
        let draft = read::document(bytes, scratch.scratch()).map_err(|fault| *fault)?;
        let region = A::region(meter);
        let (waypoints, treasures) = (&draft.waypoints[..], &draft.treasures[..]);
        make_room(&region, size_of_val(waypoints) + size_of_val(treasures) + 2 * draft.by_id.len());
        Ok(Self {
            id,
            version: 0,
            digest: Sha256::digest(bytes).into(),
            name: draft.name,
            waypoints: exact(waypoints, &region),
            treasures: exact(treasures, &region),
            rules: draft.rules,
            by_id: exact(&draft.by_id, &region),
        })
    }

    /// The index of the treasure `id`, in O(log n).
    #[must_use]
    pub fn treasure_index(&self, id: &Id) -> Option<u16> {
        let treasure = |index: &u16| &self.treasures[usize::from(*index)];
        let place = self.by_id.binary_search_by(|index| treasure(index).id.cmp(id)).ok()?;
        Some(self.by_id[place])
    }
}

/// Takes `bytes` and gives them back, so that a bump region, whose chunks double otherwise, has one
/// chunk of the right size. Costs the heap one allocation.
fn make_room<R: Allocator + Clone>(region: &R, bytes: usize) {
    drop(ArenaVec::<u64, R>::with_capacity_in(bytes.div_ceil(8) + 1, region.clone()));
}

/// A copy of `from` without spare capacity.
fn exact<T: Copy, R: Allocator + Clone>(from: &[T], region: &R) -> ArenaVec<T, R> {
    let mut list = ArenaVec::with_capacity_in(from.len(), region.clone());
    list.extend_from_slice(from);
    list
}
