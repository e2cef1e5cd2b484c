//! Fuzz targets of the engine, and a small fuzzer that a stable toolchain can run.
//!
//! A target is a plain function of bytes that panics where an invariant is broken, so any other
//! fuzzer can drive it as well. The fuzzer here replays the kept corpus, then mutates it for a
//! given time or number of runs. It has no coverage to go by: a target [notes](signature) what the
//! engine did instead (statuses, events, outcomes), and an input that leads to a new sequence of
//! such notes becomes a parent of further ones.

pub mod corpus;
pub mod fuzzer;
mod input;
pub mod mutate;
pub mod signature;
#[path = "../../tests/support/mod.rs"]
mod support;
pub mod targets;
mod wire;

/// Something to fuzz.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, which is also that of its corpus directory.
    pub name: &'static str,
    /// Runs it once. Panics where an invariant is broken.
    pub run: fn(&[u8]),
    /// Words that its input is made of.
    pub dictionary: &'static [&'static [u8]],
}
