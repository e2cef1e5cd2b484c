//! What a peer knows beside its game, without a lock: the API, the limits, the clock, counters, and
//! whether it is to end.

use crate::game::Game;
use driver::clock::Clock;
use engine_core::api::hunts::Hunts;
use engine_core::limits::Limits;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// What concerns the whole server.
#[derive(Debug)]
pub struct Server {
    /// The library that serves.
    pub library: &'static str,
    /// Threads that serve.
    pub workers: usize,
    /// The API.
    pub api: Hunts,
    /// The bounds.
    pub limits: Arc<Limits>,
    /// The clock that the game goes by.
    pub clock: Clock,
    /// Whether connections that ask for nothing are ended.
    pub times_out: bool,
    /// Counters.
    pub figures: Figures,
    /// When the process started, seconds since the Unix epoch.
    pub started_s: f64,
    drains: AtomicBool,
    phase: watch::Sender<Phase>,
}

/// What becomes of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// It serves.
    Serving,
    /// It answers what comes, and ends every connection with its answer.
    Draining,
    /// WebSocket connections are closed.
    Leaving,
}

/// Counters since the start, and gauges of now.
#[derive(Debug, Default)]
pub struct Figures {
    /// Public connections that are open.
    pub connections: AtomicU64,
    /// Public connections accepted.
    pub opened: AtomicU64,
    /// Connections that were one too many.
    pub refused: AtomicU64,
    /// WebSocket connections that are open.
    pub websockets: AtomicU64,
    /// Broadcast frames handed to a connection.
    pub broadcasts: AtomicU64,
    /// Broadcast frames left out because a player was slow.
    pub conflated: AtomicU64,
    /// Connections ended because they did not take their bytes.
    pub stuck: AtomicU64,
}

/// Adds to a counter.
pub fn count(counter: &AtomicU64, more: u64) {
    counter.fetch_add(more, Ordering::Relaxed);
}

impl Server {
    /// A server that is about to serve a game.
    #[must_use]
    pub fn new(library: &'static str, workers: usize, times_out: bool, game: &Game) -> Self {
        Self {
            library,
            workers,
            api: game.api().clone(),
            limits: Arc::new(game.limits().clone()),
            clock: game.clock(),
            times_out,
            figures: Figures::default(),
            started_s: hunt_server::process::unix_s(),
            drains: AtomicBool::new(false),
            phase: watch::Sender::new(Phase::Serving),
        }
    }

    /// Whether it is about to end.
    #[must_use]
    pub fn drains(&self) -> bool {
        self.drains.load(Ordering::Relaxed)
    }

    /// Tells everybody that it is about to end. [`ended`](Self::ended) does the rest.
    pub fn drain(&self) {
        self.drains.store(true, Ordering::Relaxed);
        self.phase.send_replace(Phase::Draining);
    }

    /// Completes when WebSocket connections are to be closed.
    pub async fn leaving(&self) {
        self.reaches(Phase::Leaving).await;
    }

    /// Completes when the server has drained: `drain_ms` after [`drain`](Self::drain), or when
    /// nobody is connected any more. WebSocket connections are told while there is time for them
    /// to answer.
    pub async fn ended(&self, drain_ms: u64) {
        self.reaches(Phase::Draining).await;
        let close_ms = (self.limits.close_ms as u64).min(drain_ms);
        self.emptied(drain_ms - close_ms).await;
        self.phase.send_replace(Phase::Leaving);
        self.emptied(close_ms).await;
    }

    async fn reaches(&self, phase: Phase) {
        let mut phases = self.phase.subscribe();
        // It cannot be closed while we are here.
        let _ = phases.wait_for(|now| *now >= phase).await;
    }

    async fn emptied(&self, within_ms: u64) {
        let step = Duration::from_millis(10);
        for _ in 0..within_ms.div_ceil(10) {
            if self.figures.connections.load(Ordering::Relaxed) == 0 {
                return;
            }
            tokio::time::sleep(step).await;
        }
    }
}
