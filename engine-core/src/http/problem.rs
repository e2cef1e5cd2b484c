//! Problem documents (RFC 9457), in the one order of members that the server writes.

use crate::error::Refusal;
use alloc::vec::Vec;

/// The media type of a problem document.
pub const PROBLEM_TYPE: &str = "application/problem+json";

/// Appends the problem document of `refusal`: type, title, status, and as far as they are known
/// detail, path, line, column. Allocates only where `out` must grow.
pub fn write_problem(refusal: &Refusal, out: &mut Vec<u8>) {
    write(refusal, out);
}

/// How many bytes [`write_problem`] appends, for the Content-Length before them.
#[must_use]
pub fn problem_bytes(refusal: &Refusal) -> usize {
    let mut count = Count(0);
    write(refusal, &mut count);
    count.0
}

/// What a document is written to.
trait Sink {
    fn put(&mut self, bytes: &[u8]);
}

impl Sink for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Counts what would be written.
struct Count(usize);

impl Sink for Count {
    fn put(&mut self, bytes: &[u8]) {
        self.0 += bytes.len();
    }
}

fn write(refusal: &Refusal, out: &mut impl Sink) {
    let problem = refusal.problem;
    out.put(b"{\"type\":\"urn:hunt:problem:");
    escaped(problem.slug(), out);
    out.put(b"\",\"title\":\"");
    escaped(problem.title(), out);
    out.put(b"\",\"status\":");
    out.put(itoa::Buffer::new().format(problem.status()).as_bytes());
    if let Some(detail) = refusal.detail {
        out.put(b",\"detail\":\"");
        escaped(detail, out);
        out.put(b"\"");
    }
    if let Some(fault) = &refusal.fault {
        out.put(b",\"path\":\"");
        escaped(&fault.path, out);
        out.put(b"\",\"line\":");
        out.put(itoa::Buffer::new().format(fault.line).as_bytes());
        out.put(b",\"column\":");
        out.put(itoa::Buffer::new().format(fault.column).as_bytes());
    }
    out.put(b"}");
}

/// Writes the inside of a JSON string, run by run: quotes, backslashes and control characters are
/// escaped, everything else is as it is.
fn escaped(text: &str, out: &mut impl Sink) {
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|b| *b < b' ' || matches!(b, b'"' | b'\\')) {
        let (plain, tail) = rest.split_at(at);
        out.put(plain);
        match tail[0] {
            b'"' => out.put(b"\\\""),
            b'\\' => out.put(b"\\\\"),
            0x08 => out.put(b"\\b"),
            0x0c => out.put(b"\\f"),
            b'\n' => out.put(b"\\n"),
            b'\r' => out.put(b"\\r"),
            b'\t' => out.put(b"\\t"),
            byte => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                let digit = |value: u8| HEX[usize::from(value & 15)];
                out.put(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte)]);
            }
        }
        rest = &tail[1..];
    }
    out.put(rest);
}
