//! What the engine has set itself, held against a record. What was not measured is neither met nor
//! missed.

use crate::measure::Cell;
use crate::peer::Peer;
use crate::record::Record;
use crate::run::WATCHERS;
use crate::workload::Workload;
use backends::Backend;
use serde::Serialize;

/// The most that the best backend may cost, as a ratio to the better floor.
pub const BEST_MAX: f64 = 1.10;
/// The most that Tokio with one runtime per core may cost.
pub const TOKIO_PER_CORE_MAX: f64 = 1.20;
/// The most that a backend with a ring may cost, glommio aside.
pub const RING_MAX: f64 = 1.25;
/// The most that the 99th percentile may be of the median with 8,000 connections.
pub const TAIL_MAX: f64 = 2.0;
/// The most that a request may cost with 19,000 connections, as a ratio to 64.
pub const GROWTH_MAX: f64 = 1.25;

const FEW: u32 = 64;
const MANY: u32 = 8_000;
const MOST: u32 = 19_000;

/// One target at one place.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Target {
    /// What it asks for.
    pub name: String,
    /// What was measured: a ratio.
    pub value: f64,
    /// The most that it may be.
    pub limit: f64,
    /// `met` or `missed`.
    pub verdict: &'static str,
}

impl Target {
    fn new(name: String, value: f64, limit: f64) -> Self {
        let verdict = if value <= limit { "met" } else { "missed" };
        Self { name, value, limit, verdict }
    }

    /// Whether it is met.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.verdict == "met"
    }
}

/// Every target that the record has figures for.
#[must_use]
pub fn check(record: &Record) -> Vec<Target> {
    let mut targets = Vec::new();
    let backends: Vec<Peer> = Peer::all().into_iter().filter(|peer| peer.is_engine()).collect();
    let mut counts: Vec<u32> = record
        .taken
        .iter()
        .filter(|taken| taken.cell.workload == Workload::Resolve)
        .map(|taken| taken.cell.connections)
        .collect();
    counts.sort_unstable();
    counts.dedup();
    for connections in counts {
        costs(record, &backends, connections, &mut targets);
    }
    tails(record, &backends, &mut targets);
    growth(record, &backends, &mut targets);
    fanout(record, &backends, &mut targets);
    targets
}

fn resolve(peer: Peer, connections: u32) -> Cell {
    Cell { workload: Workload::Resolve, connections, peer }
}

/// The peer with the least of something.
fn best(peers: &[Peer], figure: impl Fn(Peer) -> Option<f64>) -> Option<(Peer, f64)> {
    let figures = peers.iter().filter_map(|peer| Some((*peer, figure(*peer)?)));
    figures.min_by(|a, b| a.1.total_cmp(&b.1))
}

fn costs(record: &Record, backends: &[Peer], connections: u32, targets: &mut Vec<Target>) {
    let ratio = |peer| Some(record.row(resolve(peer, connections))?.ratio?.median);
    let at = format!("resolve c={connections}");
    if let Some((peer, value)) = best(backends, ratio) {
        let name = format!("{at}: the best backend, {peer}, to the better floor");
        targets.push(Target::new(name, value, BEST_MAX));
    }
    for peer in backends {
        let limit = match peer {
            Peer::Engine(Backend::TokioPerCore) => TOKIO_PER_CORE_MAX,
            Peer::Engine(Backend::TokioUring | Backend::Monoio) => RING_MAX,
            _ => continue,
        };
        if let Some(value) = ratio(*peer) {
            targets.push(Target::new(format!("{at}: {peer} to the better floor"), value, limit));
        }
    }
    let cost = |peer| Some(record.row(resolve(peer, connections))?.cpu_ns.median);
    for library in [Peer::Hyper, Peer::Axum] {
        // The backend that comes closest to being behind.
        let ratios = |peer| Some(-cost(peer)? / cost(library)?);
        if let Some((peer, value)) = best(backends, ratios) {
            let name = format!("{at}: the dearest backend, {peer}, to {library}");
            targets.push(Target::new(name, -value, 1.0));
        }
    }
}

fn tails(record: &Record, backends: &[Peer], targets: &mut Vec<Target>) {
    for peer in backends.iter().filter(|peer| peer.is_per_core_backend()) {
        if let Some(row) = record.row(resolve(*peer, MANY)) {
            let name = format!("resolve c={MANY}: p99 to p50 of {peer}");
            targets.push(Target::new(name, row.p99_ns.median / row.p50_ns.median, TAIL_MAX));
        }
    }
}

fn growth(record: &Record, backends: &[Peer], targets: &mut Vec<Target>) {
    for peer in backends {
        let cost = |connections| Some(record.row(resolve(*peer, connections))?.cpu_ns.median);
        if let (Some(few), Some(most)) = (cost(FEW), cost(MOST)) {
            let name = format!("resolve: {peer} at c={MOST} to c={FEW}");
            targets.push(Target::new(name, most / few, GROWTH_MAX));
        }
    }
}

fn fanout(record: &Record, backends: &[Peer], targets: &mut Vec<Target>) {
    let cell = |peer| Cell { workload: Workload::Fanout, connections: WATCHERS, peer };
    let ratio = |peer| Some(record.ratio(cell(peer), Peer::Epoll)?.median);
    if let Some((peer, value)) = best(backends, ratio) {
        let name = format!("fanout to {WATCHERS}: the best backend, {peer}, to a bare send loop");
        targets.push(Target::new(name, value, BEST_MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::record;

    const PER_CORE: Peer = Peer::Engine(Backend::TokioPerCore);
    const STEALING: Peer = Peer::Engine(Backend::Tokio);

    fn verdicts(record: &Record) -> Vec<(String, &'static str)> {
        check(record).into_iter().map(|target| (target.name, target.verdict)).collect()
    }

    #[test]
    fn a_target_is_met_up_to_its_limit_and_missed_beyond_it() {
        let workload = Workload::Resolve;
        let costs = |per_core| {
            [
                (1, Peer::Epoll, workload, 64, 1000.0),
                (1, PER_CORE, workload, 64, per_core),
                (1, STEALING, workload, 64, 1300.0),
                (1, Peer::Hyper, workload, 64, 1250.0),
            ]
        };
        let expected = |best, per_core| {
            vec![
                (
                    "resolve c=64: the best backend, tokio-per-core, to the better floor".into(),
                    best,
                ),
                ("resolve c=64: tokio-per-core to the better floor".into(), per_core),
                ("resolve c=64: the dearest backend, tokio, to hyper".into(), "missed"),
            ]
        };
        assert_eq!(verdicts(&record(&costs(1100.0))), expected("met", "met"));
        assert_eq!(verdicts(&record(&costs(1200.0))), expected("missed", "met"));
        assert_eq!(verdicts(&record(&costs(1201.0))), expected("missed", "missed"));
    }

    #[test]
    fn tails_growth_and_fan_out_are_held_too() {
        let resolve = Workload::Resolve;
        let record = record(&[
            (1, PER_CORE, resolve, 64, 1000.0),
            (1, PER_CORE, resolve, 8_000, 1000.0),
            (1, PER_CORE, resolve, 19_000, 1300.0),
            (1, Peer::Epoll, Workload::Fanout, WATCHERS, 1000.0),
            (1, PER_CORE, Workload::Fanout, WATCHERS, 1050.0),
        ]);
        let expected = vec![
            ("resolve c=8000: p99 to p50 of tokio-per-core".into(), "met"),
            ("resolve: tokio-per-core at c=19000 to c=64".into(), "missed"),
            ("fanout to 2000: the best backend, tokio-per-core, to a bare send loop".into(), "met"),
        ];
        assert_eq!(verdicts(&record), expected);
    }

    #[test]
    fn what_was_not_measured_is_neither_met_nor_missed() {
        assert_eq!(check(&record(&[])), []);
    }
}
