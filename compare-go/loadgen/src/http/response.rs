//! Responses, read from bytes that begin with one.

use memchr::memchr;

/// The most bytes of the head of a response.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;
/// The most bytes of the body of a response.
pub const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The most interim responses (100, 103) before a final one.
pub const INTERIM_MAX: usize = 8;
/// The most bytes of a chunk's line, its size and extensions.
const CHUNK_LINE_BYTES_MAX: usize = 256;

/// Why bytes are no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The first line is none.
    #[error("not an HTTP/1.1 status line")]
    StatusLine,
    /// A line of the head is no field.
    #[error("a field line that is none")]
    Field,
    /// The length is no number, is given twice differently, or together with chunks.
    #[error("no usable Content-Length")]
    Length,
    /// The body is coded in a way that was not asked for.
    #[error("a transfer coding other than chunked")]
    Coding,
    /// A chunk is not well-formed.
    #[error("a chunk that is none")]
    Chunk,
    /// The head is longer than [`HEAD_BYTES_MAX`].
    #[error("a head of more than {HEAD_BYTES_MAX} bytes")]
    HeadTooLong,
    /// The body is longer than [`BODY_BYTES_MAX`].
    #[error("a body of more than {BODY_BYTES_MAX} bytes")]
    BodyTooLong,
    /// More than [`INTERIM_MAX`] interim responses.
    #[error("more than {INTERIM_MAX} interim responses")]
    Interim,
}

/// A whole response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response<'a> {
    /// The status code.
    pub status: u16,
    /// The status line and the fields, without the empty line.
    pub head: &'a [u8],
    /// The content, its chunks joined.
    pub body: &'a [u8],
    /// How many bytes it took, interim responses included.
    pub length: usize,
    /// Whether the connection is good for another request.
    pub keeps: bool,
}

impl<'a> Response<'a> {
    /// The value of the first field of a name, which is given in lower case.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'a [u8]> {
        self.head.split(|byte| *byte == b'\n').skip(1).find_map(|line| {
            let colon = memchr(b':', line)?;
            let named = line[..colon].eq_ignore_ascii_case(name.as_bytes());
            named.then(|| line[colon + 1..].trim_ascii())
        })
    }
}

/// Reads responses; keeps the memory that joins chunks.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    joined: Vec<u8>,
}

/// What the head says of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    /// So many bytes.
    Length(usize),
    Chunked,
    /// Everything to the end of the stream.
    ToEnd,
}

/// What is told by a head.
struct Head {
    status: u16,
    /// Where the body begins.
    length: usize,
    framing: Framing,
    keeps: bool,
}

impl Reader {
    /// Reads a response to a request other than HEAD. `None`: it is not complete. `ended`: nothing
    /// comes after these bytes.
    ///
    /// # Errors
    /// If the bytes begin no response, or one beyond the bounds.
    pub fn read<'a>(
        &'a mut self,
        bytes: &'a [u8],
        ended: bool,
    ) -> Result<Option<Response<'a>>, HttpError> {
        let mut start = 0;
        for _ in 0..=INTERIM_MAX {
            let Some(head) = head(&bytes[start..])? else { return Ok(None) };
            let content = start + head.length;
            //= https://www.rfc-editor.org/rfc/rfc9110#section-15.2
            //# A client MUST be able to parse one or more 1xx responses received prior to a
            //# final response, even if the client does not expect one.
            if (100..200).contains(&head.status) && head.status != 101 {
                start = content;
                continue;
            }
            let rest = &bytes[content..];
            let (body, end) = match head.framing {
                Framing::Length(length) if rest.len() < length => return Ok(None),
                Framing::Length(length) => (&rest[..length], content + length),
                Framing::ToEnd if rest.len() > BODY_BYTES_MAX => {
                    return Err(HttpError::BodyTooLong);
                }
                Framing::ToEnd if !ended => return Ok(None),
                Framing::ToEnd => (rest, bytes.len()),
                Framing::Chunked => match join(rest, &mut self.joined)? {
                    Some(length) => (&self.joined[..], content + length),
                    None => return Ok(None),
                },
            };
            let keeps = head.keeps && head.framing != Framing::ToEnd;
            let head_bytes = &bytes[start..content - 4];
            let response =
                Response { status: head.status, head: head_bytes, body, length: end, keeps };
            return Ok(Some(response));
        }
        Err(HttpError::Interim)
    }
}

/// Reads a head. `None`: it is not complete.
fn head(bytes: &[u8]) -> Result<Option<Head>, HttpError> {
    let Some((status, http_11)) = status_line(bytes)? else { return Ok(None) };
    let mut at = 0;
    let (mut length, mut chunked, mut keeps) = (None, false, http_11);
    loop {
        let Some(end) = memchr(b'\n', &bytes[at..]) else {
            let too_long = bytes.len() > HEAD_BYTES_MAX;
            return if too_long { Err(HttpError::HeadTooLong) } else { Ok(None) };
        };
        let line = bytes[at..at + end].strip_suffix(b"\r").ok_or(HttpError::Field)?;
        let is_first = at == 0;
        at += end + 1;
        if at > HEAD_BYTES_MAX {
            return Err(HttpError::HeadTooLong);
        }
        if is_first {
            continue;
        }
        if line.is_empty() {
            break;
        }
        // Only these three say anything of how the response ends; most lines differ in length.
        match memchr(b':', line) {
            None | Some(0) => return Err(HttpError::Field),
            Some(14) if named(line, b"content-length") => {
                let value = number(line[15..].trim_ascii()).ok_or(HttpError::Length)?;
                if length.is_some_and(|length| length != value) {
                    return Err(HttpError::Length);
                }
                length = Some(value);
            }
            Some(17) if named(line, b"transfer-encoding") => {
                if !line[18..].trim_ascii().eq_ignore_ascii_case(b"chunked") {
                    return Err(HttpError::Coding);
                }
                chunked = true;
            }
            Some(10) if named(line, b"connection") => {
                let mut words = line[11..].split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
                keeps = keeps && !words.any(|word| word.eq_ignore_ascii_case(b"close"));
            }
            Some(_) => {}
        }
    }
    let framing = framing(status, length, chunked)?;
    Ok(Some(Head { status, length: at, framing, keeps }))
}

//= https://www.rfc-editor.org/rfc/rfc9112#section-6.3
//# Any response to a HEAD request and any response with a 1xx (Informational), 204 (No
//# Content), or 304 (Not Modified) status code is always terminated by the first empty
//# line after the header fields
fn framing(status: u16, length: Option<usize>, chunked: bool) -> Result<Framing, HttpError> {
    match (status, length, chunked) {
        (100..=199 | 204 | 304, ..) => Ok(Framing::Length(0)),
        (_, Some(_), true) => Err(HttpError::Length),
        (_, None, true) => Ok(Framing::Chunked),
        (_, Some(length), false) if length > BODY_BYTES_MAX => Err(HttpError::BodyTooLong),
        (_, Some(length), false) => Ok(Framing::Length(length)),
        (_, None, false) => Ok(Framing::ToEnd),
    }
}

/// The status, and whether the version is 1.1. `None`: the line is not complete.
fn status_line(bytes: &[u8]) -> Result<Option<(u16, bool)>, HttpError> {
    const BEGIN: &[u8] = b"HTTP/1.";
    let begun = bytes.len().min(BEGIN.len());
    if bytes[..begun] != BEGIN[..begun] {
        return Err(HttpError::StatusLine);
    }
    let Some([minor, b' ', a, b, c, after]) = bytes.get(7..13) else {
        let complete = bytes.len() >= 13 || memchr(b'\n', bytes).is_some();
        return if complete { Err(HttpError::StatusLine) } else { Ok(None) };
    };
    let well_formed = matches!(minor, b'0' | b'1')
        && [a, b, c].iter().all(|digit| digit.is_ascii_digit())
        && *a != b'0'
        && matches!(after, b' ' | b'\r');
    if !well_formed {
        return Err(HttpError::StatusLine);
    }
    let digit = |byte: &u8| u16::from(byte - b'0');
    Ok(Some((digit(a) * 100 + digit(b) * 10 + digit(c), *minor == b'1')))
}

/// Joins the chunks of a body. Returns how many bytes it took, trailers included; `None`: it is not
/// complete.
fn join(bytes: &[u8], joined: &mut Vec<u8>) -> Result<Option<usize>, HttpError> {
    joined.clear();
    let mut at = 0;
    loop {
        let Some((line, next)) = line(bytes, at, CHUNK_LINE_BYTES_MAX, HttpError::Chunk)? else {
            return Ok(None);
        };
        let digits = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        let size = hexadecimal(digits).ok_or(HttpError::Chunk)?;
        if joined.len() + size > BODY_BYTES_MAX {
            return Err(HttpError::BodyTooLong);
        }
        at = next;
        if size == 0 {
            return trailer(bytes, at);
        }
        let Some(chunk) = bytes.get(at..at + size) else { return Ok(None) };
        joined.extend_from_slice(chunk);
        at += size;
        match bytes.get(at..at + 2) {
            Some(b"\r\n") => at += 2,
            Some(_) => return Err(HttpError::Chunk),
            None => return Ok(None),
        }
    }
}

/// Passes over the trailer fields.
fn trailer(bytes: &[u8], from: usize) -> Result<Option<usize>, HttpError> {
    let mut at = from;
    loop {
        let bound = (from + HEAD_BYTES_MAX).saturating_sub(at);
        let Some((line, next)) = line(bytes, at, bound, HttpError::HeadTooLong)? else {
            return Ok(None);
        };
        at = next;
        if line.is_empty() {
            return Ok(Some(at));
        }
    }
}

/// The line that begins at a place, and where the next one begins.
fn line(
    bytes: &[u8],
    at: usize,
    bytes_max: usize,
    too_long: HttpError,
) -> Result<Option<(&[u8], usize)>, HttpError> {
    let rest = &bytes[at..];
    let Some(end) = memchr(b'\n', rest) else {
        return if rest.len() > bytes_max { Err(too_long) } else { Ok(None) };
    };
    if end > bytes_max {
        return Err(too_long);
    }
    let line = rest[..end].strip_suffix(b"\r").ok_or(HttpError::Chunk)?;
    Ok(Some((line, at + end + 1)))
}

fn named(line: &[u8], name: &[u8]) -> bool {
    line[..name.len()].eq_ignore_ascii_case(name)
}

fn number(digits: &[u8]) -> Option<usize> {
    if digits.is_empty() || digits.len() > 15 {
        return None;
    }
    digits.iter().try_fold(0, |value: usize, digit| {
        digit.is_ascii_digit().then(|| value * 10 + usize::from(digit - b'0'))
    })
}

fn hexadecimal(digits: &[u8]) -> Option<usize> {
    if digits.is_empty() || digits.len() > 8 {
        return None;
    }
    digits.iter().try_fold(0, |value: usize, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        Some(value << 4 | digit as usize)
    })
}

#[cfg(test)]
mod tests;
