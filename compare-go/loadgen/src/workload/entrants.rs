//! Players who come into hunts that were just started with the latest version of a quest: join,
//! look at the status, open a WebSocket, and get the first frame, all over one connection.
//!
//! The first frame must show the waypoints of the very version that the status names.

use super::broadcast::check_frame;
use super::editions::{EDITIONS, Edited, edition_of};
use super::hunts::SessionFacts;
use super::job::Plot;
use super::lane::Share;
use super::responses::{self, Fault, document, hold};
use super::seam::{Exhausted, Heard, Input, Loss, Names, Opening, Traffic};
use super::socket::{Said, Socket, Sockets, early};
use crate::errors::{ErrorKind, shown};
use crate::http::{Reader, Request, Response};
use crate::messages::{Encoding, ServerMessage};
use crate::quest_plan::Quest;
use fastrand::Rng;
use serde::{Deserialize, Serialize};

/// Players who come into hunts that are started again and again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entrants {
    /// How messages are written.
    pub encoding: Encoding,
    /// The value of the Host field.
    pub host: String,
    /// The quests.
    pub quests: Vec<Edited>,
    /// The hunts, which play the quests in turn.
    pub hunts: Vec<String>,
}

impl Plot for Entrants {
    fn share(&self, _share: Share) -> Self {
        self.clone()
    }

    fn start(self, share: Share, seed: u64) -> Box<dyn Traffic> {
        let make = |quest: &Edited| {
            let plans = quest.editions().chain([quest.first]);
            let made = plans.map(|plan| Quest { document: String::new(), ..plan.make() });
            made.collect()
        };
        Box::new(Entering {
            sockets: Sockets::new(self.encoding, self.host, seed),
            rng: Rng::with_seed(seed),
            reader: Reader::default(),
            made: self.quests.iter().map(make).collect(),
            quests: self.quests,
            hunts: self.hunts,
            conns: (0..share.count).map(|_| Conn::default()).collect(),
            entrants: 0,
        })
    }
}

/// A worker's entrants.
#[derive(Debug)]
struct Entering {
    sockets: Sockets,
    rng: Rng,
    reader: Reader,
    quests: Vec<Edited>,
    /// What the quests are: each edition, and the first version after them.
    made: Vec<Vec<Quest>>,
    hunts: Vec<String>,
    conns: Vec<Conn>,
    entrants: u64,
}

#[derive(Debug, Default)]
struct Conn {
    hunt: usize,
    session: String,
    version: u32,
    stage: Stage,
    socket: Socket,
}

/// Which answer is waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Join,
    Status,
    Frame,
    Done,
}

/// What an answer leads to.
enum Step {
    /// The next request.
    Next,
    /// The round is over, or another one has begun: nothing to come into.
    TooLate,
}

const COUNTERS: [&str; 2] = ["entered", "between_rounds"];
const ENTERED: usize = 0;
/// Those who came when the round was over.
const BETWEEN_ROUNDS: usize = 1;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Joined<'a> {
    player: u32,
    session: &'a str,
}

/// As far as it is looked at.
#[derive(Debug, Deserialize)]
struct Status<'a> {
    hunt: &'a str,
    quest: &'a str,
    version: u32,
    status: crate::messages::HuntState,
}

impl Conn {
    /// Takes in the answer to an HTTP request.
    fn answered(
        &mut self,
        response: &Response<'_>,
        hunt: &str,
        quest: &str,
    ) -> Result<Step, Fault> {
        if is_too_late(response.status, response.body) {
            return Ok(Step::TooLate);
        }
        match self.stage {
            Stage::Join => {
                let joined: Joined<'_> = document(response, &[201])?;
                let facts = SessionFacts::read(joined.session);
                let player = joined.player;
                hold(facts.is_some_and(|it| it.player == player && it.hunt == hunt), || {
                    format!("the session must be of player {player} of hunt {hunt}")
                })?;
                joined.session.clone_into(&mut self.session);
                self.stage = Stage::Status;
            }
            Stage::Status => {
                let status: Status<'_> = document(response, &[200])?;
                hold(status.hunt == hunt && status.quest == quest, || {
                    format!("it must be of hunt {hunt} of quest {quest}")
                })?;
                hold(status.version > 0, || "versions begin with 1".into())?;
                if status.status == crate::messages::HuntState::Ended {
                    return Ok(Step::TooLate);
                }
                self.version = status.version;
                self.stage = Stage::Frame;
            }
            Stage::Frame | Stage::Done => {
                return Err((ErrorKind::Unasked, "a response to no request".into()));
            }
        }
        Ok(Step::Next)
    }
}

/// Whether a refusal says that the round is over, or that another one has begun.
fn is_too_late(status: u16, body: &[u8]) -> bool {
    let says = |slug: &[u8]| memchr::memmem::find(body, slug).is_some();
    (status == 409 && says(b":hunt-ended\"")) || (status == 401 && says(b":session-stale\""))
}

impl Entering {
    fn step(&mut self, conn: u32, response: &Response<'_>, heard: &mut Heard<'_>) {
        let Self { sockets, quests, hunts, conns, .. } = self;
        let conn = &mut conns[conn as usize];
        let (hunt, quest) = (&*hunts[conn.hunt], &*quests[conn.hunt % quests.len()].id);
        match conn.answered(response, hunt, quest) {
            Ok(Step::TooLate) => {
                heard.right_as(BETWEEN_ROUNDS);
                conn.stage = Stage::Done;
                heard.close();
            }
            Ok(Step::Next) if conn.stage == Stage::Status => {
                let target = format!("/v1/hunts/{hunt}/status");
                heard.say().extend(Request::new("GET", &target, &sockets.host).bytes());
            }
            Ok(Step::Next) => conn.socket.open(sockets, hunt, &conn.session, heard.say()),
            Err((kind, why)) => {
                conn.stage = Stage::Done;
                heard.wrong(kind, || format!("{why}, in {}", shown(response.body)));
                heard.close();
            }
        }
    }

    /// Takes in what comes once a WebSocket was asked for. A refusal is an HTTP response.
    fn first_frame(&mut self, conn: u32, input: Input<'_>, heard: &mut Heard<'_>) -> usize {
        let is_refusal = input.bytes.starts_with(b"HTTP/1.1 4");
        if is_refusal && !self.conns[conn as usize].socket.is_open() {
            return self.refused(conn, input, heard);
        }
        let Self { sockets, made, quests, hunts, conns, .. } = self;
        let encoding = sockets.encoding;
        let Conn { hunt, version, stage, socket, .. } = &mut conns[conn as usize];
        let editions = &made[*hunt % quests.len()];
        let quest = &editions[edition_of(*version).unwrap_or(EDITIONS as usize)];
        let hunt = &hunts[*hunt];
        socket.receive(input, sockets, heard, |heard, said| match said {
            Said::Message(_) if *stage == Stage::Done => {}
            Said::Message(payload) => {
                *stage = Stage::Done;
                match check(encoding, payload, quest) {
                    Ok(()) => heard.right_as(ENTERED),
                    Err(why) => heard.wrong(ErrorKind::Wrong, || {
                        let bytes = shown(payload);
                        format!("hunt {hunt}, version {version} of its quest: {why}, in {bytes}")
                    }),
                }
                heard.close();
            }
            Said::Close(close) => heard.fail(ErrorKind::ClosedEarly, || early(&close)),
        })
    }

    fn refused(&mut self, conn: u32, input: Input<'_>, heard: &mut Heard<'_>) -> usize {
        let mut reader = std::mem::take(&mut self.reader);
        let used = responses::receive(&mut reader, input, heard, |heard, response| {
            self.conns[conn as usize].stage = Stage::Done;
            if is_too_late(response.status, response.body) {
                heard.right_as(BETWEEN_ROUNDS);
            } else {
                heard.wrong(ErrorKind::Handshake, || {
                    format!("a handshake answered {}: {}", response.status, shown(response.body))
                });
            }
            heard.close();
        });
        self.reader = reader;
        used
    }
}

/// Whether the first message of a connection is the full frame that it must be.
fn check(encoding: Encoding, payload: &[u8], quest: &Quest) -> Result<(), String> {
    match encoding.read(payload) {
        Ok(ServerMessage::Frame(frame)) if frame.full => check_frame(&frame, quest),
        Ok(_) => Err("the first message must be a full frame".into()),
        Err(malformed) => Err(malformed.to_string()),
    }
}

impl Traffic for Entering {
    fn names(&self) -> Names {
        Names { operations: &["enter"], metrics: &[], counters: &COUNTERS }
    }

    fn open(&mut self, _conn: u32, _out: &mut Vec<u8>) -> Opening {
        Opening::Ready
    }

    fn request(&mut self, conn: u32, _: usize, out: &mut Vec<u8>) -> Result<(), Exhausted> {
        let hunt = self.rng.usize(..self.hunts.len());
        self.conns[conn as usize] = Conn { hunt, ..Conn::default() };
        self.entrants += 1;
        let body = format!(r#"{{"name":"Entrant {}"}}"#, self.entrants);
        let target = format!("/v1/hunts/{}/players", self.hunts[hunt]);
        out.extend(Request::new("POST", &target, &self.sockets.host).json(body.as_bytes()));
        Ok(())
    }

    fn receive(&mut self, conn: u32, input: Input<'_>, heard: &mut Heard<'_>) -> usize {
        match self.conns[conn as usize].stage {
            Stage::Join | Stage::Status => {
                let mut reader = std::mem::take(&mut self.reader);
                let used = responses::receive(&mut reader, input, heard, |heard, response| {
                    self.step(conn, response, heard);
                });
                self.reader = reader;
                used
            }
            Stage::Frame => self.first_frame(conn, input, heard),
            Stage::Done => input.bytes.len(),
        }
    }

    fn ended(&mut self, conn: u32, loss: Loss, heard: &mut Heard<'_>) {
        match self.conns[conn as usize].stage {
            Stage::Done => heard.close(),
            Stage::Join | Stage::Status | Stage::Frame => heard.ended(loss),
        }
    }

    fn closed(&mut self, conn: u32) {
        self.conns[conn as usize].stage = Stage::Done;
    }
}
