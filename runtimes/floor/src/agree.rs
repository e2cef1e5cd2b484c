//! The proof that peers do the same work: the same answers to the same questions, byte for byte.
//!
//! Asked are fresh claims, every outcome of a resolve, every kind of refusal that the measured
//! requests can meet, and messages over WebSocket. Whoever answers otherwise is not measured.

use crate::child::Running;
use crate::workload::{handshake, masked};
use crate::world::{FAR, HUNT, LATE, Players, SINGLE};
use anyhow::{Context, bail, ensure};
use engine_core::api::messages::{Action, ClientMessage, Event, Move, PowerUp, ServerMessage};
use engine_core::api::messages::{Resolve, UsePowerUp};
use process::asking::{Asking, request};
use prost::Message;

/// How many players are asked for.
pub const PLAYERS: u32 = 8;

/// What was answered to every question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers(Vec<(String, String)>);

impl Answers {
    /// Asks a peer whose world has not been touched.
    ///
    /// # Errors
    /// If a question is not answered at all.
    pub fn of(running: &Running) -> anyhow::Result<Self> {
        let mut answers = Vec::new();
        let mut asking = Asking::connect(running.address)?;
        for (name, request) in requests(&running.players) {
            let (status, body) = asking.ask(&request).with_context(|| name.clone())?;
            answers.push((name, format!("{status} {}", body.escape_ascii())));
        }
        play(running, &mut answers)?;
        Ok(Self(answers))
    }

    /// Whether these are the answers of the reference.
    ///
    /// # Errors
    /// With the first answer that is another one.
    pub fn check(&self, reference: &Self) -> anyhow::Result<()> {
        for ((name, ours), (other, theirs)) in self.0.iter().zip(&reference.0) {
            ensure!(name == other, "{name} stands where {other} should");
            ensure!(ours == theirs, "{name} is answered\n  {ours}\nand should be\n  {theirs}");
        }
        ensure!(self.0.len() == reference.0.len(), "an answer is missing");
        Ok(())
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn requests(players: &Players) -> Vec<(String, Vec<u8>)> {
    let token = |player| token(|out| players.token(player, out));
    let later = players.started_ms + 86_400_000;
    let mut all = Vec::new();
    let mut ask = |name: &str, request: String| all.push((name.to_owned(), request.into_bytes()));
    let path = format!("/v1/hunts/{HUNT}/resolve");
    let mut resolve = |name: &str, player: u32, body: &str| {
        ask(name, request("POST", &path, Some(&token(player)), body));
    };
    let at =
        |treasure: &str, x: &str| format!(r#"{{"treasure":"{treasure}","x":{x},"y":0,"z":0}}"#);
    resolve("a fresh claim", 0, &at("t0000", "0"));
    resolve("the same claim again", 0, &at("t0000", "0"));
    resolve("a claim of another player", 1, &at("t0000", "0.5"));
    resolve("a claim that overtakes", 1, &at("t0003", "0.25"));
    resolve("a claim that falls behind", 0, &at("t0011", "0"));
    resolve("a place too far away", 0, &at(FAR, "0.5"));
    resolve("a place that cannot be reached", 0, &at("t0001", "999999"));
    resolve("a treasure that opens later", 0, &at(LATE, "0"));
    resolve("the last of a treasure", 2, &at(SINGLE, "0"));
    resolve("nothing left", 3, &at(SINGLE, "0"));
    resolve("an unknown treasure", 0, &at("t9999", "0"));
    let keyed = |treasure: &str| at(treasure, "0").replace('}', r#","key":"k1"}"#);
    resolve("a claim with a key", 4, &keyed("t0000"));
    resolve("the same key again", 4, &keyed("t0000"));
    resolve("the same key for another", 4, &keyed("t0001"));
    resolve("an unknown field", 0, r#"{"treasure":"t0000","x":0,"y":0,"z":0,"w":0}"#);
    resolve("a field twice", 0, r#"{"treasure":"t0000","x":0,"x":0,"y":0,"z":0}"#);
    resolve("a missing field", 0, r#"{"treasure":"t0000","x":0,"y":0}"#);
    resolve("no number", 0, &at("t0000", "\"0\""));
    resolve("a number out of range", 0, &at("t0000", "1e300"));
    resolve("no JSON", 0, "{");
    resolve("two documents", 0, r#"{"treasure":"t0000","x":0,"y":0,"z":0} 1"#);
    resolve("a stranger", PLAYERS, &at("t0000", "0"));
    let body = at("t0002", "0");
    ask("no token", request("POST", &path, None, &body));
    ask("no such token", request("POST", &path, Some("AAAA"), &body));
    let other = token_of(players, "other", later);
    ask("a token of another hunt", request("POST", &path, Some(&other), &body));
    let expired = token_of(players, HUNT, 1);
    ask("an expired token", request("POST", &path, Some(&expired), &body));
    let text = request("POST", &path, Some(&token(5)), &body).replace("application/json", "text/x");
    ask("a body that is no JSON", text);
    ask("another method", request("DELETE", &path, Some(&token(5)), "{}"));
    ask("an unknown path", "GET /v1/nothing HTTP/1.1\r\nHost: floor\r\n\r\n".into());
    ask("an id that is none", request("POST", "/v1/hunts/-/resolve", Some(&token(5)), &body));
    for query in ["", "?session=0", "?session=7", "?session=1019", "?session=x", "?session="] {
        ask(query, format!("GET /loot{query} HTTP/1.1\r\nHost: floor\r\n\r\n"));
    }
    all
}

fn token(mint: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut token = Vec::new();
    mint(&mut token);
    String::from_utf8(token).expect("a token is ASCII")
}

fn token_of(players: &Players, hunt: &str, expires_ms: u64) -> String {
    token(|out| players.token_of(hunt, 5, expires_ms, out))
}

/// Plays over a WebSocket connection.
fn play(running: &Running, answers: &mut Vec<(String, String)>) -> anyhow::Result<()> {
    let mut asking = Asking::connect(running.address)?;
    let (status, _) = asking.ask(&handshake(&running.players, 6))?;
    ensure!(status == 101, "a handshake is answered {status}");
    let (opcode, payload) = asking.receive_frame().context("the first frame")?;
    answers.push(("the first frame".into(), broadcast(opcode, &payload)?));
    for (name, payload) in messages() {
        let mut frame = Vec::new();
        masked(&payload, &mut frame);
        asking.send(&frame)?;
        let answer = loop {
            let (opcode, payload) = asking.receive_frame().context(name)?;
            if !is_broadcast(&payload) {
                break format!("{opcode} {}", payload.escape_ascii());
            }
        };
        answers.push((name.into(), answer));
    }
    asking.send(&[0x88, 0x80, 0, 0, 0, 0])?;
    let closed = loop {
        match asking.receive_frame() {
            Ok((_, payload)) if is_broadcast(&payload) => {}
            Ok((opcode, payload)) => break format!("{opcode} {}", payload.escape_ascii()),
            Err(error) => bail!(error.context("a Close frame is not answered")),
        }
    };
    answers.push(("a Close frame".into(), closed));
    Ok(())
}

fn messages() -> Vec<(&'static str, Vec<u8>)> {
    let mut seq = 0;
    let mut encode = |action| {
        seq += 1;
        ClientMessage { seq, action: Some(action) }.encode_to_vec()
    };
    let step = |x| Action::Move(Move { x, y: 0.5, z: -0.0, heading: 359.5 });
    let resolve = |treasure: &str| {
        Action::Resolve(Resolve { treasure: treasure.into(), x: 0.5, y: 0.5, z: 0.0, key: None })
    };
    let power_up = || Action::UsePowerUp(UsePowerUp { power_up: PowerUp::Double.into() });
    vec![
        ("a move", encode(step(0.25))),
        ("a move that is too fast", encode(step(900_000.0))),
        (
            "a heading out of range",
            encode(Action::Move(Move { heading: 400.0, ..Move::default() })),
        ),
        ("a claim", encode(resolve("t0007"))),
        ("the claim again", encode(resolve("t0007"))),
        ("an unknown treasure, in a message", encode(resolve("nothing"))),
        ("a power-up", encode(power_up())),
        ("no protobuf", vec![0xff, 0xff]),
        ("a message without an action", ClientMessage { seq: 9, action: None }.encode_to_vec()),
    ]
}

fn is_broadcast(payload: &[u8]) -> bool {
    payload.first() == Some(&crate::workload::FRAME)
}

/// A broadcast, the time that it tells set to nothing.
fn broadcast(opcode: u8, payload: &[u8]) -> anyhow::Result<String> {
    let mut message = ServerMessage::decode(payload)?;
    match &mut message.event {
        Some(Event::Frame(frame)) => (frame.tick, frame.remaining_ms) = (0, 0),
        other => bail!("{other:?} is no broadcast"),
    }
    Ok(format!("{opcode} {message:?}"))
}
