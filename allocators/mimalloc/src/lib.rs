//! mimalloc, C version 2, as the global allocator, and the witness of it.
//!
//! Its release build counts no blocks, so it does not know the bytes that the program holds, and
//! what it calls resident is on Linux what it has committed. That is told as what is mapped: it
//! moves by whole arenas of 1 GiB of address space, most of which is never touched.

use alloc_witness::{Figures, Witness, with_block};
use std::ptr::null_mut;

/// The type of [`GLOBAL`].
pub type Global = mimalloc::MiMalloc;

/// To be installed with `#[global_allocator]`.
pub const GLOBAL: Global = mimalloc::MiMalloc;

/// The witness of mimalloc.
pub static WITNESS: Mimalloc = Mimalloc;

/// The type of [`WITNESS`].
#[derive(Clone, Copy, Debug)]
pub struct Mimalloc;

impl Witness for Mimalloc {
    fn name(&self) -> &'static str {
        "mimalloc"
    }

    #[expect(unsafe_code, reason = "a C function")]
    fn version(&self) -> String {
        // SAFETY: it takes nothing and returns a constant.
        let version = unsafe { libmimalloc_sys::mi_version() };
        // Two digits each for minor and patch: 20302 is 2.3.2. Before 2.3 there was one each.
        match version {
            10_000.. => format!("{}.{}.{}", version / 10_000, version / 100 % 100, version % 100),
            _ => format!("{}.{}.{}", version / 100, version / 10 % 10, version % 10),
        }
    }

    #[expect(unsafe_code, reason = "a C function")]
    fn serves(&self) -> bool {
        // SAFETY: it compares the address with the ranges that mimalloc took, and follows it into
        // memory only where that lies in one of them.
        with_block(64, |block| unsafe { libmimalloc_sys::mi_is_in_heap_region(block.cast()) })
    }

    #[expect(unsafe_code, reason = "a C function")]
    fn figures(&self) -> Figures {
        let mut committed = 0_usize;
        let none = null_mut();
        // SAFETY: each argument may be null, and `committed` lives over the call.
        unsafe {
            libmimalloc_sys::mi_process_info(
                none,
                none,
                none,
                none,
                none,
                &raw mut committed,
                none,
                none,
            );
        }
        Figures { mapped_bytes: Some(committed as u64), ..Figures::default() }
    }
}
