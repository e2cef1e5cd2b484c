//! What operators ask the server itself: `/healthz`, `/readyz`, `/metrics`.

use crate::logging::RateLimit;
use crate::metrics::allocator::AllocatorFigures;
use crate::metrics::{self, DriverTotals, Latency, Snapshot, WorldFigures};
use crate::{allocator, process, version};
use driver::figures::DriverFigures;
use driver::histogram::Histogram;
use driver::store::{Memory, Store};
use driver::{Control, Observer, State};
use engine_core::arena::{Arena, ArenaMeters};
use engine_core::error::{Problem, Refusal};
use engine_core::seam::{Observe, Reply};
use std::sync::Arc;

/// What was chosen at the start, and why.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The runtime in force.
    pub runtime: &'static str,
    /// Why this one.
    pub why: &'static str,
    /// The arena in force.
    pub arena: &'static str,
    /// The store in force.
    pub store: &'static str,
    /// Connections that may be open.
    pub connections_max: usize,
}

/// Answers for one server.
#[derive(Debug)]
pub struct ServerObserver<A: Arena> {
    chosen: Chosen,
    control: Control,
    store: Arc<Memory<A>>,
    meters: ArenaMeters,
    logs: RateLimit,
    started_s: f64,
}

impl<A: Arena> ServerObserver<A> {
    /// An observer of the server that `control` ends.
    #[must_use]
    pub fn new(
        chosen: Chosen,
        control: Control,
        store: Arc<Memory<A>>,
        meters: ArenaMeters,
        logs: RateLimit,
    ) -> Self {
        Self { chosen, control, store, meters, logs, started_s: process::unix_s() }
    }

    fn is_ready(&self) -> bool {
        self.control.state() == State::Ready && self.store.is_ready()
    }

    fn health(&self) -> Reply {
        let Chosen { runtime, why, arena, store, .. } = self.chosen;
        let workers = self.control.workers();
        let version = version::VERSION;
        // Nothing in these texts needs an escape.
        let body =
            format!(r#"{{"status":"ok","runtime":"{runtime}","why":"{why}","workers":{workers},"#)
                + &format!(r#""arena":"{arena}","store":"{store}","version":"{version}"}}"#);
        json(body)
    }

    fn ready(&self) -> Reply {
        if self.is_ready() {
            return json(r#"{"status":"ready"}"#.into());
        }
        let detail = match self.control.state() {
            State::Starting => "the server is starting",
            State::Ready => "the store cannot answer",
            State::Draining => "the server is draining",
        };
        Reply::Refused(Refusal::because(Problem::NotReady, detail))
    }

    fn snapshot(&self) -> Snapshot {
        let mut sum = DriverFigures::default();
        for figures in &self.control.figures() {
            sum.add(figures);
        }
        let world = self.store.figures();
        let Chosen { runtime, why, arena, store, connections_max } = self.chosen;
        Snapshot {
            latency: latency(&sum.latency),
            driver: DriverTotals {
                accept_errors: sum.accept_errors,
                refused: sum.refused,
                mails: sum.mails,
                tick_late_ms: sum.tick_late_ms,
            },
            shards: sum.shard,
            world: WorldFigures {
                quests: self.store.quests() as u64,
                hunts_running: world.hunts_running,
                hunts_ended: world.hunts_ended,
                players: world.players,
                watchers: world.watchers,
                claims: world.claims,
            },
            arenas: [
                ("scratch", self.meters.scratch.figures()),
                ("quests", self.meters.quests.figures()),
                ("rounds", self.meters.rounds.figures()),
            ],
            allocator: AllocatorFigures {
                seen: Some(allocator::seen().clone()),
                figures: allocator::figures(),
            },
            runtime: vec![
                ("runtime", runtime.into()),
                ("why", why.into()),
                ("arena", arena.into()),
                ("store", store.into()),
            ],
            build: version::facts(),
            workers: self.control.workers() as u64,
            connections_max: connections_max as u64,
            ready: self.is_ready(),
            log_suppressed: self.logs.suppressed(),
            process: process::figures(),
            started_s: self.started_s,
        }
    }
}

impl<A: Arena> Observer for ServerObserver<A> {
    fn observe(&self, what: Observe) -> Reply {
        match what {
            Observe::Health => self.health(),
            Observe::Ready => self.ready(),
            Observe::Metrics => Reply::Document {
                status: 200,
                content_type: metrics::CONTENT_TYPE,
                body: self.snapshot().write().into_bytes(),
            },
        }
    }
}

fn json(body: String) -> Reply {
    Reply::Document { status: 200, content_type: "application/json", body: body.into_bytes() }
}

/// Octaves of the exposed histogram: up to 16 µs, 32 µs, … 16.8 s, and the rest. The bounds are
/// those that [`Histogram::count_at_most`] is exact at, since durations are cut to whole µs.
const OCTAVES: std::ops::RangeInclusive<u32> = 4..=24;

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 µs, 285 years")]
fn latency(histogram: &Histogram) -> Latency {
    let mut below = 0;
    let mut buckets = Vec::new();
    for octave in OCTAVES {
        let us = 1_u64 << octave;
        let at_most = histogram.count_at_most(us - 1);
        buckets.push((us as f64 / 1e6, at_most - below));
        below = at_most;
    }
    buckets.push((f64::INFINITY, histogram.count() - below));
    Latency { buckets, sum_s: histogram.sum_us() as f64 / 1e6 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc_heap::HeapArena;
    use engine_core::game::hash::Seed;
    use engine_core::limits::Limits;

    fn observer(control: &Control) -> ServerObserver<HeapArena> {
        let meters = ArenaMeters::default();
        let limits = Arc::new(Limits::default());
        let chosen = Chosen {
            runtime: "tokio",
            why: "asked for",
            arena: "heap",
            store: "memory",
            connections_max: 7,
        };
        let store = Arc::new(Memory::new(1, Seed(1), meters.clone(), limits));
        ServerObserver::new(chosen, control.clone(), store, meters, RateLimit::new(1))
    }

    #[test]
    fn it_is_not_ready_before_every_worker_runs_nor_while_it_drains() {
        let control = Control::new(1);
        let observer = observer(&control);
        let detail = || match observer.observe(Observe::Ready) {
            Reply::Refused(refusal) => {
                assert_eq!(refusal.problem, Problem::NotReady);
                refusal.detail
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(detail(), Some("the server is starting"));
        control.drain(1);
        assert_eq!(detail(), Some("the server is draining"));
    }

    #[test]
    fn health_is_json_and_names_the_runtime_and_why() {
        let observer = observer(&Control::new(1));
        let Reply::Document { status, content_type, body } = observer.observe(Observe::Health)
        else {
            panic!("no document")
        };
        assert_eq!((status, content_type), (200, "application/json"));
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["status"], "ok");
        assert_eq!(body["runtime"], "tokio");
        assert_eq!(body["why"], "asked for");
    }

    #[test]
    fn the_histogram_keeps_every_duration() {
        let mut histogram = Histogram::default();
        for us in [0, 15, 16, 31, 32, 16_777_215, 16_777_216, u64::MAX / 4] {
            histogram.record(us);
        }
        let Latency { buckets, .. } = latency(&histogram);
        assert_eq!(buckets[..3], [(0.000_016, 2), (0.000_032, 2), (0.000_064, 1)]);
        assert_eq!(buckets[20], (16.777_216, 1));
        assert_eq!(buckets[21], (f64::INFINITY, 2));
    }
}
