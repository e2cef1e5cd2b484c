//! One connection: HTTP/1.1, then perhaps WebSocket, then closing. State and its deadlines only;
//! what happens in a state is in `exchange`, `play` and `sweep`.

use crate::http::body::BodyReader;
use crate::http::scan::HeadScan;
use crate::limits::Limits;
use crate::outbound::Outbound;
use crate::replies::{Exchange, Replies};
use crate::rooms::Membership;
use crate::seam::{ConnId, Listener, Watch};
use crate::service::{Refused, Service};
use crate::time::Timestamp;
use crate::websocket::message::Decoder;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// The state of one connection.
#[derive(Debug)]
pub(crate) struct Connection<S: Service> {
    pub(crate) id: ConnId,
    pub(crate) listener: Listener,
    pub(crate) phase: Phase<S>,
    /// When the phase began, or what it waits for did.
    pub(crate) since: Timestamp,
    /// When the peer last sent a byte.
    pub(crate) heard: Timestamp,
    pub(crate) replies: Replies,
    pub(crate) outbound: Outbound,
    /// Who plays, from the upgrade to the end.
    pub(crate) session: Option<S::Session>,
    /// Whether it was upgraded.
    pub(crate) upgraded: bool,
    pub(crate) room: Option<Membership>,
    /// Whether a broadcast was left out since the last full frame.
    pub(crate) missed: Missed,
    /// Tick and revision of the last full frame.
    pub(crate) full_frame: (u32, u32),
    /// Whether bytes were offered that are not consumed yet.
    pub(crate) backlog: bool,
    /// Whether reading was found to be stopped; a `Resume` is owed.
    pub(crate) paused: bool,
    /// Whether it is queued for a transmit.
    pub(crate) dirty: bool,
    /// When a drain closes it; while discarding, when it is aborted.
    pub(crate) close_at: Option<Timestamp>,
}

/// Where a connection stands. What is seldom is boxed, so that idle connections are
/// small.
#[derive(Debug)]
pub(crate) enum Phase<S: Service> {
    /// Between requests, or within a head.
    Head(HeadScan),
    /// Within a body that came in pieces.
    Body(Box<Inbound<S>>),
    /// The store is asked whether the connection may be upgraded, once earlier replies are out.
    Upgrading(Box<Upgrade>),
    /// WebSocket.
    Open {
        decoder: Decoder,
        /// Whether a ping waits for any sign of life.
        pinged: bool,
    },
    /// WebSocket, our Close frame sent, the peer's awaited.
    Closing { decoder: Decoder },
    /// Nothing that arrives is looked at any more; what is queued still goes out.
    Discarding,
    /// The driver was told to end the connection.
    Aborted,
}

/// An upgrade on its way.
#[derive(Debug)]
pub(crate) struct Upgrade {
    pub(crate) exchange: Exchange,
    pub(crate) accept: [u8; 28],
    pub(crate) protocol: Option<&'static str>,
    /// What the store is still to be asked.
    pub(crate) watch: Option<Watch>,
    /// The reply slot of what it was asked.
    pub(crate) asked: Option<u32>,
}

/// A request whose body is arriving.
#[derive(Debug)]
pub(crate) struct Inbound<S: Service> {
    pub(crate) exchange: Exchange,
    pub(crate) verdict: Result<S::Route, Refused>,
    pub(crate) reader: BodyReader,
    pub(crate) body: Vec<u8>,
}

/// Whether a watcher has all frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missed {
    /// It has.
    Nothing,
    /// Frames were left out.
    Frames,
    /// Frames were left out, and a full one is asked for.
    Asked,
}

/// What is due when a deadline passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// Nothing came for too long: close without a word.
    KeepAlive,
    /// A head or a body came too slowly: 408.
    Request,
    /// A WebSocket peer is silent: ping it.
    Ping,
    /// A WebSocket peer stayed silent: 1001.
    Idle,
    /// The peer does not take its bytes.
    Stalled,
    /// The peer does not end.
    Overdue,
    /// A drain closes it.
    Drain,
}

impl<S: Service> Connection<S> {
    /// A connection that was just accepted.
    pub(crate) fn new(id: ConnId, listener: Listener, now: Timestamp) -> Self {
        Self {
            id,
            listener,
            phase: Phase::Head(HeadScan::default()),
            since: now,
            heard: now,
            replies: Replies::default(),
            outbound: Outbound::default(),
            session: None,
            upgraded: false,
            room: None,
            missed: Missed::Nothing,
            full_frame: (0, 0),
            backlog: false,
            paused: false,
            dirty: false,
            close_at: None,
        }
    }

    /// Whether what arrives can be taken in.
    pub(crate) fn may_read(&self, limits: &Limits) -> bool {
        match self.phase {
            Phase::Discarding | Phase::Aborted => true,
            Phase::Upgrading(_) => false,
            Phase::Head(_) | Phase::Body(_) | Phase::Open { .. } | Phase::Closing { .. } => {
                self.replies.len() < limits.pipeline_max
                    && self.outbound.unsent_bytes() < limits.outbound_high_bytes
            }
        }
    }

    /// Whether it stands between two requests, with nothing to answer and nothing to send.
    pub(crate) fn is_at_rest(&self) -> bool {
        let between = matches!(&self.phase, Phase::Head(scan) if !scan.has_begun());
        between && self.replies.is_empty() && self.outbound.is_idle()
    }

    /// Reading goes on: the time for which the peer could not be heard does not count against it.
    pub(crate) fn goes_on(&mut self, now: Timestamp) {
        self.heard = now;
        if matches!(self.phase, Phase::Head(_) | Phase::Body(_)) {
            self.since = now;
        }
    }

    /// Whether responses are on their way that a peer waits for even when it has said all. Nobody
    /// plays in one direction, so an upgrade is none.
    pub(crate) fn owes(&self) -> bool {
        let answers = match &self.phase {
            Phase::Head(_) | Phase::Body(_) => true,
            Phase::Upgrading(upgrade) => upgrade.asked.is_none(),
            Phase::Discarding => !self.upgraded,
            Phase::Open { .. } | Phase::Closing { .. } | Phase::Aborted => false,
        };
        answers && !(self.replies.is_empty() && self.outbound.is_idle())
    }

    /// Whether the driver was told to end it.
    pub(crate) fn is_aborted(&self) -> bool {
        matches!(self.phase, Phase::Aborted)
    }

    /// Whether nothing that arrives matters any more.
    pub(crate) fn is_ending(&self) -> bool {
        matches!(self.phase, Phase::Discarding | Phase::Aborted)
    }

    /// Stops looking at what arrives. The bytes that are queued still go out.
    pub(crate) fn discard(&mut self, now: Timestamp) {
        self.phase = Phase::Discarding;
        self.since = now;
        self.close_at = None;
    }

    /// What is due at `now`, the most severe first.
    pub(crate) fn due(&self, now: Timestamp, limits: &Limits) -> Option<Due> {
        if matches!(self.phase, Phase::Aborted) {
            return None;
        }
        let past = |since: Timestamp, ms: usize| now.ms_since(since) >= ms as u64;
        if self.close_at.is_some_and(|at| now >= at) {
            return Some(Due::Drain);
        }
        let doomed = matches!(self.phase, Phase::Discarding) && self.close_at.is_some();
        let stalled = self.outbound.stalled_since();
        if !doomed && stalled.is_some_and(|since| past(since, limits.write_stall_ms)) {
            return Some(Due::Stalled);
        }
        match &self.phase {
            // What is not read cannot come to its end.
            Phase::Head(_) | Phase::Body(_) if self.paused => None,
            Phase::Head(scan) if scan.has_begun() => {
                past(self.since, limits.head_timeout_ms).then_some(Due::Request)
            }
            Phase::Head(_) => {
                let rests =
                    self.is_at_rest() && past(self.outbound.idle_since(), limits.keep_alive_ms);
                (rests && past(self.since, limits.keep_alive_ms)).then_some(Due::KeepAlive)
            }
            Phase::Body(_) => past(self.since, limits.body_timeout_ms).then_some(Due::Request),
            Phase::Upgrading(_) | Phase::Aborted => None,
            Phase::Open { pinged, .. } => {
                if past(self.heard, limits.idle_ms) {
                    Some(Due::Idle)
                } else {
                    (!pinged && past(self.heard, limits.ping_ms)).then_some(Due::Ping)
                }
            }
            Phase::Closing { .. } => past(self.since, limits.close_ms).then_some(Due::Overdue),
            Phase::Discarding => (self.outbound.is_closed() && past(self.since, limits.linger_ms))
                .then_some(Due::Overdue),
        }
    }
}
