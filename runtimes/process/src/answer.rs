//! Reading what a server sends: one HTTP response or one WebSocket frame at a time, from bytes
//! that begin with it. As lean as it can be while it believes nothing.

use anyhow::{Context, bail, ensure};
use memchr::memmem;
use std::ops::Range;

/// The longest head that a response may have.
const HEAD_BYTES_MAX: usize = 8 * 1024;
/// The longest body or payload that is waited for.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Where its body lies. It ends where the response does.
    pub body: Range<usize>,
}

/// Reads a response. `None`: it is not complete.
///
/// # Errors
/// If the bytes begin no response whose end can be told.
pub fn response(bytes: &[u8]) -> anyhow::Result<Option<Answer>> {
    const BEGIN: &[u8] = b"HTTP/1.1 ";
    let begun = bytes.len().min(BEGIN.len());
    ensure!(bytes[..begun] == BEGIN[..begun], "no HTTP response: {}", shown(bytes));
    let Some(head_bytes) = memmem::find(bytes, b"\r\n\r\n") else {
        ensure!(bytes.len() < HEAD_BYTES_MAX, "a response head does not end: {}", shown(bytes));
        return Ok(None);
    };
    let (head, body) = (&bytes[..head_bytes], head_bytes + 4);
    let status = head.get(9..12).and_then(digits).context("a response without a status code")?;
    let status = u16::try_from(status).expect("three digits");
    let body_bytes = if matches!(status, 101 | 204) { 0 } else { content_length(head)? };
    let end = body + body_bytes;
    Ok((bytes.len() >= end).then_some(Answer { status, body: body..end }))
}

fn content_length(head: &[u8]) -> anyhow::Result<usize> {
    const NAME: &[u8] = b"content-length:";
    let mut rest = head;
    while let Some(end) = memchr::memchr(b'\n', rest) {
        rest = &rest[end + 1..];
        let name = rest.get(..NAME.len()).unwrap_or_default();
        if name.eq_ignore_ascii_case(NAME) {
            let line = &rest[NAME.len()..memchr::memchr(b'\r', rest).unwrap_or(rest.len())];
            let length = digits(line.trim_ascii()).context("a Content-Length that is no number")?;
            ensure!(length <= BODY_BYTES_MAX, "a body of {length} bytes");
            return Ok(length);
        }
    }
    bail!("a response without a Content-Length: {}", shown(head))
}

fn digits(text: &[u8]) -> Option<usize> {
    std::str::from_utf8(text).ok().filter(|text| text.len() < 10)?.parse().ok()
}

/// A frame of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFrame {
    /// The opcode.
    pub opcode: u8,
    /// Where its payload lies. It ends where the frame does.
    pub payload: Range<usize>,
}

/// Reads a frame. `None`: it is not complete.
///
/// # Errors
/// If a server may not send it.
pub fn frame(bytes: &[u8]) -> anyhow::Result<Option<ServerFrame>> {
    let [first, second, rest @ ..] = bytes else { return Ok(None) };
    ensure!(first & 0xf0 == 0x80, "a fragment or an extension: {}", shown(bytes));
    ensure!(second & 0x80 == 0, "a server's frame is masked: {}", shown(bytes));
    let (length, header) = match second {
        126 => match rest.first_chunk() {
            Some(length) => (usize::from(u16::from_be_bytes(*length)), 4),
            None => return Ok(None),
        },
        127 => match rest.first_chunk() {
            Some(length) => (usize::try_from(u64::from_be_bytes(*length))?, 10),
            None => return Ok(None),
        },
        short => (usize::from(*short), 2),
    };
    ensure!(length <= BODY_BYTES_MAX, "a payload of {length} bytes");
    let payload = header..header + length;
    Ok((bytes.len() >= payload.end).then_some(ServerFrame { opcode: first & 0xf, payload }))
}

/// The first bytes, for a person.
#[must_use]
pub fn shown(bytes: &[u8]) -> String {
    let few = &bytes[..bytes.len().min(120)];
    format!("`{}`", few.escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_read_once_it_is_whole() {
        let text = b"HTTP/1.1 404 Not Found\r\nDate: x\r\ncontent-LENGTH:  2\r\n\r\nokHTTP";
        for end in 0..text.len() - 4 {
            assert_eq!(response(&text[..end]).unwrap(), None);
        }
        let answer = response(text).unwrap().unwrap();
        assert_eq!((answer.status, &text[answer.body]), (404, &b"ok"[..]));
    }

    #[test]
    fn what_is_no_response_is_an_error_at_once() {
        for text in [
            &b"SSH-2.0"[..],
            b"HTTP/1.1 200 OK\r\n\r\n",
            b"HTTP/1.1 abc\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n",
        ] {
            assert!(response(text).is_err(), "{}", shown(text));
        }
        assert!(response(&[b"HTTP/1.1 ", &[b'a'; HEAD_BYTES_MAX][..]].concat()).is_err());
    }

    #[test]
    fn frames_of_all_lengths_are_read_and_masked_ones_refused() {
        for (length, header) in [(0, 2), (125, 2), (126, 4), (70_000, 10)] {
            let mut bytes = Vec::new();
            let binary = engine_core::websocket::Opcode::Binary;
            engine_core::websocket::frame::append(&mut bytes, binary, &vec![7; length]);
            let read = frame(&bytes).unwrap().unwrap();
            assert_eq!(read, ServerFrame { opcode: 2, payload: header..header + length });
            assert_eq!(frame(&bytes[..bytes.len() - 1]).unwrap(), None);
        }
        assert!(frame(&[0x82, 0x80]).is_err());
        assert!(frame(&[0x02, 0x00]).is_err());
    }
}
