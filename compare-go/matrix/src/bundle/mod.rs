//! The result bundle: everything that one run of the matrix observed, in one folder, from which
//! every published number is computed.
//!
//! ```text
//! compare-go/results/<date>-<label>/
//!   bundle.json              what this is: name, when, made by which version
//!   environment.json         what it was measured on
//!   plan.json                what was to be measured, in which order, from which seed
//!   servers/<server>.json    how a server was built, its transcripts, size and start; or why not
//!   proofs/<n>.json          what the generator proved of itself, as it printed it
//!   runs/<step>-<attempt>.json.gz  one run: what the generator printed, what the runner observed
//!   end.json                 when it was complete; not there while steps are left
//!   profiles/<workload>@<server>.json.gz  stacks that were sampled; may be added after the end
//!   manifest.sha256          the SHA-256 of each file above, in the order of their writing
//! ```
//!
//! Each JSON file is `{"schema": 1, "kind": .., "body": ..}`. A bundle is only added to: a file is
//! written once, then listed, so what an interrupted run leaves is a bundle with steps left.
//! `sha256sum -c manifest.sha256` checks it without this program.
//!
//! Derived figures are not stored: [`crate::figures`] computes them. What the generator printed is
//! kept as it was, but for the histograms of single seconds and of the warm-up
//! ([`generator::kept`]), which would be most of a bundle; [`generator`] reads its meaning.

pub mod check;
pub mod environment;
pub mod error;
pub mod files;
pub mod generator;
pub mod manifest;
pub mod observed;
pub mod profile;
pub mod read;
pub mod run;
pub mod server;
pub mod write;

use crate::cell::{Cell, Server};
use crate::plan::Plan;
use environment::Environment;
use generator::Proven;
use profile::Profile;
use run::{Proof, Run};
use serde::{Deserialize, Serialize};
use server::ServerRecord;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The version of the files' meaning. A change that an older reader would misread raises it.
pub const SCHEMA: u32 = 1;

/// A bundle whose files are listed, unchanged and consistent with each other.
#[derive(Debug)]
pub struct Bundle {
    /// The folder.
    pub folder: PathBuf,
    /// What this is.
    pub head: Head,
    /// What it was measured on.
    pub environment: Environment,
    /// What was to be measured.
    pub plan: Plan,
    /// The servers of the plan that were looked at so far.
    pub servers: BTreeMap<Server, ServerRecord>,
    /// What the generator proved of itself, in the order of their numbers.
    pub proofs: Vec<Proof>,
    /// The runs, by step and attempt.
    pub runs: Vec<Run>,
    /// When it was complete; none while steps are left.
    pub end: Option<End>,
    /// Where CPU time goes, of cells that were looked at so.
    pub profiles: BTreeMap<Cell, Profile>,
    /// The SHA-256 of the manifest, which stands for every byte of the bundle.
    pub digest: String,
}

/// What a bundle is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Its name, which is that of its folder: a date and a label.
    pub name: String,
    /// When it was begun, in ms since the Unix epoch.
    pub created_unix_ms: u64,
    /// The program that wrote it, and its version.
    pub tool: String,
    /// The command line by which it was made.
    pub command: Vec<String>,
    /// What it is for, in the words of whoever made it; may be empty.
    pub note: String,
}

/// The end of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// When the last step was done, in ms since the Unix epoch.
    pub ended_unix_ms: u64,
    /// How often the plan was taken up again after the generator had proven itself: each sitting
    /// has proofs of its own.
    pub resumed: u32,
}

/// Where no rate is proven, no search goes beyond this.
const UNPROVEN_PER_S: f64 = 100_000.0;

impl Bundle {
    /// How far a search may go that has the generator of this proof: as far as it is proven. A
    /// capacity that is as high is a lower bound.
    #[must_use]
    pub fn most_per_s(&self, proof: u32) -> f64 {
        let proof = self.proofs.iter().find(|one| one.number == proof);
        let proven = proof.and_then(|proof| Proven::read(&proof.printed).ok());
        proven.and_then(|proven| proven.rate_proven_per_s).unwrap_or(UNPROVEN_PER_S)
    }

    /// The runs of a step, by attempt.
    pub fn runs_of(&self, step: u32) -> impl Iterator<Item = &Run> {
        let begin = self.runs.partition_point(|run| run.step < step);
        self.runs[begin..].iter().take_while(move |run| run.step == step)
    }

    /// The first letters of its digest, as tables quote it.
    #[must_use]
    pub fn digest_short(&self) -> &str {
        &self.digest[..12]
    }
}
