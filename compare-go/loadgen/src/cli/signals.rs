//! SIGINT and SIGTERM: the first ends a run with a report, the second ends the program at once.

use super::screen;
use crate::run::Stop;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::io;
use std::thread;

/// From here on, signals stop what `stop` is given to.
///
/// # Errors
/// If the signals cannot be registered, or no thread can be started.
pub(super) fn watch(stop: Stop) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    let wait = move || {
        let mut coming = signals.forever();
        if coming.next().is_some() {
            stop.set();
        }
        if let Some(second) = coming.next() {
            screen::give_back();
            std::process::exit(128 + second);
        }
    };
    thread::Builder::new().name("hunt-load-signals".into()).spawn(wait).map(drop)
}
