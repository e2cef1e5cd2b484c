//! The game without the engine around it: what a request asks for is decided, applied and encoded
//! by the engine's own pieces, in one call and under no lock.
//!
//! Every peer but the engine's own server serves this. It knows no socket and no connection.

use crate::world;
use alloc_bumpalo::BumpArena;
use driver::clock::Clock;
use engine_core::api::hunts::{Hunts, Player, Route, Settings};
use engine_core::api::token::{KeyRing, TokenError};
use engine_core::arena::{Arena, ArenaMeters};
use engine_core::error::Problem;
use engine_core::game::hash::Seed;
use engine_core::game::partition::Partition;
use engine_core::game::quest::Quest;
use engine_core::http::date::DateCache;
use engine_core::http::head::{Framing, Head};
use engine_core::http::problem::write_problem;
use engine_core::http::response::{ConnectionHeader, ResponseHead};
use engine_core::limits::Limits;
use engine_core::seam::{
    Applied, Codec, Command, ConnId, Frame, Listener, PlayerRef, Published, Query, Reply, ReplyTo,
    Request, Watch, WorkerId,
};
use engine_core::service::{Answer, MessageAnswer, Refused, Response, Service};
use engine_core::text::{Id, Name};
use engine_core::time::Timestamp;
use engine_core::websocket::message::Kind;
use std::fmt;
use std::sync::Arc;

/// The game of one worker.
pub struct Game {
    hunts: Hunts,
    keys: KeyRing,
    partition: Partition<BumpArena>,
    /// The hunts in their order, for `GET /loot`.
    ids: Vec<Id>,
    scratch: BumpArena,
    applied: Applied,
    published: Vec<Published>,
    forgotten: Vec<Id>,
    date: DateCache,
    limits: Arc<Limits>,
    clock: Clock,
    now: Timestamp,
    started_ms: u64,
    /// The body of the last response, or the payload of the last message.
    pub body: Vec<u8>,
}

/// What a response begins with; its body is in [`Game::body`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The status code.
    pub status: u16,
    /// The media type.
    pub content_type: Option<&'static str>,
}

/// What a request came to.
#[derive(Debug)]
pub enum Outcome {
    /// A response.
    Answered(Answered),
    /// A WebSocket connection, once [`Game::watch`] agrees.
    Upgrade {
        /// Who plays over it.
        player: Player,
        /// `Sec-WebSocket-Accept`.
        accept: [u8; 28],
        /// `Sec-WebSocket-Protocol`.
        protocol: Option<&'static str>,
    },
}

/// One worker, and nobody who waits.
const TO: ReplyTo =
    ReplyTo { worker: WorkerId(0), conn: ConnId { index: 0, generation: 0 }, slot: 0 };
const ONE_EACH: &str = "a partition answers every request at once";

impl Game {
    /// The world of [`world`], with this many players in it.
    ///
    /// # Panics
    /// If the world is none that the engine takes.
    #[must_use]
    pub fn new(players: u32) -> Self {
        let limits = Arc::new(Limits::default());
        let meters = ArenaMeters::default();
        let settings = Settings {
            keys: world::keys(),
            allowed_origins: Vec::new(),
            admin_on_public: false,
            limits: Arc::clone(&limits),
        };
        let clock = Clock::start();
        let now = clock.now().timestamp();
        let partition = Partition::new(Seed(1), meters.clone(), Arc::clone(&limits), 0, 1);
        let mut game = Self {
            hunts: Hunts::new(Arc::new(settings)),
            keys: world::keys(),
            partition,
            ids: vec![world::hunt()],
            scratch: BumpArena::new(Arc::clone(&meters.scratch)),
            applied: Applied::default(),
            published: Vec::new(),
            forgotten: Vec::new(),
            date: DateCache::default(),
            limits,
            clock,
            now,
            started_ms: now.0,
            body: Vec::new(),
        };
        game.set_up(players, &meters);
        game
    }

    fn set_up(&mut self, players: u32, meters: &ArenaMeters) {
        let quest =
            Quest::parse(world::hunt(), world::quest().as_bytes(), &self.scratch, &meters.quests);
        let mut quest = quest.expect("the quest is one that the engine takes");
        quest.version = 1;
        self.scratch.reset();
        let capacity = 1_000_000;
        let (hunt, applied) = (world::hunt(), &mut self.applied);
        self.partition.start_hunt(self.now, TO, hunt, Arc::new(quest), capacity, applied);
        for _ in 0..players {
            let name = Name::new("Ada").expect("a short name");
            self.applied.clear();
            self.partition.apply(self.now, TO, &Command::Join { hunt, name }, &mut self.applied);
        }
        match self.applied.replies.pop() {
            Some((_, Reply::Joined { player, .. })) => self.started_ms = player.started_ms,
            _ => assert_eq!(players, 0, "everybody joins"),
        }
    }

    /// When the round started, ms since the Unix epoch.
    #[must_use]
    pub fn started_ms(&self) -> u64 {
        self.started_ms
    }

    /// The bounds.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Reads the clock. Whoever serves calls it once for all that has just arrived.
    pub fn wake(&mut self) {
        self.now = self.clock.now().timestamp();
    }

    /// Answers a request whose head the engine has parsed.
    pub fn request(&mut self, head: &Head<'_>, body: &[u8]) -> Outcome {
        let scratch = self.scratch.scratch();
        let routed = self.hunts.route(self.now, Listener::Public, head, scratch);
        let verdict = match routed.verdict {
            Ok(_) if routed.wants_body && head.body == Framing::None => {
                Err(Problem::LengthRequired.into())
            }
            verdict => verdict,
        };
        match verdict {
            Ok(route) => self.call(route, body),
            Err(refused) => Outcome::Answered(self.refuse(&refused)),
        }
    }

    /// Answers a request whose head another library has parsed and routed.
    pub fn call(&mut self, route: Route, body: &[u8]) -> Outcome {
        self.body.clear();
        let scratch = self.scratch.scratch();
        let answer = self.hunts.call(self.now, route, body, scratch, &mut self.body);
        let response = match answer {
            Answer::Respond(response) => response,
            Answer::Submit(request) => {
                self.submit(&request);
                let (_, reply) = self.applied.replies.pop().expect(ONE_EACH);
                self.hunts.respond(self.now, &self.applied, &reply, &mut self.body)
            }
            Answer::Upgrade { session, accept, protocol, .. } => {
                return Outcome::Upgrade { player: session, accept, protocol };
            }
        };
        self.scratch.reset();
        Outcome::Answered(match response {
            Response::Success { status, content_type, .. } => Answered { status, content_type },
            Response::Problem(refused) => self.refuse(&refused),
        })
    }

    /// Writes the problem document of a refusal.
    pub fn refuse(&mut self, refused: &Refused) -> Answered {
        self.body.clear();
        write_problem(&refused.refusal, &mut self.body);
        let status = refused.refusal.problem.status();
        Answered { status, content_type: Some("application/problem+json") }
    }

    /// Who asks, by the value of `Authorization`.
    ///
    /// # Errors
    /// If there is no token, or none that is good for this hunt.
    pub fn player(&self, hunt: &Id, authorization: Option<&[u8]>) -> Result<PlayerRef, Problem> {
        let token = authorization.and_then(|value| {
            let (scheme, token) = value.split_at_checked(7)?;
            scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
        });
        let token = token.ok_or(Problem::SessionMissing)?;
        let session = self.keys.session(self.now, token).map_err(|error| match error {
            TokenError::Invalid => Problem::SessionInvalid,
            TokenError::Expired => Problem::SessionExpired,
        })?;
        if session.hunt == *hunt { Ok(session.player) } else { Err(Problem::SessionWrongHunt) }
    }

    /// A connection begins to watch its hunt: the frame that it gets first.
    ///
    /// # Errors
    /// If the round is over, or another one than the player's.
    ///
    /// # Panics
    /// If the partition answers something else.
    pub fn watch(&mut self, player: &Player) -> Result<Arc<Frame>, Answered> {
        let Some(Request::Watch(watch)) = self.hunts.left(player) else {
            unreachable!("whoever leaves ends to watch");
        };
        self.submit(&Request::Watch(Watch { on: true, ..watch }));
        match self.applied.replies.pop() {
            Some((_, Reply::Watching { snapshot, .. })) => Ok(snapshot),
            Some((_, Reply::Refused(refusal))) => Err(self.refuse(&refusal.into())),
            other => panic!("{ONE_EACH}: {other:?}"),
        }
    }

    /// A connection ends to watch.
    pub fn leave(&mut self, player: &Player) {
        if let Some(request) = self.hunts.left(player) {
            self.submit(&request);
        }
    }

    /// Answers a message: the payload is in [`Game::body`]. `None`: the connection is to be closed.
    pub fn message(&mut self, player: &Player, kind: Kind, payload: &mut [u8]) -> Option<Kind> {
        self.body.clear();
        let scratch = self.scratch.scratch();
        let answer = self.hunts.message(player, kind, payload, scratch, &mut self.body);
        let kind = match answer {
            MessageAnswer::Send(kind) => Some(kind),
            MessageAnswer::Submit { seq, request } => {
                self.submit(&request);
                let (_, reply) = self.applied.replies.pop().expect(ONE_EACH);
                Some(self.hunts.reply(player, seq, &reply, &mut self.body))
            }
            MessageAnswer::Close(_) => None,
        };
        self.scratch.reset();
        kind
    }

    /// In which encoding a connection gets broadcasts.
    #[must_use]
    pub fn codec(&self, player: &Player) -> Codec {
        self.hunts.codec(player)
    }

    /// The broadcasts that are due now.
    pub fn tick(&mut self) -> &[Published] {
        self.published.clear();
        self.partition.tick(self.now, &mut self.published, &mut self.forgotten);
        &self.published
    }

    /// Appends a response whose body is in [`Game::body`].
    pub fn write(&mut self, answered: Answered, last: bool, out: &mut Vec<u8>) {
        let Answered { status, content_type } = answered;
        let connection = if last { ConnectionHeader::Close } else { ConnectionHeader::None };
        let content_length = self.body.len();
        let challenge: &[(&str, &[u8])] = &[("WWW-Authenticate", b"Bearer")];
        let extra = if status == 401 { challenge } else { &[] };
        ResponseHead { status, content_type, content_length, connection, extra }.write(
            &mut self.date,
            self.now,
            out,
        );
        out.extend_from_slice(&self.body);
    }

    /// Appends the 101 of an upgrade.
    pub fn write_upgrade(
        &mut self,
        accept: &[u8; 28],
        protocol: Option<&'static str>,
        out: &mut Vec<u8>,
    ) {
        let fields: [(&str, &[u8]); 4] = [
            ("Connection", b"Upgrade"),
            ("Upgrade", b"websocket"),
            ("Sec-WebSocket-Accept", accept),
            ("Sec-WebSocket-Protocol", protocol.unwrap_or_default().as_bytes()),
        ];
        ResponseHead {
            status: 101,
            content_type: None,
            content_length: 0,
            connection: ConnectionHeader::None,
            extra: if protocol.is_some() { &fields } else { &fields[..3] },
        }
        .write(&mut self.date, self.now, out);
    }

    fn submit(&mut self, request: &Request) {
        let (now, applied) = (self.now, &mut self.applied);
        applied.clear();
        match request {
            Request::Command(command) => self.partition.apply(now, TO, command, applied),
            Request::Query(Query::Loot { session, .. }) => {
                let hunts = u32::try_from(self.ids.len()).expect("few hunts");
                let hunt = Some(self.ids[(session % hunts) as usize]);
                let query = Query::Loot { session: *session, hunt };
                self.partition.query(now, TO, &query, hunts, applied);
            }
            Request::Query(query) => self.partition.query(now, TO, query, 1, applied),
            Request::Watch(watch) => self.partition.watch(now, TO, watch, applied),
            Request::Observe(_) => {
                let refusal = Problem::UnknownPath.into();
                applied.replies.push((TO, Reply::Refused(refusal)));
            }
        }
    }
}

impl fmt::Debug for Game {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Game").field("started_ms", &self.started_ms).finish_non_exhaustive()
    }
}
