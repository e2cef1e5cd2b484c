//! What is shown while a plan is done: a bar on a terminal, lines elsewhere, on standard error.

use crate::quantity::duration;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write, stderr};

/// How far a plan is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Steps that are done or left out.
    pub done: usize,
    /// All steps.
    pub of: usize,
    /// What is measured now.
    pub what: String,
    /// How long the rest takes, in seconds.
    pub left_s: u64,
}

/// Where progress goes.
pub trait Show {
    /// Something begins that takes a while.
    fn step(&mut self, text: &str);

    /// A run begins.
    fn progress(&mut self, progress: &Progress) {
        self.step(&progress.line());
    }

    /// Something that whoever looks later wants to read too.
    fn note(&mut self, text: &str) {
        self.step(text);
    }
}

impl Progress {
    /// In a line.
    #[must_use]
    pub fn line(&self) -> String {
        let Self { done, of, what, left_s } = self;
        format!("{}/{of} {what}, {} left", done + 1, duration(*left_s))
    }
}

/// A bar that is drawn anew; what is worth reading later scrolls by above it.
#[derive(Debug)]
pub struct Line(ProgressBar);

impl Default for Line {
    fn default() -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{bar:20} {wide_msg}");
        bar.set_style(style.expect("the template is good").progress_chars("=> "));
        Self(bar)
    }
}

impl Show for Line {
    fn step(&mut self, text: &str) {
        self.0.set_message(text.to_owned());
        self.0.tick();
    }

    fn progress(&mut self, progress: &Progress) {
        self.0.set_length(progress.of as u64);
        self.0.set_position(progress.done as u64);
        self.step(&progress.line());
    }

    fn note(&mut self, text: &str) {
        self.0.println(text);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A line for each.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plain;

impl Show for Plain {
    fn step(&mut self, text: &str) {
        // Whoever does not read it misses nothing that is not in the bundle.
        let _ = stderr().write_all(format!("matrix: {text}\n").as_bytes());
    }
}

/// What suits standard error.
#[must_use]
pub fn on_stderr() -> Box<dyn Show> {
    if stderr().is_terminal() { Box::new(Line::default()) } else { Box::new(Plain) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_one_line() {
        let progress = Progress { done: 3, of: 21, what: "resolve@hyper".into(), left_s: 125 };
        assert_eq!(progress.line(), "4/21 resolve@hyper, 2 min 05 s left");
    }
}
