//! One HTTP exchange: a head, a body, a verdict, a response.

use crate::arena::Arena;
use crate::common::Common;
use crate::connection::{Connection, Inbound, Phase, Upgrade};
use crate::error::{Problem, Refusal};
use crate::figures::RouteName;
use crate::http::body::BodyReader;
use crate::http::head::{Expect, Framing, Head, Method, parse};
use crate::http::response::CONTINUE;
use crate::http::scan::{HeadScan, Scan};
use crate::replies::{Exchange, Waiting};
use crate::service::{Answer, Refused, Response, Routed, Service};
use crate::time::Timestamp;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Of a request whose head is not known: the connection ends with the response.
const NO_EXCHANGE: Exchange =
    Exchange { name: RouteName::None, keep_alive: false, http10: false, head_only: false };

impl<S: Service> Common<S> {
    /// Takes in bytes between requests or within a head. Returns how many were consumed; 0 asks
    /// for more.
    pub(crate) fn receive_head<A: Arena>(
        &mut self,
        now: Timestamp,
        conn: &mut Connection<S>,
        scratch: &A,
        bytes: &mut [u8],
    ) -> usize {
        let Phase::Head(scan) = &mut conn.phase else { unreachable!("called in this phase") };
        let began = scan.has_begun();
        match scan.scan(bytes, &self.limits) {
            Scan::Incomplete => {
                if !began {
                    conn.since = now;
                }
                0
            }
            Scan::Refused(refusal) => {
                self.refuse_bytes(now, conn, bytes, refusal);
                bytes.len()
            }
            Scan::Complete(head_bytes) => {
                let (head, rest) = bytes.split_at_mut(head_bytes);
                match parse(head, &self.limits) {
                    Ok(head) => self.receive_request(now, conn, scratch, &head, rest) + head_bytes,
                    Err(refusal) => {
                        self.refuse_bytes(now, conn, head, refusal);
                        bytes.len()
                    }
                }
            }
        }
    }

    /// The head of a request is complete; its body may follow in `rest`. Returns how many bytes
    /// of `rest` were consumed.
    fn receive_request<A: Arena>(
        &mut self,
        now: Timestamp,
        conn: &mut Connection<S>,
        scratch: &A,
        head: &Head<'_>,
        rest: &mut [u8],
    ) -> usize {
        let Routed { name, mut verdict, wants_body, body_bytes_max } =
            self.service.route(now, conn.listener, head, scratch.scratch());
        let mut exchange = Exchange {
            name,
            keep_alive: head.keep_alive,
            http10: head.http10,
            head_only: head.method == Method::Head,
        };
        let framed = !matches!(head.body, Framing::None | Framing::Length(0));
        let expects = head.expect != Expect::None && !head.http10 && framed;
        if verdict.as_ref().is_err_and(|r| r.refusal.problem == Problem::MalformedRequest) {
            exchange.keep_alive = false;
        }
        if head.expect == Expect::Other {
            verdict = Err(Problem::ExpectationFailed.into());
        }
        if verdict.is_ok() && wants_body && head.body == Framing::None {
            verdict = Err(Problem::LengthRequired.into());
        }
        let reader = BodyReader::new(head.body, body_bytes_max as u64);
        let reader = match reader {
            Ok(reader) if verdict.is_ok() || !expects => reader,
            unframed => {
                // The body is too large to be read, or may never come: nothing after it is framed.
                exchange.keep_alive = false;
                conn.backlog = !rest.is_empty();
                let verdict = verdict.and_then(|_| match unframed {
                    Ok(_) => unreachable!("a good verdict takes the body that it expects"),
                    Err(refusal) => Err(refusal.into()),
                });
                self.finish(now, conn, scratch, exchange, verdict, &[]);
                return 0;
            }
        };
        if expects {
            self.push(now, conn, |_, out| out.extend_from_slice(CONTINUE));
        }
        let mut inbound = Inbound { exchange, verdict, reader, body: Vec::new() };
        self.receive_body(now, conn, scratch, &mut inbound, rest).unwrap_or_else(|consumed| {
            conn.phase = Phase::Body(Box::new(inbound));
            conn.since = now;
            consumed
        })
    }

    /// Goes on with a body that began in earlier bytes.
    pub(crate) fn resume_body<A: Arena>(
        &mut self,
        now: Timestamp,
        conn: &mut Connection<S>,
        scratch: &A,
        bytes: &mut [u8],
    ) -> usize {
        let phase = core::mem::replace(&mut conn.phase, Phase::Discarding);
        let Phase::Body(mut inbound) = phase else { unreachable!("called in this phase") };
        self.receive_body(now, conn, scratch, &mut inbound, bytes).unwrap_or_else(|consumed| {
            conn.phase = Phase::Body(inbound);
            consumed
        })
    }

    /// Takes in bytes of a body: `Ok` with the count where it is complete or refused, and the
    /// connection is in its next phase; `Err` with the count where more is needed.
    fn receive_body<A: Arena>(
        &mut self,
        now: Timestamp,
        conn: &mut Connection<S>,
        scratch: &A,
        inbound: &mut Inbound<S>,
        bytes: &mut [u8],
    ) -> Result<usize, usize> {
        let mut consumed = 0;
        loop {
            let step = match inbound.reader.read(&bytes[consumed..], &self.limits) {
                Ok(step) => step,
                Err(refusal) => {
                    self.refuse_body(now, conn, inbound, refusal);
                    return Ok(bytes.len());
                }
            };
            consumed += step.consumed;
            let wanted = inbound.verdict.is_ok();
            if step.done {
                conn.backlog = consumed < bytes.len();
                let exchange = inbound.exchange;
                let placeholder = Err(Problem::Internal.into());
                let verdict = core::mem::replace(&mut inbound.verdict, placeholder);
                if inbound.body.is_empty() {
                    self.finish(now, conn, scratch, exchange, verdict, step.data);
                } else {
                    inbound.body.extend_from_slice(step.data);
                    self.finish(now, conn, scratch, exchange, verdict, &inbound.body);
                    self.spare.give(core::mem::take(&mut inbound.body));
                }
                return Ok(consumed);
            }
            if wanted && !step.data.is_empty() {
                if inbound.body.capacity() == 0 {
                    inbound.body = self.spare.take();
                }
                inbound.body.extend_from_slice(step.data);
            }
            if step.consumed == 0 || consumed == bytes.len() {
                return Err(consumed);
            }
        }
    }

    /// A request is complete: answers it, or asks the store to.
    fn finish<A: Arena>(
        &mut self,
        now: Timestamp,
        conn: &mut Connection<S>,
        scratch: &A,
        exchange: Exchange,
        verdict: Result<S::Route, Refused>,
        body: &[u8],
    ) {
        if exchange.keep_alive {
            conn.phase = Phase::Head(HeadScan::default());
            conn.since = now;
        } else {
            conn.discard(now);
        }
        let route = match verdict {
            Ok(route) => route,
            Err(refused) => return self.answer(now, conn, exchange, Response::Problem(refused)),
        };
        let mut out = core::mem::take(&mut self.body);
        let answer = self.service.call(now, route, body, scratch.scratch(), &mut out);
        self.body = out;
        match answer {
            Answer::Respond(response) => self.answer(now, conn, exchange, response),
            Answer::Submit(request) => {
                let slot = conn.replies.reserve(Waiting::Response(exchange));
                self.submit(conn.id, slot, request);
            }
            Answer::Upgrade { session, accept, protocol, watch } => {
                conn.session = Some(session);
                // Whether the peer would have asked again does not matter any more.
                conn.close_at = self.drain;
                let upgrade = Upgrade { exchange, accept, protocol, watch, asked: None };
                conn.phase = Phase::Upgrading(Box::new(upgrade));
                if conn.replies.is_empty() {
                    self.ask_upgrade(now, conn);
                }
            }
        }
    }

    /// Answers at once, behind the replies that are due.
    pub(crate) fn answer(
        &mut self,
        now: Timestamp,
        conn: &mut Connection<S>,
        exchange: Exchange,
        response: Response,
    ) {
        let last = !exchange.keep_alive || self.ends_with_this(conn);
        self.push(now, conn, |common, out| {
            common.write_response(now, exchange, last, response, out);
        });
        if last {
            self.end(now, conn);
        }
    }

    /// Whether a drain lets the connection end with the response that is being written: nothing
    /// else was received on it.
    pub(crate) fn ends_with_this(&self, conn: &Connection<S>) -> bool {
        self.drain.is_some()
            && !conn.backlog
            && conn.replies.is_empty()
            && matches!(&conn.phase, Phase::Head(scan) if !scan.has_begun())
    }

    /// The connection ends behind what is queued.
    pub(crate) fn end(&mut self, now: Timestamp, conn: &mut Connection<S>) {
        conn.discard(now);
        if conn.replies.is_empty() {
            conn.outbound.close();
        }
    }

    /// Bytes came that are no request: the connection ends with the refusal.
    fn refuse_bytes(
        &mut self,
        now: Timestamp,
        conn: &mut Connection<S>,
        bytes: &[u8],
        refusal: Refusal,
    ) {
        //= https://www.rfc-editor.org/rfc/rfc9110#section-9.3.2
        //# The HEAD method is identical to GET except that the server MUST NOT send content in
        //# the response.
        let line = bytes.strip_prefix(b"\r\n").unwrap_or(bytes);
        let exchange = Exchange { head_only: line.starts_with(b"HEAD "), ..NO_EXCHANGE };
        conn.discard(now);
        self.answer(now, conn, exchange, Response::Problem(refusal.into()));
    }

    /// A body cannot be framed or is too large: the connection ends with the refusal, or with
    /// the earlier one that the request had coming.
    fn refuse_body(
        &mut self,
        now: Timestamp,
        conn: &mut Connection<S>,
        inbound: &mut Inbound<S>,
        refusal: Refusal,
    ) {
        let exchange = Exchange { keep_alive: false, ..inbound.exchange };
        self.spare.give(core::mem::take(&mut inbound.body));
        conn.discard(now);
        self.answer(now, conn, exchange, Response::Problem(refusal.into()));
    }

    /// A head or a body did not arrive in time.
    pub(crate) fn request_timed_out(&mut self, now: Timestamp, conn: &mut Connection<S>) {
        let exchange = match &conn.phase {
            Phase::Body(inbound) => Exchange { keep_alive: false, ..inbound.exchange },
            _ => NO_EXCHANGE,
        };
        conn.discard(now);
        let response = Response::Problem(Problem::RequestTimeout.into());
        self.answer(now, conn, exchange, response);
    }
}
