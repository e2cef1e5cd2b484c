//! The live screen of `--tui`: takes the terminal, draws every snapshot, gives the terminal back.
//!
//! What is on it is up to [`draw`](super::draw). Ctrl-C stays a signal: keys are not read, only not
//! shown.

use crate::cli::draw::{History, draw};
use crate::outcome::{Observer, Snapshot};
use anyhow::ensure;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::io::{IsTerminal, Stderr, Write, stderr, stdin};
use std::sync::Mutex;

/// A terminal that shows a run.
#[derive(Debug)]
pub struct Screen {
    terminal: Terminal<CrosstermBackend<Stderr>>,
    title: String,
    history: History,
    step: String,
}

impl Screen {
    /// Takes the terminal of standard error.
    ///
    /// # Errors
    /// If that is none, or does not let itself be drawn on.
    pub fn take(title: &str) -> anyhow::Result<Self> {
        ensure!(
            stderr().is_terminal(),
            "--tui needs a terminal as standard error; without it there is a line now and then"
        );
        remember_modes();
        execute!(stderr(), EnterAlternateScreen, Hide)?;
        let terminal = Terminal::new(CrosstermBackend::new(stderr()))?;
        Ok(Self { terminal, title: title.into(), history: History::default(), step: String::new() })
    }
}

impl Observer for Screen {
    fn step(&mut self, text: &str) {
        text.clone_into(&mut self.step);
        let (title, history) = (&self.title, &self.history);
        // A terminal that went away is no reason to end a run.
        let _ = self.terminal.draw(|frame| draw(frame, title, text, None, history));
    }

    fn snapshot(&mut self, snapshot: &Snapshot<'_>) {
        self.history.add(snapshot);
        let (title, history, step) = (&self.title, &self.history, &self.step);
        let _ = self.terminal.draw(|frame| draw(frame, title, step, Some(snapshot), history));
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// How the terminal was before it was taken.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// Keeps the modes, then lets typed keys neither be shown nor waited for.
fn remember_modes() {
    let Ok(before) = tcgetattr(stdin()) else { return };
    let mut modes = before.clone();
    modes.local_modes -= LocalModes::ECHO | LocalModes::ICANON;
    if tcsetattr(stdin(), OptionalActions::Now, &modes).is_ok()
        && let Ok(mut kept) = BEFORE.lock()
    {
        *kept = Some(before);
    }
}

/// Gives the terminal back, if it was taken; also called where the program ends at once.
pub fn give_back() {
    let Some(before) = BEFORE.lock().ok().and_then(|mut kept| kept.take()) else { return };
    let _ = execute!(stderr(), LeaveAlternateScreen, Show);
    // What was typed meanwhile is nobody's command.
    let _ = tcsetattr(stdin(), OptionalActions::Flush, &before);
    let _ = stderr().flush();
}
