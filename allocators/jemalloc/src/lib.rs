//! jemalloc as the global allocator, and the witness of it.

use alloc_witness::{Figures, Witness, with_block};
use tikv_jemalloc_ctl::{epoch, stats, thread, version};

/// The type of [`GLOBAL`].
pub type Global = tikv_jemallocator::Jemalloc;

/// To be installed with `#[global_allocator]`.
pub const GLOBAL: Global = tikv_jemallocator::Jemalloc;

/// The witness of jemalloc.
pub static WITNESS: Jemalloc = Jemalloc;

/// The type of [`WITNESS`].
#[derive(Clone, Copy, Debug)]
pub struct Jemalloc;

/// Bytes that the witness takes to see the thread's counter move by as many.
const PROBE_BYTES: usize = 4_096;

impl Witness for Jemalloc {
    fn name(&self) -> &'static str {
        "jemalloc"
    }

    fn version(&self) -> String {
        // `5.3.0-1-g0123abc…`: the release, then commits since.
        let full = version::read().unwrap_or_default();
        full.split('-').next().unwrap_or_default().to_owned()
    }

    fn serves(&self) -> bool {
        // Of this thread alone, and exact at once: no epoch needs to pass.
        let Ok(allocated) = thread::allocatedp::read() else { return false };
        let before = allocated.get();
        with_block(PROBE_BYTES, |_| allocated.get() - before >= PROBE_BYTES as u64)
    }

    fn figures(&self) -> Figures {
        // Figures are those of the last epoch: without this they would stand still.
        if epoch::advance().is_err() {
            return Figures::default();
        }
        let bytes = |read: Result<usize, _>| read.ok().map(|bytes: usize| bytes as u64);
        Figures {
            allocated_bytes: bytes(stats::allocated::read()),
            resident_bytes: bytes(stats::resident::read()),
            mapped_bytes: bytes(stats::mapped::read()),
            asked: None,
        }
    }
}
