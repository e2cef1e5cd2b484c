//! The game, pure: commands in, outcomes and frames out.
