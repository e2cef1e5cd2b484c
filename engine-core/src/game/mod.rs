//! The game, pure: commands in, outcomes and frames out.

pub mod catalogue;
pub mod hash;
pub mod leaderboard;
pub mod player;
pub mod quest;
