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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{FaultCode, JsonFault, Problem};
    use alloc::format;
    use alloc::string::String;

    fn document(refusal: &Refusal) -> String {
        let mut out = Vec::new();
        write_problem(refusal, &mut out);
        assert_eq!(out.len(), problem_bytes(refusal));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn members_stand_in_one_order_and_only_where_they_are_known() {
        assert_eq!(
            document(&Problem::HuntFull.into()),
            r#"{"type":"urn:hunt:problem:hunt-full","title":"the hunt is full","status":409}"#
        );
        assert_eq!(
            document(&Refusal::because(Problem::InvalidQuery, "limit must be 1 to 100")),
            concat!(
                r#"{"type":"urn:hunt:problem:invalid-query","#,
                r#""title":"a query parameter is unknown, repeated or out of range","#,
                r#""status":400,"detail":"limit must be 1 to 100"}"#
            )
        );
        let fault = JsonFault {
            code: FaultCode::WrongType,
            path: "/treasures/3/loot".into(),
            line: 12,
            column: 4_294_967_295,
        };
        assert_eq!(
            document(&Refusal::json(Problem::InvalidQuest, fault)),
            concat!(
                r#"{"type":"urn:hunt:problem:invalid-quest","#,
                r#""title":"the quest document is not valid","status":422,"#,
                r#""detail":"a value of the wrong type","path":"/treasures/3/loot","#,
                r#""line":12,"column":4294967295}"#
            )
        );
    }

    #[test]
    fn every_text_is_read_back_by_another_json_reader() {
        let path: String = ('\0'..='\u{ff}').chain(['\u{2028}', '🦀', '"', '\\']).collect();
        let fault = JsonFault { code: FaultCode::Syntax, path: path.clone(), line: 1, column: 1 };
        let text = document(&Refusal::json(Problem::InvalidBody, fault));
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["path"], path);
        for problem in Problem::ALL {
            let text = document(&Refusal::from(*problem));
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(value["type"], format!("urn:hunt:problem:{}", problem.slug()));
            assert_eq!(value["title"], problem.title());
            assert_eq!(value["status"], problem.status());
        }
    }

    #[test]
    fn control_characters_are_escaped_in_their_shortest_form() {
        let fault = JsonFault {
            code: FaultCode::UnknownField,
            path: "/\u{8}\u{c}\n\r\t\u{1}\u{1f}\u{7f}\"\\é".into(),
            line: 1,
            column: 2,
        };
        let text = document(&Refusal::json(Problem::InvalidBody, fault));
        let expected = "\"path\":\"/\\b\\f\\n\\r\\t\\u0001\\u001f\u{7f}\\\"\\\\é\"";
        assert!(text.contains(expected), "{text}");
    }
}
