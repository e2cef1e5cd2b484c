//! What a server has written, read strictly: responses, and the frames that follow an upgrade.

use crate::signature::note;

/// What one connection has received.
#[derive(Debug, Default)]
pub(crate) struct Received {
    /// Final responses, 101 included.
    pub(crate) responses: usize,
    /// The numbers of the answers, in the order in which they came.
    pub(crate) tags: Vec<u32>,
    /// A Close frame came.
    pub(crate) closed: bool,
    /// Whether the bytes end within a response or a frame.
    pub(crate) partial: bool,
}

/// Reads all that a connection has received, from its beginning.
pub(crate) fn read(mut bytes: &[u8]) -> Received {
    let mut received = Received::default();
    while !bytes.is_empty() {
        let Some((status, body, rest)) = response(bytes) else {
            received.partial = true;
            return received;
        };
        bytes = rest;
        note("status", status.into());
        received.responses += usize::from(status != 100);
        received.tags.extend(tag(body, b"{\"session\":"));
        if status == 101 {
            frames(bytes, &mut received);
            return received;
        }
    }
    received
}

/// The status and the body of the response that `bytes` begin with, and what follows it.
fn response(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&bytes[..end]).expect("a head is ASCII");
    let mut lines = head.split("\r\n");
    let line = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")).expect(head);
    let status = line.split(' ').next().and_then(|code| code.parse().ok()).expect(head);
    let mut length = None;
    for line in lines.take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ").expect(head);
        assert!(value == value.trim() && !value.contains(['\r', '\n']), "{head}");
        if name == "Content-Length" {
            assert!(length.is_none(), "one length: {head}");
            length = Some(value.parse().expect(head));
        }
    }
    assert_eq!(length.is_none(), matches!(status, 100 | 101 | 204), "{head}");
    let (body, rest) = bytes[end..].split_at_checked(length.unwrap_or(0))?;
    Some((status, body, rest))
}

fn frames(mut bytes: &[u8], received: &mut Received) {
    while !bytes.is_empty() {
        let Some((opcode, payload, rest)) = frame(bytes) else {
            received.partial = true;
            return;
        };
        assert!(!received.closed, "nothing follows a Close frame");
        bytes = rest;
        match opcode {
            1 | 2 => message(opcode, payload, received),
            8 => {
                received.closed = true;
                let code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
                assert!(code.is_some() || payload.is_empty());
                note("close", code.unwrap_or(0).into());
            }
            9 | 10 => note("control", opcode.into()),
            other => panic!("no server sends opcode {other}"),
        }
    }
}

fn message(opcode: u8, payload: &[u8], received: &mut Received) {
    if opcode == 1 {
        let text = std::str::from_utf8(payload).expect("text is UTF-8");
        let (event, rest) = text.split_once("\":{").expect(text);
        note(event, u64::from(text.contains("claimed")));
        received.tags.extend(tag(rest.as_bytes(), b"\"seq\":"));
    } else {
        use engine_core::api::messages::{Event, ServerMessage};
        use prost::Message as _;
        let event = ServerMessage::decode(payload).expect("what the server writes").event;
        let (which, seq) = match event.expect("an event") {
            Event::Moved(moved) => (0, Some(moved.seq)),
            Event::PowerUpUsed(used) => (1, Some(used.seq)),
            Event::Resolved(resolved) => (2, Some(resolved.seq)),
            Event::Frame(_) => (3, None),
            Event::Refused(refused) => (4, Some(refused.seq)),
        };
        note("binary", which);
        received.tags.extend(seq);
    }
}

/// The number that follows `key` at the beginning of `text`.
fn tag(text: &[u8], key: &[u8]) -> Option<u32> {
    let digits = text.strip_prefix(key)?;
    let end = digits.iter().position(|byte| !byte.is_ascii_digit())?;
    std::str::from_utf8(&digits[..end]).ok()?.parse().ok()
}

/// The opcode and the payload of the frame that `bytes` begin with, and what follows it.
fn frame(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let [first, second, rest @ ..] = bytes else { return None };
    assert_eq!(first & 0xf0, 0x80, "a server sends whole messages without extensions");
    assert_eq!(second & 0x80, 0, "a server does not mask");
    let (length, rest) = match second {
        126 => {
            let (length, rest) = rest.split_first_chunk()?;
            (u64::from(u16::from_be_bytes(*length)), rest)
        }
        127 => {
            let (length, rest) = rest.split_first_chunk()?;
            (u64::from_be_bytes(*length), rest)
        }
        short => (u64::from(*short), rest),
    };
    let shortest = match second {
        126 => 126,
        127 => 65_536,
        _ => 0,
    };
    assert!(length >= shortest, "the length takes as few bytes as it can");
    let (payload, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    Some((first & 0xf, payload, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_and_frames_are_told_apart() {
        let mut bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"session\":3, }".to_vec();
        bytes.extend(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
        bytes.extend(b"\x81\x13{\"moved\":{\"seq\":4}}\x88\x00");
        let received = read(&bytes);
        assert_eq!((received.responses, received.closed, received.partial), (2, true, false));
        assert_eq!(received.tags, [3, 4]);
        assert!(read(&bytes[..bytes.len() - 1]).partial);
    }

    #[test]
    #[should_panic(expected = "nothing follows a Close frame")]
    fn a_frame_after_the_close_is_a_fault() {
        frames(b"\x88\x00\x8a\x00", &mut Received::default());
    }

    #[test]
    #[should_panic(expected = "one length")]
    fn a_second_length_is_a_fault() {
        response(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n");
    }
}
