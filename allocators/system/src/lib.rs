//! The system's allocator as the global allocator, and the witness of it.
//!
//! Only glibc can be recognised: by its own count of bytes in use, which moves when the process
//! takes memory. Where another `malloc` was put before it, as `LD_PRELOAD` and sanitizers do, the
//! count stands still, and the witness says no.

use alloc_witness::{Figures, Witness};
use std::alloc::System;

/// The type of [`GLOBAL`].
pub type Global = System;

/// To be installed with `#[global_allocator]`.
pub const GLOBAL: Global = System;

/// The witness of the system's allocator.
pub static WITNESS: SystemMalloc = SystemMalloc;

/// The type of [`WITNESS`].
#[derive(Clone, Copy, Debug)]
pub struct SystemMalloc;

impl Witness for SystemMalloc {
    fn name(&self) -> &'static str {
        "system"
    }

    fn version(&self) -> String {
        libc_version()
    }

    fn serves(&self) -> bool {
        // Other threads move the count too, so one look may miss, and none of them takes or gives
        // back as much between two lines all the time.
        (0..TRIES).any(|_| count_moves())
    }

    fn figures(&self) -> Figures {
        info().unwrap_or_default()
    }
}

const TRIES: u32 = 16;
/// Above what a thread caches (1 KiB), which the count does not see; small enough for any heap.
const PROBE_BYTES: usize = 100_000;
/// What may come on top of it: the header of the block, or the rest of a page.
const OVERHEAD_BYTES: usize = 8_192;

fn count_moves() -> bool {
    let in_use = || info().and_then(|figures| figures.allocated_bytes).unwrap_or(0);
    let before = in_use();
    let after = alloc_witness::with_block(PROBE_BYTES, |_| in_use());
    let moved = after.wrapping_sub(before);
    (PROBE_BYTES as u64..=(PROBE_BYTES + OVERHEAD_BYTES) as u64).contains(&moved)
}

#[cfg(target_env = "gnu")]
#[expect(unsafe_code, reason = "a C function")]
fn info() -> Option<Figures> {
    // SAFETY: it takes nothing and returns numbers by value, under the locks of the heaps.
    let info = unsafe { libc::mallinfo2() };
    // Large blocks have a mapping each, and are counted apart from those in heaps.
    Some(Figures {
        allocated_bytes: Some((info.uordblks + info.hblkhd) as u64),
        mapped_bytes: Some((info.arena + info.hblkhd) as u64),
        ..Figures::default()
    })
}

#[cfg(target_env = "gnu")]
#[expect(unsafe_code, reason = "a C function")]
fn libc_version() -> String {
    // SAFETY: it returns a constant text that ends in a zero byte.
    let version = unsafe { std::ffi::CStr::from_ptr(libc::gnu_get_libc_version()) };
    format!("glibc {}", version.to_string_lossy())
}

#[cfg(not(target_env = "gnu"))]
fn info() -> Option<Figures> {
    None
}

#[cfg(not(target_env = "gnu"))]
fn libc_version() -> String {
    String::new()
}
