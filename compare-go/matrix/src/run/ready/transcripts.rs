//! Whether a server plays the game as it is written: `golden check`, every transcript under every
//! cut, with the program that is measured and the arguments that make it this server.
//!
//! Plays wait more than they work, so many are played at once. Transcripts have time limits, and a
//! machine that is busy may cross one: transcripts that fail are played again by themselves, all
//! three cuts of each, and the record names them. Where more than a few fail, or something else is
//! wrong, all are played again, fewer at once. A pass of the very same is not repeated; the record
//! says that too.

use super::Look;
use super::passes::{Pass, Passes};
use crate::bundle::run::CommandLine;
use crate::bundle::server::Golden;
use crate::cell::Server;
use crate::run::programs::Program;
use crate::run::programs::watched::{Ended, launch, watched};
use anyhow::{Context, ensure};
use std::collections::BTreeSet;
use std::time::Duration;

/// Plays at the same time: at first, where all are played again, and of one transcript, which has
/// three.
const AT_ONCE: (u32, u32, u32) = (24, 6, 3);
/// Transcripts that are played again by themselves.
const AGAIN_MAX: usize = 8;
/// How long a check may take; the longest of a quiet machine takes one minute.
const PATIENCE: Duration = Duration::from_secs(4 * 60);
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
        let (many, few, _) = AT_ONCE;
        let first = self.check(golden, &asked, many);
        let (command, said) = match first.map(|first| (first.failed_files(), first)) {
            Ok((_, first)) if first.passed() => (first.command, first.last),
            Ok((Some(files), first)) => {
                self.again(golden, &asked, &files)?;
                let files: Vec<&str> = files.iter().map(String::as_str).collect();
                let said =
                    format!("{}; played again, and passed: {}", first.last, files.join(", "));
                (first.command, said)
            }
            Err(error) if self.stop.is_asked() => return Err(error),
            Ok((None, first)) => self.fewer(golden, &asked, few, &first.last)?,
            // One that does not come to its end, as where a server waits for ever.
            Err(error) => self.fewer(golden, &asked, few, &format!("{error:#}"))?,
        };
        let golden = Golden { command, said };
        passes.add(pass, &golden);
        Ok(golden)
    }

    /// Plays all of them, fewer at once, after what came of the first time.
    fn fewer(
        &mut self,
        golden: &Program,
        asked: &[String],
        at_once: u32,
        first: &str,
    ) -> anyhow::Result<(CommandLine, String)> {
        let second = self.check(golden, asked, at_once)?;
        ensure!(second.passed(), "{}", second.difference());
        let (many, _, _) = AT_ONCE;
        Ok((second.command, format!("{} (at {many} at once: {first})", second.last)))
    }

    /// Plays each of these transcripts by itself; all must pass.
    fn again(
        &mut self,
        golden: &Program,
        asked: &[String],
        files: &BTreeSet<String>,
    ) -> anyhow::Result<()> {
        let (_, _, cuts) = AT_ONCE;
        for file in files {
            let only = [asked, &["--filter".to_owned(), file.clone()]].concat();
            let checked = self.check(golden, &only, cuts)?;
            ensure!(checked.passed(), "{}", checked.difference());
        }
        Ok(())
    }

    fn check(
        &mut self,
        golden: &Program,
        asked: &[String],
        at_once: u32,
    ) -> anyhow::Result<Checked> {
        // `--verbose` names the transcripts that failed; a difference may be in a file that several
        // include.
        let args = ["check", "--verbose", &format!("--at-once={at_once}")].map(str::to_owned);
        let command = CommandLine {
            program: golden.path.clone(),
            args: args.into_iter().chain(asked.iter().cloned()).collect(),
            ..CommandLine::default()
        };
        let what = format!("play transcripts against {}, {at_once} at once", self.server);
        let launch = launch(self.top, &command);
        let ended = watched(launch, &what, PATIENCE, self.show, self.stop)
            .context("the transcripts cannot be played")?;
        let told = String::from_utf8_lossy(&ended.output).into_owned();
        let last = told.lines().last().map_or_else(|| ended.told(), |last| last.trim().to_owned());
        Ok(Checked { command, ended, told, last })
    }
}

/// A check that came to its end.
struct Checked {
    command: CommandLine,
    ended: Ended,
    /// What it printed.
    told: String,
    /// The last line of it, which has the sum.
    last: String,
}

impl Checked {
    fn passed(&self) -> bool {
        self.ended.status.success()
    }

    /// The transcripts that failed, where they are all that is wrong, and are few.
    fn failed_files(&self) -> Option<BTreeSet<String>> {
        let lines = self.told.lines().filter_map(|line| line.strip_prefix("FAILED "));
        let files = lines.filter_map(|line| Some(line.split_once(".txt:")?.0));
        let files: BTreeSet<String> = files.map(|file| format!("{file}.txt")).collect();
        let all = self.last.contains(&format!(": {} failed", files.len()));
        let listed = !self.last.contains("listed amiss") || self.last.contains(", 0 listed amiss");
        ((1..=AGAIN_MAX).contains(&files.len()) && all && listed).then_some(files)
    }

    /// What went wrong: the sum and the first difference.
    fn difference(&self) -> String {
        // Without what is told of transcripts that passed.
        let beside = ["ok ", "   left out ", "   differs ", "FAILED "];
        let is_beside = |line: &&str| beside.iter().any(|begin| line.starts_with(begin));
        let lines: Vec<&str> = self.told.lines().filter(|line| !is_beside(line)).collect();
        let Some((sum, differences)) = lines.split_last() else {
            return format!("golden ended with {}", self.ended.told());
        };
        let first = differences.split(|line| line.is_empty()).find(|block| !block.is_empty());
        let first = first.unwrap_or_default();
        let shown = &first[..first.len().min(TOLD_MAX)];
        format!("it does not play as it is written: {sum}\n{}", shown.join("\n"))
    }
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
