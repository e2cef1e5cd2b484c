//! A section that is listed to answer otherwise than as written: it is held to what the list says.
//!
//! Up to the first thing that does not come as written, and after it where the section goes on,
//! nothing is given away. A section that answers as written does not belong on the list.

use super::{Failure, Listed, Player, Stop};
use crate::differences::{Answer, Difference, End, Instead};
use crate::http::{Response, Unread, response};
use crate::loose;
use crate::peer::{Peer, Wait};
use crate::transcript::{Act, Place, Step};

/// What a connection held before a step: what was received and not yet expected, and how much was
/// received before.
struct Mark {
    conn: String,
    inbox: Vec<u8>,
    heard: usize,
}

impl<P: Peer + ?Sized> Player<'_, P> {
    /// Plays the section of an entry.
    pub(super) fn listed(&mut self, entry: &Difference) -> Result<(), Stop> {
        let section = self.section;
        let mut met = false;
        for step in &section.steps {
            for step in self.smallest(step) {
                let mark = self.mark();
                let Err(stop) = self.step(&step) else { continue };
                if self.met(entry, &mut met, mark, stop)? {
                    return Ok(());
                }
            }
        }
        for conn in self.channels.keys().cloned().collect::<Vec<_>>() {
            self.current = conn;
            let mark = self.mark();
            if let Err(stop) = self.left_over()
                && self.met(entry, &mut met, mark, stop)?
            {
                return Ok(());
            }
        }
        if met {
            return Ok(());
        }
        let Difference { at, instead, .. } = entry;
        let what = format!("all is as written, but {at} says `{instead}`: take it off the list");
        Err(self.failed(&section.place, what))
    }

    /// Holds what did not come as written to the list; whether the section ends with it.
    fn met(
        &mut self,
        entry: &Difference,
        met: &mut bool,
        mark: Mark,
        stop: Stop,
    ) -> Result<bool, Stop> {
        let Stop::Failed(failure) = stop else { return Err(stop) };
        let Difference { at, instead, reason, .. } = entry;
        let otherwise = |why: &str| {
            let what = format!("{}; {at} says `{instead}`, but {why}", failure.what);
            Err(Stop::Failed(Box::new(Failure { what, ..(*failure).clone() })))
        };
        if std::mem::replace(met, true) {
            return otherwise("that was answered before");
        }
        self.rewind(mark);
        if let Some(why) = self.is_otherwise(instead, &failure.place)? {
            return otherwise(&why);
        }
        let what = format!("\"{}\": {instead}: {reason}", self.section.title);
        self.played.listed.push(Listed { place: self.section.place.clone(), what });
        Ok(instead.end.is_some())
    }

    /// The parts of a step that are expected one after the other.
    fn smallest(&mut self, step: &Step) -> Vec<Step> {
        let Act::Expect(lines) = &step.act else { return vec![step.clone()] };
        let speaks_http = self.channels.get(&self.current).is_none_or(|c| c.speaks_http());
        let part = |lines: &[crate::transcript::Line]| {
            let line = lines.first().map_or(step.place.line, |line| line.number);
            Step { place: Place { line, ..step.place.clone() }, act: Act::Expect(lines.to_vec()) }
        };
        if speaks_http {
            loose::responses(lines).map(part).collect()
        } else {
            lines.chunks(1).map(part).collect()
        }
    }

    fn mark(&self) -> Mark {
        let conn = self.current.clone();
        let channel = self.channels.get(&conn);
        let inbox = channel.map(|channel| channel.inbox.clone()).unwrap_or_default();
        Mark { conn, inbox, heard: channel.map_or(0, |channel| channel.heard.len()) }
    }

    /// What was received since the mark is there to be read again.
    fn rewind(&mut self, mark: Mark) {
        if let Some(channel) = self.channels.get_mut(&mark.conn) {
            let received = channel.heard.get(mark.heard..).unwrap_or_default();
            channel.inbox = [&mark.inbox, received].concat();
        }
    }

    /// How what comes differs from what the list says.
    fn is_otherwise(&mut self, instead: &Instead, place: &Place) -> Result<Option<String>, Stop> {
        let Instead { answer, at_most, end } = instead;
        match (answer, end) {
            (None, _) => {}
            (Some(Answer::Message), _) => {
                let said = self.frame_beside_pings()?;
                if ![&b"text "[..], b"binary "].iter().any(|kind| said.starts_with(kind)) {
                    return Ok(Some("no message comes".into()));
                }
            }
            (Some(Answer::Close(code)), _) => {
                let said = self.frame_beside_pings()?;
                let close = format!("close {code}");
                let rest = said.strip_prefix(close.as_bytes());
                if !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b" ")) {
                    return Ok(Some("there is no such frame".into()));
                }
            }
            (Some(Answer::Response { status, problem }), end) => {
                if *end == Some(End::Closes) && !self.exhaust(Wait::Answer)? {
                    return Ok(Some("the stream does not end".into()));
                }
                if *at_most && self.channel()?.inbox.is_empty() {
                    return Ok(None);
                }
                let Some(got) = self.any_response(*end == Some(End::Closes))? else {
                    return Ok(Some("no response comes".into()));
                };
                if got.status != *status {
                    return Ok(Some(format!("the status is {}", got.status)));
                }
                let body = String::from_utf8_lossy(&got.body);
                let is = |slug: &String| body.contains(&format!("\"urn:hunt:problem:{slug}\""));
                if !problem.as_ref().is_none_or(is) {
                    return Ok(Some("the problem is another one".into()));
                }
            }
        }
        let end = match end {
            None => Ok(()),
            Some(End::Closes) => self.eof(place),
            Some(End::StaysOpen) => self.nothing(place),
        };
        match end {
            Err(Stop::Failed(failure)) => Ok(Some(failure.what)),
            end => end.map(|()| None),
        }
    }

    /// The next frame that is neither a broadcast nor a Ping, with which a server asks whether we
    /// are still there.
    fn frame_beside_pings(&mut self) -> Result<Vec<u8>, Stop> {
        loop {
            match self.frame(Wait::Answer)? {
                Some(said) if said.starts_with(b"broadcast ") || said.starts_with(b"ping") => {}
                said => return Ok(said.unwrap_or_default()),
            }
        }
    }

    /// The next response, taken. `ended`: its body may end with the stream.
    fn any_response(&mut self, ended: bool) -> Result<Option<Response>, Stop> {
        let bytes = if ended { self.channel()?.inbox.clone() } else { self.responses(1)? };
        let bodiless = self.channel()?.bodiless;
        let (mut got, mut len) = match response(&bytes, bodiless) {
            Ok(read) => read,
            Err(Unread::More | Unread::Malformed) => return Ok(None),
        };
        let framed = ["content-length", "transfer-encoding"];
        if ended && !bodiless && framed.iter().all(|name| got.field(name).is_none()) {
            got.body.extend_from_slice(&bytes[len..]);
            len = bytes.len();
        }
        self.channel()?.take(len);
        Ok(Some(got))
    }
}
