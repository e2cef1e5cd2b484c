//! A client that blocks, and gives up after a while.

use super::patience;
use socket2::SockRef;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// A connection.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    inbox: Vec<u8>,
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Whether it is the last of its connection.
    pub closes: bool,
    /// The body.
    pub body: String,
}

impl Client {
    /// Connects.
    #[must_use]
    pub fn connect(addr: SocketAddr) -> Self {
        Self::try_connect(addr).unwrap()
    }

    /// Connects, if anybody listens.
    #[must_use]
    pub fn try_connect(addr: SocketAddr) -> Option<Self> {
        let stream = TcpStream::connect_timeout(&addr, patience()).ok()?;
        stream.set_read_timeout(Some(patience())).unwrap();
        stream.set_write_timeout(Some(patience())).unwrap();
        stream.set_nodelay(true).unwrap();
        Some(Self { stream, inbox: Vec::new() })
    }

    /// Another hand on the same connection.
    pub(super) fn another(&self) -> Self {
        Self { stream: self.stream.try_clone().unwrap(), inbox: Vec::new() }
    }

    /// Sends bytes.
    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// Sends what the system takes at once; whether it took everything.
    pub fn try_send(&mut self, bytes: &[u8]) -> bool {
        self.stream.set_nonblocking(true).unwrap();
        let result = self.stream.write(bytes);
        self.stream.set_nonblocking(false).unwrap();
        result.is_ok_and(|count| count == bytes.len())
    }

    /// Sends a request and reads its response.
    pub fn ask(&mut self, method: &str, path: &str, token: &str, body: &str) -> Response {
        self.send(&request(method, path, token, body));
        self.response().expect("a response")
    }

    /// Joins the hunt `h1`; the session token.
    pub fn join(&mut self, name: &str) -> String {
        let body = format!(r#"{{"name":"{name}"}}"#);
        let joined = self.ask("POST", "/v1/hunts/h1/players", "", &body);
        assert_eq!(joined.status, 201, "{}", joined.body);
        let (_, token) = joined.body.split_once(r#""session":""#).unwrap();
        token.trim_end_matches("\"}").to_owned()
    }

    /// Opens the treasure of `h1`.
    pub fn resolve(&mut self, token: &str) -> Response {
        let body = r#"{"treasure":"t1","x":0,"y":0,"z":0}"#;
        self.ask("POST", "/v1/hunts/h1/resolve", token, body)
    }

    /// The next response; none where the connection ends first.
    pub fn response(&mut self) -> Option<Response> {
        let (head, body_from) = loop {
            if let Some(end) = self.inbox.windows(4).position(|four| four == b"\r\n\r\n") {
                break (String::from_utf8(self.inbox[..end].to_vec()).unwrap(), end + 4);
            }
            if self.fill() == 0 {
                return None;
            }
        };
        let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name));
        let length: usize = field("Content-Length: ").map_or(0, |length| length.parse().unwrap());
        while self.inbox.len() < body_from + length {
            assert!(self.fill() > 0, "the end comes within a body");
        }
        let body = String::from_utf8(self.inbox[body_from..body_from + length].to_vec()).unwrap();
        self.inbox.drain(..body_from + length);
        let closes = field("Connection: ") == Some("close");
        Some(Response { status: head[9..12].parse().unwrap(), closes, body })
    }

    /// Whether the peer has ended the connection, or ends it, with nothing more to read.
    pub fn has_ended(&mut self) -> bool {
        assert!(self.inbox.is_empty(), "{:?}", String::from_utf8_lossy(&self.inbox));
        self.fill() == 0
    }

    /// Ends its own side.
    pub fn finish(&self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    /// All that comes to the end, after its own side has ended.
    pub fn all(&mut self) -> Vec<u8> {
        // Fails where the peer has ended both.
        let _ = self.stream.shutdown(Shutdown::Write);
        while self.fill() > 0 {}
        std::mem::take(&mut self.inbox)
    }

    /// Ends both sides without a word of parting (RST).
    pub fn reset(self) {
        SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// The request to become a watcher of `h1`.
    pub(super) fn upgrade(token: &str) -> String {
        format!(
            "GET /v1/hunts/h1/play HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\n\
             Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
    }

    /// Becomes a watcher of `h1`.
    #[must_use]
    pub fn watch(mut self, token: &str) -> Watcher {
        self.send(Self::upgrade(token).as_bytes());
        assert_eq!(self.response().expect("a response").status, 101);
        Watcher { client: self }
    }

    /// Reads once; 0 at the end, however it comes.
    fn fill(&mut self) -> usize {
        let mut part = [0; 4096];
        match self.stream.read(&mut part) {
            Ok(count) => {
                self.inbox.extend_from_slice(&part[..count]);
                count
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("nothing comes")
            }
            Err(_) => 0,
        }
    }
}

/// A WebSocket connection.
#[derive(Debug)]
pub struct Watcher {
    client: Client,
}

impl Watcher {
    /// The next frame, opcode and payload; none at the end.
    pub fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            if let Some((opcode, from, to)) = bounds(&self.client.inbox) {
                let payload = self.client.inbox[from..to].to_vec();
                self.client.inbox.drain(..to);
                return Some((opcode, payload));
            }
            if self.client.fill() == 0 {
                return None;
            }
        }
    }

    /// Reads messages until one says `what`; how long that took.
    pub fn next_that_says(&mut self, what: &str) -> Duration {
        let begin = Instant::now();
        loop {
            let (_, payload) = self.frame().expect("the connection stays");
            assert!(begin.elapsed() < patience(), "no message says {what}");
            if String::from_utf8_lossy(&payload).contains(what) {
                return begin.elapsed();
            }
        }
    }

    /// Ends its own side.
    pub fn finish(&self) {
        self.client.finish();
    }

    /// Ends both sides without a word of parting (RST).
    pub fn reset(self) {
        self.client.reset();
    }

    /// Sends bytes that may be no frame.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        self.client.send(bytes);
    }

    /// Sends a frame as a client does.
    pub fn send(&mut self, opcode: u8, payload: &[u8]) {
        self.client.send(&masked(opcode, payload));
    }

    /// Sends a frame if the system takes it at once.
    pub fn try_send(&mut self, opcode: u8, payload: &[u8]) -> bool {
        self.client.try_send(&masked(opcode, payload))
    }
}

/// A request.
pub(super) fn request(method: &str, path: &str, token: &str, body: &str) -> Vec<u8> {
    let bearer = match token {
        "" => String::new(),
        token => format!("Authorization: Bearer {token}\r\n"),
    };
    let length = match body {
        "" => String::new(),
        body => format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()),
    };
    format!("{method} {path} HTTP/1.1\r\nHost: h\r\n{bearer}{length}\r\n{body}").into_bytes()
}

/// The opcode of the first frame, and where its payload begins and ends, if it is whole.
fn bounds(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let (from, length) = match bytes.get(1)? {
        126 => (4, usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]))),
        length => (2, usize::from(*length)),
    };
    (bytes.len() >= from + length).then_some((bytes[0] & 0xf, from, from + length))
}

fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    assert!(length < 126, "a test needs no longer frames");
    let key = [0x37, 0xfa, 0x21, 0x3d];
    let mut bytes = vec![0x80 | opcode, 0x80 | length];
    bytes.extend(key);
    bytes.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    bytes
}
