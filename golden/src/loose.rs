//! Matches expected responses with those of a server that is held to what they mean, not to every
//! byte: status, fields by name and value, body.

use crate::http::{Response, Unread, response};
use crate::pattern::{self, Clock, Match, line_matches};
use crate::text::Vars;
use crate::transcript::Line;

/// Fields that a server may add.
const MAY_ADD: [&str; 6] =
    ["date", "server", "connection", "keep-alive", "content-length", "transfer-encoding"];

/// Matches the responses in `lines` with the start of `buf`. `bodiless`: they answer HEAD.
///
/// # Errors
/// If the lines are no responses, or a name is not bound.
pub fn matches(
    lines: &[Line],
    vars: &Vars,
    clock: Clock,
    bodiless: bool,
    buf: &[u8],
) -> Result<Match, String> {
    let begins = |line: &&Line| line.ends && line.text.starts_with("HTTP/1.");
    let starts: Vec<usize> =
        (0..lines.len()).filter(|i| begins(&&lines[*i])).chain([lines.len()]).collect();
    let mut at = 0;
    let mut binds = Vars::new();
    for part in starts.windows(2) {
        let (got, len) = match response(&buf[at..], bodiless) {
            Ok(read) => read,
            Err(Unread::More) => return Ok(Match::More),
            Err(Unread::Malformed) => return Ok(Match::Differs),
        };
        let known = vars.iter().chain(&binds).map(|(k, v)| (k.clone(), v.clone())).collect();
        let Some(more) = one(&lines[part[0]..part[1]], &known, clock, &got)? else {
            return Ok(Match::Differs);
        };
        binds.extend(more);
        at += len;
    }
    Ok(Match::Whole { len: at, binds })
}

/// The names that one response binds, where it is as expected.
fn one(lines: &[Line], vars: &Vars, clock: Clock, got: &Response) -> Result<Option<Vars>, String> {
    let blank = lines.iter().position(|line| line.ends && line.text.is_empty());
    let blank = blank.ok_or("an expected head has an empty line")?;
    let status = lines[0].text.get(9..12).and_then(|code| code.parse().ok());
    if status != Some(got.status) {
        return Ok(None);
    }
    let mut named = Vec::new();
    for line in &lines[1..blank] {
        let (name, value) = line.text.split_once(": ").ok_or("a field is `Name: value`")?;
        named.push(name.to_ascii_lowercase());
        if !field_matches(name, value, vars, clock, got) {
            return Ok(None);
        }
    }
    let added = got.fields.iter().map(|(name, _)| name.to_ascii_lowercase());
    if added.into_iter().any(|n| !named.contains(&n) && !MAY_ADD.contains(&n.as_str())) {
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

fn field_matches(name: &str, value: &str, vars: &Vars, clock: Clock, got: &Response) -> bool {
    let same = |(n, _): &&(String, String)| n.eq_ignore_ascii_case(name);
    let mut found = got.fields.iter().filter(same).map(|(_, value)| value.as_str());
    match &name.to_ascii_lowercase()[..] {
        "date" => found.all(|v| line_matches(value, vars, clock, v.as_bytes())),
        // What is closed is seen when it closes; keep-alive goes without saying.
        "connection" if value == "close" || value == "keep-alive" => true,
        "connection" | "upgrade" => {
            found.flat_map(|v| v.split(',')).any(|v| v.trim().eq_ignore_ascii_case(value))
        }
        // The body itself is compared; an answer to HEAD may leave its length out.
        "content-length" => true,
        _ => found.any(|v| line_matches(value, vars, clock, v.as_bytes())),
    }
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

    #[test]
    fn order_case_and_reason_do_not_matter_but_values_do() {
        let same =
            b"HTTP/1.1 405 Nope\r\ncontent-length: 7\r\nallow: GET\r\nServer: x\r\n\r\n{\"a\":1}";
        let binds = Vars::from([("a".to_owned(), b"1".to_vec())]);
        assert_eq!(tried(same), Match::Whole { len: same.len(), binds });
        for (from, to) in [("GET", "PUT"), ("405", "404"), ("\"a\"", "\"b\""), ("Server", "X-Y")] {
            let other = String::from_utf8(same.to_vec()).unwrap().replace(from, to);
            assert_eq!(tried(other.as_bytes()), Match::Differs, "{to}");
        }
        assert_eq!(tried(&same[..same.len() - 1]), Match::More);
    }

    #[test]
    fn options_of_a_connection_may_stand_together_or_apart() {
        let got = |fields: &[(&str, &str)]| Response {
            status: 426,
            fields: fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            body: Vec::new(),
        };
        let holds = |got| field_matches("Connection", "Upgrade", &Vars::new(), CLOCK, &got);
        assert!(holds(got(&[("connection", "close, upgrade")])));
        assert!(holds(got(&[("Connection", "close"), ("Connection", "Upgrade")])));
        assert!(!holds(got(&[("Connection", "close")])) && !holds(got(&[("Upgrade", "Upgrade")])));
    }

    #[test]
    fn the_rest_of_a_body_may_be_left_open() {
        let line = |text: &str| Line { number: 0, ends: false, text: text.to_owned() };
        let tried = |text: &str| body(&[line(text)], &Vars::new(), CLOCK, b"{}x").unwrap();
        assert!(tried("{}${rest}").is_some() && tried("{}x").is_some());
        assert!(tried("{}").is_none() && tried("[${rest}").is_none());
    }

    #[test]
    fn a_date_that_is_there_is_well_formed() {
        let buf = |date: &str| {
            format!(
                "HTTP/1.1 405 N\r\nDate: {date}\r\nAllow: GET\r\nContent-Length: 7\r\n\r\n{{\"a\":1}}"
            )
        };
        let good = buf("Thu, 01 Jan 1970 00:00:01 GMT");
        assert!(matches!(tried(good.as_bytes()), Match::Whole { .. }));
        assert_eq!(tried(buf("yesterday").as_bytes()), Match::Differs);
    }
}
