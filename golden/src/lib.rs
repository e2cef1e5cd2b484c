//! The golden transcripts: text that says what is sent and what must come back, and the player
//! that holds the engine, our servers, and any other server to it.
//!
//! `golden/README.md` describes the format; `golden/RULES.md` the game that is played in it.

pub mod frame;
pub mod parse;
pub mod pattern;
pub mod protobuf;
pub mod text;
pub mod transcript;
