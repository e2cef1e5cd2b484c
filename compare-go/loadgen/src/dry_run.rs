//! One request of a workload and its answer, byte for byte, over a socket that waits: for people
//! who want to see what will be asked before it is asked a million times.

use crate::clock::Nanos;
use crate::figures::LaneFigures;
use crate::outcome::Unobserved;
use crate::plan::Plan;
use crate::run::{RunError, Stop, prepare};
use crate::workload::{Asked, Counting, Heard, Input, Job, Loss, Opening, Pace, Traffic};
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// What was said, and what came of it.
#[derive(Debug)]
pub struct Exchange {
    /// What was sent and what came, in order.
    pub said: Vec<Said>,
    /// The kind of request.
    pub operation: String,
    /// How long its answer took, from when it was sent.
    pub took: Duration,
    /// What was wrong; none where the answer is right.
    pub fault: Option<String>,
}

/// Bytes that went one way.
#[derive(Debug, PartialEq, Eq)]
pub enum Said {
    /// To the server.
    Sent(Vec<u8>),
    /// From the server.
    Received(Vec<u8>),
}

/// Sets the world up as for a run, and asks once, on the first lane that asks.
///
/// # Errors
/// If the world cannot be set up, or there is no connection to be had.
pub fn exchange(plan: &Plan) -> Result<Exchange, RunError> {
    let prepared = prepare(plan, &Stop::default(), &mut Unobserved)?;
    let asks = |job: &&Job| job.lane.pace != Pace::Never;
    let job = prepared.jobs.iter().find(asks).or(prepared.jobs.first());
    let job = job.ok_or_else(|| RunError::Refused("this workload has no connections".into()))?;
    let not_connected = |error| {
        RunError::NotConnected(format!("{} is not to be reached: {error}", job.lane.address))
    };
    let socket = TcpStream::connect_timeout(&job.lane.address, plan.timeout);
    let socket = socket.map_err(not_connected)?;
    socket.set_read_timeout(Some(plan.timeout)).map_err(not_connected)?;
    let traffic = job.part.clone().start(job.lane.share, plan.seed);
    Ok(Dialogue::new(socket, traffic).ask())
}

/// The only connection there is.
const CONN: u32 = 0;
const READ_BYTES: usize = 64 * 1024;

struct Dialogue {
    socket: TcpStream,
    traffic: Box<dyn Traffic>,
    figures: LaneFigures,
    asked: VecDeque<Asked>,
    /// When the request was sent.
    asked_at: Nanos,
    input: Vec<u8>,
    said: Vec<Said>,
    opening: bool,
    closed: bool,
}

impl Dialogue {
    fn new(socket: TcpStream, traffic: Box<dyn Traffic>) -> Self {
        let names = traffic.names();
        let figures = LaneFigures::new("dry run", names.operations, names.metrics, names.counters);
        Self {
            socket,
            traffic,
            figures,
            asked: VecDeque::new(),
            asked_at: Nanos::now(),
            input: Vec::new(),
            said: Vec::new(),
            opening: false,
            closed: false,
        }
    }

    fn ask(mut self) -> Exchange {
        let operation = self.traffic.choose();
        let done = self.converse(operation);
        let took = Duration::from_nanos(Nanos::now().since(self.asked_at));
        let right = self.figures.operations.get(operation).is_some_and(|op| op.right == 1);
        let sample = self.figures.errors.samples().first().map(|sample| sample.text.clone());
        let fault = match (done, right) {
            (Err(error), _) => Some(error.to_string()),
            (Ok(()), true) => None,
            (Ok(()), false) => Some(sample.unwrap_or_else(|| "there was no answer".into())),
        };
        let operation = self.figures.operations.get(operation).map(|op| op.name.clone());
        let operation = operation.unwrap_or_else(|| "nothing".into());
        Exchange { said: self.said, operation, took, fault }
    }

    fn converse(&mut self, operation: usize) -> io::Result<()> {
        let mut out = Vec::new();
        self.opening = self.traffic.open(CONN, &mut out) == Opening::Handshake;
        self.send(out)?;
        while self.opening && !self.closed {
            self.receive()?;
        }
        if self.closed || self.figures.operations.is_empty() {
            return Ok(());
        }
        let mut out = Vec::new();
        let exhausted = self.traffic.request(CONN, operation, &mut out);
        exhausted.map_err(|exhausted| io::Error::other(exhausted.0))?;
        let now = Nanos::now();
        self.asked_at = now;
        self.asked.push_back(Asked { operation, intended: now, sent: now });
        self.send(out)?;
        while !self.asked.is_empty() && !self.closed {
            self.receive()?;
        }
        Ok(())
    }

    fn send(&mut self, bytes: Vec<u8>) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.socket.write_all(&bytes)?;
        self.said.push(Said::Sent(bytes));
        Ok(())
    }

    fn receive(&mut self) -> io::Result<()> {
        let mut read = vec![0; READ_BYTES];
        let count = match self.socket.read(&mut read) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Err(io::Error::other("no answer came within --timeout"));
            }
            Err(error) => return Err(error),
        };
        let ended = count == 0;
        if !ended {
            self.said.push(Said::Received(read[..count].to_vec()));
        }
        self.input.extend_from_slice(&read[..count]);
        let counting = Counting {
            read_at: Nanos::now(),
            from: Nanos(0),
            pushes: true,
            time_after_parse: false,
            opening: self.opening,
        };
        let mut say = Vec::new();
        let mut heard = Heard::new(counting, &mut self.asked, &mut self.figures, &mut say);
        let input = Input { bytes: &self.input, ended };
        let used = self.traffic.receive(CONN, input, &mut heard);
        if ended && !heard.verdict().close {
            self.traffic.ended(CONN, Loss::End, &mut heard);
        }
        let verdict = heard.verdict();
        self.input.drain(..used);
        self.opening &= !verdict.ready;
        self.closed |= verdict.close || ended;
        self.send(say)
    }
}
