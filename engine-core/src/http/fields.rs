//! The field lines of a head, one after the other, without a copy.

use super::grammar;

/// The fields of a head in the order they were sent: name and value, white space trimmed.
///
/// Made from lines that were found well-formed, by [`head::parse`](super::head::parse).
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    lines: &'a [u8],
}

impl<'a> Fields<'a> {
    /// The fields in `lines`, each of which ends with CRLF; an empty line ends them.
    pub(super) fn new(lines: &'a [u8]) -> Self {
        Self { lines }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let end = memchr::memchr(b'\n', self.lines)?;
        let (line, rest) = self.lines.split_at(end + 1);
        let colon = memchr::memchr(b':', line)?;
        self.lines = rest;
        let value = line[colon + 1..].strip_suffix(b"\r\n").unwrap_or_default();
        Some((&line[..colon], grammar::trim(value)))
    }
}

/// What is wrong with the first line that is not a field line, after a parser has refused one.
pub(super) fn fault(lines: &[u8]) -> &'static str {
    for line in lines.split_inclusive(|b| *b == b'\n') {
        let Some(colon) = memchr::memchr(b':', line) else {
            return if line == b"\r\n" { "malformed field line" } else { "a field has no colon" };
        };
        let name = &line[..colon];
        if grammar::is_token(name) {
            continue;
        }
        return match name {
            [] => "a field has no name",
            //= https://www.rfc-editor.org/rfc/rfc9112#section-5.1
            //# A server MUST reject, with a response status code of 400 (Bad Request), any
            //# received request message that contains whitespace between a header field
            //# name and colon.
            [.., b' ' | b'\t'] => "white space between a field name and its colon",
            _ => "malformed field name",
        };
    }
    "malformed field line"
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn fields_are_yielded_in_order_with_trimmed_values() {
        let lines = b"A: b\r\nc:\t d e \t\r\nf:\r\ng: :h:\r\n\r\ni: j\r\n";
        let fields: Vec<_> = Fields::new(lines).collect();
        let expected: [(&[u8], &[u8]); 4] =
            [(b"A", b"b"), (b"c", b"d e"), (b"f", b""), (b"g", b":h:")];
        assert_eq!(fields, expected);
    }

    //= https://www.rfc-editor.org/rfc/rfc9112#section-5.1
    //# A server MUST reject, with a response status code of 400 (Bad Request), any
    //# received request message that contains whitespace between a header field
    //# name and colon.
    #[test]
    fn the_fault_of_the_first_bad_line_is_told() {
        for (lines, detail) in [
            (&b"a: b\r\nc : d\r\n\r\n"[..], "white space between a field name and its colon"),
            (b"a: b\r\nc\t: d\r\n\r\n", "white space between a field name and its colon"),
            (b"a b: c\r\n\r\n", "malformed field name"),
            (b"\xc3\xa4: c\r\n\r\n", "malformed field name"),
            (b"a: b\r\n: c\r\n\r\n", "a field has no name"),
            (b"a: b\r\nc\r\nd : e\r\n\r\n", "a field has no colon"),
        ] {
            assert_eq!(fault(lines), detail);
        }
    }
}
