//! `hunt-load`: the load generator; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    if loadgen::worker::is_worker() {
        // What goes wrong here is told by whoever waits for the reports.
        return loadgen::worker::main().map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    }
    loadgen::cli::main(std::env::args_os())
}
