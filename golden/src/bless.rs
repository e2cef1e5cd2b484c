//! Writes what came as expectations: holes and names of the old lines stay where they still match.

use crate::pattern::{Clock, line_matches};
use crate::text::{Vars, escaped};
use crate::transcript::{Line, Wanted};

/// Lines of a file that are replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The first line, from 1.
    pub first: usize,
    /// The last line.
    pub last: usize,
    /// What stands there instead.
    pub lines: Vec<String>,
}

/// An expected line as it is written in a file.
#[must_use]
pub fn written(line: &Line) -> String {
    match (line.ends, line.text.is_empty()) {
        (true, true) => "<".into(),
        (true, false) => format!("< {}", line.text),
        (false, _) => format!("<< {}", line.text),
    }
}

/// Bytes of responses as lines, without any hole.
#[must_use]
pub fn lines_of(bytes: &[u8]) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut rest = bytes;
    let mut in_head = true;
    let mut length = 0;
    while !rest.is_empty() {
        let end = rest.windows(2).position(|w| w == b"\r\n").filter(|_| in_head);
        let line = if let Some(end) = end {
            let line = &rest[..end];
            rest = &rest[end + 2..];
            let text = String::from_utf8_lossy(line).to_ascii_lowercase();
            if let Some(value) = text.strip_prefix("content-length: ") {
                length = value.parse().unwrap_or(0);
            }
            in_head = !line.is_empty() || length == 0;
            Line { number: 0, ends: true, text: escaped(line) }
        } else {
            // A body, up to its length; what follows is the next response.
            let len = if in_head { rest.len() } else { length.min(rest.len()) };
            let (body, after) = rest.split_at(len);
            (rest, in_head, length) = (after, true, 0);
            Line { number: 0, ends: false, text: escaped(body) }
        };
        lines.push(line);
    }
    lines
}

/// The lines for the responses in `got`, with the holes of `old` where they match, and those that
/// every response has.
#[must_use]
pub fn rewritten(old: &[Line], got: &[u8], vars: &Vars, clock: Clock) -> Vec<Line> {
    let mut lines = lines_of(got);
    let bodies: Vec<bool> = (0..lines.len()).map(|i| has_body(&lines, i)).collect();
    let mut unused: Vec<&Line> = old.iter().collect();
    for (line, has_body) in lines.iter_mut().zip(bodies) {
        if !line.ends {
            let body = unused.iter().position(|old| !old.ends);
            let body = body.map_or("", |at| unused.remove(at).text.as_str());
            line.text = kept(body, line.text_bytes().as_slice(), vars, clock);
            continue;
        }
        let bytes = line.text_bytes();
        let same = |old: &&Line| old.ends && line_matches(&old.text, vars, clock, &bytes);
        if let Some(at) = unused.iter().position(same) {
            line.text.clone_from(&unused.remove(at).text);
        }
        if line.text.starts_with("Date: ") {
            line.text = "Date: ${date}".into();
        } else if line.text.starts_with("Content-Length: ") && has_body {
            line.text = "Content-Length: ${length}".into();
        }
    }
    lines
}

fn has_body(lines: &[Line], at: usize) -> bool {
    crate::transcript::body_of(lines, at).is_some_and(|body| !body.is_empty())
}

impl Line {
    fn text_bytes(&self) -> Vec<u8> {
        crate::text::render(&self.text, &Vars::new(), None).expect("it was escaped")
    }
}

/// The text for `got`: that of `old` where it matches; else `got` with the holes of `old` whose
/// surroundings are the same.
#[must_use]
pub fn kept(old: &str, got: &[u8], vars: &Vars, clock: Clock) -> String {
    if line_matches(old, vars, clock, got) {
        return old.to_owned();
    }
    let mut text = escaped(got);
    for (before, hole, after) in holes(old) {
        let Some(at) = text.find(before) else { continue };
        let from = at + before.len();
        let end = match after.chars().next() {
            None => text.len(),
            Some(next) => match text[from..].find(next) {
                Some(len) => from + len,
                None => continue,
            },
        };
        if line_matches(hole, vars, clock, &text.as_bytes()[from..end]) {
            text.replace_range(from..end, hole);
        }
    }
    const SESSION: &str = "\"session\":\"";
    if let Some(at) = text.find(SESSION).map(|at| at + SESSION.len())
        && !text[at..].starts_with("${")
        && let Some(len) = text[at..].find('"')
    {
        text.replace_range(at..at + len, "${session:token}");
    }
    text
}

/// The holes of a text, each with the JSON key or the few characters before it and what follows.
fn holes(text: &str) -> Vec<(&str, &str, &str)> {
    let mut holes = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find("${").map(|at| at + from) {
        let Some(end) = text[at..].find('}').map(|end| end + at + 1) else { break };
        let before = &text[from..at];
        let start = before.rfind([',', '{', '[']).unwrap_or(0);
        holes.push((&before[start..], &text[at..end], &text[end..]));
        from = end;
    }
    holes
}

/// Whether a response is what an unwritten expectation asks for.
///
/// # Errors
/// With what is not.
pub fn is_wanted(wanted: &Wanted, got: &[u8], vars: &Vars, clock: Clock) -> Result<(), String> {
    let text = String::from_utf8_lossy(got);
    if let Some(status) = wanted.status
        && !text.starts_with(&format!("HTTP/1.1 {status} "))
    {
        return Err(format!("the status should be {status}"));
    }
    if let Some(slug) = &wanted.slug
        && !text.contains(&format!("\"urn:hunt:problem:{slug}\""))
    {
        return Err(format!("the problem should be {slug}"));
    }
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    match &wanted.body {
        Some(whole) if whole.starts_with('{') => line_matches(whole, vars, clock, body.as_bytes()),
        Some(part) => {
            let part = crate::text::render(part, vars, None)?;
            body.contains(&*String::from_utf8_lossy(&part))
        }
        None => true,
    }
    .then_some(())
    .ok_or_else(|| format!("the body should have {}", wanted.body.as_deref().unwrap_or("")))
}

/// Whether a text begins as a line does, up to the first comma: a broadcast of the same tick.
#[must_use]
pub fn same_start(line: &str, said: &[u8], vars: &Vars, clock: Clock) -> bool {
    let line = line.split(',').next().unwrap_or_default();
    let said = said.split(|b| *b == b',').next().unwrap_or_default();
    line_matches(line, vars, clock, said)
}

/// The source with its edits done.
#[must_use]
pub fn apply(source: &str, edits: &[Edit]) -> String {
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort_by_key(|edit| edit.first);
    edits.dedup_by_key(|edit| edit.first);
    let mut lines = Vec::new();
    let mut next = edits.into_iter().peekable();
    for (index, line) in source.lines().enumerate() {
        let number = index + 1;
        while next.peek().is_some_and(|edit| edit.last < number) {
            next.next();
        }
        match next.peek() {
            Some(edit) if edit.first == number => {
                lines.extend(edit.lines.iter().map(String::as_str));
            }
            Some(edit) if (edit.first..=edit.last).contains(&number) => {}
            _ => lines.push(line),
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOCK: Clock = Clock::Virtual(0);

    fn block(text: &[&str]) -> Vec<Line> {
        let line = |text: &&str| match text.strip_prefix("<< ") {
            Some(text) => Line { number: 0, ends: false, text: text.to_owned() },
            None => Line { number: 0, ends: true, text: text[1..].trim_start().to_owned() },
        };
        text.iter().map(line).collect()
    }

    #[test]
    fn holes_and_names_stay_where_they_match() {
        let got = b"HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nX: 7\r\n\
                    Content-Length: 17\r\n\r\n{\"a\":12,\"b\":\"cd\"}";
        let old =
            block(&["< HTTP/1.1 404 No", "< X: ${x:int}", "<", "<< {\"b\":\"x\",\"a\":${a:int}}"]);
        let lines = rewritten(&old, got, &Vars::new(), CLOCK);
        let expected = [
            "< HTTP/1.1 200 OK",
            "< Date: ${date}",
            "< X: ${x:int}",
            "< Content-Length: ${length}",
            "<",
            "<< {\"a\":12,\"b\":\"cd\"}",
        ];
        assert_eq!(lines.iter().map(written).collect::<Vec<_>>(), expected);
        let old = "{\"a\":${a:int},\"b\":\"x\",\"c\":${int}}";
        assert_eq!(
            kept(old, b"{\"a\":12,\"b\":3}", &Vars::new(), CLOCK),
            "{\"a\":${a:int},\"b\":3}"
        );
        let session = kept("", b"{\"player\":0,\"session\":\"ab-c\"}", &Vars::new(), CLOCK);
        assert_eq!(session, "{\"player\":0,\"session\":\"${session:token}\"}");
    }

    #[test]
    fn two_responses_are_two_heads_and_two_bodies() {
        let got = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabHTTP/1.1 204 No\r\n\r\nHTTP/1.1 200 OK\r\n\
                    Content-Length: 1\r\n\r\nc";
        let lines: Vec<_> = lines_of(got).iter().map(written).collect();
        let expected = [
            "< HTTP/1.1 200 OK",
            "< Content-Length: 2",
            "<",
            "<< ab",
            "< HTTP/1.1 204 No",
            "<",
            "< HTTP/1.1 200 OK",
            "< Content-Length: 1",
            "<",
            "<< c",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn an_unwritten_expectation_is_held_to_its_status_and_problem() {
        let got = b"HTTP/1.1 404 Not Found\r\n\r\n{\"type\":\"urn:hunt:problem:unknown-hunt\"}";
        let holds = |status, slug: &str, body: Option<&str>| {
            let (slug, body) = (Some(slug.into()), body.map(str::to_owned));
            let wanted = Wanted { number: 1, status, slug, body };
            is_wanted(&wanted, got, &Vars::new(), CLOCK).is_ok()
        };
        assert!(holds(Some(404), "unknown-hunt", None));
        assert!(!holds(Some(400), "unknown-hunt", None));
        assert!(!holds(Some(404), "unknown", None));
        assert!(holds(None, "unknown-hunt", Some("\"type\":")));
        assert!(!holds(None, "unknown-hunt", Some("\"line\":1")));
        assert!(holds(None, "unknown-hunt", Some("{\"type\":\"urn:hunt:problem:unknown-hunt\"}")));
        assert!(!holds(None, "unknown-hunt", Some("{\"type\":\"urn\"}")));
    }

    #[test]
    fn edits_replace_their_lines_only() {
        let edit = |first, last, line: &str| Edit { first, last, lines: vec![line.into()] };
        let edits = [edit(4, 4, "D"), edit(1, 2, "AB"), edit(1, 2, "twice")];
        assert_eq!(apply("a\nb\nc\nd\ne\n", &edits), "AB\nc\nD\ne\n");
    }
}
