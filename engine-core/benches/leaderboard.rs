//! The leaderboard: a score change, a rank, the first ten and the ten around a player.
//!
//! `cargo bench -p engine-core --bench leaderboard`

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use engine_core::arena::Global;
use engine_core::game::leaderboard::Leaderboard;

/// Numbers without a pattern that caches and branch predictors could learn.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from(z % u64::from(bound)).expect("less than a u32")
    }
}

/// A board in the middle of a round: everybody has opened a few treasures.
fn board(players: u32) -> (Leaderboard<Global>, Vec<u32>, Random) {
    let mut random = Random(7);
    let mut board = Leaderboard::new(Global, 42);
    let mut scores = vec![0; players as usize];
    for _ in 0..players {
        board.join();
    }
    for _ in 0..4 * players {
        gain(&mut board, &mut scores, &mut random);
    }
    (board, scores, random)
}

fn gain(board: &mut Leaderboard<Global>, scores: &mut [u32], random: &mut Random) {
    let player = random.below(board.len());
    let score = &mut scores[player as usize];
    *score += 10 * (1 + random.below(20));
    board.set_score(player, *score);
}

fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("leaderboard");
    for players in [1_000, 30_000, 1_000_000] {
        let (mut board, mut scores, mut random) = board(players);
        group.bench_function(BenchmarkId::new("update", players), |bencher| {
            bencher.iter(|| gain(&mut board, &mut scores, &mut random));
        });
        group.bench_function(BenchmarkId::new("rank", players), |bencher| {
            bencher.iter(|| board.standing(random.below(players)));
        });
        group.bench_function(BenchmarkId::new("update_and_rank", players), |bencher| {
            bencher.iter(|| {
                let player = random.below(players);
                scores[player as usize] += 10;
                board.set_score(player, scores[player as usize]);
                board.standing(player)
            });
        });
        group.bench_function(BenchmarkId::new("top_10", players), |bencher| {
            bencher.iter(|| board.top(10).map(|standing| standing.score).sum::<u32>());
        });
        group.bench_function(BenchmarkId::new("around_10", players), |bencher| {
            bencher.iter(|| {
                let window = board.around(random.below(players), 10).expect("the player joined");
                window.map(|standing| standing.player).fold(0, u32::wrapping_add)
            });
        });
    }
    group.finish();
}

criterion_group!(leaderboard, benches);
criterion_main!(leaderboard);
