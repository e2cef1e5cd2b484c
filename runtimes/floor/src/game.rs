//! The game without the engine around it: what a request asks for is decided, applied and encoded
//! by the engine's own pieces, in one call and under no lock.
//!
//! Every peer but the engine's own server serves this. It knows no socket and no connection.

use crate::store::Store;
use crate::world;
use alloc_bumpalo::BumpArena;
use driver::clock::Clock;
use engine_core::api::hunts::{Hunts, Player, Route, Settings};
use engine_core::arena::{Arena, ArenaMeters};
use engine_core::error::Problem;
use engine_core::game::hash::Seed;
use engine_core::game::partition::PartitionFigures;
use engine_core::http::date::DateCache;
use engine_core::http::head::{Framing, Head};
use engine_core::http::problem::write_problem;
use engine_core::http::response::{ConnectionHeader, ResponseHead};
use engine_core::limits::Limits;
use engine_core::seam::{
    Applied, Codec, Command, Frame, Listener, Published, Reply, Request, Watch,
};
use engine_core::service::{Answer, MessageAnswer, Refused, Response, Service};
use engine_core::text::Name;
use engine_core::time::Timestamp;
use engine_core::websocket::close::CloseCode;
use engine_core::websocket::message::Kind;
use std::fmt;
use std::sync::Arc;

/// The game of one worker.
pub struct Game {
    hunts: Hunts,
    store: Store,
    scratch: BumpArena,
    applied: Applied,
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
    /// `Allow`.
    pub allow: Option<&'static str>,
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

const ONE_EACH: &str = "a store answers every request at once";

impl Game {
    /// A game without hunts and quests. `seed` must be secret where peers can choose names.
    #[must_use]
    pub fn empty(settings: Settings, seed: Seed, clock: Clock) -> Self {
        let limits = Arc::clone(&settings.limits);
        let meters = ArenaMeters::default();
        let now = clock.now().timestamp();
        Self {
            hunts: Hunts::new(Arc::new(settings)),
            store: Store::new(seed, meters.clone(), Arc::clone(&limits)),
            scratch: BumpArena::new(meters.scratch),
            applied: Applied::default(),
            date: DateCache::default(),
            limits,
            clock,
            now,
            started_ms: now.0,
            body: Vec::new(),
        }
    }

    /// The world of [`world`], with this many players in it.
    ///
    /// # Panics
    /// If the world is none that the engine takes.
    #[must_use]
    pub fn new(players: u32) -> Self {
        let settings = Settings {
            keys: world::keys(),
            allowed_origins: Vec::new(),
            admin_on_public: false,
            limits: Arc::new(Limits::default()),
        };
        let mut game = Self::empty(settings, Seed(1), Clock::start());
        game.set_up(players);
        game
    }

    fn set_up(&mut self, players: u32) {
        let (hunt, body) = (world::hunt(), world::quest().into_bytes());
        self.submit(&Request::Command(Command::PublishQuest { quest: hunt, body }));
        let (quest, capacity) = (hunt, 1_000_000);
        let start = Command::StartHunt { hunt, quest, version: None, capacity };
        self.submit(&Request::Command(start));
        let reply = self.applied.replies.pop();
        assert!(
            matches!(reply, Some((_, Reply::HuntStarted { .. }))),
            "the quest is one that the engine takes: {reply:?}"
        );
        for _ in 0..players {
            let name = Name::new("Ada").expect("a short name");
            self.submit(&Request::Command(Command::Join { hunt, name }));
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

    /// The API, for whoever routes without asking the game. A copy costs a count.
    #[must_use]
    pub fn api(&self) -> &Hunts {
        &self.hunts
    }

    /// What it goes by.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// What the store holds: hunts, and how many quests. O(hunts).
    #[must_use]
    pub fn figures(&self) -> (PartitionFigures, usize) {
        self.store.figures()
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
            Response::Success { status, content_type, allow } => {
                Answered { status, content_type, allow }
            }
            Response::Problem(refused) => self.refuse(&refused),
        })
    }

    /// Writes the problem document of a refusal.
    pub fn refuse(&mut self, refused: &Refused) -> Answered {
        self.body.clear();
        write_problem(&refused.refusal, &mut self.body);
        let status = refused.refusal.problem.status();
        let content_type = Some("application/problem+json");
        Answered { status, content_type, allow: refused.allow }
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

    /// A full frame, for a connection that missed some; none where its hunt is forgotten.
    pub fn snapshot(&mut self, player: &Player) -> Option<Arc<Frame>> {
        let request = self.hunts.snapshot(player)?;
        self.submit(&request);
        match self.applied.replies.pop() {
            Some((_, Reply::Snapshot(frame))) => Some(frame),
            _ => None,
        }
    }

    /// A connection ends to watch.
    pub fn leave(&mut self, player: &Player) {
        if let Some(request) = self.hunts.left(player) {
            self.submit(&request);
        }
    }

    /// Answers a message: the payload is in [`Game::body`].
    ///
    /// # Errors
    /// With what the connection is to be closed.
    ///
    /// # Panics
    /// If the store does not answer.
    pub fn message(
        &mut self,
        player: &Player,
        kind: Kind,
        payload: &mut [u8],
    ) -> Result<Kind, CloseCode> {
        self.body.clear();
        let scratch = self.scratch.scratch();
        let answer = self.hunts.message(player, kind, payload, scratch, &mut self.body);
        let kind = match answer {
            MessageAnswer::Send(kind) => Ok(kind),
            MessageAnswer::Submit { seq, request } => {
                self.submit(&request);
                let (_, reply) = self.applied.replies.pop().expect(ONE_EACH);
                Ok(self.hunts.reply(player, seq, &reply, &mut self.body))
            }
            MessageAnswer::Close(code) => Err(code),
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
        self.store.tick(self.now)
    }

    /// Appends a response whose body is in [`Game::body`].
    pub fn write(&mut self, answered: Answered, last: bool, out: &mut Vec<u8>) {
        let Answered { status, content_type, .. } = answered;
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
        self.store.submit(self.now, request, &mut self.applied);
    }
}

impl fmt::Debug for Game {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Game").field("started_ms", &self.started_ms).finish_non_exhaustive()
    }
}
