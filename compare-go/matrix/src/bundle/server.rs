//! What is known of a server before it is measured: how it was built, that it plays the game, how
//! large it is and how long it takes to start.

use crate::bundle::observed::Observed;
use crate::bundle::run::CommandLine;
use crate::cell::Server;
use serde::{Deserialize, Serialize};

/// A server of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerRecord {
    /// Which.
    pub server: Server,
    /// How it stands.
    pub state: ServerState,
}

/// Whether a server is measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServerState {
    /// It was built and passed the transcripts.
    Ready(Box<Ready>),
    /// It has no row, and why: no compiler, a transcript that differs, a kernel that refuses.
    LeftOut(String),
}

/// A server that is measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ready {
    /// How it was built.
    pub build: CommandLine,
    /// The program, by its path from the top of the repository.
    pub program: String,
    /// The SHA-256 of the program.
    pub program_sha256: String,
    /// The size of the program with symbols stripped, in bytes.
    pub stripped_bytes: Observed<u64>,
    /// The size of the program as it was built, in bytes.
    pub program_bytes: u64,
    /// What it says of itself when asked for its version.
    pub version: Observed<String>,
    /// The transcripts.
    pub golden: Golden,
    /// Times from the start of the process to the first answer, in nanoseconds.
    pub start_up_ns: Vec<u64>,
}

/// How the transcripts went. A server that fails them is left out, so this one has passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Golden {
    /// What was run.
    pub command: CommandLine,
    /// The last line that it printed.
    pub said: String,
}

impl ServerRecord {
    /// The server, where it is measured.
    #[must_use]
    pub fn ready(&self) -> Option<&Ready> {
        match &self.state {
            ServerState::Ready(ready) => Some(ready),
            ServerState::LeftOut(_) => None,
        }
    }
}
