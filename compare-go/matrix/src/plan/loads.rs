//! How hard each workload asks, and which promises are searched for: one table, so that every
//! server of a plan has the same.
//!
//! Rates are below what the slowest server of the table can serve on one core, so that latencies
//! are compared where nobody is saturated; where each saturates is what capacities tell.

use crate::cell::Workload;
use crate::plan::{Extent, Load};
use crate::slo::Slo;

/// Under what each workload is measured: units of work a second, connections, players of the world.
const TABLE: [(Workload, f64, u32, u32); 9] = [
    (Workload::Resolve, 15_000.0, 8_000, 30_000),
    (Workload::Sockets, 1_000.0, 10_000, 10_000),
    (Workload::State, 10_000.0, 2_000, 2_000),
    (Workload::Quests, 2_000.0, 4_000, 4_000),
    (Workload::Loot, 20_000.0, 1_000, 0),
    (Workload::HotBoard, 8_000.0, 1_000, 10_000),
    (Workload::SlowReaders, 1_000.0, 2_000, 2_000),
    (Workload::ReconnectStorm, 1_000.0, 500, 10_000),
    (Workload::Mixed, 5_000.0, 4_000, 10_000),
];
/// Connections of the scenarios that are about many of them, in a full matrix.
const MANY: [(Workload, u32); 2] = [(Workload::Resolve, 30_000), (Workload::Sockets, 30_000)];
/// A first look is taken at a third of the rate and an eighth of the connections.
const QUICK: (f64, u32) = (3.0, 8);

/// The load of a workload.
///
/// # Panics
/// Never: the table has every workload.
#[must_use]
pub fn load(extent: Extent, workload: Workload) -> Load {
    let row = TABLE.into_iter().find(|(name, ..)| *name == workload);
    let (_, rate_per_s, connections, sessions) = row.expect("the table has every workload");
    let many = MANY.into_iter().find(|(name, _)| *name == workload);
    let (slower, fewer) = QUICK;
    let (rate_per_s, connections, sessions, warm_up_ms, counted_ms) = match extent {
        Extent::Quick => (rate_per_s / slower, connections / fewer, sessions / fewer, 1_000, 4_000),
        Extent::Normal => (rate_per_s, connections, sessions, 2_000, 8_000),
        Extent::Full => {
            let connections = many.map_or(connections, |(_, many)| many);
            (rate_per_s, connections, sessions, 3_000, 10_000)
        }
    };
    Load { rate_per_s: Some(rate_per_s.round()), connections, sessions, warm_up_ms, counted_ms }
}

/// The promises of which the highest rate is searched for: that of the incident, and a strict one.
#[must_use]
pub fn promises(workload: Workload) -> &'static [Slo] {
    const STRICT: [Slo; 1] = [Slo::p99_ms(5)];
    const RESOLVE: [Slo; 2] = [Slo::p99_ms(50), STRICT[0]];
    const QUESTS: [Slo; 1] = [Slo::p99_ms(35)];
    match workload {
        Workload::Resolve => &RESOLVE,
        Workload::Quests => &QUESTS,
        Workload::State | Workload::Loot => &STRICT,
        Workload::Sockets
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
            assert!(quick.rate_per_s < normal.rate_per_s, "{workload}");
            assert!(quick.connections < normal.connections, "{workload}");
            assert!(normal.connections <= full.connections, "{workload}");
            assert!(quick.counted_ms < normal.counted_ms && normal.counted_ms < full.counted_ms);
        }
    }
}
