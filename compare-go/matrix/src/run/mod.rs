//! Doing what a plan says: building, checking and proving first, then one run after the other,
//! each written to the bundle before the next begins.
//!
//! ```text
//!   preflight ► programs ► ready ► prove ► step after step:  serving ► measure ─┬─ generate
//!   what would   builds    golden,          first open one     how it    one run  ├─ observe
//!   spoil it               size, start      until none is      starts             └─ count
//! ```

pub mod count;
pub mod environment;
pub mod generate;
pub mod interrupt;
pub mod measure;
pub mod observe;
pub mod preflight;
pub mod programs;
pub mod prove;
pub mod ready;
pub mod serving;
pub mod show;
