//! The text of a line: escapes, holes and computed parts.
//!
//! Owns how `\xNN`, `${name:kind}`, `${length}` and `${a*300}` are read and written. Does not know
//! what a line means.

use std::collections::BTreeMap;
use std::fmt::Write;

/// The values that a transcript has bound so far.
pub type Vars = BTreeMap<String, Vec<u8>>;

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// These bytes.
    Bytes(Vec<u8>),
    /// `${length}`: how many bytes the body has that follows the head.
    Length,
    /// `${rest}`: the rest of a body, as long as its Content-Length says.
    Rest,
    /// Anything of a kind, or the value of a name.
    Hole(Hole),
}

/// A place that is filled in while a transcript is played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hole {
    /// What may stand there; `None` where a name stands alone.
    pub kind: Option<Kind>,
    /// The name: bound by the match where a kind is given, put in where it stands alone.
    pub name: Option<String>,
}

/// What may stand in a hole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `int`: decimal digits.
    Int,
    /// `number`: a JSON number.
    Number,
    /// `token`: base64url and dots.
    Token,
    /// `text`: visible ASCII and spaces without quotes and backslashes.
    Text,
    /// `date`: an IMF-fixdate (RFC 9110 section 5.6.7), of now.
    Date,
    /// `about:N`: N under virtual time, a number near N under a real clock.
    About(u32),
}

impl Kind {
    fn from_word(word: &str) -> Option<Self> {
        match word {
            "int" => Some(Self::Int),
            "number" => Some(Self::Number),
            "token" => Some(Self::Token),
            "text" => Some(Self::Text),
            "date" => Some(Self::Date),
            _ => word.strip_prefix("about:").and_then(|n| n.parse().ok()).map(Self::About),
        }
    }

    /// Whether `byte` can stand in such a hole.
    #[must_use]
    pub fn takes(self, byte: u8) -> bool {
        match self {
            Self::Int | Self::About(_) => byte.is_ascii_digit(),
            Self::Number => byte.is_ascii_digit() || b"+-.eE".contains(&byte),
            Self::Token => byte.is_ascii_alphanumeric() || b"-_.".contains(&byte),
            Self::Text => matches!(byte, b' '..=b'~') && !b"\"\\".contains(&byte),
            Self::Date => byte.is_ascii_alphanumeric() || b" ,:".contains(&byte),
        }
    }
}

/// Reads a line.
///
/// # Errors
/// If an escape or a hole is not well-formed; the text says how.
pub fn pieces(line: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut literal = Vec::new();
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        if let Some(inside) = rest.strip_prefix("${") {
            let (hole, after) = inside.split_once('}').ok_or("a `${` without its `}`")?;
            rest = after;
            if let Some(fill) = fill(hole)? {
                literal.extend(fill);
                continue;
            }
            if !literal.is_empty() {
                pieces.push(Piece::Bytes(std::mem::take(&mut literal)));
            }
            pieces.push(named(hole)?);
        } else if c == '\\' {
            let taken = escape(rest, &mut literal)?;
            rest = &rest[taken..];
        } else {
            literal.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            rest = &rest[c.len_utf8()..];
        }
    }
    if !literal.is_empty() {
        pieces.push(Piece::Bytes(literal));
    }
    Ok(pieces)
}

/// Reads `\n` and the like at the start of `rest`; returns how long it is.
fn escape(rest: &str, into: &mut Vec<u8>) -> Result<usize, String> {
    let bytes = rest.as_bytes();
    let byte = match bytes.get(1) {
        Some(b'r') => b'\r',
        Some(b'n') => b'\n',
        Some(b't') => b'\t',
        Some(b'0') => 0,
        Some(b'\\') => b'\\',
        Some(b'"') => b'"',
        Some(b'$') => b'$',
        Some(b'x') => {
            let digits = rest.get(2..4).ok_or("`\\x` needs two hex digits")?;
            let byte = u8::from_str_radix(digits, 16).map_err(|_| "`\\x` needs two hex digits")?;
            into.push(byte);
            return Ok(4);
        }
        _ => return Err("an escape is one of \\r \\n \\t \\0 \\\\ \\\" \\$ \\xNN".into()),
    };
    into.push(byte);
    Ok(2)
}

/// `a*300`: the bytes before the star, 300 times.
fn fill(hole: &str) -> Result<Option<Vec<u8>>, String> {
    let Some((unit, count)) = hole.rsplit_once('*') else { return Ok(None) };
    let count: usize = count.parse().map_err(|_| format!("`{count}` is not a count"))?;
    let mut bytes = Vec::new();
    for piece in pieces(unit)? {
        let Piece::Bytes(piece) = piece else { return Err("a hole in a hole".into()) };
        bytes.extend(piece);
    }
    Ok(Some(bytes.repeat(count)))
}

fn named(hole: &str) -> Result<Piece, String> {
    if hole == "length" {
        return Ok(Piece::Length);
    }
    if hole == "rest" {
        return Ok(Piece::Rest);
    }
    if let Some(kind) = Kind::from_word(hole) {
        return Ok(Piece::Hole(Hole { kind: Some(kind), name: None }));
    }
    let (name, kind) = match hole.split_once(':') {
        None => (hole, None),
        Some((name, kind)) => {
            let kind = Kind::from_word(kind).ok_or_else(|| format!("`{kind}` is not a kind"))?;
            (name, Some(kind))
        }
    };
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Err(format!("`{name}` is not a name"));
    }
    Ok(Piece::Hole(Hole { kind, name: Some(name.to_owned()) }))
}

/// The bytes of a text that needs no matching.
///
/// # Errors
/// If a name is not bound, or a wildcard stands in it.
pub fn render(line: &str, vars: &Vars, length: Option<usize>) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    for piece in pieces(line)? {
        match piece {
            Piece::Bytes(literal) => bytes.extend(literal),
            Piece::Length => {
                let length = length.ok_or("`${length}` needs a body after the head")?;
                bytes.extend(length.to_string().into_bytes());
            }
            Piece::Hole(Hole { name: Some(name), .. }) => {
                let value = vars.get(&name).ok_or_else(|| format!("`{name}` is not bound"))?;
                bytes.extend(value);
            }
            Piece::Hole(_) | Piece::Rest => {
                return Err("a wildcard stands for nothing that can be sent".into());
            }
        }
    }
    Ok(bytes)
}

/// The text that is read back as `bytes`.
#[must_use]
pub fn escaped(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\r' => text.push_str("\\r"),
                '\n' => text.push_str("\\n"),
                '\t' => text.push_str("\\t"),
                '\0' => text.push_str("\\0"),
                '\\' => text.push_str("\\\\"),
                c if c.is_control() => {
                    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                        let _ = write!(text, "\\x{byte:02x}");
                    }
                }
                c => text.push(c),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    let mut text = text.replace("${", "\\${");
    if text.ends_with(' ') {
        text.pop();
        text.push_str("\\x20");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_fills_become_bytes() {
        let read = render(r#"a\r\n\t\0\\\"\$\x7f\xc3${ab*3}é"#, &Vars::new(), None).unwrap();
        assert_eq!(read, b"a\r\n\t\0\\\"$\x7f\xc3ababab\xc3\xa9");
        assert!(pieces(r"\q").is_err());
        assert!(pieces(r"\x4").is_err());
        assert!(pieces("${").is_err());
        assert!(pieces("${a b}").is_err());
        assert!(pieces("${a:b}").is_err());
        assert!(pieces("${a*b}").is_err());
    }

    #[test]
    fn holes_have_kinds_and_names() {
        let hole =
            |kind, name: Option<&str>| Piece::Hole(Hole { kind, name: name.map(str::to_owned) });
        let read = pieces("${date}${s:token}${s}${about:7}${length}").unwrap();
        let expected = [
            hole(Some(Kind::Date), None),
            hole(Some(Kind::Token), Some("s")),
            hole(None, Some("s")),
            hole(Some(Kind::About(7)), None),
            Piece::Length,
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn a_bound_name_is_put_in_and_an_unbound_one_is_an_error() {
        let vars = Vars::from([("s".to_owned(), b"abc".to_vec())]);
        assert_eq!(render("x ${s}", &vars, None).unwrap(), b"x abc");
        assert!(render("x ${t}", &vars, None).is_err());
        assert!(render("x ${int}", &vars, None).is_err());
        assert_eq!(render("L ${length}", &vars, Some(12)).unwrap(), b"L 12");
    }

    #[test]
    fn escaped_text_is_read_back() {
        let nasty = b"\0\x01 a\\${x} \"\r\n\t\xff\xc3\xa9\xc2\x85 ";
        assert_eq!(render(&escaped(nasty), &Vars::new(), None).unwrap(), nasty);
        assert!(!escaped(nasty).ends_with(' '));
    }
}
