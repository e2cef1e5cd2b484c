//! Plays a transcript against a peer.
//!
//! Owns the connections of a section and what was received on them. Does not know what is at the
//! other end, or how a difference is shown.

use crate::bless::{self, Edit};
use crate::channel::{Channel, Taken};
use crate::differences::Differences;
use crate::frame;
use crate::pattern::Match;
use crate::peer::{Cut, Peer, Read, Unable, Wait};
use crate::text::{self, Vars, escaped};
use crate::transcript::{Act, Line, Place, Section, Step, Transcript, Wanted, body_of};
use crate::{loose, pattern, protobuf};
use std::collections::BTreeMap;

mod listed;

/// How to play.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// How what is sent is cut.
    pub cut: Cut,
    /// Whether responses are held to their meaning only.
    pub loose: bool,
    /// Whether sections for the core alone are played.
    pub core: bool,
    /// Whether expectations are rewritten where they differ.
    pub bless: bool,
    /// Sections that answer otherwise than as written, and must.
    pub listed: Option<&'a Differences>,
}

impl Options<'_> {
    /// Every byte is as written, and sections for the core are left out.
    #[must_use]
    pub fn strict(cut: Cut) -> Self {
        Self { cut, loose: false, core: false, bless: false, listed: None }
    }
}

/// Something that was not as the transcript says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The step.
    pub place: Place,
    /// The title of its section.
    pub section: String,
    /// What is wrong.
    pub what: String,
    /// The lines that were expected.
    pub expected: Vec<String>,
    /// What came, as lines.
    pub got: Vec<String>,
}

/// A section that was not played, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Where it begins.
    pub place: Place,
    /// Why.
    pub why: String,
}

/// A section that answers otherwise than as written, as is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Where it begins.
    pub place: Place,
    /// Its title, what it answers instead, and why.
    pub what: String,
}

/// What was received, connection by connection.
pub type Heard = Vec<(String, Vec<u8>)>;

/// What came of it.
#[derive(Debug, Default)]
pub struct Played {
    /// What was not as the transcript says, at most one for each section.
    pub failures: Vec<Failure>,
    /// Sections that were left out.
    pub skipped: Vec<Skipped>,
    /// Sections that answer otherwise than as written, as is listed.
    pub listed: Vec<Listed>,
    /// Everything that was received.
    pub heard: Heard,
    /// What `bless` changes.
    pub edits: Vec<Edit>,
    /// The length of the longest block that was sent, in bytes.
    pub longest: usize,
}

/// Plays all sections; a section ends with its first failure.
pub fn play<P: Peer + ?Sized>(
    transcript: &Transcript,
    peer: &mut P,
    vars: &Vars,
    how: Options<'_>,
) -> Played {
    let mut played = Played::default();
    let mut vars = vars.clone();
    for section in &transcript.sections {
        if let Some(why) = section.core_only.as_ref().filter(|_| !how.core) {
            played.skipped.push(Skipped { place: section.place.clone(), why: why.clone() });
            continue;
        }
        let mut player = Player {
            peer,
            how,
            vars: &mut vars,
            section,
            file: &transcript.file,
            channels: BTreeMap::new(),
            current: String::new(),
            blocks: 0,
            played: &mut played,
        };
        let difference = how.listed.and_then(|listed| listed.entry(&transcript.file, section));
        let outcome = match difference {
            Some(difference) => player.listed(difference),
            None => player.section(),
        };
        player.close(outcome);
    }
    played
}

/// Why a section ended early.
enum Stop {
    Failed(Box<Failure>),
    Unable(Unable),
}

impl From<Unable> for Stop {
    fn from(unable: Unable) -> Self {
        Self::Unable(unable)
    }
}

/// Broadcasts, and reads, after which what is waited for does not come.
const SKIPPED_MAX: usize = 100;

struct Player<'a, P: Peer + ?Sized> {
    peer: &'a mut P,
    how: Options<'a>,
    vars: &'a mut Vars,
    section: &'a Section,
    file: &'a str,
    channels: BTreeMap<String, Channel>,
    current: String,
    blocks: usize,
    played: &'a mut Played,
}

impl<P: Peer + ?Sized> Player<'_, P> {
    fn section(&mut self) -> Result<(), Stop> {
        for step in &self.section.steps {
            self.step(step)?;
        }
        self.all_left_over()
    }

    fn all_left_over(&mut self) -> Result<(), Stop> {
        for name in self.channels.keys().cloned().collect::<Vec<_>>() {
            self.current = name;
            self.left_over()?;
        }
        Ok(())
    }

    fn close(&mut self, outcome: Result<(), Stop>) {
        let place = self.section.place.clone();
        match outcome {
            Ok(()) => {}
            Err(Stop::Failed(failure)) => self.played.failures.push(*failure),
            Err(Stop::Unable(Unable(why))) => self.played.skipped.push(Skipped { place, why }),
        }
        for (name, channel) in std::mem::take(&mut self.channels) {
            self.peer.cut(channel.conn);
            self.played.heard.push((name, channel.heard));
        }
    }

    fn step(&mut self, step: &Step) -> Result<(), Stop> {
        match &step.act {
            Act::Use { name, admin } => {
                let name = text::render(name, self.vars, None);
                let name = name.map_err(|what| self.failed(&step.place, what))?;
                self.current = String::from_utf8_lossy(&name).into_owned();
                if self.channels.get(&self.current).is_none_or(|channel| channel.over) {
                    self.connect(*admin)?;
                }
            }
            Act::Let { name, text } => {
                let value = text::render(text, self.vars, None);
                let value = value.map_err(|what| self.failed(&step.place, what))?;
                self.vars.insert(name.clone(), value);
            }
            Act::Send(lines) => self.send(&step.place, lines)?,
            Act::Expect(lines) => self.expect(&step.place, lines)?,
            Act::Unwritten(wanted) => self.unwritten(&step.place, wanted)?,
            Act::Advance(ms) => self.peer.advance(*ms),
            Act::Eof => self.eof(&step.place)?,
            Act::Gone => {
                let conn = self.channel()?.conn;
                if !self.peer.is_gone(conn) {
                    return Err(self.failed(&step.place, "the connection is not gone".into()));
                }
                self.channel()?.over = true;
            }
            Act::Nothing => self.nothing(&step.place)?,
            Act::EndSending => {
                let conn = self.channel()?.conn;
                self.peer.end_sending(conn);
            }
            Act::Cut => {
                let channel = self.channel()?;
                channel.over = true;
                let conn = channel.conn;
                self.peer.cut(conn);
            }
            Act::Reading(on) => {
                let conn = self.channel()?.conn;
                self.peer.reading(conn, *on)?;
            }
            Act::Drain => self.peer.drain()?,
            Act::StoreFails => self.peer.fail_store()?,
        }
        Ok(())
    }

    fn connect(&mut self, admin: bool) -> Result<(), Stop> {
        let conn = self.peer.connect(admin);
        let conn = conn.map_err(|what| self.failed(&self.section.place, what))?;
        let channel = Channel::new(conn, admin);
        if let Some(old) = self.channels.insert(self.current.clone(), channel) {
            self.played.heard.push((self.current.clone(), old.heard));
        }
        Ok(())
    }

    /// The connection that is spoken on; made, where a section names none, or where it is over.
    fn channel(&mut self) -> Result<&mut Channel, Stop> {
        let old = self.channels.get(&self.current);
        if old.is_none() {
            self.connect(false)?;
        }
        Ok(self.channels.get_mut(&self.current).expect("it was just made"))
    }

    fn failed(&self, place: &Place, what: String) -> Stop {
        let section = self.section.title.clone();
        let (expected, got) = (Vec::new(), Vec::new());
        Stop::Failed(Box::new(Failure { place: place.clone(), section, what, expected, got }))
    }

    fn differs(&self, place: &Place, what: &str, lines: &[Line], got: Vec<String>) -> Stop {
        let mut stop = self.failed(place, what.into());
        if let Stop::Failed(failure) = &mut stop {
            failure.expected = lines.iter().map(bless::written).collect();
            failure.got = got;
        }
        stop
    }

    fn send(&mut self, place: &Place, lines: &[Line]) -> Result<(), Stop> {
        let channel = self.channel()?;
        if channel.over {
            let admin = channel.admin;
            self.connect(admin)?;
        }
        let speaks_http = self.channel()?.speaks_http();
        let mut bytes = Vec::new();
        for index in 0..lines.len() {
            let line = if speaks_http || !lines[index].ends {
                self.sent_line(lines, index)
            } else {
                frame::sent(&lines[index].text, self.vars, &protobuf::encode)
            };
            let place = Place { line: lines[index].number, ..place.clone() };
            bytes.extend(line.map_err(|what| self.failed(&place, what))?);
        }
        let channel = self.channel()?;
        channel.bodiless = bytes.starts_with(b"HEAD ");
        let conn = channel.conn;
        let mut rest = &bytes[..];
        for piece in self.how.cut.pieces(self.blocks, bytes.len()) {
            let (now, later) = rest.split_at(piece);
            self.peer.send(conn, now);
            rest = later;
        }
        self.blocks += 1;
        self.played.longest = self.played.longest.max(bytes.len());
        Ok(())
    }

    fn sent_line(&self, lines: &[Line], index: usize) -> Result<Vec<u8>, String> {
        let line = &lines[index];
        let mut length = None;
        if line.text.contains("${length}") {
            let body = body_of(lines, index).ok_or("`${length}` needs the end of its head")?;
            let mut bytes = 0;
            for part in body {
                bytes += text::render(&lines[part].text, self.vars, None)?.len();
            }
            length = Some(bytes);
        }
        let mut bytes = text::render(&line.text, self.vars, length)?;
        if line.ends {
            bytes.extend_from_slice(b"\r\n");
        }
        Ok(bytes)
    }

    fn receive(&mut self, wait: Wait) -> Result<Read, Stop> {
        self.channel()?;
        let channel = self.channels.get_mut(&self.current).expect("it was just found");
        let before = channel.inbox.len();
        let read = self.peer.receive(channel.conn, wait, &mut channel.inbox);
        channel.heard.extend_from_slice(&channel.inbox[before..]);
        Ok(read)
    }

    fn expect(&mut self, place: &Place, lines: &[Line]) -> Result<(), Stop> {
        if self.channel()?.speaks_http() {
            return self.expect_responses(place, lines);
        }
        for line in lines {
            let place = Place { line: line.number, ..place.clone() };
            self.expect_frame(&place, line)?;
        }
        Ok(())
    }

    fn matched(&mut self, place: &Place, lines: &[Line]) -> Result<Match, Stop> {
        let clock = self.peer.clock();
        let loose = self.how.loose;
        self.channel()?;
        let channel = &self.channels[&self.current];
        let (vars, inbox) = (&*self.vars, &channel.inbox);
        let outcome = if loose {
            loose::matches(lines, vars, clock, channel.bodiless, inbox)
        } else {
            pattern::matches(lines, vars, clock, inbox)
        };
        outcome.map_err(|what| self.failed(place, what))
    }

    fn expect_responses(&mut self, place: &Place, lines: &[Line]) -> Result<(), Stop> {
        loop {
            match self.matched(place, lines)? {
                Match::Whole { len, binds } => {
                    self.vars.extend(binds);
                    self.channel()?.take(len);
                    return Ok(());
                }
                Match::Differs => break,
                Match::More => match self.receive(Wait::Answer)? {
                    Read::Some => {}
                    Read::Nothing | Read::Ended => break,
                },
            }
        }
        let count = lines.iter().filter(|l| l.ends && l.text.starts_with("HTTP/1.")).count();
        let got = self.responses(count.max(1))?;
        if self.how.bless && !got.is_empty() && *place.file == *self.file {
            return self.bless_responses(place, lines, &got);
        }
        let got = bless::rewritten(lines, &got, self.vars, self.peer.clock());
        let got = got.iter().map(bless::written).collect();
        Err(self.differs(place, "the answer differs", lines, got))
    }

    /// The bytes of the next responses, or all there are where they are none.
    fn responses(&mut self, count: usize) -> Result<Vec<u8>, Stop> {
        loop {
            match self.channel()?.responses(count) {
                Taken::Whole(len) => return Ok(self.channel()?.inbox[..len].to_vec()),
                Taken::Malformed => return Ok(self.channel()?.inbox.clone()),
                Taken::More => match self.receive(Wait::Answer)? {
                    Read::Some => {}
                    Read::Nothing | Read::Ended => return Ok(self.channel()?.inbox.clone()),
                },
            }
        }
    }

    fn bless_responses(&mut self, place: &Place, old: &[Line], got: &[u8]) -> Result<(), Stop> {
        let clock = self.peer.clock();
        let lines = bless::rewritten(old, got, self.vars, clock);
        match self.matched(place, &lines)? {
            Match::Whole { len, binds } => {
                self.vars.extend(binds);
                self.channel()?.take(len);
            }
            _ => return Err(self.differs(place, "the answer cannot be blessed", &lines, vec![])),
        }
        let last = old.last().map_or(place.line, |line| line.number);
        let lines = lines.iter().map(bless::written).collect();
        self.played.edits.push(Edit { first: place.line, last, lines });
        Ok(())
    }

    /// The next frame as a line says it, unescaped; `None` where there is none.
    fn frame(&mut self, wait: Wait) -> Result<Option<Vec<u8>>, Stop> {
        loop {
            if let Some(said) = self.channel()?.frame() {
                return Ok(Some(said));
            }
            if self.receive(wait)? != Read::Some {
                return Ok(None);
            }
        }
    }

    fn expect_frame(&mut self, place: &Place, line: &Line) -> Result<(), Stop> {
        let wants_broadcast = line.text.starts_with("broadcast ");
        let clock = self.peer.clock();
        let mut first: Option<Vec<u8>> = None;
        let mut first_is_near = false;
        let mut skipped = 0;
        while skipped < SKIPPED_MAX
            && let Some(said) = self.frame(Wait::Answer)?
        {
            skipped += 1;
            let is_broadcast = said.starts_with(b"broadcast ");
            if is_broadcast && !wants_broadcast {
                continue;
            }
            let outcome = pattern::whole(&line.text, self.vars, clock, &said);
            match outcome.map_err(|what| self.failed(place, what))? {
                Some(binds) => {
                    self.vars.extend(binds);
                    return Ok(());
                }
                // A later broadcast may be the one that is meant, but nothing else may.
                None if is_broadcast => {
                    let near = bless::same_start(&line.text, &said, self.vars, clock);
                    if first.is_none() || (near && !first_is_near) {
                        (first, first_is_near) = (Some(said), near);
                    }
                }
                None => {
                    first = Some(said);
                    break;
                }
            }
        }
        let got = first.unwrap_or_default();
        if self.how.bless && !got.is_empty() && *place.file == *self.file {
            let text = bless::kept(&line.text, &got, self.vars, clock);
            let lines = vec![format!("< {text}")];
            self.played.edits.push(Edit { first: line.number, last: line.number, lines });
            return Ok(());
        }
        let got = if got.is_empty() { vec![] } else { vec![format!("< {}", escaped(&got))] };
        Err(self.differs(place, "the frame differs", std::slice::from_ref(line), got))
    }

    fn unwritten(&mut self, place: &Place, wanted: &Wanted) -> Result<(), Stop> {
        if !self.how.bless || *place.file != *self.file {
            return Err(self.failed(place, "the expectation is not written: bless it".into()));
        }
        if !self.channel()?.speaks_http() {
            let Some(said) = self.frame(Wait::Answer)? else {
                return Err(self.failed(place, "there is no frame to write down".into()));
            };
            let text = bless::kept("", &said, self.vars, self.peer.clock());
            let lines = vec![format!("< {text}")];
            self.played.edits.push(Edit { first: place.line, last: place.line, lines });
            return Ok(());
        }
        let got = self.responses(1)?;
        if let Err(what) = bless::is_wanted(wanted, &got, self.vars, self.peer.clock()) {
            let got = bless::lines_of(&got).iter().map(bless::written).collect();
            return Err(self.differs(place, &what, &[], got));
        }
        let text = wanted.body.as_ref().filter(|body| body.starts_with('{')).cloned();
        let body = Line { number: wanted.number, ends: false, text: text.unwrap_or_default() };
        let old = [body];
        self.bless_responses(place, &old, &got)
    }

    /// What is there and not a broadcast, taken.
    fn unexpected(&mut self) -> Result<Vec<String>, Stop> {
        let channel = self.channel()?;
        if channel.speaks_http() {
            return Ok(bless::lines_of(&std::mem::take(&mut channel.inbox))
                .iter()
                .map(bless::written)
                .collect());
        }
        let mut lines = Vec::new();
        while let Some(said) = channel.frame() {
            if !said.starts_with(b"broadcast ") {
                lines.push(format!("< {}", escaped(&said)));
            }
        }
        if !channel.inbox.is_empty() {
            lines.push(format!("<< {}", escaped(&std::mem::take(&mut channel.inbox))));
        }
        Ok(lines)
    }

    /// Receives until there is nothing more; whether the stream has ended.
    fn exhaust(&mut self, wait: Wait) -> Result<bool, Stop> {
        for _ in 0..SKIPPED_MAX {
            match self.receive(wait)? {
                Read::Some => {}
                Read::Nothing => return Ok(false),
                Read::Ended => return Ok(true),
            }
        }
        Ok(false)
    }

    fn eof(&mut self, place: &Place) -> Result<(), Stop> {
        let ended = self.exhaust(Wait::Answer)?;
        let got = self.unexpected()?;
        if !got.is_empty() {
            return Err(self.differs(place, "bytes come before the end of the stream", &[], got));
        }
        if !ended {
            return Err(self.failed(place, "the stream has not ended".into()));
        }
        self.channel()?.over = true;
        Ok(())
    }

    fn nothing(&mut self, place: &Place) -> Result<(), Stop> {
        let ended = self.exhaust(Wait::Quiet)?;
        let got = self.unexpected()?;
        if !got.is_empty() {
            return Err(self.differs(place, "something was sent", &[], got));
        }
        if ended {
            return Err(self.failed(place, "the stream has ended".into()));
        }
        Ok(())
    }

    /// At the end of a section nothing may be left that no step has expected.
    fn left_over(&mut self) -> Result<(), Stop> {
        self.exhaust(Wait::No)?;
        let got = self.unexpected()?;
        if got.is_empty() {
            return Ok(());
        }
        let place = self.section.steps.last().map_or(&self.section.place, |step| &step.place);
        let what = format!("more came on [{}] than was expected", self.current);
        Err(self.differs(place, &what, &[], got))
    }
}
