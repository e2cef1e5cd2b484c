//! What a transcript says, as steps.
//!
//! Owns the words of the model. Does not know how they are written (`parse`) or played (`player`).

use std::fmt;
use std::sync::Arc;

/// Where a step is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, relative to the folder of the transcripts.
    pub file: Arc<str>,
    /// Its first line, from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// One file.
#[derive(Clone, Debug)]
pub struct Transcript {
    /// The file, relative to the folder of the transcripts: `http/keep_alive.txt`.
    pub file: Arc<str>,
    /// What it covers: the comment that it begins with.
    pub about: String,
    /// Whether it needs a server that nobody else talks to or has talked to.
    pub alone: bool,
    /// Its sections, played one after the other against the same server.
    pub sections: Vec<Section>,
}

/// A part of a file that begins with no connection open.
#[derive(Clone, Debug)]
pub struct Section {
    /// Where it begins.
    pub place: Place,
    /// What it shows.
    pub title: String,
    /// The rules of the game that it shows, by number.
    pub rules: Vec<u32>,
    /// The limits that it crosses, by name.
    pub crosses: Vec<String>,
    /// Why only the core can play it: it takes a hand on the store, or on the write buffers.
    pub core_only: Option<String>,
    /// What happens.
    pub steps: Vec<Step>,
}

/// One thing that happens.
#[derive(Clone, Debug)]
pub struct Step {
    /// Where it is written.
    pub place: Place,
    /// What it is.
    pub act: Act,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// `[alice]`, `[root admin]`: what follows is on this connection.
    Use {
        /// The connection.
        name: String,
        /// To the admin listener, or to the public one.
        admin: bool,
    },
    /// `let name = text`.
    Let {
        /// The name.
        name: String,
        /// The text, with its escapes and names.
        text: String,
    },
    /// Lines that begin with `>`: one write.
    Send(Vec<Line>),
    /// Lines that begin with `<`.
    Expect(Vec<Line>),
    /// `< ?`: to be written by `bless`, under conditions.
    Unwritten(Wanted),
    /// `@ +150ms`.
    Advance(u32),
    /// `<eof>`: the peer has ended the stream.
    Eof,
    /// `<gone>`: the connection is gone in both directions.
    Gone,
    /// `<nothing>`: nothing is there to read.
    Nothing,
    /// `end sending`: our side of the stream ends.
    EndSending,
    /// `cut`: the connection is closed by us.
    Cut,
    /// `stop reading`, `read on`.
    Reading(bool),
    /// `drain`: the server is asked to end.
    Drain,
    /// `store fails`: the next request to the store fails.
    StoreFails,
}

/// A line of a `>` or `<` block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The number of the line in its file, from 1.
    pub number: usize,
    /// Whether CR LF follows (`>`), or nothing does (`>>`).
    pub ends: bool,
    /// The text, with its escapes and holes.
    pub text: String,
}

/// What an unwritten answer must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The line.
    pub number: usize,
    /// The status.
    pub status: Option<u16>,
    /// The problem.
    pub slug: Option<String>,
    /// The whole body, where it begins with `{`, or a part of it.
    pub body: Option<String>,
}

impl Transcript {
    /// How often something is sent and an expectation about the answer follows.
    #[must_use]
    pub fn exchanges(&self) -> usize {
        self.sections.iter().map(|section| section.exchanges(&self.file)).sum()
    }
}

impl Section {
    /// The exchanges that are written in `file` itself, each line counted once.
    #[must_use]
    pub fn exchanges(&self, file: &str) -> usize {
        let mut sent: Option<usize> = None;
        let mut counted = Vec::new();
        for step in self.steps.iter().filter(|step| *step.place.file == *file) {
            match &step.act {
                Act::Send(_) => sent = Some(step.place.line),
                Act::Expect(_) | Act::Unwritten(_) | Act::Eof | Act::Nothing => {
                    if let Some(line) = sent.take()
                        && !counted.contains(&line)
                    {
                        counted.push(line);
                    }
                }
                _ => {}
            }
        }
        counted.len()
    }

    /// The lines that are sent and expected, as they are written.
    pub fn lines(&self, sent: bool) -> impl Iterator<Item = &str> {
        self.steps
            .iter()
            .filter_map(move |step| match &step.act {
                Act::Send(lines) if sent => Some(lines),
                Act::Expect(lines) if !sent => Some(lines),
                _ => None,
            })
            .flatten()
            .map(|line| line.text.as_str())
    }
}

/// The lines of the body that belongs to the head in which line `at` stands.
#[must_use]
pub fn body_of(lines: &[Line], at: usize) -> Option<std::ops::Range<usize>> {
    let blank = (at..lines.len()).find(|i| lines[*i].ends && lines[*i].text.is_empty())?;
    let from = blank + 1;
    let to = (from..lines.len()).find(|i| lines[*i].ends).unwrap_or(lines.len());
    Some(from..to)
}
