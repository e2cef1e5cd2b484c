//! The benchmark matrix: what is measured, how results are kept, and what can be said of them.
//!
//! ```text
//!   plan ──► bundle ──► figures ──► statistics ──► verify, compare, recommend, report
//!   what,    what was   one number  intervals,     what is published,
//!   in which observed,  a run       verdicts       what changed,
//!   order    unchanged                             what to choose
//! ```

mod axis;
pub mod bundle;
pub mod cell;
pub mod cli;
pub mod compare;
pub mod figures;
pub mod number;
pub mod plan;
pub mod profile;
pub mod prove;
pub mod published;
pub mod quantity;
pub mod recommend;
pub mod report;
pub mod run;
pub mod slo;
pub mod statistics;
#[doc(hidden)]
pub mod testing;
mod words;
