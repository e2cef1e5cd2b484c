//! The store: answers what shards submit, and publishes the broadcasts.
//!
//! A store may answer at once, into the [`Applied`] that it is given, or later, through
//! [`Control::applied`](crate::Control::applied) of the worker that asked. A shard cannot tell.

mod directory;
pub mod memory;

use engine_core::seam::{Applied, Published, Submit, WorkerId};
use engine_core::time::Timestamp;

pub use memory::Memory;

/// Answers what shards submit. Called by every worker at once.
pub trait Store: Send + Sync + 'static {
    /// Does what is asked, or begins to. Replies that are ready are appended to `applied`; whoever
    /// answers later owes exactly one reply to each request that is not the end of a watch. Must
    /// not wait for anything but a short lock. Never called with a request to observe.
    fn submit(&self, now: Timestamp, submit: Submit, applied: &mut Applied);

    /// Time has passed for `worker`: appends the broadcasts that are due of the hunts that it keeps
    /// the time of. Every worker calls it every [`TICK`](crate::loops::TICK).
    fn tick(&self, now: Timestamp, worker: WorkerId, published: &mut Vec<Published>);

    /// Whether requests can be answered now, for `/readyz`.
    fn is_ready(&self) -> bool {
        true
    }
}
