//! The opening handshake (RFC 6455 section 4.1): the request, and whether the answer is one to it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

/// The longest head of an answer that is read.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;

/// A handshake that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    key: String,
    subprotocol: &'static str,
}

/// The server agreed. The bytes from `head_bytes` on are frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Bytes of the answer's head.
    pub head_bytes: usize,
}

/// Why a connection did not become a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// An answer with another status than 101: the server refuses.
    #[error("the handshake is answered {status}: {text}")]
    Status {
        /// The status.
        status: u16,
        /// The beginning of what follows the head, as far as it is there.
        text: String,
    },
    /// Not the head of an HTTP answer.
    #[error("the handshake is answered with something that is not HTTP/1.1")]
    Garbage,
    /// A head of more than [`HEAD_BYTES_MAX`].
    #[error("the handshake is answered with a head of more than {HEAD_BYTES_MAX} bytes")]
    LongHead,
    /// A 101 without what RFC 6455 asks for, or with another value.
    #[error("the handshake is answered 101 with a wrong `{field}`")]
    Field {
        /// The name of the field.
        field: &'static str,
    },
}

impl Handshake {
    /// A handshake with this nonce, which offers this subprotocol and no extension.
    #[must_use]
    pub fn new(nonce: u128, subprotocol: &'static str) -> Self {
        Self { key: STANDARD.encode(nonce.to_be_bytes()), subprotocol }
    }

    /// Appends the request. `host` is the value of the Host field, `session` a bearer token.
    pub fn append_request(&self, out: &mut Vec<u8>, target: &str, host: &str, session: &str) {
        let Self { key, subprotocol } = self;
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\
             Sec-WebSocket-Protocol: {subprotocol}\r\nAuthorization: Bearer {session}\r\n\r\n"
        );
        out.extend_from_slice(request.as_bytes());
    }

    /// Reads the answer from all bytes that have come. `None`: its head is not complete.
    ///
    /// # Errors
    /// If it is anything but the answer that opens this connection.
    pub fn read_answer(&self, bytes: &[u8]) -> Result<Option<Opened>, Refusal> {
        let start = &bytes[..bytes.len().min(STATUS_LINE.len())];
        if *start != STATUS_LINE[..start.len()] {
            return Err(Refusal::Garbage);
        }
        let head = &bytes[..bytes.len().min(HEAD_BYTES_MAX)];
        let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") else {
            return if bytes.len() < HEAD_BYTES_MAX { Ok(None) } else { Err(Refusal::LongHead) };
        };
        let head = str::from_utf8(&bytes[..end]).map_err(|_| Refusal::Garbage)?;
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.get(STATUS_LINE.len()..)?.get(..3));
        let status = status.and_then(|digits| digits.parse().ok()).ok_or(Refusal::Garbage)?;
        if status != 101 {
            let text = String::from_utf8_lossy(&bytes[end + 4..]).chars().take(200).collect();
            return Err(Refusal::Status { status, text });
        }
        self.check_fields(lines)?;
        Ok(Some(Opened { head_bytes: end + 4 }))
    }

    fn check_fields<'a>(&self, lines: impl Iterator<Item = &'a str>) -> Result<(), Refusal> {
        let (mut upgrade, mut connection) = (false, false);
        let (mut accepts, mut subprotocols) = (0, 0);
        for line in lines {
            let (name, value) = line.split_once(':').ok_or(Refusal::Garbage)?;
            let value = value.trim_ascii();
            let is = |field: &str| name.eq_ignore_ascii_case(field);
            if is("Upgrade") {
                upgrade = value.eq_ignore_ascii_case("websocket");
            } else if is("Connection") {
                let mut options = value.split(',').map(str::trim_ascii);
                connection |= options.any(|option| option.eq_ignore_ascii_case("upgrade"));
            } else if is(ACCEPT) {
                accepts += if value == self.accept() { 1 } else { 2 };
            } else if is(PROTOCOL) {
                subprotocols += if value == self.subprotocol { 1 } else { 2 };
            } else if is(EXTENSIONS) {
                //= https://www.rfc-editor.org/rfc/rfc6455#section-4.1
                //# the client MUST _Fail the WebSocket Connection_.
                return Err(Refusal::Field { field: EXTENSIONS });
            }
        }
        // One that is right and none besides.
        let fields = [
            (upgrade, "Upgrade"),
            (connection, "Connection"),
            (accepts == 1, ACCEPT),
            (subprotocols == 1, PROTOCOL),
        ];
        match fields.into_iter().find(|(is_right, _)| !is_right) {
            None => Ok(()),
            Some((_, field)) => Err(Refusal::Field { field }),
        }
    }

    /// The value of Sec-WebSocket-Accept that proves that the server has read our key.
    fn accept(&self) -> String {
        let mut sha1 = Sha1::new();
        sha1.update(&self.key);
        sha1.update(GUID);
        STANDARD.encode(sha1.finalize())
    }
}

const STATUS_LINE: &[u8] = b"HTTP/1.1 ";
const ACCEPT: &str = "Sec-WebSocket-Accept";
const PROTOCOL: &str = "Sec-WebSocket-Protocol";
const EXTENSIONS: &str = "Sec-WebSocket-Extensions";
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

#[cfg(test)]
mod tests {
    use super::*;

    // The key and its answer are those of RFC 6455 section 1.3.
    const NONCE: u128 = u128::from_be_bytes(*b"the sample nonce");
    const ANSWER: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\n\
        Connection: keep-alive, upgrade\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
        Sec-WebSocket-Protocol: hunt.v1\r\n\r\n";

    fn read(answer: &str) -> Result<Option<Opened>, Refusal> {
        Handshake::new(NONCE, "hunt.v1").read_answer(answer.as_bytes())
    }

    #[test]
    fn the_request_says_all_that_the_rfc_asks_for() {
        let mut out = Vec::new();
        let handshake = Handshake::new(NONCE, "hunt.v1");
        handshake.append_request(&mut out, "/v1/hunts/h1/play", "a:1", "token");
        let expected = "GET /v1/hunts/h1/play HTTP/1.1\r\nHost: a:1\r\nConnection: Upgrade\r\n\
            Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: hunt.v1\r\n\
            Authorization: Bearer token\r\n\r\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn the_answer_of_the_rfc_opens_and_frames_may_follow_at_once() {
        let head_bytes = ANSWER.len();
        assert_eq!(read(ANSWER), Ok(Some(Opened { head_bytes })));
        assert_eq!(read(&format!("{ANSWER}frames")), Ok(Some(Opened { head_bytes })));
        for end in 0..ANSWER.len() {
            assert_eq!(read(&ANSWER[..end]), Ok(None), "{end}");
        }
    }

    #[test]
    fn every_wrong_or_missing_field_is_named() {
        let changes = [
            ("WebSocket\r\n", "h2c\r\n", "Upgrade"),
            ("keep-alive, upgrade", "keep-alive", "Connection"),
            ("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "s3pPLMBiTxaQ9kYGzzhZRbK+xOp=", ACCEPT),
            ("sec-websocket-accept", "sec-websocket-version", ACCEPT),
            ("hunt.v1\r\n", "hunt.v1+json\r\n", PROTOCOL),
            ("Sec-WebSocket-Protocol", "Server", PROTOCOL),
            ("hunt.v1\r\n", "hunt.v1\r\nSec-WebSocket-Protocol: hunt.v1\r\n", PROTOCOL),
            ("hunt.v1\r\n", "hunt.v1\r\nSec-WebSocket-Extensions: a\r\n", EXTENSIONS),
        ];
        for (from, to, field) in changes {
            assert_eq!(read(&ANSWER.replacen(from, to, 1)), Err(Refusal::Field { field }), "{to}");
        }
    }

    #[test]
    fn a_refusal_tells_its_status_and_what_it_says() {
        let refused = read("HTTP/1.1 409 Conflict\r\nContent-Length: 3\r\n\r\nno!");
        assert_eq!(refused, Err(Refusal::Status { status: 409, text: "no!".into() }));
    }

    #[test]
    fn garbage_and_endless_heads_are_refused_as_soon_as_they_are_known() {
        for garbage in ["HTTP/2 ", "SSH", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 \u{e9}1\r\n\r\n"] {
            assert_eq!(read(garbage), Err(Refusal::Garbage), "{garbage}");
        }
        let no_colon = ANSWER.replace("Upgrade: ", "Upgrade ");
        assert_eq!(read(&no_colon), Err(Refusal::Garbage));
        let endless = format!("HTTP/1.1 101 {}", "a".repeat(HEAD_BYTES_MAX));
        assert_eq!(read(&endless), Err(Refusal::LongHead));
        assert_eq!(read(&endless[..HEAD_BYTES_MAX - 1]), Ok(None));
    }
}
