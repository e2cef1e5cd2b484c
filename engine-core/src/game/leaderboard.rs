//! The leaderboard of one round: rank, top and around in O(log n), no allocation on a score change.
//!
//! A treap with parent links and subtree sizes. The node of player `p` is node `p` of one arena
//! vector, so joining is the only thing that allocates. A node's priority is a function of its
//! index and a seed from outside: it takes no memory and nobody can plan a deep tree. No walk
//! recurses.
//!
//! It does not know names, and not why a score changed.

use crate::arena::{Allocator, ArenaVec};

const NIL: u32 = u32::MAX;

/// Players in the order of score descending, then of who reached the score first.
#[derive(Debug)]
pub struct Leaderboard<R: Allocator> {
    nodes: ArenaVec<Node, R>,
    root: u32,
    // How often a score was reached so far. At most 1,024 treasures and one joining for each of
    // 1,000,000 players, which a `u32` holds.
    reached: u32,
    seed: u64,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    // Ascending keys are descending places: the complement of the score, then the counter.
    key: u64,
    // By `usize::from(key > key of this node)`.
    children: [u32; 2],
    parent: u32,
    count: u32,
}

/// A player's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The rank, from 1.
    pub rank: u32,
    /// The player.
    pub player: u32,
    /// The score.
    pub score: u32,
}

impl<R: Allocator> Leaderboard<R> {
    /// A board without players. `seed` is unknown to players and shapes the tree, not the order.
    pub fn new(region: R, seed: u64) -> Self {
        Self { nodes: ArenaVec::new_in(region), root: NIL, reached: 0, seed }
    }

    /// How many players it has.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "a hunt has at most 1,000,000 players")]
    pub fn len(&self) -> u32 {
        self.nodes.len() as u32
    }

    /// Whether it has no players.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Adds the next player, with score 0, behind everyone. Returns the player. O(log n) expected.
    pub fn join(&mut self) -> u32 {
        let player = self.len();
        assert!(player < NIL, "node indices stay below the mark for none");
        self.nodes.push(Node { key: 0, children: [NIL; 2], parent: NIL, count: 1 });
        self.reach(player, 0);
        player
    }

    /// The player has reached `score`, behind everyone who has reached it before. O(log n)
    /// expected.
    ///
    /// # Panics
    /// If there is no such player.
    pub fn set_score(&mut self, player: u32, score: u32) {
        self.unlink(player);
        self.reach(player, score);
    }

    /// The player's place. O(log n) expected.
    #[must_use]
    pub fn standing(&self, player: u32) -> Option<Standing> {
        let node = self.nodes.get(player as usize)?;
        let mut rank = self.count(node.children[0]) + 1;
        let (mut below, mut at) = (player, node.parent);
        while at != NIL {
            let parent = self.node(at);
            if parent.children[1] == below {
                rank += self.count(parent.children[0]) + 1;
            }
            (below, at) = (at, parent.parent);
        }
        Some(Standing { rank, player, score: node.score() })
    }

    /// The first `limit` places. O(log n + limit) expected.
    pub fn top(&self, limit: u32) -> impl Iterator<Item = Standing> {
        self.from(0).take(limit as usize)
    }

    /// `limit` places with the player at place `limit / 2` of them (from 0), or nearer to an end
    /// of the board than that would need; `None` without such a player. O(log n + limit) expected.
    pub fn around(&self, player: u32, limit: u32) -> Option<impl Iterator<Item = Standing>> {
        let behind = self.standing(player)?.rank - 1;
        let last = self.len().saturating_sub(limit);
        let first = behind.saturating_sub(limit / 2).min(last);
        Some(self.from(first).take(limit as usize))
    }

    fn from(&self, first: u32) -> impl Iterator<Item = Standing> {
        let mut at = self.select(first);
        let mut rank = first;
        core::iter::from_fn(move || {
            let player = at;
            if player == NIL {
                return None;
            }
            at = self.next(player);
            rank += 1;
            Some(Standing { rank, player, score: self.node(player).score() })
        })
    }

    // The node with `behind` others in front of it.
    fn select(&self, mut behind: u32) -> u32 {
        let mut at = self.root;
        while at != NIL {
            let [left, right] = self.node(at).children;
            let before = self.count(left);
            match behind.cmp(&before) {
                core::cmp::Ordering::Less => at = left,
                core::cmp::Ordering::Equal => return at,
                core::cmp::Ordering::Greater => {
                    behind -= before + 1;
                    at = right;
                }
            }
        }
        NIL
    }

    fn next(&self, player: u32) -> u32 {
        let mut at = self.node(player).children[1];
        if at != NIL {
            while self.node(at).children[0] != NIL {
                at = self.node(at).children[0];
            }
            return at;
        }
        let mut below = player;
        at = self.node(player).parent;
        while at != NIL && self.node(at).children[1] == below {
            (below, at) = (at, self.node(at).parent);
        }
        at
    }

    fn reach(&mut self, player: u32, score: u32) {
        let key = u64::from(!score) << 32 | u64::from(self.reached);
        self.reached += 1;
        self.node_mut(player).key = key;
        self.link(player);
    }

    // Puts a node where its key and priority belong and splits what was there around it.
    fn link(&mut self, player: u32) {
        let key = self.node(player).key;
        let priority = self.priority(player);
        let (mut parent, mut side, mut at) = (NIL, 0, self.root);
        while at != NIL && self.priority(at) >= priority {
            let node = self.node_mut(at);
            node.count += 1;
            side = usize::from(key > node.key);
            (parent, at) = (at, node.children[side]);
        }
        self.attach(parent, side, player);
        let below = self.count(at);
        *self.node_mut(player) = Node { key, children: [NIL; 2], parent, count: below + 1 };
        self.split(player, at);
    }

    // Hangs the subtree `at` below `player`: smaller keys left, larger keys right.
    fn split(&mut self, player: u32, mut at: u32) {
        let key = self.node(player).key;
        // Where the next subtree with smaller keys hangs, and the next with larger ones.
        let mut holes = [(player, 0), (player, 1)];
        while at != NIL {
            let larger = usize::from(self.node(at).key > key);
            let (parent, side) = holes[larger];
            self.attach(parent, side, at);
            holes[larger] = (at, 1 - larger);
            at = self.node(at).children[1 - larger];
        }
        for (hole, side) in holes {
            self.node_mut(hole).children[side] = NIL;
            self.recount(hole, player);
        }
    }

    // Sums up the subtree sizes from `at` up to, not including, `end`.
    fn recount(&mut self, mut at: u32, end: u32) {
        while at != end {
            let Node { children: [left, right], parent, .. } = *self.node(at);
            self.node_mut(at).count = self.count(left) + self.count(right) + 1;
            at = parent;
        }
    }

    // Takes a node out and merges its children in its place.
    fn unlink(&mut self, player: u32) {
        let Node { children: [mut left, mut right], parent: above, .. } = *self.node(player);
        let mut at = above;
        while at != NIL {
            let node = self.node_mut(at);
            node.count -= 1;
            at = node.parent;
        }
        let mut parent = above;
        let mut side =
            if parent == NIL { 0 } else { usize::from(self.node(parent).children[1] == player) };
        while left != NIL && right != NIL {
            let count = self.count(left) + self.count(right);
            let upper = if self.priority(left) >= self.priority(right) { left } else { right };
            self.attach(parent, side, upper);
            self.node_mut(upper).count = count;
            parent = upper;
            if upper == left {
                side = 1;
                left = self.node(left).children[1];
            } else {
                side = 0;
                right = self.node(right).children[0];
            }
        }
        self.attach(parent, side, if left == NIL { right } else { left });
    }

    fn attach(&mut self, parent: u32, side: usize, child: u32) {
        if parent == NIL {
            self.root = child;
        } else {
            self.node_mut(parent).children[side] = child;
        }
        if child != NIL {
            self.node_mut(child).parent = parent;
        }
    }

    fn count(&self, at: u32) -> u32 {
        if at == NIL { 0 } else { self.node(at).count }
    }

    // The finaliser of splitmix64, a bijection.
    fn priority(&self, at: u32) -> u64 {
        let mut z = (u64::from(at) ^ self.seed).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn node(&self, at: u32) -> &Node {
        &self.nodes[at as usize]
    }

    fn node_mut(&mut self, at: u32) -> &mut Node {
        &mut self.nodes[at as usize]
    }
}

impl Node {
    fn score(&self) -> u32 {
        !((self.key >> 32) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arena::Global;
    use alloc::vec::Vec;

    fn players(standings: impl Iterator<Item = Standing>) -> Vec<u32> {
        standings.map(|standing| standing.player).collect()
    }

    #[test]
    fn ties_go_to_whoever_reached_the_score_first() {
        let mut board = Leaderboard::new(Global, 7);
        for _ in 0..4 {
            board.join();
        }
        assert_eq!(players(board.top(10)), [0, 1, 2, 3]);
        board.set_score(2, 50);
        board.set_score(0, 50);
        assert_eq!(players(board.top(10)), [2, 0, 1, 3]);
        board.set_score(2, 60);
        board.set_score(0, 60);
        assert_eq!(players(board.top(3)), [2, 0, 1]);
        assert_eq!(board.standing(3), Some(Standing { rank: 4, player: 3, score: 0 }));
        assert_eq!(board.standing(4), None);
    }

    #[test]
    fn the_window_around_a_player_stays_on_the_board() {
        let mut board = Leaderboard::new(Global, 1);
        for player in 0..9 {
            board.join();
            board.set_score(player, 100 - player);
        }
        let around = |player, limit| players(board.around(player, limit).unwrap());
        assert_eq!(around(4, 3), [3, 4, 5]);
        assert_eq!(around(4, 4), [2, 3, 4, 5]);
        assert_eq!(around(0, 4), [0, 1, 2, 3]);
        assert_eq!(around(8, 4), [5, 6, 7, 8]);
        assert_eq!(around(8, 1), [8]);
        assert_eq!(around(5, 100), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
        assert!(board.around(9, 3).is_none());
    }

    #[test]
    fn an_empty_board_has_no_places() {
        let board = Leaderboard::new(Global, 1);
        assert!(board.is_empty());
        assert_eq!(board.top(10).count(), 0);
        assert_eq!(board.standing(0), None);
    }

    #[test]
    fn the_tree_stays_shallow_when_scores_rise_in_order() {
        let mut board = Leaderboard::new(Global, 99);
        for player in 0..10_000 {
            board.join();
            board.set_score(player, player);
        }
        let depth = |mut at: u32| {
            let mut depth = 0;
            while at != NIL {
                at = board.node(at).parent;
                depth += 1;
            }
            depth
        };
        // The expectation is about 2 ln 10,000 = 18; a list would be 10,000 deep.
        assert!((0..10_000).map(depth).max() < Some(60));
    }
}
