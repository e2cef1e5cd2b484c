//! What can be wrong with a bundle: which file, which place in it, and what to do about it.

use crate::bundle::SCHEMA;
use std::io;
use std::path::PathBuf;

/// A bundle that is refused.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The folder holds none.
    #[error("{}: no result bundle: it has no {file}", folder.display())]
    NoBundle {
        /// The folder.
        folder: PathBuf,
        /// What is missing.
        file: &'static str,
    },
    /// The system does not let a file be read or written.
    #[error("{}: {source}", file.display())]
    System {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The manifest is not as this program writes it.
    #[error("{}:{line}: {what}", file.display())]
    Manifest {
        /// The manifest.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// A file is listed and not there.
    #[error("{}: listed in the manifest, and missing; restore it", file.display())]
    Missing {
        /// The file.
        file: PathBuf,
    },
    /// A file is there and not listed.
    #[error("{}: not listed in the manifest: it does not belong to this bundle; remove it", file.display())]
    Unlisted {
        /// The file.
        file: PathBuf,
    },
    /// A file ends early.
    #[error("{}:{line}:{column}: truncated: it ends in the middle; restore it", file.display())]
    Truncated {
        /// The file.
        file: PathBuf,
        /// The line where it ends.
        line: usize,
        /// The column where it ends.
        column: usize,
    },
    /// A file is another than the one that was listed.
    #[error(
        "{}: changed since it was written: its SHA-256 begins with {found:.12}, the manifest has \
         {listed:.12}; restore it, or measure again",
        file.display()
    )]
    Changed {
        /// The file.
        file: PathBuf,
        /// The digest of what is there.
        found: String,
        /// The digest of what was written.
        listed: String,
    },
    /// A file does not have the fields that it must have.
    #[error("{}:{line}:{column}: {what}", file.display())]
    Malformed {
        /// The file.
        file: PathBuf,
        /// The line.
        line: usize,
        /// The column.
        column: usize,
        /// What is wrong there.
        what: String,
    },
    /// The whole bundle is of a version that this program does not know.
    #[error(
        "{}: schema version {found}; this program reads {SCHEMA}: use the one that wrote it",
        file.display()
    )]
    Version {
        /// The file that says so.
        file: PathBuf,
        /// The version.
        found: u32,
    },
    /// A file is of another version than the bundle.
    #[error(
        "{}: schema version {found} in a bundle of version {bundle}: files of two bundles were \
         mixed; restore it",
        file.display()
    )]
    Mixed {
        /// The file.
        file: PathBuf,
        /// Its version.
        found: u32,
        /// The version of `bundle.json`.
        bundle: u32,
    },
    /// A file belongs somewhere else.
    #[error("{}: its kind is `{found}`, and here stands `{expected}`", file.display())]
    Kind {
        /// The file.
        file: PathBuf,
        /// What it says it is.
        found: String,
        /// What it must be.
        expected: &'static str,
    },
    /// A file contradicts itself or another one.
    #[error("{}: {place}: {what}", file.display())]
    Inconsistent {
        /// The file.
        file: PathBuf,
        /// The place in it, as a path of fields.
        place: String,
        /// What does not fit.
        what: String,
    },
    /// A file is larger than any that this program writes.
    #[error("{}: {bytes} bytes; a file of a bundle has {max} at most", file.display())]
    TooLarge {
        /// The file.
        file: PathBuf,
        /// Its size.
        bytes: u64,
        /// The bound.
        max: u64,
    },
    /// Somebody else writes it.
    #[error("{}: another process is writing this bundle; wait for it to end", folder.display())]
    Busy {
        /// The folder.
        folder: PathBuf,
    },
    /// A label that would make no good name of a folder.
    #[error("`{0}` is no label: 1 to 40 of a-z, 0-9 and -, beginning with a letter or digit")]
    Label(String),
}

impl BundleError {
    /// Something does not fit.
    pub(crate) fn inconsistent(
        file: impl Into<PathBuf>,
        place: impl Into<String>,
        what: impl Into<String>,
    ) -> Self {
        Self::Inconsistent { file: file.into(), place: place.into(), what: what.into() }
    }

    /// What the system says of a file.
    pub(crate) fn system(file: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let file = file.into();
        move |source| Self::System { file, source }
    }
}
