//! A worker: a shard, the writing sides of its connections, and what its tasks wait for.
//!
//! Every method is one turn: inputs to the shard, then its outputs drained to `None`. No method
//! waits, and none does I/O but the abort of a socket. It reads the clock itself, since a time that
//! was read before a lock was waited for may be earlier than one that the shard has seen.

use crate::buffers::Input;
use crate::clock::Moment;
use crate::control::{Control, Mail};
use crate::figures::DriverFigures;
use crate::node::{Observer, Setup};
use crate::runtime::{Runtime, WriteHalf};
use crate::store::Store;
use engine_core::arena::Arena;
use engine_core::limits::Limits;
use engine_core::seam::{
    After, Applied, ConnId, Listener, Observe, Outgoing, Output, Published, Request, Submit,
    WorkerId,
};
use engine_core::service::Service;
use engine_core::shard::Shard;
use engine_core::time::Timestamp;
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::{fmt, io};

/// How old a copy of a worker's figures can be, in milliseconds, while the worker is not stuck.
pub const FIGURES_MS: u64 = 100;
/// Connections of operators, which have their own bound so that players cannot lock them out.
pub const ADMIN_CONNECTIONS_MAX: usize = 256;
/// For how many writes there is room while none is due: what a broadcast to many takes beyond that
/// is 48 bytes for each of them, which would be held for all the time between two.
const OUTBOX_KEPT: usize = 128;
/// For how long after its time a drain leaves connections to the shard.
const DRAIN_GRACE_MS: u64 = 500;
/// For how long the last answers to operators may take once the players are gone.
const ADMIN_GRACE_MS: u64 = 250;
/// For how long aborted connections may take to be noticed.
const ABORT_GRACE_MS: u64 = 500;

/// One worker.
pub struct Worker<R: Runtime, A: Arena, S: Service> {
    rt: R,
    id: WorkerId,
    shard: Shard<A, S>,
    /// By `ConnId::index`.
    conns: Vec<Option<Conn<R::Writer>>>,
    /// Writes for the flusher.
    outbox: VecDeque<Transmit<R::Writer>>,
    flusher: Option<Waker>,
    acceptors: Vec<Waker>,
    stop_accepting: bool,
    end: Option<End>,
    last_report: Timestamp,
    applied: Applied,
    published: Vec<Published>,
    figures: DriverFigures,
    connections_max: usize,
    control: Control,
    store: Arc<dyn Store>,
    observer: Arc<dyn Observer>,
}

/// A connection, as the worker sees it.
struct Conn<W> {
    id: ConnId,
    listener: Listener,
    writer: W,
    /// A write is out.
    writing: bool,
    /// The shard wants its unconsumed bytes offered again.
    resumed: bool,
    /// Its socket was ended, or a write to it failed.
    broken: bool,
    /// Waits for one of the two, or for the last write.
    waiting: Option<Waker>,
}

impl<W: WriteHalf> Conn<W> {
    /// Ends the socket. A task that reads or writes finds out there; one that waits is woken.
    fn abort(&mut self) {
        self.writer.abort();
        self.broken = true;
        self.wake();
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waiting.take() {
            waker.wake();
        }
    }
}

/// A write that is due on a connection whose own task is not the one that made it due.
#[derive(Debug)]
pub(crate) struct Transmit<W> {
    pub(crate) conn: ConnId,
    pub(crate) writer: W,
    pub(crate) buf: Outgoing,
    pub(crate) after: After,
}

/// What the task of a connection does next.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// Write the bytes that come with it, then say [`Worker::sent`].
    Write(After),
    /// End the writing side, then say [`Worker::sent`].
    ShutDown,
    /// Read.
    Read,
    /// Offer the unconsumed bytes again.
    Offer,
    /// Wait for [`Worker::poll_resume`].
    Wait,
}

/// How far the end has come.
#[derive(Clone, Copy, Debug)]
struct End {
    abort_at: Timestamp,
    aborted_at: Option<Timestamp>,
    players_gone_at: Option<Timestamp>,
}

impl<R: Runtime, A: Arena, S: Service> Worker<R, A, S> {
    /// A worker without connections.
    pub(crate) fn new(rt: R, id: WorkerId, setup: &Setup<A, S>) -> Self {
        let connections_max = setup.limits.connections_max;
        let limits = Limits {
            connections_max: connections_max.saturating_add(ADMIN_CONNECTIONS_MAX),
            ..(*setup.limits).clone()
        };
        Self {
            rt,
            id,
            shard: Shard::new(id, Arc::new(limits), (setup.arena)(), (setup.service)(id)),
            conns: Vec::new(),
            outbox: VecDeque::new(),
            flusher: None,
            acceptors: Vec::new(),
            stop_accepting: false,
            end: None,
            last_report: Timestamp::default(),
            applied: Applied::default(),
            published: Vec::new(),
            figures: DriverFigures::default(),
            connections_max,
            control: setup.control.clone(),
            store: Arc::clone(&setup.store),
            observer: Arc::clone(&setup.observer),
        }
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> WorkerId {
        self.id
    }

    /// The server's handle.
    #[must_use]
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// A connection was accepted. `None`: it is one too many.
    pub(crate) fn open(&mut self, listener: Listener, writer: R::Writer) -> Option<ConnId> {
        let max = match listener {
            Listener::Public => self.connections_max,
            Listener::Admin => ADMIN_CONNECTIONS_MAX,
        };
        if !self.control.enter(listener, max) {
            self.figures.refused += 1;
            return None;
        }
        let now = self.rt.now().timestamp();
        let Some(id) = self.shard.open(now, listener) else {
            self.control.leave(listener);
            self.figures.refused += 1;
            return None;
        };
        let index = id.index as usize;
        if self.conns.len() <= index {
            self.conns.resize_with(index + 1, || None);
        }
        let conn = Conn {
            id,
            listener,
            writer,
            writing: false,
            resumed: false,
            broken: false,
            waiting: None,
        };
        let before = self.conns[index].replace(conn);
        assert!(before.is_none(), "a slot is free before it is used again");
        Some(id)
    }

    /// Offers what a connection has read. Says what is to be written, if anything, and when the
    /// turn began, too.
    pub(crate) fn receive(&mut self, id: ConnId, input: &mut Input) -> (Step, Vec<u8>, Moment) {
        let began = self.rt.now();
        let now = began.timestamp();
        let consumed = self.shard.receive(now, id, input.bytes());
        input.consume(consumed);
        let (step, buf) = self.step(now, id, input);
        (step, buf, began)
    }

    /// The connection's own write is done. `began` is when the turn that made it due did.
    pub(crate) fn sent(
        &mut self,
        id: ConnId,
        buf: Vec<u8>,
        began: Moment,
        input: &Input,
    ) -> (Step, Vec<u8>) {
        let moment = self.rt.now();
        let now = moment.timestamp();
        self.returned(now, id, Outgoing::Own(buf));
        let (step, buf) = self.step(now, id, input);
        if !matches!(step, Step::Write(_) | Step::ShutDown) {
            self.figures.latency.record(moment.us_since(began));
        }
        (step, buf)
    }

    /// The peer has ended its stream. True: it is owed responses, until [`Worker::poll_said_all`].
    pub(crate) fn ended(&mut self, id: ConnId) -> bool {
        let now = self.rt.now().timestamp();
        let owes = self.shard.ended(now, id);
        self.drain_all(now);
        owes
    }

    /// Ready when nothing is sent on the connection any more.
    pub(crate) fn poll_said_all(&mut self, id: ConnId, cx: &mut Context<'_>) -> Poll<()> {
        let said_all = self.shard.has_said_all(id);
        match self.conn(id) {
            Some(conn) if !conn.broken && !said_all => {
                conn.waiting = Some(cx.waker().clone());
                Poll::Pending
            }
            Some(_) | None => Poll::Ready(()),
        }
    }

    /// The connection ended.
    pub(crate) fn closed(&mut self, id: ConnId) {
        let Some(conn) = self.conns[id.index as usize].take_if(|conn| conn.id == id) else {
            return;
        };
        if conn.writing {
            // What is in flight has no time-out any more.
            conn.writer.abort();
        }
        self.control.leave(conn.listener);
        let now = self.rt.now().timestamp();
        self.shard.closed(now, id);
        self.drain_all(now);
    }

    /// Ready when the connection's unconsumed bytes are to be offered again, or with an error when
    /// its socket was ended.
    pub(crate) fn poll_resume(&mut self, id: ConnId, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wants_read = self.shard.wants_read(id);
        match self.conn(id) {
            Some(conn) if !conn.broken && !conn.resumed && !wants_read => {
                conn.waiting = Some(cx.waker().clone());
                Poll::Pending
            }
            Some(conn) if !conn.broken => {
                conn.resumed = false;
                Poll::Ready(Ok(()))
            }
            Some(_) | None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    /// Takes writes that are due on other connections than the ones whose tasks run, the oldest
    /// first and at most `max` of them.
    pub(crate) fn poll_outbox(
        &mut self,
        cx: &mut Context<'_>,
        batch: &mut Vec<Transmit<R::Writer>>,
        max: usize,
    ) -> Poll<()> {
        if self.outbox.is_empty() {
            self.flusher = Some(cx.waker().clone());
            return Poll::Pending;
        }
        batch.extend(self.outbox.drain(..max.min(self.outbox.len())));
        if self.outbox.is_empty() {
            self.outbox.shrink_to(OUTBOX_KEPT);
        }
        Poll::Ready(())
    }

    /// Writes of the flusher are done.
    pub(crate) fn flushed(&mut self, sent: &mut Vec<(ConnId, Outgoing)>) {
        let now = self.rt.now().timestamp();
        self.figures.flushed += sent.len() as u64;
        for (id, buf) in sent.drain(..) {
            self.returned(now, id, buf);
        }
        self.drain_all(now);
    }

    /// A write of the flusher failed.
    pub(crate) fn flush_failed(&mut self, id: ConnId) {
        if let Some(conn) = self.conn(id) {
            conn.abort();
        }
    }

    /// The socket did not take a write of the flusher whole.
    pub(crate) fn flush_rest(&mut self) {
        self.figures.flush_rests += 1;
    }

    /// An error of `accept`.
    pub(crate) fn accept_error(&mut self) {
        self.figures.accept_errors += 1;
    }

    /// Ready when nobody is to be accepted any more.
    pub(crate) fn poll_stop_accepting(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.stop_accepting {
            return Poll::Ready(());
        }
        if !self.acceptors.iter().any(|waker| waker.will_wake(cx.waker())) {
            self.acceptors.push(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Messages from other workers, the store or the server.
    pub(crate) fn receive_mail(&mut self, mails: &mut Vec<Mail>) {
        let now = self.rt.now().timestamp();
        self.figures.mails += mails.len() as u64;
        for mail in mails.drain(..) {
            match mail {
                Mail::Frame(frame) => self.applied.frames.push(frame),
                Mail::Applied(applied) => self.shard.applied(now, &applied),
                Mail::Drain { within_ms } => self.begin_end(now, within_ms, DRAIN_GRACE_MS),
                Mail::Abort => self.begin_end(now, 0, 0),
            }
        }
        self.apply(now);
        self.drain_all(now);
    }

    /// Time has passed, to the moment `due` or beyond. True: the worker has come to its end.
    pub(crate) fn tick(&mut self, due: Moment) -> bool {
        let now = self.rt.now();
        let late_us = now.us_since(due);
        self.figures.tick_late_us += late_us;
        self.figures.tick_late_us_max = self.figures.tick_late_us_max.max(late_us);
        let now = now.timestamp();
        self.shard.tick(now);
        self.store.tick(now, self.id, &mut self.published);
        self.publish();
        self.apply(now);
        self.drain_all(now);
        if now.ms_since(self.last_report) >= FIGURES_MS {
            self.report(now);
        }
        self.has_ended(now)
    }

    fn conn(&mut self, id: ConnId) -> Option<&mut Conn<R::Writer>> {
        self.conns.get_mut(id.index as usize)?.as_mut().filter(|conn| conn.id == id)
    }

    /// What was written comes back.
    fn returned(&mut self, now: Timestamp, id: ConnId, buf: Outgoing) {
        self.shard.sent(now, id, buf);
        let said_all = self.shard.has_said_all(id);
        if let Some(conn) = self.conn(id) {
            conn.writing = false;
            if said_all {
                conn.wake();
            }
        }
    }

    fn step(&mut self, now: Timestamp, id: ConnId, input: &Input) -> (Step, Vec<u8>) {
        if let Some((buf, after)) = self.drain(now, Some(id)) {
            debug_assert!(
                !buf.is_empty() || after == After::Close,
                "an empty write ends the stream"
            );
            let step = if buf.is_empty() { Step::ShutDown } else { Step::Write(after) };
            return (step, buf.into_vec());
        }
        let wants_read = self.shard.wants_read(id);
        let resumed = self.conn(id).is_some_and(|conn| std::mem::take(&mut conn.resumed));
        let step = match (wants_read, resumed && !input.is_empty()) {
            (false, _) => Step::Wait,
            (true, true) => Step::Offer,
            (true, false) => Step::Read,
        };
        (step, Vec::new())
    }

    /// Drains the outputs; a write of `own` is returned, all others go to the flusher.
    fn drain(&mut self, now: Timestamp, own: Option<ConnId>) -> Option<(Outgoing, After)> {
        let mut write = None;
        loop {
            match self.shard.poll_output() {
                Some(Output::Submit(submit)) => self.submit(now, submit),
                Some(Output::Transmit { conn, buf, after }) => {
                    if own == Some(conn) {
                        debug_assert!(write.is_none(), "one write of a connection is in flight");
                        self.begin_write(conn);
                        write = Some((buf, after));
                    } else if let Some(writer) = self.begin_write(conn) {
                        self.outbox.push_back(Transmit { conn, writer, buf, after });
                    }
                }
                Some(Output::Resume(id)) => {
                    if let Some(conn) = self.conn(id) {
                        conn.resumed = true;
                        conn.wake();
                    }
                }
                Some(Output::Abort(id)) => {
                    if let Some(conn) = self.conn(id) {
                        conn.abort();
                    }
                }
                None if self.applied.replies.is_empty() => break,
                None => self.apply(now),
            }
        }
        if !self.outbox.is_empty()
            && let Some(flusher) = self.flusher.take()
        {
            flusher.wake();
        }
        write
    }

    fn drain_all(&mut self, now: Timestamp) {
        let own = self.drain(now, None);
        debug_assert!(own.is_none(), "no connection's own task runs");
    }

    fn begin_write(&mut self, id: ConnId) -> Option<R::Writer> {
        let conn = self.conn(id)?;
        conn.writing = true;
        Some(conn.writer.clone())
    }

    /// Asks the store, or the server where the store cannot know. Answers wait in `applied`, so
    /// that those of one turn are one batch.
    fn submit(&mut self, now: Timestamp, submit: Submit) {
        if let Request::Observe(what) = submit.request {
            if what == Observe::Metrics {
                self.report(now);
            }
            self.applied.replies.push((submit.to, self.observer.observe(what)));
        } else {
            self.store.submit(now, submit, &mut self.applied);
        }
    }

    /// Hands what waits in `applied` to the shard.
    fn apply(&mut self, now: Timestamp) {
        if !self.applied.replies.is_empty() || !self.applied.frames.is_empty() {
            self.shard.applied(now, &self.applied);
            self.applied.clear();
        }
    }

    /// Hands broadcasts to the workers that have watchers for them.
    fn publish(&mut self) {
        for Published { frame, workers } in self.published.drain(..) {
            let mut others = workers;
            while others != 0 {
                let worker = u8::try_from(others.trailing_zeros()).expect("one of 128 bits");
                others &= others - 1;
                if worker == self.id.0 {
                    self.applied.frames.push(Arc::clone(&frame));
                } else {
                    self.control.send(WorkerId(worker), Mail::Frame(Arc::clone(&frame)));
                }
            }
        }
    }

    fn report(&mut self, now: Timestamp) {
        self.last_report = now;
        self.figures.runtime = self.rt.figures();
        self.control.report(self.id, |copy| copy.copy_from(&self.figures, self.shard.figures()));
        self.figures.tick_late_us_max = 0;
    }

    fn begin_end(&mut self, now: Timestamp, within_ms: u64, grace_ms: u64) {
        let until = now.after_ms(within_ms);
        let abort_at = until.after_ms(grace_ms);
        let end = End { abort_at, aborted_at: None, players_gone_at: None };
        let begun = self.end.get_or_insert(end);
        begun.abort_at = begun.abort_at.min(abort_at);
        self.stop_accepting = true;
        self.acceptors.drain(..).for_each(Waker::wake);
        self.shard.drain(now, until);
    }

    fn has_ended(&mut self, now: Timestamp) -> bool {
        let Some(end) = &mut self.end else { return false };
        let ended = if self.control.players_are_gone() {
            let since = *end.players_gone_at.get_or_insert(now);
            self.shard.connections() == 0 || now.ms_since(since) >= ADMIN_GRACE_MS
        } else {
            end.aborted_at.is_some_and(|at| now.ms_since(at) >= ABORT_GRACE_MS)
        };
        if end.aborted_at.is_none() && (ended || now >= end.abort_at) {
            end.aborted_at = Some(now);
            self.conns.iter_mut().flatten().for_each(Conn::abort);
        }
        if ended {
            self.report(now);
        }
        ended
    }
}

impl<R: Runtime, A: Arena, S: Service> fmt::Debug for Worker<R, A, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let connections = self.shard.connections();
        f.debug_struct("Worker").field("id", &self.id).field("connections", &connections).finish()
    }
}
