//! The leaderboard: a score change, a rank, the first ten and the ten around a player.

use super::{Path, Random, Step};
use engine_core::arena::Global;
use engine_core::game::leaderboard::Leaderboard;
use std::hint::black_box;

pub(crate) const PATHS: &[Path] = &[
    Path { name: "leaderboard/update/1000", ready: || update(1_000) },
    Path { name: "leaderboard/rank/1000", ready: || rank(1_000) },
    Path { name: "leaderboard/update_and_rank/1000", ready: || update_and_rank(1_000) },
    Path { name: "leaderboard/top_10/1000", ready: || top_10(1_000) },
    Path { name: "leaderboard/around_10/1000", ready: || around_10(1_000) },
    Path { name: "leaderboard/update/30000", ready: || update(30_000) },
    Path { name: "leaderboard/rank/30000", ready: || rank(30_000) },
    Path { name: "leaderboard/update_and_rank/30000", ready: || update_and_rank(30_000) },
    Path { name: "leaderboard/top_10/30000", ready: || top_10(30_000) },
    Path { name: "leaderboard/around_10/30000", ready: || around_10(30_000) },
];

/// Boards too large to be set up under an emulator: for time only.
pub(crate) const LARGE: &[Path] = &[
    Path { name: "leaderboard/update/1000000", ready: || update(1_000_000) },
    Path { name: "leaderboard/rank/1000000", ready: || rank(1_000_000) },
    Path { name: "leaderboard/update_and_rank/1000000", ready: || update_and_rank(1_000_000) },
    Path { name: "leaderboard/top_10/1000000", ready: || top_10(1_000_000) },
    Path { name: "leaderboard/around_10/1000000", ready: || around_10(1_000_000) },
];

/// A board in the middle of a round: everybody has opened a few treasures.
struct Round {
    board: Leaderboard<Global>,
    scores: Vec<u32>,
    random: Random,
}

impl Round {
    fn new(players: u32) -> Self {
        let board = Leaderboard::new(Global, 42);
        let mut round = Self { board, scores: vec![0; players as usize], random: Random::new(7) };
        (0..players).for_each(|_| {
            round.board.join();
        });
        (0..4 * players).for_each(|_| round.gain());
        round
    }

    fn any(&mut self) -> u32 {
        self.random.below(self.board.len())
    }

    fn gain(&mut self) {
        let player = self.any();
        let score = &mut self.scores[player as usize];
        *score += 10 * (1 + self.random.below(20));
        self.board.set_score(player, *score);
    }
}

fn update(players: u32) -> Step {
    let mut round = Round::new(players);
    Step::one(move || round.gain())
}

fn rank(players: u32) -> Step {
    let mut round = Round::new(players);
    Step::one(move || {
        let player = round.any();
        black_box(round.board.standing(player));
    })
}

fn update_and_rank(players: u32) -> Step {
    let mut round = Round::new(players);
    Step::one(move || {
        let player = round.any();
        round.scores[player as usize] += 10;
        round.board.set_score(player, round.scores[player as usize]);
        black_box(round.board.standing(player));
    })
}

fn top_10(players: u32) -> Step {
    let round = Round::new(players);
    Step::one(move || {
        black_box(round.board.top(10).map(|standing| standing.score).sum::<u32>());
    })
}

fn around_10(players: u32) -> Step {
    let mut round = Round::new(players);
    Step::one(move || {
        let player = round.any();
        let window = round.board.around(player, 10).expect("the player joined");
        black_box(window.map(|standing| standing.player).fold(0, u32::wrapping_add));
    })
}
