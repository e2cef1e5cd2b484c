//! A shard owns the connections of one worker; every input and output passes here.

use crate::arena::Arena;
use crate::common::{Common, NO_SLOT};
use crate::connection::{Connection, Phase};
use crate::figures::ShardFigures;
use crate::http::date::DateCache;
use crate::limits::Limits;
use crate::outbound::Spare;
use crate::rooms::Rooms;
use crate::seam::{Applied, ConnId, Frame, Listener, Outgoing, Output, Reply, ReplyTo, WorkerId};
use crate::service::Service;
use crate::slots::Slots;
use crate::sweep::Sweep;
use crate::time::Timestamp;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// The connections of one worker. `Send`, never shared.
///
/// **The contract: mutate, then drain [`poll_output`](Self::poll_output) to `None` before
/// waiting.** Several inputs may come before one drain.
#[derive(Debug)]
pub struct Shard<A: Arena, S: Service> {
    scratch: A,
    conns: Slots<Connection<S>>,
    common: Common<S>,
    sweep: Sweep,
}

impl<A: Arena, S: Service> Shard<A, S> {
    /// A shard without connections.
    pub fn new(worker: WorkerId, limits: Arc<Limits>, scratch: A, service: S) -> Self {
        let sweep = Sweep::new(&limits);
        let common = Common {
            service,
            limits,
            worker,
            figures: ShardFigures::default(),
            date: DateCache::default(),
            body: Vec::new(),
            spare: Spare::default(),
            rooms: Rooms::default(),
            submits: VecDeque::new(),
            dirty: VecDeque::new(),
            notices: VecDeque::new(),
            moved: None,
            orphans: Vec::new(),
            drain: None,
        };
        Self { scratch, conns: Slots::default(), common, sweep }
    }

    /// A connection was accepted. `None`: `connections_max` is reached, and the peer is due
    /// [`CONNECTIONS_FULL`].
    pub fn open(&mut self, now: Timestamp, listener: Listener) -> Option<ConnId> {
        if self.conns.len() >= self.common.limits.connections_max {
            return None;
        }
        self.common.figures.opened += 1;
        self.common.figures.connections += 1;
        let drain = self.common.drain;
        Some(
            self.conns
                .insert(|id| Connection { close_at: drain, ..Connection::new(id, listener, now) }),
        )
    }

    /// Bytes arrived. Returns how many were consumed; the caller keeps the rest and offers it
    /// again, with what follows it. Unconsumed are: an incomplete head, an incomplete frame
    /// header, and whatever comes while [`wants_read`](Self::wants_read) is false.
    ///
    /// Cost: no allocation in the steady state; time proportional to the bytes.
    pub fn receive(&mut self, now: Timestamp, id: ConnId, bytes: &mut [u8]) -> usize {
        let Some(conn) = self.conns.get_mut(id) else { return bytes.len() };
        let common = &mut self.common;
        conn.heard = now;
        let mut consumed = 0;
        while consumed < bytes.len() && conn.may_read(&common.limits) {
            let offered = &mut bytes[consumed..];
            let taken = match &conn.phase {
                Phase::Head(_) => common.receive_head(now, conn, &self.scratch, offered),
                Phase::Body(_) => common.resume_body(now, conn, &self.scratch, offered),
                Phase::Open { .. } | Phase::Closing { .. } => {
                    common.receive_frames(now, conn, &self.scratch, offered)
                }
                Phase::Discarding | Phase::Aborted => offered.len(),
                Phase::Upgrading { .. } => 0,
            };
            self.scratch.reset();
            if taken == 0 {
                break;
            }
            consumed += taken;
        }
        conn.backlog = consumed < bytes.len();
        common.figures.bytes_in += consumed as u64;
        self.settle(now, id);
        consumed
    }

    /// The write of a `Transmit` finished; what it sent comes back, for reuse.
    pub fn sent(&mut self, now: Timestamp, id: ConnId, buf: Outgoing) {
        self.common.spare.give(buf.into_buffer());
        let Some(conn) = self.conns.get_mut(id) else { return };
        conn.outbound.sent(now);
        if conn.outbound.is_closed() {
            conn.since = now;
        }
        self.common.catch_up(conn);
        self.settle(now, id);
    }

    /// The peer has ended its stream. True: it is owed what it asked for before, and the caller
    /// waits for [`has_said_all`](Self::has_said_all). Then, or at once, follows
    /// [`closed`](Self::closed).
    pub fn ended(&mut self, now: Timestamp, id: ConnId) -> bool {
        let Some(conn) = self.conns.get_mut(id) else { return false };
        if !conn.owes() {
            return false;
        }
        self.common.end(now, conn);
        self.settle(now, id);
        true
    }

    /// Whether nothing is sent on the connection any more.
    #[must_use]
    pub fn has_said_all(&self, id: ConnId) -> bool {
        let over = |conn: &Connection<S>| conn.outbound.is_closed() || conn.is_aborted();
        self.conns.get(id).is_none_or(over)
    }

    /// The connection ended: end of stream, or an error. What was submitted for it is still
    /// applied; the replies are dropped.
    pub fn closed(&mut self, now: Timestamp, id: ConnId) {
        let Some(mut conn) = self.conns.remove(id) else { return };
        self.common.leave(&mut conn);
        self.common.figures.closed += 1;
        self.common.figures.connections -= 1;
        self.common.figures.websockets -= u64::from(conn.upgraded);
        if let Phase::Body(inbound) = conn.phase {
            self.common.spare.give(inbound.body);
        }
        self.common.spare.give(conn.outbound.into_buffer());
        self.settle(now, id);
    }

    /// The store has answered, or another worker has published.
    pub fn applied(&mut self, now: Timestamp, batch: &Applied) {
        for (to, reply) in &batch.replies {
            if to.worker == self.common.worker {
                self.reply(now, batch, *to, reply);
            }
        }
        for frame in &batch.frames {
            self.broadcast(now, frame);
        }
    }

    /// Time has passed; called every few milliseconds, drives every time-out.
    pub fn tick(&mut self, now: Timestamp) {
        self.common.spare.trim(now);
        for range in self.sweep.advance(now, self.conns.capacity()) {
            for index in range {
                if let Some(conn) = self.conns.at_mut(index) {
                    let id = conn.id;
                    self.common.visit(now, conn);
                    self.settle(now, id);
                }
            }
        }
    }

    /// What is to be done next; `None` when nothing is.
    pub fn poll_output(&mut self) -> Option<Output> {
        if let Some(submit) = self.common.submits.pop_front() {
            return Some(Output::Submit(submit));
        }
        while let Some(id) = self.common.dirty.pop_front() {
            let Some(conn) = self.conns.get_mut(id) else { continue };
            conn.dirty = false;
            if let Some((buf, after)) = conn.outbound.take() {
                self.common.figures.bytes_out += buf.len() as u64;
                return Some(Output::Transmit { conn: id, buf, after });
            }
        }
        self.common.notices.pop_front()
    }

    /// False: do not issue the next read. [`Output::Resume`] says when it is true again.
    #[must_use]
    pub fn wants_read(&self, id: ConnId) -> bool {
        self.conns.get(id).is_some_and(|conn| conn.may_read(&self.common.limits))
    }

    /// The server ends: answers what was received, tells every WebSocket peer 1001, paced from
    /// now to nine tenths of the way to `until`, and closes what stays idle.
    pub fn drain(&mut self, now: Timestamp, until: Timestamp) {
        let paced_ms = until.ms_since(now) * 9 / 10;
        let idle_at = now.after_ms(paced_ms.min(DRAIN_IDLE_MS));
        self.common.drain = Some(idle_at);
        let count = self.common.figures.websockets.max(1);
        let mut place = 0;
        for index in 0..self.conns.capacity() {
            let Some(conn) = self.conns.at_mut(index) else { continue };
            conn.close_at = match conn.phase {
                Phase::Open { .. } => {
                    place += 1;
                    Some(now.after_ms(paced_ms * place / count))
                }
                Phase::Head(_) | Phase::Body(_) | Phase::Upgrading { .. } => Some(idle_at),
                Phase::Closing { .. } | Phase::Discarding | Phase::Aborted => conn.close_at,
            };
        }
    }

    /// Connections open now.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.conns.len()
    }

    /// What was done so far.
    #[must_use]
    pub fn figures(&self) -> &ShardFigures {
        &self.common.figures
    }

    fn reply(&mut self, now: Timestamp, batch: &Applied, to: ReplyTo, reply: &Reply) {
        let common = &mut self.common;
        let conn = self.conns.get_mut(to.conn);
        let Some(conn) = conn.filter(|conn| !matches!(conn.phase, Phase::Aborted)) else {
            return common.orphaned(to.conn, to.slot, reply);
        };
        if to.slot == NO_SLOT {
            if let Reply::Snapshot(frame) = reply {
                common.caught_up(now, conn, frame);
            }
        } else if let Some(waiting) = conn.replies.waiting(to.slot) {
            if conn.replies.is_oldest(to.slot) {
                common.reply_oldest(now, conn, batch, waiting, reply);
            } else {
                let mut buf = common.spare.take();
                common.write_waiting(now, conn, batch, waiting, reply, &mut buf);
                conn.replies.fill(to.slot, buf);
            }
        }
        self.settle(now, to.conn);
    }

    fn broadcast(&mut self, now: Timestamp, frame: &Arc<Frame>) {
        let members = self.common.rooms.take(frame.hunt);
        for id in &members {
            if let Some(conn) = self.conns.get_mut(*id) {
                self.common.broadcast(now, conn, frame);
                self.settle(now, *id);
            }
        }
        self.common.rooms.put(frame.hunt, members, frame.ended);
    }

    /// Brings the queues in line with what a call has changed on a connection.
    fn settle(&mut self, now: Timestamp, id: ConnId) {
        if let Some((moved, membership)) = self.common.moved.take()
            && let Some(conn) = self.conns.get_mut(moved)
        {
            conn.room = Some(membership);
        }
        let Some(conn) = self.conns.get_mut(id) else { return };
        let common = &mut self.common;
        if conn.outbound.unsent_bytes() > common.limits.outbound_bytes_max && !conn.is_ending() {
            match conn.phase {
                Phase::Open { .. } | Phase::Closing { .. } => common.give_up(now, conn),
                _ => {
                    common.figures.stuck += 1;
                    common.abort(conn);
                }
            }
            return self.settle(now, id);
        }
        if conn.outbound.is_due() && !conn.dirty {
            conn.dirty = true;
            common.dirty.push_back(id);
        }
        let may_read = conn.may_read(&common.limits);
        if conn.paused && may_read {
            common.notices.push_back(Output::Resume(id));
            conn.goes_on(now);
        }
        conn.paused = !may_read;
    }
}

/// For how long a drain leaves an idle HTTP connection the chance to ask once more.
const DRAIN_IDLE_MS: u64 = 2_000;

/// What a connection gets that is too many: write it, then close.
pub const CONNECTIONS_FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    Connection: close\r\n\
    Content-Type: application/problem+json\r\n\
    Content-Length: 114\r\n\
    \r\n\
    {\"type\":\"urn:hunt:problem:connections-full\",\
    \"title\":\"the server holds as many connections as it may\",\
    \"status\":503}";
