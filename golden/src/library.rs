//! The transcripts of a folder.

use crate::parse::{ParseError, parse};
use crate::transcript::Transcript;
use anyhow::{Context, ensure};
use std::path::{Path, PathBuf};

/// A folder of transcripts: every `.txt` below it but those in `setup/`, which are included.
#[derive(Clone, Debug)]
pub struct Library {
    root: PathBuf,
}

impl Library {
    /// The folder of this checkout.
    #[must_use]
    pub fn of_checkout() -> Self {
        Self { root: Path::new(env!("CARGO_MANIFEST_DIR")).join("transcripts") }
    }

    /// Whether it is the folder of this checkout.
    #[must_use]
    pub fn is_of_checkout(&self) -> bool {
        self.root == Self::of_checkout().root
    }

    /// Another folder.
    #[must_use]
    pub fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// Reads the transcripts whose names match `filter`, in the order of their names.
    ///
    /// # Errors
    /// If the folder or a transcript cannot be read, or no name matches.
    pub fn read(&self, filter: &str) -> anyhow::Result<Vec<Transcript>> {
        let mut names = Vec::new();
        self.names("", &mut names)?;
        names.sort();
        names.retain(|name| matches_glob(filter, name));
        ensure!(!names.is_empty(), "no transcript matches {filter:?} in {}", self.root.display());
        names.iter().map(|name| Ok(self.transcript(name)?)).collect()
    }

    /// The text of a file.
    ///
    /// # Errors
    /// If there is none.
    pub fn source(&self, name: &str) -> anyhow::Result<String> {
        let path = self.root.join(name);
        std::fs::read_to_string(&path).with_context(|| path.display().to_string())
    }

    /// Replaces the text of a file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn replace(&self, name: &str, source: &str) -> anyhow::Result<()> {
        let path = self.root.join(name);
        std::fs::write(&path, source).with_context(|| path.display().to_string())
    }

    fn transcript(&self, name: &str) -> Result<Transcript, LibraryError> {
        let source = self.source(name).map_err(|e| LibraryError::Unreadable(format!("{e:#}")))?;
        let load = |name: &str| self.source(name).ok();
        Ok(parse(name, &source, &load)?)
    }

    fn names(&self, folder: &str, names: &mut Vec<String>) -> anyhow::Result<()> {
        let path = self.root.join(folder);
        for entry in std::fs::read_dir(&path).with_context(|| path.display().to_string())? {
            let entry = entry?;
            let file = entry.file_name().to_string_lossy().into_owned();
            let name = if folder.is_empty() { file } else { format!("{folder}/{file}") };
            if entry.file_type()?.is_dir() {
                if name != "setup" {
                    self.names(&name, names)?;
                }
            } else if name.ends_with(".txt") {
                names.push(name);
            }
        }
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
enum LibraryError {
    #[error(transparent)]
    Parse(#[from] ParseError),
    #[error("{0}")]
    Unreadable(String),
}

/// Whether `name` matches `glob`, in which `*` is any text; a glob without one may match anywhere.
#[must_use]
pub fn matches_glob(glob: &str, name: &str) -> bool {
    if !glob.contains('*') {
        return name.contains(glob);
    }
    let mut parts = glob.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    for (index, part) in parts.iter().enumerate() {
        if index + 1 == parts.len() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_names() {
        for (glob, name, matches) in [
            ("", "http/a.txt", true),
            ("http", "http/a.txt", true),
            ("game/*", "http/a.txt", false),
            ("*/a.txt", "http/a.txt", true),
            ("h*/*.txt", "http/a.txt", true),
            ("h*/b*", "http/a.txt", false),
            ("*a", "http/a.txt", false),
        ] {
            assert_eq!(matches_glob(glob, name), matches, "{glob} {name}");
        }
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let error = Library::at("nowhere".into()).read("").unwrap_err();
        assert!(format!("{error:#}").contains("nowhere"));
        let error = Library::of_checkout().read("no-such-name").unwrap_err();
        assert!(error.to_string().contains("no-such-name"));
    }
}
