//! The proof that the generator measures what it says, on this machine.

pub mod claim;
pub mod cores;
pub mod wrk;
pub mod yardstick;

pub use claim::{Claim, Part, Proof, Reading};
