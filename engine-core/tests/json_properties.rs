//! The JSON reader and writer against `serde_json`, over documents that are made up.
//!
//! Two differences are intended: depth ends at `DEPTH_MAX` here (at 128 there), and a number beyond
//! the doubles is a number here (its range is the caller's concern) and an error there.

use engine_core::arena::Global;
use engine_core::error::FaultCode;
use engine_core::json::{self, Reader, Writer};
use proptest::char;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

/// Characters of every kind that JSON treats in its own way.
fn text() -> impl Strategy<Value = String> {
    let special: Vec<_> =
        "\"\\/\u{8}\u{c}\n\r\t\0\u{1f}\u{7f}~€🦀\u{ffff}\u{10ffff}".chars().collect();
    let char = prop_oneof![proptest::sample::select(special), any::<char>(), char::range(' ', '~')];
    vec(char, 0..12).prop_map(String::from_iter)
}

/// `text` as JSON, each character plain or escaped in one of its ways.
fn quoted(text: &str, choices: &[u8]) -> String {
    let mut json = String::from('"');
    for (place, char) in text.chars().enumerate() {
        let must = char < ' ' || char == '"' || char == '\\';
        match choices.get(place).map_or(0, |choice| choice % 4) {
            0 if !must => json.push(char),
            1 if "\"\\/".contains(char) => json.extend(['\\', char]),
            choice => {
                for unit in char.encode_utf16(&mut [0; 2]) {
                    let lower = format!("\\u{unit:04x}");
                    json += &if choice == 2 { format!("\\u{unit:04X}") } else { lower };
                }
            }
        }
    }
    json + "\""
}

fn space() -> impl Strategy<Value = String> {
    vec(proptest::sample::select(b" \t\r\n".to_vec()).prop_map(char::from), 0..3)
        .prop_map(String::from_iter)
}

fn digits(count: core::ops::RangeInclusive<usize>) -> impl Strategy<Value = String> {
    vec(char::range('0', '9'), count).prop_map(String::from_iter)
}

fn number() -> impl Strategy<Value = String> {
    let whole = prop_oneof![
        Just("0".to_owned()),
        (char::range('1', '9'), digits(0..=20)).prop_map(|(first, rest)| format!("{first}{rest}")),
    ];
    let fraction =
        prop_oneof![Just(String::new()), digits(1..=20).prop_map(|d| ".".to_owned() + &d)];
    let letter = proptest::sample::select(vec!["e", "E", "e+", "E-"]);
    let exponent = prop_oneof![
        2 => Just(String::new()),
        1 => (letter, digits(1..=2)).prop_map(|(letter, d)| letter.to_owned() + &d),
    ];
    (any::<bool>(), whole, fraction, exponent)
        .prop_map(|(minus, a, b, c)| format!("{}{a}{b}{c}", if minus { "-" } else { "" }))
}

/// ASCII text: every one of its bytes, escaped or not, is a character of its own.
fn ascii() -> impl Strategy<Value = String> {
    vec(char::range('\0', '\u{7f}'), 0..12).prop_map(String::from_iter)
}

/// A JSON text of strings made from `text`, with whitespace and escapes wherever they may stand.
fn document(text: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = String> {
    let word = proptest::sample::select(vec!["null", "true", "false"]).prop_map(String::from);
    let string = (text, vec(any::<u8>(), 12)).prop_map(|(text, how)| quoted(&text, &how)).boxed();
    let leaf = prop_oneof![word, number(), string.clone()];
    leaf.prop_recursive(6, 40, 5, move |inner| {
        let spaced = (space(), inner, space()).prop_map(|(a, value, b)| a + &value + &b).boxed();
        let member = (space(), string.clone(), space(), spaced.clone())
            .prop_map(|(a, key, b, value)| a + &key + &b + ":" + &value);
        prop_oneof![
            vec(spaced, 0..5).prop_map(|list| format!("[{}]", list.join(","))),
            vec(member, 0..5).prop_map(|list| format!("{{{}}}", list.join(","))),
        ]
    })
}

/// One change to a document.
#[derive(Clone, Debug)]
enum Change {
    Insert(Index, u8),
    Replace(Index, u8),
    Remove(Index),
    Swap(Index, Index),
}

fn change() -> impl Strategy<Value = Change> {
    let grammar = proptest::sample::select(b"[]{},:\"\\/u019.eE+- \ntfnlab\xc3\xa9\x1f".to_vec());
    let byte = prop_oneof![3 => grammar, 1 => any::<u8>()];
    prop_oneof![
        (any::<Index>(), byte.clone()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        (any::<Index>(), byte).prop_map(|(at, byte)| Change::Replace(at, byte)),
        any::<Index>().prop_map(Change::Remove),
        any::<(Index, Index)>().prop_map(|(a, b)| Change::Swap(a, b)),
    ]
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let len = bytes.len();
        match change {
            Change::Insert(at, byte) => bytes.insert(at.index(len + 1), *byte),
            _ if len == 0 => {}
            Change::Replace(at, byte) => bytes[at.index(len)] = *byte,
            Change::Remove(at) => drop(bytes.remove(at.index(len))),
            Change::Swap(a, b) => bytes.swap(a.index(len), b.index(len)),
        }
    }
    bytes
}

/// Whether both readers agree about `bytes`; nothing if the document is one of the intended
/// differences.
fn agrees(bytes: &[u8]) -> Option<bool> {
    let theirs = serde_json::from_slice::<Value>(bytes);
    if let Err(error) = &theirs
        && ["number out of range", "recursion limit"].iter().any(|s| error.to_string().contains(s))
    {
        return None;
    }
    Some(json::validate(bytes).is_ok() == theirs.is_ok())
}

fn written(write: impl FnOnce(&mut Writer<'_>)) -> String {
    let mut out = Vec::new();
    write(&mut Writer::new(&mut out));
    String::from_utf8(out).expect("JSON is UTF-8")
}

/// The offset of a fault.
fn offset(bytes: &[u8], line: u32, column: u32) -> usize {
    let mut lines = bytes.split_inclusive(|b| *b == b'\n');
    let before: usize = lines.by_ref().take(line as usize - 1).map(<[u8]>::len).sum();
    before + column as usize - 1
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_json_text_is_accepted(text in document(text())) {
        prop_assert_eq!(json::validate(text.as_bytes()), Ok(()));
        prop_assert_ne!(agrees(text.as_bytes()), Some(false));
    }

    #[test]
    fn changed_documents_are_accepted_exactly_where_serde_json_accepts_them(
        text in document(text()),
        changes in vec(change(), 1..4),
    ) {
        let bytes = changed(text.into_bytes(), &changes);
        prop_assert_ne!(agrees(&bytes), Some(false), "{}", String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn bytes_are_accepted_exactly_where_serde_json_accepts_them(
        bytes in vec(proptest::sample::select(b"[]{},:\"\\u0d8e1.-+tn \xc3\xa9".to_vec()), 0..12),
    ) {
        prop_assert_ne!(agrees(&bytes), Some(false), "{}", String::from_utf8_lossy(&bytes));
    }

    /// U+0001 may stand nowhere, so that it is the first byte that cannot continue, wherever it is
    /// put: the prefix before it was part of a document.
    #[test]
    fn the_fault_is_at_the_byte_that_cannot_stand_there(
        text in document(ascii()),
        at in any::<Index>(),
    ) {
        let mut bytes = text.into_bytes();
        let at = at.index(bytes.len() + 1);
        bytes.insert(at, 1);
        let fault = json::validate(&bytes).expect_err("a control character");
        let end = fault.code == FaultCode::TrailingBytes;
        prop_assert!(end || fault.code == FaultCode::Syntax);
        prop_assert_eq!(offset(&bytes, fault.line, fault.column), at);
    }

    #[test]
    fn a_document_that_ends_too_early_is_at_fault_at_its_end(
        text in document(ascii()),
        at in any::<Index>(),
    ) {
        let bytes = &text.as_bytes()[..at.index(text.len())];
        if let Err(fault) = json::validate(bytes) {
            prop_assert_eq!(fault.code, FaultCode::Syntax);
            prop_assert_eq!(offset(bytes, fault.line, fault.column), bytes.len());
        } else {
            prop_assert!(serde_json::from_slice::<Value>(bytes).is_ok());
        }
    }

    #[test]
    fn strings_are_read_as_they_were_meant(text in text(), how in vec(any::<u8>(), 12)) {
        let json = quoted(&text, &how);
        let read = Reader::new(json.as_bytes(), Global).text(|t| Some(t.to_owned()));
        prop_assert_eq!(read, Ok(text));
    }

    #[test]
    fn strings_come_back_from_the_writer(text in text()) {
        let json = written(|w| w.str(&text));
        prop_assert_eq!(serde_json::from_str::<String>(&json).expect("JSON"), text.clone());
        let read = Reader::new(json.as_bytes(), Global).text(|t| Some(t.to_owned()));
        prop_assert_eq!(read, Ok(text));
    }

    #[test]
    fn numbers_are_read_to_the_nearest_double(text in number()) {
        let value: f64 = text.parse().expect("a number");
        let read = Reader::new(text.as_bytes(), Global).f64(|_| true);
        // -0 becomes 0, which `==` does not tell apart.
        prop_assert_eq!(read.expect("finite").to_bits(), (value + 0.0).to_bits(), "{}", text);
    }

    #[test]
    fn doubles_come_back_from_the_writer(
        value in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL
            | proptest::num::f64::ZERO,
    ) {
        let json = written(|w| w.f64(value));
        let mut buf = ryu_js::Buffer::new();
        prop_assert_eq!(&json, buf.format(value));
        for text in [json, serde_json::to_string(&value).expect("finite")] {
            let read = Reader::new(text.as_bytes(), Global).f64(|_| true).expect("finite");
            prop_assert_eq!(read.to_bits(), (value + 0.0).to_bits(), "{}", text);
        }
    }

    #[test]
    fn whole_numbers_come_back_from_the_writer(value: u64, end: u64) {
        let json = written(|w| w.u64(value));
        prop_assert_eq!(&json, &serde_json::to_string(&value).expect("a number"));
        let read = Reader::new(json.as_bytes(), Global).u64(0..=end);
        prop_assert_eq!(read.ok(), (value <= end).then_some(value));
    }
}

#[test]
fn the_intended_differences_are_these() {
    let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
    for text in [nested(17), nested(127)] {
        assert!(json::validate(text.as_bytes()).is_err(), "{text}");
        assert!(serde_json::from_str::<Value>(&text).is_ok(), "{text}");
    }
    assert!(json::validate(b"1e999").is_ok());
    assert!(serde_json::from_str::<Value>("1e999").is_err());
    for same in [r#""\ud800""#, r#""\udc00""#, r#""\ud800\u0041""#, "\u{feff}1", "\"\u{7f}\""] {
        assert_eq!(agrees(same.as_bytes()), Some(true), "{same}");
    }
}
