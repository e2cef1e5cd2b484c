//! SIGTERM and SIGINT: the first ends the server in order, the second at once.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::io;
use std::thread;

/// Starts the thread that waits for signals; from here on none of them ends the process by itself.
///
/// `drain` is called at the first signal with its name.
///
/// # Errors
/// If the signals cannot be registered, or no thread can be started.
pub fn watch(drain: impl FnOnce(&'static str) + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    let wait = move || {
        let mut coming = signals.forever();
        if let Some(first) = coming.next() {
            drain(name(first));
        }
        if let Some(second) = coming.next() {
            tracing::warn!(signal = name(second), "ending at once");
            // As a shell tells the end by a signal.
            std::process::exit(128 + second);
        }
    };
    thread::Builder::new().name("hunt-signals".into()).spawn(wait).map(drop)
}

fn name(signal: i32) -> &'static str {
    if signal == SIGINT { "SIGINT" } else { "SIGTERM" }
}
