//! dhat as an instrument: heap profiles one after the other, and its own counts.
//!
//! A profile says which lines of the program asked for memory, how often, for how many bytes, and
//! for how long they were held. At most one runs at a time, over the whole process. Memory comes
//! from the system's allocator, so a profile says nothing of what another one would hold; and each
//! request takes a lock and walks the stack, so it says nothing of time.

use alloc_witness::{Asked, Figures, Witness, with_block};
use dhat::{HeapStats, Profiler};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The type of [`GLOBAL`].
pub type Global = dhat::Alloc;

/// To be installed with `#[global_allocator]`; until a profile begins it passes everything on.
pub const GLOBAL: Global = dhat::Alloc;

/// The witness of the system's allocator under dhat.
pub static WITNESS: Dhat = Dhat;

/// The type of [`WITNESS`].
#[derive(Clone, Copy, Debug)]
pub struct Dhat;

/// What was asked for since a profile began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// New blocks, and blocks made larger or smaller.
    pub blocks: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Blocks that are held now.
    pub blocks_held: u64,
    /// Their bytes.
    pub bytes_held: u64,
}

static RUNNING: Mutex<Option<Profiler>> = Mutex::new(None);

fn running() -> MutexGuard<'static, Option<Profiler>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Begins a profile that will be written to `file`. The one that runs ends, and is written.
pub fn begin(file: &Path) {
    let mut running = running();
    // Two cannot live at once.
    drop(running.take());
    *running = Some(Profiler::builder().file_name(file).build());
}

/// Begins a profile of which only the counts are wanted: dhat's testing mode.
pub fn begin_counting() {
    let mut running = running();
    drop(running.take());
    *running = Some(Profiler::builder().testing().build());
}

/// Ends the profile that runs, and writes it. Does nothing where none runs.
pub fn end() {
    drop(running().take());
}

/// The counts of the profile that runs.
#[must_use]
pub fn counts() -> Option<Counts> {
    let running = running();
    running.as_ref()?;
    let stats = HeapStats::get();
    Some(Counts {
        blocks: stats.total_blocks,
        bytes: stats.total_bytes,
        blocks_held: stats.curr_blocks as u64,
        bytes_held: stats.curr_bytes as u64,
    })
}

impl Witness for Dhat {
    fn name(&self) -> &'static str {
        alloc_system::WITNESS.name()
    }

    fn version(&self) -> String {
        alloc_system::WITNESS.version()
    }

    fn instrument(&self) -> Option<&'static str> {
        Some("dhat")
    }

    /// Only while a profile runs can it be seen.
    fn serves(&self) -> bool {
        let before = counts();
        with_block(64, |_| counts().map(|counts| counts.blocks) > before.map(|c| c.blocks))
            && alloc_system::WITNESS.serves()
    }

    fn figures(&self) -> Figures {
        let asked = counts().map(|counts| Asked { requests: counts.blocks, bytes: counts.bytes });
        Figures { asked, ..alloc_system::WITNESS.figures() }
    }
}
