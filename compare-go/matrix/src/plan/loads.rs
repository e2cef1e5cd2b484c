//! How hard each workload asks, and which promises are searched for: one table, so that every
//! server of a plan has the same.
//!
//! Rates are below what the slowest server of the table can serve on one core, so that latencies
//! are compared where nobody is saturated; where each saturates is what capacities tell.
//!
//! Connections fit one process that may open 20,000 descriptors, so that every server can have
//! them. The two workloads of 30,000 are the scenarios at their full size; a server that has no
//! more than one descriptor table is left out of them where the system's limit is lower, and says
//! so.

use crate::bundle::run::Purpose;
use crate::cell::Workload;
use crate::plan::{Extent, Load};
use crate::slo::Slo;

/// Under what each workload is measured: units of work a second, connections, players of the world.
///
/// - `resolve`: the rate of the incident. Players have 1,024 treasures each, so that claims stay
///   fresh far beyond any rate of a search.
/// - `resolve-closed`: as fast as the server answers, to tell what it can do at most and what a
///   request costs where the core is full. It has no intended times, and so no latency.
/// - `sockets`: each gets a frame every 150 ms, so that 6,000 are 40,000 frames a second. net/http
///   takes about 11 us of a core for each.
/// - `sockets-30k` is 200,000 frames a second, which saturates a core of most servers, and one of
///   the generator: it takes more cores than two to be valid.
/// - `state`: 10,000 answers a second, and 13,000 frames beside them.
/// - `quests`: 2,000 hunts with two watchers each; a publication of 4,200 or 8,500 waypoints four
///   times a second. The rate is that of `hunt-status` beside them; the promise is that of frames.
/// - `slow-readers` asks nothing; what counts are the frames of those who read.
const TABLE: [(Workload, Option<f64>, u32, u32); 12] = [
    (Workload::Resolve, Some(15_000.0), 15_000, 30_000),
    (Workload::Resolve30k, Some(15_000.0), 30_000, 30_000),
    (Workload::ResolveClosed, None, 256, 30_000),
    (Workload::Sockets, Some(1_000.0), 6_000, 6_000),
    (Workload::Sockets30k, Some(1_000.0), 30_000, 30_000),
    (Workload::State, Some(10_000.0), 2_000, 2_000),
    (Workload::Quests, Some(2_000.0), 4_000, 4_000),
    (Workload::Loot, Some(20_000.0), 1_000, 0),
    (Workload::HotBoard, Some(8_000.0), 1_000, 10_000),
    (Workload::SlowReaders, None, 2_000, 2_000),
    (Workload::ReconnectStorm, Some(1_000.0), 500, 0),
    (Workload::Mixed, Some(5_000.0), 4_000, 10_000),
];
/// A first look is taken at a third of the rate and an eighth of the connections.
const QUICK: (f64, u32) = (3.0, 8);
/// Slow readers stall for six seconds, or twelve and a half, and read for two: less shows nothing.
const SLOW_COUNTED_MS_MIN: u64 = 16_000;
/// The times of a run of a search, as a share of those of the load: a percentile of latencies
/// beyond 30,000 answers moves no more than the searched rate does.
const SEARCH_SHARE: (u64, u64) = (1, 2);

/// The load of a workload.
///
/// # Panics
/// Never: the table has every workload.
#[must_use]
pub fn load(extent: Extent, workload: Workload) -> Load {
    let row = TABLE.into_iter().find(|(name, ..)| *name == workload);
    let (_, rate_per_s, connections, sessions) = row.expect("the table has every workload");
    let (warm_up_ms, counted_ms) = match extent {
        Extent::Quick => (1_000, 4_000),
        Extent::Normal => (1_500, 5_000),
        Extent::Full => (2_000, 8_000),
    };
    let counted_ms = match workload {
        Workload::SlowReaders => counted_ms.max(SLOW_COUNTED_MS_MIN),
        _ => counted_ms,
    };
    let (slower, fewer) =
        if extent == Extent::Quick && !is_full_size(workload) { QUICK } else { (1.0, 1) };
    Load {
        rate_per_s: rate_per_s.map(|rate| (rate / slower).round()),
        connections: connections / fewer,
        sessions: sessions / fewer,
        warm_up_ms,
        counted_ms,
    }
}

/// Whether no extent makes a workload smaller: a scenario at its full size, or a closed loop, whose
/// connections are what fills the cores.
#[must_use]
pub const fn is_full_size(workload: Workload) -> bool {
    matches!(workload, Workload::Resolve30k | Workload::ResolveClosed | Workload::Sockets30k)
}

/// The load of a run: that of its workload, and less time where it is one of a search.
#[must_use]
pub fn of_run(load: &Load, purpose: Purpose) -> Load {
    let (part, whole) = SEARCH_SHARE;
    match purpose {
        Purpose::Measure => load.clone(),
        Purpose::Search(_) | Purpose::Confirm(_) => Load {
            warm_up_ms: load.warm_up_ms * part / whole,
            counted_ms: load.counted_ms * part / whole,
            ..load.clone()
        },
    }
}

/// The generator's name of a workload.
#[must_use]
pub const fn asked(workload: Workload) -> &'static str {
    match workload {
        Workload::Resolve30k | Workload::ResolveClosed => Workload::Resolve.name(),
        Workload::Sockets30k => Workload::Sockets.name(),
        other => other.name(),
    }
}

/// The workload that asks the same in a closed loop, where there is one.
#[must_use]
pub const fn closed(workload: Workload) -> Option<Workload> {
    match workload {
        Workload::Resolve => Some(Workload::ResolveClosed),
        _ => None,
    }
}

/// Players that the generator is told of; none where each connection is one, or none is needed.
#[must_use]
pub fn sessions(workload: Workload, load: &Load) -> Option<u32> {
    match workload {
        Workload::Resolve
        | Workload::Resolve30k
        | Workload::ResolveClosed
        | Workload::HotBoard
        | Workload::Mixed => Some(load.sessions.max(load.connections)),
        Workload::Sockets
        | Workload::Sockets30k
        | Workload::State
        | Workload::Quests
        | Workload::Loot
        | Workload::SlowReaders
        | Workload::ReconnectStorm => None,
    }
}

/// Hunts that are played, where they follow from the load; else as many as the workload has.
#[must_use]
pub fn hunts(workload: Workload, load: &Load) -> Option<u32> {
    let players = match workload {
        Workload::Sockets | Workload::Sockets30k => 100,
        Workload::State => 20,
        Workload::Quests => 2,
        Workload::Resolve
        | Workload::Resolve30k
        | Workload::ResolveClosed
        | Workload::Loot
        | Workload::HotBoard
        | Workload::SlowReaders
        | Workload::ReconnectStorm
        | Workload::Mixed => return None,
    };
    Some((load.connections / players).max(1))
}

/// The promises of which the highest rate is searched for: those of the incident, and a strict one;
/// a full plan has the strict one of more workloads.
#[must_use]
pub fn promises(extent: Extent, workload: Workload) -> &'static [Slo] {
    const RESOLVE: [Slo; 2] = [Slo::p99_ms(50), Slo::p99_ms(5)];
    const QUESTS: [Slo; 1] = [Slo::p99_ms(35)];
    const STRICT: [Slo; 1] = [Slo::p99_ms(5)];
    match workload {
        Workload::Resolve => &RESOLVE,
        Workload::Quests => &QUESTS,
        Workload::State | Workload::Loot if extent == Extent::Full => &STRICT,
        Workload::Resolve30k
        | Workload::ResolveClosed
        | Workload::Sockets
        | Workload::Sockets30k
        | Workload::State
        | Workload::Loot
        | Workload::HotBoard
        | Workload::SlowReaders
        | Workload::ReconnectStorm
        | Workload::Mixed => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_workload_has_a_load_that_grows_with_the_extent() {
        for workload in Workload::ALL {
            let [quick, normal, full] = Extent::ALL.map(|extent| load(extent, workload));
            let same = is_full_size(workload);
            assert!(same || quick.rate_per_s < normal.rate_per_s || quick.rate_per_s.is_none());
            assert_eq!(quick.connections < normal.connections, !same, "{workload}");
            assert_eq!((normal.connections, normal.sessions), (full.connections, full.sessions));
            assert!(quick.counted_ms <= normal.counted_ms && normal.counted_ms <= full.counted_ms);
        }
    }

    #[test]
    fn every_server_can_hold_what_is_compared_where_a_process_may_open_20_000_descriptors() {
        for workload in Workload::ALL.into_iter().filter(|workload| !is_full_size(*workload)) {
            assert!(load(Extent::Full, workload).connections <= 18_000, "{workload}");
        }
    }

    #[test]
    fn fresh_claims_last_for_the_highest_rate_that_a_core_of_the_generator_sends() {
        for workload in [Workload::Resolve, Workload::ResolveClosed, Workload::HotBoard] {
            let load = load(Extent::Full, workload);
            let seconds = (load.warm_up_ms + load.counted_ms) / 1_000;
            // It wants a tenth more than the claims of the run.
            let claims = 250_000 * seconds * 11 / 10;
            assert!(u64::from(load.sessions) * 1_024 > claims, "{workload}");
        }
    }

    #[test]
    fn a_run_of_a_search_is_the_same_load_for_less_time() {
        let load = load(Extent::Normal, Workload::Resolve);
        let searched = of_run(&load, Purpose::Search(Slo::p99_ms(5)));
        assert!(searched.counted_ms < load.counted_ms && searched.warm_up_ms < load.warm_up_ms);
        assert_eq!(searched.connections, load.connections);
        assert_eq!(of_run(&load, Purpose::Measure), load);
    }

    #[test]
    fn the_promises_of_the_incident_are_searched_for_in_every_plan_that_searches() {
        for extent in [Extent::Normal, Extent::Full] {
            let texts = |workload| -> Vec<String> {
                promises(extent, workload).iter().map(Slo::to_string).collect()
            };
            assert_eq!(texts(Workload::Resolve), ["p99<50ms", "p99<5ms"]);
            assert_eq!(texts(Workload::Quests), ["p99<35ms"]);
        }
        let quests = load(Extent::Normal, Workload::Quests);
        assert_eq!(hunts(Workload::Quests, &quests), Some(2_000));
    }
}
