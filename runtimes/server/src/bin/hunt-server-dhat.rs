//! The server under dhat: it writes heap profiles into the current folder.
//!
//! `dhat-startup.json` holds what was asked for from the start to the first SIGUSR1, and
//! `dhat-steady.json` what was asked for from there to the second, or to the end of the process.
//! A third begins the steady state again.

use signal_hook::consts::SIGUSR1;
use signal_hook::iterator::Signals;
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::thread;

#[global_allocator]
static GLOBAL: alloc_dhat::Global = alloc_dhat::GLOBAL;

fn main() -> ExitCode {
    alloc_dhat::begin(Path::new("dhat-startup.json"));
    if let Err(error) = profile_between_signals() {
        eprintln!("hunt-server-dhat: no profile of the steady state: {error}");
    }
    let code = hunt_server::cli::main(std::env::args_os(), &alloc_dhat::WITNESS);
    alloc_dhat::end();
    code
}

fn profile_between_signals() -> io::Result<()> {
    let mut signals = Signals::new([SIGUSR1])?;
    let wait = move || {
        let mut coming = signals.forever();
        while coming.next().is_some() {
            alloc_dhat::begin(Path::new("dhat-steady.json"));
            if coming.next().is_some() {
                alloc_dhat::end();
            }
        }
    };
    thread::Builder::new().name("hunt-dhat".into()).spawn(wait).map(drop)
}
