//! Where reports go: standard output, or a file that can be written before anything is sent.

use anyhow::Context;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A place for a report.
#[derive(Debug)]
pub(super) enum Output {
    Stdout,
    File(PathBuf, File),
}

impl Output {
    /// A file where one is named, else standard output.
    ///
    /// # Errors
    /// If the file cannot be written. What it has is kept until the report is there.
    pub(super) fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else { return Ok(Self::Stdout) };
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path);
        let file = file.with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(Self::File(path.to_owned(), file))
    }

    /// Whether people see it as it is written.
    pub(super) fn is_stdout(&self) -> bool {
        matches!(self, Self::Stdout)
    }

    /// Writes a report, in place of what was there.
    ///
    /// # Errors
    /// Whatever the system says. Nobody reading standard output any more is no error.
    pub(super) fn write(self, bytes: &[u8]) -> anyhow::Result<()> {
        match self {
            Self::Stdout => match io::stdout().lock().write_all(bytes) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                done => Ok(done?),
            },
            Self::File(path, mut file) => {
                let done = file.set_len(0).and_then(|()| file.write_all(bytes));
                done.with_context(|| format!("{} cannot be written", path.display()))
            }
        }
    }
}
