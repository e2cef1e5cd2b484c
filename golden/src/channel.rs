//! One connection of a section: what it speaks, and what was received on it and not yet expected.

use crate::http::{Unread, response};
use crate::peer::Conn;
use crate::{frame, protobuf};

/// A connection.
#[derive(Debug)]
pub struct Channel {
    /// Which, for the peer.
    pub conn: Conn,
    /// Whether it is to the admin listener.
    pub admin: bool,
    /// What was received and not yet expected.
    pub inbox: Vec<u8>,
    /// All that was received.
    pub heard: Vec<u8>,
    /// Whether the last request was HEAD, so that its answer has no body.
    pub bodiless: bool,
    /// Whether its end was seen, so that the next use makes a new one.
    pub over: bool,
    speaks: Speaks,
}

/// What a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaks {
    Http,
    Json,
    Protobuf,
}

/// Whether there is enough of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It has so many bytes.
    Whole(usize),
    /// More bytes are needed.
    More,
    /// It is something else.
    Malformed,
}

impl Channel {
    /// A connection that was just made.
    #[must_use]
    pub fn new(conn: Conn, admin: bool) -> Self {
        let (inbox, heard) = (Vec::new(), Vec::new());
        Self { conn, admin, inbox, heard, bodiless: false, over: false, speaks: Speaks::Http }
    }

    /// Whether it speaks HTTP: it was not upgraded.
    #[must_use]
    pub fn speaks_http(&self) -> bool {
        self.speaks == Speaks::Http
    }

    /// Takes bytes of responses that were expected. After 101 the connection speaks WebSocket.
    pub fn take(&mut self, len: usize) {
        let taken: Vec<u8> = self.inbox.drain(..len).collect();
        let head = String::from_utf8_lossy(&taken).to_ascii_lowercase();
        if head.contains("http/1.1 101 ") {
            let binary = head.contains("sec-websocket-protocol: hunt.v1\r\n");
            self.speaks = if binary { Speaks::Protobuf } else { Speaks::Json };
        }
    }

    /// How long the next responses are.
    #[must_use]
    pub fn responses(&self, count: usize) -> Taken {
        let mut at = 0;
        for _ in 0..count {
            match response(&self.inbox[at..], self.bodiless) {
                Ok((_, len)) => at += len,
                Err(Unread::More) => return Taken::More,
                Err(Unread::Malformed) => return Taken::Malformed,
            }
        }
        Taken::Whole(at)
    }

    /// Takes the next frame, as a line says it, unescaped. A broadcast is
    /// `broadcast {"tick":…}`, in protobuf `broadcast tick:…`.
    pub fn frame(&mut self) -> Option<Vec<u8>> {
        let (frame, len) = frame::received(&self.inbox)?;
        self.inbox.drain(..len);
        let said = frame.said(protobuf::decode);
        let (before, after) = match self.speaks {
            Speaks::Protobuf => (&b"binary frame{"[..], &b"}"[..]),
            _ => (&b"text {\"frame\":"[..], &b"}"[..]),
        };
        let inner = said.strip_prefix(before).and_then(|said| said.strip_suffix(after));
        Some(match inner {
            Some(inner) => [b"broadcast ", inner].concat(),
            None => said,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upgrade_changes_what_is_spoken_and_broadcasts_have_a_word() {
        let mut channel = Channel::new(0, false);
        let head = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";
        channel.inbox.extend_from_slice(head);
        channel.inbox.extend_from_slice(b"\x81\x14{\"frame\":{\"tick\":1}}\x81\x02{}\x81");
        assert_eq!(channel.responses(1), Taken::Whole(head.len()));
        channel.take(head.len());
        assert!(!channel.speaks_http());
        assert_eq!(channel.frame().unwrap(), b"broadcast {\"tick\":1}");
        assert_eq!(channel.frame().unwrap(), b"text {}");
        assert_eq!(channel.frame(), None);
    }

    #[test]
    fn the_subprotocol_says_how_frames_are_shown() {
        let mut channel = Channel::new(0, false);
        let head = b"HTTP/1.1 101 S\r\nSec-WebSocket-Protocol: hunt.v1\r\n\r\n";
        channel.inbox.extend_from_slice(head);
        channel.inbox.extend_from_slice(b"\x82\x04\x22\x02\x08\x01");
        channel.take(head.len());
        assert_eq!(channel.frame().unwrap(), b"broadcast tick:1");
    }
}
