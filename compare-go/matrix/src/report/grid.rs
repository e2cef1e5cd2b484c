//! All settings of the engine at a glance: runtimes as rows, allocators and arenas as columns, each
//! setting shaded by how far it is from the best of them.

use crate::cell::{Allocator, Arena, Runtime, Server};
use crate::figures::Metric;
use crate::report::number::Number;
use crate::report::ranking::{Ranking, Row};
use crate::statistics::{Better, Scale};

/// The settings by one metric.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    /// The metric.
    pub(super) metric: Metric,
    /// The columns.
    pub(super) columns: Vec<(Allocator, Arena)>,
    /// The rows: a runtime, and what its settings came to.
    pub(super) rows: Vec<(Runtime, Vec<Option<Setting>>)>,
}

/// What a setting came to.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    /// The figure.
    pub(super) number: Number,
    /// From 0, as good as the best, to [`SHADES`] - 1.
    pub(super) shade: usize,
    /// Whether it is one of those that lead the whole ranking.
    pub(super) leads: bool,
}

/// How many shades there are.
pub(super) const SHADES: usize = 6;
/// The ratio to the best at which each further shade begins.
const STEPS: [f64; SHADES - 1] = [1.03, 1.10, 1.25, 1.60, 2.50];

/// The grid of a ranking; none where it has fewer than two engines.
pub(super) fn grid(ranking: &Ranking) -> Option<Grid> {
    let engines: Vec<&Row> =
        ranking.rows.iter().filter(|row| matches!(row.server, Server::Engine { .. })).collect();
    if engines.len() < 2 {
        return None;
    }
    let values = engines.iter().map(|row| row.number.value);
    let best = match ranking.metric.better() {
        Better::Less => values.fold(f64::INFINITY, f64::min),
        Better::More => values.fold(f64::NEG_INFINITY, f64::max),
    };
    let at = |runtime, allocator, arena| {
        let server = Server::Engine { runtime, allocator, arena };
        engines.iter().find(|row| row.server == server).copied()
    };
    let has = |found: &dyn Fn(&Server) -> bool| engines.iter().any(|row| found(&row.server));
    let mut columns = Vec::new();
    for allocator in Allocator::ALL {
        columns.extend(Arena::ALL.map(|arena| (allocator, arena)));
    }
    columns.retain(|(allocator, arena)| {
        Runtime::ALL.into_iter().any(|runtime| at(runtime, *allocator, *arena).is_some())
    });
    let of_runtime = |runtime: Runtime| {
        has(&|server| matches!(server, Server::Engine { runtime: of, .. } if *of == runtime))
    };
    let setting = |row: &Row| Setting {
        number: row.number.clone(),
        shade: shade(row.number.value, best, ranking),
        leads: row.leads,
    };
    let rows = Runtime::ALL.into_iter().filter(|runtime| of_runtime(*runtime)).map(|runtime| {
        let columns = columns.iter();
        let settings =
            columns.map(|(allocator, arena)| at(runtime, *allocator, *arena).map(setting));
        (runtime, settings.collect())
    });
    Some(Grid { metric: ranking.metric, rows: rows.collect(), columns: columns.clone() })
}

/// What may be nothing at all has no ratio, and is shaded by its place between the ends.
fn shade(value: f64, best: f64, ranking: &Ranking) -> usize {
    if ranking.metric.scale() == Scale::Difference {
        let worst = ranking.rows.last().map_or(best, |row| row.number.value);
        let place = if worst == best { 0.0 } else { (value - best) / (worst - best) };
        return [0.02, 0.2, 0.4, 0.6, 0.8].iter().filter(|step| place > **step).count();
    }
    let ratio = if ranking.metric.better() == Better::Less { value / best } else { best / value };
    STEPS.iter().filter(|step| ratio >= **step).count()
}
