//! The seam between the engine and what is said over its connections.
//!
//! ```text
//!    engine                                    Traffic (sans-I/O)
//!    a connection is there ──── open ────────► its first bytes: none, or a handshake
//!    a request is due ───────── choose ──────► which operation
//!                         ───── request ─────► its bytes
//!    bytes were read ────────── receive ─────► Heard: right, wrong, ready, measure, count, say ..
//!    the server ended it ────── ended ───────► whether it may
//!    it is gone ─────────────── closed ──────► forget what was under way
//!    the run ends ───────────── finish ──────► count what is still open
//! ```
//!
//! The engine owns sockets, clocks, arrivals, outstanding requests and their latencies. A `Traffic`
//! owns what its connections say, what has been asked of each in which order, and what a right
//! answer is. Answers come in the order of the requests; pushes may come at any time. Connections
//! are numbered from 0 within a lane of a worker, and a number keeps its meaning when the
//! connection behind it is made anew.

use crate::clock::Nanos;
use crate::errors::ErrorKind;
use crate::figures::LaneFigures;
use std::collections::VecDeque;

/// What a lane's connections say, and what they must hear.
pub trait Traffic {
    /// What there is to count.
    fn names(&self) -> Names;

    /// A connection was made, for the first time or anew. Appends what it says first.
    fn open(&mut self, conn: u32, out: &mut Vec<u8>) -> Opening;

    /// Which operation the next request is, before it is known which connection will ask.
    fn choose(&mut self) -> usize {
        0
    }

    /// Appends the next request of a connection that is ready.
    ///
    /// # Errors
    /// If this lane has nothing more to ask, with the remedy; the run ends.
    fn request(&mut self, conn: u32, operation: usize, out: &mut Vec<u8>) -> Result<(), Exhausted>;

    /// Takes in what came. Returns how many bytes were used; the rest is given again with what
    /// comes after it. All complete messages are to be used at once.
    fn receive(&mut self, conn: u32, input: Input<'_>, heard: &mut Heard<'_>) -> usize;

    /// The server has ended a connection, after [`receive`](Self::receive) had all that came. As a
    /// rule that is an error where it was asked something, and none where it was not.
    fn ended(&mut self, conn: u32, loss: Loss, heard: &mut Heard<'_>) {
        let _ = conn;
        heard.ended(loss);
    }

    /// A connection is gone, and with it the requests that it had outstanding: they are counted
    /// already.
    fn closed(&mut self, conn: u32);

    /// Whether a connection that is gone is to be made anew.
    fn returns(&mut self, conn: u32) -> bool {
        let _ = conn;
        true
    }

    /// The run is over: counts what is only known now.
    fn finish(&mut self, now: Nanos, figures: &mut LaneFigures) {
        let _ = (now, figures);
    }
}

/// What a lane counts, by name; figures are recorded by their places in these lists.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    /// Kinds of requests.
    pub operations: &'static [&'static str],
    /// Histograms besides; the unit stands last (`delivery_ns`).
    pub metrics: &'static [&'static str],
    /// Counts besides.
    pub counters: &'static [&'static str],
}

/// How a connection begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// It can ask at once.
    Ready,
    /// It can ask once [`Heard::ready`] was called.
    Handshake,
}

/// How a server ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// In order: the end of the stream.
    End,
    /// By force.
    Reset,
}

/// Nothing more can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exhausted(
    /// Why, and what to do about it.
    pub String,
);

/// What came on a connection.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// All bytes that were not used yet.
    pub bytes: &'a [u8],
    /// Whether the server has ended the stream: nothing comes after these bytes.
    pub ended: bool,
}

/// A request that was sent and not answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What it was.
    pub operation: usize,
    /// When it was meant to be sent: where its latency begins.
    pub intended: Nanos,
    /// When it was sent.
    pub sent: Nanos,
}

/// How what is heard is counted.
#[derive(Clone, Copy, Debug)]
pub struct Counting {
    /// When the bytes were read, before anything was made of them.
    pub read_at: Nanos,
    /// Requests that were due before are not counted.
    pub from: Nanos,
    /// Whether pushes count: not while only what is outstanding is waited for.
    pub pushes: bool,
    /// The fault [`TimeAfterParse`](crate::plan::Fault::TimeAfterParse).
    pub time_after_parse: bool,
    /// Whether the connection has not begun yet: its handshake is under way.
    pub opening: bool,
}

/// Where a [`Traffic`] says what it heard.
#[derive(Debug)]
pub struct Heard<'a> {
    counting: Counting,
    asked: &'a mut VecDeque<Asked>,
    figures: &'a mut LaneFigures,
    say: &'a mut Vec<u8>,
    ready: bool,
    close: bool,
}

/// What is to become of a connection after [`Traffic::receive`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Its handshake is complete.
    pub ready: bool,
    /// It is to be closed.
    pub close: bool,
}

impl<'a> Heard<'a> {
    /// For one connection and one read. What is said is appended to `say`.
    pub fn new(
        counting: Counting,
        asked: &'a mut VecDeque<Asked>,
        figures: &'a mut LaneFigures,
        say: &'a mut Vec<u8>,
    ) -> Self {
        Self { counting, asked, figures, say, ready: false, close: false }
    }

    /// When the bytes were read.
    #[must_use]
    pub fn at(&self) -> Nanos {
        self.counting.read_at
    }

    /// How many requests are outstanding.
    #[must_use]
    pub fn outstanding(&self) -> usize {
        self.asked.len()
    }

    /// The handshake is complete: the connection can ask.
    pub fn ready(&mut self) {
        self.ready = true;
    }

    /// The oldest outstanding request has its answer, and it is right.
    pub fn right(&mut self) {
        if let Some(operation) = self.answered() {
            self.figures.operations[operation].right += 1;
        }
    }

    /// As [`right`](Self::right), and adds one to the counter at this place of [`Names::counters`]
    /// where the request counts: such counters add up to right answers.
    pub fn right_as(&mut self, counter: usize) {
        if let Some(operation) = self.answered() {
            self.figures.operations[operation].right += 1;
            self.figures.counters[counter].count += 1;
        }
    }

    /// The oldest outstanding request has its answer, and it is not what it must be: [`Status`] or
    /// [`Wrong`].
    ///
    /// [`Status`]: ErrorKind::Status
    /// [`Wrong`]: ErrorKind::Wrong
    pub fn wrong(&mut self, kind: ErrorKind, text: impl FnOnce() -> String) {
        if let Some(operation) = self.answered() {
            self.figures.operations[operation].failed += 1;
        }
        self.figures.errors.record(kind, text);
    }

    /// The connection cannot be understood any more, or the server may not say what it said. It is
    /// closed, and what is outstanding has failed: an error for each, and one where nothing is.
    pub fn fail(&mut self, kind: ErrorKind, text: impl FnOnce() -> String) {
        let count = self.asked.len().max(1) as u64;
        self.figures.errors.record_many(kind, count, text);
        for asked in self.asked.drain(..) {
            if asked.intended >= self.counting.from {
                let waited_ns = self.counting.read_at.since(asked.intended);
                self.figures.operations[asked.operation].failed_after(waited_ns);
            }
        }
        self.close = true;
    }

    /// The server has ended the connection, and that is an error where it still had to say
    /// something, or where it did so by force.
    pub fn ended(&mut self, loss: Loss) {
        let owed = self.asked.len();
        match loss {
            Loss::Reset => {
                self.fail(ErrorKind::Reset, || format!("a reset with {owed} requests outstanding"));
            }
            Loss::End if self.counting.opening => {
                self.fail(ErrorKind::ClosedEarly, || "an end before the handshake's".into());
            }
            Loss::End if owed > 0 => {
                self.fail(ErrorKind::ClosedEarly, || {
                    format!("an end with {owed} requests outstanding")
                });
            }
            Loss::End => self.figures.connections.ended_idle += 1,
        }
        self.close = true;
    }

    /// An error that concerns neither a request nor the connection: a broadcast that is wrong.
    pub fn fault(&mut self, kind: ErrorKind, text: impl FnOnce() -> String) {
        self.figures.errors.record(kind, text);
    }

    /// Records a value of the metric at this place of [`Names::metrics`].
    pub fn measure(&mut self, metric: usize, value: u64) {
        if self.counting.pushes {
            self.figures.metrics[metric].values.record(value);
        }
    }

    /// Adds to the counter at this place of [`Names::counters`].
    pub fn count(&mut self, counter: usize, count: u64) {
        if self.counting.pushes {
            self.figures.counters[counter].count += count;
        }
    }

    /// Where bytes are appended that are to be sent at once: a pong, a close frame.
    pub fn say(&mut self) -> &mut Vec<u8> {
        self.say
    }

    /// The connection has said all that it will; it is closed once what was said is sent.
    pub fn close(&mut self) {
        self.close = true;
    }

    /// What is to become of the connection.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        Verdict { ready: self.ready, close: self.close }
    }

    /// Takes the oldest outstanding request as answered. Returns its operation, if it counts.
    fn answered(&mut self) -> Option<usize> {
        let Some(asked) = self.asked.pop_front() else {
            self.figures.errors.record(ErrorKind::Unasked, || "an answer to no request".into());
            self.close = true;
            return None;
        };
        if asked.intended < self.counting.from {
            return None;
        }
        let mut end = self.counting.read_at;
        if self.counting.time_after_parse {
            end = Nanos::now();
        }
        let operation = &mut self.figures.operations[asked.operation];
        operation.answered += 1;
        operation.latency.record(end.since(asked.intended));
        Some(asked.operation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting(read_at: u64) -> Counting {
        let (read_at, from) = (Nanos(read_at), Nanos(100));
        Counting { read_at, from, pushes: true, time_after_parse: false, opening: false }
    }

    fn asked(intended: u64) -> Asked {
        Asked { operation: 0, intended: Nanos(intended), sent: Nanos(intended + 7) }
    }

    #[test]
    fn latency_is_counted_from_the_intended_time_to_the_read() {
        let mut figures = LaneFigures::new("a", &["ask"], &[], &["so"]);
        let mut outstanding = VecDeque::from([asked(90), asked(200), asked(210), asked(210)]);
        let mut say = Vec::new();
        let mut heard = Heard::new(counting(1_200), &mut outstanding, &mut figures, &mut say);
        heard.right_as(0);
        heard.right_as(0);
        heard.right();
        heard.wrong(ErrorKind::Wrong, || "no".into());
        let latency = figures.operations[0].latency.quantiles();
        assert_eq!((latency.count, latency.min, latency.max), (3, 990, 1_000));
        let op = &figures.operations[0];
        assert_eq!((op.answered, op.right, op.failed), (3, 2, 1));
        assert_eq!(figures.counters[0].count, 1, "the first one was due before");
    }

    #[test]
    fn what_was_due_before_counting_began_is_not_counted() {
        let mut figures = LaneFigures::new("a", &["ask"], &[], &[]);
        let mut outstanding = VecDeque::from([asked(99)]);
        let mut say = Vec::new();
        let mut heard = Heard::new(counting(1_200), &mut outstanding, &mut figures, &mut say);
        heard.right();
        assert!(!heard.verdict().close);
        assert_eq!(figures, LaneFigures::new("a", &["ask"], &[], &[]));
    }

    #[test]
    fn an_answer_to_no_request_is_an_error_and_ends_the_connection() {
        let mut figures = LaneFigures::new("a", &["ask"], &[], &[]);
        let (mut outstanding, mut say) = (VecDeque::new(), Vec::new());
        let mut heard = Heard::new(counting(1_200), &mut outstanding, &mut figures, &mut say);
        heard.right();
        assert!(heard.verdict().close);
        assert_eq!(figures.errors.count(ErrorKind::Unasked), 1);
        assert_eq!(figures.operations[0].answered, 0);
    }

    #[test]
    fn a_connection_that_fails_takes_its_requests_along() {
        let mut figures = LaneFigures::new("a", &["ask"], &[], &[]);
        let mut outstanding = VecDeque::from([asked(200), asked(300)]);
        let mut say = Vec::new();
        let mut heard = Heard::new(counting(1_200), &mut outstanding, &mut figures, &mut say);
        heard.fail(ErrorKind::Malformed, || "garbage".into());
        assert!(heard.verdict().close && heard.outstanding() == 0);
        let op = &figures.operations[0];
        assert_eq!((op.failed, op.answered, op.latency.count()), (2, 0, 2));
        assert_eq!(figures.errors.count(ErrorKind::Malformed), 2);
    }

    #[test]
    fn an_end_is_an_error_where_something_was_owed_or_it_came_by_force() {
        let idle = || VecDeque::new();
        let owing = || VecDeque::from([asked(200)]);
        let opening = Counting { opening: true, ..counting(900) };
        for (counting, mut outstanding, loss, error) in [
            (counting(900), idle(), Loss::End, None),
            (counting(900), owing(), Loss::End, Some(ErrorKind::ClosedEarly)),
            (opening, idle(), Loss::End, Some(ErrorKind::ClosedEarly)),
            (counting(900), idle(), Loss::Reset, Some(ErrorKind::Reset)),
        ] {
            let mut figures = LaneFigures::new("a", &["ask"], &[], &[]);
            let mut say = Vec::new();
            let mut heard = Heard::new(counting, &mut outstanding, &mut figures, &mut say);
            heard.ended(loss);
            assert!(heard.verdict().close);
            let kinds: Vec<_> = figures.errors.iter().map(|(kind, _)| kind).collect();
            assert_eq!(kinds, Vec::from_iter(error));
            assert_eq!(figures.connections.ended_idle, u64::from(error.is_none()));
        }
    }
}
