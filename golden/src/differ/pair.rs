//! Two servers, and one sequence of calls played against both.

use super::call::Call;
use super::record::{Tally, record};
use crate::peer::{Cut, Peer};
use crate::player::{Failure, Options, play};
use crate::text::Vars;
use anyhow::anyhow;
use std::sync::atomic::{AtomicU64, Ordering};

/// One of two servers.
pub struct Side<'a> {
    /// Its name.
    pub name: String,
    /// Makes a peer: a server of its own, or one more user of a running one.
    pub start: Box<dyn Fn() -> anyhow::Result<Box<dyn Peer>> + Sync + 'a>,
}

impl std::fmt::Debug for Side<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Side").field(&self.name).finish()
    }
}

/// Two servers, of which the left one says what is right.
#[derive(Debug)]
pub struct Pair<'a> {
    /// Whose answers are expected.
    pub left: Side<'a>,
    /// Who is held to them.
    pub right: Side<'a>,
    /// The names that are bound at the beginning.
    pub vars: Vars,
    /// Whether responses are held to their meaning only.
    pub loose: bool,
    /// Whether one of them goes on running, so that each play needs ids of its own.
    pub shared: bool,
    /// How many plays there were.
    pub plays: AtomicU64,
}

/// What came of one sequence.
pub(super) struct Compared {
    pub(super) source: String,
    pub(super) tally: Tally,
    /// The place of the call that is answered differently, and how.
    pub(super) differs: Option<(usize, Failure)>,
}

/// What ids begin with, so that each play on a shared server can have its own.
const TAG: &str = "fz-";

impl Pair<'_> {
    /// Records a sequence on the left, and plays the record on the right.
    pub(super) fn compare(&self, calls: &[Call]) -> anyhow::Result<Compared> {
        let play_number = self.plays.fetch_add(1, Ordering::Relaxed);
        let tagged: Vec<Call>;
        let calls = if self.shared {
            let tag = format!("fz{}-{play_number}-", std::process::id());
            tagged = calls.iter().map(|call| call.replaced(TAG, &tag)).collect();
            &tagged
        } else {
            calls
        };
        let (mut left, mut right) = ((self.left.start)()?, (self.right.start)()?);
        let record = record(calls, &mut *left, &self.vars).map_err(|e| anyhow!("{e}"))?;
        drop(left);
        let (left, right_name) = (&self.left.name, &self.right.name);
        let mut lines = vec![
            format!("# What {right_name} answers otherwise than {left}."),
            format!("--- as {left} answers it"),
        ];
        let before = lines.len();
        lines.extend(record.lines);
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        let source = lines.join("\n") + "\n";
        let transcript = crate::parse::parse("differs.txt", &source, &|_| None)?;
        let how = Options { loose: self.loose, ..Options::strict(Cut::Whole) };
        let played = play(&transcript, &mut *right, &self.vars, how);
        let differs = played.failures.into_iter().next().map(|failure| {
            let line = failure.place.line.saturating_sub(before + 1);
            let at = record.starts.iter().rposition(|start| *start <= line).unwrap_or(0);
            (at, failure)
        });
        Ok(Compared { source, tally: record.tally, differs })
    }
}
