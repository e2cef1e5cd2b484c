//! What the connections of one shard share: the service, the limits, the queues of outputs.

use crate::connection::{Connection, Phase};
use crate::figures::ShardFigures;
use crate::http::date::DateCache;
use crate::http::problem::write_problem;
use crate::http::response::{ConnectionHeader, ResponseHead};
use crate::limits::Limits;
use crate::outbound::Spare;
use crate::replies::Exchange;
use crate::rooms::{Membership, Rooms};
use crate::seam::{ConnId, Output, ReplyTo, Request, Submit, WorkerId};
use crate::service::{Response, Service};
use crate::time::Timestamp;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// The shared part of a shard.
#[derive(Debug)]
pub(crate) struct Common<S: Service> {
    pub(crate) service: S,
    pub(crate) limits: Arc<Limits>,
    pub(crate) worker: WorkerId,
    pub(crate) figures: ShardFigures,
    pub(crate) date: DateCache,
    /// The body or payload that is being written, empty between uses.
    pub(crate) body: Vec<u8>,
    pub(crate) spare: Spare,
    pub(crate) rooms: Rooms,
    pub(crate) submits: VecDeque<Submit>,
    pub(crate) dirty: VecDeque<ConnId>,
    /// `Resume` and `Abort`.
    pub(crate) notices: VecDeque<Output>,
    /// The member of a room whose place changed, until its connection knows.
    pub(crate) moved: Option<(ConnId, Membership)>,
    /// Upgrades whose connection ended before the store had agreed.
    pub(crate) orphans: Vec<Orphan>,
    /// Since a drain began: when idle connections are closed.
    pub(crate) drain: Option<Timestamp>,
}

/// An upgrade whose connection ended before the store had agreed.
#[derive(Debug)]
pub(crate) struct Orphan {
    pub(crate) conn: ConnId,
    /// The reply slot that the agreement is for.
    pub(crate) slot: u32,
    /// What ends the watching once it has begun.
    pub(crate) left: Request,
}

/// The slot of a request that no reply slot belongs to.
pub(crate) const NO_SLOT: u32 = u32::MAX;

impl<S: Service> Common<S> {
    /// Asks the store.
    pub(crate) fn submit(&mut self, conn: ConnId, slot: u32, request: Request) {
        let to = ReplyTo { worker: self.worker, conn, slot };
        self.submits.push_back(Submit { to, request });
    }

    /// Queues bytes for the connection: behind the replies that are due, or straight out.
    pub(crate) fn push(
        &mut self,
        now: Timestamp,
        conn: &mut Connection<S>,
        write: impl FnOnce(&mut Self, &mut Vec<u8>),
    ) {
        if conn.replies.is_empty() {
            let mut buf = core::mem::take(conn.outbound.append(now, || self.spare.take()));
            write(self, &mut buf);
            *conn.outbound.append(now, Vec::new) = buf;
        } else {
            let mut buf = self.spare.take();
            write(self, &mut buf);
            conn.replies.push_ready(buf);
        }
    }

    /// Moves the replies that are ready to the outbound buffer.
    pub(crate) fn release(&mut self, now: Timestamp, conn: &mut Connection<S>) {
        while let Some(bytes) = conn.replies.pop_ready() {
            conn.outbound.append(now, || self.spare.take()).extend_from_slice(&bytes);
            self.spare.give(bytes);
        }
        if conn.replies.is_empty() {
            match conn.phase {
                Phase::Discarding => conn.outbound.close(),
                Phase::Upgrading(_) => self.ask_upgrade(now, conn),
                _ => {}
            }
        }
    }

    /// Writes a response whose body is in `self.body`. With `last`, the connection ends with it.
    pub(crate) fn write_response(
        &mut self,
        now: Timestamp,
        exchange: Exchange,
        last: bool,
        response: Response,
        out: &mut Vec<u8>,
    ) {
        let mut extra = Extra::default();
        let (status, content_type) = match response {
            Response::Success { status, content_type, allow } => {
                extra.allow(allow);
                (status, content_type)
            }
            Response::Problem(refused) => {
                self.body.clear();
                write_problem(&refused.refusal, &mut self.body);
                extra.allow(refused.allow);
                extra.demanded_by(refused.refusal.problem.status());
                (refused.refusal.problem.status(), Some("application/problem+json"))
            }
        };
        self.figures.responded(exchange.name, status);
        let connection = match (last, exchange.http10) {
            (true, _) => ConnectionHeader::Close,
            (false, true) => ConnectionHeader::KeepAlive,
            (false, false) => ConnectionHeader::None,
        };
        let content_length = self.body.len();
        ResponseHead { status, content_type, content_length, connection, extra: extra.fields() }
            .write(&mut self.date, now, out);
        if !exchange.head_only {
            out.extend_from_slice(&self.body);
        }
        self.body.clear();
    }
}

/// The fields that a status calls for, at most three.
#[derive(Debug, Default)]
struct Extra {
    fields: [(&'static str, &'static [u8]); 3],
    count: usize,
}

impl Extra {
    fn push(&mut self, name: &'static str, value: &'static [u8]) {
        self.fields[self.count] = (name, value);
        self.count += 1;
    }

    fn allow(&mut self, allow: Option<&'static str>) {
        if let Some(methods) = allow {
            self.push("Allow", methods.as_bytes());
        }
    }

    fn demanded_by(&mut self, status: u16) {
        match status {
            //= https://www.rfc-editor.org/rfc/rfc9110#section-15.5.2
            //# The server generating a 401 response MUST send a WWW-Authenticate header field
            401 => self.push("WWW-Authenticate", b"Bearer"),
            //= https://www.rfc-editor.org/rfc/rfc9110#section-15.5.22
            //# The server MUST send an Upgrade header field in a 426 response to indicate the
            //# required protocol(s)
            426 => {
                self.push("Connection", b"Upgrade");
                self.push("Upgrade", b"websocket");
                self.push("Sec-WebSocket-Version", b"13");
            }
            _ => {}
        }
    }

    fn fields(&self) -> &[(&'static str, &'static [u8])] {
        &self.fields[..self.count]
    }
}
