//! What is asked of a server, and what a right answer looks like.

use crate::world::{HUNT, Players, TREASURES};
use anyhow::{Context, ensure};
use engine_core::api::messages::{Action, ClientMessage, Move};
use process::answer;
use prost::Message;
use std::fmt;
use std::io::Write;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Workload {
    /// `POST /v1/hunts/{hunt}/resolve`: a fresh claim each time, which writes the leaderboard.
    Resolve,
    /// `GET /loot`: the smallest request that reads the game.
    Loot,
    /// A move over a WebSocket connection, and its answer.
    Move,
    /// Nothing: watching the broadcasts of a hunt.
    Fanout,
}

impl Workload {
    /// Every workload.
    pub const ALL: [Self; 4] = [Self::Resolve, Self::Loot, Self::Move, Self::Fanout];

    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Loot => "loot",
            Self::Move => "move",
            Self::Fanout => "fanout",
        }
    }

    /// The workload of that word.
    ///
    /// # Errors
    /// If there is none.
    pub fn from_name(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|workload| workload.name() == name)
            .ok_or_else(|| "the workloads are resolve, loot, move and fanout".into())
    }

    /// Whether it speaks WebSocket.
    #[must_use]
    pub fn is_websocket(self) -> bool {
        matches!(self, Self::Move | Self::Fanout)
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What one connection asks next. It plays its players one after the other: each opens every
/// treasure once, so every claim is fresh.
#[derive(Debug)]
pub struct Asker {
    workload: Workload,
    /// The connection's number.
    place: u32,
    /// How many connections there are: its players are as far apart.
    stride: u32,
    /// Requests made so far.
    step: u32,
    /// The next request, ready to be sent.
    pub bytes: Vec<u8>,
}

const BODY_BYTES: usize = r#"{"treasure":"t0000","x":0,"y":0,"z":0}"#.len();
/// From the end of a resolve to the digits of its treasure.
const DIGITS_FROM_END: usize = r#"0000","x":0,"y":0,"z":0}"#.len();
/// Any key is as good as another.
const MASK: [u8; 4] = [0x5a, 0xc3, 0x17, 0x9e];

impl Asker {
    /// The connection number `place` of `stride`.
    ///
    /// # Errors
    /// If there are fewer players than connections.
    pub fn new(
        workload: Workload,
        place: u32,
        stride: u32,
        players: &Players,
    ) -> anyhow::Result<Self> {
        ensure!(stride <= players.count, "{stride} connections need as many players");
        let mut this = Self { workload, place, stride, step: 0, bytes: Vec::new() };
        this.prepare(players)?;
        Ok(this)
    }

    /// Makes the next request.
    ///
    /// # Errors
    /// If every treasure was opened by every player.
    pub fn advance(&mut self, players: &Players) -> anyhow::Result<()> {
        self.step += 1;
        match self.workload {
            Workload::Resolve if !self.step.is_multiple_of(TREASURES) => {
                let digits = self.bytes.len() - DIGITS_FROM_END;
                write!(&mut self.bytes[digits..digits + 4], "{:04}", self.step % TREASURES)?;
                Ok(())
            }
            Workload::Loot | Workload::Fanout => Ok(()),
            Workload::Resolve | Workload::Move => self.prepare(players),
        }
    }

    fn prepare(&mut self, players: &Players) -> anyhow::Result<()> {
        let out = &mut self.bytes;
        out.clear();
        match self.workload {
            Workload::Resolve => {
                let player = self.place + self.step / TREASURES * self.stride;
                ensure!(
                    player < players.count,
                    "every treasure was opened by every player; measure for a shorter time"
                );
                write!(out, "POST /v1/hunts/{HUNT}/resolve HTTP/1.1\r\nHost: floor\r\n")?;
                out.extend_from_slice(b"Authorization: Bearer ");
                players.token(player, out);
                write!(
                    out,
                    "\r\nContent-Type: application/json\r\nContent-Length: {BODY_BYTES}\r\n\r\n\
                     {{\"treasure\":\"t{:04}\",\"x\":0,\"y\":0,\"z\":0}}",
                    self.step % TREASURES
                )?;
            }
            Workload::Loot => {
                write!(out, "GET /loot?session={} HTTP/1.1\r\nHost: floor\r\n\r\n", self.place)?;
            }
            Workload::Move => {
                let x = if self.step.is_multiple_of(2) { 0.25 } else { 0.5 };
                let step = Move { x, y: 0.5, z: 0.25, heading: 90.0 };
                let message = ClientMessage { seq: self.step, action: Some(Action::Move(step)) };
                masked(&message.encode_to_vec(), out);
            }
            Workload::Fanout => {}
        }
        Ok(())
    }

    /// Whether a response is right.
    ///
    /// # Errors
    /// If it is not.
    pub fn check(&self, status: u16, body: &[u8]) -> anyhow::Result<()> {
        let right = status == 200
            && match self.workload {
                Workload::Resolve => {
                    body.starts_with(br#"{"outcome":"claimed","loot":{"item":"coin","#)
                        && body.ends_with(b"}")
                }
                Workload::Loot => {
                    let own = body.strip_prefix(br#"{"session":"#).and_then(leading_number);
                    own == Some(self.place) && body.ends_with(b"}]}")
                }
                Workload::Move | Workload::Fanout => false,
            };
        ensure!(right, "{} was answered {status} {}", self.workload, answer::shown(body));
        Ok(())
    }

    /// Whether a message is the right answer; false where it is a broadcast.
    ///
    /// # Errors
    /// If it is neither.
    pub fn check_message(&self, opcode: u8, payload: &[u8]) -> anyhow::Result<bool> {
        let wrong = || format!("{} was answered {}", self.workload, answer::shown(payload));
        ensure!(opcode == 2, "a frame of opcode {opcode}: {}", answer::shown(payload));
        match payload {
            [FRAME, ..] => Ok(false),
            [MOVED, _, rest @ ..] if self.workload == Workload::Move => {
                let (seq, rest) = match rest {
                    // Zero is left out.
                    [SEQ, rest @ ..] => varint(rest).with_context(wrong)?,
                    rest => (0, rest),
                };
                ensure!(seq == u64::from(self.step) && rest.starts_with(&HAS_MOVED), wrong());
                Ok(true)
            }
            _ => anyhow::bail!(wrong()),
        }
    }
}

/// `ServerMessage.frame`, length-delimited.
pub(crate) const FRAME: u8 = 4 << 3 | 2;
/// `ServerMessage.moved`, length-delimited.
const MOVED: u8 = 1 << 3 | 2;
/// `Moved.seq`.
const SEQ: u8 = 1 << 3;
/// `Moved.outcome`, which is `MOVED`.
const HAS_MOVED: [u8; 2] = [2 << 3, 1];

/// The request that begins a WebSocket connection of a player.
#[must_use]
pub fn handshake(players: &Players, player: u32) -> Vec<u8> {
    let mut out = format!("GET /v1/hunts/{HUNT}/play HTTP/1.1\r\nHost: floor\r\n").into_bytes();
    out.extend_from_slice(
        b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
          Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: hunt.v1\r\n\
          Authorization: Bearer ",
    );
    players.token(player, &mut out);
    out.extend_from_slice(b"\r\n\r\n");
    out
}

/// Appends a client's frame: binary, final, of a payload of at most 125 bytes.
///
/// # Panics
/// If the payload is longer.
pub fn masked(payload: &[u8], out: &mut Vec<u8>) {
    let length = u8::try_from(payload.len()).ok().filter(|length| *length <= 125);
    out.extend_from_slice(&[0x82, 0x80 | length.expect("a short payload")]);
    out.extend_from_slice(&MASK);
    out.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

/// The number that a text begins with.
fn leading_number(text: &[u8]) -> Option<u32> {
    let end = text.iter().position(|byte| !byte.is_ascii_digit())?;
    std::str::from_utf8(&text[..end]).ok()?.parse().ok()
}

/// A number of protobuf, and what follows it.
pub(crate) fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (place, byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[place + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_resolves_of_any_connections_are_the_same() {
        let players = Players::new(4, 5);
        let mut seen = std::collections::BTreeSet::new();
        for place in 0..2 {
            let mut asker = Asker::new(Workload::Resolve, place, 2, &players).unwrap();
            for _ in 1..TREASURES * 2 {
                assert!(seen.insert(asker.bytes.clone()));
                asker.advance(&players).unwrap();
            }
            assert!(seen.insert(asker.bytes.clone()));
            assert!(asker.advance(&players).unwrap_err().to_string().contains("shorter"));
        }
        assert_eq!(seen.len(), 4 * TREASURES as usize);
    }

    #[test]
    fn only_the_right_answer_is_right() {
        let players = Players::new(1, 5);
        let asker = Asker::new(Workload::Resolve, 0, 1, &players).unwrap();
        let claimed = br#"{"outcome":"claimed","loot":{"item":"coin","points":1}}"#;
        assert!(asker.check(200, claimed).is_ok());
        assert!(asker.check(201, claimed).is_err());
        assert!(asker.check(200, br#"{"outcome":"already_claimed"}"#).is_err());

        let asker = Asker::new(Workload::Loot, 0, 1, &players).unwrap();
        assert!(asker.check(200, br#"{"session":0,"loot":[{}]}"#).is_ok());
        assert!(asker.check(200, br#"{"session":7,"loot":[{}]}"#).is_err());
    }

    #[test]
    fn an_answer_to_a_move_has_its_number_and_says_that_it_was_made() {
        use engine_core::api::messages::{Event, Moved, ServerMessage};
        let players = Players::new(1, 5);
        let mut asker = Asker::new(Workload::Move, 0, 1, &players).unwrap();
        for seq in 0..300 {
            let answer = |seq, outcome| {
                let moved = Moved { seq, outcome, x: 0.25, y: 0.5, z: 0.25, energy: 100 };
                ServerMessage { event: Some(Event::Moved(moved)) }.encode_to_vec()
            };
            assert!(asker.check_message(2, &answer(seq, 1)).unwrap());
            assert!(asker.check_message(2, &answer(seq, 2)).is_err());
            assert!(asker.check_message(2, &answer(seq + 1, 1)).is_err());
            assert!(!asker.check_message(2, &[FRAME, 0]).unwrap());
            asker.advance(&players).unwrap();
        }
    }
}
