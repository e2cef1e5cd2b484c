//! The tokens of RFC 8259: where each ends, or the first byte that cannot continue it.
//!
//! Offsets in, offsets out. What a token means, which type is wanted and how a fault is reported
//! are the reader's.

use super::DEPTH_MAX;
use crate::arena::{Allocator, ArenaVec};

/// The document cannot go on at this offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stop(pub(super) usize);

/// A string, from its opening quote to `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Text {
    /// One past its closing quote.
    pub(super) end: usize,
    /// It has escapes, so that its text is not its bytes.
    pub(super) escaped: bool,
}

/// The first byte at or after `at` that is not insignificant whitespace.
#[inline]
pub(super) fn whitespace(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
        at += 1;
    }
    at
}

/// Whether a value can begin with `byte`.
pub(super) fn begins_value(byte: u8) -> bool {
    matches!(byte, b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n')
}

/// Where `word` ends that begins at `at`.
pub(super) fn literal(bytes: &[u8], at: usize, word: &[u8]) -> Result<usize, Stop> {
    let same = word.iter().zip(&bytes[at..]).take_while(|(want, have)| want == have).count();
    if same == word.len() { Ok(at + same) } else { Err(Stop(at + same)) }
}

/// Where the number ends that begins at `at` with a digit or a minus sign.
pub(super) fn number(bytes: &[u8], mut at: usize) -> Result<usize, Stop> {
    if bytes.get(at) == Some(&b'-') {
        at += 1;
    }
    //= https://www.rfc-editor.org/rfc/rfc8259#section-6
    //# Leading zeros are not allowed.
    at = if bytes.get(at) == Some(&b'0') { at + 1 } else { digits(bytes, at)? };
    if bytes.get(at) == Some(&b'.') {
        at = digits(bytes, at + 1)?;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        at += 1;
        if let Some(b'+' | b'-') = bytes.get(at) {
            at += 1;
        }
        at = digits(bytes, at)?;
    }
    Ok(at)
}

/// Where the digits end that begin at `from`; there must be one.
fn digits(bytes: &[u8], from: usize) -> Result<usize, Stop> {
    let mut at = from;
    while let Some(b'0'..=b'9') = bytes.get(at) {
        at += 1;
    }
    if at == from { Err(Stop(at)) } else { Ok(at) }
}

/// The double that is nearest to `text`, a number that [`number`] accepted; infinite where none is.
pub(super) fn double(text: &[u8]) -> f64 {
    short_double(text).unwrap_or_else(|| {
        let text = core::str::from_utf8(text).expect("a number is made of ASCII characters");
        text.parse().expect("Rust reads every number of JSON")
    })
}

/// As [`double`], for numbers of a few digits without an exponent: digits and power of ten are
/// doubles without error, so that one division is the only rounding. Twice as fast as `parse`.
fn short_double(text: &[u8]) -> Option<f64> {
    const TENS: [f64; 17] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    ];
    const EXACT_MAX: u64 = 1 << f64::MANTISSA_DIGITS;
    let (sign, text) = match text {
        [b'-', text @ ..] => (-1.0, text),
        text => (1.0, text),
    };
    if text.len() > TENS.len() {
        return None;
    }
    let mut digits = 0_u64;
    let mut fraction_from = text.len();
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'0'..=b'9' => digits = digits * 10 + u64::from(byte - b'0'),
            b'.' => fraction_from = at + 1,
            _ => return None,
        }
    }
    let tens = TENS[text.len() - fraction_from];
    (digits <= EXACT_MAX).then(|| sign * (digits as f64) / tens)
}

/// The string whose opening quote is at `open`.
pub(super) fn string(bytes: &[u8], open: usize) -> Result<Text, Stop> {
    let mut at = open + 1;
    let mut escaped = false;
    loop {
        at = plain(bytes, at)?;
        match bytes.get(at) {
            Some(b'"') => return Ok(Text { end: at + 1, escaped }),
            Some(b'\\') => {
                escaped = true;
                at = escape(bytes, at)?.0;
            }
            //= https://www.rfc-editor.org/rfc/rfc8259#section-7
            //# the characters that MUST be escaped: quotation mark, reverse solidus, and the
            //# control characters (U+0000 through U+001F).
            _ => return Err(Stop(at)),
        }
    }
}

/// The first byte at or after `from` that is a quote, a backslash, a control character or the end
/// of the input; what lies between must be UTF-8.
fn plain(bytes: &[u8], from: usize) -> Result<usize, Stop> {
    let mut at = from;
    let mut seen = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte < 0x20 || byte == b'"' || byte == b'\\' {
            break;
        }
        seen |= byte;
        at += 1;
    }
    if seen >= 0x80
        && let Err(error) = core::str::from_utf8(&bytes[from..at])
    {
        return Err(Stop(from + error.valid_up_to()));
    }
    Ok(at)
}

/// Where the escape ends whose backslash is at `at`, and its character.
fn escape(bytes: &[u8], at: usize) -> Result<(usize, char), Stop> {
    let char = match bytes.get(at + 1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode_escape(bytes, at),
        _ => return Err(Stop(at + 1)),
    };
    Ok((at + 2, char))
}

/// As [`escape`], for `\uXXXX`. Half of a surrogate pair without its other half names no character
/// and stops at its backslash, whatever follows.
fn unicode_escape(bytes: &[u8], at: usize) -> Result<(usize, char), Stop> {
    let first = hex4(bytes, at + 2)?;
    if let Some(char) = char::from_u32(first) {
        return Ok((at + 6, char));
    }
    //= https://www.rfc-editor.org/rfc/rfc8259#section-7
    //# To escape an extended character that is not in the Basic Multilingual Plane, the character
    //# is represented as a 12-character sequence, encoding the UTF-16 surrogate pair.
    let low = match bytes.get(at + 6..at + 8) {
        Some(b"\\u") if first < 0xdc00 => hex4(bytes, at + 8).map_err(|_| Stop(at))?,
        _ => return Err(Stop(at)),
    };
    if !(0xdc00..0xe000).contains(&low) {
        return Err(Stop(at));
    }
    let char = char::from_u32(0x10000 + ((first - 0xd800) << 10) + (low - 0xdc00))
        .expect("a surrogate pair encodes U+10000 to U+10FFFF");
    Ok((at + 12, char))
}

/// The four hexadecimal digits at `from`.
fn hex4(bytes: &[u8], from: usize) -> Result<u32, Stop> {
    (from..from + 4).try_fold(0, |value, at| {
        let digit = bytes.get(at).and_then(|b| char::from(*b).to_digit(16)).ok_or(Stop(at))?;
        Ok(value << 4 | digit)
    })
}

/// Appends the text of `raw`, the inside of a string that [`string`] accepted.
pub(super) fn unescape<A: Allocator>(raw: &[u8], out: &mut ArenaVec<u8, A>) {
    let mut at = 0;
    while at < raw.len() {
        let plain = raw[at..].iter().position(|b| *b == b'\\').unwrap_or(raw.len() - at);
        out.extend_from_slice(&raw[at..at + plain]);
        at += plain;
        if at < raw.len() {
            let (end, char) = escape(raw, at).expect("the string was scanned before");
            out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            at = end;
        }
    }
}

/// Where the value ends that begins at `at`, of whatever type; `depth` brackets are open.
pub(super) fn value(bytes: &[u8], at: usize, depth: usize) -> Result<usize, Stop> {
    match bytes.get(at) {
        Some(b'{' | b'[') if depth == DEPTH_MAX => Err(Stop(at)),
        Some(b'{') => members(bytes, at + 1, b'}', |at| {
            if bytes.get(at) != Some(&b'"') {
                return Err(Stop(at));
            }
            let colon = whitespace(bytes, string(bytes, at)?.end);
            let from = whitespace(bytes, literal(bytes, colon, b":")?);
            value(bytes, from, depth + 1)
        }),
        Some(b'[') => members(bytes, at + 1, b']', |at| value(bytes, at, depth + 1)),
        Some(b'"') => string(bytes, at).map(|text| text.end),
        Some(b'-' | b'0'..=b'9') => number(bytes, at),
        Some(b't') => literal(bytes, at, b"true"),
        Some(b'f') => literal(bytes, at, b"false"),
        Some(b'n') => literal(bytes, at, b"null"),
        _ => Err(Stop(at)),
    }
}

/// Where the list ends whose first byte after the opening bracket is at `at`.
fn members(
    bytes: &[u8],
    mut at: usize,
    close: u8,
    mut member: impl FnMut(usize) -> Result<usize, Stop>,
) -> Result<usize, Stop> {
    at = whitespace(bytes, at);
    if bytes.get(at) == Some(&close) {
        return Ok(at + 1);
    }
    loop {
        at = whitespace(bytes, member(at)?);
        match bytes.get(at) {
            Some(b',') => at = whitespace(bytes, at + 1),
            Some(byte) if *byte == close => return Ok(at + 1),
            _ => return Err(Stop(at)),
        }
    }
}
