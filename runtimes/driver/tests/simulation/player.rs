//! One client: what it has sent, what it is owed, and what a watcher knows of its hunt.

use super::expected::{self, same};
use super::model::answer::{Answer, FrameView};
use super::referee::{Book, Peer, Round};
use super::script::Report;
use driver::sim::Client;
use engine_core::seam::PlayerRef;
use engine_core::text::Id;
use engine_core::time::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};

/// Who has joined, and the token that says so.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) hunt: Id,
    pub(crate) player: PlayerRef,
    pub(crate) token: String,
}

/// What a client has sent and is owed an answer to.
#[derive(Debug)]
pub(crate) enum Sent {
    /// A request that the store answers.
    Store,
    /// A request that the shard answers, with this status.
    Local(u16),
    /// The request to become a WebSocket connection.
    Upgrade(Session),
    /// A message that the store answers.
    Message(u32),
    /// A message that the shard refuses.
    BadMessage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Http,
    /// The request to upgrade is out.
    Upgrading,
    Open,
    /// Nothing more is expected but the end.
    Ending,
    /// Nothing is expected any more.
    Gone,
}

pub(crate) struct Player {
    pub(crate) wire: Client,
    pub(crate) tag: u32,
    pub(crate) phase: Phase,
    pub(crate) sent: VecDeque<Sent>,
    pub(crate) seq: u32,
    pub(crate) reads: bool,
    /// The last response said that the connection ends.
    pub(crate) told_to_close: bool,
    /// It has sent the end of its stream.
    pub(crate) finished: bool,
    /// The code of the Close frame that came.
    pub(crate) close_code: Option<u16>,
    pub(crate) inbox: Vec<u8>,
    round: Option<Round>,
    /// What remains of the treasures of which not all is left; none before the first full frame.
    known: Option<BTreeMap<String, u32>>,
    tick: u32,
}

impl Player {
    pub(crate) fn new(wire: Client, tag: u32) -> Self {
        Self {
            wire,
            tag,
            phase: Phase::Http,
            sent: VecDeque::new(),
            seq: 0,
            reads: true,
            told_to_close: false,
            finished: false,
            close_code: None,
            inbox: Vec::new(),
            round: None,
            known: None,
            tick: 0,
        }
    }

    /// Whether nothing that it has sent is without its answer.
    pub(crate) fn is_settled(&self) -> bool {
        self.sent.is_empty()
    }

    /// How old the last frame is, where it should be fresh.
    pub(crate) fn behind_ms(&self, now: Timestamp) -> Option<u64> {
        let (_, started_ms) = self.round.filter(|_| self.phase == Phase::Open && self.reads)?;
        self.known.as_ref()?;
        Some(now.ms_since(Timestamp(started_ms)).saturating_sub(u64::from(self.tick) * 150))
    }

    /// Takes what has arrived, and holds it against what is owed.
    pub(crate) fn receive(&mut self, book: &mut Book, report: &mut Report) -> Vec<Session> {
        let mut joined = Vec::new();
        if self.phase == Phase::Gone || !self.reads {
            return joined;
        }
        self.inbox.extend(self.wire.receive());
        loop {
            let taken = match self.phase {
                Phase::Http | Phase::Upgrading => self.receive_response(book, report, &mut joined),
                Phase::Open | Phase::Ending => self.receive_frame(book, report),
                Phase::Gone => return joined,
            };
            if taken == 0 {
                break;
            }
            self.inbox.drain(..taken);
        }
        if self.wire.has_ended() {
            assert!(self.inbox.is_empty(), "client {} ends within {:?}", self.tag, self.inbox);
            // What was pipelined behind the response that ends the connection is not answered.
            let excused = self.told_to_close || self.phase == Phase::Ending;
            assert!(excused || self.sent.is_empty(), "client {} waits: {:?}", self.tag, self.sent);
            self.leave();
        }
        joined
    }

    pub(crate) fn leave(&mut self) {
        self.phase = Phase::Gone;
        self.sent.clear();
    }

    fn owed(&self, book: &mut Book) -> Answer {
        let peer: &Peer = &book.tags[&self.tag];
        let answer = book.owed.get_mut(peer).and_then(VecDeque::pop_front);
        answer.unwrap_or_else(|| panic!("client {} is answered what it did not ask", self.tag))
    }

    fn receive_response(
        &mut self,
        book: &mut Book,
        report: &mut Report,
        joined: &mut Vec<Session>,
    ) -> usize {
        let Some(end) = self.inbox.windows(4).position(|four| four == b"\r\n\r\n") else {
            return 0;
        };
        let head = str::from_utf8(&self.inbox[..end]).expect("a head is ASCII");
        let status: u16 = head[9..12].parse().expect("a status code");
        let field = |name: &str| {
            head.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim())
        };
        let length: usize = field("Content-Length:").map_or(0, |length| length.parse().unwrap());
        let whole = end + 4 + length;
        if self.inbox.len() < whole {
            return 0;
        }
        self.told_to_close |= field("Connection:") == Some("close");
        let body = &self.inbox[end + 4..whole];
        let body =
            if body.is_empty() { Value::Null } else { serde_json::from_slice(body).unwrap() };
        report.responses += 1;
        report.refusals += u64::from(status >= 400);
        match self.sent.pop_front().expect("a response follows a request") {
            Sent::Local(expected) => assert_eq!(status, expected),
            Sent::Store => {
                let answer = self.owed(book);
                self.compare(&answer, status, &body);
                if let Answer::Joined { hunt, player } = answer {
                    let token = body["session"].as_str().expect("a token").to_owned();
                    joined.push(Session { hunt, player, token });
                }
            }
            Sent::Upgrade(session) => {
                let answer = self.owed(book);
                if let Answer::Watching(_) = answer {
                    assert_eq!(status, 101);
                    self.phase = Phase::Open;
                    self.round = Some((session.hunt, session.player.started_ms));
                    report.upgrades += 1;
                } else {
                    self.compare(&answer, status, &body);
                    self.phase = Phase::Http;
                    if !self.sent.is_empty() {
                        // What follows was meant for a WebSocket connection.
                        self.wire.reset();
                        self.leave();
                    }
                }
            }
            other => panic!("{other:?} before the upgrade"),
        }
        whole
    }

    fn compare(&self, answer: &Answer, status: u16, body: &Value) {
        let (expected_status, expected_body) = expected::response(answer, body);
        let good = status == expected_status && same(&expected_body, body);
        assert!(good, "client {}: {status} {body}, not {answer:?}", self.tag);
    }

    fn receive_frame(&mut self, book: &mut Book, report: &mut Report) -> usize {
        let Some((opcode, head, whole)) = frame_bounds(&self.inbox) else { return 0 };
        let payload = self.inbox[head..whole].to_vec();
        match opcode {
            1 => {
                let message: Value = serde_json::from_slice(&payload).expect("JSON");
                if message.get("frame").is_some() {
                    self.watch(book, report, &message["frame"]);
                } else if self.phase == Phase::Open {
                    self.receive_message(book, report, &message);
                }
            }
            8 => {
                let code = u16::from_be_bytes([payload[0], payload[1]]);
                self.close_code = Some(code);
                report.closes += 1;
                self.phase = Phase::Ending;
                self.sent.clear();
                self.wire.send(&masked(8, &payload[..2]));
            }
            9 => self.wire.send(&masked(10, &payload)),
            other => panic!("opcode {other}"),
        }
        whole
    }

    fn receive_message(&mut self, book: &mut Book, report: &mut Report, message: &Value) {
        report.messages += 1;
        let (answer, seq) = match self.sent.pop_front().expect("an answer follows a message") {
            Sent::Message(seq) => (self.owed(book), seq),
            Sent::BadMessage => {
                let refused = &message["refused"];
                assert!(refused["status"] == 422 && refused["seq"] == 0, "{message}");
                return;
            }
            other => panic!("{other:?} after the upgrade"),
        };
        let expected = expected::message(&answer, seq, message);
        assert!(same(&expected, message), "client {}: {message}, not {expected}", self.tag);
    }

    /// A frame must be one that was shown, and leave the watcher with no wrong idea.
    fn watch(&mut self, book: &Book, report: &mut Report, frame: &Value) {
        let round = self.round.expect("only a watcher is shown frames");
        let full = frame["full"] == true;
        let tick = u32::try_from(frame["tick"].as_u64().unwrap()).unwrap();
        assert!(tick >= self.tick, "client {}: {tick} after {}", self.tag, self.tick);
        self.tick = tick;
        report.frames += 1;
        report.caught_up += u64::from(full && self.known.is_some());
        let known = match (&mut self.known, full) {
            (known, true) => known.insert(BTreeMap::new()),
            (Some(known), false) => known,
            (None, false) => panic!("client {}: a part before the whole", self.tag),
        };
        for change in frame["changed"].as_array().unwrap() {
            let treasure = change["treasure"].as_str().unwrap().to_owned();
            known.insert(treasure, u32::try_from(change["remaining"].as_u64().unwrap()).unwrap());
        }
        let made = book.shown[&round].iter().filter(|shown| {
            (shown.view.tick, shown.view.full) == (tick, full) && same(&value(&shown.view), frame)
        });
        let right = made.clone().any(|shown| shown.remaining == *known);
        assert!(made.count() > 0, "client {}: never shown: {frame}", self.tag);
        assert!(right, "client {}: {known:?} after {frame}", self.tag);
    }
}

fn value(view: &FrameView) -> Value {
    let mut waypoints = Vec::new();
    for (index, [x, y, z, radius]) in &view.waypoints {
        waypoints.push(json!({"index": index, "x": x, "y": y, "z": z, "radius": radius}));
    }
    let mut changed = Vec::new();
    for (treasure, remaining) in &view.changed {
        changed.push(json!({"treasure": treasure, "remaining": remaining}));
    }
    let mut leaders = Vec::new();
    for (player, name, score) in &view.leaders {
        leaders.push(json!({"player": player, "name": name, "score": score}));
    }
    json!({
        "tick": view.tick, "full": view.full, "status": view.status,
        "remaining_ms": view.remaining_ms,
        "waypoints": waypoints, "changed": changed, "leaders": leaders,
    })
}

/// The opcode of the first frame, and where its payload begins and ends, if it is whole.
fn frame_bounds(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let (first, second) = (*bytes.first()?, *bytes.get(1)?);
    assert_eq!(first & 0xf0, 0x80, "a whole message in one frame");
    let (head, length) = match second {
        126 => (4, usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]))),
        length @ 0..=125 => (2, usize::from(length)),
        _ => panic!("no frame is that long"),
    };
    (bytes.len() >= head + length).then_some((first & 0xf, head, head + length))
}

/// A frame of a client.
pub(crate) fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let key = [0x37, 0xfa, 0x21, 0x3d];
    let mut bytes = vec![0x80 | opcode];
    match u8::try_from(payload.len()) {
        Ok(length @ ..126) => bytes.push(0x80 | length),
        _ => {
            bytes.push(0x80 | 126);
            bytes.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
        }
    }
    bytes.extend(key);
    bytes.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    bytes
}
