//! The searches for the highest rate that keeps a promise: what came of them, and the rates that
//! were tried on the way.

use crate::axis::Axis;
use crate::cell::{Cell, Server, Workload};
use crate::figures::{Metric, Unit};
use crate::quantity;
use crate::report::ranking::{Ranking, Row};
use crate::report::runs::RunView;
use crate::slo::Slo;

/// The searches for one promise.
#[derive(Clone, Debug)]
pub(super) struct Search {
    /// The promise.
    pub(super) slo: Slo,
    /// What each server came to, the highest first.
    pub(super) rows: Vec<(Row, Vec<Try>)>,
    /// Servers of which no rate is known, and why.
    pub(super) without: Vec<(Server, String)>,
    /// Where bars lie.
    pub(super) axis: Axis,
}

/// A rate that was tried.
#[derive(Clone, Debug)]
pub(super) struct Try {
    /// The run.
    pub(super) file: String,
    /// In which round.
    pub(super) round: u32,
    /// The rate.
    pub(super) offered: String,
    /// What came of it.
    pub(super) came: &'static str,
}

impl Try {
    /// What came of it, as a word that style sheets know.
    pub(super) fn class(&self) -> String {
        self.came.replace(' ', "-")
    }
}

/// Those of a workload.
pub(super) fn searches(
    workload: Workload,
    rankings: &[Ranking],
    runs: &[RunView<'_>],
) -> Vec<Search> {
    let of_capacity = rankings.iter().filter_map(|ranking| match ranking.metric {
        Metric::Capacity(slo) => Some((slo, ranking)),
        _ => None,
    });
    of_capacity
        .map(|(slo, ranking)| {
            let tries = |row: &Row| tries(Cell { workload, server: row.server }, slo, runs);
            let ends = |row: &Row| row.number.ends.map_or(row.number.value, |ends| ends.upper);
            Search {
                slo,
                rows: ranking.rows.iter().map(|row| (row.clone(), tries(row))).collect(),
                without: ranking.without.clone(),
                axis: Axis::from_zero(ranking.rows.iter().map(ends)),
            }
        })
        .collect()
}

fn tries(cell: Cell, slo: Slo, runs: &[RunView<'_>]) -> Vec<Try> {
    let here = runs
        .iter()
        .filter(|run| run.cell() == cell && run.slo() == Some(slo) && run.run.twin.is_none());
    here.map(|run| {
        let confirms = matches!(run.run.purpose, crate::bundle::run::Purpose::Confirm(_));
        let kept = run.figures.as_ref().map(|figures| figures.keeps(slo));
        Try {
            file: run.file.clone(),
            round: run.run.round,
            offered: run
                .run
                .offered_per_s
                .map_or(String::new(), |rate| quantity::figure(rate, Unit::PerSecond)),
            came: match (kept, confirms) {
                (None, _) => "failed",
                (Some(true), false) => "kept",
                (Some(false), false) => "not kept",
                (Some(true), true) => "kept again",
                (Some(false), true) => "not kept again",
            },
        }
    })
    .collect()
}
