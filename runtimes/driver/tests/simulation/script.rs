//! One run: what the clients do, and what must be true at its end.

use super::player::{Phase, Player, Sent, Session, masked};
use super::referee::{Referee, TAGS};
use alloc_heap::HeapArena;
use driver::sim::{Faults, World};
use driver::store::Memory;
use driver::{Control, Observer, Setup, State};
use engine_core::api::hunts::{Hunts, Settings};
use engine_core::api::token::KeyRing;
use engine_core::arena::{Arena, ArenaMeters};
use engine_core::game::hash::Seed;
use engine_core::limits::Limits;
use engine_core::seam::{Listener, Observe, Reply};
use engine_core::time::Timestamp;
use std::sync::Arc;

/// What happened, summed over runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) answers: u64,
    pub(crate) published: u64,
    pub(crate) responses: u64,
    pub(crate) refusals: u64,
    pub(crate) upgrades: u64,
    pub(crate) messages: u64,
    pub(crate) frames: u64,
    /// Full frames for watchers that missed some.
    pub(crate) caught_up: u64,
    /// Watchers that had the latest frames while another did not read.
    in_time: u64,
    /// Close frames.
    pub(crate) closes: u64,
    /// Clients that were told 1001.
    going_away: u64,
    resets: u64,
    /// Clients that ended their side before they were answered.
    finished: u64,
    paused: u64,
    flushed: u64,
    flush_rests: u64,
    accept_errors: u64,
    mails: u64,
}

impl Report {
    fn places(&mut self) -> [&mut u64; 18] {
        [
            &mut self.answers,
            &mut self.published,
            &mut self.responses,
            &mut self.refusals,
            &mut self.upgrades,
            &mut self.messages,
            &mut self.frames,
            &mut self.caught_up,
            &mut self.in_time,
            &mut self.closes,
            &mut self.going_away,
            &mut self.resets,
            &mut self.finished,
            &mut self.paused,
            &mut self.flushed,
            &mut self.flush_rests,
            &mut self.accept_errors,
            &mut self.mails,
        ]
    }

    pub(crate) fn add(&mut self, other: &Self) {
        let mut other = *other;
        for (mine, theirs) in self.places().into_iter().zip(other.places()) {
            *mine += *theirs;
        }
    }

    pub(crate) fn assert_everything_happened(mut self) {
        let report = self;
        assert!(self.places().into_iter().all(|count| *count > 0), "{report:#?}");
    }
}

struct Nothing;

impl Observer for Nothing {
    fn observe(&self, _: Observe) -> Reply {
        Reply::Document { status: 200, content_type: "text/plain", body: b"ok".to_vec() }
    }
}

/// Quests in which everything happens soon.
const QUESTS: [&str; 3] = [
    r#"{"name":"quick","waypoints":[{"x":0,"y":0,"z":0,"radius":5},{"x":1.5,"y":-2,"z":0.25,
    "radius":1}],"treasures":[{"id":"a","x":1,"y":0,"z":0,"radius":2,"supply":2,"loot":{"item":
    "coin","points":10,"power_up":"double"}},{"id":"b","x":0,"y":1,"z":0,"radius":2,"opens_ms":
    1500,"loot":{"item":"gem","points":25,"power_up":"boost"}},{"id":"c","x":0,"y":0,"z":-1,
    "radius":1.5,"supply":30,"loot":{"item":"cup","points":10}}],"rules":{"duration_ms":3000,
    "waypoint_ms":400,"power_up_ms":900,"energy_per_s":9,"start_power_ups":{"boost":2}}}"#,
    r#"{"name":"rich","waypoints":[{"x":0,"y":0,"z":0,"radius":1}],"treasures":[
    {"id":"a","x":1,"y":1,"z":1,"radius":9,"supply":400,"loot":{"item":"coin","points":1000}},
    {"id":"b","x":0,"y":0,"z":1,"radius":9,"supply":400,"loot":{"item":"coin","points":7,
    "power_up":"reach"}},{"id":"c","x":0,"y":1,"z":1,"radius":9,"supply":99,"loot":{"item":"cup",
    "points":7}}],"rules":{"waypoints_in_play":3,"speed_max":50}}"#,
    r#"{"name":"slow","waypoints":[{"x":-1,"y":0,"z":0,"radius":1},{"x":0,"y":0,"z":0,"radius":1}],
    "treasures":[{"id":"a","x":-1,"y":1,"z":0,"radius":9,"supply":1,"loot":{"item":"key",
    "points":1}},{"id":"b","x":0,"y":0,"z":0,"radius":9,"supply":200,"loot":{"item":"key",
    "points":1}},{"id":"c","x":0,"y":0,"z":0,"radius":9,"supply":300,"loot":{"item":"key",
    "points":2}}],"rules":{"duration_ms":20000,"waypoint_ms":150}}"#,
];

const CLIENTS_MAX: usize = 10;
const ENDED_KEEP_MS: usize = 1_000;
const DRAIN_MS: u64 = 10_000;

struct Script {
    world: World,
    referee: Arc<Referee>,
    control: Control,
    admin_token: String,
    players: Vec<Player>,
    sessions: Vec<Session>,
    tags: u32,
    report: Report,
}

/// Runs a seed.
pub(crate) fn run(seed: u64) -> Report {
    let mut script = Script::new(seed);
    script.open();
    let steps = 30 + script.below(90);
    for _ in 0..steps {
        script.step();
        script.receive();
    }
    script.settle();
    script.end();
    script.report()
}

impl Script {
    fn new(seed: u64) -> Self {
        let faults = match seed % 4 {
            0 => Faults::none(),
            1 => Faults { late_percent: 0, accept_percent: 0, ..Faults::rough() },
            2 => Faults { late_us_max: 300, short_percent: 5, ..Faults::rough() },
            _ => Faults::rough(),
        };
        let mut world = World::new(seed, faults);
        let workers = 1 + world.below(4);
        let limits = Arc::new(Limits {
            pipeline_max: [2, 32][world.below(2)],
            outbound_high_bytes: [4 * 1024, 64 * 1024][world.below(2)],
            ended_keep_ms: ENDED_KEEP_MS,
            // Who stops reading for a while is not given up.
            write_stall_ms: 600_000,
            head_timeout_ms: 600_000,
            body_timeout_ms: 600_000,
            close_ms: 60_000,
            linger_ms: 60_000,
            idle_ms: 600_000,
            ping_ms: 600_000,
            hunts_max: 20,
            ..Limits::default()
        });
        let keys = KeyRing::new([(1, &[7; 32][..])]).unwrap();
        let meters = ArenaMeters::default();
        let scratch = Arc::clone(&meters.scratch);
        let memory = Memory::new(workers, Seed(u128::from(seed)), meters, Arc::clone(&limits));
        let referee = Arc::new(Referee::new(memory, ENDED_KEEP_MS as u64));
        let settings = Arc::new(Settings {
            keys: keys.clone(),
            allowed_origins: Vec::new(),
            admin_on_public: true,
            limits: Arc::clone(&limits),
        });
        let control = Control::new(workers);
        let setup = Setup {
            limits,
            control: control.clone(),
            store: Arc::clone(&referee) as _,
            observer: Arc::new(Nothing),
            arena: Box::new(move || HeapArena::new(Arc::clone(&scratch))),
            service: Box::new(move |_| Hunts::new(Arc::clone(&settings))),
        };
        world.start(&setup);
        assert_eq!(control.state(), State::Ready);
        let admin_token = keys.mint_admin(Timestamp(u64::MAX));
        Self {
            world,
            referee,
            control,
            admin_token,
            players: Vec::new(),
            sessions: Vec::new(),
            tags: TAGS,
            report: Report::default(),
        }
    }

    fn below(&self, bound: usize) -> usize {
        self.world.below(bound)
    }

    /// The first client publishes quests and starts hunts, as far as the seed wants.
    fn open(&mut self) {
        self.connect();
        let admin = self.admin_token.clone();
        let player = &mut self.players[0];
        for (quest, body) in QUESTS.iter().enumerate().take(1 + self.world.below(2)) {
            let path = format!("/v1/quests/q{quest}");
            player.wire.send(&request("PUT", &path, &admin, body));
            player.sent.push_back(Sent::Store);
        }
        for hunt in 0..self.world.below(4) {
            let body = format!(r#"{{"quest":"q{}","capacity":50}}"#, self.world.below(2));
            player.wire.send(&request("PUT", &format!("/v1/hunts/h{hunt}"), &admin, &body));
            player.sent.push_back(Sent::Store);
        }
    }

    /// One thing that happens.
    fn step(&mut self) {
        match self.below(20) {
            0 | 1 => self.connect(),
            2..10 => self.act(),
            10 => self.misbehave(),
            11..14 => self.world.run(),
            14..18 => self.world.advance_ms(self.world.below(40) as u64),
            _ => self.world.advance_ms(self.world.below(400) as u64),
        }
    }

    fn connect(&mut self) {
        let open = self.players.iter().filter(|player| player.phase != Phase::Gone).count();
        if open >= CLIENTS_MAX {
            return;
        }
        self.tags += 1;
        let wire = self.world.connect(Listener::Public);
        let mut player = Player::new(wire, self.tags);
        let hello = request("GET", &format!("/loot?session={}", self.tags), "", "");
        player.wire.send(&hello);
        player.sent.push_back(Sent::Store);
        self.players.push(player);
    }

    /// A client that is neither gone nor about to be.
    fn pick(&self, phases: &[Phase]) -> Option<usize> {
        let able: Vec<_> = (0..self.players.len())
            .filter(|place| {
                let player = &self.players[*place];
                phases.contains(&player.phase) && !player.told_to_close && !player.finished
            })
            .collect();
        (!able.is_empty()).then(|| able[self.below(able.len())])
    }

    /// A client sends a burst of requests or messages, whole or in parts.
    fn act(&mut self) {
        let Some(place) = self.pick(&[Phase::Http, Phase::Upgrading, Phase::Open]) else { return };
        let mut bytes = Vec::new();
        for _ in 0..=self.below(5) {
            if self.players[place].phase == Phase::Http {
                let (request, sent) = self.request(place);
                bytes.extend(request);
                self.players[place].sent.push_back(sent);
            } else {
                bytes.extend(self.message(place));
            }
        }
        while !bytes.is_empty() {
            let count = if self.below(3) == 0 { 1 + self.below(bytes.len()) } else { bytes.len() };
            self.players[place].wire.send(&bytes[..count]);
            bytes.drain(..count);
            if self.below(2) == 0 {
                self.world.run();
            }
        }
    }

    /// A client does what clients ought not to.
    fn misbehave(&mut self) {
        let Some(place) = self.pick(&[Phase::Http, Phase::Upgrading, Phase::Open]) else { return };
        let choice = self.below(6);
        self.receive();
        let player = &mut self.players[place];
        match (choice, player.phase) {
            (0, _) => {
                player.wire.reset();
                player.leave();
                self.report.resets += 1;
            }
            (1, Phase::Http) => {
                self.report.finished += u64::from(!player.is_settled());
                player.wire.finish();
                player.finished = true;
            }
            (2.., Phase::Http | Phase::Upgrading | Phase::Open) => {
                player.reads = !player.reads;
                player.wire.read(player.reads);
                self.report.paused += u64::from(!player.reads);
                if !player.reads && player.phase == Phase::Open && self.below(3) == 0 {
                    self.world.advance_ms(5_000);
                    self.receive();
                    self.check_that_nobody_is_behind();
                }
            }
            _ => {}
        }
    }

    /// Whoever reads has the frames of the last second, whoever else does not read.
    fn check_that_nobody_is_behind(&mut self) {
        let now = self.world.now().timestamp();
        for player in &self.players {
            if let Some(behind_ms) = player.behind_ms(now) {
                assert!(behind_ms < 1_000, "client {} is {behind_ms} ms behind", player.tag);
                self.report.in_time += 1;
            }
        }
    }

    fn request(&mut self, place: usize) -> (Vec<u8>, Sent) {
        let hunt = format!("h{}", self.below(4));
        let quest = format!("q{}", self.below(2));
        let admin = self.admin_token.clone();
        let session = self.session();
        match (self.below(20), session) {
            (0, _) => {
                let body = QUESTS[self.below(QUESTS.len())];
                (request("PUT", &format!("/v1/quests/{quest}"), &admin, body), Sent::Store)
            }
            (1 | 2, _) => {
                let capacity = [1, 3, 50][self.below(3)];
                let body = format!(r#"{{"quest":"{quest}","capacity":{capacity}}}"#);
                (request("PUT", &format!("/v1/hunts/{hunt}"), &admin, &body), Sent::Store)
            }
            (3..6, _) => {
                let body = format!(r#"{{"name":"p{}"}}"#, self.below(100));
                let path = format!("/v1/hunts/{hunt}/players");
                (request("POST", &path, "", &body), Sent::Store)
            }
            (6..11, Some(session)) => {
                let path = format!("/v1/hunts/{}/resolve", session.hunt);
                let body = format!("{{{}}}", self.resolve());
                (request("POST", &path, &session.token, &body), Sent::Store)
            }
            (11..14, Some(session)) => {
                self.players[place].phase = Phase::Upgrading;
                (upgrade(&session), Sent::Upgrade(session))
            }
            (14, _) => (request("GET", "/nowhere", "", ""), Sent::Local(404)),
            (15, _) => (request("DELETE", "/loot", "", ""), Sent::Local(405)),
            (16, _) => {
                let path = format!("/v1/hunts/{hunt}/leaderboard?limit={}", 1 + self.below(9));
                (request("GET", &path, "", ""), Sent::Store)
            }
            (17, _) => {
                let path = format!("/loot?session={}", self.below(99));
                (request("GET", &path, "", ""), Sent::Store)
            }
            _ => (request("GET", &format!("/v1/hunts/{hunt}/status"), "", ""), Sent::Store),
        }
    }

    /// Somebody who has joined, more likely of late.
    fn session(&self) -> Option<Session> {
        let recent = self.sessions.len().saturating_sub(4);
        let from = if self.below(6) == 0 { 0 } else { recent };
        self.sessions.get(from + self.below(self.sessions.len() - from)).cloned()
    }

    fn resolve(&self) -> String {
        let place = |n: usize| n as f64 / 2.0 - 1.0;
        let [x, y, z] = [5, 5, 5].map(|bound| place(self.below(bound)));
        let treasure = ["a", "b", "c", "c", "b", "x"][self.below(6)];
        let key = match self.below(3) {
            0 => format!(r#","key":"k{}""#, self.below(9)),
            _ => String::new(),
        };
        format!(r#""treasure":"{treasure}","x":{x},"y":{y},"z":{z}{key}"#)
    }

    fn message(&mut self, place: usize) -> Vec<u8> {
        let resolve = self.resolve();
        let (choice, number) = (self.below(8), self.below(4));
        let player = &mut self.players[place];
        player.seq += 1;
        let seq = player.seq;
        let text = match choice {
            0 => {
                player.sent.push_back(Sent::BadMessage);
                return masked(1, br#"{"jump":{}}"#);
            }
            1..4 => format!(r#"{{"seq":{seq},"resolve":{{{resolve}}}}}"#),
            4 | 5 => {
                let power_up = ["boost", "reach", "double", "boost"][number];
                format!(r#"{{"seq":{seq},"use_power_up":{{"power_up":"{power_up}"}}}}"#)
            }
            _ => format!(r#"{{"seq":{seq},"move":{{"x":{number},"y":0.5,"z":-1,"heading":90}}}}"#),
        };
        player.sent.push_back(Sent::Message(seq));
        masked(1, text.as_bytes())
    }

    /// Every client that reads takes what has arrived.
    fn receive(&mut self) {
        let mut book = self.referee.book.lock().unwrap();
        for player in &mut self.players {
            self.sessions.extend(player.receive(&mut book, &mut self.report));
        }
    }

    /// Everybody reads until nobody waits for an answer.
    fn settle(&mut self) {
        for player in &mut self.players {
            if player.phase != Phase::Gone && !player.reads {
                player.reads = true;
                player.wire.read(true);
            }
        }
        for _ in 0..1_000 {
            self.world.advance_ms(20);
            self.receive();
            if self.players.iter().all(Player::is_settled) {
                return;
            }
        }
        let waiting = self.players.iter().filter(|player| !player.is_settled());
        let waiting: Vec<_> = waiting
            .map(|p| {
                (
                    p.tag,
                    p.phase,
                    &p.sent,
                    p.finished,
                    p.wire.is_closed(),
                    String::from_utf8_lossy(&p.inbox).into_owned(),
                    &p.wire,
                )
            })
            .collect();
        panic!("not answered within 20 s: {waiting:?}");
    }

    /// Everybody asks once more, and the server drains: all is answered, and all comes to an end.
    fn end(&mut self) {
        for place in 0..self.players.len() {
            let player = &mut self.players[place];
            match player.phase {
                Phase::Http if !player.told_to_close && !player.finished => {
                    player.wire.send(&request("GET", "/v1/hunts/h0/status", "", ""));
                    player.sent.push_back(Sent::Store);
                }
                Phase::Open => {
                    let bytes = self.message(place);
                    self.players[place].wire.send(&bytes);
                }
                _ => {}
            }
        }
        self.control.drain(DRAIN_MS);
        assert_eq!(self.control.state(), State::Draining);
        let late = self.world.connect(Listener::Public);
        let begin = self.world.now();
        while !self.world.has_ended() {
            self.world.advance_ms(10);
            self.receive();
            assert!(self.world.now().us_since(begin) < (DRAIN_MS + 2_000) * 1000, "the end comes");
        }
        assert!(late.is_closed(), "who waited was accepted, or at least told");
        self.world.advance_ms(100);
        self.receive();
        for player in &self.players {
            assert_eq!(player.phase, Phase::Gone, "client {} is left behind", player.tag);
        }
        assert_eq!(self.control.open(Listener::Public), 0);
        assert_eq!(self.referee.memory.figures().watchers, 0);
    }

    fn report(mut self) -> Report {
        let book = self.referee.book.lock().unwrap();
        self.report.answers = book.answers;
        self.report.published = book.published;
        let going_away = self.players.iter().filter(|player| player.close_code == Some(1001));
        self.report.going_away = going_away.count() as u64;
        for figures in self.control.figures() {
            assert_eq!(figures.shard.connections, 0);
            assert_eq!(figures.shard.opened, figures.shard.closed);
            self.report.flushed += figures.flushed;
            self.report.flush_rests += figures.flush_rests;
            self.report.accept_errors += figures.accept_errors;
            self.report.mails += figures.mails;
        }
        self.report
    }
}

fn request(method: &str, path: &str, token: &str, body: &str) -> Vec<u8> {
    let bearer = match token {
        "" => String::new(),
        token => format!("Authorization: Bearer {token}\r\n"),
    };
    let length = match method {
        "GET" | "DELETE" => String::new(),
        _ => format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()),
    };
    format!("{method} {path} HTTP/1.1\r\nHost: h\r\n{bearer}{length}\r\n{body}").into_bytes()
}

fn upgrade(session: &Session) -> Vec<u8> {
    format!(
        "GET /v1/hunts/{}/play HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {}\r\n\
         Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        session.hunt, session.token
    )
    .into_bytes()
}
