//! The game's API as a [`Service`]: requests become commands and queries, replies become bodies.

use super::requests::{self, LeaderboardQuery};
use super::responses;
use super::routes::Resource;
pub use super::socket::Player;
use super::token::{KeyRing, Session, TokenError};
use crate::arena::Allocator;
use crate::error::{Problem, Refusal};
use crate::figures::RouteName;
use crate::http::head::{Head, Method};
use crate::limits::Limits;
use crate::seam::{
    Applied, Codec, Command, Listener, Observe, PlayerRef, Query, Reply, Request, Watch,
};
use crate::service::{Answer, MessageAnswer, Refused, Response, Routed, Service};
use crate::text::Id;
use crate::time::Timestamp;
use crate::websocket::close::CloseCode;
use crate::websocket::handshake;
use crate::websocket::message::Kind;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// What the API needs to know, the same for every shard.
#[derive(Debug)]
pub struct Settings {
    /// The signing keys.
    pub keys: KeyRing,
    /// The origins that may open a WebSocket; empty: any.
    pub allowed_origins: Vec<String>,
    /// Whether admin calls are answered on the public listener too.
    pub admin_on_public: bool,
    /// The limits.
    pub limits: Arc<Limits>,
}

/// The game's API.
#[derive(Clone, Debug)]
pub struct Hunts {
    settings: Arc<Settings>,
}

/// What the head of a request decided.
#[derive(Debug)]
pub enum Route {
    /// OPTIONS: the methods.
    Options(&'static str),
    /// PUT a quest.
    Publish(Id),
    /// PUT a hunt.
    Start(Id),
    /// POST a player.
    Join(Id),
    /// POST a resolve.
    Resolve(Id, PlayerRef),
    /// GET that reads the game.
    Read(Query),
    /// GET that reads the server.
    Observe(Observe),
    /// GET that becomes a WebSocket connection.
    Play {
        /// Who plays.
        player: Player,
        /// `Sec-WebSocket-Accept`.
        accept: [u8; 28],
        /// Whether the subprotocol was asked for, so that the answer names it.
        named: bool,
    },
}

const ALL_METHODS: &str = "GET, HEAD, OPTIONS, POST, PUT";

impl Hunts {
    /// The API with these settings.
    #[must_use]
    pub fn new(settings: Arc<Settings>) -> Self {
        Self { settings }
    }

    fn decide<A: Allocator + Copy>(
        &self,
        now: Timestamp,
        resource: Resource,
        head: &Head<'_>,
        scratch: A,
    ) -> Result<Route, Refused> {
        if !resource.answers(head.method) {
            let refusal = Problem::MethodNotAllowed.into();
            return Err(Refused { refusal, allow: Some(resource.allow()) });
        }
        if head.method == Method::Options {
            return Ok(Route::Options(resource.allow()));
        }
        let query = head.query.unwrap_or_default();
        match resource {
            Resource::Leaderboard(_) | Resource::Loot | Resource::Play(_) => {}
            _ => requests::no_query(query, scratch)?,
        }
        let route = match resource {
            Resource::Quest(quest) => {
                self.admin(now, head)?;
                Route::Publish(quest)
            }
            Resource::Hunt(hunt) => {
                self.admin(now, head)?;
                Route::Start(hunt)
            }
            Resource::Players(hunt) => Route::Join(hunt),
            Resource::Resolve(hunt) => {
                Route::Resolve(hunt, self.session(now, hunt, bearer(head.authorization))?)
            }
            Resource::Status(hunt) => Route::Read(Query::Status { hunt }),
            Resource::Leaderboard(hunt) => {
                let LeaderboardQuery { limit, around } =
                    requests::leaderboard_query(query, scratch)?;
                Route::Read(Query::Leaderboard { hunt, limit, around })
            }
            Resource::Loot => {
                let session = requests::loot_query(query, scratch)?;
                Route::Read(Query::Loot { session, hunt: None })
            }
            Resource::Observe(what) => Route::Observe(what),
            Resource::Play(hunt) => self.play(now, hunt, head, query, scratch)?,
        };
        if takes_body(&route) {
            check_json(head)?;
        }
        Ok(route)
    }

    /// Checks the handshake of RFC 6455 section 4.2.1, and who asks.
    fn play<A: Allocator + Copy>(
        &self,
        now: Timestamp,
        hunt: Id,
        head: &Head<'_>,
        query: &[u8],
        scratch: A,
    ) -> Result<Route, Refused> {
        let (accept, codec) = handshake(head, &self.settings.allowed_origins)?;
        let mut token = None;
        let mut player = None;
        requests::parameters(query, scratch, |name, value| {
            if name != b"session" {
                return false;
            }
            player = Some(self.session(now, hunt, Some(value)));
            requests::once(&mut token, Some(()))
        })?;
        let player = match player {
            Some(player) => player?,
            None => self.session(now, hunt, bearer(head.authorization))?,
        };
        let player = Player { hunt, player, codec: codec.unwrap_or(Codec::Json) };
        Ok(Route::Play { player, accept, named: codec.is_some() })
    }

    fn session(
        &self,
        now: Timestamp,
        hunt: Id,
        token: Option<&[u8]>,
    ) -> Result<PlayerRef, Problem> {
        let token = token.ok_or(Problem::SessionMissing)?;
        let session = self.settings.keys.session(now, token).map_err(|error| match error {
            TokenError::Invalid => Problem::SessionInvalid,
            TokenError::Expired => Problem::SessionExpired,
        })?;
        if session.hunt == hunt { Ok(session.player) } else { Err(Problem::SessionWrongHunt) }
    }

    fn admin(&self, now: Timestamp, head: &Head<'_>) -> Result<(), Problem> {
        let token = bearer(head.authorization).ok_or(Problem::AdminMissing)?;
        self.settings.keys.admin(now, token).map_err(|error| match error {
            TokenError::Invalid => Problem::AdminInvalid,
            TokenError::Expired => Problem::AdminExpired,
        })
    }

    fn serves(&self, listener: Listener, resource: Resource) -> bool {
        resource.listener() == listener
            || (listener == Listener::Public && self.settings.admin_on_public)
    }
}

impl Service for Hunts {
    type Route = Route;
    type Session = Player;

    fn route<A: Allocator + Copy>(
        &mut self,
        now: Timestamp,
        listener: Listener,
        head: &Head<'_>,
        scratch: A,
    ) -> Routed<Route> {
        let limits = &self.settings.limits;
        let (name, verdict) = if head.asterisk {
            (RouteName::None, Ok(Route::Options(ALL_METHODS)))
        } else if matches!(head.method, Method::Trace | Method::Connect) {
            (RouteName::None, Err(Problem::UnknownMethod.into()))
        } else {
            match Resource::find(head.path, scratch) {
                Ok(resource) if self.serves(listener, resource) => {
                    (resource.name(), self.decide(now, resource, head, scratch))
                }
                Ok(_) => (RouteName::None, Err(Problem::UnknownPath.into())),
                Err(refusal) => (RouteName::None, Err(refusal.into())),
            }
        };
        let body_bytes_max = match &verdict {
            Ok(Route::Publish(_)) => limits.quest_bytes_max,
            _ => limits.body_bytes_max,
        };
        let wants_body = verdict.as_ref().is_ok_and(takes_body);
        Routed { name, verdict, wants_body, body_bytes_max }
    }

    fn call<A: Allocator + Copy>(
        &mut self,
        _: Timestamp,
        route: Route,
        body: &[u8],
        scratch: A,
        _: &mut Vec<u8>,
    ) -> Answer<Player> {
        let request = match route {
            Route::Options(allow) => {
                let allow = Some(allow);
                let response = Response::Success { status: 204, content_type: None, allow };
                return Answer::Respond(response);
            }
            Route::Play { player, accept, named } => {
                let protocol = named.then(|| handshake::subprotocol(player.codec));
                let watch = Some(player.watch(true));
                return Answer::Upgrade { session: player, accept, protocol, watch };
            }
            Route::Read(query) => Ok(Request::Query(query)),
            Route::Observe(what) => Ok(Request::Observe(what)),
            Route::Publish(quest) => {
                Ok(Request::Command(Command::PublishQuest { quest, body: body.to_vec() }))
            }
            Route::Start(hunt) => requests::hunt(body, scratch).map(|body| {
                let requests::HuntBody { quest, version, capacity } = body;
                Request::Command(Command::StartHunt { hunt, quest, version, capacity })
            }),
            Route::Join(hunt) => requests::player(body, scratch)
                .map(|name| Request::Command(Command::Join { hunt, name })),
            Route::Resolve(hunt, player) => requests::resolve(body, scratch).map(|body| {
                let requests::ResolveBody { treasure, at, key } = body;
                Request::Command(Command::Resolve { hunt, player, treasure, at, key })
            }),
        };
        match request {
            Ok(request) => Answer::Submit(request),
            Err(fault) => {
                let refusal = Refusal::json(Problem::InvalidBody, *fault);
                Answer::Respond(Response::Problem(refusal.into()))
            }
        }
    }

    fn respond(
        &mut self,
        now: Timestamp,
        applied: &Applied,
        reply: &Reply,
        out: &mut Vec<u8>,
    ) -> Response {
        let created = |created: bool| Response::json(if created { 201 } else { 200 });
        match reply {
            Reply::QuestPublished { quest, version, waypoints, treasures, created: new } => {
                responses::quest(out, *quest, *version, *waypoints, *treasures);
                created(*new)
            }
            Reply::HuntStarted { hunt, quest, version, capacity, round, created: new } => {
                responses::hunt(out, *hunt, *quest, [*version, *capacity, *round]);
                created(*new)
            }
            Reply::Joined { hunt, player } => {
                let session = Session { hunt: *hunt, player: *player };
                let expires = now.after_ms(self.settings.limits.session_ttl_ms as u64);
                responses::joined(out, player.player, |out| {
                    self.settings.keys.mint_session(&session, expires, out);
                });
                created(true)
            }
            Reply::Resolved { outcome, loot, score, rank } => {
                responses::resolve(out, outcome.as_str(), *loot, *score, *rank);
                Response::json(200)
            }
            Reply::Status(status) => {
                responses::status(out, status);
                Response::json(200)
            }
            Reply::Leaderboard { hunt, players, rows } => {
                responses::leaderboard(out, *hunt, *players, &applied.board_rows[rows.clone()]);
                Response::json(200)
            }
            Reply::Loot { session, hunt, rows } => {
                responses::loot(out, *session, *hunt, &applied.loot_rows[rows.clone()]);
                Response::json(200)
            }
            Reply::Document { status, content_type, body } => {
                out.extend_from_slice(body);
                let (status, content_type) = (*status, Some(*content_type));
                Response::Success { status, content_type, allow: None }
            }
            Reply::Refused(refusal) => Response::Problem(refusal.clone().into()),
            Reply::Moved { .. }
            | Reply::PowerUpUsed { .. }
            | Reply::Watching { .. }
            | Reply::Snapshot(_) => {
                debug_assert!(false, "a reply to a message is no response");
                Response::Problem(Problem::Internal.into())
            }
        }
    }

    fn message<A: Allocator + Copy>(
        &mut self,
        player: &Player,
        kind: Kind,
        payload: &mut [u8],
        scratch: A,
        out: &mut Vec<u8>,
    ) -> MessageAnswer {
        if kind != player.codec.kind() {
            return MessageAnswer::Close(CloseCode::UnsupportedData);
        }
        match player.read(payload, scratch) {
            Ok((seq, command)) => MessageAnswer::Submit { seq, request: Request::Command(command) },
            Err((seq, refusal)) => {
                player.write_reply(seq, &Reply::Refused(refusal), out);
                MessageAnswer::Send(kind)
            }
        }
    }

    fn reply(&mut self, player: &Player, seq: u32, reply: &Reply, out: &mut Vec<u8>) -> Kind {
        player.write_reply(seq, reply, out);
        player.codec.kind()
    }

    fn codec(&self, player: &Player) -> Codec {
        player.codec
    }

    fn snapshot(&self, player: &Player) -> Option<Request> {
        Some(Request::Query(Query::Snapshot { hunt: player.hunt, codec: player.codec }))
    }

    fn left(&self, player: &Player) -> Option<Request> {
        Some(Request::Watch(player.watch(false)))
    }
}

impl Player {
    fn watch(&self, on: bool) -> Watch {
        Watch { hunt: self.hunt, player: self.player, codec: self.codec, on }
    }
}

/// Checks that a head asks for a WebSocket of version 13 that we speak.
fn handshake(
    head: &Head<'_>,
    allowed_origins: &[String],
) -> Result<([u8; 28], Option<Codec>), Refusal> {
    let asks = head.method == Method::Get
        && !head.http10
        && head.connection_upgrade
        && head.upgrade_websocket;
    if !asks || head.ws_version != Some(b"13") {
        return Err(Problem::UpgradeRequired.into());
    }
    let key = head.ws_key.filter(|key| handshake::valid_key(key));
    let Some(key) = key else {
        let detail = "Sec-WebSocket-Key must be 16 bytes in base64";
        return Err(Refusal::because(Problem::InvalidHandshake, detail));
    };
    if !handshake::origin_allowed(allowed_origins, head.origin) {
        return Err(Problem::OriginRefused.into());
    }
    let codec = handshake::choose(head.ws_protocols())?;
    Ok((handshake::accept_key(key), codec))
}

fn takes_body(route: &Route) -> bool {
    matches!(route, Route::Publish(_) | Route::Start(_) | Route::Join(_) | Route::Resolve(..))
}

/// The token of `Authorization: Bearer TOKEN`.
fn bearer(authorization: Option<&[u8]>) -> Option<&[u8]> {
    let (scheme, token) = authorization?.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

/// Whether the body is said to be JSON, uncoded; a missing `Content-Type` is taken as such.
fn check_json(head: &Head<'_>) -> Result<(), Problem> {
    let uncoded = head.content_encoding.is_none_or(|c| c.eq_ignore_ascii_case(b"identity"));
    let is_json = head.content_type.is_none_or(|value| {
        let mut parts = value.split(|b| *b == b';').map(<[u8]>::trim_ascii);
        let media = parts.next().unwrap_or_default();
        media.eq_ignore_ascii_case(b"application/json")
            && parts.all(|parameter| {
                parameter.is_empty()
                    || parameter.eq_ignore_ascii_case(b"charset=utf-8")
                    || parameter.eq_ignore_ascii_case(b"charset=\"utf-8\"")
            })
    });
    if uncoded && is_json { Ok(()) } else { Err(Problem::UnsupportedMediaType) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_token_is_found_whatever_the_case_of_the_scheme() {
        assert_eq!(bearer(Some(b"Bearer abc")), Some(&b"abc"[..]));
        assert_eq!(bearer(Some(b"bEARER  abc ")), Some(&b"abc"[..]));
        for other in [None, Some(&b"Basic abc"[..]), Some(b"Bearer"), Some(b"abc")] {
            assert_eq!(bearer(other), None);
        }
    }
}
