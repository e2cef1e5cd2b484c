//! The game, pure: commands in, outcomes and frames out.

pub mod leaderboard;
pub mod player;
