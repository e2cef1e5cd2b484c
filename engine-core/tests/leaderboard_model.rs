//! The leaderboard against a sorted list, over thousands of random operations.
#![expect(
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    reason = "test data is small, and what is not there fails the test"
)]

use engine_core::arena::Global;
use engine_core::game::leaderboard::{Leaderboard, Standing};
use proptest::prelude::*;
use std::cmp::Reverse;

#[derive(Clone, Copy, Debug)]
enum Op {
    Join,
    /// Player and score; few scores, so that ties are common.
    SetScore(u32, u32),
    Around(u32, u32),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        2 => Just(Op::Join),
        5 => (any::<u32>(), 0..40u32).prop_map(|(player, score)| Op::SetScore(player, score)),
        1 => (any::<u32>(), prop_oneof![Just(0), Just(u32::MAX), any::<u32>()])
            .prop_map(|(player, score)| Op::SetScore(player, score)),
        3 => (any::<u32>(), 1..=20u32).prop_map(|(player, limit)| Op::Around(player, limit)),
    ]
}

/// Players with their score and when they reached it, in any order.
#[derive(Default)]
struct Model {
    players: Vec<(u32, u64)>,
    reached: u64,
}

impl Model {
    fn join(&mut self) {
        self.players.push((0, self.reached));
        self.reached += 1;
    }

    fn set_score(&mut self, player: u32, score: u32) {
        self.players[player as usize] = (score, self.reached);
        self.reached += 1;
    }

    fn standings(&self) -> Vec<Standing> {
        let mut order: Vec<u32> = (0..self.players.len() as u32).collect();
        order.sort_by_key(|player| {
            let (score, reached) = self.players[*player as usize];
            (Reverse(score), reached)
        });
        let rank = |(place, player): (usize, u32)| Standing {
            rank: place as u32 + 1,
            player,
            score: self.players[player as usize].0,
        };
        order.into_iter().enumerate().map(rank).collect()
    }
}

fn window(all: &[Standing], player: u32, limit: u32) -> Vec<Standing> {
    let place = all.iter().position(|standing| standing.player == player).unwrap();
    let last = all.len().saturating_sub(limit as usize);
    let first = place.saturating_sub(limit as usize / 2).min(last);
    all.iter().copied().skip(first).take(limit as usize).collect()
}

proptest! {
    #[test]
    fn the_board_answers_as_a_sorted_list_does(
        seed in any::<u64>(),
        ops in proptest::collection::vec(op(), 1..600),
    ) {
        let mut board = Leaderboard::new(Global, seed);
        let mut model = Model::default();
        for op in ops {
            let len = model.players.len() as u32;
            match op {
                Op::Join => {
                    prop_assert_eq!(board.join(), len);
                    model.join();
                }
                Op::SetScore(player, score) if len > 0 => {
                    board.set_score(player % len, score);
                    model.set_score(player % len, score);
                }
                Op::Around(player, limit) if len > 0 => {
                    let all = model.standings();
                    let player = player % len;
                    let around: Vec<_> = board.around(player, limit).unwrap().collect();
                    prop_assert_eq!(around, window(&all, player, limit));
                }
                Op::SetScore(..) | Op::Around(..) => {
                    prop_assert!(board.around(0, 1).is_none());
                }
            }
        }
        let all = model.standings();
        prop_assert_eq!(board.len() as usize, all.len());
        for standing in &all {
            prop_assert_eq!(board.standing(standing.player), Some(*standing));
        }
        prop_assert_eq!(board.top(7).collect::<Vec<_>>(), &all[..all.len().min(7)]);
        prop_assert_eq!(board.top(u32::MAX).collect::<Vec<_>>(), all);
    }
}
