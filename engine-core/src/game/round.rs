//! One round of a hunt: its players, what they claimed, and what is left of the treasures.
//!
//! Every collection lives in one region, which is freed whole with the round. The region grows
//! when a player joins and never else: a resolve, a move or a power-up allocates nothing.
//!
//! It does not know when the round began or ends, who watches it, or the wire.

use super::leaderboard::Leaderboard;
use super::player::{Player, distance_squared};
use super::quest::{Quest, Rules};
use crate::arena::{Allocator, Arena, ArenaVec};
use crate::error::Problem;
use crate::seam::{Loot, MoveOutcome, Point, PowerUp, PowerUpOutcome, ResolveOutcome};
use crate::text::Name;

/// How many idempotency keys are remembered for each player.
pub const KEYS_PER_PLAYER: usize = 8;

/// One round.
#[derive(Debug)]
pub struct Round<A: Arena> {
    players: ArenaVec<Player, A::Region>,
    seats: ArenaVec<Seat, A::Region>,
    // One bit for each player and treasure, in whole words for each player.
    claims: ArenaVec<u64, A::Region>,
    // Room for one of each player, used up in the order of their first keys: a ring that was never
    // written takes address space, and no memory.
    key_rings: ArenaVec<KeyRing, A::Region>,
    treasures: Stock<A::Region>,
    board: Leaderboard<A::Region>,
    claimed: u32,
}

/// What of a player is read seldom.
#[derive(Clone, Copy, Debug)]
struct Seat {
    name: Name,
    key_ring: Option<u32>,
}

type KeyRing = [Option<KeyEntry>; KEYS_PER_PLAYER];

/// A key and what it came to.
#[derive(Clone, Copy, Debug)]
struct KeyEntry {
    hash: u128,
    treasure: u16,
    resolution: Resolution,
}

/// What a resolve came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// In a word.
    pub outcome: ResolveOutcome,
    /// Whether the points counted twice; only where claimed.
    pub doubled: bool,
    /// The player's score after it.
    pub score: u32,
    /// The player's rank after it.
    pub rank: u32,
}

/// What is left of the treasures.
#[derive(Debug)]
struct Stock<R: Allocator> {
    remaining: ArenaVec<u32, R>,
    // Bits of the treasures of which something was claimed since the start, and since the last
    // call of `forget_recent`.
    touched: ArenaVec<u64, R>,
    recent: ArenaVec<u64, R>,
    // How many treasures something is left of.
    open: usize,
}

impl<A: Arena> Round<A> {
    /// A round of `quest` without players. `seed` shapes the leaderboard's tree.
    pub fn new(quest: &Quest<A>, region: &A::Region, seed: u64) -> Self {
        let words = quest.treasures.len().div_ceil(64);
        let mut remaining = ArenaVec::with_capacity_in(quest.treasures.len(), region.clone());
        remaining.extend(quest.treasures.iter().map(|treasure| treasure.supply));
        let treasures = Stock {
            remaining,
            touched: zeros(words, region),
            recent: zeros(words, region),
            open: quest.treasures.len(),
        };
        Self {
            players: ArenaVec::new_in(region.clone()),
            seats: ArenaVec::new_in(region.clone()),
            claims: ArenaVec::new_in(region.clone()),
            key_rings: ArenaVec::new_in(region.clone()),
            treasures,
            board: Leaderboard::new(region.clone(), seed),
            claimed: 0,
        }
    }

    /// A player joins at `t` and stands at the first waypoint. Returns the player.
    pub fn join(&mut self, quest: &Quest<A>, name: Name, t: u32) -> u32 {
        self.players.push(Player::new(quest.waypoints[0].at, &quest.rules, t));
        self.seats.push(Seat { name, key_ring: None });
        self.claims.resize(self.claims.len() + self.treasures.touched.len(), 0);
        self.key_rings.reserve(self.players.len() - self.key_rings.len());
        self.board.join()
    }

    /// The player, if one with this index joined.
    #[must_use]
    pub fn player(&self, player: u32) -> Option<&Player> {
        self.players.get(player as usize)
    }

    /// How many players joined.
    #[must_use]
    pub fn players(&self) -> u32 {
        self.board.len()
    }

    /// The player's name.
    ///
    /// # Panics
    /// If there is no such player.
    #[must_use]
    pub fn name(&self, player: u32) -> Name {
        self.seats[player as usize].name
    }

    /// The leaderboard.
    #[must_use]
    pub fn board(&self) -> &Leaderboard<A::Region> {
        &self.board
    }

    /// How often a treasure was claimed.
    #[must_use]
    pub fn claimed(&self) -> u32 {
        self.claimed
    }

    /// How many players can still open each treasure.
    #[must_use]
    pub fn remaining(&self) -> &[u32] {
        &self.treasures.remaining
    }

    /// Whether nothing is left of any treasure.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.treasures.open == 0
    }

    /// A bit for each treasure of which something was claimed since the start.
    #[must_use]
    pub fn touched(&self) -> &[u64] {
        &self.treasures.touched
    }

    /// A bit for each treasure of which something was claimed since [`forget_recent`].
    ///
    /// [`forget_recent`]: Self::forget_recent
    #[must_use]
    pub fn recent(&self) -> &[u64] {
        &self.treasures.recent
    }

    /// What is claimed from now on is recent.
    pub fn forget_recent(&mut self) {
        self.treasures.recent.fill(0);
    }

    /// A player moves, and looks towards `heading`. Anything but `Moved` changes nothing.
    ///
    /// # Panics
    /// If there is no such player.
    pub fn go(
        &mut self,
        rules: &Rules,
        player: u32,
        to: Point,
        heading: f64,
        t: u32,
    ) -> MoveOutcome {
        let player = &mut self.players[player as usize];
        if !player.can_reach(to, rules, t) {
            return MoveOutcome::TooFast;
        }
        player.go(to, t);
        player.turn(heading);
        MoveOutcome::Moved
    }

    /// A player uses a power-up.
    ///
    /// # Panics
    /// If there is no such player.
    pub fn use_power_up(
        &mut self,
        rules: &Rules,
        player: u32,
        power_up: PowerUp,
        t: u32,
    ) -> PowerUpOutcome {
        self.players[player as usize].use_power_up(power_up, rules, t)
    }

    /// A player opens a treasure from a place. `key` is the hash of the idempotency key: the same
    /// one again gets the same answer again, and changes nothing.
    ///
    /// # Errors
    /// `KeyReused`, where the key was used for another treasure.
    ///
    /// # Panics
    /// If there is no such player or treasure.
    pub fn resolve(
        &mut self,
        quest: &Quest<A>,
        player: u32,
        treasure: u16,
        at: Point,
        key: Option<u128>,
        t: u32,
    ) -> Result<Resolution, Problem> {
        if let Some(entry) = key.and_then(|hash| self.remembered(player, hash)) {
            return if entry.treasure == treasure {
                Ok(entry.resolution)
            } else {
                Err(Problem::KeyReused)
            };
        }
        let outcome = self.open(quest, player, treasure, at, t);
        let claimed = outcome == ResolveOutcome::Claimed;
        let doubled = claimed && self.players[player as usize].is_active(PowerUp::Double, t);
        if claimed {
            self.claim(
                player,
                treasure,
                won(&quest.treasures[usize::from(treasure)].loot, doubled),
            );
        }
        let standing = self.board.standing(player).expect("whoever plays is on the board");
        let resolution =
            Resolution { outcome, doubled, score: standing.score, rank: standing.rank };
        if let Some(hash) = key {
            self.remember(player, KeyEntry { hash, treasure, resolution });
        }
        Ok(resolution)
    }

    // The rules in their order. The player's place changes once the place is known to be reached.
    fn open(
        &mut self,
        quest: &Quest<A>,
        player: u32,
        treasure: u16,
        at: Point,
        t: u32,
    ) -> ResolveOutcome {
        let (word, bit) = self.claim_bit(player, treasure);
        if self.claims[word] & bit != 0 {
            return ResolveOutcome::AlreadyClaimed;
        }
        let player = &mut self.players[player as usize];
        if !player.can_reach(at, &quest.rules, t) {
            return ResolveOutcome::TooFast;
        }
        player.go(at, t);
        let index = usize::from(treasure);
        let treasure = &quest.treasures[index];
        let wide = player.is_active(PowerUp::Reach, t);
        let radius = if wide { treasure.radius * 1.5 } else { treasure.radius };
        if distance_squared(treasure.at, at) > radius * radius {
            ResolveOutcome::TooFar
        } else if t < treasure.opens_ms {
            ResolveOutcome::NotOpen
        } else if self.treasures.remaining[index] == 0 {
            ResolveOutcome::Exhausted
        } else {
            ResolveOutcome::Claimed
        }
    }

    fn claim(&mut self, player: u32, treasure: u16, loot: Loot) {
        let (word, bit) = self.claim_bit(player, treasure);
        self.claims[word] |= bit;
        self.claimed += 1;
        self.treasures.take_one(usize::from(treasure));
        let state = &mut self.players[player as usize];
        state.add_points(loot.points);
        if let Some(power_up) = loot.power_up {
            state.add_power_up(power_up);
        }
        self.board.set_score(player, state.score());
    }

    fn claim_bit(&self, player: u32, treasure: u16) -> (usize, u64) {
        let treasure = usize::from(treasure);
        let words = self.treasures.touched.len();
        (player as usize * words + treasure / 64, 1 << (treasure % 64))
    }

    fn remembered(&self, player: u32, hash: u128) -> Option<&KeyEntry> {
        let ring = self.seats[player as usize].key_ring?;
        self.key_rings[ring as usize].iter().flatten().find(|entry| entry.hash == hash)
    }

    #[expect(clippy::cast_possible_truncation, reason = "there are no more rings than players")]
    fn remember(&mut self, player: u32, entry: KeyEntry) {
        let seat = &mut self.seats[player as usize];
        let ring = *seat.key_ring.get_or_insert_with(|| {
            self.key_rings.push([None; KEYS_PER_PLAYER]);
            self.key_rings.len() as u32 - 1
        });
        let place = self.players[player as usize].next_key_place(KEYS_PER_PLAYER as u8);
        self.key_rings[ring as usize][place] = Some(entry);
    }
}

impl<R: Allocator> Stock<R> {
    fn take_one(&mut self, treasure: usize) {
        let remaining = &mut self.remaining[treasure];
        assert!(*remaining > 0, "only what is left is claimed");
        *remaining -= 1;
        if *remaining == 0 {
            self.open -= 1;
        }
        let (word, bit) = (treasure / 64, 1 << (treasure % 64));
        self.touched[word] |= bit;
        self.recent[word] |= bit;
    }
}

/// What a treasure gives, with the points that count.
#[must_use]
pub fn won(loot: &Loot, doubled: bool) -> Loot {
    let points = if doubled { loot.points * 2 } else { loot.points };
    Loot { points, ..*loot }
}

fn zeros<R: Allocator + Clone>(len: usize, region: &R) -> ArenaVec<u64, R> {
    let mut zeros = ArenaVec::with_capacity_in(len, region.clone());
    zeros.resize(len, 0);
    zeros
}
