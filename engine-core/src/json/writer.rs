//! The JSON writer: appends to a byte vector, without spaces, in one fixed form.
//!
//! The form is part of the protocol, since two servers must give the same bytes: strings escape
//! `"`, `\` and the control characters below U+0020 and nothing else, floats are written as
//! ECMAScript writes them. The writer knows commas; the order of fields is its caller's.

use alloc::vec::Vec;

/// Writes one JSON text to the end of a vector. Allocates only where the vector must grow.
#[derive(Debug)]
pub struct Writer<'o> {
    out: &'o mut Vec<u8>,
    // A value was finished in the bracket that is open now, so the next one needs a comma.
    comma: bool,
}

impl<'o> Writer<'o> {
    /// A writer that appends to `out`.
    pub fn new(out: &'o mut Vec<u8>) -> Self {
        Self { out, comma: false }
    }

    /// `{`
    pub fn begin_object(&mut self) {
        self.begin(b'{');
    }

    /// `}`
    pub fn end_object(&mut self) {
        self.end(b'}');
    }

    /// `[`
    pub fn begin_array(&mut self) {
        self.begin(b'[');
    }

    /// `]`
    pub fn end_array(&mut self) {
        self.end(b']');
    }

    /// A field's name, which must need no escape; its value follows.
    pub fn key(&mut self, name: &'static str) {
        debug_assert!(name.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\'));
        self.separate();
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.comma = false;
    }

    /// A string.
    pub fn str(&mut self, text: &str) {
        self.separate();
        string(self.out, text);
    }

    /// A whole number.
    pub fn u64(&mut self, value: u64) {
        self.separate();
        self.out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
    }

    /// A number, by the rule of ECMAScript's `Number::toString`; -0 is written as 0.
    ///
    /// # Panics
    /// In debug builds, if `value` is not finite.
    pub fn f64(&mut self, value: f64) {
        debug_assert!(value.is_finite(), "checked where it came in");
        self.separate();
        self.out.extend_from_slice(ryu_js::Buffer::new().format_finite(value).as_bytes());
    }

    /// `null`
    pub fn null(&mut self) {
        self.raw(b"null");
    }

    /// `true` or `false`.
    pub fn bool(&mut self, value: bool) {
        self.raw(if value { b"true" } else { b"false" });
    }

    /// A value that is JSON already.
    pub fn raw(&mut self, json: &[u8]) {
        self.separate();
        self.out.extend_from_slice(json);
    }

    fn begin(&mut self, bracket: u8) {
        self.separate();
        self.out.push(bracket);
        self.comma = false;
    }

    fn end(&mut self, bracket: u8) {
        self.out.push(bracket);
        self.comma = true;
    }

    fn separate(&mut self) {
        if self.comma {
            self.out.push(b',');
        }
        self.comma = true;
    }
}

/// Appends `text` as a JSON string, quotes included.
fn string(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut rest = text.as_bytes();
    out.push(b'"');
    while let Some(plain) = rest.iter().position(|b| *b < 0x20 || *b == b'"' || *b == b'\\') {
        out.extend_from_slice(&rest[..plain]);
        let byte = rest[plain];
        rest = &rest[plain + 1..];
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => {
                let digits = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&digits);
            }
        }
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    fn written(write: impl FnOnce(&mut Writer<'_>)) -> String {
        let mut out = Vec::new();
        write(&mut Writer::new(&mut out));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn commas_stand_between_values_and_nowhere_else() {
        let text = written(|w| {
            w.begin_object();
            w.key("a");
            w.begin_array();
            w.u64(1);
            w.begin_object();
            w.end_object();
            w.null();
            w.end_array();
            w.key("b");
            w.bool(true);
            w.key("c");
            w.raw(b"[0]");
            w.key("d");
            w.begin_array();
            w.end_array();
            w.end_object();
        });
        assert_eq!(text, r#"{"a":[1,{},null],"b":true,"c":[0],"d":[]}"#);
    }

    #[test]
    fn strings_escape_what_they_must_and_nothing_else() {
        let text = written(|w| w.str("\"\\/\u{8}\u{c}\n\r\t\0\u{1f}\u{7f}\u{2028}é🦀<>&"));
        assert_eq!(text, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\u{7f}\u{2028}é🦀<>&\"");
    }

    #[test]
    fn floats_are_written_as_ecmascript_writes_them() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-1.5, "-1.5"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1e-6, "0.000001"),
            (1e-7, "1e-7"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
        ] {
            assert_eq!(written(|w| w.f64(value)), text);
        }
        assert_eq!(written(|w| w.u64(u64::MAX)), "18446744073709551615");
    }
}
