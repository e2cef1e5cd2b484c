//! What operators ask the server itself: `/healthz`, `/readyz`, `/metrics`.

use crate::logging::RateLimit;
use crate::metrics::allocator::AllocatorFigures;
use crate::metrics::{self, DriverTotals, Latency, Snapshot, WorldFigures};
use crate::runtime_choice::Chosen;
use crate::{process, version};
use driver::figures::DriverFigures;
use driver::histogram::Histogram;
use driver::store::{Memory, Store};
use driver::{Control, Observer, State};
use engine_core::arena::{Arena, ArenaMeters};
use engine_core::error::{Problem, Refusal};
use engine_core::seam::{Observe, Reply};
use serde::Serialize;
use std::sync::Arc;

/// What is in force since the start.
#[derive(Clone, Debug)]
pub struct InForce {
    /// The runtime, and why it is.
    pub chosen: Chosen,
    /// The arena in force.
    pub arena: &'static str,
    /// The store in force.
    pub store: &'static str,
    /// Connections that may be open.
    pub connections_max: usize,
    /// Whether each worker has a descriptor table of its own.
    pub private_descriptors: bool,
}

/// The body of `/healthz`. New fields may come at the end.
#[derive(Serialize)]
struct Health<'a> {
    status: &'static str,
    runtime: &'static str,
    asked: &'static str,
    why: String,
    refused: Vec<Refused<'a>>,
    workers: usize,
    arena: &'static str,
    store: &'static str,
    version: &'static str,
}

/// A better runtime that cannot start here.
#[derive(Serialize)]
struct Refused<'a> {
    runtime: &'static str,
    cause: &'a str,
    remedy: &'a str,
}

/// Answers for one server.
#[derive(Debug)]
pub struct ServerObserver<A: Arena> {
    in_force: InForce,
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
        in_force: InForce,
        control: Control,
        store: Arc<Memory<A>>,
        meters: ArenaMeters,
        logs: RateLimit,
    ) -> Self {
        Self { in_force, control, store, meters, logs, started_s: process::unix_s() }
    }

    fn is_ready(&self) -> bool {
        self.control.state() == State::Ready && self.store.is_ready()
    }

    fn health(&self) -> Reply {
        let InForce { chosen, arena, store, .. } = &self.in_force;
        let refused: Vec<_> = chosen
            .refused
            .iter()
            .map(|(backend, why)| Refused {
                runtime: backend.name(),
                cause: &why.cause,
                remedy: &why.remedy,
            })
            .collect();
        let health = Health {
            status: "ok",
            runtime: chosen.backend.name(),
            asked: chosen.asked.as_str(),
            why: chosen.why(),
            refused,
            workers: self.control.workers(),
            arena,
            store,
            version: version::VERSION,
        };
        json(serde_json::to_string(&health).expect("texts and numbers can be written"))
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
        let InForce { chosen, arena, store, connections_max, private_descriptors } = &self.in_force;
        Snapshot {
            latency: latency(&sum.latency),
            driver: DriverTotals {
                accept_errors: sum.accept_errors,
                refused: sum.refused,
                mails: sum.mails,
                tick_late_us: sum.tick_late_us,
            },
            rings: Some(sum.runtime).filter(|rings| rings.ring_buffers > 0),
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
            allocator: AllocatorFigures::now(),
            runtime: vec![
                ("runtime", chosen.backend.name().into()),
                ("asked", chosen.asked.as_str().into()),
                ("why", chosen.why()),
                ("arena", (*arena).into()),
                ("store", (*store).into()),
            ],
            refused: chosen.refused.iter().map(|(b, why)| (b.name(), why.clone())).collect(),
            build: version::facts(),
            workers: self.control.workers() as u64,
            connections_max: *connections_max as u64,
            ready: self.is_ready(),
            log_suppressed: self.logs.suppressed(),
            process: process::figures(*private_descriptors),
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
    use crate::runtime_choice::RuntimeChoice;
    use alloc_heap::HeapArena;
    use backends::Backend;
    use driver::Unavailable;
    use engine_core::game::hash::Seed;
    use engine_core::limits::Limits;

    fn observer(control: &Control) -> ServerObserver<HeapArena> {
        let meters = ArenaMeters::default();
        let limits = Arc::new(Limits::default());
        let refused = Unavailable::new("it is \"forbidden\"", "allow it");
        let in_force = InForce {
            chosen: Chosen {
                backend: Backend::TokioPerCore,
                asked: RuntimeChoice::Auto,
                refused: vec![(Backend::TokioUring, refused)],
            },
            arena: "heap",
            store: "memory",
            connections_max: 7,
            private_descriptors: false,
        };
        let store = Arc::new(Memory::new(1, Seed(1), meters.clone(), limits));
        ServerObserver::new(in_force, control.clone(), store, meters, RateLimit::new(1))
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
        assert_eq!(body["runtime"], "tokio-per-core");
        assert_eq!(body["asked"], "auto");
        let why = "auto: the runtime tokio-uring cannot start here: it is \"forbidden\"";
        assert_eq!(body["why"], why);
        let refused = serde_json::json!(
            [{"runtime": "tokio-uring", "cause": "it is \"forbidden\"", "remedy": "allow it"}]
        );
        assert_eq!(body["refused"], refused);
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
