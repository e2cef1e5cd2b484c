//! What is served over the connections: the game's API, or another application of the same engine.
//!
//! The shard knows HTTP and WebSocket; a [`Service`] knows paths, bodies and messages. It is asked
//! in this order: [`route`](Service::route) when a head is complete, [`call`](Service::call) when
//! its body is, [`respond`](Service::respond) when the store has answered. Once a connection is
//! upgraded, [`message`](Service::message) and [`reply`](Service::reply) take their place.

use crate::arena::Allocator;
use crate::error::{Problem, Refusal};
use crate::figures::RouteName;
use crate::http::head::Head;
use crate::seam::{Applied, Codec, Listener, Reply, Request, Watch};
use crate::time::Timestamp;
use crate::websocket::close::CloseCode;
use crate::websocket::message::Kind;
use alloc::vec::Vec;
use core::fmt::Debug;

/// Decides what a request or a message means. One value per shard.
pub trait Service: Send + 'static {
    /// What the head of a request decided, kept while its body arrives.
    type Route: Debug + Send;

    /// Who is at the other end of an upgraded connection.
    type Session: Debug + Send;

    /// The head of a request is complete.
    fn route<A: Allocator + Copy>(
        &mut self,
        now: Timestamp,
        listener: Listener,
        head: &Head<'_>,
        scratch: A,
    ) -> Routed<Self::Route>;

    /// The body is complete. A body of the response is written to `out`, which is empty.
    fn call<A: Allocator + Copy>(
        &mut self,
        now: Timestamp,
        route: Self::Route,
        body: &[u8],
        scratch: A,
        out: &mut Vec<u8>,
    ) -> Answer<Self::Session>;

    /// The store has answered. The body of the response is written to `out`, which is empty.
    fn respond(
        &mut self,
        now: Timestamp,
        applied: &Applied,
        reply: &Reply,
        out: &mut Vec<u8>,
    ) -> Response;

    /// A WebSocket message is complete. A payload to send is written to `out`, which is empty.
    fn message<A: Allocator + Copy>(
        &mut self,
        session: &Self::Session,
        kind: Kind,
        payload: &mut [u8],
        scratch: A,
        out: &mut Vec<u8>,
    ) -> MessageAnswer;

    /// The store has answered a message. The payload to send is written to `out`, which is empty.
    fn reply(
        &mut self,
        session: &Self::Session,
        seq: u32,
        reply: &Reply,
        out: &mut Vec<u8>,
    ) -> Kind;

    /// In which encoding the session gets broadcasts.
    fn codec(&self, session: &Self::Session) -> Codec;

    /// What asks the store for a full frame, for a session that missed some.
    fn snapshot(&self, session: &Self::Session) -> Option<Request>;

    /// What tells the store that the session ended.
    fn left(&self, session: &Self::Session) -> Option<Request>;
}

/// What the head of a request decided.
#[derive(Debug)]
pub struct Routed<R> {
    /// What the request is counted as.
    pub name: RouteName,
    /// Where it goes, or why nowhere.
    pub verdict: Result<R, Refused>,
    /// Whether it is refused with 411 where it has no body.
    pub wants_body: bool,
    /// The largest body, in bytes.
    pub body_bytes_max: usize,
}

/// A refusal and the field that goes with it.
#[derive(Debug)]
pub struct Refused {
    /// The refusal.
    pub refusal: Refusal,
    /// `Allow`, with 405.
    pub allow: Option<&'static str>,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, allow: None }
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self { refusal: problem.into(), allow: None }
    }
}

/// What a request is answered with.
#[derive(Debug)]
pub enum Answer<S> {
    /// This, now.
    Respond(Response),
    /// Whatever the store says.
    Submit(Request),
    /// 101, when the store has agreed to `watch`, or at once where there is none.
    Upgrade {
        /// Who is at the other end from then on.
        session: S,
        /// `Sec-WebSocket-Accept`.
        accept: [u8; 28],
        /// `Sec-WebSocket-Protocol`.
        protocol: Option<&'static str>,
        /// What the store must agree to.
        watch: Option<Watch>,
    },
}

/// A response, its body aside.
#[derive(Debug)]
pub enum Response {
    /// A success.
    Success {
        /// The status code.
        status: u16,
        /// The media type; none where there is no body.
        content_type: Option<&'static str>,
        /// `Allow`, to OPTIONS.
        allow: Option<&'static str>,
    },
    /// A problem document; what was written to `out` is replaced by it.
    Problem(Refused),
}

impl Response {
    /// A JSON body.
    #[must_use]
    pub fn json(status: u16) -> Self {
        Self::Success { status, content_type: Some("application/json"), allow: None }
    }
}

/// What a message is answered with.
#[derive(Debug)]
pub enum MessageAnswer {
    /// The payload in `out`, as a message of this kind.
    Send(Kind),
    /// Whatever the store says, under the sequence number that the message had.
    Submit {
        /// The number.
        seq: u32,
        /// What is asked.
        request: Request,
    },
    /// The end of the connection.
    Close(CloseCode),
}
