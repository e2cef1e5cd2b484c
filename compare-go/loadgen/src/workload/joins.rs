//! Players who join hunts while these are played.

use super::hunts::{Hunt, Hunts, SessionFacts};
use super::job::Plot;
use super::lane::Share;
use super::responses::{self, Fault, document, hold, judge};
use super::seam::{Exhausted, Heard, Input, Names, Opening, Traffic};
use crate::http::{Reader, Request, Response};
use fastrand::Rng;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Players who join.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Joins {
    /// The value of the Host field.
    pub host: String,
    /// The hunts, which have room.
    pub hunts: Hunts,
}

impl Plot for Joins {
    fn share(&self, _share: Share) -> Self {
        self.clone()
    }

    fn start(self, share: Share, seed: u64) -> Box<dyn Traffic> {
        Box::new(Joining {
            // Those who joined before have the numbers below.
            least: self.hunts.hunts.iter().map(|hunt| hunt.players).collect(),
            asked: vec![VecDeque::new(); share.count as usize],
            rng: Rng::with_seed(seed),
            reader: Reader::default(),
            joined: 0,
            plot: self,
        })
    }
}

/// A worker's players.
#[derive(Debug)]
struct Joining {
    plot: Joins,
    rng: Rng,
    reader: Reader,
    /// By hunt: the least number that the next player can have.
    least: Vec<u32>,
    /// By connection: the hunt, and the least number when the request was sent.
    asked: Vec<VecDeque<(usize, u32)>>,
    /// Requests so far.
    joined: u64,
}

impl Traffic for Joining {
    fn names(&self) -> Names {
        Names { operations: &["join"], metrics: &[], counters: &[] }
    }

    fn open(&mut self, _conn: u32, _out: &mut Vec<u8>) -> Opening {
        Opening::Ready
    }

    fn request(&mut self, conn: u32, _: usize, out: &mut Vec<u8>) -> Result<(), Exhausted> {
        let hunt = self.rng.usize(..self.least.len());
        let Joins { host, hunts } = &self.plot;
        let body = format!(r#"{{"name":"Late {}"}}"#, self.joined);
        let target = format!("/v1/hunts/{}/players", hunts.hunts[hunt].id);
        out.extend(Request::new("POST", &target, host).json(body.as_bytes()));
        self.joined += 1;
        self.asked[conn as usize].push_back((hunt, self.least[hunt]));
        Ok(())
    }

    fn receive(&mut self, conn: u32, input: Input<'_>, heard: &mut Heard<'_>) -> usize {
        let Self { plot, reader, least, asked, .. } = self;
        responses::receive(reader, input, heard, |heard, response| {
            let verdict = match asked[conn as usize].pop_front() {
                None => Ok(()),
                Some((hunt, at_least)) => {
                    check(response, &plot.hunts.hunts[hunt], at_least).map(|player| {
                        least[hunt] = least[hunt].max(player + 1);
                    })
                }
            };
            judge(heard, response, verdict);
        })
    }

    fn closed(&mut self, conn: u32) {
        self.asked[conn as usize].clear();
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Joined<'a> {
    player: u32,
    session: &'a str,
}

/// The number of a player who joined when `least` players had surely joined before.
fn check(response: &Response<'_>, hunt: &Hunt, least: u32) -> Result<u32, Fault> {
    let Joined { player, session } = document(response, &[201])?;
    hold((least..hunt.capacity).contains(&player), || {
        format!("the player's number must be {least} to {}", hunt.capacity - 1)
    })?;
    let facts = SessionFacts::read(session);
    let is_right = facts.is_some_and(|facts| {
        facts.player == player
            && facts.hunt == hunt.id
            && hunt.start_unix_ms.is_none_or(|start| facts.start_unix_ms == start)
    });
    hold(is_right, || format!("the session must be of player {player} of hunt {}", hunt.id))?;
    Ok(player)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::errors::ErrorKind;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    fn session(player: u32, start: u64, hunt: &str) -> String {
        let mut token = vec![1, 1];
        token.extend_from_slice(&[0; 8]);
        token.extend_from_slice(&player.to_be_bytes());
        token.extend_from_slice(&start.to_be_bytes());
        token.extend_from_slice(hunt.as_bytes());
        token.extend_from_slice(&[0; 32]);
        URL_SAFE_NO_PAD.encode(token)
    }

    fn checked(status: u16, player: u32, session: &str) -> Result<u32, ErrorKind> {
        let body = format!(r#"{{"player":{player},"session":"{session}"}}"#);
        let response =
            Response { status, head: b"", body: body.as_bytes(), length: 0, keeps: true };
        let hunt = Hunt {
            id: "h1".into(),
            quest: 0,
            quest_id: "q".into(),
            version: 1,
            start_unix_ms: Some(77),
            players: 4,
            capacity: 9,
        };
        check(&response, &hunt, 5).map_err(|fault| fault.0)
    }

    #[test]
    fn a_player_gets_a_number_and_a_session_of_their_own() {
        assert_eq!(checked(201, 5, &session(5, 77, "h1")), Ok(5));
        assert_eq!(checked(201, 8, &session(8, 77, "h1")), Ok(8));
        for (status, player, session) in [
            (200, 5, session(5, 77, "h1")),
            (201, 4, session(4, 77, "h1")),
            (201, 9, session(9, 77, "h1")),
            (201, 5, session(6, 77, "h1")),
            (201, 5, session(5, 78, "h1")),
            (201, 5, session(5, 77, "h2")),
            (201, 5, "a.b".into()),
        ] {
            let kind = if status == 201 { ErrorKind::Wrong } else { ErrorKind::Status };
            assert_eq!(checked(status, player, &session), Err(kind), "{player} {session}");
        }
    }
}
