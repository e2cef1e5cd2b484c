//! Random sequences of calls, valid and not.
//!
//! Owns what is called, and how often. Outcomes do not depend on how long a call takes: players
//! are so slow that a step is near or much too far, nothing grows by itself, and rounds are long.
//! Heads are well-formed as HTTP libraries ask for it; what they make of others is told apart.

use super::call::{Body, Call, Conn, Request};
use super::corpus::Corpus;
use super::mutate;
use super::palette::{FIELDS, HUNTS, METHODS, NAMES, PATHS, TYPES, VALUES};
use super::play::{Player, Protocol};
use super::quest::Place;
use fastrand::Rng;

/// Connections for requests.
const HTTP: [Conn; 2] = [Conn { name: "a", admin: false }, Conn { name: "b", admin: false }];
/// The connection to the admin listener.
const ADMIN: Conn = Conn { name: "root", admin: true };
/// Connections that become WebSockets.
const SOCKETS: [Conn; 3] = [
    Conn { name: "w0", admin: false },
    Conn { name: "w1", admin: false },
    Conn { name: "w2", admin: false },
];

/// The sequence of a seed: a world is set up, and `length` calls are made in it.
#[must_use]
pub fn sequence(seed: u64, length: usize, corpus: &Corpus) -> Vec<Call> {
    let mut random = Rng::with_seed(seed);
    let home = Place::any(&mut random);
    let mut generator = Generator { random, corpus, home, crowd: 0, sockets: Default::default() };
    let mut calls = generator.world();
    calls.extend((0..length).map(|_| generator.call()));
    calls
}

/// The number of the first session of a crowd.
const CROWD: u32 = 10;

struct Generator<'a> {
    random: Rng,
    corpus: &'a Corpus,
    /// Where players of `fz-h1` are.
    home: Place,
    /// How many more players `fz-h1` has.
    crowd: u32,
    /// What the WebSockets were asked to speak; none where they were not, or not again.
    sockets: [Option<Protocol>; SOCKETS.len()],
}

impl Generator<'_> {
    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.random.usize(0..list.len())]
    }

    /// Once in so many times.
    fn once_in(&mut self, times: u32) -> bool {
        self.random.u32(0..times) == 0
    }

    /// Two quests, a hunt of each, and players in them; sometimes not all of it.
    fn world(&mut self) -> Vec<Call> {
        let large = self.home.quest(&mut self.random);
        let small = self.home.small_quest(&mut self.random);
        let capacity = self.random.u32(2..5);
        let start =
            |quest: &str, capacity| format!("{{\"quest\":\"{quest}\",\"capacity\":{capacity}}}");
        let mut calls = vec![
            admin_put("/v1/quests/fz-q1", large.into_bytes()),
            admin_put("/v1/hunts/fz-h1", start("fz-q1", 100).into_bytes()),
            admin_put("/v1/quests/fz-q2", small.into_bytes()),
            admin_put("/v1/hunts/fz-h2", start("fz-q2", capacity).into_bytes()),
        ];
        for (player, hunt) in [(0, "fz-h1"), (1, "fz-h1"), (2, "fz-h2"), (3, "fz-h2")] {
            let name = self.pick(&["Ada", "Bo", "é", "🦀", "a b", "\\u0041", "\\\"", "<&>"]);
            calls.push(join(hunt, player, format!("{{\"name\":\"{name}\"}}").into_bytes()));
        }
        if self.once_in(6) {
            let at = self.random.usize(0..calls.len());
            calls.remove(at);
        }
        if self.once_in(6) {
            self.crowd = 10;
        }
        for player in 0..self.crowd {
            let body = format!("{{\"name\":\"n{player}\"}}").into_bytes();
            calls.push(join("fz-h1", CROWD + player, body));
        }
        let sockets = self.random.usize(0..3);
        calls.extend((0..sockets).map(|_| self.open()));
        calls
    }

    fn call(&mut self) -> Call {
        let conn = self.pick(&HTTP);
        let mut request = match self.random.u32(0..100) {
            0..10 => return self.publish(),
            10..16 => return self.start(),
            16..21 => self.join(),
            21..36 => self.resolve(),
            36..45 => self.leaderboard(),
            45..48 => get(&format!("/v1/hunts/{}/status", self.hunt())),
            48..52 => self.loot(),
            52..55 => return requests(ADMIN, get(self.pick(&["/healthz", "/readyz"]))),
            55..62 => return self.odd(),
            62..70 => return self.open(),
            70..97 => return self.frames(),
            _ => return self.cut(),
        };
        if self.once_in(5) {
            self.decorate(&mut request);
        }
        let mut requests = vec![request];
        while self.once_in(12) && requests.len() < 4 {
            let target = format!("/v1/hunts/{}/leaderboard?limit=2", self.hunt());
            requests.insert(0, get(&target));
        }
        Call::Requests { conn, requests }
    }

    fn hunt(&mut self) -> &'static str {
        match self.random.u32(0..12) {
            0..7 => "fz-h1",
            7..10 => "fz-h2",
            _ => self.pick(HUNTS),
        }
    }

    /// A text of the corpus, or one that is given, changed or not.
    fn text(&mut self, given: Vec<u8>, corpus: &[Vec<u8>], changed_percent: u32) -> Vec<u8> {
        let at = self.random.usize(0..corpus.len());
        let text = if self.once_in(3) { corpus[at].clone() } else { given };
        match self.random.u32(0..100) < changed_percent {
            true => mutate::json(&mut self.random, &text, &corpus[at]),
            false => text,
        }
    }

    fn publish(&mut self) -> Call {
        let given = self.home.quest(&mut self.random).into_bytes();
        // Not the quests that are played: their rules must stay what they are.
        let quest = self.pick(&["fz-q3", "fz-q3", "fz-q4", "-q", "fz-q%33", ""]);
        let body = self.text(given, &self.corpus.quests, 80);
        let mut call = admin_put(&format!("/v1/quests/{quest}"), body);
        self.dress(&mut call);
        call
    }

    fn start(&mut self) -> Call {
        let quest = self.pick(&["fz-q1", "fz-q2", "fz-q3", "fz-q5"]);
        let capacity = self.pick(&["1", "100", "0", "1000000", "1000001"]);
        let version = self.pick(&["", "", ",\"version\":1", ",\"version\":2", ",\"version\":0"]);
        let given = format!("{{\"quest\":\"{quest}\",\"capacity\":{capacity}{version}}}");
        let body = self.text(given.into_bytes(), &self.corpus.starts, 40);
        // Nobody joins the third one, whose rules may be any.
        let known = body.windows(5).any(|five| five == b"fz-q1" || five == b"fz-q2");
        let hunt = if known { self.pick(&["fz-h1", "fz-h2", "fz-h3"]) } else { "fz-h3" };
        let mut call = admin_put(&format!("/v1/hunts/{hunt}"), body);
        self.dress(&mut call);
        call
    }

    /// Fields and body of an admin's request that are not as usual.
    fn dress(&mut self, call: &mut Call) {
        let Call::Requests { conn, requests } = call else { return };
        if self.once_in(12) {
            *conn = self.pick(&HTTP);
        }
        if self.once_in(12) {
            requests[0].fields.retain(|field| !field.starts_with("Authorization"));
            let session = self.session();
            requests[0].fields.extend(session);
        }
        if self.once_in(8) {
            self.decorate(&mut requests[0]);
        }
    }

    fn join(&mut self) -> Request {
        let name = self.pick(NAMES);
        let body =
            self.text(format!("{{\"name\":\"{name}\"}}").into_bytes(), &self.corpus.joins, 40);
        // Players of others than the first two hunts would play by any rules.
        let hunt = self.pick(&["fz-h1", "fz-h2", "nowhere", "fz-h1", "-x"]);
        let player = 4 + self.random.u32(0..3);
        let Call::Requests { mut requests, .. } = join(hunt, player, body) else {
            unreachable!("joining is a request")
        };
        requests.remove(0)
    }

    fn resolve(&mut self) -> Request {
        let hunt = self.hunt();
        let given = format!("{{{}}}", self.player().resolve());
        let body = self.text(given.into_bytes(), &self.corpus.resolves, 30);
        let session = match hunt {
            "fz-h1" if self.crowd > 0 && !self.once_in(5) => {
                bearer(&format!("s{}", CROWD + self.random.u32(0..self.crowd)))
            }
            "fz-h1" if !self.once_in(5) => bearer(self.pick(&["s0", "s1", "s4"])),
            "fz-h2" if !self.once_in(5) => bearer(self.pick(&["s2", "s3"])),
            _ => self.session(),
        };
        let line = format!("POST /v1/hunts/{hunt}/resolve HTTP/1.1");
        let mut request = request(line, Body::Sized(body));
        request.fields.extend(session);
        request
    }

    fn player(&mut self) -> Player<'_> {
        Player { random: &mut self.random, home: &self.home }
    }

    /// Anything that could be a session, or nothing.
    fn session(&mut self) -> Vec<String> {
        let token = match self.random.u32(0..10) {
            0 => return Vec::new(),
            1..6 => self.pick(&["${s0}", "${s1}", "${s2}", "${s3}", "${s4}", "${admin}"]),
            6..8 => self.pick(&["", "x", "AQ", "AgEAAAO7LMPY", "a.b.c", "${s0}A", "${s0}="]),
            _ => {
                let at = self.random.usize(0..self.corpus.tokens.len());
                return vec![format!("Authorization: Bearer {}", self.corpus.tokens[at])];
            }
        };
        let scheme = self.pick(&["Bearer", "Bearer", "Bearer", "bearer", "Basic", "Bearer "]);
        vec![format!("Authorization: {scheme} {token}").trim_end().to_owned()]
    }

    fn leaderboard(&mut self) -> Request {
        let mut target = format!("/v1/hunts/{}/leaderboard", self.hunt());
        for place in 0..self.random.usize(0..3) {
            let key = self.pick(&["limit", "around", "limit", "around", "top", "l%69mit", ""]);
            let value = self.pick(VALUES);
            let equals = if self.once_in(15) { "" } else { "=" };
            target.push(if place == 0 { '?' } else { '&' });
            target.push_str(&format!("{key}{equals}{value}"));
        }
        get(&target)
    }

    fn loot(&mut self) -> Request {
        let value = self.pick(VALUES);
        match self.random.u32(0..6) {
            0 => get("/loot"),
            1 => get(&format!("/loot?sesion={value}")),
            _ => get(&format!("/loot?session={value}")),
        }
    }

    /// Any method on any path.
    fn odd(&mut self) -> Call {
        let method = self.pick(METHODS);
        let hunt = self.hunt();
        let path = self.pick(PATHS).replace('#', hunt);
        let query = self.pick(&["", "", "", "?", "?x=1", "?session=1", "?limit=1"]);
        // The length of these depends on the clock, or on the server.
        let is_open = ["status", "healthz", "readyz"].iter().any(|end| path.ends_with(end));
        let method = if method == "HEAD" && is_open { "GET" } else { method };
        let body = match method {
            "GET" | "HEAD" | "OPTIONS" if !self.once_in(8) => Body::Absent,
            _ => Body::Sized(self.pick(&["", "{}", "{\"name\":\"Ada\"}", "x"]).into()),
        };
        let mut request = request(format!("{method} {path}{query} HTTP/1.1"), body);
        let session = self.session();
        request.fields.extend(session);
        let conn = if self.once_in(4) { ADMIN } else { self.pick(&HTTP) };
        if self.once_in(6) {
            self.decorate(&mut request);
        }
        requests(conn, request)
    }

    /// Fields that a request may have, another framing of its body, another version.
    fn decorate(&mut self, request: &mut Request) {
        match self.random.u32(0..8) {
            0 => request.line = request.line.replace("HTTP/1.1", "HTTP/1.0"),
            1 => request.fields.push("Connection: close".into()),
            2 | 3 if request.body != Body::Absent => {
                request.fields.retain(|field| !field.starts_with("Content-Type"));
                let types = self.pick(TYPES);
                request.fields.extend(types.iter().map(|field| (*field).to_owned()));
            }
            4 | 5 => {
                if let Body::Sized(bytes) = &request.body
                    && !bytes.is_empty()
                {
                    let cut = self.random.usize(0..bytes.len());
                    let parts = [&bytes[..cut], &bytes[cut..]].map(<[u8]>::to_vec);
                    let parts = parts.into_iter().filter(|part| !part.is_empty()).collect();
                    request.body = Body::Chunked(parts);
                }
            }
            _ => {
                let field = self.pick(FIELDS);
                request.fields.push(field.to_owned());
            }
        }
    }

    fn open(&mut self) -> Call {
        let at = self.random.usize(0..SOCKETS.len());
        let hunt = self.hunt();
        let session = match hunt {
            "fz-h2" => "s2",
            _ => self.pick(&["s0", "s1", "s0", "s1", "s2"]),
        };
        let (request, protocol) = self.player().open(hunt, session);
        self.sockets[at] = Some(protocol);
        requests(SOCKETS[at], request)
    }

    fn frames(&mut self) -> Call {
        let asked: Vec<usize> =
            (0..SOCKETS.len()).filter(|at| self.sockets[*at].is_some()).collect();
        let Some(at) = self.random.choice(asked) else { return self.open() };
        let protocol = if self.once_in(30) { None } else { self.sockets[at] };
        let corpus = self.corpus;
        let count = self.random.usize(1..3);
        let mut player = self.player();
        let lines =
            (0..count).flat_map(|_| player.message(protocol.unwrap_or_default(), corpus)).collect();
        Call::Frames { conn: SOCKETS[at], lines }
    }

    fn cut(&mut self) -> Call {
        let at = self.random.usize(0..HTTP.len() + SOCKETS.len());
        match at.checked_sub(HTTP.len()) {
            None => Call::Cut(HTTP[at]),
            Some(at) => {
                self.sockets[at] = None;
                Call::Cut(SOCKETS[at])
            }
        }
    }
}

fn requests(conn: Conn, request: Request) -> Call {
    Call::Requests { conn, requests: vec![request] }
}

/// A request with the fields that it needs for its body.
pub(super) fn request(line: String, body: Body) -> Request {
    let mut fields = vec!["Host: a".to_owned()];
    if body != Body::Absent {
        fields.push("Content-Type: application/json".into());
    }
    Request { wait_ms: 0, line, fields, body, binds: None }
}

fn get(target: &str) -> Request {
    request(format!("GET {target} HTTP/1.1"), Body::Absent)
}

fn bearer(session: &str) -> Vec<String> {
    vec![format!("Authorization: Bearer ${{{session}}}")]
}

fn admin_put(target: &str, body: Vec<u8>) -> Call {
    let mut request = request(format!("PUT {target} HTTP/1.1"), Body::Sized(body));
    request.fields.push("Authorization: Bearer ${admin}".into());
    requests(ADMIN, request)
}

fn join(hunt: &str, player: u32, body: Vec<u8>) -> Call {
    let line = format!("POST /v1/hunts/{hunt}/players HTTP/1.1");
    let binds = Some(format!("s{player}"));
    requests(HTTP[0], Request { binds, ..request(line, Body::Sized(body)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::Library;

    #[test]
    fn seeds_repeat_and_differ() {
        let corpus = Corpus::read(&Library::of_checkout()).unwrap();
        let all = || (0..20).map(|seed| sequence(seed, 30, &corpus)).collect::<Vec<_>>();
        let sequences = all();
        assert!(sequences == all());
        assert!(sequences.windows(2).all(|two| two[0] != two[1]));
    }
}
