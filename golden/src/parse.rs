//! Reads a transcript.
//!
//! Owns the syntax of a file, `include` and `repeat`. Does not know what a WebSocket line means:
//! that depends on what the connection has become when it is played.

use crate::text;
use crate::transcript::{Act, Line, Place, Section, Step, Transcript, Wanted};
use std::sync::Arc;

/// A line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct ParseError {
    /// Where.
    pub place: Place,
    /// Why.
    pub message: String,
}

/// Finds the text of an included file.
pub type Load<'a> = &'a dyn Fn(&str) -> Option<String>;

const INCLUDES_MAX: usize = 4;
const REPEAT_MAX: u32 = 100_000;

/// Reads the transcript called `file`.
///
/// # Errors
/// At the first line that cannot be read.
pub fn parse(file: &str, source: &str, load: Load<'_>) -> Result<Transcript, ParseError> {
    let file: Arc<str> = file.into();
    let mut reader = Reader { load, sections: Vec::new(), alone: false, repeats: Vec::new() };
    reader.sections.push(section(Place { file: file.clone(), line: 1 }, String::new()));
    reader.file(&file, source, 0)?;
    let Reader { mut sections, alone, .. } = reader;
    sections.retain(|section| !section.steps.is_empty());
    let about: Vec<&str> =
        source.lines().map_while(|line| line.strip_prefix('#')).map(str::trim).collect();
    Ok(Transcript { file, about: about.join(" "), alone, sections })
}

fn section(place: Place, title: String) -> Section {
    let (rules, crosses, steps) = (Vec::new(), Vec::new(), Vec::new());
    Section { place, title, rules, crosses, core_only: None, steps }
}

struct Repeat {
    count: u32,
    name: String,
    from: usize,
}

struct Reader<'a> {
    load: Load<'a>,
    sections: Vec<Section>,
    alone: bool,
    repeats: Vec<Repeat>,
}

impl Reader<'_> {
    fn file(&mut self, file: &Arc<str>, source: &str, depth: usize) -> Result<(), ParseError> {
        let repeats = self.repeats.len();
        // A block goes on only where its lines follow each other.
        let mut open = false;
        for (index, line) in source.lines().enumerate() {
            let place = Place { file: file.clone(), line: index + 1 };
            let outcome = match Line::read(line, index + 1) {
                Some(read) => read.map(|(sent, line)| {
                    self.block(&place, sent, line, open);
                    open = true;
                }),
                None => {
                    open = false;
                    self.directive(&place, line, depth)
                }
            };
            outcome.map_err(|message| ParseError { place, message })?;
        }
        if self.repeats.len() != repeats {
            let place = Place { file: file.clone(), line: source.lines().count() };
            return Err(ParseError { place, message: "a `repeat` without its `end`".into() });
        }
        Ok(())
    }

    fn steps(&mut self) -> &mut Vec<Step> {
        &mut self.current().steps
    }

    fn current(&mut self) -> &mut Section {
        self.sections.last_mut().expect("a section is pushed before the first line is read")
    }

    fn push(&mut self, place: &Place, act: Act) {
        self.steps().push(Step { place: place.clone(), act });
    }

    fn block(&mut self, place: &Place, sent: bool, line: Line, open: bool) {
        if open
            && let Some(Step { act: Act::Send(lines), .. }) = self.steps().last_mut()
            && sent
        {
            lines.push(line);
        } else if open
            && let Some(Step { act: Act::Expect(lines), .. }) = self.steps().last_mut()
            && !sent
        {
            lines.push(line);
        } else {
            let act = if sent { Act::Send(vec![line]) } else { Act::Expect(vec![line]) };
            self.push(place, act);
        }
    }

    fn directive(&mut self, place: &Place, line: &str, depth: usize) -> Result<(), String> {
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        if let Some(title) = line.strip_prefix("--- ") {
            if depth > 0 {
                return Err("an included file has no sections".into());
            }
            if !self.repeats.is_empty() {
                return Err("a `repeat` ends in its own section".into());
            }
            self.sections.push(section(place.clone(), title.to_owned()));
            return Ok(());
        }
        if let Some(rest) = line.strip_prefix("< ?") {
            let wanted = wanted(rest, place.line)?;
            self.push(place, Act::Unwritten(wanted));
            return Ok(());
        }
        if let Some(inside) = line.strip_prefix('[') {
            let inside = inside.strip_suffix(']').ok_or("a `[` without its `]`")?;
            let act = connection(inside)?;
            self.push(place, act);
            return Ok(());
        }
        if let Some(act) = plain(line) {
            self.push(place, act);
            return Ok(());
        }
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        self.worded(place, word, rest.trim(), depth)
    }

    fn worded(&mut self, at: &Place, word: &str, rest: &str, depth: usize) -> Result<(), String> {
        match word {
            "alone" => self.alone = true,
            "rule" => {
                for number in rest.split_whitespace() {
                    let number = number.parse().map_err(|_| "a rule is a number")?;
                    self.current().rules.push(number);
                }
            }
            "crosses" => {
                self.current().crosses.extend(rest.split_whitespace().map(str::to_owned));
            }
            "only" => {
                let why = rest.strip_prefix("core: ").ok_or("`only core: why`")?;
                self.current().core_only = Some(why.to_owned());
            }
            "@" => self.push(at, Act::Advance(duration(rest)?)),
            "let" => {
                let (name, text) = rest.split_once(" = ").ok_or("`let name = text`")?;
                text::pieces(text)?;
                self.push(at, Act::Let { name: name.into(), text: text.into() });
            }
            "include" => self.include(at, rest, depth)?,
            "repeat" => {
                let (count, name) = rest.split_once(" as ").ok_or("`repeat 64 as n`")?;
                let count = count.parse().ok().filter(|count| (1..=REPEAT_MAX).contains(count));
                let count = count.ok_or_else(|| format!("a count is 1 to {REPEAT_MAX}"))?;
                let from = self.steps().len();
                self.repeats.push(Repeat { count, name: name.into(), from });
            }
            "end" => self.end(at)?,
            _ => return Err(format!("`{word}` begins no line of a transcript")),
        }
        Ok(())
    }

    fn end(&mut self, place: &Place) -> Result<(), String> {
        let repeat = self.repeats.pop().ok_or("an `end` without its `repeat`")?;
        let body = self.steps().split_off(repeat.from);
        for n in 0..repeat.count {
            self.push(place, Act::Let { name: repeat.name.clone(), text: n.to_string() });
            self.steps().extend(body.iter().cloned());
        }
        Ok(())
    }

    fn include(&mut self, place: &Place, rest: &str, depth: usize) -> Result<(), String> {
        if depth == INCLUDES_MAX {
            return Err("files include each other too deeply".into());
        }
        let mut words = rest.split_whitespace();
        let name = words.next().ok_or("`include file name=text …`")?;
        for word in words {
            let (name, text) = word.split_once('=').ok_or("`include file name=text …`")?;
            text::pieces(text)?;
            self.push(place, Act::Let { name: name.into(), text: text.into() });
        }
        let source = (self.load)(name).ok_or_else(|| format!("there is no {name}"))?;
        self.file(&name.into(), &source, depth + 1)
            .map_err(|error| format!("included: {}: {}", error.place, error.message))
    }
}

impl Line {
    /// A line of a block, and whether it is sent; `None` where `line` is of no block.
    fn read(line: &str, number: usize) -> Option<Result<(bool, Self), String>> {
        if line == "< ?" || line.starts_with("< ? ") {
            return None;
        }
        let sent = line.starts_with('>');
        let (ends, text) = if line == ">" || line == "<" {
            (true, "")
        } else if let Some(text) = line.strip_prefix(">>").or_else(|| line.strip_prefix("<<")) {
            (false, text.strip_prefix(' ').unwrap_or(text))
        } else {
            (true, line.strip_prefix("> ").or_else(|| line.strip_prefix("< "))?)
        };
        let line = Self { number, ends, text: text.to_owned() };
        Some(text::pieces(text).map(|_| (sent, line)))
    }
}

fn plain(line: &str) -> Option<Act> {
    Some(match line {
        "<eof>" => Act::Eof,
        "<gone>" => Act::Gone,
        "<nothing>" => Act::Nothing,
        "end sending" => Act::EndSending,
        "cut" => Act::Cut,
        "stop reading" => Act::Reading(false),
        "read on" => Act::Reading(true),
        "drain" => Act::Drain,
        "store fails" => Act::StoreFails,
        _ => return None,
    })
}

fn connection(inside: &str) -> Result<Act, String> {
    let (name, listener) = inside.split_once(' ').unwrap_or((inside, "public"));
    let admin = match listener {
        "public" => false,
        "admin" => true,
        _ => return Err(format!("`{listener}` is no listener: public, admin")),
    };
    Ok(Act::Use { name: name.to_owned(), admin })
}

fn duration(text: &str) -> Result<u32, String> {
    let digits = text.strip_prefix('+').and_then(|t| t.strip_suffix("ms"));
    digits.and_then(|t| t.parse().ok()).ok_or_else(|| "time is written `@ +150ms`".into())
}

/// `< ?`, `< ? 404 unknown-hunt`, `< ? 422 invalid-body "line":1`, `< ? 200 {"a":1}`.
fn wanted(rest: &str, number: usize) -> Result<Wanted, String> {
    let mut wanted = Wanted { number, status: None, slug: None, body: None };
    let (status, mut rest) = rest.trim().split_once(' ').unwrap_or((rest.trim(), ""));
    if !status.is_empty() {
        wanted.status = Some(status.parse().map_err(|_| "`< ? STATUS [SLUG] [BODY]`")?);
    }
    if rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
        let (slug, body) = rest.split_once(' ').unwrap_or((rest, ""));
        wanted.slug = Some(slug.to_owned());
        rest = body;
    }
    if !rest.is_empty() {
        text::pieces(rest)?;
        wanted.body = Some(rest.to_owned());
    }
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &str) -> Result<Transcript, ParseError> {
        parse("a.txt", source, &|name| {
            (name == "setup/b.txt").then(|| "> ${who}\n< hello\n".to_owned())
        })
    }

    fn line(number: usize, ends: bool, text: &str) -> Line {
        Line { number, ends, text: text.to_owned() }
    }

    #[test]
    fn lines_that_follow_each_other_are_one_block() {
        let read = read("# About\n# this.\n> a\n>\n>> b\n< c\n\n< d\n").unwrap();
        assert_eq!(read.about, "About this.");
        let acts: Vec<_> = read.sections[0].steps.iter().map(|step| step.act.clone()).collect();
        let expected = [
            Act::Send(vec![line(3, true, "a"), line(4, true, ""), line(5, false, "b")]),
            Act::Expect(vec![line(6, true, "c")]),
            Act::Expect(vec![line(8, true, "d")]),
        ];
        assert_eq!(acts, expected);
        assert_eq!(read.exchanges(), 1);
    }

    #[test]
    fn directives_are_steps() {
        let source = "alone\n--- one\nrule 3 4\ncrosses fields_max\n[root admin]\n@ +150ms\n\
                      <eof>\n< ? 404 unknown-hunt\n--- two\nonly core: a fault\nstore fails\n";
        let read = read(source).unwrap();
        assert!(read.alone);
        let [one, two] = &read.sections[..] else { panic!("two sections") };
        assert_eq!((one.title.as_str(), &one.rules[..]), ("one", &[3, 4][..]));
        assert_eq!(one.crosses, ["fields_max"]);
        let slug = Some("unknown-hunt".into());
        let wanted = Wanted { number: 8, status: Some(404), slug, body: None };
        let acts: Vec<_> = one.steps.iter().map(|step| step.act.clone()).collect();
        let root = Act::Use { name: "root".into(), admin: true };
        assert_eq!(acts, [root, Act::Advance(150), Act::Eof, Act::Unwritten(wanted)]);
        assert_eq!(two.core_only.as_deref(), Some("a fault"));
    }

    #[test]
    fn includes_bind_names_and_repeats_count() {
        let read = read("repeat 2 as n\ninclude setup/b.txt who=a${n}\nend\n").unwrap();
        let steps = &read.sections[0].steps;
        let lets: Vec<_> = steps
            .iter()
            .filter_map(|step| match &step.act {
                Act::Let { name, text } => Some(format!("{name}={text}")),
                _ => None,
            })
            .collect();
        assert_eq!(lets, ["n=0", "who=a${n}", "n=1", "who=a${n}"]);
        assert_eq!(&*steps[2].place.file, "setup/b.txt");
        assert_eq!(read.exchanges(), 0, "exchanges of included files are not counted");
    }

    #[test]
    fn what_cannot_be_read_is_said_with_its_place() {
        for (source, place) in [
            ("> a\nnonsense\n", "a.txt:2"),
            ("> \\q\n", "a.txt:1"),
            ("@ 150ms\n", "a.txt:1"),
            ("[a b]\n", "a.txt:1"),
            ("include nothing.txt\n", "a.txt:1"),
            ("include setup/b.txt who\n", "a.txt:1"),
            ("repeat 2 as n\n", "a.txt:1"),
            ("end\n", "a.txt:1"),
            ("repeat 2 as n\n--- two\nend\n", "a.txt:2"),
            ("only core\n", "a.txt:1"),
            ("rule x\n", "a.txt:1"),
        ] {
            assert_eq!(read(source).unwrap_err().place.to_string(), place, "{source}");
        }
    }
}
