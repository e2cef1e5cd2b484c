//! The name of a trailer field, checked as it arrives: nothing of it is kept.

use super::grammar::{self, TOKEN};
use super::malformed;
use crate::error::Refusal;

/// Fields that mean something before the body is read, and so cannot come after it: framing,
/// routing, request modifiers, authentication, content and connection (RFC 9110 section 6.5.1).
const FORBIDDEN: [&[u8]; 30] = [
    b"authorization",
    b"cache-control",
    b"connection",
    b"content-encoding",
    b"content-length",
    b"content-range",
    b"content-type",
    b"cookie",
    b"expect",
    b"host",
    b"if-match",
    b"if-modified-since",
    b"if-none-match",
    b"if-range",
    b"if-unmodified-since",
    b"keep-alive",
    b"max-forwards",
    b"origin",
    b"proxy-authorization",
    b"proxy-connection",
    b"range",
    b"sec-websocket-extensions",
    b"sec-websocket-key",
    b"sec-websocket-protocol",
    b"sec-websocket-version",
    b"te",
    b"trailer",
    b"transfer-encoding",
    b"upgrade",
    b"via",
];

/// A field name so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Trailer {
    /// The names in [`FORBIDDEN`] that begin like this one, a bit for each.
    candidates: u32,
    len: usize,
}

impl Default for Trailer {
    fn default() -> Self {
        Self { candidates: (1 << FORBIDDEN.len()) - 1, len: 0 }
    }
}

impl Trailer {
    /// Takes the next byte of the name.
    pub(super) fn name_byte(&mut self, byte: u8) -> Result<(), Refusal> {
        if !grammar::is(TOKEN, byte) {
            return Err(malformed("malformed name of a trailer field"));
        }
        let lower = byte.to_ascii_lowercase();
        for (index, name) in FORBIDDEN.iter().enumerate() {
            if name.get(self.len) != Some(&lower) {
                self.candidates &= !(1 << index);
            }
        }
        self.len += 1;
        Ok(())
    }

    //= https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1
    //# Many fields cannot be processed outside the header section because their evaluation
    //# is necessary prior to receiving the content
    pub(super) fn name_ends(&self) -> Result<(), Refusal> {
        let is_self = |name: &&[u8]| name.len() == self.len;
        let mut names = FORBIDDEN.iter().enumerate();
        if names.any(|(index, name)| self.candidates & (1 << index) != 0 && is_self(name)) {
            return Err(malformed("a field that cannot be a trailer"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn take(name: &[u8]) -> Result<(), Refusal> {
        let mut trailer = Trailer::default();
        name.iter().try_for_each(|byte| trailer.name_byte(*byte))?;
        trailer.name_ends()
    }

    //= https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1
    //# Many fields cannot be processed outside the header section because their evaluation
    //# is necessary prior to receiving the content
    #[test]
    fn a_field_that_belongs_before_the_body_is_refused_in_any_case() {
        for name in FORBIDDEN {
            assert_eq!(name.to_ascii_lowercase(), name);
            let told = Err(malformed("a field that cannot be a trailer"));
            assert_eq!(take(name), told);
            assert_eq!(take(&name.to_ascii_uppercase()), told);
        }
    }

    #[test]
    fn a_field_that_only_begins_or_ends_like_one_of_them_is_taken() {
        for name in FORBIDDEN {
            let longer: Vec<u8> = [name, b"x"].concat();
            assert_eq!(take(&longer), Ok(()));
            let shorter = &name[..name.len() - 1];
            assert_eq!(take(shorter).is_ok(), !FORBIDDEN.contains(&shorter));
        }
        assert_eq!(take(b"X-Checksum"), Ok(()));
        assert_eq!(take(&[b'x'; 5_000]), Ok(()));
    }

    #[test]
    fn a_name_is_a_token() {
        for byte in [b' ', b'\t', b'\r', b'\n', 0, b'(', 0xff] {
            assert_eq!(take(&[b'a', byte]), Err(malformed("malformed name of a trailer field")));
        }
    }
}
