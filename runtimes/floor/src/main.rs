//! The program; everything is in the library.

use std::process::ExitCode;

/// Every peer runs on it: the one that the server is built with.
#[global_allocator]
static GLOBAL: alloc_mimalloc::Global = alloc_mimalloc::GLOBAL;

fn main() -> ExitCode {
    floor::cli::main(std::env::args_os())
}
