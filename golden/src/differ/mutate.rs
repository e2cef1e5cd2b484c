//! Changes to JSON texts and to bytes.
//!
//! Values and tokens are changed here, so that most of a text stays what it was; bytes as the
//! fuzzer of the engine changes them.

use fastrand::Rng;
use serde_json::Value;

/// Tokens at which things go wrong.
const TOKENS: &[&str] = &[
    "null",
    "true",
    "tru",
    "nulls",
    "0",
    "-0",
    "1",
    "7",
    "-1",
    "01",
    "1.0",
    "1.",
    ".5",
    "+1",
    "1e0",
    "1E+2",
    "1e",
    "2.50",
    "1e400",
    "-1e400",
    "1e-400",
    "5e-324",
    "0.1",
    "0.30000000000000004",
    "123456789.123456789",
    "1000000",
    "1000001",
    "1000000.0000000001",
    "255",
    "256",
    "4294967295",
    "4294967296",
    "9007199254740993",
    "18446744073709551616",
    "1e21",
    "NaN",
    "Infinity",
    "\"\"",
    "\"a\"",
    "\"chest\"",
    "\"fz-q1\"",
    "\"fz-q2\"",
    "\"-a\"",
    "\"a b\"",
    "\" a\"",
    "\"a \"",
    "\"a/b\"",
    "\"a\\/b\"",
    "\"\\u0061\"",
    "\"\\u00e9\"",
    "\"é\"",
    "\"🦀\"",
    "\"\\ud83e\\udd80\"",
    "\"\\ud83e\"",
    "\"\\udd80\"",
    "\"\\u0000\"",
    "\"\\u001f\"",
    "\"\u{7f}\"",
    "\"\\x\"",
    "\"\\u12\"",
    "\"\t\"",
    "\"a",
    "'a'",
    "\"boost\"",
    "\"Boost\"",
    "\"name\"",
    "\"x\"",
    "\"seq\"",
    "\"key\"",
    "{}",
    "[]",
    "[0]",
    "{\"a\":0}",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "[[[[[[[[[[[[[[[[[",
    "/*a*/",
    "\u{feff}",
];
const SPACES: &[&str] = &[" ", "\n", "\t", "\r\n", "  ", "\u{a0}", "\u{c}"];

/// Changes a JSON text in one to four ways; `other` lends pieces.
pub(super) fn json(random: &mut Rng, text: &[u8], other: &[u8]) -> Vec<u8> {
    let mut bytes = text.to_vec();
    for _ in 0..random.u8(1..=4) {
        bytes = match random.u8(0..12) {
            0 => bytes_changed(random, &bytes, other, "quest_json"),
            1..4 => tokens_changed(random, &bytes),
            _ => match serde_json::from_slice(&bytes) {
                Ok(value) => value_changed(random, value),
                Err(_) => tokens_changed(random, &bytes),
            },
        };
    }
    bytes
}

/// Changes bytes in one to eight ways, with the words of a target of the fuzzer.
pub(super) fn bytes_changed(random: &mut Rng, bytes: &[u8], other: &[u8], target: &str) -> Vec<u8> {
    let words = engine_fuzz::targets::find(target).map_or(&[][..], |target| target.dictionary);
    let mut bytes = bytes.to_vec();
    engine_fuzz::mutate::mutate(random, &mut bytes, other, words);
    bytes
}

/// Keys that objects have somewhere, or nowhere.
const KEYS: &[&str] = &[
    "name", "x", "radius", "loot", "opens_ms", "boost", "seq", "key", "version", "rules", "",
    "a/b~c",
];

/// Changes one value of a document, which stays well-formed.
fn value_changed(random: &mut Rng, mut document: Value) -> Vec<u8> {
    let mut pick = |end: usize| random.usize(0..end);
    let count = values(&document);
    let value = nth(&mut document, &mut { pick(count) }).expect("it is below their number");
    match value {
        Value::Object(fields) if pick(3) > 0 => {
            let key = fields.keys().nth(pick(fields.len().max(1))).cloned().unwrap_or_default();
            match pick(3) {
                0 => drop(fields.remove(&key)),
                1 => {
                    let value = fields.remove(&key).unwrap_or_default();
                    fields.insert(KEYS[pick(KEYS.len())].to_owned(), value);
                }
                _ => drop(fields.insert(KEYS[pick(KEYS.len())].to_owned(), Value::Null)),
            }
        }
        Value::Array(list) if !list.is_empty() && pick(3) > 0 => {
            let at = pick(list.len());
            match pick(3) {
                0 => list.clear(),
                1 => drop(list.remove(at)),
                _ => list.push(list[at].clone()),
            }
        }
        other => {
            let token = TOKENS[pick(TOKENS.len())];
            *other = serde_json::from_str(token).unwrap_or_else(|_| Value::from(pick(300)));
        }
    }
    serde_json::to_vec(&document).expect("values are written")
}

/// How many values a value has, itself and those within.
fn values(value: &Value) -> usize {
    1 + match value {
        Value::Object(fields) => fields.values().map(values).sum(),
        Value::Array(list) => list.iter().map(values).sum(),
        _ => 0,
    }
}

/// The value with a number, counted from the outside.
fn nth<'a>(value: &'a mut Value, number: &mut usize) -> Option<&'a mut Value> {
    if *number == 0 {
        return Some(value);
    }
    *number -= 1;
    match value {
        Value::Object(fields) => fields.values_mut().find_map(|value| nth(value, number)),
        Value::Array(list) => list.iter_mut().find_map(|value| nth(value, number)),
        _ => None,
    }
}

fn tokens_changed(random: &mut Rng, bytes: &[u8]) -> Vec<u8> {
    let mut tokens = tokens(bytes);
    let place = random.usize(0..=tokens.len());
    let at = place.min(tokens.len().saturating_sub(1));
    let pick =
        |random: &mut Rng, list: &[&'static str]| list[random.usize(0..list.len())].as_bytes();
    match random.u8(0..10) {
        _ if tokens.is_empty() => tokens.push(pick(random, TOKENS)),
        0 => drop(tokens.remove(at)),
        1 => {
            let token = tokens[at];
            tokens.insert(at, token);
        }
        2 => {
            let other = random.usize(0..tokens.len());
            tokens.swap(at, other);
        }
        3 => tokens.insert(place, pick(random, TOKENS)),
        4 => tokens.insert(place, pick(random, SPACES)),
        5 => tokens.truncate(place),
        6 => {
            // A part of it once more: a field, an element.
            let end = (at + random.usize(1..8)).min(tokens.len());
            let part = tokens[at..end].to_vec();
            tokens.splice(place..place, part);
        }
        _ => {
            // Values and keys rather than what stands between them.
            let worth = |at: &usize| !b",:{}[] ".contains(&tokens[*at][0]);
            let at = (0..8).map(|_| random.usize(0..tokens.len())).find(worth).unwrap_or(at);
            tokens[at] = pick(random, TOKENS);
        }
    }
    tokens.concat()
}

/// The tokens of a text, roughly: strings, words, spaces, and single bytes of everything else.
fn tokens(bytes: &[u8]) -> Vec<&[u8]> {
    let mut tokens = Vec::new();
    let mut rest = bytes;
    while let Some(first) = rest.first() {
        let is_word = |b: &u8| b.is_ascii_alphanumeric() || b"+-._".contains(b) || *b >= 0x80;
        let len = match first {
            b'"' => {
                let mut escaped = false;
                let end = rest[1..].iter().position(|b| {
                    let ends = *b == b'"' && !escaped;
                    escaped = *b == b'\\' && !escaped;
                    ends
                });
                end.map_or(rest.len(), |end| end + 2)
            }
            b if is_word(b) => rest.iter().take_while(|b| is_word(b)).count(),
            b' ' | b'\n' => rest.iter().take_while(|b| b" \n".contains(b)).count(),
            _ => 1,
        };
        let (token, after) = rest.split_at(len);
        tokens.push(token);
        rest = after;
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_its_tokens() {
        let text = br#"{"a\"b": [1.5e3, tru, "" ,"end"#;
        let found: Vec<_> = tokens(text).iter().map(|t| String::from_utf8_lossy(t)).collect();
        let expected = [
            "{",
            r#""a\"b""#,
            ":",
            " ",
            "[",
            "1.5e3",
            ",",
            " ",
            "tru",
            ",",
            " ",
            "\"\"",
            " ",
            ",",
            "\"end",
        ];
        assert_eq!(found, expected);
        assert_eq!(tokens(text).concat(), text);
    }

    #[test]
    fn every_value_of_a_document_has_a_number() {
        let mut document = serde_json::json!({"a": [1, {"b": 2}], "c": 3});
        assert_eq!(values(&document), 6);
        let mut found = |number: usize| nth(&mut document, &mut { number }).cloned();
        assert_eq!(found(4), Some(2.into()));
        assert_eq!(found(5), Some(3.into()));
        assert_eq!(found(6), None);
    }

    #[test]
    fn most_changes_change_something_and_seeds_repeat() {
        let text = br#"{"name":"Ada","place":{"x":1,"y":2.5}}"#;
        let run = |seed| json(&mut Rng::with_seed(seed), text, b"{}");
        let changed = (0..200).filter(|seed| run(*seed) != text).count();
        assert!(changed > 180, "{changed}");
        assert!((0..20).all(|seed| run(seed) == run(seed)));
        json(&mut Rng::with_seed(1), b"", b"");
    }
}
