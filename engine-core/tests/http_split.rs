//! Properties of the HTTP readers: what they say does not depend on how the input was split, what
//! was encoded is read back, and no bytes make them panic.

use engine_core::error::Refusal;
use engine_core::http::body::BodyReader;
use engine_core::http::head::{Framing, Head, parse};
use engine_core::http::scan::{HeadScan, Scan};
use engine_core::limits::Limits;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Bounds that short inputs run into.
fn tight() -> Limits {
    Limits {
        target_bytes_max: 24,
        head_bytes_max: 160,
        fields_max: 4,
        chunk_line_bytes_max: 18,
        trailer_bytes_max: 40,
        ..Limits::default()
    }
}

/// A valid head or body, or pieces in any order, or a valid one with a few bytes changed.
fn nearly(
    valid: impl Strategy<Value = Vec<u8>> + Clone,
    pieces: &'static [&'static [u8]],
) -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<Index>(), 0..3_u8, prop_oneof![any::<u8>(), select(&b"\r\n \t:;\0"[..])]);
    let changed = (valid.clone(), vec(change, 1..4)).prop_map(|(mut bytes, changes)| {
        for (index, kind, byte) in changes {
            let at = index.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ if bytes.len() > 1 => drop(bytes.remove(at)),
                _ => {}
            }
        }
        bytes
    });
    let any_order = vec(select(pieces), 0..20).prop_map(|pieces| pieces.concat());
    prop_oneof![valid, changed, any_order]
}

fn heads() -> impl Strategy<Value = Vec<u8>> {
    let field = prop_oneof![
        Just("Host: a"),
        Just("Host: [::1]:80"),
        Just("Content-Length: 5"),
        Just("Transfer-Encoding: chunked"),
        Just("Connection: close"),
        Just("Expect: 100-continue"),
        Just("x:\ty\t"),
        Just("long: 0123456789012345678901234567890123456789"),
    ];
    let line = prop_oneof![
        Just("GET / HTTP/1.1"),
        Just("POST /v1/hunts/7?a=b HTTP/1.1"),
        Just("OPTIONS * HTTP/1.1"),
        Just("GET http://a/b HTTP/1.0"),
        Just("BREW / HTTP/2.0"),
    ];
    let blank = prop_oneof![4 => Just(""), 1 => Just("\r\n")];
    let valid =
        (blank, line, vec(field, 0..6), "[a-z]{0,3}").prop_map(|(blank, line, fields, rest)| {
            let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
            format!("{blank}{line}\r\n{fields}\r\n{rest}").into_bytes()
        });
    nearly(
        valid,
        &[
            b"GET",
            b" ",
            b"/",
            b"HTTP/1.1",
            b"\r\n",
            b"\r",
            b"\n",
            b":",
            b"a",
            b"\t",
            b"\0",
            b"Host: a\r\n",
            b"\xff",
            b"\x7f",
            b"GET / HTTP/1.1\r\n",
            b"aaaaaaaaaaaaaaaaaaaaaaaaa",
        ],
    )
}

fn chunked() -> impl Strategy<Value = Vec<u8>> {
    let extension = prop_oneof![
        8 => Just(""),
        1 => Just(";a"),
        1 => Just(" ; a = b"),
        1 => Just(";a=\"b;\\\"\""),
    ];
    let chunk = (vec(any::<u8>(), 1..9), extension);
    let trailer = prop_oneof![Just("x-sum: 1\r\n"), Just("Host: a\r\n"), Just("long-name: \t\r\n")];
    let valid = (vec(chunk, 0..5), vec(trailer, 0..3)).prop_map(|(chunks, trailers)| {
        let mut bytes = Vec::new();
        for (data, extension) in chunks {
            bytes.extend_from_slice(format!("{:x}{extension}\r\n", data.len()).as_bytes());
            bytes.extend_from_slice(&data);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(format!("0\r\n{}\r\nGET", trailers.concat()).as_bytes());
        bytes
    });
    nearly(
        valid,
        &[
            b"0",
            b"5",
            b"00000",
            b"a",
            b"\r\n",
            b"\r",
            b"\n",
            b";",
            b"=",
            b"\"",
            b"\\",
            b" ",
            b"\t",
            b"\0",
            b"1\r\nx\r\n",
            b"0\r\n",
            b"\r\n\r\n",
            b"Host:",
            b"name: v",
            b"\xff",
            b"ffff",
        ],
    )
}

/// The ends of the pieces that an input of `len` bytes is offered in; the last is `len`.
fn ends(cuts: &[Index], len: usize) -> Vec<usize> {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(len + 1)).collect();
    ends.push(len);
    ends.sort_unstable();
    ends
}

/// Offers ever more of a head until the scan has decided.
fn scan_in(bytes: &[u8], ends: &[usize]) -> Scan {
    let mut scan = HeadScan::default();
    let limits = tight();
    let steps = ends.iter().map(|end| scan.scan(&bytes[..*end], &limits));
    steps.into_iter().find(|step| *step != Scan::Incomplete).unwrap_or(Scan::Incomplete)
}

/// What a reader has made of an input: the data, how much it consumed, and how it ended.
#[derive(Debug, PartialEq)]
struct Reading {
    data: Vec<u8>,
    consumed: usize,
    end: Result<bool, Refusal>,
}

/// Reads a body that arrives in pieces; what a call leaves is offered again with the next piece.
fn read_in(framing: Framing, max: u64, bytes: &[u8], ends: &[usize]) -> Reading {
    let limits = tight();
    let mut reader = match BodyReader::new(framing, max) {
        Ok(reader) => reader,
        Err(refusal) => return Reading { data: Vec::new(), consumed: 0, end: Err(refusal) },
    };
    let (mut data, mut at) = (Vec::new(), 0);
    for end in ends {
        loop {
            match reader.read(&bytes[at..*end], &limits) {
                Ok(step) => {
                    at += step.consumed;
                    data.extend_from_slice(step.data);
                    if step.done {
                        return Reading { data, consumed: at, end: Ok(true) };
                    }
                    if step.consumed == 0 {
                        break;
                    }
                }
                // How much the refused call had consumed is not told.
                Err(refusal) => return Reading { data, consumed: 0, end: Err(refusal) },
            }
        }
        assert_eq!(at, *end, "every byte is consumed");
    }
    Reading { data, consumed: at, end: Ok(false) }
}

/// A field name that no rule knows.
const NAME: &str = "x-[a-zA-Z0-9!#$%&'*+.^_`|~-]{1,12}";
/// A field value, with neither white space around it nor control characters in it.
const VALUE: &str = "[!-~]([ -~\t\u{80}-\u{ff}]{0,20}[!-~])?";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_head_is_scanned_the_same_however_it_is_split(
        bytes in heads(),
        cuts in vec(any::<Index>(), 0..8),
    ) {
        let whole = scan_in(&bytes, &[bytes.len()]);
        prop_assert_eq!(scan_in(&bytes, &ends(&cuts, bytes.len())), whole.clone());
        let each: Vec<usize> = (0..=bytes.len()).collect();
        prop_assert_eq!(scan_in(&bytes, &each), whole.clone());
        for cut in 0..=bytes.len() {
            prop_assert_eq!(scan_in(&bytes, &[cut, bytes.len()]), whole.clone());
        }
    }

    #[test]
    fn a_head_that_is_complete_has_no_other_reading(bytes in heads()) {
        let Scan::Complete(end) = scan_in(&bytes, &[bytes.len()]) else { return Ok(()) };
        let head = &bytes[..end];
        prop_assert!(head.ends_with(b"\r\n\r\n"));
        let head = head.strip_prefix(b"\r\n").unwrap_or(head);
        let text = String::from_utf8_lossy(head);
        let lines: Vec<&str> = text.split("\r\n").collect();
        let (request_line, rest) = lines.split_first().unwrap();
        prop_assert_eq!(&rest[rest.len() - 2..], &["", ""]);
        prop_assert!(rest[..rest.len() - 2].iter().all(|line| !line.is_empty()));
        prop_assert_eq!(request_line.split(' ').count(), 3);
        prop_assert!(rest.iter().all(|line| !line.starts_with([' ', '\t'])));
        let stray = |c: char| c.is_ascii_control() && c != '\t';
        prop_assert!(!lines.concat().contains(stray));
        prop_assert!(rest.len() - 2 <= tight().fields_max);
    }

    #[test]
    fn a_complete_head_is_parsed_or_refused(bytes in heads()) {
        let Scan::Complete(end) = scan_in(&bytes, &[bytes.len()]) else { return Ok(()) };
        let Ok(head) = parse(&bytes[..end], &tight()) else { return Ok(()) };
        let lines = bytes[..end].windows(2).filter(|pair| pair == b"\r\n").count();
        let skipped = end - head.raw.len();
        prop_assert_eq!(head.fields().count(), lines - 2 - skipped / 2);
        prop_assert!(head.host.is_some() || head.http10);
    }

    #[test]
    fn any_bytes_are_scanned_parsed_and_read_without_a_panic(
        bytes in vec(any::<u8>(), 0..300),
        max in any::<u64>(),
    ) {
        let _ = scan_in(&bytes, &[bytes.len()]);
        let _ = parse(&bytes, &tight());
        let _ = read_in(Framing::Chunked, max, &bytes, &[bytes.len()]);
        let _ = read_in(Framing::Length(max), max, &bytes, &[bytes.len()]);
    }

    #[test]
    fn what_a_client_writes_is_what_is_read(
        method in select(&["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"][..]),
        path in "/[a-z0-9._~!$&'()*+,;=:@/%-]{0,20}",
        query in proptest::option::of("[a-z0-9=&/?%]{0,20}"),
        fields in vec((NAME, VALUE), 0..20),
    ) {
        let target = query.as_ref().map_or(path.clone(), |query| format!("{path}?{query}"));
        let line = |(name, value): &(String, String)| format!("{name}: {value}\r\n");
        let lines: String = fields.iter().map(line).collect();
        let text = format!("{method} {target} HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
        let limits = Limits::default();
        let scan = HeadScan::default().scan(text.as_bytes(), &limits);
        prop_assert_eq!(scan, Scan::Complete(text.len()));
        let head: Head<'_> = parse(text.as_bytes(), &limits).unwrap();
        prop_assert_eq!(head.method.as_str(), method);
        prop_assert_eq!(head.path, path.as_bytes());
        prop_assert_eq!(head.query, query.as_deref().map(str::as_bytes));
        let read: Vec<(&[u8], &[u8])> = head.fields().skip(1).collect();
        let written: Vec<(&[u8], &[u8])> =
            fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
        prop_assert_eq!(read, written);
    }

    #[test]
    fn a_chunked_body_is_read_the_same_however_it_is_split(
        bytes in chunked(),
        cuts in vec(any::<Index>(), 0..8),
        max in prop_oneof![Just(1_000_u64), 0..20_u64],
    ) {
        let read = |ends: &[usize]| read_in(Framing::Chunked, max, &bytes, ends);
        let whole = read(&[bytes.len()]);
        prop_assert_eq!(&read(&ends(&cuts, bytes.len())), &whole);
        let each: Vec<usize> = (0..=bytes.len()).collect();
        prop_assert_eq!(&read(&each), &whole);
        for cut in 0..=bytes.len() {
            prop_assert_eq!(&read(&[cut, bytes.len()]), &whole);
        }
    }

    #[test]
    fn a_body_of_a_length_is_read_the_same_however_it_is_split(
        bytes in vec(any::<u8>(), 0..40),
        length in 0..50_u64,
        cuts in vec(any::<Index>(), 0..8),
    ) {
        let reading = read_in(Framing::Length(length), 50, &bytes, &ends(&cuts, bytes.len()));
        let most = bytes.len().min(usize::try_from(length).unwrap());
        let done = most as u64 == length;
        prop_assert_eq!(reading.consumed, most);
        prop_assert_eq!(&reading.data, &bytes[..most]);
        prop_assert_eq!(reading.end, Ok(done));
    }

    #[test]
    fn chunks_of_any_data_are_put_together_again(
        chunks in vec(vec(any::<u8>(), 1..40), 0..6),
        zeros in 0..8_usize,
        upper in any::<bool>(),
        follows in vec(any::<u8>(), 0..10),
        cuts in vec(any::<Index>(), 0..8),
    ) {
        let mut bytes = Vec::new();
        for data in &chunks {
            let size = format!("{}{:x}", "0".repeat(zeros), data.len());
            let size = if upper { size.to_uppercase() } else { size };
            bytes.extend_from_slice(size.as_bytes());
            bytes.extend_from_slice(b"\r\n");
            bytes.extend_from_slice(data);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"0\r\n\r\n");
        let end = bytes.len();
        bytes.extend_from_slice(&follows);
        let data = chunks.concat();
        let expected = Reading { consumed: end, end: Ok(true), data };
        let exact = expected.data.len() as u64;
        let ends = ends(&cuts, bytes.len());
        prop_assert_eq!(&read_in(Framing::Chunked, exact, &bytes, &ends), &expected);
        if exact > 0 {
            prop_assert!(read_in(Framing::Chunked, exact - 1, &bytes, &ends).end.is_err());
        }
    }
}
