//! `hunt-load`: the load generator.

use std::process::ExitCode;

fn main() -> ExitCode {
    if loadgen::worker::is_worker() {
        // What goes wrong here is told by whoever waits for the reports.
        return loadgen::worker::main().map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    }
    ExitCode::SUCCESS
}
