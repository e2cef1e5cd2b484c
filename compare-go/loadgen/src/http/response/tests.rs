//! Responses whole, cut at every place, and such that no server may send.

use super::*;
use proptest::prelude::*;

/// A response as it was read, and how many bytes it took.
type Read = Option<(u16, Vec<u8>, usize, bool)>;

fn read(bytes: &[u8], ended: bool) -> Result<Read, HttpError> {
    let mut reader = Reader::default();
    let response = reader.read(bytes, ended)?;
    Ok(response.map(|read| (read.status, read.body.to_vec(), read.length, read.keeps)))
}

const WHOLE: [(&str, u16, &str, bool); 8] = [
    ("HTTP/1.1 200 OK\r\nDate: x\r\ncontent-LENGTH:  2 \r\n\r\nok", 200, "ok", true),
    ("HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", 404, "", true),
    ("HTTP/1.1 204 No Content\r\nA:b\r\n\r\n", 204, "", true),
    ("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n", 101, "", true),
    ("HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 1\r\n\r\na", 200, "a", false),
    ("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", 200, "a", false),
    (
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0A\r\n0123456789\r\n0\r\nT: x\r\n\r\n",
        200,
        "abc0123456789",
        true,
    ),
    (
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 E\r\nLink: a\r\n\r\nHTTP/1.1 201 C\r\nContent-Length: 1\r\n\r\nz",
        201,
        "z",
        true,
    ),
];

#[test]
fn a_response_is_read_once_it_is_whole_wherever_it_is_cut() {
    for (text, status, body, keeps) in WHOLE {
        for end in 0..text.len() {
            assert_eq!(read(&text.as_bytes()[..end], false), Ok(None), "{text:?} to {end}");
        }
        let want = Some((status, body.as_bytes().to_vec(), text.len(), keeps));
        assert_eq!(read(text.as_bytes(), false), Ok(want.clone()));
        let pipelined = [text, "HTTP/1.1 500"].concat();
        assert_eq!(read(pipelined.as_bytes(), false), Ok(want));
    }
}

#[test]
fn a_body_without_a_length_ends_with_the_stream() {
    let text = b"HTTP/1.1 200 OK\r\n\r\nall of it";
    assert_eq!(read(text, false), Ok(None));
    assert_eq!(read(text, true), Ok(Some((200, b"all of it".to_vec(), text.len(), false))));
    assert_eq!(read(b"HTTP/1.1 200 OK\r\n", true), Ok(None));
}

#[test]
fn fields_are_found_by_their_names() {
    let mut reader = Reader::default();
    let text = b"HTTP/1.1 101 S\r\nUpgrade: websocket\r\nX-A:  b \r\n\r\n";
    let response = reader.read(text, false).unwrap().unwrap();
    assert_eq!(response.field("x-a"), Some(&b"b"[..]));
    assert_eq!(response.field("upgrade"), Some(&b"websocket"[..]));
    assert_eq!(response.field("http/1.1 101 s"), None);
}

#[test]
fn what_no_server_may_send_is_an_error_as_soon_as_it_is_seen() {
    let head = |rest: &str| format!("HTTP/1.1 200 OK\r\n{rest}");
    let chunked = |rest: &str| head(&format!("Transfer-Encoding: chunked\r\n\r\n{rest}"));
    let cases = [
        ("SSH-2.0-x".into(), HttpError::StatusLine),
        ("HTTP/2 200 OK\r\n".into(), HttpError::StatusLine),
        ("HTTP/1.1 2x0 OK".into(), HttpError::StatusLine),
        ("HTTP/1.1 2000 OK".into(), HttpError::StatusLine),
        ("HTTP/1.1\r\n".into(), HttpError::StatusLine),
        (head("A: b\n\r\n"), HttpError::Field),
        (head("no field\r\n"), HttpError::Field),
        (head(": b\r\n"), HttpError::Field),
        (head("Content-Length: -1\r\n"), HttpError::Length),
        (head("Content-Length: \r\n"), HttpError::Length),
        (head("Content-Length: 1\r\nContent-Length: 2\r\n"), HttpError::Length),
        (head("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"), HttpError::Length),
        (head("Content-Length: 999999999\r\n\r\n"), HttpError::BodyTooLong),
        (head("Transfer-Encoding: gzip\r\n"), HttpError::Coding),
        (chunked("x\r\n"), HttpError::Chunk),
        (chunked("123456789\r\n"), HttpError::Chunk),
        (chunked("1\r\nabc"), HttpError::Chunk),
        (chunked("1000000\r\n"), HttpError::BodyTooLong),
        (chunked(&"1".repeat(CHUNK_LINE_BYTES_MAX + 1)), HttpError::Chunk),
        (chunked(&format!("0\r\n{}", "a".repeat(HEAD_BYTES_MAX + 1))), HttpError::HeadTooLong),
        (head(&"a".repeat(HEAD_BYTES_MAX)), HttpError::HeadTooLong),
        (head(&"a: b\r\n".repeat(HEAD_BYTES_MAX)), HttpError::HeadTooLong),
        (head(&format!("\r\n{}", "a".repeat(BODY_BYTES_MAX + 1))), HttpError::BodyTooLong),
        ("HTTP/1.1 100 C\r\n\r\n".repeat(INTERIM_MAX + 1), HttpError::Interim),
    ];
    for (text, error) in cases {
        assert_eq!(read(text.as_bytes(), false), Err(error), "{:?}", &text[..text.len().min(99)]);
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        ended: bool,
    ) {
        let _ = read(&bytes, ended);
        let _ = read(&[b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", &bytes[..]].concat(), ended);
        let _ = read(&[b"HTTP/1.1 200 ", &bytes[..]].concat(), ended);
    }
}
