//! The server on its default allocator with an instrument before it: `/metrics` tells how often
//! memory was asked for since the start, and for how many bytes.

use alloc_counting::{Counted, Counting};
use alloc_jemalloc as beneath;
use std::process::ExitCode;

#[global_allocator]
static GLOBAL: Counting<beneath::Global> = Counting::new(beneath::GLOBAL);

static WITNESS: Counted = Counted(&beneath::WITNESS);

fn main() -> ExitCode {
    hunt_server::cli::main(std::env::args_os(), &WITNESS)
}
