//! The arena trait: memory that dies together is given back together.
//!
//! Two shapes of lifetime exist in the engine. **Scratch** is the work of one
//! [`receive`](crate::seam): it is borrowed, and reset when the call ends. A **region** is the
//! memory of a quest version or of one round of a hunt: every collection in it holds a handle, and
//! the region is freed whole when the last handle is dropped. Implementations live outside this
//! crate (`alloc-bumpalo`, `alloc-heap`), since an allocator cannot be written without `unsafe`.

use alloc::sync::Arc;
use core::fmt::Debug;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

pub use allocator_api2::alloc::{Allocator, Global};

/// A vector whose memory comes from an arena.
pub type ArenaVec<T, A> = allocator_api2::vec::Vec<T, A>;

/// One kind of arena: `bump` or `heap`, chosen at start.
pub trait Arena: Send + Sized + 'static {
    /// The word that chooses it: `--arena NAME`.
    const NAME: &'static str;

    /// What collections that live for one `receive` allocate from.
    type Scratch<'a>: Allocator + Copy
    where
        Self: 'a;

    /// What collections of a quest version or a round allocate from.
    type Region: Allocator + Clone + Debug + Send + Sync + 'static;

    /// An empty scratch arena whose figures are added to `meter`.
    fn new(meter: Arc<Meter>) -> Self;

    /// The allocator of the current work; everything from it is gone at the next [`reset`].
    ///
    /// [`reset`]: Arena::reset
    fn scratch(&self) -> Self::Scratch<'_>;

    /// Ends the current work. Free when nothing was allocated since the last call.
    fn reset(&mut self);

    /// A fresh region whose figures are added to `meter`.
    fn region(meter: &Arc<Meter>) -> Self::Region;
}

/// What a kind of arena holds now, summed over its instances; read by the metrics.
#[derive(Debug, Default)]
pub struct Meter {
    bytes_held: AtomicUsize,
    bytes_high: AtomicUsize,
    resets: AtomicU64,
}

/// One reading of a [`Meter`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArenaFigures {
    /// Bytes taken from the global allocator and not given back.
    pub bytes_held: usize,
    /// The largest `bytes_held` so far.
    pub bytes_high: usize,
    /// How often memory was given back as a whole: resets of scratch, drops of regions.
    pub resets: u64,
}

impl Meter {
    /// Bytes were taken from the global allocator.
    pub fn grew(&self, bytes: usize) {
        let held = self.bytes_held.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.bytes_high.fetch_max(held, Ordering::Relaxed);
    }

    /// Bytes were given back to the global allocator.
    pub fn shrank(&self, bytes: usize) {
        self.bytes_held.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Memory was given back as a whole.
    pub fn reset(&self) {
        self.resets.fetch_add(1, Ordering::Relaxed);
    }

    /// The figures now.
    pub fn figures(&self) -> ArenaFigures {
        ArenaFigures {
            bytes_held: self.bytes_held.load(Ordering::Relaxed),
            bytes_high: self.bytes_high.load(Ordering::Relaxed),
            resets: self.resets.load(Ordering::Relaxed),
        }
    }
}

/// The three meters of a server, one for each lifetime.
#[derive(Clone, Debug, Default)]
pub struct ArenaMeters {
    /// The work of one `receive`.
    pub scratch: Arc<Meter>,
    /// Quest versions.
    pub quests: Arc<Meter>,
    /// Rounds of hunts.
    pub rounds: Arc<Meter>,
}
