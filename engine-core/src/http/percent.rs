//! Percent-encoding (RFC 3986 section 2.1), the segments of a path and the pairs of a query.
//!
//! Splitting comes before decoding, so an encoded slash stays in its segment and an encoded `&` or
//! `=` in its value. Nothing is normalised: `.`, `..` and empty segments are segments like any
//! other, and match no resource. A `+` in a query is a plus sign: the query is not a form.

use crate::arena::{Allocator, ArenaVec};
use crate::error::{Problem, Refusal};
use core::ops::Deref;

/// Decoded bytes: borrowed where nothing was encoded.
#[derive(Clone, Debug)]
pub enum Decoded<'a, A: Allocator> {
    /// The bytes as sent.
    Borrowed(&'a [u8]),
    /// The bytes decoded.
    Owned(ArenaVec<u8, A>),
}

impl<A: Allocator> Deref for Decoded<'_, A> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Owned(bytes) => bytes,
        }
    }
}

/// Decodes a segment of a path, or a name or value of a query. Allocates at most once, and only
/// where something is encoded.
///
/// # Errors
/// A `%` that two hexadecimal digits do not follow, or an encoded NUL.
pub fn decode<A: Allocator>(raw: &[u8], alloc: A) -> Result<Decoded<'_, A>, Refusal> {
    let Some(first) = memchr::memchr(b'%', raw) else { return Ok(Decoded::Borrowed(raw)) };
    let mut bytes = ArenaVec::with_capacity_in(raw.len(), alloc);
    bytes.extend_from_slice(&raw[..first]);
    let mut rest = &raw[first..];
    while let Some((byte, tail)) = rest.split_first() {
        if *byte != b'%' {
            bytes.push(*byte);
            rest = tail;
            continue;
        }
        let [high, low, tail @ ..] = tail else { return Err(bad()) };
        bytes.push(octet(*high, *low)?);
        rest = tail;
    }
    Ok(Decoded::Owned(bytes))
}

/// The raw segments of a path: what stands between the slashes after the first.
///
/// `/v1/quests` has two; `/` has one, which is empty; `/v1/` has two, the last one empty. A path
/// that does not begin with a slash (`*`, `host:port`) has none.
pub fn segments(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let inner = path.strip_prefix(b"/");
    inner.into_iter().flat_map(|inner| inner.split(|b| *b == b'/'))
}

/// The raw `name=value` pairs of a query, split at `&`. Without `=` the value is empty. An empty
/// query has no pairs; an empty pair elsewhere has an empty name, which no resource knows.
pub fn pairs(query: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let pairs = (!query.is_empty()).then(|| query.split(|b| *b == b'&'));
    pairs.into_iter().flatten().map(|pair| match memchr::memchr(b'=', pair) {
        Some(at) => (&pair[..at], &pair[at + 1..]),
        None => (pair, &[][..]),
    })
}

fn octet(high: u8, low: u8) -> Result<u8, Refusal> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    };
    let octet = digit(high).zip(digit(low)).map(|(high, low)| high << 4 | low);
    octet.filter(|octet| *octet != 0).ok_or_else(bad)
}

fn bad() -> Refusal {
    Refusal::because(Problem::MalformedRequest, "bad percent-encoding")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arena::Global;
    use alloc::vec::Vec;

    #[test]
    fn what_is_not_encoded_is_borrowed() {
        for raw in [&b""[..], b"a", b"a+b", b"\xff"] {
            let Decoded::Borrowed(bytes) = decode(raw, Global).unwrap() else { panic!() };
            assert_eq!(bytes, raw);
        }
    }

    #[test]
    fn escapes_are_decoded_once_and_a_plus_stays_a_plus() {
        for (raw, bytes) in [
            (&b"%41"[..], &b"A"[..]),
            (b"a%2Fb%2f", b"a/b/"),
            (b"%2541", b"%41"),
            (b"a+%2B", b"a++"),
            (b"%C3%a4", b"\xc3\xa4"),
            (b"%01%7F%ff", b"\x01\x7f\xff"),
        ] {
            let decoded = decode(raw, Global).unwrap();
            assert!(matches!(decoded, Decoded::Owned(_)));
            assert_eq!(*decoded, *bytes);
        }
    }

    #[test]
    fn bad_escapes_and_an_encoded_nul_are_refused() {
        for raw in
            [&b"%"[..], b"%4", b"%zz", b"%4g", b"%g4", b"a%", b"%00", b"%%41", b"% 41", b"%+1"]
        {
            assert_eq!(decode(raw, Global).unwrap_err(), bad(), "{raw:?}");
        }
    }

    #[test]
    fn segments_stand_between_slashes_and_nothing_is_normalised() {
        let split = |path| segments(path).collect::<Vec<&[u8]>>();
        assert_eq!(split(b"/v1/hunts"), [&b"v1"[..], b"hunts"]);
        assert_eq!(split(b"/"), [b""]);
        assert_eq!(split(b"/v1/"), [&b"v1"[..], b""]);
        assert_eq!(split(b"/a%2Fb/.././/c"), [&b"a%2Fb"[..], b"..", b".", b"", b"c"]);
        assert_eq!(split(b"*"), [b""; 0]);
        assert_eq!(split(b"a:80"), [b""; 0]);
    }

    #[test]
    fn pairs_stand_between_ampersands() {
        let split = |query| pairs(query).collect::<Vec<(&[u8], &[u8])>>();
        assert_eq!(split(b""), []);
        assert_eq!(split(b"a=b"), [(&b"a"[..], &b"b"[..])]);
        let expected: [(&[u8], &[u8]); 5] =
            [(b"a", b"b=c"), (b"d", b""), (b"", b""), (b"", b"e"), (b"f%26", b"+")];
        assert_eq!(split(b"a=b=c&d&&=e&f%26=+"), expected);
    }
}
