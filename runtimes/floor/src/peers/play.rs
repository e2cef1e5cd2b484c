//! One WebSocket connection that plays: messages to the game, answers and broadcasts back.
//!
//! It knows what the game and the protocol ask for, and is the same over either library's socket.
//! Frames, masks, pongs and the answer to a Close are the library's.

use super::rooms::Shown;
use super::server::{Server, count};
use super::world::{Seat, Shared};
use engine_core::websocket::close::CloseCode;
use engine_core::websocket::message::Kind;
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use hyper::body::Bytes;
use std::pin::pin;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep_until, timeout};

/// Bytes that a connection reads into; the library would take 128 KiB for each.
pub const READ_BUFFER_BYTES: usize = 4 * 1024;

/// A message of a library.
pub trait Message: Clone + Send + 'static {
    /// A message with this payload; text is UTF-8.
    fn of(kind: Kind, payload: Bytes) -> Self;
    /// A Ping without payload.
    fn ping() -> Self;
    /// A Close.
    fn close(code: u16, reason: &'static str) -> Self;
    /// What was received.
    fn heard(self) -> Heard;
}

/// A message that was received.
#[derive(Debug)]
pub enum Heard {
    /// A text or binary message.
    Data(Kind, Vec<u8>),
    /// A Ping or a Pong, with which the library deals.
    Control,
    /// A Close, which the library answers.
    Close,
}

/// An error of a library.
pub trait Fault {
    /// The code to close with, where the peer broke the protocol; none where it is gone.
    fn code(self) -> Option<CloseCode>;
}

/// How a connection comes to its end.
enum End {
    /// It is gone.
    Gone,
    /// The peer has closed it.
    Closed,
    /// It is to be closed with this.
    Close(CloseCode, &'static str),
    /// It did not take what it was sent.
    Stuck,
}

/// Plays until either side ends.
pub async fn play<H, S, E>(mut socket: S, shared: H, mut seat: Seat<H::Message>)
where
    H: Shared,
    S: Stream<Item = Result<H::Message, E>> + Sink<H::Message, Error = E> + Unpin,
    E: Fault,
{
    count(&shared.server().figures.websockets, 1);
    let end = turns(&mut socket, &shared, &mut seat).await;
    shared.with(|world| world.game.leave(&seat.player));
    let Server { limits, figures, .. } = shared.server();
    match end {
        End::Gone => {}
        End::Closed => listen(&mut socket, limits.close_ms).await,
        End::Close(code, reason) => {
            say(&mut socket, H::Message::close(code.code(), reason), limits.close_ms).await;
            listen(&mut socket, limits.close_ms).await;
        }
        End::Stuck => {
            count(&figures.stuck, 1);
            let code = CloseCode::PolicyViolation.code();
            say(&mut socket, H::Message::close(code, "too slow"), limits.linger_ms).await;
        }
    }
    figures.websockets.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
}

async fn turns<H, S, E>(socket: &mut S, shared: &H, seat: &mut Seat<H::Message>) -> End
where
    H: Shared,
    S: Stream<Item = Result<H::Message, E>> + Sink<H::Message, Error = E> + Unpin,
    E: Fault,
{
    let Server { limits, figures, .. } = shared.server();
    let ms = |ms: usize| Duration::from_millis(ms as u64);
    let (stall, ping, idle) = (ms(limits.write_stall_ms), ms(limits.ping_ms), ms(limits.idle_ms));
    let mut due = Some(seat.first.clone());
    let mut ends = false;
    let (mut heard, mut pinged) = (Instant::now(), false);
    let mut alarm = pin!(sleep_until(heard + ping.min(idle)));
    let mut leaving = pin!(shared.server().leaving());
    loop {
        if let Some(message) = due.take() {
            match timeout(stall, socket.send(message)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return End::Gone,
                Err(_) => return End::Stuck,
            }
        }
        if ends {
            return End::Close(CloseCode::Normal, "hunt ended");
        }
        tokio::select! {
            received = socket.next() => {
                let message = match received {
                    Some(Ok(message)) => message.heard(),
                    Some(Err(fault)) => {
                        return fault.code().map_or(End::Gone, |code| End::Close(code, ""));
                    }
                    None => return End::Gone,
                };
                (heard, pinged) = (Instant::now(), false);
                match message {
                    Heard::Data(kind, payload) => match reply(shared, seat, kind, payload) {
                        Ok(message) => due = Some(message),
                        Err(code) => return End::Close(code, ""),
                    },
                    Heard::Control => {}
                    Heard::Close => return End::Closed,
                }
            }
            frame = seat.frames.recv() => match frame {
                Ok(Shown { message, ended }) => {
                    count(&figures.broadcasts, 1);
                    (due, ends) = (Some(message), ended);
                }
                Err(RecvError::Lagged(frames)) => {
                    count(&figures.conflated, frames);
                    due = shared.with(|world| world.catch_up(seat));
                }
                Err(RecvError::Closed) => ends = true,
            },
            () = &mut alarm => {
                let silent = heard.elapsed();
                if silent >= idle {
                    return End::Close(CloseCode::GoingAway, "idle");
                }
                if silent >= ping && !pinged {
                    due = Some(H::Message::ping());
                    pinged = true;
                }
                alarm.as_mut().reset(heard + if pinged { idle } else { ping.min(idle) });
            }
            () = &mut leaving => {
                return End::Close(CloseCode::GoingAway, "server is going away");
            }
        }
    }
}

/// The game's answer to a message.
fn reply<H: Shared>(
    shared: &H,
    seat: &Seat<H::Message>,
    kind: Kind,
    mut payload: Vec<u8>,
) -> Result<H::Message, CloseCode> {
    shared.with(|world| {
        let kind = world.game.message(&seat.player, kind, &mut payload)?;
        Ok(H::Message::of(kind, Bytes::copy_from_slice(&world.game.body)))
    })
}

/// Sends a last message, if the peer takes it in time.
async fn say<M, S: Sink<M> + Unpin>(socket: &mut S, message: M, within_ms: usize) {
    // Whoever does not take it is as gone as whoever is.
    let _ = timeout(Duration::from_millis(within_ms as u64), socket.send(message)).await;
}

/// Waits for the peer to end, and lets the library answer its Close.
async fn listen<M, E, S>(socket: &mut S, within_ms: usize)
where
    S: Stream<Item = Result<M, E>> + Unpin,
{
    let ended = async { while let Some(Ok(_)) = socket.next().await {} };
    let _ = timeout(Duration::from_millis(within_ms as u64), ended).await;
}
