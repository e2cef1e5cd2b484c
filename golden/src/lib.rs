//! The golden transcripts: text that says what is sent and what must come back, and the player
//! that holds the engine, our servers, and any other server to it.
//!
//! `golden/README.md` describes the format; `golden/RULES.md` the game that is played in it.

pub mod behind;
pub mod bless;
pub mod channel;
pub mod check;
pub mod config;
pub mod conformance;
pub mod core;
pub mod coverage;
pub mod diff;
pub mod differ;
pub mod differences;
pub mod echo;
pub mod frame;
pub mod go;
pub mod http;
pub mod library;
pub mod loose;
pub mod parse;
pub mod pattern;
pub mod peer;
pub mod player;
pub mod process;
pub mod protobuf;
pub mod servers;
pub mod soak;
pub mod sockets;
pub mod text;
pub mod transcript;
