//! However a session is cut into pieces, the same bytes come back.

mod support;

use alloc_bumpalo::BumpArena;
use engine_core::limits::Limits;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use support::{Pair, frame, upgrade};

/// Something that a peer sends: a request, with its body in one of the framings.
fn exchange() -> impl Strategy<Value = Vec<u8>> {
    let resolve = (select(vec!["t1", "t2", "t3", "t9"]), 0_u32..40, any::<bool>()).prop_map(
        |(treasure, x, key)| {
            let key = if key { r#","key":"k1""# } else { "" };
            format!(r#"{{"treasure":"{treasure}","x":{},"y":0,"z":0{key}}}"#, f64::from(x) / 4.0)
        },
    );
    let players = select(vec![r#"{"name":"Eve"}"#, r#"{"name":""}"#, "{", r#"{"nom":1}"#]);
    let post = prop_oneof![
        resolve.prop_map(|body| ("/v1/hunts/h1/resolve", body)),
        players.prop_map(|body| ("/v1/hunts/h1/players", body.to_owned())),
    ];
    let get = select(vec![
        "GET /loot?session=3 HTTP/1.1",
        "GET /v1/hunts/h1/status HTTP/1.1",
        "HEAD /v1/hunts/h1/status HTTP/1.1",
        "GET /v1/hunts/h1/leaderboard?limit=2&around=0 HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "GET /nowhere HTTP/1.1",
        "DELETE /loot HTTP/1.1",
        "GET http://h/v1/hunts/h%31/status HTTP/1.1",
    ]);
    prop_oneof![
        2 => get.prop_map(|line| format!("{line}\r\nHost: h\r\n\r\n").into_bytes()),
        3 => (post, vec(1_usize..20, 0..6), any::<bool>())
            .prop_map(|((path, body), chunks, expect)| posted(path, &body, &chunks, expect)),
    ]
}

/// A POST: with a Content-Length where there are no chunks, else in chunks of those sizes.
fn posted(path: &str, body: &str, chunks: &[usize], expect: bool) -> Vec<u8> {
    let expect = if expect { "Expect: 100-continue\r\n" } else { "" };
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {{token}}\r\n\
         Content-Type: application/json; charset=utf-8\r\n{expect}"
    );
    if chunks.is_empty() {
        return format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes();
    }
    let mut request = format!("{head}Transfer-Encoding: chunked\r\n\r\n");
    let mut rest = body;
    let mut sizes = chunks.iter().cycle();
    while !rest.is_empty() {
        let size = sizes.next().map_or(1, |size| *size).min(rest.len());
        let (chunk, left) = rest.split_at(size);
        request += &format!("{size:x};n=\"{size}\"\r\n{chunk}\r\n");
        rest = left;
    }
    (request + "0\r\nX-Sum: 1\r\n\r\n").into_bytes()
}

/// A text message in as many fragments as there are cuts, with a ping between them.
fn fragments(text: &str, cuts: &[Index]) -> Vec<u8> {
    let mut places: Vec<_> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
    places.push(text.len());
    places.sort_unstable();
    let (mut bytes, mut start) = (Vec::new(), 0);
    for (n, end) in places.iter().enumerate() {
        let mut part = frame(if n == 0 { 1 } else { 0 }, &text.as_bytes()[start..*end]);
        if n + 1 < places.len() {
            part[0] &= 0x7f;
            part.extend(frame(9, b"between"));
        }
        bytes.extend(part);
        start = *end;
    }
    bytes
}

fn message() -> impl Strategy<Value = Vec<u8>> {
    let text = (any::<u16>(), 0_u32..9, select(vec!["move", "resolve", "power", "fly", "héé"]));
    let text = text.prop_map(|(seq, x, what)| match what {
        "move" => format!(r#"{{"seq":{seq},"move":{{"x":{x},"y":0,"z":0,"heading":{x}}}}}"#),
        "resolve" => {
            format!(r#"{{"seq":{seq},"resolve":{{"treasure":"t{x}","x":0,"y":0,"z":0}}}}"#)
        }
        "power" => format!(r#"{{"seq":{seq},"use_power_up":{{"power_up":"boost"}}}}"#),
        other => format!(r#"{{"seq":{seq},"{other}":{x}}}"#),
    });
    prop_oneof![
        6 => (text, vec(any::<Index>(), 0..3)).prop_map(|(text, cuts)| fragments(&text, &cuts)),
        1 => vec(any::<u8>(), 0..125).prop_map(|payload| frame(9, &payload)),
        1 => Just(frame(10, b"")),
    ]
}

/// What ends a session.
fn ending() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(frame(8, b"\x03\xe8bye")),
        Just(frame(8, b"\x03\xed")),
        Just(frame(1, b"\xc3\x28")),
        Just(frame(2, b"binary")),
        Just(frame(3, b"reserved")),
        Just(frame(1, &[b' '; 300])),
        Just(Vec::new()),
    ]
}

#[derive(Debug)]
struct Session {
    requests: Vec<Vec<u8>>,
    messages: Option<Vec<Vec<u8>>>,
    ending: Vec<u8>,
}

fn session() -> impl Strategy<Value = Session> {
    (vec(exchange(), 0..6), proptest::option::of(vec(message(), 0..8)), ending())
        .prop_map(|(requests, messages, ending)| Session { requests, messages, ending })
}

impl Session {
    fn bytes(&self, token: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        for request in &self.requests {
            let text = String::from_utf8(request.clone()).expect("ASCII");
            bytes.extend(text.replace("{token}", token).into_bytes());
        }
        if let Some(messages) = &self.messages {
            bytes.extend(upgrade(token, "hunt.v1+json"));
            bytes.extend(messages.concat());
        }
        bytes.extend(&self.ending);
        bytes
    }
}

/// Plays a session with pieces that end at `cuts`; what comes back, and whether the end followed.
fn play(session: &Session, cuts: &[Index], late: bool) -> (Vec<u8>, bool) {
    let limits = Limits { message_bytes_max: 256, pipeline_max: 3, ..Limits::default() };
    let mut pair = Pair::<BumpArena>::with_hunt(limits);
    let token = pair.join("Ada");
    let bytes = session.bytes(&token);
    let mut places: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    places.push(bytes.len());
    places.sort_unstable();
    let id = pair.open();
    pair.hold_store = late;
    let mut start = 0;
    for end in places {
        pair.send(id, &bytes[start..end]);
        start = end;
        if late && !pair.late.is_empty() {
            pair.answer_one(0);
        }
    }
    pair.hold_store = false;
    pair.answer(false);
    (pair.take(id), pair.wires[&id.index].ended)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_split_gives_the_same_bytes(session in session(), cuts in vec(any::<Index>(), 1..40)) {
        let whole = play(&session, &[], false);
        let responses = whole.0.windows(9).filter(|nine| nine == b"HTTP/1.1 ").count();
        prop_assert!(responses >= session.requests.len());
        prop_assert_eq!(&play(&session, &cuts, false), &whole);
        prop_assert_eq!(&play(&session, &cuts, true), &whole, "answered late");
    }
}

#[test]
fn every_single_split_of_one_session_gives_the_same_bytes() {
    let body = r#"{"treasure":"t1","x":0,"y":0,"z":0}"#;
    let session = Session {
        requests: vec![
            posted("/v1/hunts/h1/resolve", body, &[7], false),
            posted("/v1/hunts/h1/resolve", body, &[], true),
        ],
        messages: Some(vec![fragments(r#"{"seq":1,"é":0}"#, &[]), frame(9, b"hi")]),
        ending: frame(8, b"\x03\xe8"),
    };
    let mut pair = Pair::<BumpArena>::with_hunt(Limits::default());
    let token = pair.join("Ada");
    let bytes = session.bytes(&token);
    let whole = play(&session, &[], false);
    for place in 0..=bytes.len() {
        let mut pair = Pair::<BumpArena>::with_hunt(Limits::default());
        assert_eq!(pair.join("Ada"), token, "the same player at the same time");
        let id = pair.open();
        pair.send(id, &bytes[..place]);
        pair.send(id, &bytes[place..]);
        assert_eq!((pair.take(id), pair.wires[&id.index].ended), whole, "cut at {place}");
    }
}
