//! One WebSocket connection of a lane: the handshake, pings, closes and faults, so that a workload
//! sees nothing but messages and the end.

use super::seam::{Heard, Input, Loss};
use crate::errors::{ErrorKind, shown};
use crate::messages::{Action, Encoding};
use crate::websocket::{
    CloseFrame, Event, Handshake, Masks, Opcode, Reader, append_close, append_control,
    append_message,
};

/// A connection, from its handshake to its end.
#[derive(Debug, Default)]
pub(super) struct Socket {
    stage: Stage,
    reader: Reader,
}

#[derive(Debug, Default)]
enum Stage {
    /// There is none.
    #[default]
    Away,
    /// The handshake was sent.
    Opening(Handshake),
    Open,
    /// Either side has said that this is the end.
    Ending,
}

/// What a server says over a connection that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said<'a> {
    /// A message of the encoding that was agreed on.
    Message(&'a [u8]),
    /// The server ends the connection. It is answered already; what is outstanding has not failed
    /// yet, and the connection is not closed yet.
    Close(CloseFrame<'a>),
}

/// What the sockets of a lane have in common.
#[derive(Debug)]
pub(super) struct Sockets {
    /// How messages are written.
    pub(super) encoding: Encoding,
    /// The value of the Host field.
    pub(super) host: String,
    masks: Masks,
    nonces: fastrand::Rng,
}

impl Sockets {
    /// The masks and the nonces come from the seed.
    pub(super) fn new(encoding: Encoding, host: String, seed: u64) -> Self {
        let nonces = fastrand::Rng::with_seed(seed ^ NONCES);
        Self { encoding, host, masks: Masks::new(seed), nonces }
    }

    /// Appends a message of the game.
    pub(super) fn append(&mut self, seq: u32, action: &Action<'_>, out: &mut Vec<u8>) {
        let Self { encoding, masks, .. } = self;
        append_message(out, opcode(*encoding), masks.draw(), |out| {
            encoding.append(seq, action, out);
        });
    }
}

impl Socket {
    /// A connection was made: asks to play that hunt.
    pub(super) fn open(
        &mut self,
        sockets: &mut Sockets,
        hunt: &str,
        session: &str,
        out: &mut Vec<u8>,
    ) {
        let handshake = Handshake::new(sockets.nonces.u128(..), sockets.encoding.subprotocol());
        let target = format!("/v1/hunts/{hunt}/play");
        handshake.append_request(out, &target, &sockets.host, session);
        *self = Self { stage: Stage::Opening(handshake), reader: Reader::default() };
    }

    /// The connection is gone.
    pub(super) fn closed(&mut self) {
        *self = Self::default();
    }

    /// Whether the handshake is complete and nothing has ended.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Open)
    }

    /// Takes in what came, as [`Traffic::receive`](super::Traffic::receive). `on` is told of every
    /// message and of a Close frame. Everything else is dealt with here: errors are counted, and
    /// the connection is closed.
    pub(super) fn receive(
        &mut self,
        input: Input<'_>,
        sockets: &mut Sockets,
        heard: &mut Heard<'_>,
        on: impl FnMut(&mut Heard<'_>, Said<'_>),
    ) -> usize {
        let mut used = 0;
        if let Stage::Opening(handshake) = &self.stage {
            match handshake.read_answer(input.bytes) {
                Ok(None) => {}
                Ok(Some(opened)) => {
                    used = opened.head_bytes;
                    self.stage = Stage::Open;
                    heard.ready();
                }
                Err(refusal) => {
                    heard.fail(ErrorKind::Handshake, || refusal.to_string());
                    self.stage = Stage::Ending;
                    return input.bytes.len();
                }
            }
        }
        if self.is_open() {
            used += self.read(&input.bytes[used..], sockets, heard, on);
        }
        used
    }

    /// The server has ended the connection. Without a Close frame before it, that is an error.
    pub(super) fn ended(&mut self, loss: Loss, heard: &mut Heard<'_>) {
        match (&self.stage, loss) {
            (Stage::Ending, Loss::End) => heard.close(),
            (Stage::Open, Loss::End) => heard.fail(ErrorKind::ClosedEarly, || {
                "the stream of a WebSocket ended without a Close frame".into()
            }),
            _ => heard.ended(loss),
        }
        self.stage = Stage::Ending;
    }

    fn read(
        &mut self,
        bytes: &[u8],
        sockets: &mut Sockets,
        heard: &mut Heard<'_>,
        mut on: impl FnMut(&mut Heard<'_>, Said<'_>),
    ) -> usize {
        let Self { stage, reader } = self;
        let Sockets { encoding, masks, .. } = sockets;
        let used = reader.read(bytes, |event| {
            if !matches!(stage, Stage::Open) {
                return;
            }
            match event {
                Event::Text(text) if *encoding == Encoding::Json => {
                    on(heard, Said::Message(text.as_bytes()));
                }
                Event::Binary(payload) if *encoding == Encoding::Protobuf => {
                    on(heard, Said::Message(payload));
                }
                Event::Ping(payload) => {
                    append_control(heard.say(), Opcode::Pong, masks.draw(), payload);
                }
                Event::Pong(_) => {}
                Event::Close(close) => {
                    *stage = Stage::Ending;
                    append_close(heard.say(), masks.draw(), close.code);
                    on(heard, Said::Close(close));
                }
                Event::Text(_) | Event::Binary(_) => {
                    *stage = Stage::Ending;
                    heard.fail(ErrorKind::Malformed, || {
                        format!("a message of the wrong type for {}", encoding.subprotocol())
                    });
                }
            }
            if heard.verdict().close {
                *stage = Stage::Ending;
            }
        });
        used.unwrap_or_else(|fault| {
            self.stage = Stage::Ending;
            heard.fail(ErrorKind::Malformed, || format!("{fault}, in {}", shown(bytes)));
            bytes.len()
        })
    }
}

fn opcode(encoding: Encoding) -> Opcode {
    match encoding {
        Encoding::Json => Opcode::Text,
        Encoding::Protobuf => Opcode::Binary,
    }
}

/// A close that nobody expected, in words.
pub(super) fn early(close: &CloseFrame<'_>) -> String {
    match close.code {
        None => "the server closed a WebSocket without saying why".into(),
        Some(code) => format!("the server closed a WebSocket: {code} {:?}", close.reason),
    }
}

/// So that nonces and masks of one seed have nothing to do with each other.
const NONCES: u64 = 0x006e_6f6e_6365_7321;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Nanos;
    use crate::figures::LaneFigures;
    use crate::workload::{Counting, Verdict};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use sha1::{Digest, Sha1};
    use std::collections::VecDeque;

    /// A connection with the request that it made, and what it has heard.
    struct Peer {
        socket: Socket,
        sockets: Sockets,
        figures: LaneFigures,
        heard: Vec<String>,
        said: Vec<u8>,
        verdict: Verdict,
        answer: String,
    }

    impl Peer {
        fn new() -> Self {
            let mut sockets = Sockets::new(Encoding::Protobuf, "a".into(), 7);
            let mut socket = Socket::default();
            let mut request = Vec::new();
            socket.open(&mut sockets, "h1", "token", &mut request);
            let request = String::from_utf8(request).unwrap();
            assert!(request.starts_with("GET /v1/hunts/h1/play HTTP/1.1\r\n"), "{request}");
            let key = request.split("Sec-WebSocket-Key: ").nth(1).unwrap();
            let mut sha1 = Sha1::new();
            sha1.update(&key[..24]);
            sha1.update("258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
            let accept = STANDARD.encode(sha1.finalize());
            let answer = format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: hunt.v1\r\n\r\n"
            );
            Self {
                socket,
                sockets,
                figures: LaneFigures::new("a", &["ask"], &[], &[]),
                heard: Vec::new(),
                said: Vec::new(),
                verdict: Verdict::default(),
                answer,
            }
        }

        fn opened() -> Self {
            let mut peer = Self::new();
            let answer = peer.answer.clone();
            assert_eq!(peer.receive(answer.as_bytes()), answer.len());
            assert!(peer.verdict.ready && peer.socket.is_open());
            peer
        }

        fn with<R>(&mut self, what: impl FnOnce(&mut Self, &mut Heard<'_>) -> R) -> R {
            let counting = Counting {
                read_at: Nanos(1),
                from: Nanos(0),
                pushes: true,
                time_after_parse: false,
                opening: !self.socket.is_open(),
            };
            let (mut asked, mut said) = (VecDeque::new(), Vec::new());
            let mut figures = self.figures.clone();
            let mut heard = Heard::new(counting, &mut asked, &mut figures, &mut said);
            let result = what(self, &mut heard);
            self.verdict = heard.verdict();
            self.figures = figures;
            self.said.extend(said);
            result
        }

        fn receive(&mut self, bytes: &[u8]) -> usize {
            self.with(|this, heard| {
                let Self { socket, sockets, heard: log, .. } = this;
                let input = Input { bytes, ended: false };
                socket.receive(input, sockets, heard, |heard, said| {
                    log.push(format!("{said:?}"));
                    if said == Said::Message(b"no") {
                        heard.fail(ErrorKind::Wrong, || "no".into());
                    }
                })
            })
        }

        fn end(&mut self, loss: Loss) {
            self.with(|this, heard| this.socket.ended(loss, heard));
        }

        fn errors(&self) -> Vec<(ErrorKind, u64)> {
            self.figures.errors.iter().collect()
        }
    }

    #[test]
    fn a_frame_right_behind_the_answer_is_a_message() {
        let mut peer = Peer::new();
        let mut bytes = peer.answer.clone().into_bytes();
        bytes.extend_from_slice(b"\x82\x02hi\x82\x05ha");
        assert_eq!(peer.receive(&bytes[..50]), 0);
        assert_eq!(peer.receive(&bytes), bytes.len() - 4);
        assert_eq!(peer.heard, ["Message([104, 105])"]);
        assert_eq!(peer.errors(), []);
    }

    #[test]
    fn a_ping_is_answered_with_its_payload() {
        let mut peer = Peer::opened();
        peer.receive(b"\x89\x02hi\x8a\x00");
        assert_eq!(peer.said[..2], [0x8a, 0x82]);
        let [ref mask @ .., a, b] = peer.said[2..] else { panic!("a pong of two bytes") };
        assert_eq!([a ^ mask[0], b ^ mask[1]], *b"hi");
        assert!(!peer.verdict.close && peer.heard.is_empty());
    }

    #[test]
    fn a_close_is_answered_told_and_is_the_end() {
        let mut peer = Peer::opened();
        peer.receive(b"\x88\x0c\x03\xe8hunt ended\x82\x02hi");
        assert_eq!(peer.heard.len(), 1);
        assert!(peer.heard[0].contains("Some(1000), reason: \"hunt ended\""), "{:?}", peer.heard);
        assert_eq!(peer.said[..2], [0x88, 0x82]);
        assert!(!peer.socket.is_open());
        peer.end(Loss::End);
        assert_eq!(peer.errors(), [], "what the workload did not mind is no error");
    }

    #[test]
    fn an_end_without_a_close_is_an_error() {
        for (loss, kind) in [(Loss::End, ErrorKind::ClosedEarly), (Loss::Reset, ErrorKind::Reset)] {
            let mut peer = Peer::opened();
            peer.receive(b"\x82\x05ha");
            peer.end(loss);
            assert_eq!(peer.errors(), [(kind, 1)]);
            assert!(peer.verdict.close);
            let mut peer = Peer::new();
            peer.receive(b"HTTP/1.1 1");
            peer.end(loss);
            assert_eq!(peer.errors(), [(kind, 1)]);
        }
    }

    #[test]
    fn garbage_and_the_wrong_type_are_errors_and_end_the_connection() {
        for bytes in [&b"\xff\xff"[..], b"\x81\x02hi"] {
            let mut peer = Peer::opened();
            assert_eq!(peer.receive(bytes), bytes.len());
            assert_eq!(peer.errors(), [(ErrorKind::Malformed, 1)]);
            assert!(peer.verdict.close && peer.heard.is_empty());
        }
    }

    #[test]
    fn a_refused_handshake_is_an_error_of_its_own() {
        let mut peer = Peer::new();
        peer.receive(b"HTTP/1.1 409 Conflict\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(peer.errors(), [(ErrorKind::Handshake, 1)]);
        assert!(peer.verdict.close && !peer.verdict.ready);
    }

    #[test]
    fn nothing_is_heard_after_the_workload_has_given_up() {
        let mut peer = Peer::opened();
        peer.receive(b"\x82\x02no\x82\x02hi");
        assert_eq!(peer.heard.len(), 1);
        assert_eq!(peer.errors(), [(ErrorKind::Wrong, 1)]);
    }

    #[test]
    fn the_same_seed_says_the_same_bytes() {
        let said = |seed| {
            let mut sockets = Sockets::new(Encoding::Json, "a".into(), seed);
            let (mut socket, mut out) = (Socket::default(), Vec::new());
            socket.open(&mut sockets, "h1", "token", &mut out);
            let action = Action::UsePowerUp(crate::messages::PowerUp::Boost);
            sockets.append(1, &action, &mut out);
            out
        };
        assert_eq!(said(7), said(7));
        assert_ne!(said(7), said(8));
    }
}
