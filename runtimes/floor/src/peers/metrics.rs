//! `/metrics` of a peer as OpenMetrics text: the names of the engine's own server, where they mean
//! the same. What a library does not tell, such as bytes and frames, is left out.

use super::server::Server;
use engine_core::figures::{RouteName, STATUSES};
use engine_core::game::partition::PartitionFigures;
pub use hunt_server::metrics::CONTENT_TYPE;
use hunt_server::metrics::allocator::AllocatorFigures;
use hunt_server::metrics::{Families, counter, gauge, process};
use hunt_server::process::{ProcessFigures, figures};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// Responses by route and status.
pub type Responses = [[u64; STATUSES.len()]; RouteName::ALL.len()];

/// The figures of one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    runtime: Vec<(&'static str, String)>,
    workers: u64,
    ready: bool,
    responses: Responses,
    connections: u64,
    connections_max: u64,
    /// Name, meaning and value of counters without labels.
    counters: Vec<(&'static str, &'static str, u64)>,
    websockets: u64,
    hunts: PartitionFigures,
    quests: u64,
    allocator: AllocatorFigures,
    process: ProcessFigures,
    started_s: f64,
}

impl Snapshot {
    /// What a server and its game have done until now.
    #[must_use]
    pub fn of(server: &Server, responses: Responses, hunts: PartitionFigures, quests: u64) -> Self {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let of = &server.figures;
        let slow = "Broadcast frames left out because a player was slow";
        let stuck = "Connections ended because they did not take their bytes";
        let too_many = "Connections that were one too many, and were told so";
        Self {
            runtime: vec![
                ("runtime", server.library.into()),
                ("arena", <alloc_bumpalo::BumpArena as engine_core::arena::Arena>::NAME.into()),
                ("store", "memory".into()),
            ],
            workers: server.workers as u64,
            ready: !server.drains(),
            responses,
            connections: read(&of.connections),
            connections_max: server.limits.connections_max as u64,
            counters: vec![
                ("hunt_connections_opened", "Connections accepted", read(&of.opened)),
                ("hunt_connections_refused", too_many, read(&of.refused)),
                ("hunt_connections_stuck", stuck, read(&of.stuck)),
                ("hunt_broadcasts", "Broadcast frames for a player", read(&of.broadcasts)),
                ("hunt_broadcasts_conflated", slow, read(&of.conflated)),
                ("hunt_claims", "Treasures opened", hunts.claims),
            ],
            websockets: read(&of.websockets),
            hunts,
            quests,
            allocator: AllocatorFigures::now(),
            process: figures(false),
            started_s: server.started_s,
        }
    }

    /// The exposition.
    ///
    /// # Panics
    /// Never: writing to a string does not fail.
    #[must_use]
    pub fn write(self) -> String {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(self));
        let mut text = String::new();
        encode(&mut text, &registry).expect("writing to a string does not fail");
        text
    }

    fn requests(&self, out: &mut Families<'_>) -> fmt::Result {
        let help = "Responses, by route and status; status other counts what is not listed";
        let mut family = out.family("hunt_requests", help, None, MetricType::Counter)?;
        for (route, counts) in RouteName::ALL.iter().zip(&self.responses) {
            for (status, count) in STATUSES.iter().zip(counts).filter(|(_, count)| **count > 0) {
                let status = if *status == 0 { "other".into() } else { status.to_string() };
                let labels = [("route", route.label()), ("status", &status)];
                counter(family.encode_family(&labels)?, *count)?;
            }
        }
        Ok(())
    }

    fn game(&self, out: &mut Families<'_>) -> fmt::Result {
        out.gauge("hunt_quests", "Quests that are held", self.quests)?;
        let help = "Hunts that are held, by the state of their round";
        let mut family = out.family("hunt_hunts", help, None, MetricType::Gauge)?;
        let PartitionFigures { hunts_running, hunts_ended, players, watchers, .. } = self.hunts;
        for (state, count) in [("running", hunts_running), ("ended", hunts_ended)] {
            gauge(family.encode_family(&[("state", state)])?, count)?;
        }
        out.gauge("hunt_players", "Players of the rounds that are held", players)?;
        out.gauge("hunt_watchers", "WebSocket connections that watch a hunt", watchers)
    }
}

impl Collector for Snapshot {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut out = Families::new(encoder);
        self.requests(&mut out)?;
        out.gauge("hunt_connections", "Connections open now", self.connections)?;
        let help = "Connections that may be open";
        out.gauge("hunt_connections_limit", help, self.connections_max)?;
        out.gauge("hunt_websockets", "WebSocket connections open now", self.websockets)?;
        for (name, help, value) in &self.counters {
            out.counter(name, help, *value)?;
        }
        self.game(&mut out)?;
        self.allocator.encode(&mut out)?;
        out.info("hunt_runtime", "What serves", &self.runtime)?;
        out.gauge("hunt_workers", "Worker threads", self.workers)?;
        let help = "1 while the server takes new players, 0 while it drains";
        out.gauge("hunt_ready", help, u64::from(self.ready))?;
        process(self.process, self.started_s, &mut out)
    }
}
