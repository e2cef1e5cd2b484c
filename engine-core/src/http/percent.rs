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
    while let [byte, tail @ ..] = rest {
        (rest, _) = match (byte, tail) {
            (b'%', [high, low, tail @ ..]) => (tail, bytes.push(octet(*high, *low)?)),
            (b'%', _) => return Err(bad()),
            (byte, tail) => (tail, bytes.push(*byte)),
        };
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
