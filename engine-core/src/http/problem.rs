//! Problem documents (RFC 9457), in the one order of members that the server writes.

use crate::error::Refusal;
use crate::json::Writer;
use alloc::vec::Vec;

/// The media type of a problem document.
pub const PROBLEM_TYPE: &str = "application/problem+json";

/// Appends the problem document of `refusal`. Allocates only where `out` must grow.
pub fn write_problem(refusal: &Refusal, out: &mut Vec<u8>) {
    let mut w = Writer::new(out);
    w.begin_object();
    write_members(refusal, &mut w);
    w.end_object();
}

/// Writes the members of the document into an object that is open: type, title, status, and as
/// far as they are known detail, path, line, column.
pub fn write_members(refusal: &Refusal, w: &mut Writer<'_>) {
    let problem = refusal.problem;
    w.key("type");
    w.str(problem.kind());
    w.key("title");
    w.str(problem.title());
    w.key("status");
    w.u64(problem.status().into());
    if let Some(detail) = refusal.detail {
        w.key("detail");
        w.str(detail);
    }
    if let Some(fault) = &refusal.fault {
        w.key("path");
        w.str(&fault.path);
        w.key("line");
        w.u64(fault.line.into());
        w.key("column");
        w.u64(fault.column.into());
    }
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
