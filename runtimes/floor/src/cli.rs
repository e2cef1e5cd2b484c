//! From the command line to an exit code: 0 done, 1 it went wrong, 2 it was asked for wrongly.

use crate::args::{self, Task};
use crate::{run, serve, whole};
use alloc_witness::Witness;
use hunt_server::faults::Faults;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

const FAILED: u8 = 1;
const MISUSED: u8 = 2;

/// Does what the command line asks. `allocator` is the witness of the allocator that was built in.
#[must_use]
pub fn main(args: impl IntoIterator<Item = OsString>, allocator: &'static dyn Witness) -> ExitCode {
    // Before there is a second thread, so that nothing disturbs the look.
    hunt_server::allocator::look(allocator);
    let task = match args::parse(args) {
        Ok(task) => task,
        Err(error) => {
            // Help and the version go to standard output, faults to standard error.
            let printed = error.print();
            let code = u8::try_from(error.exit_code()).unwrap_or(MISUSED);
            return ExitCode::from(if printed.is_ok() { code } else { FAILED });
        }
    };
    let result = match task {
        Task::Measure(options) => run::run(&options),
        Task::Serve(options) => serve::serve(options, allocator),
        Task::Whole(options) => whole::serve(&options),
    };
    result.unwrap_or_else(|error| {
        let code = if error.is::<Faults>() { MISUSED } else { FAILED };
        let _ = writeln!(io::stderr(), "floor: {error:#}");
        ExitCode::from(code)
    })
}
