//! The game, pure: commands in, outcomes and frames out.
//!
//! ```text
//! Partition ── many ──> Hunt ── the round now ──> Round ──> Player, Leaderboard
//!                        │                                  (one region of memory)
//!                        └── what is played ──> Quest <── Catalogue
//! ```
//!
//! A [`partition`] is what one lock protects. Nothing here knows connections, clocks or sockets,
//! and JSON only as far as a broadcast [`frame`] is written in it.

pub mod catalogue;
pub mod frame;
pub mod hash;
pub mod hunt;
pub mod leaderboard;
pub mod partition;
pub mod player;
pub mod quest;
pub mod round;
mod watchers;
