//! The golden transcripts, the player that replays them, and the conformance tools.

pub mod conformance;
pub mod echo;
