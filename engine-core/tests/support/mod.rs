//! A shard, a store of one partition and some connections, moved by hand: bytes and time.
#![allow(dead_code, clippy::unwrap_used, reason = "every test file uses a part; a test may panic")]

use engine_core::api::hunts::{Hunts, Settings};
use engine_core::api::token::KeyRing;
use engine_core::arena::{Arena, ArenaMeters};
use engine_core::error::{Problem, Refusal};
use engine_core::game::catalogue::Catalogue;
use engine_core::game::hash::Seed;
use engine_core::game::partition::Partition;
use engine_core::game::quest::Quest;
use engine_core::limits::Limits;
use engine_core::seam::{
    After, Applied, Command, ConnId, Listener, Observe, Outgoing, Output, Query, Reply, Request,
    Submit, WorkerId,
};
use engine_core::shard::Shard;
use engine_core::text::Id;
use engine_core::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The most outputs of one drain.
const TURNS_MAX: u32 = 100_000;

/// When every test begins: 2027-01-15T08:00:00Z.
pub(crate) const START: Timestamp = Timestamp(1_800_000_000_000);

/// A quest of one waypoint and three treasures at the origin.
pub(crate) const QUEST: &str = r#"{"name":"Pier","waypoints":[{"x":0,"y":0,"z":0,"radius":5}],
"treasures":[{"id":"t1","x":0,"y":0,"z":0,"radius":5,"supply":9,"loot":{"item":"pearl","points":50}},
{"id":"t2","x":0,"y":0,"z":0,"radius":5,"supply":1,"loot":{"item":"ring","points":70}},
{"id":"t3","x":90,"y":0,"z":0,"radius":5,"supply":9,"loot":{"item":"coin","points":10}}]}"#;

/// What the peer of a connection has received.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    /// The bytes so far.
    pub(crate) bytes: Vec<u8>,
    /// The end of stream followed.
    pub(crate) ended: bool,
    /// The connection was aborted.
    pub(crate) aborted: bool,
    /// Bytes that the shard did not consume.
    pub(crate) tail: Vec<u8>,
    /// The bytes of the largest write.
    pub(crate) largest: usize,
    /// A write whose completion is held back.
    pub(crate) in_flight: Option<Outgoing>,
}

/// The parts, and the time.
pub(crate) struct Pair<A: Arena> {
    pub(crate) shard: Shard<A, Hunts>,
    pub(crate) store: Partition<A>,
    pub(crate) catalogue: Catalogue<A>,
    pub(crate) meters: ArenaMeters,
    pub(crate) now: Timestamp,
    pub(crate) wires: BTreeMap<u32, Wire>,
    /// Whether answers of the store are kept in `late` until [`Pair::answer`].
    pub(crate) hold_store: bool,
    /// Whether writes complete only when [`Pair::take`] takes them.
    pub(crate) hold_writes: bool,
    pub(crate) late: Vec<Submit>,
    applied: Applied,
    keys: KeyRing,
    /// The hunts of all partitions, which only a store can count.
    hunts: BTreeSet<Id>,
    hunts_max: usize,
}

impl<A: Arena> Pair<A> {
    pub(crate) fn new(limits: Limits) -> Self {
        let limits = Arc::new(limits);
        let keys = KeyRing::new([(1, &[7; 32][..])]).unwrap();
        let settings = Settings {
            keys: keys.clone(),
            allowed_origins: Vec::new(),
            admin_on_public: true,
            limits: limits.clone(),
        };
        let meters = ArenaMeters::default();
        let hunts_max = limits.hunts_max;
        let scratch = A::new(meters.scratch.clone());
        let service = Hunts::new(Arc::new(settings));
        let seed = Seed(1);
        Self {
            shard: Shard::new(WorkerId(0), limits.clone(), scratch, service),
            catalogue: Catalogue::new(seed, limits.quests_max),
            store: Partition::new(seed, meters.clone(), limits, 0, 1),
            meters,
            now: START,
            wires: BTreeMap::new(),
            hold_store: false,
            hold_writes: false,
            late: Vec::new(),
            applied: Applied::default(),
            keys,
            hunts: BTreeSet::new(),
            hunts_max,
        }
    }

    /// A pair with the quest `pier` and the hunt `h1` of it.
    pub(crate) fn with_hunt(limits: Limits) -> Self {
        Self::with_hunt_of(limits, QUEST)
    }

    /// A pair whose quest `pier` is `document`, and the hunt `h1` of it.
    pub(crate) fn with_hunt_of(limits: Limits, document: &str) -> Self {
        let mut pair = Self::new(limits);
        let admin = pair.open();
        pair.put(admin, "/v1/quests/pier", document);
        pair.put(admin, "/v1/hunts/h1", r#"{"quest":"pier","capacity":100000}"#);
        assert!(pair.text(admin).contains("201 Created"), "{}", pair.text(admin));
        pair.close(admin);
        pair
    }

    pub(crate) fn open(&mut self) -> ConnId {
        self.try_open(Listener::Public).unwrap()
    }

    /// Opens a connection, unless there are too many.
    pub(crate) fn try_open(&mut self, listener: Listener) -> Option<ConnId> {
        let id = self.shard.open(self.now, listener)?;
        self.wires.insert(id.index, Wire::default());
        self.drain();
        Some(id)
    }

    pub(crate) fn close(&mut self, id: ConnId) {
        self.shard.closed(self.now, id);
        self.wires.remove(&id.index);
        self.drain();
    }

    /// Offers bytes, and keeps what is not consumed.
    pub(crate) fn send(&mut self, id: ConnId, bytes: &[u8]) {
        let wire = self.wires.get_mut(&id.index).unwrap();
        wire.tail.extend_from_slice(bytes);
        self.offer(id);
    }

    fn offer(&mut self, id: ConnId) {
        let mut tail = std::mem::take(&mut self.wires.get_mut(&id.index).unwrap().tail);
        let consumed = self.shard.receive(self.now, id, &mut tail);
        tail.drain(..consumed);
        self.wires.get_mut(&id.index).unwrap().tail = tail;
        self.drain();
    }

    pub(crate) fn put(&mut self, id: ConnId, path: &str, body: &str) {
        let token = self.admin_token();
        self.send(id, &request("PUT", path, &token, body));
    }

    /// An admin token that is good for a second.
    pub(crate) fn admin_token(&self) -> String {
        self.keys.mint_admin(self.now.after_ms(1000))
    }

    /// Joins `h1` over a connection of its own, and returns the token.
    pub(crate) fn join(&mut self, name: &str) -> String {
        let id = self.open();
        let body = format!(r#"{{"name":"{name}"}}"#);
        self.send(id, &request("POST", "/v1/hunts/h1/players", "", &body));
        let text = self.text(id);
        let (_, token) = text.split_once(r#""session":""#).expect(&text);
        let token = token.trim_end_matches("\"}").to_string();
        self.close(id);
        token
    }

    /// Joins `h1` and opens a WebSocket connection; what came first is taken.
    pub(crate) fn play(&mut self, name: &str, protocol: &str) -> ConnId {
        let token = self.join(name);
        let id = self.open();
        self.send(id, &upgrade(&token, protocol));
        let text = String::from_utf8_lossy(&self.wires[&id.index].bytes).into_owned();
        assert!(text.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{text}");
        if !self.hold_writes {
            self.take(id);
        }
        id
    }

    /// Time passes, in steps of 10 ms.
    pub(crate) fn wait(&mut self, ms: u64) {
        let end = self.now.after_ms(ms);
        while self.now < end {
            self.now = self.now.after_ms(10);
            self.tick();
        }
    }

    /// One tick at the time that it is.
    pub(crate) fn tick(&mut self) {
        let (mut published, mut forgotten) = (Vec::new(), Vec::new());
        self.store.tick(self.now, &mut published, &mut forgotten);
        self.hunts.retain(|hunt| !forgotten.contains(hunt));
        let frames = published.into_iter().map(|p| p.frame).collect();
        self.shard.applied(self.now, &Applied { frames, ..Applied::default() });
        self.shard.tick(self.now);
        self.drain();
    }

    /// What the peer has received since the last call; completes a write that was held back.
    pub(crate) fn take(&mut self, id: ConnId) -> Vec<u8> {
        let wire = self.wires.get_mut(&id.index).unwrap();
        let bytes = std::mem::take(&mut wire.bytes);
        if let Some(buf) = wire.in_flight.take() {
            self.shard.sent(self.now, id, buf);
            self.drain();
        }
        bytes
    }

    /// Forgets what the peer has received; how many bytes it was.
    pub(crate) fn discard(&mut self, id: ConnId) -> usize {
        let wire = self.wires.get_mut(&id.index).unwrap();
        let count = wire.bytes.len();
        wire.bytes.clear();
        count
    }

    pub(crate) fn text(&mut self, id: ConnId) -> String {
        String::from_utf8(self.take(id)).unwrap()
    }

    /// The answers of the store that were held back, the first or the last one first.
    pub(crate) fn answer(&mut self, reversed: bool) {
        let mut late = std::mem::take(&mut self.late);
        if reversed {
            late.reverse();
        }
        for submit in late {
            self.apply(submit);
        }
        self.drain();
    }

    /// Answers one of the submissions that were held back.
    pub(crate) fn answer_one(&mut self, place: usize) {
        let submit = self.late.remove(place);
        self.apply(submit);
        self.drain();
    }

    pub(crate) fn drain(&mut self) {
        let mut turns = 0;
        while let Some(output) = self.shard.poll_output() {
            turns += 1;
            assert!(turns < TURNS_MAX, "the outputs never end");
            match output {
                Output::Submit(submit) if self.hold_store => self.late.push(submit),
                Output::Submit(submit) => self.apply(submit),
                Output::Transmit { conn, buf, after } => {
                    let wire = self.wires.get_mut(&conn.index).unwrap();
                    assert!(wire.in_flight.is_none(), "one write in flight");
                    assert!(!wire.ended, "nothing follows the end");
                    assert!(!buf.is_empty() || after == After::Close, "a write has bytes");
                    wire.largest = wire.largest.max(buf.len());
                    wire.bytes.extend_from_slice(&buf);
                    wire.ended |= after == After::Close;
                    if self.hold_writes {
                        wire.in_flight = Some(buf);
                    } else {
                        self.shard.sent(self.now, conn, buf);
                    }
                }
                Output::Resume(conn) => self.offer(conn),
                Output::Abort(conn) => self.wires.get_mut(&conn.index).unwrap().aborted = true,
            }
        }
    }

    fn apply(&mut self, submit: Submit) {
        let Submit { to, request } = submit;
        let applied = &mut self.applied;
        applied.clear();
        match request {
            Request::Command(Command::PublishQuest { quest, body }) => {
                let reply = match Quest::parse(
                    quest,
                    &body,
                    &A::new(Default::default()),
                    &self.meters.quests,
                ) {
                    Ok(quest) => self.catalogue.publish(quest),
                    Err(fault) => Reply::Refused(Refusal::json(Problem::InvalidQuest, fault)),
                };
                applied.replies.push((to, reply));
            }
            Request::Command(Command::StartHunt { hunt, .. })
                if self.hunts.len() >= self.hunts_max && !self.hunts.contains(&hunt) =>
            {
                applied.replies.push((to, Reply::Refused(Problem::HuntsFull.into())));
            }
            Request::Command(Command::StartHunt { hunt, quest, version, capacity }) => {
                match self.catalogue.find(&quest, version) {
                    Ok(quest) => {
                        self.store.start_hunt(self.now, to, hunt, quest, capacity, applied);
                        self.hunts.insert(hunt);
                    }
                    Err(problem) => applied.replies.push((to, Reply::Refused(problem.into()))),
                }
            }
            Request::Command(command) => self.store.apply(self.now, to, &command, applied),
            Request::Query(Query::Loot { session, .. }) => {
                let query = Query::Loot { session, hunt: Id::new("h1") };
                self.store.query(self.now, to, &query, 1, applied);
            }
            Request::Query(query) => self.store.query(self.now, to, &query, 1, applied),
            Request::Watch(watch) => self.store.watch(self.now, to, &watch, applied),
            Request::Observe(what) => {
                let body = format!("{what:?}").into_bytes();
                let status = if what == Observe::Health { 200 } else { 503 };
                let reply = Reply::Document { status, content_type: "text/plain", body };
                applied.replies.push((to, reply));
            }
        }
        let applied = std::mem::take(&mut self.applied);
        self.shard.applied(self.now, &applied);
        self.applied = applied;
    }
}

/// A request; the `Authorization` is left out where there is no token.
pub(crate) fn request(method: &str, path: &str, token: &str, body: &str) -> Vec<u8> {
    let authorization = match token {
        "" => String::new(),
        token => format!("Authorization: Bearer {token}\r\n"),
    };
    let length = match (method, body.len()) {
        ("GET", 0) => String::new(),
        (_, length) => format!("Content-Length: {length}\r\n"),
    };
    format!("{method} {path} HTTP/1.1\r\nHost: h\r\n{authorization}{length}\r\n{body}").into_bytes()
}

/// The opening handshake of a player.
pub(crate) fn upgrade(token: &str, protocol: &str) -> Vec<u8> {
    let protocol = match protocol {
        "" => String::new(),
        name => format!("Sec-WebSocket-Protocol: {name}\r\n"),
    };
    format!(
        "GET /v1/hunts/h1/play HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\n\
         Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{protocol}\r\n"
    )
    .into_bytes()
}

/// A masked frame of a client, with FIN.
pub(crate) fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let key = [0x37, 0xfa, 0x21, 0x3d];
    let mut bytes = vec![0x80 | opcode];
    match payload.len() {
        length @ ..126 => bytes.push(0x80 | u8::try_from(length).unwrap()),
        length => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
        }
    }
    bytes.extend_from_slice(&key);
    bytes.extend(payload.iter().zip(key.iter().cycle()).map(|(b, k)| b ^ k));
    bytes
}

/// The frames of a server in `bytes`: opcode and payload.
pub(crate) fn frames(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while let [first, second, rest @ ..] = bytes {
        let (length, rest) = match second {
            126 => (usize::from(u16::from_be_bytes([rest[0], rest[1]])), &rest[2..]),
            127 => panic!("no frame is that long"),
            short => (usize::from(*short), rest),
        };
        frames.push((first & 0xf, rest[..length].to_vec()));
        bytes = &rest[length..];
    }
    frames
}
