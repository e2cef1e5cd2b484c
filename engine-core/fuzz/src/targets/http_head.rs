//! A request head: the scan does not depend on how the input was split, and what is accepted is a
//! head to an independent parser too, with the same method, target and fields.

use crate::input::{cuts, every, pieces};
use crate::signature::note;
use engine_core::http::head::{Framing, parse};
use engine_core::http::scan::{HeadScan, Scan};
use engine_core::limits::Limits;

pub(super) const WORDS: &[&[u8]] = &[
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b": ",
    b" HTTP/1.1\r\n",
    b" HTTP/1.0\r\n",
    b" HTTP/2.0\r\n",
    b"GET ",
    b"POST ",
    b"OPTIONS * ",
    b"CONNECT h:1 ",
    b"http://h/",
    b"Host: h\r\n",
    b"Host: [::1]:80\r\n",
    b"Content-Length: 0\r\n",
    b"Content-Length: 1, 1\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n",
    b"Connection: close, upgrade\r\n",
    b"Connection: keep-alive\r\n",
    b"Upgrade: websocket\r\n",
    b"Expect: 100-continue\r\n",
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    b"Sec-WebSocket-Version: 13\r\n",
    b"Sec-WebSocket-Protocol: hunt.v1, hunt.v1+json\r\n",
    b"\t",
    b"\0",
    b"%2f",
    b"?session=",
];

/// Scans and reads a head.
///
/// # Panics
/// If an invariant is broken.
pub fn http_head(data: &[u8]) {
    // Small, so that mutations reach them.
    let limits =
        Limits { head_bytes_max: 1024, target_bytes_max: 128, fields_max: 16, ..Limits::default() };
    let whole = HeadScan::default().scan(data, &limits);
    assert_eq!(scan_in_pieces(data, &cuts(data, 6), &limits), whole, "cut in a few places");
    assert_eq!(scan_in_pieces(data, &every(data), &limits), whole, "byte by byte");
    match whole {
        Scan::Incomplete => note("incomplete", 0),
        Scan::Refused(refusal) => {
            note(refusal.detail.unwrap_or_default(), refusal.problem as u64);
        }
        Scan::Complete(len) => accept(&data[..len], &limits),
    }
    // Bytes that no scan has accepted are to be refused or read, not to panic.
    let _ = parse(data, &limits);
}

fn scan_in_pieces(data: &[u8], places: &[usize], limits: &Limits) -> Scan {
    let mut scan = HeadScan::default();
    let mut offered = 0;
    for piece in pieces(data, places) {
        offered += piece.len();
        let step = scan.scan(&data[..offered], limits);
        if step != Scan::Incomplete {
            return step;
        }
    }
    Scan::Incomplete
}

fn accept(head: &[u8], limits: &Limits) {
    assert!(head.len() <= limits.head_bytes_max);
    assert!(head.ends_with(b"\r\n\r\n"), "a head ends with an empty line");
    let ours = match parse(head, limits) {
        Ok(ours) => ours,
        Err(refusal) => return note(refusal.detail.unwrap_or_default(), refusal.problem as u64),
    };
    let mut fields = [httparse::EMPTY_HEADER; 64];
    let mut theirs = httparse::Request::new(&mut fields);
    let known = known_version(head);
    let parsed = theirs.parse(&known).expect("what is accepted is a head");
    assert_eq!(parsed, httparse::Status::Complete(head.len()));
    let line = format!("{} ", theirs.method.expect("a method"));
    assert!(ours.raw.starts_with(line.as_bytes()));
    let target = theirs.path.expect("a target").as_bytes();
    let query = ours.query.map_or(0, |query| query.len() + 1);
    assert!(target.len() >= query && target.len() <= limits.target_bytes_max);
    assert_eq!(ours.http10, theirs.version == Some(0));
    let mut count = 0;
    for (field, (name, value)) in theirs.headers.iter().zip(ours.fields()) {
        assert_eq!((field.name.as_bytes(), field.value.trim_ascii()), (name, value.trim_ascii()));
        count += 1;
    }
    assert_eq!((count, ours.fields().count()), (theirs.headers.len(), count));
    let one = |name: &str| ours.values(name).count() == 1;
    match ours.body {
        Framing::None => {
            assert!(!one("content-length") && ours.values("transfer-encoding").count() == 0);
        }
        Framing::Length(_) => {
            assert!(one("content-length") && ours.values("transfer-encoding").count() == 0);
        }
        Framing::Chunked => assert_eq!(ours.values("content-length").count(), 0),
    }
    assert!(ours.host.is_some() || ours.http10, "HTTP/1.1 has a Host");
    note("method", ours.method as u64);
    note("body", u64::from(ours.body != Framing::None) + u64::from(ours.body == Framing::Chunked));
    note("keep-alive", u64::from(ours.keep_alive) * 2 + u64::from(ours.http10));
    note("expect", ours.expect as u64);
    note("upgrade", u64::from(ours.upgrade_websocket) * 2 + u64::from(ours.connection_upgrade));
    note("fields", count as u64);
}

/// The head with any version 1.x but 1.0 as 1.1, which is what such a version is taken for here;
/// `httparse` refuses it.
fn known_version(head: &[u8]) -> Vec<u8> {
    let mut known = head.to_vec();
    let line = 2 * usize::from(head.starts_with(b"\r\n"));
    let end = known[line..].iter().position(|byte| *byte == b'\r').expect("a request line");
    let minor = &mut known[line + end - 1];
    if *minor != b'0' {
        *minor = b'1';
    }
    known
}
