//! What players do on WebSocket connections, and how these are opened.

use super::call::{Body, Request};
use super::corpus::Corpus;
use super::generate::request;
use super::mutate;
use super::quest::Place;
use crate::protobuf;
use crate::text::escaped;
use fastrand::Rng;

/// What a WebSocket was asked to speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Protocol {
    /// Text.
    #[default]
    Json,
    /// Binary.
    Protobuf,
}

/// Somebody who plays.
pub(super) struct Player<'a> {
    pub(super) random: &'a mut Rng,
    pub(super) home: &'a Place,
}

/// Longer than it takes until a tick has another number than 0, which protobuf leaves out.
const TICK_MS: u32 = 170;

/// Subprotocol fields, and what is spoken where a server takes one of them.
const PROTOCOLS: &[(&[&str], Protocol)] = &[
    (&["hunt.v1+json"], Protocol::Json),
    (&["hunt.v1"], Protocol::Protobuf),
    (&["hunt.v1+json"], Protocol::Json),
    (&["hunt.v1"], Protocol::Protobuf),
    (&[], Protocol::Json),
    (&["chat, hunt.v1"], Protocol::Protobuf),
    (&["chat", "hunt.v1+json, hunt.v1"], Protocol::Json),
    (&["Hunt.v1"], Protocol::Json),
    (&["chat,,hunt.v1+json ,"], Protocol::Json),
];
/// The fields of a handshake, and what may stand there instead.
const HANDSHAKE: &[(&str, &[&str])] = &[
    ("Connection: Upgrade", &["Connection: keep-alive, upgrade", "Connection: close", ""]),
    ("Upgrade: websocket", &["Upgrade: WebSocket", "Upgrade: h2c, websocket", "Upgrade: h2c", ""]),
    ("Sec-WebSocket-Version: 13", &["Sec-WebSocket-Version: 12", "Sec-WebSocket-Version: 013", ""]),
    (
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        &[
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ",
            "Sec-WebSocket-Key: short",
            "",
        ],
    ),
];
const CLOSES: &[&str] = &["close 1000", "close", "close 1005", "close 3000 \"bye\"", "close 999"];
const ORIGINS: &[&str] = &[
    "Origin: https://play.example.org",
    "Origin: https://PLAY.example.org",
    "Origin: https://evil.example.org",
    "Origin: null",
];

impl Player<'_> {
    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.random.usize(0..list.len())]
    }

    fn once_in(&mut self, times: u32) -> bool {
        self.random.u32(0..times) == 0
    }

    /// Asks for a WebSocket.
    pub(super) fn open(&mut self, hunt: &str, session: &str) -> (Request, Protocol) {
        let (offered, protocol) = self.pick(PROTOCOLS);
        let method = if self.once_in(25) { "POST" } else { "GET" };
        let version = if self.once_in(25) { "1.0" } else { "1.1" };
        let query = match self.random.u32(0..12) {
            0..3 => format!("?session=${{{session}}}"),
            3 => "?x=1".into(),
            4 => "?session=".into(),
            _ => String::new(),
        };
        let line = format!("{method} /v1/hunts/{hunt}/play{query} HTTP/{version}");
        let mut request = request(line, Body::Absent);
        if !self.once_in(20) && !query.contains("${") {
            request.fields.push(format!("Authorization: Bearer ${{{session}}}"));
        }
        let odd = if self.once_in(5) { self.random.usize(0..HANDSHAKE.len()) } else { usize::MAX };
        for (at, (field, others)) in HANDSHAKE.iter().enumerate() {
            let field = if at == odd { self.pick(others) } else { field };
            request.fields.extend(Some(field.to_owned()).filter(|field| !field.is_empty()));
        }
        for offered in offered {
            request.fields.push(format!("Sec-WebSocket-Protocol: {offered}"));
        }
        if self.once_in(6) {
            let origin = self.pick(ORIGINS);
            request.fields.push(origin.to_owned());
        }
        if self.once_in(15) {
            request.fields.push("Sec-WebSocket-Extensions: permessage-deflate".into());
        }
        if protocol == Protocol::Protobuf {
            request.wait_ms = TICK_MS;
        }
        (request, protocol)
    }

    /// Lines that say a message, or a frame of any other kind.
    pub(super) fn message(&mut self, protocol: Protocol, corpus: &Corpus) -> Vec<String> {
        if self.once_in(9) {
            let at = self.random.usize(0..corpus.frames.len());
            return vec![corpus.frames[at].clone()];
        }
        if self.once_in(40) {
            return vec![self.pick(CLOSES).to_owned()];
        }
        match protocol {
            Protocol::Json => self.json(corpus),
            Protocol::Protobuf => vec![self.binary(corpus)],
        }
    }

    fn json(&mut self, corpus: &Corpus) -> Vec<String> {
        let at = self.random.usize(0..corpus.messages.len());
        let mut text = match self.random.u32(0..4) {
            0 => corpus.messages[at].clone(),
            _ => self.action().into_bytes(),
        };
        if self.once_in(3) {
            text = mutate::json(self.random, &text, &corpus.messages[at]);
        }
        if self.once_in(12) && !text.is_empty() {
            let rest = text.split_off(self.random.usize(0..text.len()));
            let (text, rest) = (escaped(&text), escaped(&rest));
            return vec![format!("frame fin=0 \"{text}\""), format!("frame op=0 \"{rest}\"")];
        }
        vec![format!("text {}", escaped(&text))]
    }

    /// A message in JSON.
    fn action(&mut self) -> String {
        let seq = self.pick(&["0", "1", "2", "77", "4294967295", "4294967296", "\"1\""]);
        let action = match self.random.u32(0..10) {
            0..4 => {
                let place = match self.once_in(4) {
                    true => Place::any(self.random),
                    false => self.home.near(self.random),
                };
                let heading =
                    self.pick(&["", ",\"heading\":0.5", ",\"heading\":359.99", ",\"heading\":360"]);
                format!("\"move\":{{{}{heading}}}", place.fields())
            }
            4..6 => {
                let power_up = self.pick(&["boost", "reach", "double", "boost", "fly"]);
                format!("\"use_power_up\":{{\"power_up\":\"{power_up}\"}}")
            }
            _ => format!("\"resolve\":{{{}}}", self.resolve()),
        };
        format!("{{\"seq\":{seq},{action}}}")
    }

    /// The fields of a resolve.
    pub(super) fn resolve(&mut self) -> String {
        let treasure = self.pick(&["chest", "box", "many", "many", "late", "far", "none", "-"]);
        let place = match self.random.u32(0..8) {
            0 => Place::any(self.random),
            _ => self.home.near(self.random),
        };
        let key = match self.random.u32(0..3) {
            0 => format!(",\"key\":\"k{}\"", self.random.u32(0..12)),
            _ => String::new(),
        };
        format!("\"treasure\":\"{treasure}\",{}{key}", place.fields())
    }

    fn binary(&mut self, corpus: &Corpus) -> String {
        let at = self.random.usize(0..corpus.binaries.len());
        let [x, y, z] = self.home.near(self.random).x.map(|x| format!("{x:?}"));
        let place = format!("x: {x} y: {y} z: {z}");
        let seq = self.pick(&["", "seq: 1 ", "seq: 300 ", "seq: 4294967295 "]);
        let action = match self.random.u32(0..8) {
            0 => corpus.binaries[at].clone(),
            1..3 => format!("{seq}move {{ {place} heading: 12.5 }}"),
            3 => format!("{seq}use_power_up {{ power_up: POWER_UP_REACH }}"),
            4 => format!("{seq}use_power_up {{}}"),
            5 => format!("{seq}resolve {{ treasure: \"box\" {place} key: \"k1\" }}"),
            _ => format!("{seq}resolve {{ treasure: \"many\" {place} }}"),
        };
        if !self.once_in(3) {
            return format!("binary {action}");
        }
        let other = protobuf::encode(&corpus.binaries[at]).unwrap_or_default();
        let bytes = protobuf::encode(&action).unwrap_or_default();
        let bytes = mutate::bytes_changed(self.random, &bytes, &other, "protobuf");
        format!("frame op=2 \"{}\"", escaped(&bytes))
    }
}
