//! The game behind axum, as its users write it: a router, extractors, shared state behind a lock,
//! `axum::serve` on Tokio's work-stealing runtime.

use super::Setup;
use super::accept::{Accept, Conn};
use super::exchange::{self, Reply};
use super::on_hyper::code;
use super::play::{Fault, Heard, Message, READ_BUFFER_BYTES, play};
use super::server::Server;
use super::world::{Seat, Shared, World, broadcast_loop};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ws::{CloseFrame, Message as Axum, Utf8Bytes, WebSocketUpgrade};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::HeaderValue;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use engine_core::seam::Listener;
use engine_core::websocket::close::CloseCode;
use engine_core::websocket::message::Kind;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio_tungstenite::tungstenite::Error;

/// What every handler shares.
#[derive(Clone)]
struct Locked {
    server: Arc<Server>,
    world: Arc<Mutex<World<Axum>>>,
}

impl Shared for Locked {
    type Message = Axum;

    fn server(&self) -> &Server {
        &self.server
    }

    fn with<R>(&self, work: impl FnOnce(&mut World<Axum>) -> R) -> R {
        let mut world = self.world.lock().expect("no handler panics");
        world.game.wake();
        work(&mut world)
    }
}

/// The state of a router.
#[derive(Clone)]
struct Front {
    locked: Locked,
    listener: Listener,
}

/// Serves until the server has drained, which may take so long.
///
/// # Errors
/// If the runtime cannot be built, or does not take a listener.
pub fn serve(setup: Setup, drain_ms: u64) -> io::Result<()> {
    let Setup { server, game, public, admin } = setup;
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(server.workers)
        .enable_all()
        .build()?;
    let served = tokio.block_on(async {
        let world = Arc::new(Mutex::new(World::new(game)));
        let locked = Locked { server: Arc::clone(&server), world };
        tokio::spawn(broadcast_loop(locked.clone()));
        let public = Accept::new(public, Arc::clone(&server), true)?;
        let router = router(Front { locked: locked.clone(), listener: Listener::Public });
        tokio::spawn(axum::serve(public, router).into_future());
        if let Some(admin) = admin {
            let admin = Accept::new(admin, Arc::clone(&server), false)?;
            let router = self::router(Front { locked, listener: Listener::Admin });
            tokio::spawn(axum::serve(admin, router).into_future());
        }
        server.ended(drain_ms).await;
        Ok(())
    });
    tokio.shutdown_background();
    served
}

fn router(front: Front) -> Router {
    let router = match front.listener {
        Listener::Public => Router::new()
            .route("/v1/hunts/{hunt}/players", any(game))
            .route("/v1/hunts/{hunt}/resolve", any(game))
            .route("/v1/hunts/{hunt}/status", any(game))
            .route("/v1/hunts/{hunt}/leaderboard", any(game))
            .route("/v1/hunts/{hunt}/play", any(game))
            .route("/loot", any(game)),
        Listener::Admin => Router::new()
            .route("/v1/quests/{quest}", any(game))
            .route("/v1/hunts/{hunt}", any(game))
            .route("/healthz", any(game))
            .route("/readyz", any(game))
            .route("/metrics", any(game)),
    };
    // The game says what it does not have, in its own words.
    router.fallback(game).with_state(front)
}

async fn game(State(front): State<Front>, request: Request) -> Response {
    let Front { locked, listener } = front;
    let (parts, body) = request.into_parts();
    match exchange::answer(&locked, listener, &parts, body).await {
        Reply::Response(response) => response.map(Body::from),
        Reply::Play { protocol, seat, .. } => upgrade(locked, parts, protocol, seat).await,
    }
}

async fn upgrade(
    locked: Locked,
    mut parts: Parts,
    protocol: Option<&'static str>,
    seat: Seat<Axum>,
) -> Response {
    let mut upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        // The game has found nothing wrong with it.
        Err(rejection) => {
            locked.with(|world| world.game.leave(&seat.player));
            return rejection.into_response();
        }
    };
    if let Some(protocol) = protocol {
        upgrade.set_selected_protocol(HeaderValue::from_static(protocol));
    }
    let bytes_max = locked.server.limits.message_bytes_max;
    let (player, shared) = (seat.player, locked.clone());
    upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .max_message_size(bytes_max)
        .max_frame_size(bytes_max)
        .on_failed_upgrade(move |_| shared.with(|world| world.game.leave(&player)))
        .on_upgrade(move |socket| play(socket, locked, seat))
}

impl axum::serve::Listener for Accept {
    type Io = Conn;
    type Addr = SocketAddr;

    fn accept(&mut self) -> impl Future<Output = (Conn, SocketAddr)> + Send {
        self.next()
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Self::local_addr(self)
    }
}

impl Message for Axum {
    fn of(kind: Kind, payload: Bytes) -> Self {
        match kind {
            Kind::Text => Self::Text(Utf8Bytes::try_from(payload).expect("the game writes UTF-8")),
            Kind::Binary => Self::Binary(payload),
        }
    }

    fn ping() -> Self {
        Self::Ping(Bytes::new())
    }

    fn close(code: u16, reason: &'static str) -> Self {
        Self::Close(Some(CloseFrame { code, reason: reason.into() }))
    }

    fn heard(self) -> Heard {
        match self {
            Self::Text(text) => Heard::Data(Kind::Text, Bytes::from(text).into()),
            Self::Binary(bytes) => Heard::Data(Kind::Binary, bytes.into()),
            Self::Close(_) => Heard::Close,
            Self::Ping(_) | Self::Pong(_) => Heard::Control,
        }
    }
}

impl Fault for axum::Error {
    fn code(self) -> Option<CloseCode> {
        self.into_inner().downcast_ref::<Error>().and_then(code)
    }
}
