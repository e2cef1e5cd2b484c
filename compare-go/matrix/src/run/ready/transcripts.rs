//! Whether a server plays the game as it is written: `golden check`, every transcript under every
//! cut, with the program that is measured and the arguments that make it this server.
//!
//! Plays wait more than they work, so many are played at once. Transcripts have time limits, and a
//! machine that is busy may cross one: what fails is played again, fewer at once, and the record
//! says so. A pass of the very same is not repeated; the record says that too.

use super::Look;
use super::passes::{Pass, Passes};
use crate::bundle::run::CommandLine;
use crate::bundle::server::Golden;
use crate::cell::Server;
use crate::run::programs::Program;
use crate::run::programs::watched::{Ended, launch, watched};
use anyhow::{Context, bail};
use std::time::Duration;

/// Plays at the same time, at first and where that failed.
const AT_ONCE: [u32; 2] = [24, 6];
/// How long a check may take.
const PATIENCE: Duration = Duration::from_secs(10 * 60);
/// Lines of a difference that are told.
const TOLD_MAX: usize = 30;

/// The arguments of `golden check` that mean a server.
fn meant(server: Server) -> Vec<String> {
    let (name, argument) = match server {
        Server::Engine { runtime, arena, .. } => {
            (runtime.to_string(), Some(format!("--arg=--arena={arena}")))
        }
        Server::Peer(peer) => (peer.to_string(), None),
        Server::Go { library, tuning } => {
            (format!("go-{library}"), Some(format!("--arg=--tuning={tuning}")))
        }
    };
    ["--server".to_owned(), name].into_iter().chain(argument).collect()
}

impl Look<'_> {
    /// Checks it, or finds the pass of the very same.
    pub(super) fn transcripts(
        &mut self,
        program: &Program,
        golden: &Program,
    ) -> anyhow::Result<Golden> {
        let asked = [meant(self.server), vec!["--program".into(), program.path.clone()]].concat();
        let mut passes = Passes::open(self.top);
        let pass = Pass::of(self.top, &golden.sha256, &program.sha256, &asked)?;
        if let Some(golden) = passes.find(&pass) {
            self.show.step(&format!("{} has passed the transcripts before", self.server));
            return Ok(golden);
        }
        let mut failed = None;
        for at_once in AT_ONCE {
            let args = ["check".to_owned(), format!("--at-once={at_once}")].into_iter();
            let command = CommandLine {
                program: golden.path.clone(),
                args: args.chain(asked.iter().cloned()).collect(),
                ..CommandLine::default()
            };
            let what = format!("play the transcripts against {}, {at_once} at once", self.server);
            let launch = launch(self.top, &command);
            let ended = watched(launch, &what, PATIENCE, self.show, self.stop)
                .context("the transcripts cannot be played")?;
            let told = String::from_utf8_lossy(&ended.output).into_owned();
            let last = told.lines().last().unwrap_or_default().trim().to_owned();
            if ended.status.success() {
                let after = failed.map_or(String::new(), |failed: String| {
                    format!(" (at {} at once: {failed})", AT_ONCE[0])
                });
                let golden = Golden { command, said: format!("{last}{after}") };
                passes.add(pass, &golden);
                return Ok(golden);
            }
            if at_once == AT_ONCE[AT_ONCE.len() - 1] {
                bail!("{}", difference(&ended, &told));
            }
            failed = Some(if last.is_empty() { ended.told() } else { last });
        }
        bail!("the transcripts were not played")
    }
}

/// What went wrong: the last line, which has the sum, and the first difference.
fn difference(ended: &Ended, told: &str) -> String {
    let lines: Vec<&str> = told.lines().collect();
    let Some((sum, differences)) = lines.split_last() else {
        return format!("golden ended with {}", ended.told());
    };
    let first = differences.split(|line| line.is_empty()).find(|block| !block.is_empty());
    let first = first.unwrap_or_default();
    let shown = &first[..first.len().min(TOLD_MAX)];
    format!("it does not play as it is written: {sum}\n{}", shown.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_checked_with_what_makes_it_this_one() {
        let meant = |name: &str| meant(name.parse().unwrap()).join(" ");
        assert_eq!(meant("monoio+system+bump"), "--server monoio --arg=--arena=bump");
        assert_eq!(meant("axum"), "--server axum");
        assert_eq!(meant("go-fasthttp+default"), "--server go-fasthttp --arg=--tuning=default");
    }
}
