//! The hunts of a world, as a workload's connections must know them: what is played, since when,
//! and who has a place in it.

use super::broadcast::{Broadcast, UnixClock};
use crate::quest_plan::{Quest, QuestPlan};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use std::rc::Rc;

/// Hunts of a world, and what they play.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Hunts {
    /// What the quests are made from.
    pub quests: Vec<QuestPlan>,
    /// The hunts.
    pub hunts: Vec<Hunt>,
}

/// A hunt whose round runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunt {
    /// Its id.
    pub id: String,
    /// The place of its quest in [`Hunts::quests`].
    pub quest: u32,
    /// The id of its quest.
    pub quest_id: String,
    /// The version of its quest that it plays.
    pub version: u32,
    /// When its round began, in milliseconds since the Unix epoch; where nobody has joined, nobody
    /// has been told.
    pub start_unix_ms: Option<u64>,
    /// Players who have joined.
    pub players: u32,
    /// Players who may.
    pub capacity: u32,
}

/// A player's place at a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// The place of the hunt in [`Hunts::hunts`].
    pub hunt: u32,
    /// The player's session.
    pub session: String,
}

/// What a session says: rule R67.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionFacts {
    /// The player's number.
    pub player: u32,
    /// When the round began, in milliseconds since the Unix epoch.
    pub start_unix_ms: u64,
    /// The hunt's id.
    pub hunt: String,
}

impl SessionFacts {
    /// Reads a token; its signature is the server's own affair. `None`: it is no session.
    #[must_use]
    pub fn read(session: &str) -> Option<Self> {
        //  kind  key id  expiry  player  start  hunt  signature
        //   1      1       8       4       8           32
        let token = URL_SAFE_NO_PAD.decode(session).ok()?;
        let payload = &token[..token.len().checked_sub(SIGNATURE_BYTES)?];
        let (player, start) = (payload.get(10..14)?, payload.get(14..22)?);
        if payload[0] != SESSION {
            return None;
        }
        Some(Self {
            player: u32::from_be_bytes(*player.first_chunk()?),
            start_unix_ms: u64::from_be_bytes(*start.first_chunk()?),
            hunt: str::from_utf8(&payload[22..]).ok()?.to_owned(),
        })
    }
}

/// The kind of a session token.
const SESSION: u8 = 1;
/// Of HMAC-SHA256.
const SIGNATURE_BYTES: usize = 32;

impl Hunts {
    /// The quests, made.
    pub(super) fn make_quests(&self) -> Vec<Rc<Quest>> {
        self.quests.iter().map(|plan| Rc::new(plan.make())).collect()
    }

    /// The hunts as their watchers must see them.
    pub(super) fn broadcasts(&self, quests: &[Rc<Quest>]) -> Vec<Broadcast> {
        let clock = UnixClock::now();
        let broadcast = |hunt: &Hunt| {
            let quest = Rc::clone(&quests[hunt.quest as usize]);
            Broadcast::new(
                hunt.id.clone(),
                quest,
                clock.of_unix_ms(hunt.start_unix_ms.unwrap_or(0)),
            )
        };
        self.hunts.iter().map(broadcast).collect()
    }

    /// The id of a seat's hunt.
    pub(super) fn id_of(&self, seat: &Seat) -> &str {
        &self.hunts[seat.hunt as usize].id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_says_who_plays_where_and_since_when() {
        let mut token = vec![SESSION, 1];
        token.extend_from_slice(&1_900_000_000_000u64.to_be_bytes());
        token.extend_from_slice(&3u32.to_be_bytes());
        token.extend_from_slice(&1_800_000_000_123u64.to_be_bytes());
        token.extend_from_slice(b"h1");
        token.extend_from_slice(&[0xa5; SIGNATURE_BYTES]);
        let facts = SessionFacts::read(&URL_SAFE_NO_PAD.encode(&token)).unwrap();
        let (player, start_unix_ms) = (3, 1_800_000_000_123);
        assert_eq!(facts, SessionFacts { player, start_unix_ms, hunt: "h1".into() });
        token[0] = 2;
        for no_session in [&*URL_SAFE_NO_PAD.encode(&token), "not a token", "AQE", ""] {
            assert_eq!(SessionFacts::read(no_session), None);
        }
    }
}
