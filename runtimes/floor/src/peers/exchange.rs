//! One HTTP exchange: a head, a body within its bounds and its time, and what the game answers.
//!
//! The order of what is looked at is the engine's. How bytes become requests, and responses bytes,
//! is the library's.

use super::head;
use super::observe::observe;
use super::world::{Seat, Shared};
use crate::game::{Answered, Outcome};
use engine_core::api::hunts::Route;
use engine_core::arena::Global;
use engine_core::error::{Problem, Refusal};
use engine_core::figures::RouteName;
use engine_core::http::head::{Expect, Framing};
use engine_core::seam::Listener;
use engine_core::service::{Refused, Service};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Bytes};
use hyper::header::{self, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use std::error::Error;
use std::pin::pin;
use std::time::Duration;

/// What a request is answered with.
#[derive(Debug)]
pub enum Reply<M> {
    /// A response.
    Response(Response<Bytes>),
    /// 101, and then the game over WebSocket.
    Play {
        /// `Sec-WebSocket-Accept`.
        accept: [u8; 28],
        /// `Sec-WebSocket-Protocol`.
        protocol: Option<&'static str>,
        /// Where the connection watches.
        seat: Seat<M>,
    },
}

/// What the head of a request decided.
struct Decided {
    name: RouteName,
    verdict: Result<Route, Refused>,
    framing: Framing,
    body_bytes_max: usize,
    /// Whether the connection ends with the response.
    last: bool,
    /// Whether the body, if there is one, is read before the response.
    reads: bool,
}

/// Answers a request.
pub async fn answer<H, B>(
    shared: &H,
    listener: Listener,
    parts: &Parts,
    body: B,
) -> Reply<H::Message>
where
    H: Shared,
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let Decided { name, verdict, framing, body_bytes_max, mut last, reads } =
        decide(shared, listener, parts);
    let mut verdict = verdict;
    let mut bytes = Bytes::new();
    if reads && framing != Framing::None {
        let within = Duration::from_millis(shared.server().limits.body_timeout_ms as u64);
        match read_body(body, body_bytes_max, within).await {
            Ok(read) => bytes = read,
            Err(refusal) => {
                last = true;
                verdict = Err(refusal.into());
            }
        }
    }
    let last = last || shared.server().drains();
    match verdict {
        Ok(Route::Observe(what)) => match observe(shared, what) {
            Ok(document) => respond_document(shared, name, document, last),
            Err(refusal) => refuse(shared, name, &refusal.into(), last),
        },
        Ok(route) => call(shared, name, route, &bytes, last),
        Err(refused) => refuse(shared, name, &refused, last),
    }
}

/// Decides by the head alone.
fn decide<H: Shared>(shared: &H, listener: Listener, parts: &Parts) -> Decided {
    let server = shared.server();
    let mut text = Vec::new();
    let head = match head::read(parts, &mut text, &server.limits) {
        Ok(head) => head,
        Err(refusal) => {
            return Decided {
                name: RouteName::None,
                verdict: Err(refusal.into()),
                framing: Framing::None,
                body_bytes_max: 0,
                last: true,
                reads: false,
            };
        }
    };
    let now = server.clock.now().timestamp();
    let routed = server.api.clone().route(now, listener, &head, Global);
    let mut verdict = routed.verdict;
    let is_malformed = |refused: &Refused| refused.refusal.problem == Problem::MalformedRequest;
    let mut last = !head.keep_alive || verdict.as_ref().is_err_and(is_malformed);
    let framed = !matches!(head.body, Framing::None | Framing::Length(0));
    let expects = head.expect != Expect::None && !head.http10 && framed;
    if head.expect == Expect::Other {
        verdict = Err(Problem::ExpectationFailed.into());
    }
    if verdict.is_ok() && routed.wants_body && head.body == Framing::None {
        verdict = Err(Problem::LengthRequired.into());
    }
    let fits = !matches!(head.body, Framing::Length(bytes) if bytes > routed.body_bytes_max as u64);
    let reads = fits && (verdict.is_ok() || !expects);
    if !reads {
        // Nothing after the body that is not read is framed.
        last = true;
        verdict = verdict.and(Err(Problem::BodyTooLarge.into()));
    }
    let (name, framing, body_bytes_max) = (routed.name, head.body, routed.body_bytes_max);
    Decided { name, verdict, framing, body_bytes_max, last, reads }
}

/// Reads a body, as far as it may be long and take.
async fn read_body<B>(body: B, bytes_max: usize, within: Duration) -> Result<Bytes, Refusal>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let collected = pin!(Limited::new(body, bytes_max).collect());
    match tokio::time::timeout(within, collected).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Problem::BodyTooLarge.into()),
        Ok(Err(_)) => Err(Problem::MalformedRequest.into()),
        Err(_) => Err(Problem::RequestTimeout.into()),
    }
}

/// Asks the game.
fn call<H: Shared>(
    shared: &H,
    name: RouteName,
    route: Route,
    body: &[u8],
    last: bool,
) -> Reply<H::Message> {
    shared.with(|world| {
        let answered = match world.game.call(route, body) {
            Outcome::Answered(answered) => answered,
            Outcome::Upgrade { player, accept, protocol } => match world.enter(player) {
                Ok(seat) => {
                    world.responded(name, 101);
                    return Reply::Play { accept, protocol, seat };
                }
                Err(answered) => answered,
            },
        };
        world.responded(name, answered.status);
        Reply::Response(respond(answered, Bytes::copy_from_slice(&world.game.body), last))
    })
}

fn refuse<H: Shared>(
    shared: &H,
    name: RouteName,
    refused: &Refused,
    last: bool,
) -> Reply<H::Message> {
    shared.with(|world| {
        let answered = world.game.refuse(refused);
        world.responded(name, answered.status);
        Reply::Response(respond(answered, Bytes::copy_from_slice(&world.game.body), last))
    })
}

fn respond_document<H: Shared>(
    shared: &H,
    name: RouteName,
    (content_type, body): (&'static str, String),
    last: bool,
) -> Reply<H::Message> {
    let answered = Answered { status: 200, content_type: Some(content_type), allow: None };
    shared.with(|world| world.responded(name, answered.status));
    Reply::Response(respond(answered, body.into(), last))
}

/// The response; its length and date are the library's to say.
fn respond(answered: Answered, body: Bytes, last: bool) -> Response<Bytes> {
    let Answered { status, content_type, allow } = answered;
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).expect("the game's are known");
    let headers = response.headers_mut();
    if let Some(content_type) = content_type {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    if let Some(allow) = allow {
        headers.insert(header::ALLOW, HeaderValue::from_static(allow));
    }
    if last {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    match status {
        401 => {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        426 => {
            headers.append(header::CONNECTION, HeaderValue::from_static("Upgrade"));
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        }
        _ => {}
    }
    response
}
