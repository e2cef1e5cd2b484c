//! Writing a bundle, file by file, so that at any moment what is complete is a bundle.
//!
//! A file is written beside its place, made durable, moved there and then listed. What a crash
//! leaves between two of these is taken away when the bundle is taken up again.

use crate::bundle::environment::Environment;
use crate::bundle::error::BundleError;
use crate::bundle::files::{self, Name};
use crate::bundle::manifest::{self, Entry, MANIFEST};
use crate::bundle::profile::Profile;
use crate::bundle::run::{Proof, Run};
use crate::bundle::server::ServerRecord;
use crate::bundle::{Bundle, End, Head, read};
use crate::plan::Plan;
use serde::Serialize;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A bundle that is being written. Nobody else writes it meanwhile.
#[derive(Debug)]
pub struct Writer {
    folder: PathBuf,
    /// The manifest, opened to append, and locked.
    manifest: File,
}

/// The most characters of a label.
pub const LABEL_LENGTH_MAX: usize = 40;

/// The name of a bundle that is begun at a time: its date (UTC) and a label.
///
/// # Errors
/// If the label would make no good name of a folder.
pub fn name(unix_ms: u64, label: &str) -> Result<String, BundleError> {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let good = (1..=LABEL_LENGTH_MAX).contains(&label.len())
        && label.bytes().all(|byte| word(byte) || byte == b'-')
        && label.bytes().next().is_some_and(word);
    if !good {
        return Err(BundleError::Label(label.to_owned()));
    }
    let (year, month, day) = date(unix_ms / 86_400_000);
    Ok(format!("{year:04}-{month:02}-{day:02}-{label}"))
}

/// The date of a day since the Unix epoch, by the Gregorian calendar.
pub(crate) fn date(day: u64) -> (u64, u64, u64) {
    // Years that begin in March, so that the leap day is the last; eras of 400 of them.
    let day = day + 719_468;
    let (era, day) = (day / 146_097, day % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next, month, day)
}

impl Writer {
    /// Begins a bundle in a folder of its name below `results`.
    ///
    /// # Errors
    /// If there is one already, or the system does not let it be written.
    pub fn begin(
        results: &Path,
        head: &Head,
        environment: &Environment,
        plan: &Plan,
    ) -> Result<Self, BundleError> {
        fs::create_dir_all(results).map_err(BundleError::system(results))?;
        let folder = results.join(&head.name);
        fs::create_dir(&folder).map_err(BundleError::system(&folder))?;
        for below in ["servers", "proofs", "runs"] {
            let below = folder.join(below);
            fs::create_dir(&below).map_err(BundleError::system(&below))?;
        }
        let path = folder.join(MANIFEST);
        let created = OpenOptions::new().append(true).create_new(true).open(&path);
        let manifest = locked(created.map_err(BundleError::system(&path))?, &folder)?;
        let mut this = Self { folder, manifest };
        this.put(Name::Head, head)?;
        this.put(Name::Environment, environment)?;
        this.put(Name::Plan, plan)?;
        Ok(this)
    }

    /// Takes up a bundle again: clears away what is not complete and reads the rest.
    ///
    /// # Errors
    /// If somebody else writes it, or it is no good bundle.
    pub fn resume(folder: &Path) -> Result<(Self, Bundle), BundleError> {
        let path = folder.join(MANIFEST);
        let opened = OpenOptions::new().append(true).open(&path);
        let manifest = locked(opened.map_err(BundleError::system(&path))?, folder)?;
        cut_torn_line(&path, &manifest)?;
        let (entries, _) = read::read_manifest(folder)?;
        for file in read::files_in(folder)? {
            let unlisted = file
                .parse::<Name>()
                .is_ok_and(|name| entries.iter().all(|entry| entry.name != name));
            if read::is_in_hand(&file) || unlisted {
                let path = folder.join(file);
                fs::remove_file(&path).map_err(BundleError::system(&path))?;
            }
        }
        let bundle = Bundle::read(folder)?;
        Ok((Self { folder: folder.to_owned(), manifest }, bundle))
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Adds a server.
    ///
    /// # Errors
    /// If it is there already, or the system does not let it be written.
    pub fn server(&mut self, record: &ServerRecord) -> Result<(), BundleError> {
        self.put(Name::Server(record.server), record)
    }

    /// Adds a proof.
    ///
    /// # Errors
    /// As [`Writer::server`].
    pub fn proof(&mut self, proof: &Proof) -> Result<(), BundleError> {
        self.put(Name::Proof(proof.number), proof)
    }

    /// Adds a run.
    ///
    /// # Errors
    /// As [`Writer::server`].
    pub fn run(&mut self, run: &Run) -> Result<(), BundleError> {
        self.put(Name::Run { step: run.step, attempt: run.attempt }, run)
    }

    /// Adds a profile. A bundle that has ended may still be given some: taken up again by
    /// [`Writer::resume`], it has another digest afterwards, and documents quote it anew.
    ///
    /// # Errors
    /// As [`Writer::server`].
    pub fn profile(&mut self, profile: &Profile) -> Result<(), BundleError> {
        self.put(Name::Profile(profile.cell), profile)
    }

    /// Ends it.
    ///
    /// # Errors
    /// As [`Writer::server`].
    pub fn end(mut self, end: &End) -> Result<(), BundleError> {
        self.put(Name::End, end)
    }

    fn put<T: Serialize>(&mut self, name: Name, body: &T) -> Result<(), BundleError> {
        let path = name.in_folder(&self.folder);
        let text = files::enclose(name, body)
            .map_err(|error| BundleError::inconsistent(&path, "body", error.to_string()))?;
        if path.exists() {
            return Err(BundleError::inconsistent(&path, "the file itself", "it is there already"));
        }
        let bytes = files::pack(name, &text);
        let parent = path.parent().unwrap_or(&self.folder);
        // That of profiles is made with the first.
        fs::create_dir_all(parent).map_err(BundleError::system(parent))?;
        let hidden = format!(".{}.tmp", path.file_name().unwrap_or_default().to_string_lossy());
        let in_hand = parent.join(hidden);
        durable(&in_hand, &bytes).map_err(BundleError::system(&in_hand))?;
        fs::rename(&in_hand, &path).map_err(BundleError::system(&path))?;
        File::open(parent).and_then(|f| f.sync_all()).map_err(BundleError::system(parent))?;
        let line = Entry { name, sha256: manifest::sha256(&bytes) }.line();
        let written = self.manifest.write_all(line.as_bytes());
        let written = written.and_then(|()| self.manifest.sync_data());
        written.map_err(BundleError::system(self.folder.join(MANIFEST)))
    }
}

impl Drop for Writer {
    /// A program that is just being started by another thread has the file too, and with it the
    /// lock, until it is what it is to be; so it is not enough to close it here.
    fn drop(&mut self) {
        let _ = self.manifest.unlock();
    }
}

fn durable(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn locked(file: File, folder: &Path) -> Result<File, BundleError> {
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(BundleError::Busy { folder: folder.to_owned() }),
        Err(TryLockError::Error(error)) => Err(BundleError::system(folder)(error)),
    }
}

/// Takes away a last line that was not written to its end: its file was never listed.
fn cut_torn_line(path: &Path, manifest: &File) -> Result<(), BundleError> {
    let text = fs::read_to_string(path).map_err(BundleError::system(path))?;
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    if whole < text.len() {
        manifest.set_len(whole as u64).map_err(BundleError::system(path))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_is_that_of_the_calendar() {
        for (day, expected) in [
            (0, (1970, 1, 1)),
            (59, (1970, 3, 1)),
            (11_016, (2000, 2, 29)),
            (19_722, (2023, 12, 31)),
            (20_878, (2027, 3, 1)),
            (47_540, (2100, 2, 28)),
            (47_541, (2100, 3, 1)),
        ] {
            assert_eq!(date(day), expected, "{day}");
        }
    }

    #[test]
    fn a_label_is_part_of_a_good_name_of_a_folder() {
        assert_eq!(name(951_782_400_000, "two-cores").unwrap(), "2000-02-29-two-cores");
        for wrong in ["", "-a", "A", "a b", "a/b", "..", &"a".repeat(41)] {
            assert!(matches!(name(0, wrong), Err(BundleError::Label(_))), "{wrong}");
        }
    }
}
