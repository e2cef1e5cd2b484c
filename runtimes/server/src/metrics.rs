//! `/metrics`: the figures of the server as OpenMetrics 1.0 text.
//!
//! A scrape gathers a [`Snapshot`] and writes it; nothing is counted here, so nothing here is on
//! the path of a request.

pub mod allocator;

use self::allocator::AllocatorFigures;
use crate::process::ProcessFigures;
use driver::Unavailable;
use driver::figures::RuntimeFigures;
use engine_core::arena::ArenaFigures;
use engine_core::figures::{RouteName, STATUSES, ShardFigures};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, MetricEncoder, NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};
use std::fmt;
use std::time::Duration;

/// The media type of the exposition.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The figures of one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// All shards together.
    pub shards: ShardFigures,
    /// How long requests took.
    pub latency: Latency,
    /// All workers together.
    pub driver: DriverTotals,
    /// The rings of all workers together; left out where there are none.
    pub rings: Option<RuntimeFigures>,
    /// The game.
    pub world: WorldFigures,
    /// What the arenas hold, by what dies together.
    pub arenas: [(&'static str, ArenaFigures); 3],
    /// The allocator.
    pub allocator: AllocatorFigures,
    /// What was chosen at the start, as label and value.
    pub runtime: Vec<(&'static str, String)>,
    /// The better runtimes that cannot start here.
    pub refused: Vec<(&'static str, Unavailable)>,
    /// What this build is, as label and value.
    pub build: Vec<(&'static str, String)>,
    /// Worker threads.
    pub workers: u64,
    /// Connections that may be open.
    pub connections_max: u64,
    /// Whether `/readyz` answers 200.
    pub ready: bool,
    /// Log events that were left out.
    pub log_suppressed: u64,
    /// The process.
    pub process: ProcessFigures,
    /// When the process started, seconds since the Unix epoch.
    pub started_s: f64,
}

/// How long requests took, from their bytes being read to their answer being written.
#[derive(Clone, Debug, Default)]
pub struct Latency {
    /// Upper bound in seconds and how many lie between it and the bound before; the last bound
    /// is infinite.
    pub buckets: Vec<(f64, u64)>,
    /// All of them added up, in seconds.
    pub sum_s: f64,
}

/// What the workers did beside their shards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DriverTotals {
    /// Errors of `accept`, such as too many open files.
    pub accept_errors: u64,
    /// Connections that were one too many.
    pub refused: u64,
    /// Messages from one worker to another.
    pub mails: u64,
    /// By how much ticks came late, all together.
    pub tick_late_us: u64,
}

/// The game, over all partitions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorldFigures {
    /// Quests.
    pub quests: u64,
    /// Hunts whose round is played.
    pub hunts_running: u64,
    /// Hunts whose round is over.
    pub hunts_ended: u64,
    /// Players that joined rounds that are still held.
    pub players: u64,
    /// WebSocket connections that watch a hunt.
    pub watchers: u64,
    /// Treasures opened since the start.
    pub claims: u64,
}

impl Snapshot {
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
}

impl Collector for Snapshot {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut out = Families::new(encoder);
        self.requests(&mut out)?;
        self.connections(&mut out)?;
        self.websockets(&mut out)?;
        self.game(&mut out)?;
        self.memory(&mut out)?;
        self.allocator.encode(&mut out)?;
        self.server(&mut out)?;
        self.rings(&mut out)?;
        process(self.process, self.started_s, &mut out)
    }
}

impl Snapshot {
    fn requests(&self, out: &mut Families<'_>) -> fmt::Result {
        let help = "Responses, by route and status; status other counts what is not listed";
        let mut family = out.family("hunt_requests", help, None, MetricType::Counter)?;
        for route in RouteName::ALL {
            let counts = self.shards.responses[route as usize];
            for (status, count) in STATUSES.into_iter().zip(counts).filter(|(_, n)| *n > 0) {
                let status = if status == 0 { "other".into() } else { status.to_string() };
                let labels = [("route", route.label()), ("status", &status)];
                counter(family.encode_family(&labels)?, count)?;
            }
        }
        let help = "From bytes being read to the last byte of what they made due being written";
        let seconds = Some(&Unit::Seconds);
        let mut family =
            out.family("hunt_request_duration", help, seconds, MetricType::Histogram)?;
        let count = self.latency.buckets.iter().map(|(_, count)| count).sum();
        let Latency { buckets, sum_s } = &self.latency;
        family.encode_histogram::<NoLabelSet>(*sum_s, count, buckets, None)
    }

    fn connections(&self, out: &mut Families<'_>) -> fmt::Result {
        let shards = &self.shards;
        out.gauge("hunt_connections", "Connections open now", shards.connections)?;
        out.gauge("hunt_connections_limit", "Connections that may be open", self.connections_max)?;
        out.counter("hunt_connections_opened", "Connections accepted", shards.opened)?;
        out.counter("hunt_connections_closed", "Connections ended", shards.closed)?;
        let help = "Connections ended because they did not take their bytes";
        out.counter("hunt_connections_stuck", help, shards.stuck)?;
        let help = "Connections ended by a time-out: 408, keep-alive, idle, closing";
        out.counter("hunt_connections_timed_out", help, shards.timed_out)?;
        let help = "Connections that were one too many, and were told so";
        out.counter("hunt_connections_refused", help, self.driver.refused)?;
        let help = "Errors of accepting a connection, such as too many open files";
        out.counter("hunt_accept_errors", help, self.driver.accept_errors)?;
        let bytes = Some(&Unit::Bytes);
        let mut family =
            out.family("hunt_network", "Bytes of all connections", bytes, MetricType::Counter)?;
        let both = [("in", shards.bytes_in), ("out", shards.bytes_out)];
        for (direction, count) in both {
            counter(family.encode_family(&[("direction", direction)])?, count)?;
        }
        Ok(())
    }

    fn websockets(&self, out: &mut Families<'_>) -> fmt::Result {
        let shards = &self.shards;
        out.gauge("hunt_websockets", "WebSocket connections open now", shards.websockets)?;
        let help = "WebSocket frames, control frames and broadcasts included";
        let mut family = out.family("hunt_websocket_frames", help, None, MetricType::Counter)?;
        let both = [("in", shards.frames_in), ("out", shards.frames_out)];
        for (direction, count) in both {
            counter(family.encode_family(&[("direction", direction)])?, count)?;
        }
        let help = "WebSocket connections that were closed for a protocol error";
        out.counter("hunt_websocket_protocol_errors", help, shards.protocol_errors)?;
        let help = "Broadcast frames queued for a player";
        out.counter("hunt_broadcasts", help, shards.broadcasts)?;
        let help = "Broadcast frames left out because a player was slow";
        out.counter("hunt_broadcasts_conflated", help, shards.conflated)?;
        out.gauge("hunt_slow_players", "Players that are slow now", shards.slow)
    }

    fn game(&self, out: &mut Families<'_>) -> fmt::Result {
        let world = &self.world;
        out.gauge("hunt_quests", "Quests that are held", world.quests)?;
        let help = "Hunts that are held, by the state of their round";
        let mut family = out.family("hunt_hunts", help, None, MetricType::Gauge)?;
        let both = [("running", world.hunts_running), ("ended", world.hunts_ended)];
        for (state, count) in both {
            gauge(family.encode_family(&[("state", state)])?, count)?;
        }
        out.gauge("hunt_players", "Players of the rounds that are held", world.players)?;
        out.gauge("hunt_watchers", "WebSocket connections that watch a hunt", world.watchers)?;
        out.counter("hunt_claims", "Treasures opened", world.claims)
    }

    fn memory(&self, out: &mut Families<'_>) -> fmt::Result {
        let bytes = Some(&Unit::Bytes);
        let help = "Bytes that arenas hold now, by what dies together";
        let mut family = out.family("hunt_arena_held", help, bytes, MetricType::Gauge)?;
        for (kind, figures) in self.arenas {
            gauge(family.encode_family(&[("kind", kind)])?, figures.bytes_held as u64)?;
        }
        let help = "The most bytes that arenas held at once";
        let mut family = out.family("hunt_arena_high", help, bytes, MetricType::Gauge)?;
        for (kind, figures) in self.arenas {
            gauge(family.encode_family(&[("kind", kind)])?, figures.bytes_high as u64)?;
        }
        let help = "Times that an arena gave its memory back as a whole";
        let mut family = out.family("hunt_arena_resets", help, None, MetricType::Counter)?;
        for (kind, figures) in self.arenas {
            counter(family.encode_family(&[("kind", kind)])?, figures.resets)?;
        }
        Ok(())
    }

    fn server(&self, out: &mut Families<'_>) -> fmt::Result {
        out.info("hunt_runtime", "What was chosen at the start", &self.runtime)?;
        if !self.refused.is_empty() {
            let help = "Runtimes that auto prefers and that cannot start here";
            let mut family = out.family("hunt_runtime_refused", help, None, MetricType::Gauge)?;
            for (runtime, why) in &self.refused {
                let labels =
                    [("runtime", *runtime), ("cause", &why.cause), ("remedy", &why.remedy)];
                gauge(family.encode_family(&labels)?, 1)?;
            }
        }
        out.info("hunt_build", "What this build is", &self.build)?;
        out.gauge("hunt_workers", "Worker threads", self.workers)?;
        let help = "Messages from one worker to another";
        out.counter("hunt_worker_messages", help, self.driver.mails)?;
        let help = "By how much the workers' ticks came late, all together: how busy they are";
        let late_s = Duration::from_micros(self.driver.tick_late_us).as_secs_f64();
        let seconds = Some(&Unit::Seconds);
        counter(out.family("hunt_tick_late", help, seconds, MetricType::Counter)?, late_s)?;
        let help = "1 while the server takes new players, 0 while it starts or drains";
        out.gauge("hunt_ready", help, u64::from(self.ready))?;
        let help = "Log events left out by the bound on each place in the code";
        out.counter("hunt_log_events_suppressed", help, self.log_suppressed)
    }

    fn rings(&self, out: &mut Families<'_>) -> fmt::Result {
        let Some(rings) = self.rings else { return Ok(()) };
        out.gauge("hunt_ring_buffers", "Buffers that rings receive into", rings.ring_buffers)?;
        let help = "Buffers whose bytes were not copied yet, so that rings cannot use them";
        out.gauge("hunt_ring_buffers_held", help, rings.ring_buffers_held)?;
        let help = "Receptions that ended for want of a buffer, and were begun again";
        out.counter("hunt_ring_no_buffers", help, rings.ring_no_buffers)?;
        let help = "Times that completions did not fit in the queue of a ring";
        out.counter("hunt_ring_overflows", help, rings.ring_overflows)?;
        let help = "Receptions that were ended, since nobody read, and begun again";
        out.counter("hunt_ring_rearms", help, rings.ring_rearms)
    }
}

/// The names that dashboards expect of every process.
///
/// # Errors
/// If the text cannot be written to.
pub fn process(figures: ProcessFigures, started_s: f64, out: &mut Families<'_>) -> fmt::Result {
    let ProcessFigures { resident_bytes, open_fds, max_fds, cpu_s } = figures;
    let (bytes, seconds) = (Some(&Unit::Bytes), Some(&Unit::Seconds));
    if let Some(value) = resident_bytes {
        let help = "Resident memory";
        gauge(out.family("process_resident_memory", help, bytes, MetricType::Gauge)?, value)?;
    }
    if let Some(value) = open_fds {
        out.gauge("process_open_fds", "Descriptors open", value)?;
    }
    if let Some(value) = max_fds {
        out.gauge("process_max_fds", "Descriptors that may be open", value)?;
    }
    if let Some(value) = cpu_s {
        let help = "CPU time used, user and system";
        counter(out.family("process_cpu", help, seconds, MetricType::Counter)?, value)?;
    }
    let help = "When the process started, since the Unix epoch";
    gauge(out.family("process_start_time", help, seconds, MetricType::Gauge)?, started_s)
}

/// Writes families, one after the other. Every method fails if the text cannot be written to.
#[derive(Debug)]
pub struct Families<'a>(DescriptorEncoder<'a>);

#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl<'a> Families<'a> {
    /// Families that are written there.
    #[must_use]
    pub fn new(encoder: DescriptorEncoder<'a>) -> Self {
        Self(encoder)
    }

    /// Begins a family.
    pub fn family<'s>(
        &'s mut self,
        name: &'s str,
        help: &str,
        unit: Option<&'s Unit>,
        kind: MetricType,
    ) -> Result<MetricEncoder<'s>, fmt::Error> {
        self.0.encode_descriptor(name, &format!("{help}."), unit, kind)
    }

    /// A gauge without labels.
    pub fn gauge(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        gauge(self.family(name, help, None, MetricType::Gauge)?, value)
    }

    /// A counter without labels.
    pub fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        counter(self.family(name, help, None, MetricType::Counter)?, value)
    }

    /// What does not change, as label and value.
    pub fn info(
        &mut self,
        name: &str,
        help: &str,
        labels: &[(&'static str, String)],
    ) -> fmt::Result {
        let labels: Vec<(&str, &str)> = labels.iter().map(|(k, v)| (*k, v.as_str())).collect();
        self.family(name, help, None, MetricType::Info)?.encode_info(&labels)
    }
}

/// Writes a value of a gauge.
///
/// # Errors
/// If the text cannot be written to.
pub fn gauge(mut family: MetricEncoder<'_>, value: impl EncodeGaugeValue) -> fmt::Result {
    family.encode_gauge(&value)
}

/// Writes a value of a counter.
///
/// # Errors
/// If the text cannot be written to.
pub fn counter(mut family: MetricEncoder<'_>, value: impl EncodeCounterValue) -> fmt::Result {
    family.encode_counter::<NoLabelSet, _, u64>(&value, None)
}

#[cfg(test)]
mod exposition;
#[cfg(test)]
mod tests;
