//! The engine itself as a peer: one shard, one partition, virtual time, no sockets.
//!
//! It owns the peers' ends of the connections, and knows no transcript. The store is the driver's.

use crate::config::{BEGIN, Config};
use crate::pattern::Clock;
use crate::peer::{Conn, Peer, Read, Unable, Wait};
use driver::store::{Memory, Store as _};
use engine_core::api::hunts::{Hunts, Settings};
use engine_core::arena::{Arena, ArenaMeters};
use engine_core::error::{Problem, Refusal};
use engine_core::game::hash::Seed;
use engine_core::limits::Limits;
use engine_core::seam::{
    After, Applied, ConnId, Listener, Observe, Outgoing, Output, Reply, Request, Submit, WorkerId,
};
use engine_core::shard::{CONNECTIONS_FULL, Shard};
use engine_core::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The step in which time passes.
const STEP_MS: u64 = 10;

/// The engine, its store and the peers' ends of its connections.
#[derive(Debug)]
pub struct Core<A: Arena> {
    shard: Shard<A, Hunts>,
    store: Store<A>,
    now: Timestamp,
    drain_ms: u64,
    wires: Vec<Wire>,
    places: BTreeMap<(u32, u32), Conn>,
    applied: Applied,
}

/// The peer's end of a connection.
#[derive(Debug, Default)]
struct Wire {
    /// None where it was too many.
    id: Option<ConnId>,
    /// Sent by the peer and not yet consumed.
    tail: Vec<u8>,
    /// Received and not yet read.
    arrived: Vec<u8>,
    /// A write that is not complete, since the peer does not read.
    in_flight: Option<(Outgoing, After)>,
    paused: bool,
    ended: bool,
    gone: bool,
}

impl<A: Arena> Core<A> {
    /// An engine without quests and hunts, with these limits in place of the configured ones.
    #[must_use]
    pub fn new(config: &Config, limits: Limits) -> Self {
        let limits = Arc::new(limits);
        let settings = Settings {
            keys: config.keys.clone(),
            allowed_origins: config.allowed_origins.clone(),
            admin_on_public: config.admin_on_public,
            limits: limits.clone(),
        };
        let meters = ArenaMeters::default();
        let scratch = A::new(meters.scratch.clone());
        let service = Hunts::new(Arc::new(settings));
        Self {
            shard: Shard::new(WorkerId(0), limits.clone(), scratch, service),
            store: Store::new(limits, meters),
            now: BEGIN,
            drain_ms: config.drain_ms,
            wires: Vec::new(),
            places: BTreeMap::new(),
            applied: Applied::default(),
        }
    }

    fn offer(&mut self, conn: Conn) {
        let Some(id) = self.wires[conn].id else { return };
        if self.wires[conn].gone || self.wires[conn].tail.is_empty() || !self.shard.wants_read(id) {
            return;
        }
        let mut tail = std::mem::take(&mut self.wires[conn].tail);
        let consumed = self.shard.receive(self.now, id, &mut tail);
        tail.drain(..consumed);
        self.wires[conn].tail = tail;
        self.drain_outputs();
    }

    fn drain_outputs(&mut self) {
        while let Some(output) = self.shard.poll_output() {
            match output {
                Output::Submit(submit) => {
                    let mut applied = std::mem::take(&mut self.applied);
                    applied.clear();
                    self.store.apply(self.now, submit, &mut applied);
                    self.shard.applied(self.now, &applied);
                    self.applied = applied;
                }
                Output::Transmit { conn, buf, after } => {
                    let Some(place) = self.place(conn) else { continue };
                    let wire = &mut self.wires[place];
                    assert!(wire.in_flight.is_none(), "one write at a time");
                    wire.in_flight = Some((buf, after));
                    if !wire.paused {
                        self.complete(place);
                    }
                }
                Output::Resume(conn) => {
                    if let Some(place) = self.place(conn) {
                        self.offer(place);
                    }
                }
                Output::Abort(conn) => {
                    if let Some(place) = self.place(conn) {
                        self.end(place);
                        self.wires[place].gone = true;
                    }
                }
            }
        }
    }

    fn place(&self, id: ConnId) -> Option<Conn> {
        self.places.get(&(id.index, id.generation)).copied()
    }

    /// A write is complete: what it held has arrived.
    fn complete(&mut self, conn: Conn) {
        let wire = &mut self.wires[conn];
        let (Some((buf, after)), Some(id)) = (wire.in_flight.take(), wire.id) else { return };
        wire.arrived.extend_from_slice(&buf);
        wire.ended |= after == After::Close;
        self.shard.sent(self.now, id, buf);
    }

    /// The socket is closed.
    fn end(&mut self, conn: Conn) {
        let wire = &mut self.wires[conn];
        wire.ended = true;
        wire.in_flight = None;
        if let Some(id) = wire.id.take() {
            self.places.remove(&(id.index, id.generation));
            self.shard.closed(self.now, id);
        }
    }
}

impl<A: Arena> Peer for Core<A> {
    fn connect(&mut self, admin: bool) -> Result<Conn, String> {
        let listener = if admin { Listener::Admin } else { Listener::Public };
        let conn = self.wires.len();
        let mut wire = Wire { id: self.shard.open(self.now, listener), ..Wire::default() };
        match wire.id {
            Some(id) => {
                self.places.insert((id.index, id.generation), conn);
            }
            None => {
                wire.arrived.extend_from_slice(CONNECTIONS_FULL);
                wire.ended = true;
            }
        }
        self.wires.push(wire);
        self.drain_outputs();
        Ok(conn)
    }

    fn send(&mut self, conn: Conn, bytes: &[u8]) {
        self.wires[conn].tail.extend_from_slice(bytes);
        self.offer(conn);
    }

    fn receive(&mut self, conn: Conn, _: Wait, buf: &mut Vec<u8>) -> Read {
        let wire = &mut self.wires[conn];
        if !wire.arrived.is_empty() {
            buf.append(&mut wire.arrived);
            Read::Some
        } else if wire.ended {
            Read::Ended
        } else {
            Read::Nothing
        }
    }

    fn end_sending(&mut self, conn: Conn) {
        self.end(conn);
        self.drain_outputs();
    }

    fn cut(&mut self, conn: Conn) {
        self.end(conn);
        self.wires[conn].gone = true;
        self.drain_outputs();
    }

    fn is_gone(&mut self, conn: Conn) -> bool {
        self.wires[conn].gone
    }

    fn reading(&mut self, conn: Conn, on: bool) -> Result<(), Unable> {
        self.wires[conn].paused = !on;
        if on {
            self.complete(conn);
            self.drain_outputs();
        }
        Ok(())
    }

    fn advance(&mut self, ms: u32) {
        let end = self.now.after_ms(u64::from(ms));
        while self.now < end {
            let left = end.ms_since(self.now);
            self.now = self.now.after_ms(left.min(STEP_MS));
            let frames = self.store.tick(self.now);
            self.shard.applied(self.now, &frames);
            self.shard.tick(self.now);
            self.drain_outputs();
        }
    }

    fn clock(&self) -> Clock {
        Clock::Virtual(self.now.unix_s())
    }

    fn drain(&mut self) -> Result<(), Unable> {
        self.store.ready = false;
        self.shard.drain(self.now, self.now.after_ms(self.drain_ms));
        self.drain_outputs();
        Ok(())
    }

    fn fail_store(&mut self) -> Result<(), Unable> {
        self.store.fails = true;
        Ok(())
    }
}

/// The store of a server, and the faults that a transcript asks for.
#[derive(Debug)]
struct Store<A: Arena> {
    memory: Memory<A>,
    ready: bool,
    fails: bool,
}

impl<A: Arena> Store<A> {
    fn new(limits: Arc<Limits>, meters: ArenaMeters) -> Self {
        let memory = Memory::new(1, Seed(1), meters, limits);
        Self { memory, ready: true, fails: false }
    }

    fn apply(&mut self, now: Timestamp, submit: Submit, applied: &mut Applied) {
        let watches = matches!(submit.request, Request::Watch(_));
        if !watches && std::mem::take(&mut self.fails) {
            applied.replies.push((submit.to, Reply::Refused(Problem::Internal.into())));
        } else if let Request::Observe(what) = submit.request {
            applied.replies.push((submit.to, self.observe(what)));
        } else {
            self.memory.submit(now, submit, applied);
        }
    }

    fn observe(&self, what: Observe) -> Reply {
        let (content_type, body) = match what {
            Observe::Ready if !self.ready => {
                let refusal = Refusal::because(Problem::NotReady, "the server is draining");
                return Reply::Refused(refusal);
            }
            Observe::Ready => ("application/json", &br#"{"status":"ready"}"#[..]),
            Observe::Health => ("application/json", &br#"{"status":"ok"}"#[..]),
            Observe::Metrics => {
                ("application/openmetrics-text; version=1.0.0; charset=utf-8", &b"# EOF\n"[..])
            }
        };
        Reply::Document { status: 200, content_type, body: body.to_vec() }
    }

    fn tick(&mut self, now: Timestamp) -> Applied {
        let mut published = Vec::new();
        self.memory.tick(now, WorkerId(0), &mut published);
        let frames = published.into_iter().map(|published| published.frame).collect();
        Applied { frames, ..Applied::default() }
    }
}
