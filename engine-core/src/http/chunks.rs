//! The chunked transfer coding (RFC 9112 section 7.1): sizes, extensions, trailers.
//!
//! ```text
//! Size ─ extensions ─ SizeLf ─ Data ─ DataCr ─ DataLf ─ Size …
//!                        └ size 0 ─ TrailerStart ─ fields … ─ EndLf ─ Done
//! ```
//!
//! Extensions and trailers are checked and dropped. Framing goes byte by byte through a state
//! machine; only data is taken in runs.

use super::body::{BodyStep, take};
use super::grammar::{self, QUOTED, TOKEN, VALUE};
use super::malformed;
use super::trailer::Trailer;
use crate::error::{Problem, Refusal};
use crate::limits::Limits;

/// Where a reader of chunks stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunks {
    part: Part,
    /// The size of the current chunk; while its data is read, what is still to come of it.
    size: u64,
    /// How many bytes all later chunks together may have.
    allowed: u64,
    /// Bytes of the current chunk-size line, or of all trailer fields.
    line_bytes: usize,
    /// Bytes of the chunk extensions of all chunks so far.
    extension_bytes: usize,
    trailer: Trailer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// In the size of a chunk, after so many digits.
    Size {
        digits: u8,
    },
    /// White space after the size or after an extension; a `;` must follow.
    SizeGap,
    /// After `;`, before the name of an extension.
    NameGap,
    Name,
    /// White space after the name of an extension; `=` or `;` must follow.
    AfterName,
    /// After `=`, before the value.
    ValueGap,
    Value,
    Quoted,
    /// After a backslash in a quoted value.
    Escaped,
    AfterQuoted,
    /// After the CR of a chunk-size line.
    SizeLf,
    Data,
    DataCr,
    DataLf,
    /// The first byte of a trailer field, or of the empty line that ends the body.
    TrailerStart,
    TrailerName,
    TrailerValue,
    TrailerLf,
    EndLf,
    Done,
}

impl Chunks {
    /// A size of at most 16 digits fits in 64 bits.
    const DIGITS_MAX: u8 = 16;

    /// A reader that stands before the first chunk.
    pub(super) fn new(max: u64) -> Self {
        Self {
            part: Part::Size { digits: 0 },
            size: 0,
            allowed: max,
            line_bytes: 0,
            extension_bytes: 0,
            trailer: Trailer::default(),
        }
    }

    /// As [`BodyReader::read`](super::body::BodyReader::read).
    pub(super) fn read<'a>(
        &mut self,
        bytes: &'a [u8],
        limits: &Limits,
    ) -> Result<BodyStep<'a>, Refusal> {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            match self.part {
                Part::Data => {
                    let data = take(&bytes[at..], &mut self.size);
                    if self.size == 0 {
                        self.part = Part::DataCr;
                    }
                    return Ok(BodyStep { consumed: at + data.len(), data, done: false });
                }
                Part::Done => break,
                Part::DataCr | Part::DataLf => self.part = self.after_data(byte)?,
                Part::TrailerStart
                | Part::TrailerName
                | Part::TrailerValue
                | Part::TrailerLf
                | Part::EndLf => self.part = self.trailer_byte(byte, limits)?,
                Part::Size { .. }
                | Part::SizeGap
                | Part::NameGap
                | Part::Name
                | Part::AfterName
                | Part::ValueGap
                | Part::Value
                | Part::Quoted
                | Part::Escaped
                | Part::AfterQuoted
                | Part::SizeLf => self.part = self.size_byte(byte, limits)?,
            }
            at += 1;
        }
        Ok(BodyStep { consumed: at, data: &[], done: self.part == Part::Done })
    }

    /// The line `chunk-size [ chunk-ext ] CRLF`, byte by byte.
    fn size_byte(&mut self, byte: u8, limits: &Limits) -> Result<Part, Refusal> {
        if byte == b'\n' && self.part == Part::SizeLf {
            self.line_bytes = 0;
            return Ok(if self.size == 0 { Part::TrailerStart } else { Part::Data });
        }
        if byte != b'\r' {
            self.count(byte, limits)?;
        }
        match self.part {
            Part::Size { digits } => self.size(byte, digits),
            Part::SizeLf => Err(malformed(BARE_CR)),
            part => after_extension_byte(part, byte),
        }
    }

    //= https://www.rfc-editor.org/rfc/rfc9112#section-7.1.1
    //# A server ought to limit the total length of chunk extensions received in a request to
    //# an amount reasonable for the services provided
    fn count(&mut self, byte: u8, limits: &Limits) -> Result<(), Refusal> {
        self.line_bytes += 1;
        if self.line_bytes > limits.chunk_line_bytes_max {
            return Err(malformed("a chunk-size line over its limit"));
        }
        let of_size = matches!(self.part, Part::Size { .. }) && byte.is_ascii_hexdigit();
        self.extension_bytes += usize::from(!of_size);
        if self.extension_bytes > limits.head_bytes_max {
            return Err(Refusal::because(
                Problem::HeadTooLarge,
                "chunk extensions over their limit",
            ));
        }
        Ok(())
    }

    //= https://www.rfc-editor.org/rfc/rfc9112#section-7.1
    //# recipients MUST anticipate potentially large hexadecimal numerals and prevent
    //# parsing errors due to integer conversion overflows or precision loss
    fn size(&mut self, byte: u8, digits: u8) -> Result<Part, Refusal> {
        if let Some(digit) = char::from(byte).to_digit(16) {
            if digits == Self::DIGITS_MAX {
                return Err(malformed("a chunk size over 16 digits"));
            }
            self.size = self.size << 4 | u64::from(digit);
            return Ok(Part::Size { digits: digits + 1 });
        }
        if digits == 0 || !matches!(byte, b'\r' | b';' | b' ' | b'\t') {
            return Err(malformed("malformed chunk size"));
        }
        let left = self.allowed.checked_sub(self.size);
        self.allowed = left.ok_or(Problem::BodyTooLarge)?;
        Ok(match byte {
            b'\r' => Part::SizeLf,
            b';' => Part::NameGap,
            _ => Part::SizeGap,
        })
    }

    fn after_data(&self, byte: u8) -> Result<Part, Refusal> {
        match (self.part, byte) {
            (Part::DataCr, b'\r') => Ok(Part::DataLf),
            (Part::DataLf, b'\n') => Ok(Part::Size { digits: 0 }),
            _ => Err(malformed("a chunk longer than its size, or not ended by CRLF")),
        }
    }

    /// The trailer section, byte by byte.
    fn trailer_byte(&mut self, byte: u8, limits: &Limits) -> Result<Part, Refusal> {
        if self.part == Part::EndLf {
            return if byte == b'\n' { Ok(Part::Done) } else { Err(malformed(BARE_CR)) };
        }
        if self.part == Part::TrailerStart && byte == b'\r' {
            return Ok(Part::EndLf);
        }
        self.line_bytes += 1;
        if self.line_bytes > limits.trailer_bytes_max {
            return Err(Refusal::because(Problem::HeadTooLarge, "trailers over their limit"));
        }
        match (self.part, byte) {
            (Part::TrailerStart, b' ' | b'\t') => Err(malformed("obsolete line folding")),
            (Part::TrailerStart, _) => {
                self.trailer = Trailer::default();
                self.trailer.name_byte(byte)?;
                Ok(Part::TrailerName)
            }
            (Part::TrailerName, b':') => {
                self.trailer.name_ends()?;
                Ok(Part::TrailerValue)
            }
            (Part::TrailerName, _) => {
                self.trailer.name_byte(byte)?;
                Ok(Part::TrailerName)
            }
            (Part::TrailerValue, b'\r') => Ok(Part::TrailerLf),
            (Part::TrailerLf, b'\n') => Ok(Part::TrailerStart),
            (Part::TrailerLf, _) => Err(malformed(BARE_CR)),
            (_, byte) if grammar::is(VALUE, byte) => Ok(Part::TrailerValue),
            _ => Err(malformed("a control character in a trailer field")),
        }
    }
}

//= https://www.rfc-editor.org/rfc/rfc9112#section-7.1.1
//# A recipient MUST ignore unrecognized chunk extensions.
fn after_extension_byte(part: Part, byte: u8) -> Result<Part, Refusal> {
    let blank = matches!(byte, b' ' | b'\t');
    Ok(match (part, byte) {
        (Part::SizeGap | Part::AfterName | Part::Name | Part::Value | Part::AfterQuoted, b';') => {
            Part::NameGap
        }
        (Part::Name | Part::Value | Part::AfterQuoted, b'\r') => Part::SizeLf,
        (Part::NameGap | Part::SizeGap | Part::AfterName | Part::ValueGap, _) if blank => part,
        (Part::NameGap | Part::Name, _) if grammar::is(TOKEN, byte) => Part::Name,
        (Part::Name, _) if blank => Part::AfterName,
        (Part::Name | Part::AfterName, b'=') => Part::ValueGap,
        (Part::ValueGap, b'"') => Part::Quoted,
        (Part::ValueGap | Part::Value, _) if grammar::is(TOKEN, byte) => Part::Value,
        (Part::Value | Part::AfterQuoted, _) if blank => Part::SizeGap,
        (Part::Quoted, b'"') => Part::AfterQuoted,
        (Part::Quoted, b'\\') => Part::Escaped,
        (Part::Quoted, _) if grammar::is(QUOTED, byte) => Part::Quoted,
        (Part::Escaped, _) if grammar::is(VALUE, byte) => Part::Quoted,
        _ => return Err(malformed("malformed chunk extension")),
    })
}

const BARE_CR: &str = "a CR that no LF follows";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::body::BodyReader;
    use crate::http::head::Framing;
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;

    /// Reads a whole chunked body: its data, and how many bytes were consumed.
    fn read(bytes: impl AsRef<[u8]>) -> Result<(Vec<u8>, usize), Refusal> {
        read_at_most(bytes, 1_000, &Limits::default())
    }

    fn read_at_most(
        bytes: impl AsRef<[u8]>,
        max: u64,
        limits: &Limits,
    ) -> Result<(Vec<u8>, usize), Refusal> {
        let mut reader = BodyReader::new(Framing::Chunked, max)?;
        let (mut data, mut at) = (Vec::new(), 0);
        loop {
            let step = reader.read(&bytes.as_ref()[at..], limits)?;
            at += step.consumed;
            data.extend_from_slice(step.data);
            if step.done {
                return Ok((data, at));
            }
            assert!(step.consumed > 0, "the body does not end");
        }
    }

    fn bad(detail: &'static str) -> Result<(Vec<u8>, usize), Refusal> {
        Err(malformed(detail))
    }

    #[test]
    fn chunks_are_put_together_and_what_follows_is_left() {
        let body = "5\r\nhello\r\n1\r\n,\r\n00A\r\n 0123456\r\n\r\n0\r\n\r\n";
        let follows = format!("{body}GET / HTTP/1.1\r\n");
        assert_eq!(read(follows), Ok((b"hello, 0123456\r\n".into(), body.len())));
        assert_eq!(read("0\r\n\r\n"), Ok((Vec::new(), 5)));
        assert_eq!(read("0000\r\n\r\n"), Ok((Vec::new(), 8)));
    }

    #[test]
    fn after_the_end_nothing_is_consumed() {
        let mut reader = BodyReader::new(Framing::Chunked, 0).unwrap();
        let limits = Limits::default();
        assert_eq!(reader.read(b"0\r\n\r\n0\r\n", &limits).unwrap().consumed, 5);
        let step = reader.read(b"0\r\n", &limits);
        assert_eq!(step, Ok(BodyStep { consumed: 0, data: b"", done: true }));
    }

    #[test]
    fn a_chunk_size_is_hexadecimal_digits_and_nothing_else() {
        for size in ["", " 5", "+5", "-5", "0x5", "5h", "g", "_5", "5_0", "5,5", "5\n", "\u{661}"] {
            assert_eq!(read(format!("{size}\r\n")), bad("malformed chunk size"), "{size:?}");
        }
        // White space after the size announces an extension, which does not come.
        assert_eq!(read("5 \r\nhello"), bad("malformed chunk extension"));
        assert_eq!(read("5\rhello"), bad("a CR that no LF follows"));
    }

    //= https://www.rfc-editor.org/rfc/rfc9112#section-7.1
    //# recipients MUST anticipate potentially large hexadecimal numerals and prevent
    //# parsing errors due to integer conversion overflows or precision loss
    #[test]
    fn a_chunk_size_does_not_overflow() {
        assert_eq!(read("0000000000000005\r\nhello\r\n0\r\n\r\n").unwrap().0, b"hello");
        assert_eq!(read("00000000000000005\r\n"), bad("a chunk size over 16 digits"));
        assert_eq!(read("10000000000000000\r\n"), bad("a chunk size over 16 digits"));
        assert_eq!(read("ffffffffffffffff\r\n"), Err(Problem::BodyTooLarge.into()));
        let mut reader = BodyReader::new(Framing::Chunked, u64::MAX).unwrap();
        let step = reader.read(b"ffffffffffffffff\r\nab", &Limits::default()).unwrap();
        assert_eq!((step.consumed, step.data), (20, &b"ab"[..]));
    }

    #[test]
    fn all_chunks_together_are_held_to_the_limit() {
        let limits = Limits::default();
        let body = "5\r\nhello\r\n5\r\nhello\r\n0\r\n\r\n";
        assert_eq!(read_at_most(body, 10, &limits).unwrap().0, b"hellohello");
        assert_eq!(read_at_most(body, 9, &limits), Err(Problem::BodyTooLarge.into()));
        assert_eq!(read_at_most("1\r", 0, &limits), Err(Problem::BodyTooLarge.into()));
    }

    #[test]
    fn the_data_of_a_chunk_ends_with_crlf() {
        let detail = "a chunk longer than its size, or not ended by CRLF";
        for body in ["5\r\nhello!\r\n", "5\r\nhello\n", "5\r\nhello\rX", "5\r\nhello0\r\n\r\n"] {
            assert_eq!(read(body), bad(detail));
        }
    }

    //= https://www.rfc-editor.org/rfc/rfc9112#section-7.1.1
    //# A recipient MUST ignore unrecognized chunk extensions.
    #[test]
    fn well_formed_extensions_are_ignored() {
        for extension in [
            ";a",
            ";a=b",
            ";a=\"\"",
            ";a=\"b;\\\" \\\\\t\u{e4}\"",
            ";a;b=c;d=\"e\";f",
            " ; a = b",
            "\t;\ta\t=\t\"b\"",
            ";a=b ;c",
            ";a ;b",
            ";a=\"b\" \t;c=d",
            ";!#$%&'*+-.^_`|~=1",
        ] {
            let body = format!("5{extension}\r\nhello\r\n0{extension}\r\n\r\n");
            assert_eq!(read(&body), Ok((b"hello".into(), body.len())), "{extension:?}");
        }
    }

    #[test]
    fn malformed_extensions_are_refused() {
        for extension in [
            ";",
            " ",
            "\t",
            "; ",
            ";;",
            ";=b",
            ";a=",
            ";a= ",
            ";a=b ",
            ";a ",
            ";a b",
            ";a=b c",
            ";a=\"b\"c",
            ";a=\"b\" ",
            ";a=b=c",
            ";a==b",
            ";(",
            ";a=(",
            ";a=b\"c\"",
            ";\"a\"",
            " a",
            " =b",
            ";a\0",
            ";a=\"\u{7f}\"",
            ";a=\"\\\0\"",
            ";a\n",
            ";a=\"b\n\"",
            ";a=\"\r\n",
        ] {
            let body = format!("5{extension}\r\nhello\r\n0\r\n\r\n");
            assert_eq!(read(body), bad("malformed chunk extension"), "{extension:?}");
        }
        assert_eq!(read("5;a\rb"), bad("a CR that no LF follows"));
    }

    #[test]
    fn a_chunk_size_line_may_be_as_long_as_its_limit() {
        let limits = Limits { chunk_line_bytes_max: 16, ..Limits::default() };
        let line = |bytes: usize| format!("0;{}\r\n\r\n", "a".repeat(bytes - 2));
        assert!(read_at_most(line(16), 0, &limits).is_ok());
        let told = bad("a chunk-size line over its limit");
        assert_eq!(read_at_most(line(17), 0, &limits), told);
        let lines = format!("1;{0}\r\nx\r\n{1}", "a".repeat(14), line(16));
        assert!(read_at_most(lines, 1, &limits).is_ok());
    }

    //= https://www.rfc-editor.org/rfc/rfc9112#section-7.1.1
    //# A server ought to limit the total length of chunk extensions received in a request to
    //# an amount reasonable for the services provided
    #[test]
    fn all_extensions_together_are_held_to_a_limit() {
        let limits = Limits { head_bytes_max: 256, ..Limits::default() };
        let body = |chunks: usize| "1;abcdefg\r\nx\r\n".repeat(chunks) + "0\r\n\r\n";
        assert!(read_at_most(body(32), 1_000, &limits).is_ok());
        let detail = "chunk extensions over their limit";
        let refusal = Refusal::because(Problem::HeadTooLarge, detail);
        assert_eq!(read_at_most(body(33), 1_000, &limits), Err(refusal));
    }

    #[test]
    fn trailers_are_read_and_dropped() {
        let body = "1\r\nx\r\n0\r\nX-Sum: 1\r\nempty:\r\nobs:\t\u{e4} \r\n\r\n";
        assert_eq!(read(body), Ok((b"x".into(), body.len())));
    }

    #[test]
    fn malformed_trailers_are_refused() {
        let name = "malformed name of a trailer field";
        let control = "a control character in a trailer field";
        for (trailer, detail) in [
            ("a\r\n", name),
            ("a : b\r\n", name),
            (": b\r\n", name),
            ("\u{e4}: b\r\n", name),
            ("\n", name),
            ("a\n: b", name),
            ("a: b\n", control),
            ("a: \0", control),
            ("a: b\u{7f}", control),
            ("a: b\rc", "a CR that no LF follows"),
            ("\rc", "a CR that no LF follows"),
            (" a: b\r\n", "obsolete line folding"),
            ("a: b\r\n\tc\r\n", "obsolete line folding"),
            ("Content-Length: 5\r\n", "a field that cannot be a trailer"),
            ("x: y\r\ntransfer-encoding: chunked\r\n", "a field that cannot be a trailer"),
        ] {
            assert_eq!(read(format!("0\r\n{trailer}\r\n")), bad(detail), "{trailer:?}");
        }
    }

    #[test]
    fn all_trailers_together_are_held_to_their_limit() {
        let limits = Limits { trailer_bytes_max: 64, ..Limits::default() };
        let body = |value: usize| {
            let values: [String; 2] = [30 - 5, value - 5].map(|bytes| "v".repeat(bytes));
            format!("0\r\na: {}\r\nb: {}\r\n\r\n", values[0], values[1])
        };
        assert!(read_at_most(body(34), 0, &limits).is_ok());
        let refusal = Refusal::because(Problem::HeadTooLarge, "trailers over their limit");
        assert_eq!(read_at_most(body(35), 0, &limits), Err(refusal));
    }
}
