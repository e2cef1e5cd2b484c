//! Matches expected responses with those of a server whose HTTP library writes the head: status,
//! fields by name and value, body.
//!
//! Free is what such a library fixes and RFC 9110 gives no meaning: the order of the fields, the
//! case of their names, the options of `Connection` on one line or on several and in any case, the
//! reason phrase, and 1.0 in place of 1.1 in the status line. A field more, one less, another
//! value, or another framing of the body is a difference.

use crate::http::{Response, Unread, response};
use crate::pattern::{self, Clock, Match, line_matches};
use crate::text::Vars;
use crate::transcript::Line;
use std::collections::BTreeSet;

/// Matches the responses in `lines` with the start of `buf`; lines that are none, byte for byte.
/// `bodiless`: they answer HEAD.
///
/// # Errors
/// If the lines are not well-formed, or a name is not bound.
pub fn matches(
    lines: &[Line],
    vars: &Vars,
    clock: Clock,
    bodiless: bool,
    buf: &[u8],
) -> Result<Match, String> {
    if lines.first().is_none_or(|line| !begins_response(line)) {
        return pattern::matches(lines, vars, clock, buf);
    }
    let mut at = 0;
    let mut binds = Vars::new();
    for part in responses(lines) {
        let (got, len) = match response(&buf[at..], bodiless) {
            Ok(read) => read,
            Err(Unread::More) => return Ok(Match::More),
            Err(Unread::Malformed) => return Ok(Match::Differs),
        };
        let known = vars.iter().chain(&binds).map(|(k, v)| (k.clone(), v.clone())).collect();
        let Some(more) = one(part, &known, clock, &got)? else {
            return Ok(Match::Differs);
        };
        binds.extend(more);
        at += len;
    }
    Ok(Match::Whole { len: at, binds })
}

/// The lines of each response in a block.
pub fn responses(lines: &[Line]) -> impl Iterator<Item = &[Line]> {
    let starts = (0..lines.len()).filter(|i| *i == 0 || begins_response(&lines[*i]));
    let starts: Vec<usize> = starts.chain([lines.len()]).collect();
    (1..starts.len()).map(move |i| &lines[starts[i - 1]..starts[i]])
}

fn begins_response(line: &Line) -> bool {
    line.ends && line.text.starts_with("HTTP/1.")
}

/// The names that one response binds, where it is as expected.
fn one(lines: &[Line], vars: &Vars, clock: Clock, got: &Response) -> Result<Option<Vars>, String> {
    let blank = lines.iter().position(|line| line.ends && line.text.is_empty());
    let blank = blank.ok_or("an expected head has an empty line")?;
    let status = lines[0].text.get(9..12).and_then(|code| code.parse().ok());
    if status != Some(got.status) {
        return Ok(None);
    }
    let mut expected = Vec::new();
    for line in &lines[1..blank] {
        expected.push(line.text.split_once(": ").ok_or("a field is `Name: value`")?);
    }
    if !fields_match(&expected, vars, clock, got) {
        return Ok(None);
    }
    body(&lines[blank + 1..], vars, clock, &got.body)
}

/// The names that a body binds, where it is as expected.
fn body(lines: &[Line], vars: &Vars, clock: Clock, got: &[u8]) -> Result<Option<Vars>, String> {
    let mut lines = lines.to_vec();
    // The body is whole, so what is left of it needs no length.
    let start = lines.last().and_then(|line| line.text.strip_suffix("${rest}")).map(str::to_owned);
    let open = start.is_some();
    if let (Some(start), Some(last)) = (start, lines.last_mut()) {
        last.text = start;
    }
    Ok(match pattern::matches(&lines, vars, clock, got)? {
        Match::Whole { len, binds } if open || len == got.len() => Some(binds),
        _ => None,
    })
}

/// Whether a response has these fields and no others.
fn fields_match(expected: &[(&str, &str)], vars: &Vars, clock: Clock, got: &Response) -> bool {
    let is_connection = |name: &str| name.eq_ignore_ascii_case("connection");
    let got_fields = || got.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let options = |values: &mut dyn Iterator<Item = (&str, &str)>| -> BTreeSet<String> {
        let values = values.filter(|(name, _)| is_connection(name));
        let options = values.flat_map(|(_, value)| value.split(','));
        options.map(|option| option.trim().to_ascii_lowercase()).collect()
    };
    if options(&mut expected.iter().copied()) != options(&mut got_fields()) {
        return false;
    }
    let mut left: Vec<_> = got_fields().filter(|(name, _)| !is_connection(name)).collect();
    for (name, value) in expected.iter().filter(|(name, _)| !is_connection(name)) {
        let same = |(n, v): &(&str, &str)| {
            n.eq_ignore_ascii_case(name) && line_matches(value, vars, clock, v.as_bytes())
        };
        match left.iter().position(same) {
            Some(at) => drop(left.swap_remove(at)),
            None => return false,
        }
    }
    left.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOCK: Clock = Clock::Real(0);

    fn tried(buf: &[u8]) -> Match {
        let text = [
            "HTTP/1.1 405 Method Not Allowed",
            "Date: ${date}",
            "Connection: close",
            "Allow: GET",
            "Content-Length: ${length}",
            "",
        ];
        let mut lines: Vec<Line> = text
            .iter()
            .map(|text| Line { number: 0, ends: true, text: (*text).to_owned() })
            .collect();
        lines.push(Line { number: 0, ends: false, text: "{\"a\":${a:int}}".to_owned() });
        matches(&lines, &Vars::new(), CLOCK, false, buf).unwrap()
    }

    const SAME: &str = "HTTP/1.0 405 Nope\r\ncontent-length: 7\r\nconnection: Close\r\n\
                        allow: GET\r\nDATE: Thu, 01 Jan 1970 00:00:01 GMT\r\n\r\n{\"a\":1}";

    #[test]
    fn order_case_and_reason_are_free() {
        let binds = Vars::from([("a".to_owned(), b"1".to_vec())]);
        assert_eq!(tried(SAME.as_bytes()), Match::Whole { len: SAME.len(), binds });
        assert_eq!(tried(&SAME.as_bytes()[..SAME.len() - 1]), Match::More);
    }

    #[test]
    fn values_and_which_fields_there_are_are_not() {
        for (from, to) in [
            ("GET", "PUT"),
            ("GET", "get"),
            ("405", "404"),
            ("\"a\"", "\"b\""),
            ("allow: GET\r\n", ""),
            ("allow: GET", "allow: GET\r\nallow: GET"),
            ("allow: GET", "allow: GET\r\nServer: x"),
            ("connection: Close\r\n", ""),
            ("Close", "keep-alive"),
            ("DATE: Thu, 01 Jan 1970 00:00:01 GMT\r\n", ""),
            ("Thu, 01", "Fri, 02"),
        ] {
            assert!(SAME.contains(from));
            assert_eq!(tried(SAME.replace(from, to).as_bytes()), Match::Differs, "{to}");
        }
        let chunked = SAME
            .replace("content-length: 7", "transfer-encoding: chunked")
            .replace("{\"a\":1}", "7\r\n{\"a\":1}\r\n0\r\n\r\n");
        assert_eq!(tried(chunked.as_bytes()), Match::Differs);
    }

    #[test]
    fn options_of_a_connection_may_stand_together_or_apart() {
        let holds = |fields: &[(&str, &str)]| {
            let fields = fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            let got = Response { status: 426, fields, body: Vec::new() };
            let expected = [("Connection", "Upgrade"), ("Connection", "close")];
            fields_match(&expected, &Vars::new(), CLOCK, &got)
        };
        assert!(holds(&[("connection", "close, upgrade")]));
        assert!(holds(&[("Connection", "close"), ("Connection", "Upgrade")]));
        assert!(!holds(&[("Connection", "close")]) && !holds(&[("Upgrade", "Upgrade")]));
        assert!(!holds(&[("Connection", "close, upgrade, keep-alive")]));
    }

    #[test]
    fn bytes_that_are_no_response_are_held_to_every_byte() {
        let line = Line { number: 0, ends: true, text: "oops".to_owned() };
        let tried =
            |buf: &[u8]| matches(std::slice::from_ref(&line), &Vars::new(), CLOCK, false, buf);
        assert_eq!(tried(b"OOPS\r\n"), Ok(Match::Differs));
        assert_eq!(tried(b"oops\r\n"), Ok(Match::Whole { len: 6, binds: Vars::new() }));
    }

    #[test]
    fn the_rest_of_a_body_may_be_left_open() {
        let line = |text: &str| Line { number: 0, ends: false, text: text.to_owned() };
        let tried = |text: &str| body(&[line(text)], &Vars::new(), CLOCK, b"{}x").unwrap();
        assert!(tried("{}${rest}").is_some() && tried("{}x").is_some());
        assert!(tried("{}").is_none() && tried("[${rest}").is_none());
    }
}
