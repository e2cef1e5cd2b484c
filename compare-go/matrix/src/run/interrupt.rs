//! Ctrl-C: what is under way is ended, what is complete is kept. A second one kills.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Whether somebody asked to stop.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

/// It ended since somebody asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

impl Stop {
    /// Whether it was asked for.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Asks for it.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Goes on only where nobody asked.
    ///
    /// # Errors
    /// If somebody did.
    pub fn check(&self) -> Result<(), Interrupted> {
        if self.is_asked() { Err(Interrupted) } else { Ok(()) }
    }

    /// Has the first SIGINT or SIGTERM ask for it, and the second end the program at once.
    ///
    /// # Errors
    /// If the system does not let signals be caught.
    pub fn on_signals(&self) -> io::Result<()> {
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        let stop = self.clone();
        let wait = move || {
            let mut coming = signals.forever();
            if coming.next().is_some() {
                stop.ask();
                let said = "matrix: ending; what is complete is kept (again: at once)\n";
                let _ = io::stderr().write_all(said.as_bytes());
            }
            if let Some(second) = coming.next() {
                // Programs that run end with this one.
                std::process::exit(128 + second);
            }
        };
        thread::Builder::new().name("matrix-signals".into()).spawn(wait).map(drop)
    }
}
