//! The store has answered: a reply becomes the bytes of its slot.

use crate::common::Common;
use crate::connection::{Connection, Phase};
use crate::http::scan::HeadScan;
use crate::replies::{Exchange, Waiting};
use crate::seam::{Applied, Reply};
use crate::service::Service;
use crate::time::Timestamp;
use alloc::vec::Vec;

impl<S: Service> Common<S> {
    /// The oldest reply that is due is here: it goes straight out, and what waited behind it.
    pub(crate) fn reply_oldest(
        &mut self,
        now: Timestamp,
        conn: &mut Connection<S>,
        batch: &Applied,
        waiting: Waiting,
        reply: &Reply,
    ) {
        conn.replies.advance();
        let mut buf = core::mem::take(conn.outbound.append(now, || self.spare.take()));
        self.write_waiting(now, conn, batch, waiting, reply, &mut buf);
        let written = core::mem::replace(conn.outbound.append(now, Vec::new), buf);
        self.spare.give(written);
        self.release(now, conn);
    }

    /// Writes the reply for a slot.
    pub(crate) fn write_waiting(
        &mut self,
        now: Timestamp,
        conn: &mut Connection<S>,
        batch: &Applied,
        waiting: Waiting,
        reply: &Reply,
        out: &mut Vec<u8>,
    ) {
        match waiting {
            Waiting::Message { seq } => self.write_reply(conn, seq, reply, out),
            Waiting::Response(exchange) => {
                self.write_store_response(now, conn, exchange, batch, reply, out);
            }
            Waiting::Upgrade(exchange) => match reply {
                Reply::Watching { hunt, snapshot } => {
                    self.write_upgrade(now, conn, out);
                    self.watch(conn, *hunt, snapshot, out);
                }
                _ => {
                    conn.session = None;
                    conn.phase = Phase::Head(HeadScan::default());
                    conn.since = now;
                    self.write_store_response(now, conn, exchange, batch, reply, out);
                }
            },
        }
    }

    fn write_store_response(
        &mut self,
        now: Timestamp,
        conn: &mut Connection<S>,
        exchange: Exchange,
        batch: &Applied,
        reply: &Reply,
        out: &mut Vec<u8>,
    ) {
        let mut body = core::mem::take(&mut self.body);
        let response = self.service.respond(now, batch, reply, &mut body);
        self.body = body;
        let last = !exchange.keep_alive || self.ends_with_this(conn);
        self.write_response(now, exchange, last, response, out);
        if last {
            conn.discard(now);
        }
    }
}
