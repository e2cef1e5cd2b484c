//! The metrics that a server tells of itself, in the text of OpenMetrics.

use super::pauses;
use crate::bundle::run::{Allocator, Scraped};
use anyhow::{Context, ensure};
use process::asking::Asking;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// The series that a run keeps, where the server has them; one that it lacks is left out.
const CHOSEN: [&str; 21] = [
    "hunt_connections",
    "hunt_network_bytes_total{direction=\"in\"}",
    "hunt_network_bytes_total{direction=\"out\"}",
    "hunt_broadcasts_total",
    "hunt_broadcasts_conflated_total",
    "hunt_worker_messages_total",
    "hunt_tick_late_seconds_total",
    "hunt_ring_no_buffers_total",
    "hunt_ring_overflows_total",
    "hunt_allocator_allocated_bytes",
    "hunt_allocator_resident_bytes",
    "hunt_allocator_mapped_bytes",
    "go_gc_cycles_total_gc_cycles_total",
    "go_gc_heap_live_bytes",
    "go_gc_heap_goal_bytes",
    "go_gc_heap_allocs_objects_total",
    "go_gc_heap_allocs_bytes_total",
    "go_cpu_classes_gc_total_cpu_seconds_total",
    "go_goroutines",
    "go_sched_gomaxprocs_threads",
    "go_threads",
];

/// Asks a server for its metrics, again and again on one connection.
#[derive(Debug)]
pub(crate) struct Scraper {
    asking: Asking,
    request: Vec<u8>,
}

/// Metrics at one moment: values by name, with labels as they were written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Metrics(BTreeMap<String, f64>);

impl Scraper {
    /// Connects.
    ///
    /// # Errors
    /// If nobody listens there.
    pub(crate) fn connect(admin: SocketAddr, patience: Duration) -> anyhow::Result<Self> {
        let asking = Asking::connect_within(admin, patience);
        let asking = asking.with_context(|| format!("no metrics at {admin}"))?;
        let request = format!("GET /metrics HTTP/1.1\r\nHost: {admin}\r\n\r\n").into_bytes();
        Ok(Self { asking, request })
    }

    /// Asks.
    ///
    /// # Errors
    /// If it answers otherwise than with metrics.
    pub(crate) fn scrape(&mut self) -> anyhow::Result<Metrics> {
        let (status, body) = self.asking.ask(&self.request).context("no metrics")?;
        ensure!(status == 200, "the server answers /metrics with {status}");
        Ok(Metrics::read(std::str::from_utf8(&body).context("metrics that are no text")?))
    }
}

impl Metrics {
    pub(super) fn read(text: &str) -> Self {
        let samples = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
            // A label may have blanks; a value has none, and no time follows it here.
            let (name, value) = line.rsplit_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        });
        Self(samples.collect())
    }

    /// The value of a series.
    pub(crate) fn value(&self, series: &str) -> Option<f64> {
        self.0.get(series).copied()
    }

    /// The value of a series that counts.
    pub(crate) fn whole(&self, series: &str) -> Option<u64> {
        self.value(series).map(pauses::whole)
    }

    /// The series of a metric: their labels and values.
    pub(super) fn labelled(&self, metric: &str) -> impl Iterator<Item = (&str, f64)> {
        let begin = format!("{metric}{{");
        let all =
            self.0.range(begin.clone()..).take_while(move |(name, _)| name.starts_with(&begin));
        let skipped = metric.len();
        all.map(move |(name, value)| (&name[skipped..], *value))
    }

    /// The allocator: that of the process, as it says, or Go's own.
    pub(super) fn allocator(&self) -> anyhow::Result<Allocator> {
        if let Some((labels, _)) = self.labelled("hunt_allocator_info").next() {
            let of = |name: &str| {
                label(labels, name).with_context(|| format!("hunt_allocator_info has no {name}"))
            };
            let (name, version) = (of("allocator")?, of("version")?);
            return Ok(Allocator { name, version, installed: of("installed")? });
        }
        let version = self.go_version().context("the server does not tell its allocator")?;
        Ok(Allocator { name: "go".into(), version, installed: "go".into() })
    }

    /// The version of Go, where it is Go that serves.
    pub(super) fn go_version(&self) -> Option<String> {
        self.labelled("go_info").find_map(|(labels, _)| label(labels, "version"))
    }

    /// The series that a run keeps, here and later.
    pub(super) fn chosen(&self, later: &Self) -> BTreeMap<String, Scraped> {
        let both = |name: &&str| Some((self.value(name)?, later.value(name)?));
        let kept = CHOSEN.iter().filter_map(|name| {
            let (begin, end) = both(name)?;
            Some(((*name).to_owned(), Scraped { begin, end }))
        });
        kept.collect()
    }
}

/// The value of a label, of labels as `{one="a",other="b"}`. No value here has quotes in it.
pub(super) fn label(labels: &str, name: &str) -> Option<String> {
    labels.trim_matches(['{', '}']).split("\",").find_map(|label| {
        let (found, value) = label.split_once("=\"")?;
        (found == name).then(|| value.trim_end_matches('"').to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUST: &str = "# TYPE hunt_connections gauge\nhunt_connections 7\n\
        hunt_allocator_info{allocator=\"jemalloc\",version=\"5.3.1, as built\",installed=\"mimalloc\"} 1\n\
        hunt_network_bytes_total{direction=\"in\"} 1.5e3\nhunt_connections_limit 65536\n# EOF\n";

    #[test]
    fn an_allocator_is_as_the_process_saw_it() {
        let allocator = Metrics::read(RUST).allocator().unwrap();
        assert_eq!((&*allocator.name, &*allocator.installed), ("jemalloc", "mimalloc"));
        assert_eq!(allocator.version, "5.3.1, as built");
        let go = Metrics::read("go_info{version=\"go1.26.8\"} 1.0\n").allocator().unwrap();
        assert_eq!((&*go.name, &*go.version), ("go", "go1.26.8"));
        let none = Metrics::read("hunt_connections 1\n").allocator().unwrap_err();
        assert!(none.to_string().contains("does not tell its allocator"));
    }

    #[test]
    fn only_what_is_chosen_and_there_at_both_ends_is_kept() {
        let (begin, end) = (Metrics::read(RUST), Metrics::read(&RUST.replace(" 7\n", " 9\n")));
        let kept = begin.chosen(&end);
        assert_eq!(kept["hunt_connections"], Scraped { begin: 7.0, end: 9.0 });
        assert_eq!(kept["hunt_network_bytes_total{direction=\"in\"}"].end, 1_500.0);
        assert_eq!(kept.len(), 2);
        assert!(begin.chosen(&Metrics::default()).is_empty());
    }
}
