//! The list of sections that a server answers otherwise than as written, each with its reason and
//! with what is answered instead.
//!
//! Owns how the list is read, and that what it names is there. Does not know how an answer is held
//! to it: `player` does that.

use crate::transcript::{Section, Transcript};
use std::fmt;

/// A list: which section of which transcript, for which server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences(Vec<Difference>);

/// An entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where it stands: `file:line`.
    pub at: String,
    /// The server.
    pub server: String,
    /// The file of the transcript.
    pub file: String,
    /// The title of the section.
    pub title: String,
    /// What is answered instead.
    pub instead: Instead,
    /// Why.
    pub reason: String,
}

/// What is answered in place of the first thing in a section that does not come as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instead {
    /// What comes; `None` for nothing.
    pub answer: Option<Answer>,
    /// Whether it may be left out, by how what is sent arrives.
    pub at_most: bool,
    /// What becomes of the connection, with which the section ends; where nothing is said, the
    /// section goes on as written.
    pub end: Option<End>,
}

/// An answer that is known only in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A response with this status, and this problem where one is named.
    Response {
        /// The status.
        status: u16,
        /// The slug of the problem.
        problem: Option<String>,
    },
    /// A Close frame with this code.
    Close(u16),
    /// A text or binary message.
    Message,
}

/// What becomes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The server ends the stream, and nothing comes before.
    Closes,
    /// It stays open, and nothing comes.
    StaysOpen,
}

/// A line that cannot be read, or names what is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {message}")]
pub struct BadEntry {
    /// Where: `file:line`.
    pub at: String,
    /// Why.
    pub message: String,
}

/// What may be said of an answer.
const WORDS: &str = "STATUS, STATUS PROBLEM, close CODE, or message, with `at most` before it or \
                     not, and after a comma or alone: closes, stays open";

impl Differences {
    /// Reads a list, for servers of these names.
    ///
    /// # Errors
    /// At the first line that cannot be read.
    pub fn read(name: &str, source: &str, servers: &[&str]) -> Result<Self, BadEntry> {
        let mut entries: Vec<Difference> = Vec::new();
        let mut reason = String::new();
        let mut reason_is_over = true;
        for (index, line) in source.lines().enumerate() {
            let at = format!("{name}:{}", index + 1);
            let bad = |message: String| BadEntry { at: at.clone(), message };
            if line.trim().is_empty() || line.starts_with('#') {
                reason_is_over = true;
            } else if !line.starts_with(' ') {
                if std::mem::take(&mut reason_is_over) {
                    reason.clear();
                } else {
                    reason.push(' ');
                }
                reason.push_str(line.trim());
            } else {
                reason_is_over = true;
                let entry = entry(line.trim(), servers).map_err(bad)?;
                let entry = Difference { at: at.clone(), reason: reason.clone(), ..entry };
                if reason.is_empty() {
                    return Err(bad("an entry stands below its reason".into()));
                }
                if let Some(before) = entries.iter().find(|e| e.is_of(&entry)) {
                    return Err(bad(format!("listed before, at {}", before.at)));
                }
                entries.push(entry);
            }
        }
        Ok(Self(entries))
    }

    /// The entries, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Difference> {
        self.0.iter()
    }

    /// The entries of a server.
    #[must_use]
    pub fn of(&self, server: &str) -> Self {
        Self(self.iter().filter(|entry| entry.server == server).cloned().collect())
    }

    /// The entry of a section.
    #[must_use]
    pub fn entry(&self, file: &str, section: &Section) -> Option<&Difference> {
        self.iter().find(|entry| entry.file == file && entry.title == section.title)
    }

    /// Entries that name no section that a server can play.
    #[must_use]
    pub fn without_section(&self, transcripts: &[Transcript]) -> Vec<BadEntry> {
        let check = |entry: &Difference| {
            let transcript = transcripts.iter().find(|t| *t.file == *entry.file);
            let found = transcript.map(|t| t.sections.iter().filter(|s| s.title == entry.title));
            let sections: Vec<&Section> = found.into_iter().flatten().collect();
            let what = match (transcript, &sections[..]) {
                (None, _) => format!("no transcript is called {}", entry.file),
                (_, []) => format!("{} has no section \"{}\"", entry.file, entry.title),
                (_, [section]) if section.core_only.is_some() => {
                    format!("\"{}\" is for the core alone", entry.title)
                }
                (_, [_]) => return None,
                _ => format!("{} has several sections \"{}\"", entry.file, entry.title),
            };
            Some(BadEntry { at: entry.at.clone(), message: what })
        };
        self.iter().filter_map(check).collect()
    }
}

impl Difference {
    fn is_of(&self, other: &Self) -> bool {
        (&self.server, &self.file, &self.title) == (&other.server, &other.file, &other.title)
    }
}

/// `server  transcript  title of the section  => what is answered`.
fn entry(line: &str, servers: &[&str]) -> Result<Difference, String> {
    const SHAPE: &str = "an entry is `server  transcript  section title  => what is answered \
                         instead`, with two spaces or more between its parts";
    let (names, instead) = line.rsplit_once(" => ").ok_or(SHAPE)?;
    let mut parts = names.splitn(2, "  ").map(str::trim);
    let (Some(server), Some(rest)) = (parts.next(), parts.next()) else {
        return Err(SHAPE.into());
    };
    let (file, title) = rest.split_once("  ").ok_or(SHAPE)?;
    if !servers.contains(&server) {
        return Err(format!("`{server}` is none of {}", servers.join(", ")));
    }
    Ok(Difference {
        at: String::new(),
        server: server.to_owned(),
        file: file.trim().to_owned(),
        title: title.trim().to_owned(),
        instead: instead.trim().parse()?,
        reason: String::new(),
    })
}

impl std::str::FromStr for Instead {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("`{text}` is not one of: {WORDS}");
        let end = |text: &str| match text {
            "closes" => Some(End::Closes),
            "stays open" => Some(End::StaysOpen),
            _ => None,
        };
        if let Some(end) = end(text) {
            return Ok(Self { answer: None, at_most: false, end: Some(end) });
        }
        let (answer, end) = match text.split_once(", ") {
            Some((answer, last)) => (answer, Some(end(last).ok_or_else(bad)?)),
            None => (text, None),
        };
        let (answer, at_most) = match answer.strip_prefix("at most ") {
            Some(answer) => (answer, true),
            None => (answer, false),
        };
        let (first, second) = answer.split_once(' ').unwrap_or((answer, ""));
        let number = |text: &str, range: std::ops::RangeInclusive<u16>| {
            text.parse().ok().filter(|number| range.contains(number)).ok_or_else(bad)
        };
        let is_slug = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        let answer = match (first, second) {
            ("message", "") => Answer::Message,
            ("close", code) => Answer::Close(number(code, 1000..=4999)?),
            (status, problem) if is_slug(problem) => {
                let problem = Some(problem.to_owned()).filter(|problem| !problem.is_empty());
                Answer::Response { status: number(status, 100..=599)?, problem }
            }
            _ => return Err(bad()),
        };
        Ok(Self { answer: Some(answer), at_most, end })
    }
}

impl fmt::Display for Instead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let answer = match &self.answer {
            None => None,
            Some(Answer::Close(code)) => Some(format!("close {code}")),
            Some(Answer::Message) => Some("message".into()),
            Some(Answer::Response { status, problem: None }) => Some(status.to_string()),
            Some(Answer::Response { status, problem: Some(problem) }) => {
                Some(format!("{status} {problem}"))
            }
        };
        let end = self.end.map(|end| match end {
            End::Closes => "closes".to_owned(),
            End::StaysOpen => "stays open".to_owned(),
        });
        f.write_str(if self.at_most { "at most " } else { "" })?;
        f.write_str(&answer.into_iter().chain(end).collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse;

    const LIST: &str = "# About the list.\n\nThe library reads the head,\nand says no.\n\
                        \x20 go-a  http/a.txt   one => two   => 400, closes\n\
                        \x20 go-b  http/a.txt  two  => stays open\n\nAnother reason.\n\
                        \x20 go-a  http/b.txt  two  => 426 unsupported\n";

    fn read(source: &str) -> Result<Differences, BadEntry> {
        Differences::read("list", source, &["go-a", "go-b"])
    }

    #[test]
    fn entries_stand_below_their_reason() {
        let list = read(LIST).unwrap();
        let said: Vec<_> = list
            .iter()
            .map(|d| {
                format!(
                    "{} {} {} [{}] {} ({})",
                    d.at, d.server, d.file, d.title, d.instead, d.reason
                )
            })
            .collect();
        let expected = [
            "list:5 go-a http/a.txt [one => two] 400, closes (The library reads the head, and says no.)",
            "list:6 go-b http/a.txt [two] stays open (The library reads the head, and says no.)",
            "list:9 go-a http/b.txt [two] 426 unsupported (Another reason.)",
        ];
        assert_eq!(said, expected);
        assert_eq!(list.of("go-b").iter().count(), 1);
    }

    #[test]
    fn what_is_said_of_an_answer_is_written_as_it_is_read() {
        for text in [
            "400",
            "431 head-too-large, closes",
            "200, stays open",
            "close 1002",
            "closes",
            "message",
            "at most 400, closes",
        ] {
            assert_eq!(text.parse::<Instead>().unwrap().to_string(), text);
        }
        for text in ["", "99", "400 Bad", "400 a b", "close", "close 1", "400, dies", "closes, 400"]
        {
            let error = text.parse::<Instead>().unwrap_err();
            assert!(error.contains("STATUS") && error.contains("stays open"), "{error}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_said_with_its_line() {
        for (source, what) in [
            ("  go-a  a.txt  t  => 400\n", "list:1: an entry stands below its reason"),
            ("R\n  go-c  a.txt  t  => 400\n", "list:2: `go-c` is none of go-a, go-b"),
            ("R\n  go-a  a.txt  t\n", "list:2: an entry is `server"),
            ("R\n  go-a a.txt t => 400\n", "list:2: an entry is `server"),
            ("R\n  go-a  a.txt  t  => 4\n", "list:2: `4` is not one of: STATUS"),
            ("R\n  go-a  a.txt  t  => 400\n  go-a  a.txt  t  => 401\n", "list:3: listed before"),
        ] {
            let error = read(source).unwrap_err().to_string();
            assert!(error.starts_with(what), "{error}");
        }
    }

    #[test]
    fn what_names_no_section_is_found() {
        let source = "--- one\n> a\n--- two\nonly core: why\n> a\n--- twice\n> a\n--- twice\n> a\n";
        let transcript = parse("http/a.txt", source, &|_| None).unwrap();
        let found = |name: &str| {
            let list = read(&format!("R\n  go-a  {name}  => 400\n")).unwrap();
            list.without_section(std::slice::from_ref(&transcript))
                .first()
                .map(|bad| bad.message.clone())
        };
        assert_eq!(found("http/a.txt  one"), None);
        assert_eq!(found("http/a.txt  on").unwrap(), "http/a.txt has no section \"on\"");
        assert_eq!(found("http/c.txt  one").unwrap(), "no transcript is called http/c.txt");
        assert_eq!(found("http/a.txt  two").unwrap(), "\"two\" is for the core alone");
        assert!(found("http/a.txt  twice").unwrap().contains("several"));
    }
}
