//! What transcripts cover, read from what they send and expect.

use crate::transcript::{Act, Section, Transcript};
use std::collections::{BTreeMap, BTreeSet};

/// What is covered, and where.
#[derive(Debug, Default)]
pub struct Coverage {
    /// Problems that are expected, by slug.
    pub problems: BTreeSet<String>,
    /// `detail` of problems that are expected.
    pub details: BTreeSet<String>,
    /// Status codes that are expected.
    pub statuses: BTreeSet<u16>,
    /// Close codes that are expected.
    pub close_codes: BTreeSet<u16>,
    /// Words after `"outcome":` that are expected.
    pub outcomes: BTreeSet<String>,
    /// Words of protobuf enums that are expected.
    pub enum_values: BTreeSet<String>,
    /// Path templates of requests that are answered with success.
    pub routes: BTreeSet<String>,
    /// Rules that a section shows, with the files of the sections.
    pub rules: BTreeMap<u32, BTreeSet<String>>,
    /// Limits that a section crosses.
    pub limits: BTreeSet<String>,
    /// How often something is sent and its answer expected.
    pub exchanges: usize,
}

impl Coverage {
    /// What these transcripts cover.
    #[must_use]
    pub fn of(transcripts: &[Transcript]) -> Self {
        let mut coverage = Self::default();
        for transcript in transcripts {
            coverage.exchanges += transcript.exchanges();
            for section in &transcript.sections {
                coverage.section(&transcript.file, section);
            }
        }
        coverage
    }

    fn section(&mut self, file: &str, section: &Section) {
        for rule in &section.rules {
            self.rules.entry(*rule).or_default().insert(file.to_owned());
        }
        self.limits.extend(section.crosses.iter().cloned());
        for line in section.lines(false) {
            self.problems.extend(between(line, "urn:hunt:problem:", '"'));
            self.details.extend(between(line, "\"detail\":\"", '"'));
            self.outcomes.extend(between(line, "\"outcome\":\"", '"'));
            let words = line.split(|c: char| !(c.is_ascii_uppercase() || c == '_'));
            self.enum_values
                .extend(words.filter(|w| w.len() > 1 && w.contains('_')).map(str::to_owned));
            if let Some(code) = line.strip_prefix("close ") {
                self.close_codes.extend(code.split(' ').next().and_then(|c| c.parse::<u16>().ok()));
            }
            self.statuses.extend(status(line));
        }
        let mut sent: Option<&str> = None;
        for step in &section.steps {
            match &step.act {
                Act::Send(lines) => sent = lines.first().map(|line| line.text.as_str()),
                Act::Expect(lines) => {
                    let status = lines.first().and_then(|line| status(&line.text));
                    if let Some(line) = sent.take()
                        && status.is_some_and(|status| matches!(status, 101 | 200 | 201))
                    {
                        self.routes.extend(route(line));
                    }
                }
                _ => {}
            }
        }
    }
}

/// The texts between every `before` and the next `after`.
fn between(line: &str, before: &str, after: char) -> Vec<String> {
    let parts = line.split(before).skip(1);
    parts.filter_map(|part| Some(part.split_once(after)?.0.to_owned())).collect()
}

fn status(line: &str) -> Option<u16> {
    line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

/// The template of the path of a request line: `GET /v1/hunts/{hunt}/status`.
fn route(line: &str) -> Option<String> {
    let target = line.split(' ').nth(1)?;
    let path = target.split('?').next()?;
    let mut parts: Vec<&str> = path.split('/').collect();
    if let [_, "v1", kind, id, ..] = &mut parts[..] {
        *id = if *kind == "quests" { "{quest}" } else { "{hunt}" };
    }
    Some(parts.join("/"))
}

/// The rules in a text of rules: the number, and the transcript that it names.
///
/// # Errors
/// If a rule names none.
pub fn rules(text: &str) -> Result<BTreeMap<u32, String>, String> {
    let mut rules = BTreeMap::new();
    for part in text.split("\n**R").skip(1) {
        let number = part.split_once(".**").and_then(|(number, _)| number.parse().ok());
        let number: u32 =
            number.ok_or_else(|| format!("no rule: {}", &part[..part.len().min(40)]))?;
        let named = part.split_once("Transcript: `").and_then(|(_, rest)| rest.split_once('`'));
        let (file, _) = named.ok_or_else(|| format!("rule {number} names no transcript"))?;
        rules.insert(number, file.to_owned());
    }
    Ok(rules)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse;

    #[test]
    fn what_is_expected_is_what_is_covered() {
        let source = "--- a\nrule 7\ncrosses fields_max\n> GET /v1/hunts/${h}/status?x HTTP/1.1\n>\n\
                      < HTTP/1.1 200 OK\n<\n<< {\"outcome\":\"too_far\"}\n\n> GET /loot HTTP/1.1\n>\n\
                      < HTTP/1.1 404 N\n<\n<< {\"type\":\"urn:hunt:problem:a-b\",\"detail\":\"d\"}\n\n\
                      < close 1002\n< binary moved{outcome:MOVE_OUTCOME_MOVED}\n";
        let coverage = Coverage::of(&[parse("a.txt", source, &|_| None).unwrap()]);
        let one = |text: &str| BTreeSet::from([text.to_owned()]);
        assert_eq!(coverage.problems, one("a-b"));
        assert_eq!(coverage.details, one("d"));
        assert_eq!(coverage.outcomes, one("too_far"));
        assert_eq!(coverage.enum_values, one("MOVE_OUTCOME_MOVED"));
        assert_eq!(coverage.routes, one("/v1/hunts/{hunt}/status"), "/loot was not answered");
        assert_eq!(coverage.statuses, BTreeSet::from([200, 404]));
        assert_eq!(coverage.close_codes, BTreeSet::from([1002]));
        assert_eq!(coverage.rules, BTreeMap::from([(7, one("a.txt"))]));
        assert_eq!((coverage.limits, coverage.exchanges), (one("fields_max"), 2));
    }

    #[test]
    fn rules_name_their_transcripts() {
        let text = "# Rules\n\n**R1.** A.\nTranscript: `a.txt`\n\n**R2.** B. Transcript: `b.txt`\n";
        let expected = BTreeMap::from([(1, "a.txt".to_owned()), (2, "b.txt".to_owned())]);
        assert_eq!(rules(text).unwrap(), expected);
        assert!(rules("\n**R1.** A.\n\n").is_err());
    }
}
