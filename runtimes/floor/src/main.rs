//! The program; everything is in the library.

use std::process::ExitCode;

#[global_allocator]
static GLOBAL: floor::allocator::Global = floor::allocator::GLOBAL;

fn main() -> ExitCode {
    floor::cli::main(std::env::args_os(), &floor::allocator::WITNESS)
}
