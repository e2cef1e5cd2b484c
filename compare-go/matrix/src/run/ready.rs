//! What a server must show before it is measured: that it starts here, and that it plays the game.
//!
//! ```text
//!   start_up     from the start of its process to its first right answer, some times
//!   transcripts  `golden check` with its own program and arguments, or a pass of the very same
//!   passes       which passes there were, in target/matrix
//! ```

mod passes;
mod start_up;
#[cfg(test)]
mod tests;
mod transcripts;

use crate::bundle::environment::Cores;
use crate::bundle::observed::Observed;
use crate::bundle::server::{Ready, ServerRecord, ServerState};
use crate::cell::Server;
use crate::plan::Extent;
use crate::run::interrupt::Stop;
use crate::run::programs::watched::{from_top, watched};
use crate::run::programs::{Program, Programs};
use crate::run::show::Show;
use anyhow::{Context, anyhow, ensure};
use process::child::Launch;
use std::path::Path;
use std::time::Duration;

/// How long a program may take to say its version.
const VERSION_PATIENCE: Duration = Duration::from_secs(10);

/// How often a server is started: the more, the better its start-up time is known.
const fn starts(extent: Extent) -> u32 {
    match extent {
        Extent::Quick => 5,
        Extent::Normal | Extent::Full => 10,
    }
}

/// Where and how a server is looked at.
struct Look<'a> {
    top: &'a Path,
    server: Server,
    cores: &'a Cores,
    show: &'a mut dyn Show,
    stop: &'a Stop,
}

/// Looks at a server: start-up, transcripts, size. One that fails is left out, with the reason.
/// Takes about fifteen seconds, or twenty-five where it is in Go; one where its transcripts passed
/// before.
///
/// # Errors
/// If it was to stop.
pub fn ready(
    top: &Path,
    server: Server,
    extent: Extent,
    programs: &Programs,
    cores: &Cores,
    show: &mut dyn Show,
    stop: &Stop,
) -> anyhow::Result<ServerRecord> {
    let mut look = Look { top, server, cores, show, stop };
    let state = match programs.server(server) {
        Ok(program) => look.state(program, programs.golden(), starts(extent)),
        Err(why) => Err(anyhow!(why)),
    };
    stop.check().with_context(|| format!("stopped while {server} was looked at"))?;
    let state = match state {
        Ok(ready) => ServerState::Ready(Box::new(ready)),
        Err(why) => ServerState::LeftOut(from_top(top, &format!("{why:#}"))),
    };
    Ok(ServerRecord { server, state })
}

impl Look<'_> {
    fn state(&mut self, program: &Program, golden: &Program, starts: u32) -> anyhow::Result<Ready> {
        let start_up_ns = self.start_up(program, starts)?;
        let golden = self.transcripts(program, golden)?;
        let version = self.version(program);
        Ok(Ready {
            build: program.build.clone(),
            program: program.path.clone(),
            program_sha256: program.sha256.clone(),
            stripped_bytes: program.stripped_bytes.clone(),
            program_bytes: program.bytes,
            version,
            golden,
            start_up_ns,
        })
    }

    fn version(&mut self, program: &Program) -> Observed<String> {
        let launch = Launch::new(&program.path).args(["--version"]).within(self.top);
        let what = format!("ask {} for its version", program.path);
        let ended = watched(launch, &what, VERSION_PATIENCE, self.show, self.stop);
        let version = ended.and_then(|ended| {
            ensure!(ended.status.success(), "it ended with {}", ended.told());
            Ok(String::from_utf8_lossy(&ended.output).trim().to_owned())
        });
        version.map_err(|error| from_top(self.top, &format!("{error:#}"))).into()
    }
}
