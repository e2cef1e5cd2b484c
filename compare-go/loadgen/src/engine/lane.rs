//! A lane at work: which of its connections can ask, what is due, and what becomes of what they
//! hear.

use super::conn::{Conn, Pending, Place, State};
use super::shared::Shared;
use crate::clock::Nanos;
use crate::errors::ErrorKind;
use crate::figures::LaneFigures;
use crate::plan::Fault;
use crate::schedule::{Schedule, Timetable};
use crate::workload::{Asked, Job, Lane, Life, Pace, Traffic};
use std::collections::{BTreeSet, VecDeque};

/// The fault `LateDropped` leaves out what is later than this.
const LATE_NS: u64 = 1_000_000;

pub(super) struct LaneLoop {
    /// Its number.
    pub(super) number: usize,
    pub(super) lane: Lane,
    pub(super) traffic: Box<dyn Traffic>,
    pub(super) conns: Vec<Conn>,
    /// Those that can ask, whoever could first in front.
    pub(super) idle: VecDeque<u32>,
    pub(super) figures: LaneFigures,
    /// What is to be sent next.
    schedule: Schedule,
    /// The same arrivals, up to the present.
    due: Schedule,
    /// Arrivals that were due, and those that were taken.
    counts: (u64, u64),
    /// Where looking for overdue connections goes on.
    pub(super) cursor: usize,
    /// What was left of the last look at connections.
    pub(super) unlooked: u64,
    /// Connections that are to be made for the first time: those from this one on.
    pub(super) undialled: u32,
    /// Connections that are to be made anew at once.
    pub(super) redials: VecDeque<u32>,
    /// Connections that were made for one request each.
    pub(super) dialled: u32,
    /// Connections that stall in turns, by when each turns: its number and generation.
    pub(super) turns: BTreeSet<(Nanos, u32, u32)>,
}

/// Whether a lane has asked all that it could.
pub(super) enum Asking {
    /// Everything that is due, or all connections are busy.
    Done,
    /// As much as it may before others have their turn.
    More,
}

impl LaneLoop {
    pub(super) fn new(number: usize, job: Job, seed: u64) -> Self {
        let Job { lane, part } = job;
        let traffic = part.start(lane.share, seed);
        let names = traffic.names();
        let figures = LaneFigures::new(&lane.name, names.operations, names.metrics, names.counters);
        let conns: Vec<_> = (0..lane.share.count).map(|_| Conn::new(lane.depth)).collect();
        let never = never(seed);
        let mut this = Self {
            number,
            traffic,
            idle: VecDeque::with_capacity(conns.len()),
            conns,
            figures,
            due: never.clone(),
            schedule: never,
            counts: (0, 0),
            cursor: 0,
            unlooked: 0,
            undialled: 0,
            redials: VecDeque::new(),
            dialled: 0,
            turns: BTreeSet::new(),
            lane,
        };
        if this.lane.life == Life::OneRequest {
            this.undialled = this.lane.share.count;
            (0..this.lane.share.count).for_each(|conn| this.enqueue(conn));
        }
        this
    }

    /// From now on requests are due.
    pub(super) fn begin(&mut self, start: Nanos, end: Nanos, seed: u64) {
        if let Pace::Open { rate_per_s, arrivals } = self.lane.pace {
            let turn = (self.lane.share.worker, self.lane.share.workers);
            self.schedule =
                Schedule::new(Timetable { rate_per_s, arrivals, start, end, turn, seed });
            self.due = self.schedule.clone();
        }
    }

    /// Nothing is due from a time on.
    pub(super) fn cut(&mut self, end: Nanos) {
        self.schedule.cut(end);
        self.due.cut(end);
    }

    /// Counts what has become due.
    pub(super) fn count_due(&mut self, now: Nanos) {
        let due = self.due.advance_to(now);
        self.counts.0 += due;
        self.figures.due += due;
    }

    /// Requests that are due and not sent.
    pub(super) fn backlog(&self) -> u64 {
        self.counts.0.saturating_sub(self.counts.1)
    }

    /// When it has something to do by itself; never while all connections are busy.
    pub(super) fn next(&self) -> Nanos {
        if self.idle.is_empty() { Nanos::NEVER } else { self.schedule.next() }
    }

    /// Asks what is due, at most so often.
    pub(super) fn ask_due(&mut self, often: u32, shared: &mut Shared) -> Asking {
        let closed_loop = self.lane.pace == Pace::Closed && shared.asks;
        for _ in 0..often {
            if self.idle.is_empty() || shared.exhausted.is_some() {
                return Asking::Done;
            }
            let now = Nanos::now();
            let intended = if closed_loop { now } else { self.schedule.next() };
            if intended > now {
                return Asking::Done;
            }
            if shared.fault == Fault::LateDropped && now.since(intended) > LATE_NS {
                self.taken();
                continue;
            }
            let Some(conn) = self.next_idle() else { continue };
            let operation = self.traffic.choose();
            match self.lane.life {
                Life::Kept => self.ask(conn, operation, intended, shared),
                Life::OneRequest => {
                    self.conns[conn as usize].pending = Some(Pending { operation, intended });
                    self.count_sent(operation, intended, now, shared);
                    self.dial(conn, now, shared);
                }
            }
            if closed_loop {
                self.figures.due += 1;
            } else {
                self.taken();
            }
        }
        Asking::More
    }

    fn taken(&mut self) {
        self.counts.1 += 1;
        self.schedule.advance();
    }

    /// Takes the connection that has been idle for longest.
    fn next_idle(&mut self) -> Option<u32> {
        let conn = self.idle.pop_front()?;
        let state = &mut self.conns[conn as usize];
        state.queued = false;
        (state.state == State::Open || self.lane.life == Life::OneRequest).then_some(conn)
    }

    /// A connection that has room for a request stands in the queue, once.
    pub(super) fn enqueue(&mut self, conn: u32) {
        let has_room = match self.lane.life {
            Life::OneRequest => self.conns[conn as usize].socket.is_none(),
            Life::Kept => {
                let conn = &self.conns[conn as usize];
                conn.state == State::Open && conn.asked.len() < self.lane.depth as usize
            }
        };
        let state = &mut self.conns[conn as usize];
        if has_room && !state.queued && self.lane.pace != Pace::Never {
            state.queued = true;
            self.idle.push_back(conn);
        }
    }

    /// Sends a request.
    pub(super) fn ask(
        &mut self,
        conn: u32,
        operation: usize,
        intended: Nanos,
        shared: &mut Shared,
    ) {
        shared.out.clear();
        if let Err(exhausted) = self.traffic.request(conn, operation, &mut shared.out) {
            shared.exhausted = Some(exhausted);
            return;
        }
        let sent = Nanos::now();
        let mut asked = Asked { operation, intended, sent };
        if shared.fault == Fault::LatencyFromSend {
            asked.intended = sent;
        }
        let state = &mut self.conns[conn as usize];
        state.asked.push_back(asked);
        state.used = true;
        shared.calls.sent += 1;
        if self.lane.life == Life::Kept {
            self.count_sent(operation, intended, sent, shared);
        }
        self.write(conn, shared);
        self.enqueue(conn);
    }

    fn count_sent(&mut self, operation: usize, intended: Nanos, sent: Nanos, shared: &Shared) {
        if intended >= shared.counting.from {
            let operation = &mut self.figures.operations[operation];
            operation.sent += 1;
            operation.lag.record(sent.since(intended));
        }
    }

    /// Counts what will not be answered any more, sent or not.
    pub(super) fn finish(&mut self, now: Nanos, shared: &Shared) {
        let from = shared.counting.from;
        let mut unanswered = 0;
        let mut fail = |figures: &mut LaneFigures, operation: usize, intended: Nanos| {
            if intended >= from {
                figures.operations[operation].failed_after(now.since(intended));
                unanswered += 1;
            }
        };
        for conn in &mut self.conns {
            for asked in conn.asked.drain(..) {
                fail(&mut self.figures, asked.operation, asked.intended);
            }
            if let Some(pending) = conn.pending.take() {
                fail(&mut self.figures, pending.operation, pending.intended);
            }
        }
        while self.schedule.next() <= now && self.schedule.next() != Nanos::NEVER {
            let operation = self.traffic.choose();
            fail(&mut self.figures, operation, self.schedule.next());
            self.taken();
        }
        let text = || "no answer had come when the run ended".into();
        self.figures.errors.record_many(ErrorKind::Unanswered, unanswered, text);
        self.traffic.finish(now, &mut self.figures);
    }

    /// Takes what was counted; the gauges stay.
    pub(super) fn take_figures(&mut self) -> LaneFigures {
        let empty = self.figures.emptied();
        std::mem::replace(&mut self.figures, empty)
    }

    /// Whether anything is due or outstanding.
    pub(super) fn is_busy(&self) -> bool {
        self.backlog() > 0
            || self.conns.iter().any(|conn| !conn.asked.is_empty() || conn.pending.is_some())
    }

    pub(super) fn place(&self, conn: u32) -> Place {
        let generation = self.conns[conn as usize].generation;
        Place { lane: self.number, conn, generation }
    }

    /// Connections that are to be there, and those that are.
    pub(super) fn readiness(&self) -> (u64, u64) {
        match self.lane.life {
            Life::Kept => (self.figures.connections.ready, u64::from(self.lane.share.count)),
            Life::OneRequest => (0, 0),
        }
    }
}

impl std::fmt::Debug for LaneLoop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LaneLoop").field("lane", &self.lane).finish_non_exhaustive()
    }
}

fn never(seed: u64) -> Schedule {
    Schedule::new(Timetable {
        rate_per_s: 0.0,
        arrivals: crate::plan::Arrivals::Constant,
        start: Nanos(0),
        end: Nanos(0),
        turn: (0, 1),
        seed,
    })
}
