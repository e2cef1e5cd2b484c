//! Reading a bundle: everything that is listed is there, unchanged and understood, and nothing is
//! there that is not listed. Otherwise it is refused, with the file and the place.

use crate::bundle::error::BundleError;
use crate::bundle::files::{self, FILE_BYTES_MAX, Name};
use crate::bundle::manifest::{self, Entry, MANIFEST};
use crate::bundle::profile::Profile;
use crate::bundle::run::{Proof, Run};
use crate::bundle::server::ServerRecord;
use crate::bundle::{Bundle, End, SCHEMA, check};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

impl Bundle {
    /// Reads and checks all of it.
    ///
    /// # Errors
    /// The first fault.
    pub fn read(folder: &Path) -> Result<Self, BundleError> {
        let (entries, digest) = read_manifest(folder)?;
        no_others(folder, &entries)?;
        let files = Files::read(folder, &entries)?;
        let mut bundle = Self {
            folder: folder.to_owned(),
            head: files.open(Name::Head)?,
            environment: files.open(Name::Environment)?,
            plan: files.open(Name::Plan)?,
            servers: BTreeMap::new(),
            proofs: Vec::new(),
            runs: Vec::new(),
            end: None,
            profiles: BTreeMap::new(),
            digest,
        };
        for name in files.texts.keys() {
            match *name {
                Name::Head | Name::Environment | Name::Plan => {}
                Name::Server(server) => {
                    bundle.servers.insert(server, files.open::<ServerRecord>(*name)?);
                }
                Name::Proof(number) => {
                    let proof: Proof = files.open(*name)?;
                    files.named(*name, "number", (proof.number, 0), (number, 0))?;
                    bundle.proofs.push(proof);
                }
                Name::Run { step, attempt } => {
                    let run: Run = files.open(*name)?;
                    files.named(*name, "step", (run.step, run.attempt), (step, attempt))?;
                    bundle.runs.push(run);
                }
                Name::End => bundle.end = Some(files.open::<End>(*name)?),
                Name::Profile(cell) => {
                    bundle.profiles.insert(cell, files.open::<Profile>(*name)?);
                }
            }
        }
        check::check(&bundle)?;
        Ok(bundle)
    }
}

/// The entries of the manifest, and its digest.
pub(super) fn read_manifest(folder: &Path) -> Result<(Vec<Entry>, String), BundleError> {
    let path = folder.join(MANIFEST);
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(BundleError::NoBundle { folder: folder.to_owned(), file: MANIFEST });
        }
        read => read.map_err(BundleError::system(&path))?,
    };
    let entries = manifest::parse(&path, &text)?;
    for name in [Name::Head, Name::Environment, Name::Plan] {
        if !entries.iter().any(|entry| entry.name == name) {
            let what = format!("{name} is not listed: the bundle was never begun, or truncated");
            return Err(BundleError::Manifest { file: path, line: entries.len() + 1, what });
        }
    }
    Ok((entries, manifest::sha256(text.as_bytes())))
}

/// The files of a folder and of those in it, by their paths from it. Hidden ones are what an
/// interrupted writer left.
pub(super) fn files_in(folder: &Path) -> Result<Vec<String>, BundleError> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(below) = folders.pop() {
        let path = folder.join(&below);
        for entry in fs::read_dir(&path).map_err(BundleError::system(&path))? {
            let entry = entry.map_err(BundleError::system(&path))?;
            let name = below.join(entry.file_name());
            let kind = entry.file_type().map_err(BundleError::system(entry.path()))?;
            if kind.is_dir() {
                folders.push(name);
            } else {
                found.push(name.to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Whether a path is one that a writer has in hand.
pub(super) fn is_in_hand(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.starts_with('.'))
}

fn no_others(folder: &Path, entries: &[Entry]) -> Result<(), BundleError> {
    let files = files_in(folder)?;
    let listed =
        |path: &str| path == MANIFEST || entries.iter().any(|entry| entry.name.to_string() == path);
    match files.iter().find(|path| !is_in_hand(path) && !listed(path)) {
        Some(path) => Err(BundleError::Unlisted { file: folder.join(path) }),
        None => Ok(()),
    }
}

/// The texts of files, each of which is as it was listed.
struct Files {
    texts: BTreeMap<Name, (PathBuf, String)>,
    version: u32,
}

impl Files {
    fn read(folder: &Path, entries: &[Entry]) -> Result<Self, BundleError> {
        let mut this = Self { texts: BTreeMap::new(), version: SCHEMA };
        // What the bundle is comes first, since it says how the others are to be understood.
        let head = entries.iter().filter(|entry| entry.name == Name::Head);
        let others = entries.iter().filter(|entry| entry.name != Name::Head);
        for entry in head.chain(others) {
            let path = entry.name.in_folder(folder);
            let bytes = bytes(&path)?;
            let found = manifest::sha256(&bytes);
            if found != entry.sha256 {
                return Err(this.why_changed(entry, &path, &bytes, found));
            }
            let text = files::unpack(entry.name, &path, &bytes)?;
            if entry.name == Name::Head {
                this.version = files::version(&path, &text)?;
                if this.version != SCHEMA {
                    return Err(BundleError::Version { file: path, found: this.version });
                }
            }
            this.texts.insert(entry.name, (path, text));
        }
        Ok(this)
    }

    /// What happened to a file that is not as it was listed.
    fn why_changed(&self, entry: &Entry, path: &Path, bytes: &[u8], found: String) -> BundleError {
        let text = files::unpack(entry.name, path, bytes);
        match text.and_then(|text| files::version(path, &text)) {
            Err(truncated @ BundleError::Truncated { .. }) => truncated,
            Ok(version) if version != self.version => {
                BundleError::Mixed { file: path.to_owned(), found: version, bundle: self.version }
            }
            _ => {
                BundleError::Changed { file: path.to_owned(), found, listed: entry.sha256.clone() }
            }
        }
    }

    /// Whether a file says the numbers that are in its name.
    fn named(
        &self,
        name: Name,
        field: &str,
        found: (u32, u32),
        expected: (u32, u32),
    ) -> Result<(), BundleError> {
        if found == expected {
            return Ok(());
        }
        let (path, _) = &self.texts[&name];
        let what = "another number than its name has";
        Err(BundleError::inconsistent(path, format!("body.{field}"), what))
    }

    fn open<T: DeserializeOwned>(&self, name: Name) -> Result<T, BundleError> {
        let (path, text) = &self.texts[&name];
        files::open(name, path, text, self.version)
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, BundleError> {
    let facts = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(BundleError::Missing { file: path.to_owned() });
        }
        facts => facts.map_err(BundleError::system(path))?,
    };
    if !facts.is_file() {
        return Err(BundleError::inconsistent(path, "the file itself", "not a regular file"));
    }
    if facts.len() > FILE_BYTES_MAX {
        let (file, bytes) = (path.to_owned(), facts.len());
        return Err(BundleError::TooLarge { file, bytes, max: FILE_BYTES_MAX });
    }
    fs::read(path).map_err(BundleError::system(path))
}
