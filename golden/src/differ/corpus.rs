//! What is sent in the transcripts, to start from: documents, bodies and messages, valid or not.

use crate::library::Library;
use crate::text::{Vars, render};
use crate::transcript::{Act, Line, Section, body_of};

/// Texts by what they are for.
#[derive(Clone, Debug, Default)]
pub struct Corpus {
    /// Quest documents.
    pub quests: Vec<Vec<u8>>,
    /// Bodies that start a hunt.
    pub starts: Vec<Vec<u8>>,
    /// Bodies that join a hunt.
    pub joins: Vec<Vec<u8>>,
    /// Bodies that open a treasure.
    pub resolves: Vec<Vec<u8>>,
    /// Messages in JSON.
    pub messages: Vec<Vec<u8>>,
    /// Messages in protobuf, as text.
    pub binaries: Vec<String>,
    /// Other frames, as lines.
    pub frames: Vec<String>,
    /// Tokens that were made for the transcripts.
    pub tokens: Vec<String>,
}

impl Corpus {
    /// Reads the transcripts, and the documents that the fuzzer of the engine keeps.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn read(library: &Library) -> anyhow::Result<Self> {
        let mut corpus = Self::default();
        for transcript in library.read("")? {
            for section in &transcript.sections {
                corpus.section(section);
            }
        }
        let tokens = library.source("setup/tokens.txt")?;
        let tokens = tokens.lines().filter_map(|line| line.strip_prefix("let ")?.split_once(" = "));
        corpus.tokens = tokens.map(|(_, token)| token.to_owned()).collect();
        let kept = engine_fuzz::corpus::load("quest_json")?;
        corpus.quests.extend(kept.into_iter().map(|(_, bytes)| bytes));
        let Self { quests, starts, joins, resolves, messages, .. } = &mut corpus;
        for list in [quests, starts, joins, resolves, messages] {
            list.sort();
            list.dedup();
        }
        for list in [&mut corpus.binaries, &mut corpus.frames] {
            list.sort();
            list.dedup();
        }
        Ok(corpus)
    }

    fn section(&mut self, section: &Section) {
        for step in &section.steps {
            let Act::Send(lines) = &step.act else { continue };
            let Some(first) = lines.first().filter(|line| line.ends) else { continue };
            if first.text.contains(" HTTP/1.") {
                self.request(first, lines);
            } else {
                lines.iter().filter(|line| line.ends).for_each(|line| self.message(&line.text));
            }
        }
    }

    fn request(&mut self, first: &Line, lines: &[Line]) {
        let target = first.text.split(' ').nth(1).unwrap_or_default();
        let list = match target.split('/').collect::<Vec<_>>()[..] {
            [_, "v1", "quests", _] => &mut self.quests,
            [_, "v1", "hunts", _] => &mut self.starts,
            [_, "v1", "hunts", _, "players"] => &mut self.joins,
            [_, "v1", "hunts", _, "resolve"] => &mut self.resolves,
            _ => return,
        };
        let Some(range) = body_of(lines, 0).filter(|range| !range.is_empty()) else { return };
        let body: Option<Vec<Vec<u8>>> =
            lines[range].iter().map(|line| render(&line.text, &Vars::new(), None).ok()).collect();
        list.extend(body.map(|lines| lines.concat()));
    }

    fn message(&mut self, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let Ok(bytes) = render(rest, &Vars::new(), None) else { return };
        match word {
            "text" => self.messages.push(bytes),
            "binary" => self.binaries.push(String::from_utf8_lossy(&bytes).into_owned()),
            // A length that nothing follows would have to be waited for.
            "frame" if !rest.contains("len=") => self.frames.push(line.to_owned()),
            "ping" | "pong" => self.frames.push(line.to_owned()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transcripts_are_rich_in_everything() {
        let corpus = Corpus::read(&Library::of_checkout()).unwrap();
        let Corpus { quests, starts, joins, resolves, messages, binaries, frames, tokens } = corpus;
        assert!(quests.len() > 60, "{}", quests.len());
        for list in [&starts, &joins, &resolves, &messages] {
            assert!(list.len() > 10, "{list:?}");
        }
        assert!(binaries.len() > 5 && frames.len() > 20 && tokens.len() > 5);
        assert!(quests.iter().any(|quest| quest.starts_with(b"{\"name\":\"Harbour\"")));
        assert!(frames.iter().all(|line| !line.contains("len=")));
    }
}
