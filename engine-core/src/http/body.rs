//! Takes the framing off a request body: Content-Length (RFC 9112 section 6) or chunks (section 7).
//!
//! A reader keeps a few words of state and consumes every byte that it is given, so nothing has to
//! be offered twice and what it says does not depend on how the input was split. It copies nothing:
//! the data of a body is lent from the input. Whether anyone wants the body is not known here; a
//! body that nobody wants is read and dropped the same way.

use super::grammar::{self, QUOTED, TOKEN, VALUE};
use super::head::Framing;
use super::malformed;
use super::trailer::Trailer;
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
fn take<'a>(bytes: &'a [u8], remaining: &mut u64) -> &'a [u8] {
    let count = usize::try_from(*remaining).map_or(bytes.len(), |most| bytes.len().min(most));
    *remaining -= count as u64;
    &bytes[..count]
}

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

    fn new(max: u64) -> Self {
        Self {
            part: Part::Size { digits: 0 },
            size: 0,
            allowed: max,
            line_bytes: 0,
            extension_bytes: 0,
            trailer: Trailer::default(),
        }
    }

    fn read<'a>(&mut self, bytes: &'a [u8], limits: &Limits) -> Result<BodyStep<'a>, Refusal> {
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
                _ => self.part = self.size_byte(byte, limits)?,
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
            self.line_bytes += 1;
            if self.line_bytes > limits.chunk_line_bytes_max {
                return Err(malformed("a chunk-size line over its limit"));
            }
        }
        match self.part {
            Part::Size { digits } => self.size(byte, digits),
            Part::SizeLf => Err(malformed(BARE_CR)),
            part => self.extension(part, byte, limits.head_bytes_max),
        }
    }

    //= https://www.rfc-editor.org/rfc/rfc9112#section-7.1.1
    //# A server ought to limit the total length of chunk extensions received in a request to
    //# an amount reasonable for the services provided
    fn extension(&mut self, part: Part, byte: u8, bytes_max: usize) -> Result<Part, Refusal> {
        self.extension_bytes += 1;
        if self.extension_bytes > bytes_max {
            return Err(Refusal::because(
                Problem::HeadTooLarge,
                "chunk extensions over their limit",
            ));
        }
        after_extension_byte(part, byte)
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
