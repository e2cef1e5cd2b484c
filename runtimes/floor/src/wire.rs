//! HTTP/1.1 keep-alive and WebSocket over bytes, as small as they can be: what both bare loops
//! share, and all that they know of a protocol.
//!
//! Left out of what the engine does: time-outs, back-pressure, reply slots, chunked bodies,
//! `Expect`, HEAD, draining, figures. What is read is read by the engine's own parsers.

use crate::game::{Game, Outcome};
use engine_core::api::hunts::Player;
use engine_core::error::{Problem, Refusal};
use engine_core::http::head::{self, Framing};
use engine_core::http::scan::{HeadScan, Scan};
use engine_core::websocket::frame;
use engine_core::websocket::message::{Decoder, Event};

/// What a connection speaks.
#[derive(Debug, Default)]
pub enum Wire {
    /// HTTP, between two requests.
    #[default]
    Http,
    /// WebSocket.
    WebSocket {
        /// Who plays.
        player: Player,
        /// What of a message has arrived.
        decoder: Decoder,
    },
}

/// What bytes came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// So many were done with; the rest is to be offered again with what follows it.
    Consumed(usize),
    /// The connection speaks WebSocket from now on; so many bytes were done with.
    Upgraded(usize),
    /// The connection ends behind what was written.
    Close,
}

impl Wire {
    /// Takes in bytes and appends what is to be sent. To be called until nothing is consumed.
    pub fn receive(&mut self, game: &mut Game, bytes: &mut [u8], out: &mut Vec<u8>) -> Turn {
        match self {
            Self::Http => self.receive_request(game, bytes, out),
            Self::WebSocket { player, decoder } => receive_frame(game, player, decoder, bytes, out),
        }
    }

    fn receive_request(&mut self, game: &mut Game, bytes: &[u8], out: &mut Vec<u8>) -> Turn {
        let head_bytes = match HeadScan::default().scan(bytes, game.limits()) {
            Scan::Incomplete => return Turn::Consumed(0),
            Scan::Complete(head_bytes) => head_bytes,
            Scan::Refused(refusal) => return refuse(game, refusal, out),
        };
        let head = match head::parse(&bytes[..head_bytes], game.limits()) {
            Ok(head) => head,
            Err(refusal) => return refuse(game, refusal, out),
        };
        let end = match head.body {
            Framing::None => head_bytes,
            Framing::Length(length) if length <= game.limits().body_bytes_max as u64 => {
                head_bytes + usize::try_from(length).expect("at most body_bytes_max")
            }
            Framing::Length(_) => return refuse(game, Problem::BodyTooLarge.into(), out),
            Framing::Chunked => return refuse(game, Problem::LengthRequired.into(), out),
        };
        let Some(body) = bytes.get(head_bytes..end) else { return Turn::Consumed(0) };
        match game.request(&head, body) {
            Outcome::Answered(answered) => {
                game.write(answered, !head.keep_alive, out);
                if head.keep_alive { Turn::Consumed(end) } else { Turn::Close }
            }
            Outcome::Upgrade { player, accept, protocol } => match game.watch(&player) {
                Ok(snapshot) => {
                    game.write_upgrade(&accept, protocol, out);
                    let wire = &snapshot.wire[game.codec(&player) as usize];
                    out.extend_from_slice(wire.as_deref().unwrap_or_default());
                    *self = Self::WebSocket { player, decoder: Decoder::default() };
                    Turn::Upgraded(end)
                }
                Err(answered) => {
                    game.write(answered, false, out);
                    Turn::Consumed(end)
                }
            },
        }
    }
}

fn receive_frame(
    game: &mut Game,
    player: &Player,
    decoder: &mut Decoder,
    bytes: &mut [u8],
    out: &mut Vec<u8>,
) -> Turn {
    let message_bytes_max = game.limits().message_bytes_max;
    let step = match decoder.next(bytes, message_bytes_max) {
        Ok(step) => step,
        Err(code) => {
            frame::close(out, code, "");
            return Turn::Close;
        }
    };
    match step.event {
        Some(Event::Message { kind, payload }) => match game.message(player, kind, payload) {
            Ok(kind) => frame::append(out, kind.opcode(), &game.body),
            Err(code) => {
                frame::close(out, code, "");
                return Turn::Close;
            }
        },
        Some(Event::Ping(payload)) => frame::pong(out, payload),
        Some(Event::Close { code, .. }) => {
            frame::close_reply(out, code);
            return Turn::Close;
        }
        Some(Event::Pong(_)) | None => {}
    }
    Turn::Consumed(step.consumed)
}

fn refuse(game: &mut Game, refusal: Refusal, out: &mut Vec<u8>) -> Turn {
    let answered = game.refuse(&refusal.into());
    game.write(answered, true, out);
    Turn::Close
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOT: &[u8] = b"GET /loot HTTP/1.1\r\nHost: floor\r\n\r\n";

    #[test]
    fn a_request_in_parts_is_answered_once_it_is_whole() {
        let mut game = Game::new(1);
        let (mut wire, mut out) = (Wire::default(), Vec::new());
        for end in 0..LOOT.len() {
            let turn = wire.receive(&mut game, &mut LOOT[..end].to_vec(), &mut out);
            assert_eq!((turn, out.len()), (Turn::Consumed(0), 0));
        }
        let mut two = LOOT.repeat(2);
        assert_eq!(wire.receive(&mut game, &mut two, &mut out), Turn::Consumed(LOOT.len()));
        assert!(out.starts_with(b"HTTP/1.1 200 OK\r\n"));
    }

    #[test]
    fn what_is_no_request_ends_the_connection() {
        let mut game = Game::new(1);
        for bytes in [
            &b"nonsense\r\n\r\n"[..],
            b"POST / HTTP/1.1\r\nHost: a\r\n\
            Transfer-Encoding: chunked\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\n\
            Content-Length: 99999999\r\n\r\n",
        ] {
            let mut out = Vec::new();
            let turn = Wire::default().receive(&mut game, &mut bytes.to_vec(), &mut out);
            assert_eq!(turn, Turn::Close);
            assert!(out.starts_with(b"HTTP/1.1 4"));
        }
    }
}
