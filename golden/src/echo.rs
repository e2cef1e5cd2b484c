//! The conformance application: what outside HTTP and WebSocket suites expect to talk to.
//!
//! It runs on the same shard and the same backends as the game, and is no part of the server:
//! `GET /` answers `OK`, POST to any path echoes the body, `/echo` echoes the head of the request
//! or, upgraded, every message, and `/cookie` lists the cookies it was sent.

use engine_core::arena::Allocator;
use engine_core::error::{Problem, Refusal};
use engine_core::figures::RouteName;
use engine_core::http::head::{Head, Method};
use engine_core::limits::Limits;
use engine_core::seam::{Applied, Codec, Listener, Reply, Request};
use engine_core::service::{Answer, MessageAnswer, Refused, Response, Routed, Service};
use engine_core::time::Timestamp;
use engine_core::websocket::handshake;
use engine_core::websocket::message::Kind;

/// The largest message and body, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The limits of the conformance server: those of the game, with room for the suites' messages.
#[must_use]
pub fn limits() -> Limits {
    Limits {
        message_bytes_max: MESSAGE_BYTES_MAX,
        body_bytes_max: MESSAGE_BYTES_MAX,
        outbound_bytes_max: 4 * MESSAGE_BYTES_MAX,
        outbound_high_bytes: MESSAGE_BYTES_MAX,
        ..Limits::default()
    }
}

/// The conformance application.
#[derive(Clone, Copy, Debug)]
pub struct Echo;

/// What the head of a request decided.
#[derive(Debug)]
pub enum Route {
    /// A body that is known already.
    Text(Vec<u8>),
    /// The body of the request.
    Body,
    /// A WebSocket connection.
    WebSocket([u8; 28]),
}

impl Echo {
    fn decide(head: &Head<'_>) -> Result<Route, Refused> {
        match (head.method, head.path) {
            (Method::Get, b"/echo") if head.upgrade_websocket => {
                let key = head.ws_key.filter(|key| handshake::valid_key(key));
                let key = key.filter(|_| head.connection_upgrade && !head.http10);
                let key = key.ok_or(Problem::InvalidHandshake)?;
                if head.ws_version != Some(b"13") {
                    return Err(Problem::UpgradeRequired.into());
                }
                Ok(Route::WebSocket(handshake::accept_key(key)))
            }
            (_, b"/echo") => Ok(Route::Text(head.raw.to_vec())),
            (_, b"/cookie") => Ok(Route::Text(cookies(head))),
            (Method::Post, _) => Ok(Route::Body),
            (Method::Get | Method::Head, b"/") => Ok(Route::Text(b"OK".to_vec())),
            (Method::Options, _) => Ok(Route::Text(Vec::new())),
            (Method::Trace | Method::Connect, _) => Err(Problem::UnknownMethod.into()),
            (_, b"/") => {
                let refusal = Refusal::from(Problem::MethodNotAllowed);
                Err(Refused { refusal, allow: Some("GET, HEAD, OPTIONS, POST") })
            }
            _ => Err(Problem::UnknownPath.into()),
        }
    }
}

/// The cookies of a head, a line each.
fn cookies(head: &Head<'_>) -> Vec<u8> {
    let mut lines = Vec::new();
    for value in head.values("cookie") {
        for pair in value.split(|b| *b == b';').map(<[u8]>::trim_ascii) {
            lines.extend_from_slice(pair);
            lines.push(b'\n');
        }
    }
    lines
}

impl Service for Echo {
    type Route = Route;
    type Session = ();

    fn route<A: Allocator + Copy>(
        &mut self,
        _: Timestamp,
        _: Listener,
        head: &Head<'_>,
        _: A,
    ) -> Routed<Route> {
        let verdict = Self::decide(head);
        let wants_body = matches!(verdict, Ok(Route::Body));
        Routed { name: RouteName::None, verdict, wants_body, body_bytes_max: MESSAGE_BYTES_MAX }
    }

    fn call<A: Allocator + Copy>(
        &mut self,
        _: Timestamp,
        route: Route,
        body: &[u8],
        _: A,
        out: &mut Vec<u8>,
    ) -> Answer<()> {
        match route {
            Route::Text(text) => out.extend_from_slice(&text),
            Route::Body => out.extend_from_slice(body),
            Route::WebSocket(accept) => {
                return Answer::Upgrade { session: (), accept, protocol: None, watch: None };
            }
        }
        let content_type = Some("text/plain");
        Answer::Respond(Response::Success { status: 200, content_type, allow: None })
    }

    fn respond(&mut self, _: Timestamp, _: &Applied, _: &Reply, _: &mut Vec<u8>) -> Response {
        Response::Problem(Problem::Internal.into())
    }

    fn message<A: Allocator + Copy>(
        &mut self,
        (): &(),
        kind: Kind,
        payload: &mut [u8],
        _: A,
        out: &mut Vec<u8>,
    ) -> MessageAnswer {
        out.extend_from_slice(payload);
        MessageAnswer::Send(kind)
    }

    fn reply(&mut self, (): &(), _: u32, _: &Reply, _: &mut Vec<u8>) -> Kind {
        Kind::Text
    }

    fn codec(&self, (): &()) -> Codec {
        Codec::Json
    }

    fn snapshot(&self, (): &()) -> Option<Request> {
        None
    }

    fn left(&self, (): &()) -> Option<Request> {
        None
    }
}
