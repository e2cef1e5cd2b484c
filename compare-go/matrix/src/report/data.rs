//! What the page's script is given, as JSON: what plots are drawn from, and where each number comes
//! from. It holds no statistics: whatever was computed stands in the page already.

use crate::bundle::files::Name;
use crate::cell::{Server, Workload};
use crate::compare;
use crate::figures::{Figures, Metric};
use crate::report::calendar;
use crate::report::cells::Cells;
use crate::report::curves::{self, Curve, OverTime};
use crate::report::look::Look;
use crate::report::runs::{RunView, shell, shell_words};
use crate::report::sheet::Sheet;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// All of it.
#[derive(Debug, Serialize)]
pub(super) struct Data<'a> {
    places: Vec<f64>,
    /// Names of metrics and their titles; figures of runs are in their order.
    metrics: Vec<(String, String)>,
    bundles: Vec<BundleData<'a>>,
    cells: Vec<CellData>,
    commands: Vec<String>,
    runs: Vec<RunData<'a>>,
    sheets: Vec<SheetData<'a>>,
}

#[derive(Debug, Serialize)]
struct BundleData<'a> {
    name: &'a str,
    digest: &'a str,
    commit: &'a str,
    command: String,
    servers: BTreeMap<Server, ServerData<'a>>,
}

/// What figures of a program come from.
#[derive(Debug, Serialize)]
struct ServerData<'a> {
    file: String,
    build: String,
    sha256: &'a str,
}

#[derive(Debug, Serialize)]
struct CellData {
    bundle: usize,
    workload: Workload,
    server: Server,
}

#[derive(Debug, Serialize)]
struct RunData<'a> {
    cell: usize,
    file: &'a str,
    round: u32,
    purpose: String,
    /// The metric that it is a run of; `load` where it is one of all that a load's run has.
    of: String,
    twin: bool,
    state: &'static str,
    why: String,
    started: String,
    offered: String,
    server: usize,
    generator: usize,
    figures: Vec<Option<String>>,
}

#[derive(Debug, Serialize)]
struct SheetData<'a> {
    workload: Workload,
    /// The servers that can be plotted, and how they look.
    servers: Vec<(Server, Look)>,
    picks: Vec<Server>,
    curves: &'a [Curve],
    over_time: &'a [OverTime],
}

/// The most servers that are plotted before a reader picks others.
const PICKS_MAX: usize = 6;

impl<'a> Data<'a> {
    /// Gathers it.
    pub(super) fn of(
        bundles: &[Figures<'a>],
        runs: &'a [Vec<RunView<'a>>],
        cells: &Cells,
        sheets: &'a [Sheet],
    ) -> Self {
        let ranked = sheets.iter().flat_map(|sheet| &sheet.rankings).map(|ranking| ranking.metric);
        let tabled = sheets.iter().flat_map(|sheet| &sheet.tables).flat_map(|t| t.metrics.clone());
        let metrics: BTreeSet<Metric> = ranked.chain(tabled).chain(compare::METRICS).collect();
        let mut commands = Commands::default();
        let mut all_runs = Vec::new();
        for (figures, runs) in bundles.iter().zip(runs) {
            let of_bundle = runs.iter().map(|run| {
                let cell = cells.index(figures, run.cell());
                run_data(run, cell, &metrics, &mut commands)
            });
            all_runs.extend(of_bundle);
        }
        Self {
            places: curves::places(),
            metrics: metrics.iter().map(|m| (m.to_string(), m.title())).collect(),
            bundles: bundles.iter().map(bundle_data).collect(),
            cells: cells
                .iter()
                .map(|(bundle, cell)| CellData {
                    bundle,
                    workload: cell.workload,
                    server: cell.server,
                })
                .collect(),
            commands: commands.all,
            runs: all_runs,
            sheets: sheets.iter().map(sheet_data).collect(),
        }
    }

    /// The JSON, such that it can stand in a page: nothing in it ends a script.
    ///
    /// # Errors
    /// If a number is not finite.
    pub(super) fn json(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string(self)?.replace('<', "\\u003c"))
    }
}

fn bundle_data<'a>(figures: &Figures<'a>) -> BundleData<'a> {
    let bundle = figures.bundle;
    let ready = bundle.servers.iter().filter_map(|(server, record)| {
        let ready = record.ready()?;
        let (file, build) = (Name::Server(*server).to_string(), shell(&ready.build));
        Some((*server, ServerData { file, build, sha256: &ready.program_sha256 }))
    });
    BundleData {
        name: &bundle.head.name,
        digest: bundle.digest_short(),
        commit: &bundle.environment.source.commit,
        command: shell_words(&bundle.head.command),
        servers: ready.collect(),
    }
}

fn run_data<'a>(
    view: &'a RunView<'_>,
    cell: usize,
    metrics: &BTreeSet<Metric>,
    commands: &mut Commands,
) -> RunData<'a> {
    let run = view.run;
    RunData {
        cell,
        file: &view.file,
        round: run.round,
        purpose: view.purpose(),
        of: view.slo().map_or("load".to_owned(), |slo| Metric::Capacity(slo).to_string()),
        twin: run.twin.is_some(),
        state: view.state.word(),
        why: view.state.why(),
        started: calendar::utc(run.started_unix_ms),
        offered: view.offered(),
        server: commands.place(shell(&run.server)),
        generator: commands.place(shell(&run.generator)),
        figures: metrics.iter().map(|metric| view.text(*metric)).collect(),
    }
}

fn sheet_data(sheet: &Sheet) -> SheetData<'_> {
    SheetData {
        workload: sheet.workload,
        servers: plotted(sheet).map(|server| (server, Look::of(server))).collect(),
        picks: picks(sheet),
        curves: &sheet.curves,
        over_time: &sheet.over_time,
    }
}

/// The servers that have a curve or a run over time, in the order of the plan.
fn plotted(sheet: &Sheet) -> impl Iterator<Item = Server> {
    let servers = sheet.tables.first().into_iter().flat_map(|table| &table.rows);
    servers.map(|row| row.server).filter(|server| {
        sheet.curves.iter().any(|curve| curve.server == *server)
            || sheet.over_time.iter().any(|run| run.server == *server)
    })
}

/// The leader, the best of each other kind, then the best setting of each runtime; where nobody is
/// ranked, the first of the plan.
fn picks(sheet: &Sheet) -> Vec<Server> {
    let family = |server: Server| match server {
        Server::Engine { runtime, .. } => runtime.name(),
        Server::Peer(_) => "peer",
        Server::Go { .. } => "go",
    };
    let plotted: Vec<Server> = plotted(sheet).collect();
    let ranked = sheet.rankings.first().into_iter().flat_map(|ranking| &ranking.rows);
    let ranked = ranked.map(|row| row.server).filter(|server| plotted.contains(server));
    let mut best: Vec<Server> = Vec::new();
    for server in ranked.chain(plotted.iter().copied()) {
        if best.iter().all(|other| family(*other) != family(server)) {
            best.push(server);
        }
    }
    let is_engine = |server: &Server| matches!(server, Server::Engine { .. });
    let leader = best.first().copied();
    let (engines, others): (Vec<Server>, Vec<Server>) =
        best.into_iter().skip(1).partition(is_engine);
    leader.into_iter().chain(others).chain(engines).take(PICKS_MAX).collect()
}

/// Command lines, each once.
#[derive(Debug, Default)]
struct Commands {
    all: Vec<String>,
    places: BTreeMap<String, usize>,
}

impl Commands {
    fn place(&mut self, command: String) -> usize {
        if let Some(place) = self.places.get(&command) {
            return *place;
        }
        let place = self.all.len();
        self.all.push(command.clone());
        self.places.insert(command, place);
        place
    }
}
