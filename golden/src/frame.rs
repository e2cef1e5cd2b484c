//! WebSocket frames as a client sends and receives them (RFC 6455 section 5), and as lines.
//!
//! Written apart from the engine's codec on purpose: it can also say what no client may.

use crate::text::{self, Vars};

/// The masking key of every frame whose line names none; the one of RFC 6455 section 5.7.
pub const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A frame of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Whether it is the last of its message.
    pub fin: bool,
    /// The reserved bits.
    pub rsv: u8,
    /// The opcode.
    pub opcode: u8,
    /// Whether it is unmasked and its length as short as can be, as a server must write it.
    pub proper: bool,
    /// The payload, unmasked.
    pub payload: Vec<u8>,
}

/// The opcodes that lines have words for.
const WORDS: [(&str, u8); 5] =
    [("text", 1), ("binary", 2), ("close", 8), ("ping", 9), ("pong", 10)];

/// The bytes of a line that is sent: `text {…}`, `ping "x"`, `close 1000 "bye"`,
/// `frame fin=0 op=1 "x"`.
///
/// # Errors
/// If the line says no frame.
pub fn sent(line: &str, vars: &Vars, protobuf: Protobuf<'_>) -> Result<Vec<u8>, String> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let opcode = WORDS.iter().find(|(w, _)| *w == word).map(|(_, opcode)| *opcode);
    let payload = match word {
        "frame" => return frame(rest, vars),
        "text" => text::render(rest, vars, None)?,
        "binary" => {
            let text = text::render(rest, vars, None)?;
            protobuf(&String::from_utf8(text).map_err(|_| "protobuf text is UTF-8")?)?
        }
        "ping" | "pong" => text::render(unquoted(rest), vars, None)?,
        "close" => close(rest, vars)?,
        _ => return Err(format!("`{word}` is no frame")),
    };
    let opcode = opcode.expect("the words above are in the list");
    Ok(Header { fin: true, rsv: 0, opcode, mask: Some(MASK), length: None }.write(&payload))
}

/// A frame of a client: its first byte, which is the opcode and whether it is the last of its
/// message, and its payload.
#[must_use]
pub fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let fin = first & 0x80 != 0;
    Header { fin, rsv: 0, opcode: first & 0xf, mask: Some(MASK), length: None }.write(payload)
}

/// Makes the bytes of a protobuf message from its text.
pub type Protobuf<'a> = &'a dyn Fn(&str) -> Result<Vec<u8>, String>;

fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

fn close(rest: &str, vars: &Vars) -> Result<Vec<u8>, String> {
    let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
    if code.is_empty() {
        return Ok(Vec::new());
    }
    let code: u16 = code.parse().map_err(|_| "a close code is a number".to_owned())?;
    Ok([&code.to_be_bytes()[..], &text::render(unquoted(reason), vars, None)?].concat())
}

struct Header {
    fin: bool,
    rsv: u8,
    opcode: u8,
    mask: Option<[u8; 4]>,
    length: Option<(u64, u8)>,
}

/// `fin=0 rsv=4 op=1 mask=none len=8 wide=2 "payload"`: every part may be left out. `len` is what
/// the header says instead of the payload's length, `wide` the bytes it is written in.
fn frame(rest: &str, vars: &Vars) -> Result<Vec<u8>, String> {
    let (options, payload) = match rest.split_once('"') {
        Some((options, payload)) => {
            (options, payload.strip_suffix('"').ok_or("a payload without its end")?)
        }
        None => (rest, ""),
    };
    let payload = text::render(payload, vars, None)?;
    let mut header = Header { fin: true, rsv: 0, opcode: 1, mask: Some(MASK), length: None };
    let mut length = payload.len() as u64;
    let mut wide = None;
    for option in options.split_whitespace() {
        let (name, value) = option.split_once('=').ok_or("an option is name=value")?;
        let number = || value.parse::<u64>().map_err(|_| format!("`{value}` is no number"));
        let byte = || number().and_then(|n| u8::try_from(n).map_err(|_| "too large".into()));
        match name {
            "fin" => header.fin = value == "1",
            "rsv" => header.rsv = byte()?,
            "op" => header.opcode = byte()?,
            "mask" if value == "none" => header.mask = None,
            "mask" => {
                let key = u32::from_str_radix(value, 16).map_err(|_| "a mask is 8 hex digits")?;
                header.mask = Some(key.to_be_bytes());
            }
            "len" => length = number()?,
            "wide" => wide = Some(byte()?),
            _ => return Err(format!("`{name}` is no option of a frame")),
        }
    }
    header.length = Some((length, wide.unwrap_or_else(|| width(length))));
    Ok(header.write(&payload))
}

/// The bytes that follow the second byte for a length.
fn width(length: u64) -> u8 {
    match length {
        0..126 => 0,
        126..=0xffff => 2,
        _ => 8,
    }
}

impl Header {
    fn write(&self, payload: &[u8]) -> Vec<u8> {
        let (length, wide) = self.length.unwrap_or_else(|| {
            let length = payload.len() as u64;
            (length, width(length))
        });
        let short = match wide {
            0 => length.to_be_bytes()[7],
            2 => 126,
            _ => 127,
        };
        let masked = u8::from(self.mask.is_some()) << 7;
        let first = u8::from(self.fin) << 7 | self.rsv << 4 | self.opcode;
        let mut bytes = vec![first, masked | short];
        bytes.extend_from_slice(&length.to_be_bytes()[8 - usize::from(wide)..]);
        let mask = self.mask.unwrap_or_default();
        if self.mask.is_some() {
            bytes.extend_from_slice(&mask);
        }
        bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(b, m)| b ^ m));
        bytes
    }
}

/// The first frame in `bytes` and its length; `None` where it is incomplete.
#[must_use]
pub fn received(bytes: &[u8]) -> Option<(Frame, usize)> {
    let [first, second, rest @ ..] = bytes else { return None };
    let wide = match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let (length, rest) = rest.split_at_checked(wide)?;
    let length = match wide {
        0 => u64::from(second & 0x7f),
        _ => length.iter().fold(0, |length, byte| length << 8 | u64::from(*byte)),
    };
    let masked = second & 0x80 != 0;
    let (mask, rest) = if masked { rest.split_at_checked(4)? } else { (&[0; 4][..], rest) };
    let payload = rest.get(..usize::try_from(length).ok()?)?;
    let proper = !masked && usize::from(width(length)) == wide;
    let frame = Frame {
        fin: first & 0x80 != 0,
        rsv: first >> 4 & 7,
        opcode: first & 0xf,
        proper,
        payload: payload.iter().zip(mask.iter().cycle()).map(|(b, m)| b ^ m).collect(),
    };
    let header = 2 + wide + if masked { 4 } else { 0 };
    Some((frame, header + payload.len()))
}

impl Frame {
    /// What a line says, unescaped; `protobuf` makes text of a binary payload.
    #[must_use]
    pub fn said(&self, protobuf: impl Fn(&[u8]) -> Option<String>) -> Vec<u8> {
        let word = WORDS.iter().find(|(_, opcode)| *opcode == self.opcode);
        let Some((word, _)) = word.filter(|_| self.fin && self.rsv == 0 && self.proper) else {
            return self.odd();
        };
        let quoted = |before: &str, text: &[u8]| [before.as_bytes(), b" \"", text, b"\""].concat();
        match (*word, &self.payload[..]) {
            ("text", payload) => [b"text ", payload].concat(),
            ("binary", payload) => match protobuf(payload) {
                Some(text) => format!("binary {text}").into_bytes(),
                None => self.odd(),
            },
            ("close", [high, low, reason @ ..]) => {
                let close = format!("close {}", u16::from_be_bytes([*high, *low]));
                if reason.is_empty() { close.into_bytes() } else { quoted(&close, reason) }
            }
            (word, []) => word.as_bytes().to_vec(),
            (word, payload) => quoted(word, payload),
        }
    }

    fn odd(&self) -> Vec<u8> {
        let Self { fin, rsv, opcode, proper, payload } = self;
        let odd = if *proper { "" } else { " masked-or-overlong" };
        let fin = u8::from(*fin);
        let options = format!("frame fin={fin} rsv={rsv} op={opcode}{odd} \"");
        [options.as_bytes(), payload, b"\""].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(line: &str) -> Result<Vec<u8>, String> {
        sent(line, &Vars::new(), &|text| Ok(text.as_bytes().to_vec()))
    }

    //= https://www.rfc-editor.org/rfc/rfc6455#section-5.7
    //# 0x81 0x85 0x37 0xfa 0x21 0x3d 0x7f 0x9f 0x4d 0x51 0x58 (contains "Hello")
    #[test]
    fn a_text_frame_is_that_of_the_rfc() {
        let hello = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        assert_eq!(bytes("text Hello").unwrap(), hello);
        let unmasked = [0x01, 0x03, 0x48, 0x65, 0x6c];
        assert_eq!(bytes("frame fin=0 mask=none \"Hel\"").unwrap(), unmasked);
        assert_eq!(bytes("frame op=9 rsv=4 mask=00000000 \"a\"").unwrap(), *b"\xc9\x81\0\0\0\0a");
        assert_eq!(bytes("frame len=1 wide=2 mask=none \"a\"").unwrap(), *b"\x81\x7e\0\x01a");
        assert!(bytes("frame fun=1").is_err());
        assert!(bytes("nonsense").is_err());
    }

    #[test]
    fn lines_are_written_as_they_are_read() {
        let unmask = |line: &str| {
            let (frame, len) = received(&bytes(line).unwrap()).unwrap();
            let whole = bytes(line).unwrap().len();
            assert_eq!(len, whole);
            let said = Frame { proper: true, ..frame };
            let said = said.said(|payload| String::from_utf8(payload.to_vec()).ok());
            String::from_utf8(said).unwrap()
        };
        for line in [
            "text {\"a\":1}",
            "binary a: 1",
            "ping",
            "pong \"x\"",
            "close",
            "close 1000",
            "close 1002 \"é\"",
        ] {
            assert_eq!(unmask(line), line);
        }
        let long = format!("text {}", "a".repeat(70_000));
        assert_eq!(unmask(&long), long);
    }

    #[test]
    fn an_incomplete_frame_is_none_and_an_odd_one_is_shown() {
        let whole = bytes(&format!("text {}", "a".repeat(200))).unwrap();
        for len in 0..whole.len() {
            assert_eq!(received(&whole[..len]), None);
        }
        let (frame, _) = received(b"\x01\x01a").unwrap();
        assert_eq!(frame.said(|_| None), b"frame fin=0 rsv=0 op=1 \"a\"");
        let (frame, _) = received(b"\x81\x7e\0\x01a").unwrap();
        assert_eq!(frame.said(|_| None), b"frame fin=1 rsv=0 op=1 masked-or-overlong \"a\"");
    }
}
