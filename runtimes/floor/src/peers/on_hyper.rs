//! The game behind hyper: one current_thread runtime, whose tasks share it without a lock.
//!
//! hyper reads and writes HTTP, tungstenite WebSocket.

use super::Setup;
use super::accept::{Accept, Conn};
use super::exchange::{self, Reply};
use super::play::{Fault, Heard, Message, READ_BUFFER_BYTES, play};
use super::server::Server;
use super::world::{Seat, Shared, World, broadcast_loop};
use engine_core::limits::Limits;
use engine_core::seam::Listener;
use engine_core::websocket::close::CloseCode;
use engine_core::websocket::message::Kind;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::cell::RefCell;
use std::convert::Infallible;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{LocalSet, spawn_local};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode as Code;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message as Tungstenite, Utf8Bytes};

/// What every task shares.
#[derive(Clone)]
struct Local {
    server: Arc<Server>,
    world: Rc<RefCell<World<Tungstenite>>>,
}

impl Shared for Local {
    type Message = Tungstenite;

    fn server(&self) -> &Server {
        &self.server
    }

    fn with<R>(&self, work: impl FnOnce(&mut World<Tungstenite>) -> R) -> R {
        let mut world = self.world.borrow_mut();
        world.game.wake();
        work(&mut world)
    }
}

/// Serves until the server has drained, which may take so long.
///
/// # Errors
/// If the runtime cannot be built, or does not take a listener.
pub fn serve(setup: Setup, drain_ms: u64) -> io::Result<()> {
    let Setup { server, game, public, admin } = setup;
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&tokio, async {
        let world = Rc::new(RefCell::new(World::new(game)));
        let local = Local { server: Arc::clone(&server), world };
        spawn_local(broadcast_loop(local.clone()));
        let public = Accept::new(public, Arc::clone(&server), true)?;
        spawn_local(accept_loop(local.clone(), public, Listener::Public));
        if let Some(admin) = admin {
            let admin = Accept::new(admin, Arc::clone(&server), false)?;
            spawn_local(accept_loop(local, admin, Listener::Admin));
        }
        server.ended(drain_ms).await;
        Ok(())
    })
}

async fn accept_loop(local: Local, accept: Accept, listener: Listener) {
    let http = http(&local.server);
    loop {
        let conn = TokioIo::new(accept.next().await.0);
        let local = local.clone();
        let service = service_fn(move |request| answer(local.clone(), listener, request));
        let served = http.serve_connection(conn, service).with_upgrades();
        // A connection that fails concerns nobody else.
        spawn_local(async { drop(served.await) });
    }
}

/// HTTP as the server speaks it. The library has one time for a head and for the silence before it.
fn http(server: &Server) -> http1::Builder {
    let mut http = http1::Builder::new();
    if server.times_out {
        let keep_alive = Duration::from_millis(server.limits.keep_alive_ms as u64);
        http.timer(TokioTimer::new()).header_read_timeout(keep_alive);
    }
    http
}

async fn answer(
    local: Local,
    listener: Listener,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (mut parts, body) = request.into_parts();
    Ok(match exchange::answer(&local, listener, &parts, body).await {
        Reply::Response(response) => response.map(Full::new),
        Reply::Play { accept, protocol, seat } => {
            if let Some(upgrade) = parts.extensions.remove::<OnUpgrade>() {
                spawn_local(upgraded(local, upgrade, seat));
            }
            switching(&accept, protocol)
        }
    })
}

async fn upgraded(local: Local, upgrade: OnUpgrade, seat: Seat<Tungstenite>) {
    let Ok(upgraded) = upgrade.await else {
        return local.with(|world| world.game.leave(&seat.player));
    };
    let config = config(&local.server.limits);
    // The connection as it was accepted, without the library's own box around it.
    match upgraded.downcast::<TokioIo<Conn>>() {
        Ok(parts) => {
            let (conn, read) = (parts.io.into_inner(), parts.read_buf.to_vec());
            let socket =
                WebSocketStream::from_partially_read(conn, read, Role::Server, Some(config)).await;
            play(socket, local, seat).await;
        }
        Err(upgraded) => {
            let conn = TokioIo::new(upgraded);
            let socket = WebSocketStream::from_raw_socket(conn, Role::Server, Some(config)).await;
            play(socket, local, seat).await;
        }
    }
}

fn config(limits: &Limits) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .max_message_size(Some(limits.message_bytes_max))
        .max_frame_size(Some(limits.message_bytes_max))
}

fn switching(accept: &[u8], protocol: Option<&'static str>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    let accept = HeaderValue::from_bytes(accept).expect("base64");
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    if let Some(protocol) = protocol {
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
    }
    response
}

impl Message for Tungstenite {
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
        Self::Close(Some(CloseFrame { code: Code::from(code), reason: reason.into() }))
    }

    fn heard(self) -> Heard {
        match self {
            Self::Text(text) => Heard::Data(Kind::Text, Bytes::from(text).into()),
            Self::Binary(bytes) => Heard::Data(Kind::Binary, bytes.into()),
            Self::Close(_) => Heard::Close,
            Self::Ping(_) | Self::Pong(_) | Self::Frame(_) => Heard::Control,
        }
    }
}

impl Fault for Error {
    fn code(self) -> Option<CloseCode> {
        code(&self)
    }
}

/// The code to close with after an error of tungstenite.
pub(super) fn code(error: &Error) -> Option<CloseCode> {
    match error {
        Error::Protocol(_) => Some(CloseCode::ProtocolError),
        Error::Utf8(_) => Some(CloseCode::InvalidPayload),
        Error::Capacity(_) => Some(CloseCode::MessageTooBig),
        _ => None,
    }
}
