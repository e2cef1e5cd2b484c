//! What is wrong with a configuration: where it was said, and what the remedy is.

use core::fmt;
use std::path::{Path, PathBuf};

/// Where a setting was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nowhere: the default is in force.
    Default,
    /// The configuration file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1; 0 for the file as a whole.
        line: usize,
    },
    /// An environment variable.
    Environment(String),
    /// A flag of the command line.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line: 0 } => write!(f, "{}", path.display()),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag(flag) => write!(f, "flag --{flag}"),
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where it was said.
    pub origin: Origin,
    /// The path of the key; empty where the fault concerns no single key.
    pub key: String,
    /// What is wrong; never any part of a secret.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.origin, self.key.as_str()) {
            (Origin::Default, "") => f.write_str(&self.what),
            (Origin::Default, key) => write!(f, "{key}: {}", self.what),
            (origin, "") => write!(f, "{origin}: {}", self.what),
            (origin, key) => write!(f, "{origin}: {key}: {}", self.what),
        }
    }
}

/// Everything that is wrong with a configuration; at least one fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration is not valid")?;
        for fault in &self.0 {
            write!(f, "\n  {fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// The line of a file, from 1, that `offset` lies in.
#[must_use]
pub fn line_of(text: &str, offset: usize) -> usize {
    1 + text.as_bytes().iter().take(offset).filter(|b| **b == b'\n').count()
}

/// An origin in a file.
#[must_use]
pub fn in_file(path: &Path, text: &str, offset: usize) -> Origin {
    Origin::File { path: path.to_owned(), line: line_of(text, offset) }
}

/// The known name that is nearest to `name`, by the last part of dotted ones or by the whole.
///
/// # Panics
/// If there is no known name.
#[must_use]
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> &'a str {
    let distance = |candidate: &str| {
        let last = candidate.rsplit('.').next().unwrap_or(candidate);
        let edits = |known: &str| strsim::damerau_levenshtein(name, known);
        edits(candidate).min(edits(last))
    };
    known.into_iter().min_by_key(|candidate| distance(candidate)).expect("some name is known")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_the_one_with_the_fewest_edits() {
        let known = ["listen", "log", "limits.head_bytes_max", "limits.hunts_max"];
        for (name, near) in [
            ("lisen", "listen"),
            ("logg", "log"),
            ("head_bytes_max", "limits.head_bytes_max"),
            ("limits.hunt_max", "limits.hunts_max"),
        ] {
            assert_eq!(nearest(name, known), near);
        }
    }

    #[test]
    fn a_fault_names_its_place_then_its_key() {
        let origin = in_file(Path::new("hunt.toml"), "a = 1\nb = 2\n", 6);
        let fault = Fault { origin, key: "b".into(), what: "is wrong".into() };
        assert_eq!(fault.to_string(), "hunt.toml:2: b: is wrong");
    }
}
