//! Plays a sequence of calls against a server, and writes down what it answers: a transcript.
//!
//! Owns the order in which connections are spoken on and listened to. Does not know whether an
//! answer is right.

use super::call::{Call, Conn, Request};
use super::said::{changes_something, closes, names, without_time, without_vitals};
use crate::bless;
use crate::channel::{Channel, Taken};
use crate::http::{Response, response};
use crate::peer::{Peer, Read, Wait};
use crate::text::{Vars, escaped};
use crate::{frame, protobuf};
use std::collections::BTreeMap;

/// What was written down.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    /// The transcript, but for a title.
    pub(super) lines: Vec<String>,
    /// For each call, how many lines came before it.
    pub(super) starts: Vec<usize>,
    /// What was answered.
    pub(super) tally: Tally,
}

/// How much of what was answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Calls that were made.
    pub calls: u64,
    /// Responses with a status below 400.
    pub granted: u64,
    /// Responses with another status.
    pub refused: u64,
    /// Connections that became WebSockets.
    pub upgrades: u64,
    /// Frames that were sent by the server, but broadcasts that were not waited for.
    pub frames: u64,
}

impl Tally {
    /// Adds another one.
    pub fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.granted += other.granted;
        self.refused += other.refused;
        self.upgrades += other.upgrades;
        self.frames += other.frames;
    }
}

/// Time that passes in one sequence at most, in all: no session expires, no connection is closed
/// for its silence, and nobody is pinged.
const WAIT_MS_MAX: u32 = 900;
/// Reads after which what comes has no end.
const READS_MAX: usize = 100;
/// Longer than it takes until a server has seen that somebody is gone.
const SEEN_MS: u32 = 30;
/// Longer than it takes until the next tick.
const TICK_MS: u32 = 170;

/// Plays `calls`, and writes down what is answered.
///
/// # Errors
/// If there is no connection to be had, or a call is not well-formed.
pub(super) fn record(calls: &[Call], peer: &mut dyn Peer, vars: &Vars) -> Result<Record, String> {
    let mut recorder = Recorder {
        peer,
        vars: vars.clone(),
        record: Record::default(),
        channels: BTreeMap::new(),
        current: "",
        pings: 0,
        waited_ms: 0,
        claimed: false,
    };
    recorder.bind_sessions(calls);
    for call in calls {
        let lines = recorder.record.lines.len();
        recorder.record.starts.push(lines);
        recorder.call(call)?;
    }
    recorder.finish()?;
    Ok(recorder.record)
}

struct Recorder<'a> {
    peer: &'a mut dyn Peer,
    vars: Vars,
    record: Record,
    channels: BTreeMap<&'static str, Channel>,
    current: &'static str,
    pings: u32,
    waited_ms: u32,
    /// Whether the call claimed a treasure.
    claimed: bool,
}

impl Recorder<'_> {
    /// A name that no answer binds stands for a word that is no session.
    fn bind_sessions(&mut self, calls: &[Call]) {
        let requests = calls.iter().flat_map(|call| match call {
            Call::Requests { requests, .. } => &requests[..],
            _ => &[],
        });
        for text in requests.flat_map(|request| request.fields.iter().chain([&request.line])) {
            for name in names(text) {
                if !self.vars.contains_key(name) {
                    self.vars.insert(name.to_owned(), b"none".to_vec());
                    self.write(format!("let {name} = none"));
                }
            }
        }
    }

    fn call(&mut self, call: &Call) -> Result<(), String> {
        let made = match call {
            Call::Requests { conn, requests } => self.requests(*conn, requests)?,
            Call::Frames { conn, lines } if self.is_open_websocket(*conn) => {
                self.turn_to(*conn)?;
                self.frames(lines)?;
                true
            }
            Call::Cut(conn) if self.is_open(*conn) => {
                self.cut(*conn)?;
                true
            }
            Call::Frames { .. } | Call::Cut(_) => false,
        };
        if made {
            self.record.tally.calls += 1;
            self.write("");
        }
        if std::mem::take(&mut self.claimed) {
            self.changes()?;
        }
        Ok(())
    }

    fn write(&mut self, line: impl Into<String>) {
        self.record.lines.push(line.into());
    }

    fn is_open(&self, conn: Conn) -> bool {
        self.channels.get(conn.name).is_some_and(|channel| !channel.over)
    }

    fn is_open_websocket(&self, conn: Conn) -> bool {
        self.is_open(conn) && !self.channels[conn.name].speaks_http()
    }

    /// The connection that is spoken on, made where there is none or its end was seen.
    fn turn_to(&mut self, conn: Conn) -> Result<(), String> {
        if !self.is_open(conn) {
            let at = self.peer.connect(conn.admin)?;
            self.channels.insert(conn.name, Channel::new(at, conn.admin));
            self.current = "";
        }
        if self.current != conn.name {
            self.current = conn.name;
            let listener = if conn.admin { " admin" } else { "" };
            self.write(format!("[{}{listener}]", conn.name));
        }
        Ok(())
    }

    fn cut(&mut self, conn: Conn) -> Result<(), String> {
        let watches = self.is_open_websocket(conn);
        self.turn_to(conn)?;
        self.channel().over = true;
        let at = self.channel().conn;
        self.peer.cut(at);
        self.write("cut");
        self.current = "";
        if watches {
            self.pass(SEEN_MS);
        }
        Ok(())
    }

    fn channel(&mut self) -> &mut Channel {
        self.channels.get_mut(self.current).expect("it was turned to")
    }

    fn send(&mut self, bytes: &[u8]) {
        let conn = self.channel().conn;
        self.peer.send(conn, bytes);
    }

    fn receive(&mut self, wait: Wait) -> Read {
        let channel = self.channels.get_mut(self.current).expect("it was turned to");
        self.peer.receive(channel.conn, wait, &mut channel.inbox)
    }

    /// Whether there is still time for it to pass.
    fn pass(&mut self, ms: u32) -> bool {
        if self.waited_ms + ms > WAIT_MS_MAX {
            return false;
        }
        if ms > 0 {
            self.waited_ms += ms;
            self.peer.advance(ms);
            self.write(format!("@ +{ms}ms"));
        }
        true
    }

    fn requests(&mut self, conn: Conn, requests: &[Request]) -> Result<bool, String> {
        if !self.pass(requests.iter().map(|request| request.wait_ms).sum()) {
            return Ok(false);
        }
        if self.is_open_websocket(conn) {
            self.cut(conn)?;
        }
        self.turn_to(conn)?;
        let mut bytes = Vec::new();
        for request in requests {
            bytes.extend(request.bytes(&self.vars)?);
            request.lines().into_iter().for_each(|line| self.write(line));
        }
        self.channel().bodiless = requests.first().is_some_and(Request::is_head);
        self.send(&bytes);
        for request in requests {
            if !self.answer(request.binds.as_deref())? {
                break;
            }
        }
        Ok(true)
    }

    /// Writes down the final response to a request; whether another one may follow.
    fn answer(&mut self, binds: Option<&str>) -> Result<bool, String> {
        loop {
            let len = match self.channel().responses(1) {
                Taken::Whole(len) => len,
                Taken::Malformed => return Ok(self.end()),
                Taken::More => match self.receive(Wait::Answer) {
                    Read::Some => continue,
                    Read::Ended => return Ok(self.end()),
                    Read::Nothing => {
                        self.write("<nothing>");
                        return Ok(false);
                    }
                },
            };
            let bodiless = self.channel().bodiless;
            let bytes = self.channel().inbox[..len].to_vec();
            let Ok((got, _)) = response(&bytes, bodiless) else { return Ok(self.end()) };
            self.response(&bytes, &got, binds);
            self.channel().take(len);
            match got.status {
                100 => {}
                101 => {
                    self.record.tally.upgrades += 1;
                    self.write("");
                    self.listen(&Until::Broadcast)?;
                    return Ok(false);
                }
                _ => break Ok(!closes(&got) || self.end()),
            }
        }
    }

    fn response(&mut self, bytes: &[u8], got: &Response, binds: Option<&str>) {
        match got.status {
            ..400 => self.record.tally.granted += 1,
            _ => self.record.tally.refused += 1,
        }
        for mut line in bless::rewritten(&[], bytes, &self.vars, self.peer.clock()) {
            if !line.ends {
                line.text = self.session(&line.text, got, binds);
                line.text = without_time(without_vitals(&line.text).as_ref());
            }
            let written = bless::written(&line);
            self.noted(written);
        }
    }

    /// A body in which the session has a name.
    fn session(&mut self, text: &str, got: &Response, binds: Option<&str>) -> String {
        const HOLE: &str = "${session:token}";
        let body = String::from_utf8_lossy(&got.body);
        let token = body.split_once("\"session\":\"").and_then(|(_, rest)| rest.split_once('"'));
        match (binds, token) {
            (Some(name), Some((token, _))) if text.contains(HOLE) => {
                self.vars.insert(name.to_owned(), token.as_bytes().to_vec());
                text.replace(HOLE, &format!("${{{name}:token}}"))
            }
            _ => text.to_owned(),
        }
    }

    /// Writes an answer, and keeps in mind whether a treasure was claimed.
    fn noted(&mut self, line: String) {
        let words = ["\"outcome\":\"claimed\"", "RESOLVE_OUTCOME_CLAIMED"];
        self.claimed |= words.iter().any(|word| line.contains(word));
        self.write(line);
    }

    /// The server ends the stream, as it said, or all at once; false for convenience.
    fn end(&mut self) -> bool {
        let ended = (0..READS_MAX).any(|_| self.receive(Wait::Answer) != Read::Some);
        let ended = ended && self.receive(Wait::No) == Read::Ended;
        let rest = std::mem::take(&mut self.channel().inbox);
        if !rest.is_empty() {
            self.write(format!("<< {}", escaped(&rest)));
        }
        if ended {
            self.write("<eof>");
            self.channel().over = true;
        }
        false
    }

    fn frames(&mut self, lines: &[String]) -> Result<(), String> {
        let mut bytes = Vec::new();
        let mut lines = lines.to_vec();
        let mut until = Until::Close;
        if !lines.last().is_some_and(|line| line.starts_with("close")) {
            self.pings += 1;
            lines.push(format!("ping \"{}\"", self.pings));
            until = Until::Frame(format!("pong \"{}\"", self.pings).into_bytes());
        }
        for line in lines {
            bytes.extend(frame::sent(&line, &self.vars, &protobuf::encode)?);
            self.write(format!("> {line}"));
        }
        self.send(&bytes);
        self.listen(&until)
    }

    /// Writes down the frames that come, but broadcasts that nobody waits for.
    fn listen(&mut self, until: &Until) -> Result<(), String> {
        loop {
            let Some(said) = self.channel().frame() else {
                match self.receive(Wait::Answer) {
                    Read::Some => continue,
                    Read::Nothing => self.write("<nothing>"),
                    Read::Ended => drop(self.end()),
                }
                return Ok(());
            };
            let is_broadcast = said.starts_with(b"broadcast ");
            if is_broadcast && *until != Until::Broadcast {
                continue;
            }
            self.frame(&said);
            if self.channel().over || is_broadcast {
                return Ok(());
            }
            if let Until::Frame(last) = until
                && *last == said
            {
                return Ok(());
            }
        }
    }

    /// Writes down a frame. A Close frame is answered, if that is still asked for.
    fn frame(&mut self, said: &[u8]) {
        self.record.tally.frames += 1;
        self.noted(format!("< {}", without_time(&escaped(said))));
        if said.starts_with(b"close") {
            if self.receive(Wait::Quiet) != Read::Ended {
                self.write("> close 1000");
                let answer = frame::sent("close 1000", &self.vars, &protobuf::encode);
                self.send(&answer.expect("it is well-formed"));
            }
            self.end();
            self.channel().over = true;
        }
    }

    /// Writes down the frames that tell watchers what has changed.
    fn changes(&mut self) -> Result<(), String> {
        let open = self.websockets();
        if open.is_empty() || !self.pass(TICK_MS) {
            return Ok(());
        }
        for conn in open {
            self.turn_to(conn)?;
            let mut changed = None;
            while !self.channel().over {
                match self.channel().frame() {
                    Some(said) if said.starts_with(b"broadcast ") => {
                        changed = changes_something(&said).then_some(said).or(changed);
                    }
                    Some(said) => {
                        changed.take().iter().for_each(|changed: &Vec<u8>| self.frame(changed));
                        self.frame(&said);
                    }
                    None if self.receive(Wait::Quiet) == Read::Some => {}
                    None => break,
                }
            }
            changed.iter().for_each(|changed| self.frame(changed));
        }
        self.write("");
        Ok(())
    }

    fn websockets(&self) -> Vec<Conn> {
        let conns = self.channels.iter();
        let conns = conns.map(|(name, channel)| Conn { name, admin: channel.admin });
        conns.filter(|conn| self.is_open_websocket(*conn)).collect()
    }

    /// What is left is written down, so that it is not left over where the record is played.
    fn finish(&mut self) -> Result<(), String> {
        for conn in self.websockets() {
            self.turn_to(conn)?;
            self.frames(&[])?;
            self.write("");
        }
        for name in self.channels.keys().copied().collect::<Vec<_>>() {
            let conn = Conn { name, admin: self.channels[name].admin };
            if self.is_open(conn) && !self.is_open_websocket(conn) {
                self.current = name;
                self.receive(Wait::No);
                if !self.channel().inbox.is_empty() {
                    self.current = "";
                    self.turn_to(conn)?;
                    self.end();
                }
            }
        }
        Ok(())
    }
}

/// What is listened for.
#[derive(Debug, PartialEq, Eq)]
enum Until {
    /// The first broadcast.
    Broadcast,
    /// A frame that says this.
    Frame(Vec<u8>),
    /// The end.
    Close,
}
