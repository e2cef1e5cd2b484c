//! The tables that documents ask for, computed from a bundle.

mod beside;
mod effects;
mod environment;
mod layers;
mod of_cells;
mod plots;
mod scaling;
mod workloads;

use crate::bundle::Bundle;
use crate::cell::{Cell, Server, Workload};
use crate::figures::work;
use crate::figures::{Figures, Metric, Ranking};
use crate::plan::Filter;
use crate::published::library::Backing;
use crate::published::markdown::Sheet;
use crate::published::spec::{Plot, Source, Spec, Table, Which};
use crate::quantity;
use crate::slo::Percentile;
use std::collections::BTreeSet;

/// What a block stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// What stands between its marks, line ends included.
    pub text: String,
    /// The file that belongs to it.
    pub file: Option<File>,
}

/// A file that is computed from bundles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Where it is, from the folder of the document.
    pub path: String,
    /// What is in it.
    pub text: String,
}

/// What a block says while no bundle measured its workload to the end.
const NOTHING_YET: &str = "No bundle of this is committed yet";

/// What a block stands for. None where it is not computed.
///
/// # Errors
/// Why no bundle backs it.
pub fn content(spec: &Spec, backing: &Backing<'_>) -> Result<Option<Content>, String> {
    match spec {
        Spec::Workloads => Ok(Some(of_sheet(&workloads::offered()))),
        Spec::Quoted { .. } => Ok(None),
        Spec::Scaling { bundles, workload, metric, servers } => {
            let figures = bundles.iter().map(|name| backing.figures(name));
            let figures = figures.collect::<Result<Vec<_>, _>>()?;
            let sheet = scaling::sheet(&figures, *workload, *metric, servers.as_ref())?;
            Ok(Some(of_sheet(&sheet)))
        }
        Spec::Table { bundle, workload, .. } | Spec::Plot { bundle, workload, .. } => {
            match backing.of_source(bundle, *workload)? {
                None => Ok(Some(of_text(format!("\n{NOTHING_YET}.\n")))),
                Some(figures) => match of_figures(spec, figures) {
                    // Which bundle backs it is not up to the block, so it is no fault of it.
                    Err(why) if *bundle == Source::Newest => {
                        let name = &figures.bundle.head.name;
                        Ok(Some(of_text(format!("\nBundle `{name}` does not tell: {why}.\n"))))
                    }
                    content => content.map(Some),
                },
            }
        }
        Spec::Value { bundle, cell, metric, which } => {
            match backing.of_source(bundle, cell.workload)? {
                None => Ok(Some(of_text(NOTHING_YET.to_lowercase()))),
                Some(figures) => {
                    value(figures, *cell, *metric, *which).map(|text| Some(of_text(text)))
                }
            }
        }
    }
}

fn of_figures(spec: &Spec, figures: &Figures<'_>) -> Result<Content, String> {
    match spec {
        Spec::Table { table, workload, metrics, servers, .. } => {
            let among = || Among::of(figures, *workload, servers.as_ref());
            let sheet = match table {
                Table::Headline => of_cells::headline(&among()?),
                Table::Metrics => of_cells::metrics(&among()?, metrics),
                Table::Ranking => of_cells::ranking(&among()?, metrics[0]),
                Table::Scenario => beside::scenario(&among()?)?,
                Table::Tuning => beside::tuning(&among()?)?,
                Table::Effects => effects::sheet(&among()?, metrics[0])?,
                Table::Layers => layers::sheet(&among()?)?,
                Table::Loads => workloads::of_bundle(figures.bundle),
                Table::Environment => environment::sheet(figures.bundle),
            };
            Ok(of_sheet(&sheet))
        }
        Spec::Plot { plot, workload, metric, servers, file, .. } => {
            let among = Among::of(figures, *workload, servers.as_ref())?;
            let drawn = match plot {
                Plot::Bars => plots::bars(&among, *metric)?,
                Plot::Latency => plots::latency(&among)?,
            };
            let (title, source) = (&drawn.title, among.source());
            let text = format!("\n![{title}]({file})\n\n{source}\n");
            let file = File { path: file.clone(), text: drawn.svg };
            Ok(Content { text, file: Some(file) })
        }
        Spec::Workloads | Spec::Scaling { .. } | Spec::Value { .. } | Spec::Quoted { .. } => {
            unreachable!("only tables and plots are of all figures")
        }
    }
}

fn of_sheet(sheet: &Sheet) -> Content {
    of_text(format!("\n{}", sheet.markdown()))
}

const fn of_text(text: String) -> Content {
    Content { text, file: None }
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
    let text = quantity::figure(value, metric.unit());
    Ok(quantity::bound(text, summary.at_least))
}

/// The servers of a table, under one workload.
#[derive(Clone)]
struct Among<'f, 'b> {
    figures: &'f Figures<'b>,
    workload: Workload,
    servers: Vec<Server>,
    /// Whether the block names them.
    named: bool,
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
        Ok(Self { figures, workload, servers, named: filter.is_some() })
    }

    /// The same with these servers alone.
    fn only(&self, servers: Vec<Server>) -> Self {
        Self { servers, ..self.clone() }
    }

    fn cell(&self, server: Server) -> Cell {
        Cell { workload: self.workload, server }
    }

    /// What the rounds of a server say, with its interval; or that it is one round that says it.
    ///
    /// # Errors
    /// Why there is nothing.
    fn figure(&self, server: Server, metric: Metric) -> Result<String, String> {
        let summary = self.figures.summary(self.cell(server), metric)?;
        let text = quantity::of_rounds(&summary, metric.unit());
        let is_alone = summary.rounds == 1 && self.figures.bundle.plan.rounds > 1;
        Ok(if is_alone && !metric.is_told_once() { format!("{text} (one round)") } else { text })
    }

    /// The capacities that were searched for, the weakest promise first.
    fn capacities(&self) -> Vec<Metric> {
        let cells = self.servers.iter().filter_map(|server| self.figures.cell(self.cell(*server)));
        let metrics = cells.flat_map(|figures| figures.metrics());
        let promises: BTreeSet<(u64, Metric)> = metrics
            .filter_map(|metric| match metric {
                Metric::Capacity(slo) => Some((slo.below_ns, metric)),
                _ => None,
            })
            .collect();
        promises.into_iter().rev().map(|(_, metric)| metric).collect()
    }

    /// What servers are ordered by: the highest rate that keeps the workload's own promise, where
    /// one was found, or p99; in a closed loop the rate itself.
    fn leading(&self) -> Metric {
        if self.is_closed() {
            return Metric::Rate;
        }
        let found = |metric: &Metric| self.servers.iter().any(|s| self.figure(*s, *metric).is_ok());
        let first = self.capacities().into_iter().find(found);
        first.unwrap_or(Metric::Latency(Percentile::P99))
    }

    /// Whether connections asked when they had their answers.
    fn is_closed(&self) -> bool {
        let load = &self.figures.bundle.plan.loads[&self.workload];
        work::is_closed(self.workload, load.rate_per_s)
    }

    /// The best setting of each runtime by a metric, each peer and each build of Go, the best
    /// first; those that have no figure last.
    fn best_settings(&self, metric: Metric) -> Vec<Server> {
        let family = |server: Server| match server {
            Server::Engine { runtime, .. } => runtime.to_string(),
            other => other.to_string(),
        };
        let ranking = self.rank(metric);
        let ranked = ranking.rows.iter().map(|row| row.server);
        let mut best: Vec<Server> = Vec::new();
        for server in ranked.chain(ranking.without.iter().map(|(server, _)| *server)) {
            if best.iter().all(|other| family(*other) != family(server)) {
                best.push(server);
            }
        }
        best
    }

    fn rank(&self, metric: Metric) -> Ranking {
        Ranking::of(self.figures, self.workload, metric, &self.servers)
    }

    /// Where figures are from, and how they are to be read.
    fn source(&self) -> String {
        let Bundle { head, environment, plan, .. } = self.figures.bundle;
        let load = &plan.loads[&self.workload];
        let rate = work::offered(self.workload, load.rate_per_s);
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
