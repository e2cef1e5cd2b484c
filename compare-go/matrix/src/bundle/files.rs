//! The files of a bundle by name, and the envelope that each is in.

use crate::bundle::SCHEMA;
use crate::bundle::error::BundleError;
use crate::cell::{Cell, Server};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::error::Category;
use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The most bytes of a file, compressed or not; a run of minutes with every histogram has less than
/// a twentieth.
pub const FILE_BYTES_MAX: u64 = 16 << 20;

/// A file of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    /// What the bundle is.
    Head,
    /// What it was measured on.
    Environment,
    /// What was to be measured.
    Plan,
    /// A server.
    Server(Server),
    /// A proof of the generator, by its number.
    Proof(u32),
    /// A run, by its step and attempt.
    Run {
        /// The step.
        step: u32,
        /// The attempt.
        attempt: u32,
    },
    /// The end.
    End,
    /// Where the CPU time of a cell goes; may be added after the end.
    Profile(Cell),
}

impl Name {
    /// The kind of what is in it.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Head => "bundle",
            Self::Environment => "environment",
            Self::Plan => "plan",
            Self::Server(_) => "server",
            Self::Proof(_) => "proof",
            Self::Run { .. } => "run",
            Self::End => "end",
            Self::Profile(_) => "profile",
        }
    }

    /// Whether it is compressed: there are many of them, or most of one is not read by people.
    const fn is_packed(self) -> bool {
        matches!(self, Self::Run { .. } | Self::Profile(_))
    }

    /// Where it lies in the folder.
    #[must_use]
    pub fn in_folder(self, folder: &Path) -> PathBuf {
        folder.join(self.to_string())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Head | Self::Environment | Self::Plan | Self::End => {
                write!(f, "{}.json", self.kind())
            }
            Self::Server(server) => write!(f, "servers/{server}.json"),
            Self::Proof(number) => write!(f, "proofs/{number:02}.json"),
            Self::Run { step, attempt } => write!(f, "runs/{step:04}-{attempt:02}.json.gz"),
            Self::Profile(cell) => write!(f, "profiles/{cell}.json.gz"),
        }
    }
}

/// A path that names no file of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no file of a bundle")]
pub struct UnknownFile(String);

impl FromStr for Name {
    type Err = UnknownFile;

    fn from_str(path: &str) -> Result<Self, UnknownFile> {
        let found = name_of(path);
        // One name has one form, so that no file is listed twice.
        found.filter(|name| name.to_string() == path).ok_or_else(|| UnknownFile(path.to_owned()))
    }
}

fn name_of(path: &str) -> Option<Name> {
    if let Some(run) = path.strip_prefix("runs/") {
        let (step, attempt) = run.strip_suffix(".json.gz")?.split_once('-')?;
        return Some(Name::Run { step: step.parse().ok()?, attempt: attempt.parse().ok()? });
    }
    if let Some(profile) = path.strip_prefix("profiles/") {
        return Some(Name::Profile(profile.strip_suffix(".json.gz")?.parse().ok()?));
    }
    let stem = path.strip_suffix(".json")?;
    Some(match stem.split_once('/') {
        None => match stem {
            "bundle" => Name::Head,
            "environment" => Name::Environment,
            "plan" => Name::Plan,
            "end" => Name::End,
            _ => return None,
        },
        Some(("servers", server)) => Name::Server(server.parse().ok()?),
        Some(("proofs", number)) => Name::Proof(number.parse().ok()?),
        Some(_) => return None,
    })
}

/// What each file is in.
#[derive(Serialize)]
struct Envelope<'a, T> {
    schema: u32,
    kind: &'a str,
    body: &'a T,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Opened<T> {
    #[serde(rename = "schema")]
    _schema: u32,
    #[serde(rename = "kind")]
    _kind: String,
    body: T,
}

/// What is read before the rest can be understood.
#[derive(Deserialize)]
struct Tag {
    schema: u32,
    kind: String,
}

/// The text of a file with this body.
///
/// # Errors
/// If the body is no JSON: a number that is not finite.
pub fn enclose<T: Serialize>(name: Name, body: &T) -> Result<String, serde_json::Error> {
    let envelope = Envelope { schema: SCHEMA, kind: name.kind(), body };
    let mut text = if name.is_packed() {
        serde_json::to_string(&envelope)?
    } else {
        serde_json::to_string_pretty(&envelope)?
    };
    text.push('\n');
    Ok(text)
}

/// The bytes of a file with this text: runs and profiles are compressed, the others are read by
/// people. The same text always gives the same bytes.
#[must_use]
pub fn pack(name: Name, text: &str) -> Vec<u8> {
    if !name.is_packed() {
        return text.as_bytes().to_vec();
    }
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    let written = packed.write_all(text.as_bytes()).and_then(|()| packed.finish());
    written.expect("memory takes all that is written")
}

/// The text of a file with these bytes.
///
/// # Errors
/// If they end early, are no text, or come to more than a file may have.
pub fn unpack(name: Name, path: &Path, bytes: &[u8]) -> Result<String, BundleError> {
    let file = || path.to_owned();
    let mut text = Vec::new();
    if name.is_packed() {
        // One more than may be there, so that it is seen.
        let read = GzDecoder::new(bytes).take(FILE_BYTES_MAX + 1).read_to_end(&mut text);
        read.map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => {
                BundleError::Truncated { file: file(), line: 1, column: text.len() }
            }
            _ => BundleError::System { file: file(), source: error },
        })?;
    } else {
        text.extend_from_slice(bytes);
    }
    if text.len() as u64 > FILE_BYTES_MAX {
        let bytes = text.len() as u64;
        return Err(BundleError::TooLarge { file: file(), bytes, max: FILE_BYTES_MAX });
    }
    String::from_utf8(text).map_err(|error| {
        let column = error.utf8_error().valid_up_to();
        BundleError::Malformed { file: file(), line: 1, column, what: "no UTF-8".into() }
    })
}

/// The version that a file says it has.
///
/// # Errors
/// If it is no JSON or says none.
pub(super) fn version(path: &Path, text: &str) -> Result<u32, BundleError> {
    let tag: Tag = serde_json::from_str(text).map_err(|error| malformed(path, &error))?;
    Ok(tag.schema)
}

/// The body of a file. `bundle` is the version of the bundle that it lies in.
///
/// # Errors
/// If it is of another version or kind, ends early, or has fields other than those that it must
/// have.
pub(super) fn open<T: DeserializeOwned>(
    name: Name,
    path: &Path,
    text: &str,
    bundle: u32,
) -> Result<T, BundleError> {
    let tag: Tag = serde_json::from_str(text).map_err(|error| malformed(path, &error))?;
    if tag.schema != bundle {
        return Err(BundleError::Mixed { file: path.to_owned(), found: tag.schema, bundle });
    }
    if tag.kind != name.kind() {
        let (file, expected) = (path.to_owned(), name.kind());
        return Err(BundleError::Kind { file, found: tag.kind, expected });
    }
    let opened: Opened<T> = serde_json::from_str(text).map_err(|error| malformed(path, &error))?;
    Ok(opened.body)
}

pub(super) fn malformed(path: &Path, error: &serde_json::Error) -> BundleError {
    let (file, line, column) = (path.to_owned(), error.line(), error.column());
    if error.classify() == Category::Eof {
        return BundleError::Truncated { file, line, column };
    }
    let what = error.to_string();
    let place = format!(" at line {line} column {column}");
    let what = what.strip_suffix(&place).unwrap_or(&what).to_owned();
    BundleError::Malformed { file, line, column, what }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::Workload;

    #[test]
    fn every_name_leads_back_to_its_file() {
        let server = Server::all()[0];
        for name in [
            Name::Head,
            Name::Environment,
            Name::Plan,
            Name::End,
            Name::Server(server),
            Name::Proof(1),
            Name::Run { step: 12, attempt: 3 },
            Name::Run { step: 12_345, attempt: 100 },
            Name::Profile(Cell { workload: Workload::HotBoard, server }),
        ] {
            assert_eq!(name.to_string().parse(), Ok(name));
        }
        for path in [
            "",
            "readme.md",
            "bundle.json/",
            "../bundle.json",
            "runs/1-1.json.gz",
            "runs/0001-01.json.gz.tmp",
            "runs/0001-01.json",
            "runs/0001.json.gz",
            "servers/nginx.json",
            "profiles/resolve@nginx.json.gz",
            "profiles/resolve@hyper.json",
            "servers/../plan.json",
        ] {
            assert!(path.parse::<Name>().is_err(), "{path}");
        }
    }
}
