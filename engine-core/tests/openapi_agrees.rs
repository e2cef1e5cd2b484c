//! The OpenAPI document and the code are the same: routes, methods, problems, and the shape of
//! every answer.
#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

mod openapi;
mod support;

use alloc_heap::HeapArena;
use engine_core::api::hunts::{Hunts, Settings};
use engine_core::api::token::KeyRing;
use engine_core::arena::{Arena, ArenaMeters};
use engine_core::error::Problem;
use engine_core::figures::{RouteName, STATUSES};
use engine_core::game::quest::Quest;
use engine_core::limits::Limits;
use engine_core::seam::{
    HuntState, Listener, MoveOutcome, Output, PowerUp, PowerUpOutcome, ResolveOutcome, WorkerId,
};
use engine_core::shard::Shard;
use engine_core::text::Id;
use openapi::{check, document, resolved};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use support::{Pair as AnyPair, QUEST, START, frame, frames, request};

type Pair = AnyPair<HeapArena>;

const METHODS: [&str; 8] = ["get", "head", "options", "post", "put", "delete", "patch", "trace"];

/// Every operation: its path, method and description.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let mut found = Vec::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            if METHODS.contains(&method.as_str()) {
                found.push((path.as_str(), method.as_str(), operation));
            } else {
                assert!(["servers", "parameters"].contains(&method.as_str()), "{path} {method}");
            }
        }
    }
    found
}

/// The problems that a response names, by the last part of their schemas' names.
fn problems_of<'d>(document: &'d Value, response: &'d Value) -> Vec<&'d str> {
    let media = &resolved(document, response)["content"]["application/problem+json"];
    let schema = &media["schema"];
    let all = schema["oneOf"].as_array().cloned().unwrap_or_else(|| vec![schema.clone()]);
    let names = document["components"]["schemas"].as_object().unwrap().keys();
    let named = |reference: &Value| reference["$ref"].as_str().map(str::to_owned);
    let references: Vec<_> = all.iter().filter_map(named).collect();
    let of = |name: &&String| references.contains(&format!("#/components/schemas/{name}"));
    names.filter(of).map(|name| name.strip_prefix("problem-").unwrap()).collect()
}

#[test]
fn every_problem_is_described_with_its_type_title_and_status() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for problem in Problem::ALL {
        let name = format!("problem-{}", problem.slug());
        let schema = schemas.get(&name).unwrap_or_else(|| panic!("{name} is missing"));
        let own = &schema["allOf"][1]["properties"];
        assert_eq!(own["type"]["const"], problem.kind());
        assert_eq!(own["title"]["const"], problem.title());
        assert_eq!(own["status"]["const"], problem.status());
    }
    let described = schemas.keys().filter(|name| name.starts_with("problem-")).count();
    assert_eq!(described, Problem::ALL.len());
}

#[test]
fn every_problem_stands_under_its_status_and_some_operation_has_it() {
    let document = document();
    let mut found = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let known = status == "default" || STATUSES.contains(&status.parse().unwrap());
            assert!(known, "{method} {path} {status} is not counted");
            for slug in problems_of(&document, response) {
                let problem = Problem::ALL.iter().find(|problem| problem.slug() == slug).unwrap();
                let fits = status == "default" || *status == problem.status().to_string();
                assert!(fits, "{method} {path}: {slug} is not {status}");
                found.insert(slug.to_owned());
            }
        }
    }
    let all: BTreeSet<_> = Problem::ALL.iter().map(|problem| problem.slug().to_owned()).collect();
    assert_eq!(found, all);
}

/// The status and `Allow` of OPTIONS for a path.
fn options(path: &str, listener: Listener) -> (u16, String) {
    let limits = Arc::new(Limits::default());
    let keys = KeyRing::new([(1, &[7; 32][..])]).unwrap();
    let (allowed_origins, admin_on_public) = (Vec::new(), false);
    let settings = Settings { keys, allowed_origins, admin_on_public, limits: limits.clone() };
    let arena = HeapArena::new(Arc::default());
    let mut shard = Shard::new(WorkerId(0), limits, arena, Hunts::new(Arc::new(settings)));
    let id = shard.open(START, listener).unwrap();
    let path = path.replace("{quest}", "q").replace("{hunt}", "h");
    shard.receive(START, id, &mut request("OPTIONS", &path, "", ""));
    let Some(Output::Transmit { buf, .. }) = shard.poll_output() else { panic!("no answer") };
    let text = String::from_utf8(buf.into_vec()).unwrap();
    let allow = text.lines().find_map(|line| line.strip_prefix("Allow: ")).unwrap_or_default();
    (text[9..12].parse().unwrap(), allow.to_lowercase())
}

#[test]
fn every_route_is_described_with_its_methods_and_its_listener_and_nothing_else_is() {
    let document = document();
    let described: BTreeSet<_> = document["paths"].as_object().unwrap().keys().cloned().collect();
    let routes = RouteName::ALL.iter().filter(|route| **route != RouteName::None);
    let routes: BTreeSet<_> = routes.map(|route| route.label().to_owned()).collect();
    assert_eq!(described, routes);
    for path in &described {
        let item = &document["paths"][path];
        let url = item["servers"][0]["url"].as_str().unwrap();
        let (own, other) = match url.rsplit(':').next().unwrap() {
            "8080" => (Listener::Public, Listener::Admin),
            "9090" => (Listener::Admin, Listener::Public),
            port => panic!("{path}: {port}"),
        };
        let methods = METHODS.iter().filter(|method| item.get(**method).is_some());
        let methods: Vec<_> = methods.copied().collect();
        let (status, allow) = options(path, own);
        assert_eq!(status, 204, "{path}");
        let mut allowed: Vec<_> = allow.split(", ").collect();
        allowed.sort_unstable();
        let mut expected = methods.clone();
        expected.sort_unstable();
        assert_eq!(allowed, expected, "{path}");
        assert_eq!(options(path, other).0, 404, "{path} on the other listener");
    }
}

/// Sends requests and holds every answer against the document.
struct Checked {
    document: Value,
    pair: Pair,
    seen: BTreeSet<(String, u16)>,
}

impl Checked {
    /// `template` is the path of the document that `request` is for.
    fn answer(&mut self, method: &str, template: &str, request: &[u8]) -> (u16, Value) {
        let id = self.pair.open();
        self.pair.send(id, request);
        let text = String::from_utf8_lossy(&self.pair.take(id)).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{text}"));
        let status: u16 = head[9..12].parse().unwrap();
        let operation = &self.document["paths"][template][method];
        let responses = operation["responses"].as_object().expect(template);
        let response = responses.get(&status.to_string()).unwrap_or(&responses["default"]);
        let response = resolved(&self.document, response);
        self.seen.insert((format!("{method} {template}"), status));
        if status == 101 {
            return (status, Value::Null);
        }
        let media = head.lines().find_map(|line| line.strip_prefix("Content-Type: ")).unwrap();
        let content = response["content"].get(media);
        let content = content.unwrap_or_else(|| panic!("{method} {template} {status}: {media}"));
        let value: Value = serde_json::from_str(body).unwrap();
        if let Err(fault) = check(&self.document, &content["schema"], &value) {
            panic!("{method} {template} {status}: {fault}");
        }
        (status, value)
    }
}

#[test]
fn every_answer_has_the_shape_that_is_described() {
    let mut checked =
        Checked { document: document(), pair: Pair::new(Limits::default()), seen: BTreeSet::new() };
    let keys = KeyRing::new([(1, &[7; 32][..])]).unwrap();
    let admin = keys.mint_admin(START.after_ms(60_000));
    let [quest, hunt] = ["/v1/quests/{quest}", "/v1/hunts/{hunt}"];
    let [players, resolve, status, leaderboard, play] =
        ["players", "resolve", "status", "leaderboard", "play"]
            .map(|part| format!("{hunt}/{part}"));
    let put = |path: &str, body: &str| request("PUT", path, &admin, body);
    let post = |path: &str, token: &str, body: &str| request("POST", path, token, body);
    let get = |path: &str| request("GET", path, "", "");
    let mut expect = |method: &str, template: &str, request: Vec<u8>, status: u16| {
        let (got, value) = checked.answer(method, template, &request);
        assert_eq!(got, status, "{value}");
        value
    };
    let other = QUEST.replace("Pier", "Quay");
    expect("get", "/loot", get("/loot"), 200);
    expect("put", quest, put("/v1/quests/pier", QUEST), 201);
    expect("put", quest, put("/v1/quests/pier", &other), 200);
    expect("put", quest, put("/v1/quests/pier", "{"), 422);
    expect("put", quest, put("/v1/quests/-", QUEST), 400);
    expect("put", quest, request("PUT", "/v1/quests/pier", "", QUEST), 401);
    let start = r#"{"quest":"pier","capacity":2}"#;
    expect("put", hunt, put("/v1/hunts/h1", start), 201);
    expect("put", hunt, put("/v1/hunts/h1", start), 200);
    expect("put", hunt, put("/v1/hunts/h1", r#"{"quest":"pier","capacity":3}"#), 409);
    expect("put", hunt, put("/v1/hunts/h2", r#"{"quest":"nix","capacity":3}"#), 404);
    expect("put", hunt, put("/v1/hunts/h2", r#"{"quest":"pier"}"#), 422);
    let joined =
        expect("post", &players, post("/v1/hunts/h1/players", "", r#"{"name":"Ada"}"#), 201);
    let session = joined["session"].as_str().unwrap().to_owned();
    expect("post", &players, post("/v1/hunts/h1/players", "", r#"{"name":"Bob"}"#), 201);
    expect("post", &players, post("/v1/hunts/h1/players", "", r#"{"name":"Cyd"}"#), 409);
    expect("post", &players, post("/v1/hunts/h9/players", "", r#"{"name":"Cyd"}"#), 404);
    expect("post", &players, b"POST /v1/hunts/h1/players HTTP/1.1\r\nHost: h\r\n\r\n".into(), 411);
    let take = r#"{"treasure":"t1","x":0,"y":0,"z":0,"key":"k"}"#;
    let path = "/v1/hunts/h1/resolve";
    let won = expect("post", &resolve, post(path, &session, take), 200);
    assert_eq!(won["outcome"], "claimed");
    let far = take.replace("t1", "t3").replace("\"k\"", "\"l\"");
    expect("post", &resolve, post(path, &session, &far), 200);
    expect("post", &resolve, post(path, &session, &take.replace("t1", "t2")), 409);
    expect("post", &resolve, post(path, &session, &take.replace("t1", "t9")), 404);
    expect("post", &resolve, post(path, "", take), 401);
    expect("post", &resolve, post("/v1/hunts/h2/resolve", &session, take), 403);
    expect("get", &status, get("/v1/hunts/h1/status"), 200);
    expect("get", &status, get("/v1/hunts/h1/status?x=1"), 400);
    expect("get", &leaderboard, get("/v1/hunts/h1/leaderboard?limit=1&around=1"), 200);
    expect("get", &leaderboard, get("/v1/hunts/h1/leaderboard?around=7"), 404);
    expect("get", "/loot", get("/loot?session=3"), 200);
    expect("get", &play, get(&format!("/v1/hunts/h1/play?session={session}")), 426);
    expect("get", &play, support::upgrade(&session, "hunt.v1+json"), 101);
    expect("get", &play, support::upgrade(&session, "chat"), 400);
    expect("get", "/loot", b"GET /loot HTTP/1.1\r\nHost: h\r\nExpect: tea\r\n\r\n".into(), 417);
    // What the server around the engine answers is held to the document by its own tests.
    let observed = ["/healthz", "/readyz", "/metrics"];
    for (path, method, operation) in operations(&checked.document) {
        for status in operation["responses"].as_object().unwrap().keys() {
            let seen = (format!("{method} {path}"), status.parse().unwrap_or(0));
            let success = status.starts_with('1') || status.starts_with('2');
            let ours = success && method != "options" && !observed.contains(&path);
            assert!(!ours || checked.seen.contains(&seen), "{seen:?} was not asked for");
        }
    }
}

#[test]
fn every_message_has_the_shape_that_is_described() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    let mut pair = Pair::with_hunt(Limits::default());
    let id = pair.play("Ada", "hunt.v1+json");
    for (message, event) in [
        (json!({"seq": 1, "move": {"x": 0, "y": 0, "z": 0}}), "moved"),
        (json!({"seq": 2, "move": {"x": 900, "y": 0, "z": 0, "heading": 90.5}}), "moved"),
        (json!({"seq": 3, "use_power_up": {"power_up": "boost"}}), "power_up_used"),
        (json!({"seq": 4, "resolve": {"treasure": "t1", "x": 0, "y": 0, "z": 0}}), "resolved"),
        (json!({"seq": 5, "resolve": {"treasure": "t9", "x": 0, "y": 0, "z": 0}}), "refused"),
        (json!({"seq": 6, "move": {"x": 0, "y": 0, "z": 0, "heading": 360}}), "refused"),
        (json!({"seq": 7, "use_power_up": {"power_up": "wings"}}), "refused"),
        (json!({"seq": 8, "move": {"x": 0, "y": 0}}), "refused"),
        (json!({"seq": 9}), "refused"),
    ] {
        let fits = check(&document, &schemas["ClientMessage"], &message).is_ok();
        assert_eq!(fits, event != "refused" || message["seq"] == 5, "{message}");
        pair.discard(id);
        pair.send(id, &frame(1, message.to_string().as_bytes()));
        let answers = text_frames(&pair.take(id));
        let answer = answers.iter().find(|answer| answer.get(event).is_some());
        let answer = answer.unwrap_or_else(|| panic!("{message}: {answers:?}"));
        check(&document, &schemas["ServerMessage"], answer).unwrap();
    }
    pair.discard(id);
    pair.wait(400);
    let broadcasts = text_frames(&pair.take(id));
    assert!(broadcasts.len() >= 2, "{broadcasts:?}");
    for broadcast in broadcasts {
        assert!(broadcast.get("frame").is_some(), "{broadcast}");
        check(&document, &schemas["ServerMessage"], &broadcast).unwrap();
    }
}

#[test]
fn every_word_is_described() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    let message = |place: usize| &schemas["ServerMessage"]["oneOf"][place]["properties"];
    let words = |words: &[&str]| json!(words);
    assert_eq!(
        schemas["ResolveOutcome"]["enum"],
        words(&[
            ResolveOutcome::Claimed.as_str(),
            ResolveOutcome::AlreadyClaimed.as_str(),
            ResolveOutcome::TooFast.as_str(),
            ResolveOutcome::TooFar.as_str(),
            ResolveOutcome::NotOpen.as_str(),
            ResolveOutcome::Exhausted.as_str(),
        ])
    );
    let moved = [MoveOutcome::Moved.as_str(), MoveOutcome::TooFast.as_str()];
    assert_eq!(message(0)["moved"]["properties"]["outcome"]["enum"], words(&moved));
    let used = [
        PowerUpOutcome::Used.as_str(),
        PowerUpOutcome::Active.as_str(),
        PowerUpOutcome::NoneLeft.as_str(),
        PowerUpOutcome::NoEnergy.as_str(),
    ];
    assert_eq!(message(1)["power_up_used"]["properties"]["outcome"]["enum"], words(&used));
    assert_eq!(schemas["PowerUp"]["enum"], words(&PowerUp::ALL.map(PowerUp::as_str)));
    let states = [HuntState::Running.as_str(), HuntState::Ended.as_str()];
    assert_eq!(schemas["HuntState"]["enum"], words(&states));
}

/// The text messages among the frames of a server.
fn text_frames(bytes: &[u8]) -> Vec<Value> {
    let of = |(opcode, payload): (u8, Vec<u8>)| (opcode == 1).then_some(payload);
    let payloads = frames(bytes).into_iter().filter_map(of);
    payloads.map(|payload| serde_json::from_slice(&payload).unwrap()).collect()
}

/// A quest with every field, at the ends of ranges.
const FULL_QUEST: &str = r#"{"name":"n","waypoints":[{"x":-1000000,"y":0.5,"z":1e6,"radius":10000}],
        "treasures":[{"id":"t","x":0,"y":0,"z":0,"radius":1,"opens_ms":86400000,"supply":1000000,
        "loot":{"item":"i","points":1000000,"power_up":"reach"}}],"rules":{"duration_ms":500,
        "speed_max":1000000,"energy_max":1000,"energy_per_s":0,"power_up_energy":1000,
        "power_up_ms":3600000,"start_power_ups":{"boost":255,"reach":0,"double":1},
        "waypoints_in_play":64,"waypoint_ms":86400000}}"#;

#[test]
fn the_schema_of_a_quest_accepts_what_the_reader_accepts() {
    let document = document();
    let schema = &document["components"]["schemas"]["Quest"];
    let full: Value = serde_json::from_str(FULL_QUEST).unwrap();
    let arena = HeapArena::new(Arc::default());
    let meter = &ArenaMeters::default().quests;
    let reads = |quest: &Value| {
        let text = quest.to_string();
        Quest::<HeapArena>::parse(Id::new("q").unwrap(), text.as_bytes(), &arena, meter).is_ok()
    };
    assert!(reads(&full));
    check(&document, schema, &full).unwrap();
    let mut places = Vec::new();
    pointers(&full, String::new(), &mut places);
    assert_eq!(places.len(), 33, "{places:?}");
    let others = [
        json!(null),
        json!(""),
        json!("-"),
        json!("boost"),
        json!([]),
        json!({}),
        json!(true),
        json!(-1),
        json!(0),
        json!(1),
        json!(0.5),
        json!(64),
        json!(65),
        json!(255),
        json!(256),
        json!(499),
        json!(500),
        json!(1000),
        json!(1001),
        json!(10_000),
        json!(10_000.5),
        json!(1_000_000),
        json!(1_000_001),
        json!(3_600_000),
        json!(3_600_001),
        json!(86_400_000),
        json!(86_400_001),
        json!(1e300),
    ];
    for place in &places {
        for other in &others {
            let mut changed = full.clone();
            *changed.pointer_mut(place).unwrap() = other.clone();
            let fits = check(&document, schema, &changed).is_ok();
            assert_eq!(fits, reads(&changed), "{place} = {other}");
        }
        let (parent, name) = place.rsplit_once('/').unwrap_or_default();
        for added in [false, true] {
            let mut changed = full.clone();
            if let Some(object) = changed.pointer_mut(parent).and_then(Value::as_object_mut) {
                if added {
                    object.insert("zz".into(), json!(1));
                } else {
                    object.remove(name);
                }
            }
            let fits = check(&document, schema, &changed).is_ok();
            assert_eq!(fits, reads(&changed), "{place} added {added}");
        }
    }
}

/// The JSON Pointers of everything in a value.
fn pointers(value: &Value, at: String, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(object) => object.iter().map(|(name, v)| (name.clone(), v)).collect(),
        Value::Array(array) => array.iter().enumerate().map(|(n, v)| (n.to_string(), v)).collect(),
        _ => Vec::new(),
    };
    for (name, child) in children {
        pointers(child, format!("{at}/{name}"), found);
    }
    if !at.is_empty() {
        found.push(at);
    }
}
