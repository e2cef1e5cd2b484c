//! The server's program; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    hunt_server::cli::main(std::env::args_os())
}
