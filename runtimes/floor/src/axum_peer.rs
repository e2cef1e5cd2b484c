//! The game behind axum, as its users write it: a router, extractors, shared state behind a lock,
//! on Tokio's work-stealing runtime.

use crate::game::{Answered, Game};
use crate::hyper_peer::{FRAMES_BEHIND_MAX, loot_with, payload, resolve_with};
use crate::serve::TICK_MS;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use engine_core::api::hunts::Player;
use engine_core::error::Problem;
use engine_core::seam::Codec;
use engine_core::text::Id;
use engine_core::websocket::handshake;
use engine_core::websocket::message::Kind;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::broadcast;

/// What every handler shares.
struct Shared {
    game: Mutex<Game>,
    frames: broadcast::Sender<Bytes>,
}

impl Shared {
    /// The game, at the time that it is now.
    fn game(&self) -> MutexGuard<'_, Game> {
        let mut game = self.game.lock().expect("no handler panics");
        game.wake();
        game
    }
}

/// Serves for ever.
///
/// # Errors
/// If the runtime cannot be built or the listener fails.
pub fn serve(listener: std::net::TcpListener, game: Game, workers: usize) -> io::Result<()> {
    let tokio =
        tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build()?;
    tokio.block_on(async {
        let (frames, _) = broadcast::channel(FRAMES_BEHIND_MAX);
        let shared = Arc::new(Shared { game: Mutex::new(game), frames });
        tokio::spawn(broadcast_loop(Arc::clone(&shared)));
        let router = Router::new()
            .route("/v1/hunts/{hunt}/resolve", post(resolve))
            .route("/v1/hunts/{hunt}/play", any(play))
            .route("/loot", get(loot))
            .method_not_allowed_fallback(method_not_allowed)
            .fallback(unknown_path)
            .with_state(shared);
        axum::serve(tokio::net::TcpListener::from_std(listener)?, router).await
    })
}

async fn broadcast_loop(shared: Arc<Shared>) {
    let mut ticks = tokio::time::interval(Duration::from_millis(TICK_MS.unsigned_abs()));
    loop {
        ticks.tick().await;
        for published in shared.game().tick() {
            let _ = shared.frames.send(payload(&published.frame));
        }
    }
}

async fn resolve(
    State(shared): State<Arc<Shared>>,
    Path(hunt): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut game = shared.game();
    let answered = match Id::new(&hunt) {
        Some(hunt) => resolve_with(&mut game, hunt, &headers, &body),
        None => game.refuse(&Problem::InvalidId.into()),
    };
    respond(&game, answered)
}

async fn loot(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> Response {
    let mut game = shared.game();
    let session = match &query {
        None => Ok(0),
        Some(query) => query.strip_prefix("session=").unwrap_or_default().parse(),
    };
    let answered = match session {
        Ok(session) => loot_with(&mut game, session),
        Err(_) => game.refuse(&Problem::InvalidQuery.into()),
    };
    respond(&game, answered)
}

async fn method_not_allowed(State(shared): State<Arc<Shared>>) -> Response {
    refuse(&mut shared.game(), Problem::MethodNotAllowed)
}

async fn unknown_path(State(shared): State<Arc<Shared>>) -> Response {
    refuse(&mut shared.game(), Problem::UnknownPath)
}

async fn play(
    State(shared): State<Arc<Shared>>,
    Path(hunt): Path<String>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let joined = join(&mut shared.game(), &hunt, &headers);
    match joined {
        Ok((player, first)) => {
            let frames = shared.frames.subscribe();
            upgrade
                .protocols([handshake::PROTOBUF])
                .on_upgrade(move |socket| connection(socket, shared, frames, player, first))
        }
        Err(response) => response,
    }
}

/// Who asks to play, and what is shown first.
#[expect(clippy::result_large_err, reason = "a response is what a handler gives")]
fn join(game: &mut Game, hunt: &str, headers: &HeaderMap) -> Result<(Player, Bytes), Response> {
    let hunt = Id::new(hunt).ok_or_else(|| refuse(game, Problem::InvalidId))?;
    let authorization = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
    let player = match game.player(&hunt, authorization) {
        Ok(player) => Player::new(hunt, player, Codec::Protobuf),
        Err(problem) => return Err(refuse(game, problem)),
    };
    match game.watch(&player) {
        Ok(first) => Ok((player, payload(&first))),
        Err(answered) => Err(respond(game, answered)),
    }
}

async fn connection(
    mut socket: WebSocket,
    shared: Arc<Shared>,
    mut frames: broadcast::Receiver<Bytes>,
    player: Player,
    first: Bytes,
) {
    let mut due = Some(Message::Binary(first));
    loop {
        if let Some(message) = due.take()
            && socket.send(message).await.is_err()
        {
            break;
        }
        tokio::select! {
            received = socket.recv() => match received {
                Some(Ok(Message::Binary(bytes))) => {
                    let mut game = shared.game();
                    if game.message(&player, Kind::Binary, &mut Vec::from(bytes)).is_none() {
                        break;
                    }
                    due = Some(Message::Binary(Bytes::copy_from_slice(&game.body)));
                }
                Some(Ok(Message::Text(_)) | Err(_)) | None => break,
                // The library answers them when it is asked for the next message.
                Some(Ok(_)) => {}
            },
            // Whoever was left behind goes on with the next one.
            frame = frames.recv() => due = frame.ok().map(Message::Binary),
        }
    }
    shared.game().leave(&player);
}

fn refuse(game: &mut Game, problem: Problem) -> Response {
    let answered = game.refuse(&problem.into());
    respond(game, answered)
}

fn respond(game: &Game, answered: Answered) -> Response {
    let status = axum::http::StatusCode::from_u16(answered.status).expect("the game's are known");
    let body = Body::from(Bytes::copy_from_slice(&game.body));
    let content_type = answered.content_type.map(|value| (CONTENT_TYPE, value));
    match content_type {
        Some(content_type) => (status, [content_type], body).into_response(),
        None => (status, body).into_response(),
    }
}
