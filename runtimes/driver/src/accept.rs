//! Accepting connections, whatever happens: too many of them, too few descriptors, the end.

use crate::connection::Connection;
use crate::loops::Loop;
use crate::node::Workers;
use crate::runtime::{Listen, Runtime, Share, WriteHalf};
use crate::worker::Worker;
use engine_core::arena::Arena;
use engine_core::seam::Listener;
use engine_core::service::Service;
use engine_core::shard::CONNECTIONS_FULL;
use engine_core::time::Timestamp;
use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

/// The shortest pause after an error of `accept`.
const PAUSE_MS_MIN: u64 = 5;
/// The longest.
const PAUSE_MS_MAX: u64 = 100;
/// How long a connection that is one too many is kept open, so that its peer can read why.
const LINGER: Duration = Duration::from_millis(500);
/// How many such connections are kept open.
const LINGERING_MAX: usize = 128;
/// How many waiting connections are still accepted when the end begins.
const BACKLOG_MAX: usize = 2 * 4096;
/// How long errors of `accept` are not spoken of again.
const SAY_AGAIN_MS: u64 = 60_000;

/// A listener, and the workers that its connections go to in turn.
pub struct Acceptor<R: Runtime, A: Arena, S: Service> {
    rt: R,
    listener: R::Listener,
    kind: Listener,
    /// Says when to stop.
    home: R::Shared<Worker<R, A, S>>,
    workers: Workers<R, A, S>,
    next: usize,
    pause: Pause,
    lingering: Arc<AtomicUsize>,
}

type Stream<R> = (<R as Runtime>::Reader, <R as Runtime>::Writer);

impl<R: Runtime, A: Arena, S: Service> Acceptor<R, A, S> {
    pub(crate) fn new(
        rt: &R,
        listener: R::Listener,
        kind: Listener,
        home: &R::Shared<Worker<R, A, S>>,
        workers: Workers<R, A, S>,
    ) -> Self {
        assert!(!workers.is_empty(), "somebody takes the connections");
        Self {
            rt: rt.clone(),
            listener,
            kind,
            home: home.clone(),
            workers,
            next: 0,
            pause: Pause::default(),
            lingering: Arc::default(),
        }
    }

    /// Accepts until the worker says to stop, then what waits already. Operators are accepted
    /// until the server is gone, since they ask whether it is.
    pub(crate) async fn accept_loop(mut self) {
        while let Some(result) = self.accept().await {
            match result {
                Ok(stream) => {
                    self.pause.over();
                    self.admit(stream);
                }
                Err(error) => {
                    self.home.with(Worker::accept_error);
                    let now = self.rt.now().timestamp();
                    if let Some(ms) = self.pause.after(now, &error) {
                        self.rt.sleep(Duration::from_millis(ms)).await;
                    }
                }
            }
        }
        for _ in 0..BACKLOG_MAX {
            match self.listener.accept_now() {
                Ok(stream) => self.admit(stream),
                Err(error) if is_of_the_peer(&error) => {}
                Err(_) => break,
            }
        }
        let Self { listener, home, .. } = self;
        let control = home.with(|w| w.control().clone());
        if control.has_private_descriptors() {
            // The socket has copies in the tables of other workers, which would keep it open.
            listener.shutdown();
        }
        drop(listener);
        control.accepting(false);
    }

    /// The next connection; `None` when it is time to stop.
    async fn accept(&mut self) -> Option<io::Result<Stream<R>>> {
        let (home, kind) = (&self.home, self.kind);
        let mut accept = pin!(self.listener.accept());
        poll_fn(|cx| {
            let stops = kind == Listener::Public
                && home.with(|w| w.poll_stop_accepting(cx)) == Poll::Ready(());
            if stops { Poll::Ready(None) } else { accept.as_mut().poll(cx).map(Some) }
        })
        .await
    }

    fn admit(&mut self, (reader, writer): Stream<R>) {
        self.next = (self.next + 1) % self.workers.len();
        let worker = &self.workers[self.next];
        match worker.with(|w| w.open(self.kind, writer.clone())) {
            Some(id) => {
                let worker = worker.clone();
                self.rt.spawn_connection(Connection::new(worker, id, (reader, writer)));
            }
            None => self.refuse(reader, writer),
        }
    }

    /// Tells a peer that it is one too many, unless too many peers are being told so.
    fn refuse(&self, reader: R::Reader, writer: R::Writer) {
        let count = self.lingering.clone();
        if count.fetch_add(1, Ordering::Relaxed) < LINGERING_MAX {
            let lingering = Lingering { _reader: reader, writer, count };
            self.rt.spawn_loop(Loop::<R, A, S>::linger(self.rt.clone(), lingering));
        } else {
            count.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// A connection that is one too many.
pub(crate) struct Lingering<R: Runtime> {
    _reader: R::Reader,
    writer: R::Writer,
    count: Arc<AtomicUsize>,
}

/// Says why, and keeps the connection open for a moment: closing it with unread bytes would reset
/// it before its peer has read why.
pub(crate) async fn linger<R: Runtime>(rt: R, lingering: Lingering<R>) {
    let (result, _) = lingering.writer.write_all(CONNECTIONS_FULL.to_vec()).await;
    if result.is_ok() {
        lingering.writer.shutdown_write();
        rt.sleep(LINGER).await;
    }
    lingering.count.fetch_sub(1, Ordering::Relaxed);
}

/// How long to wait after errors of `accept`: longer each time, until one succeeds.
#[derive(Debug, Default)]
struct Pause {
    ms: u64,
    said_at: Option<Timestamp>,
}

impl Pause {
    fn over(&mut self) {
        self.ms = 0;
    }

    /// Milliseconds to wait, if the error is not of one connection only. Says so, at most once a
    /// minute.
    fn after(&mut self, now: Timestamp, error: &io::Error) -> Option<u64> {
        if is_of_the_peer(error) {
            return None;
        }
        if self.said_at.is_none_or(|at| now.ms_since(at) >= SAY_AGAIN_MS) {
            self.said_at = Some(now);
            tracing::warn!(%error, "connections cannot be accepted, trying again");
        }
        self.ms = (2 * self.ms).clamp(PAUSE_MS_MIN, PAUSE_MS_MAX);
        Some(self.ms)
    }
}

/// Whether the next connection may be accepted all the same: this one ended while it waited, or a
/// signal came in between.
fn is_of_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted, TimedOut};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted | TimedOut)
}

impl<R: Runtime, A: Arena, S: Service> fmt::Debug for Acceptor<R, A, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acceptor").field("kind", &self.kind).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_bound_and_end_with_a_success() {
        let mut pause = Pause::default();
        let too_many = || io::Error::other("too many open files");
        let now = Timestamp(1_000_000);
        let pauses: Vec<_> = (0..7).filter_map(|_| pause.after(now, &too_many())).collect();
        assert_eq!(pauses, [5, 10, 20, 40, 80, 100, 100]);
        assert_eq!(pause.after(now, &io::ErrorKind::ConnectionAborted.into()), None);
        pause.over();
        assert_eq!(pause.after(now, &too_many()), Some(5));
    }
}
