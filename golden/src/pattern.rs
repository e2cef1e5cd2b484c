//! Matches expected lines with received bytes.
//!
//! Owns what a hole accepts and what a match binds. Does not know HTTP or WebSocket: `${length}`
//! is the number of bytes that the lines of the body matched.

use crate::text::{self, Hole, Kind, Piece, Vars};
use crate::transcript::{Line, body_of};

/// The clock of the peer, for `${date}` and `${about:N}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The peer's time stands still but for `@`, and it is this many seconds past the epoch.
    Virtual(u64),
    /// The peer's time passes by itself; it should be near this many seconds past the epoch.
    Real(u64),
}

/// How far a number may be from `${about:N}` under a real clock.
pub const ABOUT_MAX: u64 = 2_000;
/// How far a Date may be from the clock of this machine, in seconds.
const DATE_MAX_S: u64 = 5;

/// What came of a match.
#[derive(Debug, PartialEq, Eq)]
pub enum Match {
    /// The first `len` bytes match, and bind names.
    Whole {
        /// How many bytes.
        len: usize,
        /// The names and their values.
        binds: Vars,
    },
    /// They match as far as they go, but more must follow.
    More,
    /// They do not match.
    Differs,
}

/// Matches `lines` with the start of `buf`.
///
/// # Errors
/// If a name is not bound.
pub fn matches(lines: &[Line], vars: &Vars, clock: Clock, buf: &[u8]) -> Result<Match, String> {
    let mut at = 0;
    let mut binds = Vars::new();
    let mut starts = Vec::with_capacity(lines.len() + 1);
    let mut lengths = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        starts.push(at);
        let mut pieces = text::pieces(&line.text)?;
        if line.ends {
            pieces.push(Piece::Bytes(b"\r\n".to_vec()));
        }
        for piece in pieces {
            let step = match piece {
                Piece::Bytes(literal) => fixed(&literal, &buf[at..]),
                Piece::Length => {
                    let step = run(Kind::Int, &buf[at..]);
                    lengths.push((index, at, step.unwrap_or(0)));
                    step
                }
                Piece::Rest => {
                    let length = lengths.last().and_then(|(index, from, len)| {
                        let digits = str::from_utf8(&buf[*from..from + len]).ok()?;
                        let body = body_of(lines, *index)?;
                        Some(starts.get(body.start)? + digits.parse::<usize>().ok()?)
                    });
                    let end = length.ok_or("`${rest}` needs a `${length}` before it")?;
                    if buf.len() < end { Step::More } else { Step::Took(end.saturating_sub(at)) }
                }
                Piece::Hole(hole) => fill(&hole, vars, &mut binds, clock, &buf[at..])?,
            };
            match step {
                Step::Took(len) => at += len,
                Step::More => return Ok(Match::More),
                Step::Differs => return Ok(Match::Differs),
            }
        }
    }
    starts.push(at);
    for (index, from, len) in lengths {
        let body = body_of(lines, index).ok_or("`${length}` needs the empty line of its head")?;
        let bytes = starts[body.end] - starts[body.start];
        if buf[from..from + len] != *bytes.to_string().as_bytes() {
            return Ok(Match::Differs);
        }
    }
    Ok(Match::Whole { len: at, binds })
}

/// Matches one line with all of `bytes`: the names that it binds, or `None` where it does not. Its
/// `${length}` matches any number, a `${rest}` at its end whatever is left.
///
/// # Errors
/// If a name is not bound.
pub fn whole(line: &str, vars: &Vars, clock: Clock, bytes: &[u8]) -> Result<Option<Vars>, String> {
    let text = line.replace("${length}", "${int}");
    let open = text.strip_suffix("${rest}");
    let line = Line { number: 0, ends: open.is_none(), text: open.unwrap_or(&text).to_owned() };
    let ended = [bytes, b"\r\n"].concat();
    Ok(match matches(&[line], vars, clock, &ended)? {
        Match::Whole { len, binds } if open.is_some() || len == ended.len() => Some(binds),
        _ => None,
    })
}

/// Whether one line matches all of `bytes`.
#[must_use]
pub fn line_matches(line: &str, vars: &Vars, clock: Clock, bytes: &[u8]) -> bool {
    whole(line, vars, clock, bytes).is_ok_and(|binds| binds.is_some())
}

enum Step {
    Took(usize),
    More,
    Differs,
}

impl Step {
    fn unwrap_or(&self, other: usize) -> usize {
        if let Self::Took(len) = self { *len } else { other }
    }
}

fn fixed(literal: &[u8], buf: &[u8]) -> Step {
    if buf.starts_with(literal) {
        Step::Took(literal.len())
    } else if literal.starts_with(buf) {
        Step::More
    } else {
        Step::Differs
    }
}

/// The longest run of bytes that `kind` takes; it is over only when another byte follows.
fn run(kind: Kind, buf: &[u8]) -> Step {
    match buf.iter().position(|b| !kind.takes(*b)) {
        Some(0) => Step::Differs,
        Some(len) => Step::Took(len),
        None => Step::More,
    }
}

fn fill(
    hole: &Hole,
    vars: &Vars,
    binds: &mut Vars,
    clock: Clock,
    buf: &[u8],
) -> Result<Step, String> {
    let Some(kind) = hole.kind else {
        let name = hole.name.as_deref().unwrap_or_default();
        let value = binds.get(name).or_else(|| vars.get(name));
        let value = value.ok_or_else(|| format!("`{name}` is not bound"))?;
        return Ok(fixed(value, buf));
    };
    let step = run(kind, buf);
    let Step::Took(len) = step else { return Ok(step) };
    let value = &buf[..len];
    let accepted = match kind {
        Kind::Int => value == b"0" || !value.starts_with(b"0"),
        Kind::Number => {
            serde_json::from_slice::<serde_json::Value>(value).is_ok_and(|v| v.is_number())
        }
        Kind::Token | Kind::Text => true,
        Kind::Date => date_accepted(value, clock),
        Kind::About(about) => about_accepted(value, about, clock),
    };
    if accepted && let Some(name) = &hole.name {
        binds.insert(name.clone(), value.to_vec());
    }
    Ok(if accepted { Step::Took(len) } else { Step::Differs })
}

fn about_accepted(value: &[u8], about: u32, clock: Clock) -> bool {
    let value = str::from_utf8(value).ok().and_then(|text| text.parse::<u64>().ok());
    value.is_some_and(|value| match clock {
        Clock::Virtual(_) => value == u64::from(about),
        Clock::Real(_) => value.abs_diff(u64::from(about)) <= ABOUT_MAX,
    })
}

fn date_accepted(value: &[u8], clock: Clock) -> bool {
    let (at, far) = match clock {
        Clock::Virtual(at) => (at, 0),
        Clock::Real(at) => (at, DATE_MAX_S),
    };
    (at.saturating_sub(far)..=at + far).any(|second| imf_fixdate(second).as_bytes() == value)
}

/// The IMF-fixdate of a second: `Thu, 01 Jan 1970 00:00:00 GMT`.
#[must_use]
pub fn imf_fixdate(second: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [(&str, u64); 12] = [
        ("Jan", 31),
        ("Feb", 28),
        ("Mar", 31),
        ("Apr", 30),
        ("May", 31),
        ("Jun", 30),
        ("Jul", 31),
        ("Aug", 31),
        ("Sep", 30),
        ("Oct", 31),
        ("Nov", 30),
        ("Dec", 31),
    ];
    let days = second / 86_400;
    let (hour, minute, rest) = (second / 3_600 % 24, second / 60 % 60, second % 60);
    let mut left = days;
    let mut year = 1970;
    let leap =
        |year: u64| year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    while left >= 365 + u64::from(leap(year)) {
        left -= 365 + u64::from(leap(year));
        year += 1;
    }
    let mut month = 0;
    loop {
        let length = MONTHS[month].1 + u64::from(month == 1 && leap(year));
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    let (day, name) = (DAYS[usize::from((days % 7) as u8)], MONTHS[month].0);
    format!("{day}, {:02} {name} {year} {hour:02}:{minute:02}:{rest:02} GMT", left + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Clock = Clock::Virtual(1_767_225_600);
    const NEAR: Clock = Clock::Real(1_767_225_600);

    fn lines(source: &[&str]) -> Vec<Line> {
        let line = |text: &&str| match text.strip_prefix("<< ") {
            Some(text) => Line { number: 0, ends: false, text: text.to_owned() },
            None => Line { number: 0, ends: true, text: (*text).to_owned() },
        };
        source.iter().map(line).collect()
    }

    fn tried(source: &[&str], clock: Clock, buf: &[u8]) -> Match {
        matches(&lines(source), &Vars::new(), clock, buf).unwrap()
    }

    #[test]
    fn literal_bytes_match_exactly_and_ask_for_more() {
        let whole = Match::Whole { len: 4, binds: Vars::new() };
        assert_eq!(tried(&["ab"], AT, b"ab\r\nrest"), whole);
        assert_eq!(tried(&["ab"], AT, b"ab\r"), Match::More);
        assert_eq!(tried(&["ab"], AT, b""), Match::More);
        assert_eq!(tried(&["ab"], AT, b"ab\n"), Match::Differs);
        assert_eq!(tried(&["ab"], AT, b"ac"), Match::Differs);
    }

    #[test]
    fn the_length_is_that_of_the_body() {
        let block = ["L: ${length}", "", "<< ab${int}"];
        let whole = Match::Whole { len: 6 + 2 + 5 + 1, binds: Vars::new() };
        assert_eq!(
            tried(&block, AT, b"L: 5\r\n\r\nab123}"),
            Match::Whole { len: 13, binds: Vars::new() }
        );
        let block = ["L: ${length}", "", "<< ab${int}}"];
        assert_eq!(tried(&block, AT, b"L: 6\r\n\r\nab123}"), whole);
        assert_eq!(tried(&block, AT, b"L: 7\r\n\r\nab123}"), Match::Differs);
        let two = ["L: ${length}", "", "L: ${length}", "", "<< x"];
        let bytes = b"L: 0\r\n\r\nL: 1\r\n\r\nx";
        assert_eq!(tried(&two, AT, bytes), Match::Whole { len: 17, binds: Vars::new() });
    }

    #[test]
    fn the_rest_is_as_long_as_the_length_says() {
        let block = ["L: ${length}", "", "<< a${rest}"];
        let whole = Match::Whole { len: 12, binds: Vars::new() };
        assert_eq!(tried(&block, AT, b"L: 4\r\n\r\nabcdefg"), whole);
        assert_eq!(tried(&block, AT, b"L: 4\r\n\r\nabc"), Match::More);
        assert_eq!(tried(&block, AT, b"L: 4\r\n\r\nbbcd"), Match::Differs);
    }

    #[test]
    fn a_name_with_a_kind_binds_and_a_name_alone_is_what_was_bound() {
        let Match::Whole { binds, .. } = tried(&["${s:token} ${s}"], AT, b"a-b a-b\r\n") else {
            panic!("it matches")
        };
        assert_eq!(binds["s"], b"a-b");
        assert_eq!(tried(&["${s:token} ${s}"], AT, b"a-b a-c\r\n"), Match::Differs);
        let again = matches(&lines(&["${s:token}"]), &binds, AT, b"zzz\r\n").unwrap();
        assert_eq!(again, Match::Whole { len: 5, binds: [("s".into(), b"zzz".into())].into() });
        assert!(matches(&lines(&["${t}"]), &Vars::new(), AT, b"x").is_err());
    }

    #[test]
    fn numbers_are_exact_under_virtual_time_and_near_under_a_real_clock() {
        assert!(line_matches("${about:150}", &Vars::new(), AT, b"150"));
        assert!(!line_matches("${about:150}", &Vars::new(), AT, b"151"));
        assert!(line_matches("${about:150}", &Vars::new(), NEAR, b"2150"));
        assert!(!line_matches("${about:150}", &Vars::new(), NEAR, b"2151"));
        assert!(!line_matches("${int}", &Vars::new(), AT, b"007"));
        assert!(line_matches("${number}", &Vars::new(), AT, b"-1.5e-7"));
        assert!(!line_matches("${number}", &Vars::new(), AT, b"1e"));
    }

    #[test]
    fn dates_are_of_now() {
        assert_eq!(imf_fixdate(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(imf_fixdate(1_709_164_800), "Thu, 29 Feb 2024 00:00:00 GMT");
        assert_eq!(imf_fixdate(1_767_225_600), "Thu, 01 Jan 2026 00:00:00 GMT");
        let next = b"Thu, 01 Jan 2026 00:00:01 GMT";
        assert!(!line_matches("${date}", &Vars::new(), AT, next));
        assert!(line_matches("${date}", &Vars::new(), NEAR, next));
    }
}
