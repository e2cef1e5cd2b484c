//! Where a server's CPU time goes, by layer: sampled while a load is on, and told apart by a table.
//!
//! ```text
//!   perf record ─► perf_script ─► source ─┐
//!                                         ├─► stacks ─► rules ─► shares
//!   /debug/pprof ─► pprof ────────────────┘
//! ```
//!
//! A bundle keeps the stacks; shares are computed from them whenever they are asked for.

pub mod flame;
pub mod layer;
pub mod perf;
pub mod perf_script;
pub mod pprof;
pub mod rules;
pub mod shares;
pub mod shown;
pub mod source;
pub mod stacks;
pub mod take;
pub mod told;
