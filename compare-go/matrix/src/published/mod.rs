//! What is published of bundles in Markdown: blocks that are computed, and the check that every
//! number in them is one that a bundle backs.
//!
//! ```text
//! <!-- matrix: table headline bundle=2027-03-01-two-cores -->
//! | server | ..
//! <!-- /matrix -->
//! ```
//!
//! A number reaches a document by such a block and no other way. Figures outside of blocks must be
//! declared as constants of the text (a tick, a promise), or stand in a block that quotes a source.

pub mod block;
pub mod library;
pub mod markdown;
pub mod prose;
pub mod spec;
pub mod tables;
pub mod verify;
