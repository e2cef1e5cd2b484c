//! The replies of the store as JSON bodies.

use crate::json::Writer;
use crate::seam::{BoardRow, HuntStatus, Loot, LootRow};
use crate::text::Id;
use alloc::vec::Vec;

/// Starts a writer on an empty body.
fn object(out: &mut Vec<u8>, write: impl FnOnce(&mut Writer<'_>)) {
    let mut w = Writer::new(out);
    w.begin_object();
    write(&mut w);
    w.end_object();
}

fn text(w: &mut Writer<'_>, key: &'static str, value: &str) {
    w.key(key);
    w.str(value);
}

fn number(w: &mut Writer<'_>, key: &'static str, value: impl Into<u64>) {
    w.key(key);
    w.u64(value.into());
}

/// What was published.
pub(super) fn quest(out: &mut Vec<u8>, quest: Id, version: u32, waypoints: u32, treasures: u32) {
    object(out, |w| {
        text(w, "quest", quest.as_str());
        number(w, "version", version);
        number(w, "waypoints", waypoints);
        number(w, "treasures", treasures);
    });
}

/// What was started.
pub(super) fn hunt(out: &mut Vec<u8>, hunt: Id, quest: Id, [version, capacity, round]: [u32; 3]) {
    object(out, |w| {
        text(w, "hunt", hunt.as_str());
        text(w, "quest", quest.as_str());
        number(w, "version", version);
        number(w, "capacity", capacity);
        number(w, "round", round);
    });
}

/// Who joined; `mint` appends the session token.
pub(super) fn joined(out: &mut Vec<u8>, player: u32, mint: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(b"{\"player\":");
    out.extend_from_slice(itoa::Buffer::new().format(player).as_bytes());
    out.extend_from_slice(b",\"session\":\"");
    mint(out);
    out.extend_from_slice(b"\"}");
}

/// The members of a resolve, in a body or in a message.
pub(super) fn resolved(
    w: &mut Writer<'_>,
    outcome: &str,
    loot: Option<Loot>,
    score: u32,
    rank: u32,
) {
    text(w, "outcome", outcome);
    w.key("loot");
    match loot {
        None => w.null(),
        Some(loot) => {
            w.begin_object();
            text(w, "item", loot.item.as_str());
            number(w, "points", loot.points);
            w.key("power_up");
            match loot.power_up {
                None => w.null(),
                Some(power_up) => w.str(power_up.as_str()),
            }
            w.end_object();
        }
    }
    number(w, "score", score);
    number(w, "rank", rank);
}

/// The body of a resolve.
pub(super) fn resolve(out: &mut Vec<u8>, outcome: &str, loot: Option<Loot>, score: u32, rank: u32) {
    object(out, |w| resolved(w, outcome, loot, score, rank));
}

/// The status of a hunt.
pub(super) fn status(out: &mut Vec<u8>, status: &HuntStatus) {
    object(out, |w| {
        text(w, "hunt", status.hunt.as_str());
        text(w, "quest", status.quest.as_str());
        number(w, "version", status.version);
        number(w, "round", status.round);
        text(w, "status", status.state.as_str());
        number(w, "tick", status.tick);
        number(w, "remaining_ms", status.remaining_ms);
        number(w, "players", status.players);
        number(w, "capacity", status.capacity);
        number(w, "watchers", status.watchers);
        number(w, "claims", status.claims);
    });
}

/// A part of the leaderboard.
pub(super) fn leaderboard(out: &mut Vec<u8>, hunt: Id, players: u32, rows: &[BoardRow]) {
    object(out, |w| {
        text(w, "hunt", hunt.as_str());
        number(w, "players", players);
        w.key("rows");
        w.begin_array();
        for row in rows {
            w.begin_object();
            number(w, "rank", row.rank);
            number(w, "player", row.player);
            text(w, "name", row.name.as_str());
            number(w, "score", row.score);
            w.end_object();
        }
        w.end_array();
    });
}

/// The loot table of a session.
pub(super) fn loot(out: &mut Vec<u8>, session: u32, hunt: Option<Id>, rows: &[LootRow]) {
    object(out, |w| {
        number(w, "session", session);
        w.key("hunt");
        match &hunt {
            None => w.null(),
            Some(hunt) => w.str(hunt.as_str()),
        }
        w.key("loot");
        w.begin_array();
        for row in rows {
            w.begin_object();
            text(w, "treasure", row.treasure.as_str());
            text(w, "item", row.item.as_str());
            number(w, "points", row.points);
            number(w, "remaining", row.remaining);
            w.end_object();
        }
        w.end_array();
    });
}
