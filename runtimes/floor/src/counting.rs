//! The program with an instrument before its allocator: the `/metrics` of a whole server tell how
//! often memory was asked for since the start, and for how many bytes.

use alloc_counting::{Counted, Counting};
use floor::allocator as beneath;
use std::process::ExitCode;

#[global_allocator]
static GLOBAL: Counting<beneath::Global> = Counting::new(beneath::GLOBAL);

static WITNESS: Counted = Counted(&beneath::WITNESS);

fn main() -> ExitCode {
    floor::cli::main(std::env::args_os(), &WITNESS)
}
