//! The world that every peer serves, the same to the last treasure, and the players in it.
//!
//! It is known to both sides: who serves it sets it up, who asks knows what to ask for.

use engine_core::api::token::{KeyRing, Session};
use engine_core::seam::PlayerRef;
use engine_core::text::Id;
use engine_core::time::Timestamp;
use std::fmt::Write;

/// The hunt, and the quest that it plays.
pub const HUNT: &str = "floor";
/// Treasures that everybody can open from the start, without running out: `t0000`, `t0001`, ...
pub const TREASURES: u32 = 1_020;
/// A treasure that cannot be reached.
pub const FAR: &str = "far";
/// A treasure that opens on the last millisecond.
pub const LATE: &str = "late";
/// A treasure that one player can open.
pub const SINGLE: &str = "single";

/// The number of the signing key.
const KEY_ID: u8 = 1;
/// Every server of a run signs with it; it guards nothing.
const SECRET: [u8; 32] = [0x5e; 32];
const DAY_MS: u64 = 86_400_000;

/// The signing keys.
#[must_use]
pub fn keys() -> KeyRing {
    KeyRing::new([(KEY_ID, &SECRET[..])]).expect("one key of 32 bytes is a ring")
}

/// The same keys as the server reads them from `HUNT_KEYS`.
#[must_use]
pub fn keys_text() -> String {
    let hex = SECRET.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    format!("{KEY_ID}:{hex}")
}

/// The hunt's id.
#[must_use]
pub fn hunt() -> Id {
    Id::new(HUNT).expect("the hunt's name is an id")
}

/// The quest document. Points differ from treasure to treasure, so that claims change ranks.
#[must_use]
pub fn quest() -> String {
    let mut text = String::from(r#"{"name":"The floor","waypoints":["#);
    for place in 0..12 {
        let comma = if place == 0 { "" } else { "," };
        let at = place * 20;
        let _ = write!(text, r#"{comma}{{"x":{at},"y":{at}.5,"z":0,"radius":10}}"#);
    }
    text.push_str(r#"],"treasures":["#);
    let mut treasure = |id: &str, x: u32, more: &str, points: u32| {
        let _ = write!(
            text,
            r#"{{"id":"{id}","x":{x},"y":0.5,"z":0,"radius":10,{more},"loot":{{"item":"coin","points":{points}}}}},"#
        );
    };
    let plenty = r#""supply":1000000"#;
    for index in 0..TREASURES {
        treasure(&format!("t{index:04}"), 0, plenty, 1 + index * 37 % 101);
    }
    treasure(FAR, 5_000, plenty, 7);
    treasure(LATE, 0, r#""supply":1000000,"opens_ms":86400000"#, 7);
    treasure(SINGLE, 0, r#""supply":1"#, 7);
    text.pop();
    let _ = write!(
        text,
        r#"],"rules":{{"duration_ms":{DAY_MS},"speed_max":1000,"energy_per_s":1000,"waypoints_in_play":8}}}}"#
    );
    text
}

/// The players who have joined, and their sessions.
#[derive(Clone, Debug)]
pub struct Players {
    /// How many, numbered from 0.
    pub count: u32,
    /// When the round started, ms since the Unix epoch.
    pub started_ms: u64,
    keys: KeyRing,
}

impl Players {
    /// Players of the round that started then.
    #[must_use]
    pub fn new(count: u32, started_ms: u64) -> Self {
        Self { count, started_ms, keys: keys() }
    }

    /// The players of the round that a session token is of.
    #[must_use]
    pub fn of_round(count: u32, token: &[u8]) -> Option<Self> {
        let session = keys().session(Timestamp(0), token).ok()?;
        Some(Self::new(count, session.player.started_ms))
    }

    /// Appends the session token of a player, good for a day from the start of the round.
    pub fn token(&self, player: u32, out: &mut Vec<u8>) {
        self.token_of(HUNT, player, self.started_ms + DAY_MS, out);
    }

    /// Appends a session token for another hunt or time.
    pub fn token_of(&self, hunt: &str, player: u32, expires_ms: u64, out: &mut Vec<u8>) {
        let hunt = Id::new(hunt).expect("hunts are named by ids");
        let player = PlayerRef { player, started_ms: self.started_ms };
        self.keys.mint_session(&Session { hunt, player }, Timestamp(expires_ms), out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc_bumpalo::BumpArena;
    use engine_core::arena::Arena;
    use engine_core::game::quest::Quest;
    use std::sync::Arc;

    #[test]
    fn the_quest_is_one_that_the_engine_takes() {
        let arena = BumpArena::new(Arc::default());
        let quest = Quest::parse(hunt(), quest().as_bytes(), &arena, &Arc::default()).unwrap();
        assert_eq!(quest.treasures.len(), TREASURES as usize + 3);
        for id in ["t0000", "t1019", FAR, LATE, SINGLE] {
            assert!(quest.treasure_index(&Id::new(id).unwrap()).is_some(), "{id}");
        }
    }

    #[test]
    fn a_token_names_the_round_that_it_is_of() {
        let mut token = Vec::new();
        Players::new(3, 77).token(2, &mut token);
        let read = Players::of_round(3, &token).unwrap();
        assert_eq!((read.count, read.started_ms), (3, 77));
        assert!(Players::of_round(3, b"no token").is_none());
    }
}
