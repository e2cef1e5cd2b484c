//! From runs to what can be said of them: spreads, intervals, and verdicts that know how much of a
//! difference is noise.
//!
//! Nothing here knows of servers or bundles. Everything random follows from a seed, so that whoever
//! computes a number again gets the same one.

pub mod bootstrap;
pub mod histogram;
pub mod holm;
pub mod normal;
pub mod pairs;
pub mod random;
pub mod spread;
pub mod student;
pub mod verdict;

pub use bootstrap::{Bootstrap, Estimate, Interval};
pub use histogram::Histogram;
pub use pairs::{Change, Scale};
pub use spread::Spread;
pub use verdict::{Better, Judged, Noise, Question, Verdict};
