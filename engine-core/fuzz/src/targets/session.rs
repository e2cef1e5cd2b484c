//! A session: operations on a shard with a store, as a driver and its peers would do them, in any
//! order. Nothing panics, every request is answered at most once and in order, what waits to be
//! sent is bounded, the outputs end, and nothing is left when all connections are gone.
//!
//! The first byte chooses the quest: `s` a round of two seconds, anything else ten minutes. Then
//! every operation is a letter; its choices follow, a byte each, `0` for the first. `n` is a
//! connection and `k` a kind. Bytes that are no letter of an operation are skipped.
//!
//! | operation | what happens |
//! |---|---|
//! | `O`, `o` | a connection is opened on the public, the admin listener |
//! | `R n k` | a request is sent: see [`REQUESTS`] |
//! | `P n`, `p n` | a player asks for an upgrade: JSON, protobuf |
//! | `F n k` | a frame is sent: see [`FRAMES`] |
//! | `B n c …` | the next `c` bytes of the input are sent as they are |
//! | `C n k` | only so many sixteenths of what is sent next on `n` are sent; the rest follows |
//! | `H`, `W` | the store, the writes: held back, or not any more |
//! | `A k` | the store answers one of what it holds back, by its place |
//! | `a k` | the store answers everything, the first or the last first |
//! | `S n` | the write that is held back on `n` completes |
//! | `T k`, `t k` | time passes: so many times 50 ms, 1 s |
//! | `D k` | a drain begins, over so many times 500 ms |
//! | `X n`, `x n` | the connection ends; its write completes before, never |

use crate::input::Input;
use crate::signature::note;
use crate::support::{Pair, QUEST, frame, request, upgrade};
use crate::wire;
use alloc_bumpalo::BumpArena;
use engine_core::api::messages::ClientMessage;
use engine_core::limits::Limits;
use engine_core::seam::{ConnId, Listener, Request};
use prost::Message as _;

pub(super) const WORDS: &[&[u8]] = &[
    b"O", b"OP0", b"Op0", b"R00", b"R01", b"F00", b"F09", b"H", b"W", b"A0", b"A1", b"a0", b"a1",
    b"S0", b"T9", b"t9", b"D4", b"X0", b"x0", b"C08", b"P1", b"p2", b"F0:", b"R0<", b"B04GET ",
];

const CONNECTIONS: usize = 6;
const OPERATIONS_MAX: usize = 200;

/// The requests: method, path, body; `#` stands for a fresh number.
const REQUESTS: &[(&str, &str, &str)] = &[
    ("GET", "/loot?session=#", ""),
    ("GET", "/v1/hunts/h1/status", ""),
    ("POST", "/v1/hunts/h1/resolve", r#"{"treasure":"t1","x":0,"y":0,"z":0}"#),
    ("POST", "/v1/hunts/h1/resolve", r#"{"treasure":"t2","x":0,"y":0,"z":0,"key":"k"}"#),
    ("POST", "/v1/hunts/h1/resolve", r#"{"treasure":"t3","x":1e5,"y":0,"z":0,"key":"k"}"#),
    ("GET", "/v1/hunts/h1/leaderboard?limit=5&around=0", ""),
    ("POST", "/v1/hunts/h1/players", r#"{"name":"Eve"}"#),
    ("POST", "/v1/hunts/h1/players", "{"),
    ("OPTIONS", "/v1/hunts/h1/play", ""),
    ("GET", "/nowhere", ""),
    ("DELETE", "/loot", ""),
    ("PUT", "/v1/hunts/h1", r#"{"quest":"pier","capacity":100000}"#),
    ("PUT", "/v1/quests/pier", "{}"),
    ("GET", "/healthz", ""),
    ("GET", "/readyz", ""),
    ("GET", "/v1/hunts/h2/status", ""),
    ("CHUNKED", "/v1/hunts/h1/resolve", r#"{"treasure":"t1","x":0,"y":0,"z":0}"#),
    ("EXPECT", "/v1/hunts/h1/resolve", r#"{"treasure":"t1","x":0,"y":0,"z":0}"#),
    ("CLOSE", "/loot?session=#", ""),
    ("BAD", "", ""),
];

/// The frames: opcode and payload; `#` stands for a fresh number, which binary messages get too.
const FRAMES: &[(u8, &str)] = &[
    (1, r##"{"seq":#,"move":{"x":0.1,"y":0,"z":0}}"##),
    (1, r##"{"seq":#,"resolve":{"treasure":"t1","x":0,"y":0,"z":0}}"##),
    (1, r##"{"seq":#,"resolve":{"treasure":"t2","x":0,"y":0,"z":0}}"##),
    (1, r##"{"seq":#,"use_power_up":{"power_up":"boost"}}"##),
    (1, r##"{"seq":#,"fly":{}}"##),
    (1, r##"{"seq":#,"resolve":{"treasure":"t9","x":0,"y":0,"z":0}}"##),
    (9, "ping"),
    (10, "pong"),
    (8, "1000"),
    (8, ""),
    (2, "\x12\x00"),
    (2, "\x1a\x02\x08\x01"),
    (3, "reserved"),
    (0, "no beginning"),
];

/// Small limits, so that they are met.
fn limits() -> Limits {
    Limits {
        connections_max: CONNECTIONS - 1,
        pipeline_max: 4,
        outbound_high_bytes: 4096,
        outbound_bytes_max: 64 * 1024,
        body_bytes_max: 256,
        message_bytes_max: 125,
        head_timeout_ms: 500,
        body_timeout_ms: 800,
        keep_alive_ms: 3_000,
        write_stall_ms: 1_000,
        linger_ms: 200,
        ping_ms: 1_000,
        idle_ms: 2_500,
        close_ms: 400,
        ended_keep_ms: 2_000,
        ..Limits::default()
    }
}

/// A connection, as its peer sees it.
#[derive(Debug)]
struct Peer {
    id: ConnId,
    /// Requests that were sent whole.
    requests: usize,
    /// Bytes of its own choosing were sent, so that nothing is known about its requests.
    wild: bool,
    /// How many sixteenths of the next bytes are sent.
    cut: usize,
    /// What is still to be sent of a cut request.
    held: Vec<u8>,
}

struct World {
    pair: Pair<BumpArena>,
    peers: [Option<Peer>; CONNECTIONS],
    tokens: [String; 2],
    next_tag: u32,
}

/// Plays a session.
///
/// # Panics
/// If an invariant is broken.
pub fn session(data: &[u8]) {
    let mut input = Input::new(data);
    let short = QUEST.replacen('{', r#"{"rules":{"duration_ms":2000},"#, 1);
    let document = if input.next() == Some(b's') { &short } else { QUEST };
    let mut pair = Pair::with_hunt_of(limits(), document);
    let tokens = ["Ada", "Bo"].map(|name| pair.join(name));
    let mut world = World { pair, peers: Default::default(), tokens, next_tag: 1 };
    let mut operations = 0;
    while let Some(letter) = input.next()
        && operations < OPERATIONS_MAX
    {
        operations += usize::from(world.operate(letter, &mut input));
        world.check();
    }
    world.finish();
}

impl World {
    /// Does one operation; false where the letter is none.
    fn operate(&mut self, letter: u8, input: &mut Input<'_>) -> bool {
        match letter {
            b'O' => self.open(Listener::Public),
            b'o' => self.open(Listener::Admin),
            b'R' => self.request(input.below(CONNECTIONS), input.below(REQUESTS.len())),
            b'P' => self.upgrade(input.below(CONNECTIONS), "hunt.v1+json"),
            b'p' => self.upgrade(input.below(CONNECTIONS), "hunt.v1"),
            b'F' => self.frame(input.below(CONNECTIONS), input.below(FRAMES.len())),
            b'B' => {
                let (place, count) = (input.below(CONNECTIONS), input.below(256));
                self.send(place, input.take(count), true);
            }
            b'C' => {
                let cut = (input.below(CONNECTIONS), input.below(16));
                if let Some(peer) = &mut self.peers[cut.0] {
                    peer.cut = cut.1;
                }
            }
            b'H' => self.pair.hold_store ^= true,
            b'W' => self.pair.hold_writes ^= true,
            b'A' => self.answer_one(input.below(64)),
            b'a' => self.answer_all(input.below(2) == 1),
            b'S' => {
                let place = input.below(CONNECTIONS);
                self.complete(place);
            }
            b'T' => self.pair.wait(50 * (1 + input.below(16) as u64)),
            b't' => self.pair.wait(1_000 * (1 + input.below(16) as u64)),
            b'D' => {
                let until = self.pair.now.after_ms(500 * input.below(16) as u64);
                self.pair.shard.drain(self.pair.now, until);
                self.pair.drain();
            }
            b'X' => {
                let place = input.below(CONNECTIONS);
                self.complete(place);
                self.close(place, false);
            }
            b'x' => {
                let place = input.below(CONNECTIONS);
                self.close(place, true);
            }
            _ => return false,
        }
        true
    }

    fn open(&mut self, listener: Listener) {
        let Some(place) = self.peers.iter().position(Option::is_none) else { return };
        let Some(id) = self.pair.try_open(listener) else {
            assert_eq!(place, CONNECTIONS - 1, "the limit is one less than the places");
            return note("full", 0);
        };
        self.peers[place] = Some(Peer { id, requests: 0, wild: false, cut: 16, held: Vec::new() });
    }

    fn request(&mut self, place: usize, kind: usize) {
        let (method, path, body) = REQUESTS[kind];
        let path = path.replace('#', &self.tag());
        let token = match path.starts_with("/v1/quests") || method == "PUT" {
            true => self.pair.admin_token(),
            false => self.tokens[place % 2].clone(),
        };
        let head = format!("{path} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\n");
        let bytes = match method {
            "CHUNKED" => format!(
                "POST {head}Transfer-Encoding: chunked\r\n\r\n1;a=\"b\"\r\n{}\r\n{:x}\r\n{}\r\n\
                 0\r\nX-Sum: 1\r\n\r\n",
                &body[..1],
                body.len() - 1,
                &body[1..],
            )
            .into_bytes(),
            "EXPECT" => format!(
                "POST {head}Expect: 100-continue\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
            .into_bytes(),
            "CLOSE" => format!("GET {head}Connection: close\r\n\r\n").into_bytes(),
            "BAD" => b"GET / HTTP/1.1\nHost: h\n\n".to_vec(),
            _ => request(method, &path, &token, body),
        };
        self.send(place, &bytes, false);
    }

    fn upgrade(&mut self, place: usize, protocol: &str) {
        let bytes = upgrade(&self.tokens[place % 2], protocol);
        self.send(place, &bytes, false);
    }

    fn frame(&mut self, place: usize, kind: usize) {
        let (opcode, payload) = FRAMES[kind];
        let tag = self.tag();
        let payload = match opcode {
            1 => payload.replace('#', &tag).into_bytes(),
            2 => {
                let seq = tag.parse().expect("a number");
                let mut message = ClientMessage { seq, action: None }.encode_to_vec();
                message.extend_from_slice(payload.as_bytes());
                message
            }
            // The code of a Close frame is no text.
            8 if !payload.is_empty() => b"\x03\xe8".to_vec(),
            _ => payload.as_bytes().to_vec(),
        };
        self.send(place, &frame(opcode, &payload), false);
    }

    fn tag(&mut self) -> String {
        self.next_tag += 1;
        self.next_tag.to_string()
    }

    fn send(&mut self, place: usize, bytes: &[u8], wild: bool) {
        let Some(peer) = &mut self.peers[place] else { return };
        peer.wild |= wild;
        peer.requests += 1;
        let mut whole = std::mem::take(&mut peer.held);
        whole.extend_from_slice(bytes);
        let cut = whole.len() * std::mem::replace(&mut peer.cut, 16) / 16;
        peer.held = whole.split_off(cut);
        let id = peer.id;
        self.pair.send(id, &whole);
    }

    /// The store answers one submission. What one connection asks for in `Watch` stays in order.
    fn answer_one(&mut self, choice: usize) {
        let late = &self.pair.late;
        if late.is_empty() {
            return;
        }
        let place = choice % late.len();
        let is_watch = |place: usize| matches!(late[place].request, Request::Watch(_));
        let first = (0..place)
            .find(|before| is_watch(*before) && late[*before].to.conn == late[place].to.conn);
        let place = if is_watch(place) { first.unwrap_or(place) } else { place };
        let hold = std::mem::replace(&mut self.pair.hold_store, true);
        self.pair.answer_one(place);
        self.pair.hold_store = hold;
    }

    fn answer_all(&mut self, reversed: bool) {
        while !self.pair.late.is_empty() {
            let last = self.pair.late.len() - 1;
            self.answer_one(if reversed { last } else { 0 });
        }
    }

    /// The write that is held back completes.
    fn complete(&mut self, place: usize) {
        let Some(peer) = &self.peers[place] else { return };
        let (id, wire) = (peer.id, self.pair.wires.get_mut(&peer.id.index));
        if let Some(buf) = wire.and_then(|wire| wire.in_flight.take()) {
            self.pair.shard.sent(self.pair.now, id, buf);
            self.pair.drain();
        }
    }

    /// The connection ends. With `late`, its write comes back after that.
    fn close(&mut self, place: usize, late: bool) {
        let Some(peer) = self.peers[place].take() else { return };
        let wire = self.pair.wires.get_mut(&peer.id.index).expect("open");
        let buf = wire.in_flight.take();
        check_wire(&peer, &wire.bytes, wire.largest);
        self.pair.close(peer.id);
        if let Some(buf) = buf.filter(|_| late) {
            self.pair.shard.sent(self.pair.now, peer.id, buf);
            self.pair.drain();
        }
    }

    fn check(&self) {
        let figures = self.pair.shard.figures();
        let open = self.peers.iter().flatten().count();
        assert_eq!(figures.opened - figures.closed, figures.connections);
        assert_eq!(figures.connections, open as u64);
        assert_eq!(self.pair.shard.connections(), open);
        assert!(figures.websockets <= figures.connections && figures.slow <= figures.websockets);
    }

    fn finish(&mut self) {
        self.pair.hold_writes = false;
        for place in 0..CONNECTIONS {
            self.complete(place);
        }
        self.pair.hold_store = false;
        self.answer_all(false);
        // Everything that was sent whole is answered, unless the connection ended before.
        for peer in self.peers.iter().flatten().filter(|peer| !peer.wild && peer.held.is_empty()) {
            let wire = &self.pair.wires[&peer.id.index];
            let received = wire::read(&wire.bytes);
            let upgraded = wire.bytes.windows(12).any(|twelve| twelve == b"HTTP/1.1 101");
            if !wire.ended && !wire.aborted && !upgraded {
                assert_eq!(received.responses, peer.requests, "every request is answered");
            }
        }
        for place in 0..CONNECTIONS {
            self.close(place, false);
        }
        self.check();
        let figures = self.pair.shard.figures();
        assert_eq!((figures.websockets, figures.slow), (0, 0));
        assert_eq!(self.pair.store.figures().watchers, 0, "nobody watches any more");
        note("stuck", figures.stuck);
        note("timed out", figures.timed_out);
        note("conflated", u64::from(figures.conflated > 0));
        note("errors", figures.protocol_errors);
        self.pair.wait(1_000);
    }
}

/// Holds what a peer has received to what it has asked for.
fn check_wire(peer: &Peer, bytes: &[u8], largest: usize) {
    // The limit, and what was appended last.
    assert!(largest <= 64 * 1024 + 8 * 1024, "{largest} bytes in one write");
    if peer.wild {
        return;
    }
    let received = wire::read(bytes);
    assert!(!received.partial, "only whole responses and frames are written");
    // A connection that ends early is told so without having asked.
    assert!(received.responses <= peer.requests + 1, "no request is answered twice");
    assert!(received.tags.is_sorted_by(|a, b| a < b), "answers in order: {:?}", received.tags);
}
