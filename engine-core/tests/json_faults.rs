//! Which fault a document has, and where: the table of the `api::json` documentation, row by row.
//!
//! In the documents below `«` marks the byte at fault; it is taken out before they are read.

use engine_core::arena::Global;
use engine_core::error::FaultCode::{self, *};
use engine_core::error::JsonFault;
use engine_core::json::{self, DEPTH_MAX, PATH_KEY_BYTES_MAX, Reader, fields};
use engine_core::text::Id;

fields! {
    /// Of the document.
    enum DocumentField { Id = "id", Places = "places" }
    optional { Count = "count", Note = "note" }
}

fields! {
    /// Of an element of `places`.
    enum PlaceField { X = "x" }
    optional { Y = "y" }
}

/// Reads `{"id": Id, "places": [{"x": 0 ≤ float ≤ 9, "y"?: the same}] 1 to 3, "count"?: 1 to 300,
/// "note"?: null or a text of at most 3 bytes}`.
fn read(bytes: &[u8]) -> json::Result<()> {
    let mut r = Reader::new(bytes, Global);
    r.object(|r, field| {
        match field {
            DocumentField::Id => drop(r.text(Id::new)?),
            DocumentField::Places => drop(r.array(1..=3, |r, _| {
                r.object(|r, field| {
                    match field {
                        PlaceField::X | PlaceField::Y => r.f64(|v| (0.0..=9.0).contains(&v))?,
                    };
                    Ok(())
                })
            })?),
            DocumentField::Count => drop(r.u64(1..=300)?),
            DocumentField::Note => {
                let short = |text: &str| (text.len() <= 3).then_some(());
                r.optional(|r| r.text(short))?;
            }
        }
        Ok(())
    })?;
    r.end()
}

/// Takes the mark out of `marked`: the document, and the line and column of the mark.
fn unmark(marked: &str) -> (String, u32, u32) {
    let (before, after) = marked.split_once('«').expect("a mark");
    let line = before.split('\n').count();
    let column = before.rsplit('\n').next().expect("at least one line").len() + 1;
    let place = |value| u32::try_from(value).expect("a short document");
    (format!("{before}{after}"), place(line), place(column))
}

fn assert_fault(marked: &str, code: FaultCode, path: &str) {
    let (text, line, column) = unmark(marked);
    let expected = JsonFault { code, path: path.into(), line, column };
    assert_eq!(*read(text.as_bytes()).expect_err(&text), expected, "{text}");
}

#[test]
fn documents_without_a_fault_are_read() {
    for text in [
        r#"{"id":"a","places":[{"x":0}]}"#,
        " {\t\"places\" :\r\n[ { \"x\" : 1.5e0 , \"y\":9 } , {\"x\":-0}]\n, \"id\":\"a\" } \n",
        r#"{"id":"\u0061\u002d","places":[{"\u0078":0}],"note":"\u20ac","count":300}"#,
        r#"{"id":"a","places":[{"x":0.000e-999999999999}],"note":null}"#,
    ] {
        assert_eq!(read(text.as_bytes()), Ok(()), "{text}");
    }
}

#[test]
fn a_syntax_fault_is_at_the_first_byte_that_cannot_continue() {
    for marked in [
        "«",
        "  \n «",
        "«\u{feff}{}",
        "«@",
        "{«",
        "{«,",
        "{«x",
        "{«'id':1}",
        "{ \"id«",
        "{\"id\"«",
        "{\"id\" «1",
        "{\"id\":«",
        "{\"id\": «}",
        "{\"id\": «]",
        "{\"id\":\"a\"«",
        "{\"id\":\"a\" «\"places\"",
        "{\"id\":\"a\" «]",
        "{\"id\":\"a\", «}",
        "{\"id\":\"a\",«,",
        "{\"id\":\"a«\n\"}",
        "{\"id\":\"a«\u{1f}\"}",
        "{\"id\":\"\\«x\"}",
        "{\"id\":\"\\«",
        "{\"id\":\"\\u00«g0\"}",
        "{\"id\":\"\\u00«",
        "{\"id\":\"«\\ud800\"}",
        "{\"id\":\"«\\ud800\\n\"}",
        "{\"id\":\"«\\ud800\\u",
        "{\"id\":\"«\\ud800\\ud800\"}",
        "{\"id\":\"ab«\\udc00\"}",
        "{\"places\":[{\"x\":0}«}",
        "{\"places\":[{\"x\":0},«]",
        "{\"places\":[{\"x\":0«1}",
        "{\"places\":[{\"x\":-«}",
        "{\"places\":[{\"x\":-«a}",
        "{\"places\":[{\"x\":«+1}",
        "{\"places\":[{\"x\":«.5}",
        "{\"places\":[{\"x\":1.«}",
        "{\"places\":[{\"x\":1.5«.5}",
        "{\"places\":[{\"x\":1e«}",
        "{\"places\":[{\"x\":1e+«,",
        "{\"places\":[{\"x\":1«x",
        "{\"places\":[{\"x\":«NaN}",
        "{\"note\":n«",
        "{\"note\":nul«}",
        "{\"note\":null«l}",
        "{\"note\":«/**/null}",
        "\n\n{\"id\":\"\u{e9}\u{e9}«\t\"}",
    ] {
        assert_fault(marked, Syntax, "");
    }
}

#[test]
fn a_syntax_fault_of_text_is_at_the_first_sequence_that_is_no_character() {
    let rows: [(&[u8], u32); 7] = [
        (b"{\"id\":\"\xff\x01\"}", 8),
        (b"{\"id\":\"a\xc3\"}", 9),
        (b"{\"id\":\"a\xc3\xa9\xe2\x82\"}", 11),
        (b"{\"id\":\"a\xe2\x82", 9),
        (b"{\"id\":\"a\\n\xed\xa0\x80\"}", 11),
        (b"{\"id\":\"\xc0\x80\"}", 8),
        (b"{\"id\":\"\xf4\x90\x80\x80\"}", 8),
    ];
    for (bytes, column) in rows {
        let fault = read(bytes).expect_err("not UTF-8");
        let expected = JsonFault { code: Syntax, path: String::new(), line: 1, column };
        assert_eq!(*fault, expected, "{bytes:?}");
        let wrapped = [b"[", &bytes[6..bytes.len() - 1], b"]"].concat();
        let inside = json::validate(&wrapped).expect_err("not UTF-8");
        assert_eq!((inside.code, inside.column), (Syntax, column - 5), "{bytes:?}");
    }
}

#[test]
fn bytes_after_the_document_are_a_fault_of_their_own() {
    for marked in
        ["{\"id\":\"a\",\"places\":[{\"x\":0}]}\n  «x", "{\"id\":\"a\",\"places\":[{\"x\":0}]}«}"]
    {
        assert_fault(marked, TrailingBytes, "");
    }
}

#[test]
fn the_first_byte_decides_whether_the_type_is_wrong() {
    for (marked, path) in [
        ("«[", ""),
        ("«nul", ""),
        ("{\"id\":«1}", "/id"),
        ("{\"id\":«null}", "/id"),
        ("{\"id\":«tru@", "/id"),
        ("{\"id\":«{", "/id"),
        ("{\"places\":«{\"x\":0}", "/places"),
        ("{\"places\":[«1", "/places/0"),
        ("{\"places\":[{\"x\":0},\n\n {\"x\":\n «\"0\"}", "/places/1/x"),
        ("{\"count\":«\"", "/count"),
        ("{\"count\":«null", "/count"),
        ("{\"note\":«false", "/note"),
    ] {
        assert_fault(marked, WrongType, path);
    }
}

#[test]
fn what_is_out_of_range_is_known_once_its_token_is_complete() {
    for (marked, path) in [
        ("{\"id\":«\"\"", "/id"),
        ("{\"id\":«\"a b\"", "/id"),
        ("{\"id\":«\"\\u0020\"", "/id"),
        ("{\"note\":«\"four\"", "/note"),
        ("{\"count\":«0", "/count"),
        ("{\"count\":«01", "/count"),
        ("{\"count\":«301", "/count"),
        ("{\"count\":«-0", "/count"),
        ("{\"count\":«-5", "/count"),
        ("{\"count\":«5.0", "/count"),
        ("{\"count\":«5e0", "/count"),
        ("{\"count\":«18446744073709551617", "/count"),
        ("{\"count\":«99999999999999999999999999999999999999999999", "/count"),
        ("{\"places\":[{\"x\":«9.000000000000002", "/places/0/x"),
        ("{\"places\":[{\"x\":«-1e-300", "/places/0/x"),
        ("{\"places\":[{\"x\":0,\"y\":«1e999", "/places/0/y"),
        ("{\"places\":[«]", "/places"),
        ("{\"places\":[ \n «]", "/places"),
        ("{\"places\":[{\"x\":0},{\"x\":0},{\"x\":0}, «{\"x\":0}]", "/places"),
        ("{\"places\":[{\"x\":0},{\"x\":0},{\"x\":0}, «nul", "/places"),
    ] {
        assert_fault(marked, OutOfRange, path);
    }
    assert_fault("{\"places\":[{\"x\":0},{\"x\":0},{\"x\":0}, «@", Syntax, "");
    assert_fault("{\"places\":[{\"x\":0},{\"x\":0},{\"x\":0}, «]", Syntax, "");
    assert_fault("{\"count\":0.«]", Syntax, "");
}

#[test]
fn a_field_is_refused_at_its_key_before_its_value_is_read() {
    for (marked, code, path) in [
        ("{ «\"more\":@", UnknownField, "/more"),
        ("{ «\"more\"", UnknownField, "/more"),
        ("{ «\"\"", UnknownField, "/"),
        ("{ «\"Id\"", UnknownField, "/Id"),
        ("{ «\"a/b~c\"", UnknownField, "/a~1b~0c"),
        ("{ «\"\\u002f\\u007e\\ud83e\\udd80\"", UnknownField, "/~1~0🦀"),
        ("{\"places\":[{\"x\":0},{«\"z\":1}]", UnknownField, "/places/1/z"),
        ("{\"places\":[{\"x\":0,\n«\"x\":@", DuplicateField, "/places/0/x"),
        ("{\"id\":\"a\",«\"\\u0069d\"", DuplicateField, "/id"),
        ("{\"note\":null,«\"note\":null", DuplicateField, "/note"),
    ] {
        assert_fault(marked, code, path);
    }
}

#[test]
fn a_missing_field_is_refused_at_the_closing_brace_in_documented_order() {
    for (marked, path) in [
        ("{«}", "/id"),
        ("{\"note\":null,\"count\":1 «}", "/id"),
        ("{\"places\":[{\"x\":1}]\n«} x", "/id"),
        ("{\"id\":\"a\"«}", "/places"),
        ("{\"places\":[{\"x\":1},{\"y\":1«}", "/places/1/x"),
    ] {
        assert_fault(marked, MissingField, path);
    }
}

#[test]
fn a_long_key_is_cut_in_the_path_after_a_whole_character() {
    let fits = "k".repeat(PATH_KEY_BYTES_MAX);
    assert_fault(&format!("{{«\"{fits}\""), UnknownField, &format!("/{fits}"));
    assert_fault(&format!("{{«\"{fits}more\""), UnknownField, &format!("/{fits}"));
    let shorter = &fits[..PATH_KEY_BYTES_MAX - 2];
    assert_fault(&format!("{{«\"{shorter}€\""), UnknownField, &format!("/{shorter}"));
}

#[test]
fn the_bracket_that_is_too_deep_is_a_syntax_fault() {
    let deepest = format!("{}{}", "[".repeat(DEPTH_MAX), "]".repeat(DEPTH_MAX));
    assert_eq!(json::validate(deepest.as_bytes()), Ok(()));
    let column = u32::try_from(DEPTH_MAX).expect("a small limit") + 1;
    let list = |r: &mut Reader<'_, Global>| r.array(0..=1, |_, _| Ok(())).map(drop);
    let object = |r: &mut Reader<'_, Global>| r.object(|_, _: PlaceField| Ok(()));
    for (bracket, innermost) in [("[", list as Innermost), ("{", object)] {
        let deeper = format!("{}{bracket}", "[".repeat(DEPTH_MAX));
        let fault = json::validate(deeper.as_bytes()).expect_err("too deep");
        assert_eq!((fault.code, fault.line, fault.column), (Syntax, 1, column));
        let mut r = Reader::new(deeper.as_bytes(), Global);
        let fault = nested(&mut r, DEPTH_MAX, innermost).expect_err("too deep");
        assert_eq!((fault.code, fault.line, fault.column), (Syntax, 1, column));
    }
}

type Innermost = fn(&mut Reader<'_, Global>) -> json::Result<()>;

/// Reads what `innermost` reads inside `depth` lists.
fn nested(r: &mut Reader<'_, Global>, depth: usize, innermost: Innermost) -> json::Result<()> {
    if depth == 0 {
        return innermost(r);
    }
    r.array(0..=1, |r, _| nested(r, depth - 1, innermost)).map(drop)
}

#[test]
fn a_caller_can_refuse_a_key_and_miss_a_field() {
    let text = br#"{"x":1,  "y":2 }"#;
    let mut r = Reader::new(text, Global);
    let fault = r.object(|r, field| match field {
        PlaceField::X => r.f64(|_| true).map(drop),
        PlaceField::Y => Err(r.refuse_key(UnknownField)),
    });
    let expected = JsonFault { code: UnknownField, path: "/y".into(), line: 1, column: 10 };
    assert_eq!(fault, Err(Box::new(expected)));

    let mut r = Reader::new(text, Global);
    r.object(|r, _: PlaceField| r.f64(|_| true).map(drop)).expect("a valid object");
    let expected = JsonFault { code: MissingField, path: "/z".into(), line: 1, column: 16 };
    assert_eq!(*r.missing("z"), expected);
}
