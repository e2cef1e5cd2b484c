//! How often the paths that players take all the time ask for memory: never, once warm; and a
//! broadcast as often for a thousand watchers as for one.
//!
//! Counted is everything from the bytes of a request to the bytes of its response: the shard, the
//! partition, the encoding, the hand-over of the output and its return.

mod support;

use alloc_bumpalo::BumpArena;
use alloc_counting::{Counting, measure};
use alloc_heap::HeapArena;
use engine_core::api::messages::{Action, ClientMessage, Move, Resolve};
use engine_core::arena::Arena;
use engine_core::limits::Limits;
use engine_core::seam::ConnId;
use prost::Message as _;
use std::alloc::System;
use support::{Pair, frame, frames, request};

#[global_allocator]
static ALLOCATOR: Counting<System> = Counting::new(System);

const TREASURES: usize = 1_000;
const WARM: usize = 100;

/// A quest of many treasures at the origin.
fn quest() -> String {
    let treasures: Vec<_> = (0..TREASURES)
        .map(|n| {
            format!(
                r#"{{"id":"t{n}","x":0,"y":0,"z":0,"radius":5,"supply":1000000,
                "loot":{{"item":"pearl","points":5}}}}"#
            )
        })
        .collect();
    format!(
        r#"{{"name":"Big","waypoints":[{{"x":0,"y":0,"z":0,"radius":5}}],"treasures":[{}]}}"#,
        treasures.join(",")
    )
}

fn pair<A: Arena>() -> Pair<A> {
    let limits = Limits { connections_max: 4_000, ..Limits::default() };
    Pair::with_hunt_of(limits, &quest())
}

/// Sends each of `inputs` and counts what those after the first hundred ask for. Every answer must
/// contain `wanted`.
fn count<A: Arena>(pair: &mut Pair<A>, id: ConnId, inputs: &[Vec<u8>], wanted: &str) -> u64 {
    let mut requests = 0;
    for (place, input) in inputs.iter().enumerate() {
        let counts = measure(|| pair.send(id, input));
        if place >= WARM {
            requests += counts.requests();
        }
        let bytes = &pair.wires[&id.index].bytes;
        let found = bytes.windows(wanted.len().max(1)).any(|w| w == wanted.as_bytes());
        assert!(
            found || (wanted.is_empty() && bytes.len() > 10),
            "{}",
            String::from_utf8_lossy(bytes)
        );
        pair.discard(id);
    }
    requests
}

fn resolve(token: &str, body: &str) -> Vec<u8> {
    request("POST", "/v1/hunts/h1/resolve", token, body)
}

fn http<A: Arena>() {
    let mut pair = pair::<A>();
    let (token, id) = (pair.join("Ada"), pair.open());
    // Other players, so that ranks change.
    let rivals: Vec<_> = (0..50).map(|n| pair.join(&format!("rival {n}"))).collect();
    for (n, rival) in rivals.iter().enumerate() {
        for t in 0..n {
            let body = format!(r#"{{"treasure":"t{t}","x":0,"y":0,"z":0}}"#);
            pair.send(id, &resolve(rival, &body));
        }
    }
    pair.discard(id);
    let fresh = (0..TREASURES).map(|n| {
        resolve(&token, &format!(r#"{{"treasure":"t{n}","x":0,"y":0,"z":0,"key":"key-{n}"}}"#))
    });
    assert_eq!(count(&mut pair, id, &fresh.collect::<Vec<_>>(), r#""claimed""#), 0);
    let again = resolve(&token, r#"{"treasure":"t7","x":0.5,"y":-1e-3,"z":0}"#);
    assert_eq!(count(&mut pair, id, &vec![again; 300], r#""already_claimed""#), 0);
    let key = resolve(&token, r#"{"treasure":"t999","x":0,"y":0,"z":0,"key":"key-999"}"#);
    assert_eq!(count(&mut pair, id, &vec![key; 300], r#""claimed""#), 0);
    let status = request("GET", "/v1/hunts/h1/status", "", "");
    assert_eq!(count(&mut pair, id, &vec![status; 300], r#""running""#), 0);
    let loot = (0..300).map(|n| request("GET", &format!("/loot?session={n}"), "", ""));
    assert_eq!(count(&mut pair, id, &loot.collect::<Vec<_>>(), r#""session":"#), 0);
}

/// A text with an escape is unescaped into the scratch: the one thing that the heap arena takes
/// from the heap.
fn escaped<A: Arena>() {
    let mut pair = pair::<A>();
    let (token, id) = (pair.join("Ada"), pair.open());
    let body = r#"{"treasure":"t\u0031","x":0,"y":0,"z":0}"#;
    let requests = count(&mut pair, id, &vec![resolve(&token, body); 300], r#"claimed""#);
    assert_eq!(requests, if A::NAME == "heap" { 200 } else { 0 });
}

fn chunked<A: Arena>() {
    let mut pair = pair::<A>();
    let (token, id) = (pair.join("Ada"), pair.open());
    let body = r#"{"treasure":"t1","x":0,"y":0,"z":0}"#;
    let (one, two) = body.split_at(9);
    let request = format!(
        "POST /v1/hunts/h1/resolve HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\n\
         Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{one}\r\n{:x}\r\n{two}\r\n0\r\n\r\n",
        one.len(),
        two.len()
    );
    assert_eq!(count(&mut pair, id, &vec![request.into_bytes(); 300], r#"claimed""#), 0);
}

fn json<A: Arena>() {
    let mut pair = pair::<A>();
    let id = pair.play("Ada", "hunt.v1+json");
    let moves = (0..300).map(|seq| {
        let x = f64::from(seq % 3) / 4.0;
        let text = format!(r#"{{"seq":{seq},"move":{{"x":{x},"y":0.1,"z":0,"heading":{seq}}}}}"#);
        frame(1, text.as_bytes())
    });
    assert_eq!(count(&mut pair, id, &moves.collect::<Vec<_>>(), r#""moved","#), 0);
    let claims = (0..TREASURES).map(|n| {
        let resolve = format!(r#"{{"treasure":"t{n}","x":0,"y":0,"z":0}}"#);
        frame(1, format!(r#"{{"seq":{n},"resolve":{resolve}}}"#).as_bytes())
    });
    assert_eq!(count(&mut pair, id, &claims.collect::<Vec<_>>(), r#""claimed""#), 0);
}

fn protobuf<A: Arena>() {
    let mut pair = pair::<A>();
    let id = pair.play("Ada", "hunt.v1");
    let moves = (0..300).map(|seq| {
        let x = f64::from(seq % 3) / 4.0;
        let action = Action::Move(Move { x, y: 0.1, z: 0.0, heading: f64::from(seq) });
        frame(2, &ClientMessage { seq, action: Some(action) }.encode_to_vec())
    });
    assert_eq!(count(&mut pair, id, &moves.collect::<Vec<_>>(), ""), 0);
    let resolve = Resolve { treasure: "t1".into(), x: 0.0, y: 0.0, z: 0.0, key: None };
    let action = Some(Action::Resolve(resolve));
    let message = frame(2, &ClientMessage { seq: 1, action }.encode_to_vec());
    pair.send(id, &message);
    // The treasure's id, in and out: prost owns its strings.
    assert!(measure(|| pair.send(id, &message)).requests() <= 3);
}

/// What the ticks of a hunt with so many watchers ask for, the most of ten.
fn broadcast<A: Arena>(watchers: usize) -> u64 {
    let mut pair = pair::<A>();
    let (token, id) = (pair.join("Ada"), pair.open());
    let protocols = ["hunt.v1+json", "hunt.v1"];
    let ids: Vec<_> =
        (0..watchers).map(|n| pair.play(&format!("p{n}"), protocols[n % 2])).collect();
    for id in &ids {
        // What the peer holds is not the server's.
        pair.wires.get_mut(&id.index).expect("open").bytes.reserve(4096);
    }
    let mut most = 0;
    for n in 0..20 {
        // Something happens in every tick.
        let body = format!(r#"{{"treasure":"t{n}","x":0,"y":0,"z":0}}"#);
        pair.send(id, &resolve(&token, &body));
        pair.now = pair.now.after_ms(150);
        let counts = measure(|| pair.tick());
        if n >= 10 {
            most = most.max(counts.requests());
        }
        for id in &ids {
            let received = frames(&pair.wires[&id.index].bytes).len();
            assert_eq!(received, 1, "a broadcast in every tick");
            pair.discard(*id);
        }
    }
    most
}

fn broadcasts<A: Arena>() {
    let two = broadcast::<A>(2);
    assert!((1..=12).contains(&two), "{two} for two watchers");
    for watchers in [10, 1_000] {
        assert_eq!(broadcast::<A>(watchers), two, "for {watchers} watchers");
    }
    assert!(broadcast::<A>(1) <= two, "one codec costs no more than two");
}

macro_rules! with_both_arenas {
    ($($name:ident = $run:ident;)*) => {
        mod bump {
            $(#[test] fn $name() { super::$run::<super::BumpArena>(); })*
        }
        mod heap {
            $(#[test] fn $name() { super::$run::<super::HeapArena>(); })*
        }
    };
}

with_both_arenas! {
    resolve_status_and_loot_ask_for_no_memory = http;
    an_escape_is_undone_in_the_arena = escaped;
    a_chunked_body_asks_for_no_memory = chunked;
    json_messages_ask_for_no_memory = json;
    protobuf_moves_ask_for_no_memory = protobuf;
    a_broadcast_costs_the_same_for_any_number_of_watchers = broadcasts;
}
