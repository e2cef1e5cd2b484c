//! What a lane does with its sockets: makes them, writes, reads, and puts them away.

use super::conn::{Place, State};
use super::lane::LaneLoop;
use super::shared::Shared;
use crate::clock::Nanos;
use crate::errors::ErrorKind;
use crate::sockets::{self, Dial};
use crate::workload::{Counting, Heard, Input, Life, Loss, Opening, Reading, Verdict};
use rustix::event::epoll::EventFlags;
use rustix::io::Errno;
use rustix::net::{SendFlags, send};
use std::time::Duration;

/// The most bytes of an incomplete message.
const INPUT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// What an empty buffer may keep of its memory.
const IDLE_BYTES_MAX: usize = 64 * 1024;
/// Connections that stall are told of an end or a reset, and of nothing else.
const NO_READS: EventFlags = EventFlags::RDHUP;
/// Sources of connections that last for one request, and of each further lane, are apart.
const NUMBERS_OF_A_LANE: u32 = 40_000_000;

impl LaneLoop {
    /// Begins to make a connection.
    pub(super) fn dial(&mut self, conn: u32, now: Nanos, shared: &mut Shared) {
        let place = self.place(conn);
        let number = self.number_of(conn);
        let small_buffer = self.lane.reading != Reading::AtOnce;
        let dialled = sockets::dial(Dial { to: self.lane.address, number, small_buffer });
        let watched = dialled.and_then(|socket| {
            shared.watch(&socket, place, EventFlags::OUT)?;
            Ok(socket)
        });
        match watched {
            Ok(socket) => {
                let state = &mut self.conns[conn as usize];
                state.socket = Some(socket);
                state.state = State::Connecting;
                state.since = now;
                shared.connecting += 1;
            }
            Err(error) => self.not_connected(conn, &error, now, shared),
        }
    }

    /// Connections that are kept have the same source each time; others take all in turn.
    fn number_of(&mut self, conn: u32) -> u32 {
        let own = match self.lane.life {
            Life::Kept => self.lane.share.first + conn,
            Life::OneRequest => {
                self.dialled = self.dialled.wrapping_add(1);
                let turn = self.dialled.wrapping_mul(self.lane.share.workers);
                turn.wrapping_add(self.lane.share.worker) % NUMBERS_OF_A_LANE
            }
        };
        let lane = u32::try_from(self.number).expect("lanes are few");
        lane.wrapping_mul(NUMBERS_OF_A_LANE).wrapping_add(own)
    }

    /// A connection could not be made, or is there no more before it was.
    fn not_connected(
        &mut self,
        conn: u32,
        error: &std::io::Error,
        now: Nanos,
        shared: &mut Shared,
    ) {
        let kind = match error.kind() {
            std::io::ErrorKind::ConnectionRefused => ErrorKind::Refused,
            std::io::ErrorKind::ConnectionReset => ErrorKind::Reset,
            std::io::ErrorKind::TimedOut => ErrorKind::ConnectTimeout,
            _ => ErrorKind::Socket,
        };
        let address = self.lane.address;
        self.figures.errors.record(kind, || format!("no connection to {address}: {error}"));
        shared.not_connected(now);
        self.conns[conn as usize].failures += 1;
        self.put_away(conn, now, shared);
    }

    /// Something has happened to a socket.
    pub(super) fn event(&mut self, place: Place, flags: EventFlags, shared: &mut Shared) {
        let conn = place.conn;
        let Some(state) = self.conns.get(conn as usize) else { return };
        if state.generation != place.generation || state.socket.is_none() {
            return;
        }
        if state.state == State::Connecting {
            return self.settled(conn, shared);
        }
        if flags.contains(EventFlags::OUT) && !state.unsent.is_empty() {
            self.flush(conn, shared);
        }
        // Before a connection goes, what is there says why.
        let over = flags.intersects(EventFlags::HUP | EventFlags::ERR | EventFlags::RDHUP);
        if over || flags.contains(EventFlags::IN) {
            self.read(conn, shared);
        }
    }

    /// A connection is there, or has failed.
    fn settled(&mut self, conn: u32, shared: &mut Shared) {
        let now = Nanos::now();
        let place = self.place(conn);
        let state = &mut self.conns[conn as usize];
        let Some(socket) = &state.socket else { return };
        let error = match socket.take_error() {
            Ok(None) => None,
            Ok(Some(error)) | Err(error) => Some(error),
        };
        let watched = error.map_or(Ok(()), Err).and_then(|()| {
            shared.rewatch(socket, place, EventFlags::IN)?;
            Ok(())
        });
        if let Err(error) = watched {
            self.not_connected(conn, &error, now, shared);
            return;
        }
        shared.connecting -= 1;
        shared.connected();
        state.since = now;
        self.figures.connections.opened += 1;
        shared.out.clear();
        state.state = State::Opening;
        let opening = self.traffic.open(conn, &mut shared.out);
        if !shared.out.is_empty() {
            self.write(conn, shared);
        }
        if opening == Opening::Ready {
            self.ready(conn, shared);
        }
    }

    /// A connection can ask.
    fn ready(&mut self, conn: u32, shared: &mut Shared) {
        let place = self.place(conn);
        let state = &mut self.conns[conn as usize];
        if state.state != State::Opening {
            return;
        }
        state.state = State::Open;
        state.used = false;
        self.figures.connections.ready += 1;
        if let Some(pending) = state.pending.take() {
            self.ask(conn, pending.operation, pending.intended, shared);
            return;
        }
        if self.lane.reading != Reading::AtOnce {
            self.turn_reading(conn, place.generation, Nanos::now(), shared);
        }
        self.enqueue(conn);
    }

    /// What a connection waits for has changed.
    fn watch_anew(&mut self, conn: u32, shared: &mut Shared) {
        let place = self.place(conn);
        let state = &self.conns[conn as usize];
        let reads = if state.stalls { NO_READS } else { EventFlags::IN };
        let writes = if state.unsent.is_empty() { EventFlags::empty() } else { EventFlags::OUT };
        let Some(socket) = &state.socket else { return };
        if let Err(error) = shared.rewatch(socket, place, reads | writes) {
            let text = || format!("a socket cannot be watched: {error}");
            self.figures.errors.record(ErrorKind::Socket, text);
            self.close(conn, shared);
        }
    }

    /// Sends what is in `shared.out`, or keeps what the socket does not take.
    pub(super) fn write(&mut self, conn: u32, shared: &mut Shared) {
        let state = &mut self.conns[conn as usize];
        let Some(socket) = &state.socket else { return };
        if !state.unsent.is_empty() {
            state.unsent.extend_from_slice(&shared.out);
            return;
        }
        shared.calls.writes += 1;
        let sent = match send(socket, &shared.out, SendFlags::NOSIGNAL) {
            Ok(sent) => sent,
            Err(Errno::AGAIN | Errno::INTR) => 0,
            Err(_) => return self.lost(conn, Loss::Reset, shared),
        };
        self.figures.bytes_sent += sent as u64;
        if sent < shared.out.len() {
            state.unsent.extend_from_slice(&shared.out[sent..]);
            self.watch_anew(conn, shared);
        }
    }

    /// Sends what was kept.
    fn flush(&mut self, conn: u32, shared: &mut Shared) {
        shared.out.clear();
        shared.out.append(&mut self.conns[conn as usize].unsent);
        self.write(conn, shared);
        let state = &self.conns[conn as usize];
        if state.unsent.is_empty() && state.closing {
            self.close(conn, shared);
        } else if state.unsent.is_empty() {
            self.watch_anew(conn, shared);
        }
    }

    /// Reads once.
    fn read(&mut self, conn: u32, shared: &mut Shared) {
        let Some(socket) = &self.conns[conn as usize].socket else { return };
        let result = rustix::io::read(socket, &mut shared.read[..]);
        let read_at = Nanos::now();
        shared.calls.reads += 1;
        match result {
            Ok(0) => {
                self.take_in(conn, 0, read_at, true, shared);
                self.lost(conn, Loss::End, shared);
            }
            Ok(count) => self.take_in(conn, count, read_at, false, shared),
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(_) => self.lost(conn, Loss::Reset, shared),
        }
    }

    /// Gives what was read to the traffic.
    fn take_in(
        &mut self,
        conn: u32,
        count: usize,
        read_at: Nanos,
        ended: bool,
        shared: &mut Shared,
    ) {
        self.figures.bytes_received += count as u64;
        shared.out.clear();
        let state = &mut self.conns[conn as usize];
        let fresh = &shared.read[..count];
        let mut kept = std::mem::take(&mut state.input);
        let was_empty = kept.is_empty();
        if !was_empty {
            kept.extend_from_slice(fresh);
        }
        let bytes = if was_empty { fresh } else { &kept };
        let opening = state.state == State::Opening;
        let counting = Counting { read_at, opening, ..shared.counting };
        let mut heard = Heard::new(counting, &mut state.asked, &mut self.figures, &mut shared.out);
        let used = self.traffic.receive(conn, Input { bytes, ended }, &mut heard);
        let left = bytes.len() - used.min(bytes.len());
        if left > INPUT_BYTES_MAX {
            let text = || format!("a message of more than {INPUT_BYTES_MAX} bytes");
            heard.fail(ErrorKind::Malformed, text);
        }
        let verdict = heard.verdict();
        if was_empty {
            kept.extend_from_slice(&fresh[count - left..]);
        } else {
            kept.drain(..kept.len() - left);
        }
        if kept.is_empty() && kept.capacity() > IDLE_BYTES_MAX {
            kept = Vec::new();
        }
        state.input = kept;
        self.obey(conn, verdict, shared);
    }

    /// Does what the traffic wants after it has heard something.
    fn obey(&mut self, conn: u32, verdict: Verdict, shared: &mut Shared) {
        if !shared.out.is_empty() {
            self.write(conn, shared);
        }
        if verdict.close {
            let state = &mut self.conns[conn as usize];
            state.closing = true;
            if state.unsent.is_empty() {
                self.close(conn, shared);
            }
            return;
        }
        if verdict.ready {
            self.ready(conn, shared);
        }
        let answered = self.conns[conn as usize].asked.is_empty();
        if self.lane.life == Life::OneRequest && answered {
            self.close(conn, shared);
        } else {
            self.enqueue(conn);
        }
    }

    /// The server has ended a connection.
    fn lost(&mut self, conn: u32, loss: Loss, shared: &mut Shared) {
        let state = &mut self.conns[conn as usize];
        if state.socket.is_none() {
            return;
        }
        if !state.closing {
            shared.out.clear();
            let opening = state.state == State::Opening;
            let counting = Counting { read_at: Nanos::now(), opening, ..shared.counting };
            let mut heard =
                Heard::new(counting, &mut state.asked, &mut self.figures, &mut shared.out);
            self.traffic.ended(conn, loss, &mut heard);
        }
        self.close(conn, shared);
    }

    /// Ends a connection, for whatever reason; what is outstanding has failed.
    pub(super) fn close(&mut self, conn: u32, shared: &mut Shared) {
        let state = &mut self.conns[conn as usize];
        if !state.asked.is_empty() {
            let counting = Counting { read_at: Nanos::now(), ..shared.counting };
            let mut heard =
                Heard::new(counting, &mut state.asked, &mut self.figures, &mut shared.out);
            heard.fail(ErrorKind::ClosedEarly, || "a connection ended before its answers".into());
        }
        self.put_away(conn, Nanos::now(), shared);
    }

    /// Puts a connection away, and has it made anew where it is to be.
    pub(super) fn put_away(&mut self, conn: u32, now: Nanos, shared: &mut Shared) {
        let state = &mut self.conns[conn as usize];
        match state.state {
            State::Connecting => shared.connecting -= 1,
            State::Open => {
                self.figures.connections.ready -= 1;
                state.failures = if state.used { 0 } else { state.failures + 1 };
            }
            State::Opening => state.failures += 1,
            State::Closed { .. } => {}
        }
        let was_there = state.put_away();
        if let Some(pending) = state.pending.take()
            && pending.intended >= shared.counting.from
        {
            let waited_ns = now.since(pending.intended);
            self.figures.operations[pending.operation].failed_after(waited_ns);
        }
        if was_there {
            self.traffic.closed(conn);
        }
        match self.lane.life {
            Life::OneRequest => self.enqueue(conn),
            Life::Kept if self.traffic.returns(conn) => {
                let state = &mut self.conns[conn as usize];
                if state.failures == 0 {
                    self.redials.push_back(conn);
                } else {
                    // Whoever ends connections that were not asked anything is not asked at once.
                    state.state = State::Closed { again: state.again(now) };
                }
            }
            Life::Kept => {}
        }
    }

    /// Has connections stall, or read on, whose time has come.
    pub(super) fn turn_due(&mut self, now: Nanos, shared: &mut Shared) {
        while let Some((at, conn, generation)) = self.turns.first().copied() {
            if at > now {
                return;
            }
            self.turns.pop_first();
            let state = &self.conns[conn as usize];
            if state.generation == generation && state.socket.is_some() {
                self.turn_reading(conn, generation, now, shared);
            }
        }
    }

    /// A connection stalls if it did not, and reads on if it did.
    fn turn_reading(&mut self, conn: u32, generation: u32, now: Nanos, shared: &mut Shared) {
        let Reading::Stalling { stalls, reads } = self.lane.reading else { return };
        let state = &mut self.conns[conn as usize];
        state.stalls = !state.stalls;
        let lasts = if state.stalls { stalls } else { reads }.max(Duration::from_millis(1));
        self.turns.insert((now + lasts, conn, generation));
        self.watch_anew(conn, shared);
    }

    /// When a connection that stalls reads next, or the other way round.
    pub(super) fn next_turn(&self) -> Nanos {
        self.turns.first().map_or(Nanos::NEVER, |(at, ..)| *at)
    }
}
