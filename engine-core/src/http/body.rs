//! Takes the framing off a request body: Content-Length (RFC 9112 section 6) or chunks (section 7).
//!
//! A reader keeps a few words of state and consumes every byte that it is given, so nothing has to
//! be offered twice and what it says does not depend on how the input was split. It copies nothing:
//! the data of a body is lent from the input. Whether anyone wants the body is not known here; a
//! body that nobody wants is read and dropped the same way.

pub use super::chunks::Chunks;
use super::head::Framing;
use crate::error::{Problem, Refusal};
use crate::limits::Limits;

/// Reads one request body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyReader {
    /// So many bytes.
    Length {
        /// Bytes that are still to come.
        remaining: u64,
    },
    /// Chunks.
    Chunked(Chunks),
}

/// What one call has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyStep<'a> {
    /// Bytes that are done with, the data included.
    pub consumed: usize,
    /// The next piece of the body; empty where only framing was read.
    pub data: &'a [u8],
    /// The body ends here. What follows is the next request.
    pub done: bool,
}

impl BodyReader {
    /// A reader of a body of at most `max` bytes, framing not counted.
    ///
    /// # Errors
    /// [`Problem::BodyTooLarge`] if the head already says more.
    pub fn new(framing: Framing, max: u64) -> Result<Self, Refusal> {
        match framing {
            Framing::None => Ok(Self::Length { remaining: 0 }),
            Framing::Length(length) if length > max => Err(Problem::BodyTooLarge.into()),
            Framing::Length(length) => Ok(Self::Length { remaining: length }),
            Framing::Chunked => Ok(Self::Chunked(Chunks::new(max))),
        }
    }

    /// Reads up to and including the next piece of data. Call again with what was not consumed
    /// until `done`, or until there are no more bytes. After `done` nothing is consumed.
    ///
    /// # Errors
    /// A refusal of malformed chunks or trailers, or of a body over its limit; the connection
    /// closes.
    pub fn read<'a>(&mut self, bytes: &'a [u8], limits: &Limits) -> Result<BodyStep<'a>, Refusal> {
        match self {
            Self::Length { remaining } => {
                let data = take(bytes, remaining);
                Ok(BodyStep { consumed: data.len(), data, done: *remaining == 0 })
            }
            Self::Chunked(chunks) => chunks.read(bytes, limits),
        }
    }
}

/// The first bytes of `bytes`, at most `remaining`, which shrinks by as many.
pub(super) fn take<'a>(bytes: &'a [u8], remaining: &mut u64) -> &'a [u8] {
    let count = usize::try_from(*remaining).map_or(bytes.len(), |most| bytes.len().min(most));
    *remaining -= count as u64;
    &bytes[..count]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_that_many_bytes_and_not_one_more() {
        let mut reader = BodyReader::new(Framing::Length(5), 5).unwrap();
        let limits = Limits::default();
        let step = |consumed, data, done| Ok(BodyStep { consumed, data, done });
        assert_eq!(reader.read(b"", &limits), step(0, b"", false));
        assert_eq!(reader.read(b"he", &limits), step(2, b"he", false));
        assert_eq!(reader.read(b"lloGET", &limits), step(3, b"llo", true));
        assert_eq!(reader.read(b"GET", &limits), step(0, b"", true));
    }

    #[test]
    fn no_body_and_an_empty_one_are_done_at_once() {
        for framing in [Framing::None, Framing::Length(0)] {
            let mut reader = BodyReader::new(framing, 0).unwrap();
            let step = reader.read(b"GET", &Limits::default()).unwrap();
            assert_eq!(step, BodyStep { consumed: 0, data: b"", done: true });
        }
    }

    #[test]
    fn a_length_over_the_limit_is_refused_before_a_byte_is_read() {
        assert!(BodyReader::new(Framing::Length(10), 10).is_ok());
        let refusal = BodyReader::new(Framing::Length(11), 10).unwrap_err();
        assert_eq!(refusal, Problem::BodyTooLarge.into());
        assert!(BodyReader::new(Framing::Length(u64::MAX), u64::MAX).is_ok());
    }
}
