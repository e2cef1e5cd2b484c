//! `serve --demo`: a sample quest, running hunts and one player, and requests to try on them.
//!
//! Everything is set up by the same commands that a peer's requests become: there is no back door.

use crate::token_command::{self, expiry, mint_session};
use driver::store::Store;
use engine_core::api::token::{KeyRing, Session};
use engine_core::seam::{Applied, Command, ConnId, Reply, ReplyTo, Request, Submit, WorkerId};
use engine_core::text::{Id, Name};
use engine_core::time::Timestamp;
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The sample quest.
pub const QUEST: &str = include_str!("demo/harbour.json");
/// Its id.
pub const QUEST_ID: &str = "harbour";
/// The hunts that are started.
pub const HUNTS: [&str; 3] = ["harbour-1", "harbour-2", "harbour-3"];
/// Players that each can hold.
const CAPACITY: u32 = 1_000;
/// The treasure beside the start, which can be opened at once and by everybody.
const FIRST_TREASURE: &str = "harbour-bell";
/// For how long the printed admin token is good: as long as a round of the quest.
const ADMIN_TTL_MS: u64 = 86_400_000;

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The store refused a command.
    #[error("the demo cannot be set up: {0}; raise the limit")]
    Refused(&'static str),
    /// The store answered something else, or not at once.
    #[error("the demo cannot be set up: the store answered {0}")]
    Unexpected(String),
}

/// Publishes the quest, starts the hunts and joins a player to the first; returns the player.
///
/// # Errors
/// If the store refuses one of these, as where a limit is too low.
pub fn set_up(store: &dyn Store, now: Timestamp) -> Result<Session, DemoError> {
    let id = |text| Id::new(text).expect("the ids of the demo are well-formed");
    let quest = id(QUEST_ID);
    match perform(store, now, Command::PublishQuest { quest, body: QUEST.into() })? {
        Reply::QuestPublished { .. } => {}
        other => return Err(unexpected(&other)),
    }
    for hunt in HUNTS.map(id) {
        let start = Command::StartHunt { hunt, quest, version: None, capacity: CAPACITY };
        match perform(store, now, start)? {
            Reply::HuntStarted { .. } => {}
            other => return Err(unexpected(&other)),
        }
    }
    let name = Name::new("Demo").expect("the name of the demo's player is well-formed");
    match perform(store, now, Command::Join { hunt: id(HUNTS[0]), name })? {
        Reply::Joined { hunt, player } => Ok(Session { hunt, player }),
        other => Err(unexpected(&other)),
    }
}

fn perform(store: &dyn Store, now: Timestamp, command: Command) -> Result<Reply, DemoError> {
    // No connection has this number, so an answer that came late would be dropped.
    let conn = ConnId { index: u32::MAX, generation: u32::MAX };
    let to = ReplyTo { worker: WorkerId(0), conn, slot: 0 };
    let mut applied = Applied::default();
    store.submit(now, Submit { to, request: Request::Command(command) }, &mut applied);
    match applied.replies.pop() {
        Some((_, Reply::Refused(refusal))) => Err(DemoError::Refused(refusal.problem.title())),
        Some((_, reply)) => Ok(reply),
        None => Err(DemoError::Unexpected("nothing at once".into())),
    }
}

fn unexpected(reply: &Reply) -> DemoError {
    DemoError::Unexpected(format!("{reply:?}"))
}

/// What is printed: requests that work when they are pasted.
#[must_use]
pub fn invitation(
    public: SocketAddr,
    admin: SocketAddr,
    keys: &KeyRing,
    session: &Session,
    session_ttl_ms: u64,
) -> String {
    let now = token_command::now();
    let until = |ttl_ms| expiry(now, ttl_ms).unwrap_or(Timestamp(u64::MAX));
    let token = mint_session(keys, session, until(session_ttl_ms));
    let admin_token = keys.mint_admin(until(ADMIN_TTL_MS));
    let (public, admin) = (reachable(public), reachable(admin));
    let hunt = session.hunt;
    let json = "-H 'content-type: application/json'";
    let resolve = format!(r#"-d '{{"treasure":"{FIRST_TREASURE}","x":0,"y":0,"z":0}}'"#);
    let mut text = String::new();
    let mut line = |what: &str, command: String| {
        let _ = writeln!(text, "\n# {what}\n{command}");
    };
    line(
        "open a treasure as the player that has joined already",
        format!(
            "curl -sS http://{public}/v1/hunts/{hunt}/resolve -H 'authorization: Bearer {token}' \
             {json} {resolve}"
        ),
    );
    line(
        "join as somebody else, then open it",
        format!(
            "SESSION=$(curl -sS http://{public}/v1/hunts/{hunt}/players {json} \
             -d '{{\"name\":\"Ada\"}}' | sed 's/.*\"session\":\"\\([^\"]*\\)\".*/\\1/'); \
             curl -sS http://{public}/v1/hunts/{hunt}/resolve \
             -H \"authorization: Bearer $SESSION\" {json} {resolve}"
        ),
    );
    line(
        "watch and play over a WebSocket; send {\"seq\":1,\"move\":{\"x\":1,\"y\":2,\"z\":0}}",
        format!(
            "npx --yes wscat -s hunt.v1+json -c \
             'ws://{public}/v1/hunts/{hunt}/play?session={token}'"
        ),
    );
    line("look", format!("curl -sS http://{public}/v1/hunts/{hunt}/leaderboard"));
    line(
        "start a hunt of your own, as the administrator",
        format!(
            "curl -sS -X PUT http://{admin}/v1/hunts/mine -H 'authorization: Bearer {admin_token}' \
             {json} -d '{{\"quest\":\"{QUEST_ID}\",\"capacity\":100}}'"
        ),
    );
    line("see the figures", format!("curl -sS http://{admin}/metrics"));
    text
}

/// An address that a client on this machine can use: a server that listens everywhere is not
/// reached at the address that means everywhere.
#[must_use]
pub fn reachable(addr: SocketAddr) -> SocketAddr {
    let ip = match addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, addr.port())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::random_key;
    use alloc_heap::HeapArena;
    use driver::store::Memory;
    use engine_core::arena::ArenaMeters;
    use engine_core::game::hash::Seed;
    use engine_core::limits::Limits;
    use engine_core::seam::{PlayerRef, Point, ResolveOutcome};
    use std::sync::Arc;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn store(limits: Limits) -> Memory<HeapArena> {
        Memory::new(1, Seed(1), ArenaMeters::default(), Arc::new(limits))
    }

    #[test]
    fn the_demo_has_hunts_and_a_player_that_can_open_the_first_treasure_at_once() {
        let store = store(Limits::default());
        let session = set_up(&store, NOW).unwrap();
        let figures = store.figures();
        assert_eq!((figures.hunts_running, figures.players), (3, 1));
        let resolve = Command::Resolve {
            hunt: session.hunt,
            player: session.player,
            treasure: Id::new(FIRST_TREASURE).unwrap(),
            at: Point::default(),
            key: None,
        };
        match perform(&store, NOW, resolve).unwrap() {
            Reply::Resolved { outcome, .. } => assert_eq!(outcome, ResolveOutcome::Claimed),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_limit_that_is_too_low_is_an_error() {
        let store = store(Limits { hunts_max: 2, ..Limits::default() });
        let error = set_up(&store, NOW).unwrap_err().to_string();
        assert!(error.contains("as many hunts as it may"), "{error}");
    }

    #[test]
    fn the_invitation_has_addresses_that_can_be_reached_and_tokens_that_are_good() {
        let key = random_key(1).unwrap();
        let keys = token_command::ring(&[key]).unwrap();
        let session =
            Session { hunt: Id::new("h").unwrap(), player: PlayerRef { player: 0, started_ms: 5 } };
        let everywhere = "0.0.0.0:80".parse().unwrap();
        let text = invitation(everywhere, "[::]:81".parse().unwrap(), &keys, &session, 60_000);
        assert!(text.contains("http://127.0.0.1:80/") && text.contains("http://[::1]:81/"));
        let tokens: Vec<&str> =
            text.split("Bearer ").skip(1).filter_map(|rest| rest.split('\'').next()).collect();
        let now = token_command::now();
        assert_eq!(keys.session(now, tokens[0].as_bytes()), Ok(session));
        let admin = tokens.last().unwrap();
        assert_eq!(keys.admin(now, admin.as_bytes()), Ok(()));
    }
}
