//! The framing of a body: what is read does not depend on how the input was split, and a chunked
//! body that is accepted says the same to a naive reader.
//!
//! The input begins with how the body is framed: `c` chunked, `C` chunked with a small limit, or
//! `l` and a number of bytes, up to the first character that is no digit.

use crate::input::{Input, cuts, every, pieces};
use crate::signature::{magnitude, note};
use engine_core::error::Refusal;
use engine_core::http::body::BodyReader;
use engine_core::http::head::Framing;
use engine_core::limits::Limits;

pub(super) const WORDS: &[&[u8]] = &[
    b"\r\n",
    b"0\r\n\r\n",
    b"\r\n0\r\n\r\n",
    b"1\r\nx\r\n",
    b"a\r\n0123456789\r\n",
    b"00000000000000001\r\n",
    b"ffffffffffffffff\r\n",
    b";a=b",
    b";a=\"b\\\"c\"",
    b" ; a = b",
    b"\"",
    b"\\",
    b"X: y\r\n",
    b"Content-Length: 1\r\n",
    b"c",
    b"C",
    b"l",
];

/// What reading came to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Read {
    data: Vec<u8>,
    consumed: usize,
    done: bool,
    refusal: Option<Refusal>,
}

/// Reads a body.
///
/// # Panics
/// If an invariant is broken.
pub fn body_framing(data: &[u8]) {
    let mut input = Input::new(data);
    let (framing, max) = match input.next() {
        Some(b'l') => (Framing::Length(input.number()), 4096),
        Some(b'C') => (Framing::Chunked, 20),
        _ => (Framing::Chunked, 4096),
    };
    let bytes = input.rest();
    let limits = Limits {
        chunk_line_bytes_max: 32,
        trailer_bytes_max: 64,
        head_bytes_max: 256,
        ..Limits::default()
    };
    let Ok(reader) = BodyReader::new(framing, max) else {
        assert!(matches!(framing, Framing::Length(length) if length > max));
        return note("too large", 0);
    };
    let whole = read(reader, bytes, &[bytes.len()], &limits);
    assert_eq!(read(reader, bytes, &cuts(bytes, 6), &limits), whole, "cut in a few places");
    assert_eq!(read(reader, bytes, &every(bytes), &limits), whole, "byte by byte");
    assert!(whole.data.len() as u64 <= max);
    if whole.done {
        match framing {
            Framing::Chunked => {
                assert_eq!(dechunk(&bytes[..whole.consumed]), Some(whole.data.clone()));
            }
            Framing::Length(length) => {
                assert_eq!(
                    (whole.data.len() as u64, &bytes[..whole.consumed]),
                    (length, &*whole.data)
                );
            }
            Framing::None => unreachable!("no input asks for it"),
        }
    }
    match &whole.refusal {
        Some(refusal) => note(refusal.detail.unwrap_or_default(), refusal.problem as u64),
        None => note("done", u64::from(whole.done)),
    }
    note("bytes", magnitude(whole.data.len()));
}

fn read(mut reader: BodyReader, bytes: &[u8], places: &[usize], limits: &Limits) -> Read {
    let mut read = Read::default();
    for piece in pieces(bytes, places) {
        let mut at = 0;
        loop {
            let step = match reader.read(&piece[at..], limits) {
                Ok(step) => step,
                Err(refusal) => {
                    // How much is consumed of a refused body is nobody's concern.
                    read.refusal = Some(refusal);
                    read.consumed = 0;
                    return read;
                }
            };
            at += step.consumed;
            read.consumed += step.consumed;
            read.data.extend_from_slice(step.data);
            if step.done {
                read.done = true;
                let after = reader.read(&piece[at..], limits).expect("nothing is read any more");
                assert!(after.done && after.consumed == 0 && after.data.is_empty());
                return read;
            }
            if at == piece.len() {
                break;
            }
            assert!(step.consumed > 0, "bytes that are offered are consumed");
        }
    }
    read
}

/// The data of a chunked body that was accepted, by the plainest reading of RFC 9112 section 7.1.
fn dechunk(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut data = Vec::new();
    loop {
        let end = bytes.windows(2).position(|pair| pair == b"\r\n")?;
        let line = std::str::from_utf8(bytes[..end].split(|b| b";\t ".contains(b)).next()?).ok()?;
        let size = usize::from_str_radix(line, 16).ok()?;
        bytes = &bytes[end + 2..];
        if size == 0 {
            break;
        }
        let (chunk, rest) = bytes.split_at_checked(size)?;
        data.extend_from_slice(chunk);
        bytes = rest.strip_prefix(b"\r\n")?;
    }
    // Trailers, and the empty line.
    (bytes == b"\r\n" || bytes.ends_with(b"\r\n\r\n")).then_some(data)
}
