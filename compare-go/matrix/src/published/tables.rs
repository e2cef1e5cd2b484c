//! The tables that documents ask for, computed from a bundle.

mod environment;
mod of_cells;

use crate::bundle::Bundle;
use crate::cell::{Cell, Server, Workload};
use crate::figures::{Figures, Metric, Ranking};
use crate::number::whole;
use crate::plan::Filter;
use crate::published::library::Backing;
use crate::published::spec::{Spec, Table, Which};
use crate::quantity;

/// What stands between the marks of a block, line ends included. None where it is not computed.
///
/// # Errors
/// Why no bundle backs it.
pub fn content(spec: &Spec, backing: &Backing<'_>) -> Result<Option<String>, String> {
    match spec {
        Spec::Table { table, bundle, workload, metrics, servers } => {
            let figures = backing.figures(bundle)?;
            let among = Among::of(figures, *workload, servers.as_ref());
            let sheet = match table {
                Table::Headline => of_cells::headline(&among?),
                Table::Metrics => of_cells::metrics(&among?, metrics),
                Table::Ranking => of_cells::ranking(&among?, metrics[0]),
                Table::Environment => environment::sheet(figures.bundle),
            };
            Ok(Some(format!("\n{}", sheet.markdown())))
        }
        Spec::Value { bundle, cell, metric, which } => {
            value(backing.figures(bundle)?, *cell, *metric, *which).map(Some)
        }
        Spec::Quoted { .. } => Ok(None),
    }
}

fn value(
    figures: &Figures<'_>,
    cell: Cell,
    metric: Metric,
    which: Which,
) -> Result<String, String> {
    let summary = figures.summary(cell, metric)?;
    let interval = || {
        let estimate = summary.estimate.ok_or("a single round has no interval")?;
        Ok::<_, String>(estimate.interval)
    };
    let value = match which {
        Which::Median => summary.spread.median,
        Which::Min => summary.spread.min,
        Which::Max => summary.spread.max,
        Which::Lower => interval()?.lower,
        Which::Upper => interval()?.upper,
    };
    Ok(quantity::figure(value, metric.unit()))
}

/// The servers of a table, under one workload.
struct Among<'f, 'b> {
    figures: &'f Figures<'b>,
    workload: Workload,
    servers: Vec<Server>,
}

impl<'f, 'b> Among<'f, 'b> {
    fn of(
        figures: &'f Figures<'b>,
        workload: Workload,
        filter: Option<&Filter>,
    ) -> Result<Self, String> {
        let meant = |server: &Server| {
            filter.is_none_or(|filter| filter.matches(Cell { workload, server: *server }))
        };
        let servers: Vec<Server> = figures.servers(workload).into_iter().filter(meant).collect();
        if servers.is_empty() {
            let name = &figures.bundle.head.name;
            return Err(format!("{name} has no such server under {workload}"));
        }
        Ok(Self { figures, workload, servers })
    }

    fn rank(&self, metric: Metric) -> Ranking {
        Ranking::of(self.figures, self.workload, metric, &self.servers)
    }

    /// Where figures are from, and how they are to be read.
    fn source(&self) -> String {
        let Bundle { head, environment, plan, .. } = self.figures.bundle;
        let load = &plan.loads[&self.workload];
        let rate = match load.rate_per_s {
            Some(rate) => format!("{}/s offered", quantity::count(whole(rate))),
            None => "as fast as it was answered".to_owned(),
        };
        format!(
            "`{}`, {rate}, {} connections; medians of {} rounds with their 95 % intervals. From \
             bundle `{}` (manifest `{}`), commit `{}`.",
            self.workload,
            quantity::count(u64::from(load.connections)),
            plan.rounds,
            head.name,
            self.figures.bundle.digest_short(),
            environment.source.commit,
        )
    }

    /// Who was left out, and why.
    fn left_out(&self) -> Vec<String> {
        let records = self.figures.bundle.servers.values();
        let left_out = records.filter_map(|record| match &record.state {
            crate::bundle::server::ServerState::LeftOut(why) => {
                Some(format!("{} has no row: {why}.", record.server))
            }
            crate::bundle::server::ServerState::Ready(_) => None,
        });
        left_out.collect()
    }
}
