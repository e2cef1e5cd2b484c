//! The manifest: the SHA-256 of each file, in the order of their writing, one line each, as
//! `sha256sum` writes and checks them.

use crate::bundle::error::BundleError;
use crate::bundle::files::Name;
use sha2::{Digest, Sha256};
use std::path::Path;

/// The name of the manifest's file.
pub const MANIFEST: &str = "manifest.sha256";

/// A line of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The file.
    pub name: Name,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

impl Entry {
    /// The line, its end included.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{}  {}\n", self.sha256, self.name)
    }
}

/// The SHA-256 of bytes, in hexadecimal.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads a manifest.
///
/// # Errors
/// The first line that is none, or that names a file for the second time.
pub fn parse(path: &Path, text: &str) -> Result<Vec<Entry>, BundleError> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut names = std::collections::BTreeSet::new();
    let fault = |index: usize, what: String| BundleError::Manifest {
        file: path.to_owned(),
        line: index + 1,
        what,
    };
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let Some(line) = line.strip_suffix('\n') else {
            return Err(fault(index, "truncated: the last line has no end".into()));
        };
        let split = line.split_once("  ");
        let (sha256, name) = split.ok_or_else(|| fault(index, "not `SHA-256  FILE`".into()))?;
        let hexadecimal = sha256.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if sha256.len() != 64 || !hexadecimal {
            return Err(fault(index, "not 64 hexadecimal digits before the file".into()));
        }
        let name: Name = name.parse().map_err(|error| fault(index, format!("{error}")))?;
        if !names.insert(name) {
            return Err(fault(index, format!("{name} for the second time")));
        }
        entries.push(Entry { name, sha256: sha256.to_owned() });
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_the_standard() {
        // FIPS 180-4, the example of three bytes.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(b"abc"), expected);
    }

    #[test]
    fn a_manifest_is_read_back_and_a_fault_has_its_line() {
        let path = Path::new("manifest.sha256");
        let entry = |name| Entry { name, sha256: sha256(b"") };
        let entries = [entry(Name::Head), entry(Name::Run { step: 0, attempt: 1 })];
        let text: String = entries.iter().map(Entry::line).collect();
        assert_eq!(parse(path, &text).unwrap(), entries);
        let digest = sha256(b"");
        for (broken, what) in [
            (text.trim_end().to_owned(), ":2: truncated"),
            (format!("{text}{text}"), ":3: bundle.json for the second time"),
            (text.replace("  ", " "), ":1: not `SHA-256  FILE`"),
            (text.replacen(&digest, &digest.to_uppercase(), 1), ":1: not 64"),
            (text.replacen(&digest, &digest[1..], 1), ":1: not 64"),
            (text.replace("bundle.json", "../bundle.json"), ":1: `../bundle.json` is no file"),
        ] {
            let error = parse(path, &broken).unwrap_err().to_string();
            assert!(error.contains(what), "{error}");
        }
    }
}
