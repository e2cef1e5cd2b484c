//! How a process tells which allocator it runs on: from what it sees, not from what was built in.
//!
//! Each allocator of the workspace exports `GLOBAL`, to be installed, and `WITNESS`, which looks at
//! memory that the process takes and says whether it came from there:
//!
//! ```
//! # use alloc_witness::{Figures, Seen, Witness};
//! # #[derive(Debug)] struct Absent;
//! # impl Witness for Absent {
//! #     fn name(&self) -> &'static str { "absent" }
//! #     fn version(&self) -> String { "1".into() }
//! #     fn serves(&self) -> bool { false }
//! #     fn figures(&self) -> Figures { Figures::default() }
//! # }
//! # static WITNESS: Absent = Absent;
//! // Built for one allocator; another, or none that is known, may serve it all the same.
//! let seen = Seen::look(&WITNESS, &[]);
//! assert_eq!((seen.allocator, seen.installed), ("unknown", "absent"));
//! assert!(!seen.is_as_installed());
//! ```
//!
//! It knows no allocator, and not how figures are shown.

use std::fmt::Debug;
use std::hint::black_box;

/// What an allocator can tell of itself in a running process.
pub trait Witness: Debug + Sync {
    /// The allocator in a word.
    fn name(&self) -> &'static str;

    /// The version that runs, as the allocator itself tells it.
    fn version(&self) -> String;

    /// The instrument that stands before the allocator, if one does.
    fn instrument(&self) -> Option<&'static str> {
        None
    }

    /// Whether memory that this thread takes from the global allocator comes from this one. Takes
    /// a little and looks whose it is.
    fn serves(&self) -> bool;

    /// What it holds now. May take a lock of the allocator: for a scrape, not for a request.
    fn figures(&self) -> Figures;
}

/// What an allocator holds; what it does not know is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Bytes of blocks that the program holds, as the allocator rounds them.
    pub allocated_bytes: Option<u64>,
    /// Bytes of the allocator's memory that are resident.
    pub resident_bytes: Option<u64>,
    /// Bytes that the allocator took from the system for use, resident or not.
    pub mapped_bytes: Option<u64>,
    /// What was asked of it since the start, where an instrument counts.
    pub asked: Option<Asked>,
}

/// What was asked since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// How often memory was asked for: new blocks, and blocks made larger or smaller.
    pub requests: u64,
    /// Bytes of new blocks, and of the new sizes of others.
    pub bytes: u64,
}

/// Which allocator serves the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The one that serves; `unknown` where none of those that were asked does.
    pub allocator: &'static str,
    /// Its version; empty where it is unknown.
    pub version: String,
    /// The one that was built in.
    pub installed: &'static str,
    /// The instrument that stands before it, if one does.
    pub instrument: Option<&'static str>,
}

impl Seen {
    /// Looks whether `installed` serves, and else which of `others` does.
    #[must_use]
    pub fn look(installed: &dyn Witness, others: &[&dyn Witness]) -> Self {
        let mut asked = std::iter::once(&installed).chain(others);
        let serving = asked.find(|witness| witness.serves());
        Self {
            allocator: serving.map_or("unknown", |witness| witness.name()),
            version: serving.map_or_else(String::new, |witness| witness.version()),
            installed: installed.name(),
            instrument: serving.and_then(|witness| witness.instrument()),
        }
    }

    /// Whether the allocator that serves is the one that was built in.
    #[must_use]
    pub fn is_as_installed(&self) -> bool {
        self.allocator == self.installed
    }
}

/// Runs `look` on a block of `bytes` bytes that the global allocator has just handed out, and
/// gives it back. The block is not written, so a large one costs address space alone.
pub fn with_block<R>(bytes: usize, look: impl FnOnce(*const u8) -> R) -> R {
    let block: Vec<u8> = black_box(Vec::with_capacity(bytes));
    let result = look(block.as_ptr());
    drop(black_box(block));
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Told(&'static str, bool);

    impl Witness for Told {
        fn name(&self) -> &'static str {
            self.0
        }
        fn version(&self) -> String {
            format!("{} 1", self.0)
        }
        fn serves(&self) -> bool {
            self.1
        }
        fn figures(&self) -> Figures {
            Figures::default()
        }
    }

    #[test]
    fn what_is_installed_and_serves_is_seen() {
        let seen = Seen::look(&Told("a", true), &[&Told("b", true)]);
        assert_eq!((seen.allocator, seen.version.as_str()), ("a", "a 1"));
        assert!(seen.is_as_installed());
    }

    #[test]
    fn another_one_that_serves_is_seen_in_its_place() {
        let seen = Seen::look(&Told("a", false), &[&Told("b", false), &Told("c", true)]);
        assert_eq!((seen.allocator, seen.installed), ("c", "a"));
        assert!(!seen.is_as_installed());
    }

    #[test]
    fn a_block_is_as_large_as_was_asked_and_not_null() {
        assert!(with_block(10, |block| !block.is_null()));
    }
}
