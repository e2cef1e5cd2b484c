//! What one client does in one visit: every way to come, to talk and to leave, well and badly.
//!
//! What is answered is not held to anything here; the transcripts do that.

use super::line::{Line, request};
use super::{HUNT, line};
use crate::frame::masked;
use fastrand::Rng;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Longer than any time-out of the transcripts' configuration, and what follows it.
const TIME_OUT: Duration = Duration::from_secs(7);
/// How long a client listens for what may or may not come.
const LISTEN: Duration = Duration::from_millis(300);
/// Connections that a flood brings at once.
const FLOOD: usize = 40;
/// How many pipelined requests a deaf client sends before it is sure that nobody listens to it.
const STUFFED_MAX: usize = 4_000;

/// A client: where it goes, who it is, and what it chooses by.
#[derive(Debug)]
pub struct Client<'a> {
    /// Where players come.
    pub to: SocketAddr,
    /// Its session.
    pub token: &'a str,
    /// What it chooses by.
    pub random: Rng,
    /// What it counts in.
    pub counts: &'a Counts,
}

/// A visit.
pub type Act = fn(&mut Client<'_>) -> Option<()>;

/// Every visit by its name, and how often it is made: the weights add up to 100.
pub const ACTS: [(&str, u32, Act); 14] = [
    ("ask and leave", 24, ask_and_leave),
    ("ask and go without a word", 8, ask_and_go),
    ("pipeline", 8, pipeline),
    ("half-close with a request owed", 8, half_close_owed),
    ("half-close with nothing owed", 6, half_close_quiet),
    ("half-close within a request", 4, half_close_within),
    ("reset anywhere", 14, reset_anywhere),
    ("play and leave", 8, play_and_leave),
    ("play and vanish", 8, play_and_vanish),
    ("play until the time-out", 1, play_until_the_time_out),
    ("begin and time out", 2, begin_and_time_out),
    ("never read", 1, never_read),
    ("talk nonsense", 7, talk_nonsense),
    ("flood", 1, flood),
];

/// What many clients count together.
#[derive(Debug, Default)]
pub struct Counts {
    connections: AtomicU64,
    answered: AtomicU64,
    unanswered: AtomicU64,
    pub(super) acts: [AtomicU64; ACTS.len()],
}

/// The counts at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Connections made.
    pub connections: u64,
    /// Requests that were answered, of clients that wait for it.
    pub answered: u64,
    /// Those that were not.
    pub unanswered: u64,
    /// Visits, by their place in [`ACTS`].
    pub(super) acts: [u64; ACTS.len()],
}

impl Counts {
    /// The counts now.
    #[must_use]
    pub fn sum(&self) -> Tally {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Tally {
            connections: load(&self.connections),
            answered: load(&self.answered),
            unanswered: load(&self.unanswered),
            acts: std::array::from_fn(|act| load(&self.acts[act])),
        }
    }
}

impl Tally {
    /// Visits by name.
    pub fn acts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        ACTS.iter().zip(self.acts).map(|((name, ..), count)| (*name, count))
    }
}

impl Client<'_> {
    /// Makes one visit, and waits a moment where not even a connection came of it: the system has
    /// no more ports or descriptors just then.
    pub fn visit(&mut self) {
        let mut at = self.random.u32(0..ACTS.iter().map(|(_, weight, _)| weight).sum());
        for (index, (_, weight, act)) in ACTS.iter().enumerate() {
            if at < *weight {
                let before = self.counts.connections.load(Ordering::Relaxed);
                act(self);
                self.counts.acts[index].fetch_add(1, Ordering::Relaxed);
                if self.counts.connections.load(Ordering::Relaxed) == before {
                    line::pause(Duration::from_millis(20));
                }
                return;
            }
            at -= weight;
        }
    }

    fn connect(&self) -> Option<Line> {
        self.connected(Line::connect(self.to))
    }

    fn connected(&self, line: anyhow::Result<Line>) -> Option<Line> {
        let line = line.ok()?;
        self.counts.connections.fetch_add(1, Ordering::Relaxed);
        Some(line)
    }

    /// One of the requests that players make.
    fn request(&mut self) -> Vec<u8> {
        let hunt = format!("/v1/hunts/{HUNT}");
        match self.random.u32(0..4) {
            0 => request("GET", &format!("/loot?session={}", self.random.u8(..)), "", ""),
            1 => request("GET", &format!("{hunt}/status"), "", ""),
            2 => request("GET", &format!("{hunt}/leaderboard?limit=100"), "", ""),
            _ => {
                let body = r#"{"treasure":"t1","x":0,"y":0,"z":0}"#;
                request("POST", &format!("{hunt}/resolve"), self.token, body)
            }
        }
    }

    /// Sends a request and waits for its answer.
    fn ask(&mut self, line: &mut Line) -> Option<()> {
        let request = self.request();
        let answer = line.send(&request).then(|| line.response()).flatten();
        let count = match answer {
            Some(_) => &self.counts.answered,
            None => &self.counts.unanswered,
        };
        count.fetch_add(1, Ordering::Relaxed);
        answer.map(|_| ())
    }

    /// Opens a WebSocket. The first frame is on its way then.
    fn watch(&mut self, line: &mut Line) -> Option<()> {
        let (token, codec) = (self.token, *self.random.choice(&["hunt.v1", "hunt.v1+json"])?);
        line.send(
            format!(
                "GET /v1/hunts/{HUNT}/play?session={token} HTTP/1.1\r\nHost: h\r\n\
                 Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                 Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                 Sec-WebSocket-Protocol: {codec}\r\n\r\n"
            )
            .as_bytes(),
        );
        line.response().filter(|answer| answer.status == 101).map(|_| ())
    }

    /// A frame of a player: a move, a ping, or the first part of a message.
    fn frame(&mut self) -> Vec<u8> {
        let (x, seq) = (self.random.u8(..), self.random.u16(1..));
        let step = format!(r#"{{"seq":{seq},"move":{{"x":{x},"y":0,"z":0,"heading":0}}}}"#);
        match self.random.u32(0..8) {
            0 => masked(0x89, b"are you there"),
            1 => masked(0x01, &step.as_bytes()[..9]),
            _ => masked(0x81, step.as_bytes()),
        }
    }
}

fn ask_and_leave(client: &mut Client<'_>) -> Option<()> {
    let mut line = client.connect()?;
    for _ in 0..client.random.u32(1..30) {
        client.ask(&mut line)?;
    }
    Some(())
}

/// The answer is on its way when the connection is closed.
fn ask_and_go(client: &mut Client<'_>) -> Option<()> {
    let mut line = client.connect()?;
    let request = client.request();
    line.send(&request);
    Some(())
}

fn pipeline(client: &mut Client<'_>) -> Option<()> {
    let mut line = client.connect()?;
    let count = client.random.usize(2..40);
    let requests: Vec<u8> = (0..count).flat_map(|_| client.request()).collect();
    let cut = client.random.usize(..requests.len());
    line.send_cut(&requests, cut);
    for _ in 0..client.random.usize(..=count) {
        line.response()?;
    }
    Some(())
}

fn half_close_owed(client: &mut Client<'_>) -> Option<()> {
    let mut line = client.connect()?;
    for _ in 0..client.random.u32(1..5) {
        let request = client.request();
        line.send(&request);
    }
    line.finish();
    line.read_to_end(TIME_OUT);
    Some(())
}

fn half_close_quiet(client: &mut Client<'_>) -> Option<()> {
    let mut line = client.connect()?;
    if client.random.bool() {
        client.ask(&mut line)?;
    }
    line.finish();
    line.read_to_end(TIME_OUT);
    Some(())
}

fn half_close_within(client: &mut Client<'_>) -> Option<()> {
    let mut line = client.connect()?;
    let request = client.request();
    line.send(&request[..client.random.usize(1..request.len())]);
    line.finish();
    line.read_to_end(TIME_OUT);
    Some(())
}

/// In a head, in a body, in a frame, in an answer, or before anything.
fn reset_anywhere(client: &mut Client<'_>) -> Option<()> {
    let mut line = client.connect()?;
    match client.random.u32(0..6) {
        0 => {}
        1 | 2 => {
            let request = client.request();
            line.send(&request[..client.random.usize(..=request.len())]);
        }
        3 => {
            let requests: Vec<u8> = (0..20).flat_map(|_| client.request()).collect();
            line.send(&requests);
            line.read_for(LISTEN);
        }
        _ => {
            client.watch(&mut line)?;
            let frame = client.frame();
            line.send(&frame[..client.random.usize(1..=frame.len())]);
            if client.random.bool() {
                line.read_for(LISTEN);
            }
        }
    }
    line.reset();
    Some(())
}

fn play_and_leave(client: &mut Client<'_>) -> Option<()> {
    let mut line = client.connect()?;
    client.watch(&mut line)?;
    for _ in 0..client.random.u32(1..20) {
        let frame = client.frame();
        line.send(&frame);
        if client.random.bool() {
            line.read_for(LISTEN);
        }
    }
    line.send(&masked(0x88, &1000_u16.to_be_bytes()));
    line.read_to_end(TIME_OUT);
    Some(())
}

fn play_and_vanish(client: &mut Client<'_>) -> Option<()> {
    let mut line = client.connect()?;
    client.watch(&mut line)?;
    for _ in 0..client.random.u32(1..20) {
        let frame = client.frame();
        line.send(&frame);
    }
    line.read_for(LISTEN);
    match client.random.u32(0..3) {
        0 => line.reset(),
        1 => {
            line.finish();
            line.read_to_end(TIME_OUT);
        }
        _ => {}
    }
    Some(())
}

/// Answers no ping.
fn play_until_the_time_out(client: &mut Client<'_>) -> Option<()> {
    let mut line = client.connect()?;
    client.watch(&mut line)?;
    line.read_to_end(TIME_OUT);
    Some(())
}

/// Sends a part of a request, or all of it and nothing after it, and stays.
fn begin_and_time_out(client: &mut Client<'_>) -> Option<()> {
    let mut line = client.connect()?;
    let request = client.request();
    line.send(&request[..client.random.usize(..=request.len())]);
    line.read_to_end(TIME_OUT);
    Some(())
}

/// Asks and asks, and reads nothing until it must have been given up.
fn never_read(client: &mut Client<'_>) -> Option<()> {
    let mut line = client.connected(Line::connect_narrow(client.to))?;
    let request = if client.random.bool() {
        client.watch(&mut line)?;
        masked(0x89, &[b'x'; 120])
    } else {
        request("GET", &format!("/v1/hunts/{HUNT}/leaderboard?limit=100"), "", "")
    };
    line.stuff(&request, STUFFED_MAX);
    line::pause(Duration::from_secs(3));
    line.read_to_end(TIME_OUT);
    Some(())
}

/// A request or a frame with some of its bytes changed, or bytes that mean nothing at all.
fn talk_nonsense(client: &mut Client<'_>) -> Option<()> {
    let mut line = client.connect()?;
    let mut bytes = if client.random.bool() {
        client.watch(&mut line)?;
        client.frame()
    } else {
        client.request()
    };
    match client.random.u32(0..4) {
        0 => client.random.fill(&mut bytes),
        1 => bytes = b"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1, 2\r\n\r\n".to_vec(),
        2 => bytes.resize(3_000, b'a'),
        _ => {
            for _ in 0..client.random.u32(1..4) {
                let at = client.random.usize(..bytes.len());
                bytes[at] = client.random.u8(..);
            }
        }
    }
    line.send(&bytes);
    line.read_for(LISTEN);
    Some(())
}

/// Many connections at once, some of which say something, and all of which go.
pub(super) fn flood(client: &mut Client<'_>) -> Option<()> {
    let mut lines: Vec<Line> = (0..FLOOD).map_while(|_| client.connect()).collect();
    for line in &mut lines {
        if client.random.bool() {
            let request = client.request();
            line.send(&request);
        }
    }
    for mut line in lines.drain(..) {
        match client.random.u32(0..3) {
            0 => line.reset(),
            1 => drop(line),
            _ => {
                line.read_for(LISTEN);
            }
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_are_percents() {
        assert_eq!(ACTS.iter().map(|(_, weight, _)| weight).sum::<u32>(), 100);
    }
}
