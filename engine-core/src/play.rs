//! One WebSocket connection: the upgrade, messages and their replies, broadcasts, the end.

use crate::arena::Arena;
use crate::common::{Common, NO_SLOT, Orphan};
use crate::connection::{Connection, Missed, Phase};
use crate::http::response::{ConnectionHeader, ResponseHead};
use crate::replies::Waiting;
use crate::seam::{Codec, ConnId, Frame, HuntKey, Reply, Request};
use crate::service::{MessageAnswer, Service};
use crate::time::Timestamp;
use crate::websocket::close::CloseCode;
use crate::websocket::frame;
use crate::websocket::message::{Decoder, Event, Kind};
use alloc::sync::Arc;
use alloc::vec::Vec;

impl<S: Service> Common<S> {
    /// Every earlier reply is out: asks the store whether the connection may be upgraded.
    pub(crate) fn ask_upgrade(&mut self, now: Timestamp, conn: &mut Connection<S>) {
        let Phase::Upgrading(upgrade) = &mut conn.phase else { unreachable!("in this phase") };
        let exchange = upgrade.exchange;
        if let Some(watch) = upgrade.watch.take() {
            let slot = conn.replies.reserve(Waiting::Upgrade(exchange));
            upgrade.asked = Some(slot);
            self.submit(conn.id, slot, Request::Watch(watch));
        } else {
            self.push(now, conn, |_, _| {});
            let mut out = core::mem::take(conn.outbound.append(now, Vec::new));
            self.write_upgrade(now, conn, &mut out);
            *conn.outbound.append(now, Vec::new) = out;
        }
    }

    /// Writes 101, and the connection speaks WebSocket.
    pub(crate) fn write_upgrade(
        &mut self,
        now: Timestamp,
        conn: &mut Connection<S>,
        out: &mut Vec<u8>,
    ) {
        let phase = Phase::Open { decoder: Decoder::default(), pinged: false };
        let Phase::Upgrading(upgrade) = core::mem::replace(&mut conn.phase, phase) else {
            unreachable!("called in this phase")
        };
        conn.since = now;
        conn.heard = now;
        conn.upgraded = true;
        self.figures.websockets += 1;
        self.figures.responded(upgrade.exchange.name, 101);
        let fields: [(&str, &[u8]); 4] = [
            ("Connection", b"Upgrade"),
            ("Upgrade", b"websocket"),
            ("Sec-WebSocket-Accept", &upgrade.accept),
            ("Sec-WebSocket-Protocol", upgrade.protocol.unwrap_or_default().as_bytes()),
        ];
        let head = ResponseHead {
            status: 101,
            content_type: None,
            content_length: 0,
            connection: ConnectionHeader::None,
            extra: if upgrade.protocol.is_some() { &fields } else { &fields[..3] },
        };
        head.write(&mut self.date, now, out);
    }

    /// The connection watches a hunt from now on, beginning with a full frame.
    pub(crate) fn watch(
        &mut self,
        conn: &mut Connection<S>,
        hunt: HuntKey,
        snapshot: &Frame,
        out: &mut Vec<u8>,
    ) {
        conn.room = Some(self.rooms.join(hunt, conn.id));
        conn.missed = Missed::Nothing;
        conn.full_frame = (snapshot.tick, snapshot.revision);
        if let Some(wire) = snapshot.wire(self.codec(conn)) {
            self.figures.broadcasts += 1;
            self.figures.frames_out += 1;
            out.extend_from_slice(wire);
        }
    }

    /// Takes in bytes of frames. Returns how many were consumed; 0 asks for more.
    pub(crate) fn receive_frames<A: Arena>(
        &mut self,
        now: Timestamp,
        conn: &mut Connection<S>,
        scratch: &A,
        bytes: &mut [u8],
    ) -> usize {
        let (mut decoder, closing) = match &mut conn.phase {
            Phase::Open { decoder, pinged } => {
                *pinged = false;
                (core::mem::take(decoder), false)
            }
            Phase::Closing { decoder } => (core::mem::take(decoder), true),
            _ => unreachable!("called in these phases"),
        };
        let all = bytes.len();
        let consumed = match decoder.next(bytes, self.limits.message_bytes_max) {
            Ok(step) => {
                if let Some(event) = step.event {
                    self.figures.frames_in += 1;
                    self.receive_event(now, conn, scratch, event, closing);
                }
                step.consumed
            }
            Err(code) => {
                self.figures.protocol_errors += 1;
                self.fail(now, conn, code, "");
                return all;
            }
        };
        decoder.recycle();
        match &mut conn.phase {
            Phase::Open { decoder: kept, .. } | Phase::Closing { decoder: kept } => *kept = decoder,
            _ => {}
        }
        consumed
    }

    fn receive_event<A: Arena>(
        &mut self,
        now: Timestamp,
        conn: &mut Connection<S>,
        scratch: &A,
        event: Event<'_>,
        closing: bool,
    ) {
        match event {
            Event::Message { kind, payload } if !closing => {
                self.receive_message(now, conn, scratch, kind, payload);
            }
            //= https://www.rfc-editor.org/rfc/rfc6455#section-5.5.2
            //# Upon receipt of a Ping frame, an endpoint MUST send a Pong frame in response,
            //# unless it already received a Close frame.
            Event::Ping(payload) if !closing => {
                self.push_frame(now, conn, |out| frame::pong(out, payload));
            }
            Event::Message { .. } | Event::Ping(_) | Event::Pong(_) => {}
            Event::Close { code, .. } => {
                self.leave(conn);
                if !closing {
                    self.push_frame(now, conn, |out| frame::close_reply(out, code));
                }
                self.end(now, conn);
            }
        }
    }

    fn receive_message<A: Arena>(
        &mut self,
        now: Timestamp,
        conn: &mut Connection<S>,
        scratch: &A,
        kind: Kind,
        payload: &mut [u8],
    ) {
        let session = conn.session.as_ref().expect("an upgraded connection has a session");
        let mut out = core::mem::take(&mut self.body);
        let answer = self.service.message(session, kind, payload, scratch.scratch(), &mut out);
        self.body = out;
        match answer {
            MessageAnswer::Send(kind) => {
                self.push(now, conn, |common, out| {
                    frame::append(out, kind.opcode(), &common.body);
                    common.figures.frames_out += 1;
                });
                self.body.clear();
            }
            MessageAnswer::Submit { seq, request } => {
                let slot = conn.replies.reserve(Waiting::Message { seq });
                self.submit(conn.id, slot, request);
            }
            MessageAnswer::Close(code) => {
                self.figures.protocol_errors += 1;
                self.fail(now, conn, code, "");
            }
        }
    }

    /// Writes the reply to a message into the outbound buffer.
    pub(crate) fn write_reply(
        &mut self,
        conn: &Connection<S>,
        seq: u32,
        reply: &Reply,
        out: &mut Vec<u8>,
    ) {
        let session = conn.session.as_ref().expect("an upgraded connection has a session");
        let mut payload = core::mem::take(&mut self.body);
        let kind = self.service.reply(session, seq, reply, &mut payload);
        frame::append(out, kind.opcode(), &payload);
        self.figures.frames_out += 1;
        payload.clear();
        self.body = payload;
    }

    fn push_frame(
        &mut self,
        now: Timestamp,
        conn: &mut Connection<S>,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        self.figures.frames_out += 1;
        self.push(now, conn, |_, out| write(out));
    }

    /// Sends a Ping.
    pub(crate) fn ping(&mut self, now: Timestamp, conn: &mut Connection<S>) {
        self.push_frame(now, conn, |out| frame::ping(out, &[]));
    }

    /// Fails the connection: a Close frame, unless there was one, and the end without waiting for
    /// the peer's.
    pub(crate) fn fail(
        &mut self,
        now: Timestamp,
        conn: &mut Connection<S>,
        code: CloseCode,
        reason: &str,
    ) {
        self.leave(conn);
        if !matches!(conn.phase, Phase::Closing { .. }) {
            self.push_frame(now, conn, |out| frame::close(out, code, reason));
        }
        self.end(now, conn);
    }

    /// Begins the closing handshake.
    pub(crate) fn begin_close(
        &mut self,
        now: Timestamp,
        conn: &mut Connection<S>,
        code: CloseCode,
        reason: &str,
    ) {
        let Phase::Open { decoder, .. } = &mut conn.phase else { return };
        let decoder = core::mem::take(decoder);
        self.leave(conn);
        self.push_frame(now, conn, |out| frame::close(out, code, reason));
        conn.phase = Phase::Closing { decoder };
        conn.since = now;
        conn.close_at = None;
    }

    /// The connection stops watching. One that is being upgraded stops as soon as it has begun.
    pub(crate) fn leave(&mut self, conn: &mut Connection<S>) {
        if let Phase::Upgrading(upgrade) = &conn.phase
            && let Some(slot) = upgrade.asked
        {
            let session = conn.session.as_ref().expect("an upgrade has a session");
            let left = self.service.left(session);
            self.orphans.extend(left.map(|left| Orphan { conn: conn.id, slot, left }));
        }
        if let Some(membership) = conn.room.take() {
            debug_assert!(self.moved.is_none(), "a move is settled before the next one");
            self.moved = self.rooms.leave(membership).map(|moved| (moved, membership));
            self.unwatch(conn);
        }
    }

    /// The reply to a connection that has ended is here: what began with it ends.
    pub(crate) fn orphaned(&mut self, conn: ConnId, slot: u32, reply: &Reply) {
        let is_for = |orphan: &Orphan| orphan.conn == conn && orphan.slot == slot;
        if let Some(place) = self.orphans.iter().position(is_for) {
            let Orphan { left, .. } = self.orphans.swap_remove(place);
            if let Reply::Watching { .. } = reply {
                self.submit(conn, NO_SLOT, left);
            }
        }
    }

    fn unwatch(&mut self, conn: &mut Connection<S>) {
        self.settle_missed(conn);
        let session = conn.session.as_ref().expect("only a session watches");
        if let Some(request) = self.service.left(session) {
            self.submit(conn.id, NO_SLOT, request);
        }
    }

    /// Appends a broadcast, or leaves it out where the peer is slow.
    pub(crate) fn broadcast(
        &mut self,
        now: Timestamp,
        conn: &mut Connection<S>,
        frame: &Arc<Frame>,
    ) {
        let (tick, revision) = conn.full_frame;
        if frame.is_before(tick, revision) {
            // On its way from another worker when the full frame, which includes it, was made.
            return;
        }
        if conn.missed == Missed::Nothing && self.has_room(conn, frame) {
            self.queue_frame(now, conn, frame);
        } else {
            self.figures.conflated += 1;
            self.figures.slow += u64::from(conn.missed == Missed::Nothing);
            conn.missed = Missed::Frames;
        }
        if frame.ended {
            // The whole room is gone, so there is no place to leave.
            conn.room = None;
            self.unwatch(conn);
            self.begin_close(now, conn, CloseCode::Normal, "hunt ended");
        }
    }

    /// Whether a broadcast can be queued: its peer is not slow, and it does not take the peer over
    /// what ends a connection. No member leaves a room while the room is served.
    fn has_room(&self, conn: &Connection<S>, frame: &Frame) -> bool {
        let unsent_bytes = conn.outbound.unsent_bytes();
        let then = unsent_bytes + frame.wire(self.codec(conn)).map_or(0, <[u8]>::len);
        unsent_bytes < self.limits.outbound_high_bytes && then <= self.limits.outbound_bytes_max
    }

    /// Asks for a full frame once a slow peer has taken its bytes.
    pub(crate) fn catch_up(&mut self, conn: &mut Connection<S>) {
        if conn.missed == Missed::Frames && conn.room.is_some() && conn.outbound.is_idle() {
            let session = conn.session.as_ref().expect("only a session watches");
            if let Some(request) = self.service.snapshot(session) {
                conn.missed = Missed::Asked;
                self.submit(conn.id, NO_SLOT, request);
            }
        }
    }

    /// The full frame that was asked for is here.
    pub(crate) fn caught_up(
        &mut self,
        now: Timestamp,
        conn: &mut Connection<S>,
        frame: &Arc<Frame>,
    ) {
        if conn.room.is_none_or(|room| room.hunt != frame.hunt) {
            // The next round has begun; the last frame of this one is on its way.
            return;
        }
        if conn.missed == Missed::Asked {
            self.settle_missed(conn);
            conn.full_frame = (frame.tick, frame.revision);
            self.queue_frame(now, conn, frame);
        } else if conn.missed == Missed::Frames {
            self.catch_up(conn);
        }
    }

    fn settle_missed(&mut self, conn: &mut Connection<S>) {
        if conn.missed != Missed::Nothing {
            conn.missed = Missed::Nothing;
            self.figures.slow -= 1;
        }
    }

    fn queue_frame(&mut self, now: Timestamp, conn: &mut Connection<S>, frame: &Arc<Frame>) {
        let codec = self.codec(conn);
        if frame.wire(codec).is_some() {
            self.figures.broadcasts += 1;
            self.figures.frames_out += 1;
            conn.outbound.append_frame(now, frame, codec, || self.spare.take());
        }
    }

    /// The encoding that a session asked for.
    fn codec(&self, conn: &Connection<S>) -> Codec {
        let session = conn.session.as_ref().expect("only a session watches");
        self.service.codec(session)
    }
}
