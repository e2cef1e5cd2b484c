//! Which servers have passed the transcripts, so that a plan that is taken up again, or a quick one
//! after another, does not play them all again.
//!
//! A pass counts for the very same only: programs and `golden` by their SHA-256, arguments, every
//! byte of the transcripts, of their configuration and of the list of differences, and the kernel.
//! The file is a cache under target/: where it cannot be read or written, transcripts are played.

use crate::bundle::server::Golden;
use crate::run::measure::now_unix_ms;
use crate::run::programs::{FOLDER, digest};
use anyhow::Context;
use process::system;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The file, in the folder of programs.
const FILE: &str = "golden-passes.json";
/// What a check reads, from the top.
const READ: [&str; 3] =
    ["golden/transcripts", "golden/server.toml", "compare-go/reference/differences.txt"];
/// Passes that are kept; the oldest go first.
const KEPT_MAX: usize = 200;

/// Stands for all that a check depends on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Pass(String);

/// The passes that there were.
#[derive(Debug)]
pub(super) struct Passes {
    file: PathBuf,
    passes: BTreeMap<Pass, Passed>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Passed {
    at_unix_ms: u64,
    golden: Golden,
}

impl Pass {
    /// Of a server.
    pub(super) fn of(
        top: &Path,
        golden_sha256: &str,
        program_sha256: &str,
        asked: &[String],
    ) -> anyhow::Result<Self> {
        let mut parts = vec![golden_sha256.to_owned(), program_sha256.to_owned(), system::kernel()];
        parts.extend(asked.iter().cloned());
        for path in READ {
            let mut files = files(&top.join(path)).context(path)?;
            files.sort();
            for file in files {
                let (digest, _) = digest(&file).with_context(|| file.display().to_string())?;
                parts.push(format!("{} {digest}", file.strip_prefix(top)?.display()));
            }
        }
        let digest = Sha256::digest(parts.join("\n"));
        Ok(Self(digest.iter().map(|byte| format!("{byte:02x}")).collect()))
    }
}

/// A file, or all files below a folder.
fn files(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut all = Vec::new();
    for entry in fs::read_dir(path)? {
        all.extend(files(&entry?.path())?);
    }
    Ok(all)
}

impl Passes {
    /// Reads them; none where there is no such file, or none that is understood.
    pub(super) fn open(top: &Path) -> Self {
        let file = top.join(FOLDER).join(FILE);
        let text = fs::read(&file).unwrap_or_default();
        Self { file, passes: serde_json::from_slice(&text).unwrap_or_default() }
    }

    /// What was recorded of a pass, marked as such.
    pub(super) fn find(&self, pass: &Pass) -> Option<Golden> {
        let Passed { at_unix_ms, golden } = self.passes.get(pass)?.clone();
        let minutes = now_unix_ms().saturating_sub(at_unix_ms) / 60_000;
        let said = format!(
            "{} (taken over from {minutes} min before: the same program, golden, transcripts and \
             arguments)",
            golden.said
        );
        Some(Golden { said, ..golden })
    }

    /// Adds a pass.
    pub(super) fn add(&mut self, pass: Pass, golden: &Golden) {
        self.passes.insert(pass, Passed { at_unix_ms: now_unix_ms(), golden: golden.clone() });
        while self.passes.len() > KEPT_MAX {
            let oldest = self.passes.iter().min_by_key(|(_, passed)| passed.at_unix_ms);
            let Some(oldest) = oldest.map(|(pass, _)| pass.clone()) else { return };
            self.passes.remove(&oldest);
        }
        let Ok(text) = serde_json::to_string_pretty(&self.passes) else { return };
        let new = self.file.with_extension("new");
        // A pass that is not kept is played again.
        let _ = fs::write(&new, text).and_then(|()| fs::rename(&new, &self.file));
    }
}
