//! The game behind hyper: one current_thread runtime and one listener, paths matched by hand.
//!
//! hyper reads and writes HTTP, tungstenite WebSocket; the rest is [`Game`].

use crate::game::{Answered, Game, Outcome};
use crate::serve::TICK_MS;
use engine_core::api::hunts::{Player, Route};
use engine_core::error::Problem;
use engine_core::seam::{Codec, Frame, Query};
use engine_core::text::Id;
use engine_core::websocket::handshake;
use engine_core::websocket::message::Kind;
use futures_util::{SinkExt, StreamExt};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use std::cell::RefCell;
use std::convert::Infallible;
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

/// Broadcasts that a slow connection may be behind.
pub(crate) const FRAMES_BEHIND_MAX: usize = 16;

/// What every connection shares.
struct Shared {
    game: RefCell<Game>,
    frames: broadcast::Sender<Bytes>,
}

/// Serves for ever.
///
/// # Errors
/// If the runtime cannot be built or the listener fails.
pub fn serve(listener: std::net::TcpListener, game: Game) -> io::Result<()> {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&tokio, async {
        let (frames, _) = broadcast::channel(FRAMES_BEHIND_MAX);
        let shared = Rc::new(Shared { game: RefCell::new(game), frames });
        tokio::task::spawn_local(broadcast_loop(Rc::clone(&shared)));
        let listener = tokio::net::TcpListener::from_std(listener)?;
        loop {
            let (socket, _) = listener.accept().await?;
            socket.set_nodelay(true)?;
            let shared = Rc::clone(&shared);
            tokio::task::spawn_local(async move {
                let service = service_fn(move |request| answer(Rc::clone(&shared), request));
                // A connection that fails concerns nobody else.
                let _ = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(socket), service)
                    .with_upgrades()
                    .await;
            });
        }
    })
}

async fn broadcast_loop(shared: Rc<Shared>) {
    let mut ticks = tokio::time::interval(Duration::from_millis(TICK_MS.unsigned_abs()));
    loop {
        ticks.tick().await;
        let mut game = shared.game.borrow_mut();
        game.wake();
        for published in game.tick() {
            let _ = shared.frames.send(payload(&published.frame));
        }
    }
}

async fn answer(
    shared: Rc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path();
    let segments = path.strip_prefix("/v1/hunts/").and_then(|rest| rest.split_once('/'));
    let target = match (segments, path) {
        (Some((hunt, "resolve")), _) => match Id::new(hunt) {
            Some(hunt) if request.method() == Method::POST => {
                return Ok(resolve(&shared, hunt, request).await);
            }
            Some(_) => Problem::MethodNotAllowed,
            None => Problem::InvalidId,
        },
        (Some((hunt, "play")), _) => match Id::new(hunt) {
            Some(hunt) => return Ok(play(&shared, hunt, request)),
            None => Problem::InvalidId,
        },
        (None, "/loot") if request.method() == Method::GET => {
            return Ok(loot(&mut shared.game.borrow_mut(), request.uri()));
        }
        (None, "/loot") => Problem::MethodNotAllowed,
        _ => Problem::UnknownPath,
    };
    Ok(refuse(&mut shared.game.borrow_mut(), target))
}

async fn resolve(shared: &Shared, hunt: Id, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await else {
        return refuse(&mut shared.game.borrow_mut(), Problem::MalformedRequest);
    };
    let game = &mut shared.game.borrow_mut();
    game.wake();
    let answered = resolve_with(game, hunt, &parts.headers, &body.to_bytes());
    respond(game, answered)
}

/// Answers `POST /v1/hunts/{hunt}/resolve`; the body is left in the game.
pub(crate) fn resolve_with(
    game: &mut Game,
    hunt: Id,
    headers: &HeaderMap,
    body: &Bytes,
) -> Answered {
    let authorization = headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
    let player = match game.player(&hunt, authorization) {
        Ok(player) => player,
        Err(problem) => return game.refuse(&problem.into()),
    };
    let json = headers.get(header::CONTENT_TYPE).is_none_or(|value| value == "application/json");
    if !json {
        return game.refuse(&Problem::UnsupportedMediaType.into());
    }
    answered(game.call(Route::Resolve(hunt, player), body))
}

fn loot(game: &mut Game, uri: &Uri) -> Response<Full<Bytes>> {
    game.wake();
    let session = match uri.query() {
        None => Ok(0),
        Some(query) => query.strip_prefix("session=").unwrap_or_default().parse(),
    };
    let answered = match session {
        Ok(session) => loot_with(game, session),
        Err(_) => game.refuse(&Problem::InvalidQuery.into()),
    };
    respond(game, answered)
}

/// Answers `GET /loot`; the body is left in the game.
pub(crate) fn loot_with(game: &mut Game, session: u32) -> Answered {
    answered(game.call(Route::Read(Query::Loot { session, hunt: None }), &[]))
}

fn answered(outcome: Outcome) -> Answered {
    match outcome {
        Outcome::Answered(answered) => answered,
        Outcome::Upgrade { .. } => unreachable!("only the route to play upgrades"),
    }
}

fn refuse(game: &mut Game, problem: Problem) -> Response<Full<Bytes>> {
    let answered = game.refuse(&problem.into());
    respond(game, answered)
}

fn respond(game: &Game, answered: Answered) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::copy_from_slice(&game.body)));
    *response.status_mut() = StatusCode::from_u16(answered.status).expect("the game's are known");
    let content_type = answered.content_type.map(HeaderValue::from_static);
    response.headers_mut().extend(content_type.map(|value| (header::CONTENT_TYPE, value)));
    response
}

fn play(shared: &Rc<Shared>, hunt: Id, mut request: Request<Incoming>) -> Response<Full<Bytes>> {
    let mut game = shared.game.borrow_mut();
    game.wake();
    let headers = request.headers();
    let key = headers.get(header::SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes);
    let Some(accept) = key.map(handshake::accept_key) else {
        return refuse(&mut game, Problem::UpgradeRequired);
    };
    let authorization = headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
    let player = match game.player(&hunt, authorization) {
        Ok(player) => Player::new(hunt, player, Codec::Protobuf),
        Err(problem) => return refuse(&mut game, problem),
    };
    let first = match game.watch(&player) {
        Ok(first) => first,
        Err(answered) => return respond(&game, answered),
    };
    let upgrade = hyper::upgrade::on(&mut request);
    let (frames, first) = (shared.frames.subscribe(), payload(&first));
    let connection = Connection { shared: Rc::clone(shared), frames, player, first };
    tokio::task::spawn_local(async move {
        if let Ok(upgraded) = upgrade.await {
            let stream = TokioIo::new(upgraded);
            connection
                .run(WebSocketStream::from_raw_socket(stream, Role::Server, None).await)
                .await;
        }
    });
    let accept = HeaderValue::from_bytes(&accept).expect("base64");
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    response.headers_mut().extend([
        (header::CONNECTION, HeaderValue::from_static("Upgrade")),
        (header::UPGRADE, HeaderValue::from_static("websocket")),
        (header::SEC_WEBSOCKET_ACCEPT, accept),
        (header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(handshake::PROTOBUF)),
    ]);
    response
}

/// A WebSocket connection that is about to begin.
struct Connection {
    shared: Rc<Shared>,
    frames: broadcast::Receiver<Bytes>,
    player: Player,
    first: Bytes,
}

impl Connection {
    async fn run(mut self, mut socket: WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>) {
        let mut due = Some(Message::Binary(std::mem::take(&mut self.first)));
        loop {
            if let Some(message) = due.take()
                && socket.send(message).await.is_err()
            {
                break;
            }
            tokio::select! {
                received = socket.next() => match received {
                    Some(Ok(Message::Binary(bytes))) => {
                        let mut game = self.shared.game.borrow_mut();
                        game.wake();
                        let mut bytes = Vec::from(bytes);
                        match game.message(&self.player, Kind::Binary, &mut bytes) {
                            Some(_) => {
                                let payload = Bytes::copy_from_slice(&game.body);
                                due = Some(Message::Binary(payload));
                            }
                            None => break,
                        }
                    }
                    Some(Ok(Message::Text(_)) | Err(_)) | None => break,
                    // The library answers them when it is asked for the next message.
                    Some(Ok(_)) => {}
                },
                frame = self.frames.recv() => {
                    // Whoever was left behind goes on with the next one.
                    due = frame.ok().map(Message::Binary);
                }
            }
        }
        self.shared.game.borrow_mut().leave(&self.player);
    }
}

/// The payload of a broadcast, which a library frames anew for every connection.
pub(crate) fn payload(frame: &Frame) -> Bytes {
    let wire = frame.wire[Codec::Protobuf as usize].as_deref().unwrap_or_default();
    let header = if wire.get(1) == Some(&126) { 4 } else { 2 };
    Bytes::copy_from_slice(wire.get(header..).unwrap_or_default())
}
