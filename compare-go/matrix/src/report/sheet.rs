//! Everything that a report says of one workload of one bundle.

use crate::bundle::server::ServerState;
use crate::cell::{Cell, Server, Workload};
use crate::figures::work::{self, LatencyOf};
use crate::figures::{Figures, Metric};
use crate::plan::{Extent, Load};
use crate::quantity;
use crate::report::answer::Answer;
use crate::report::cells::Cells;
use crate::report::cpu::Cpu;
use crate::report::curves::{self, Curve, OverTime};
use crate::report::effects::{self, Effects};
use crate::report::grid::{self, Grid};
use crate::report::number::Number;
use crate::report::ranking::{self, Ranking};
use crate::report::runs::{RunView, State};
use crate::report::search::{self, Search};
use crate::slo::Percentile;

/// A workload of a bundle.
#[derive(Clone, Debug)]
pub(super) struct Sheet {
    /// The place of its bundle.
    pub(super) bundle: usize,
    /// The workload.
    pub(super) workload: Workload,
    /// What was asked, in words.
    pub(super) load: String,
    /// What its latencies are of.
    pub(super) latency_of: &'static str,
    /// The short answer.
    pub(super) answer: Answer,
    /// The order by each metric, the most telling first.
    pub(super) rankings: Vec<Ranking>,
    /// Servers that have no place, and why.
    pub(super) refused: Vec<Refused>,
    /// Runs that do not count.
    pub(super) excluded: Vec<ExcludedRun>,
    /// All figures.
    pub(super) tables: Vec<Table>,
    /// The effects on each metric that was ranked, in that order.
    pub(super) effects: Vec<Effects>,
    /// All settings of the engine by each metric that was ranked, in that order.
    pub(super) grids: Vec<Grid>,
    /// The searches for the highest rate.
    pub(super) searches: Vec<Search>,
    /// Where CPU time goes.
    pub(super) cpu: Cpu,
    /// Latencies by percentile.
    pub(super) curves: Vec<Curve>,
    /// The runs second by second.
    pub(super) over_time: Vec<OverTime>,
}

/// A server without a place.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    /// Which.
    pub(super) server: Server,
    /// Why.
    pub(super) why: String,
}

/// A run that does not count.
#[derive(Clone, Debug)]
pub(super) struct ExcludedRun {
    /// Of which server.
    pub(super) server: Server,
    /// Its file.
    pub(super) file: String,
    /// Whether it is invalid or failed.
    pub(super) state: &'static str,
    /// Why.
    pub(super) why: String,
}

/// Some metrics of all servers.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// What they have in common.
    pub(super) title: &'static str,
    /// The metrics.
    pub(super) metrics: Vec<Metric>,
    /// The servers, in the order of the plan.
    pub(super) rows: Vec<TableRow>,
}

/// The figures of a server; of what is missing, why.
#[derive(Clone, Debug)]
pub(super) struct TableRow {
    /// Which server.
    pub(super) server: Server,
    /// One for each metric.
    pub(super) figures: Vec<Result<Number, String>>,
}

const TABLES: [(&str, &[Metric]); 4] = [
    (
        "Latency",
        &[
            Metric::Latency(Percentile::P50),
            Metric::Latency(Percentile::P90),
            Metric::Latency(Percentile::P99),
            Metric::Latency(Percentile::P999),
            Metric::Latency(Percentile::P9999),
            Metric::LatencyMax,
            Metric::Fairness,
            Metric::Status,
            Metric::Publish,
        ],
    ),
    (
        "Broadcasts",
        &[Metric::Lag, Metric::LagMax, Metric::Skew, Metric::MissedTicks, Metric::Deliveries],
    ),
    (
        "Work, and what a unit of it costs",
        &[
            Metric::Rate,
            Metric::Errors,
            Metric::SendLag,
            Metric::Cpu,
            Metric::CpuUser,
            Metric::CpuKernel,
            Metric::CpuShare,
            Metric::SystemCalls,
            Metric::Switches,
            Metric::Allocations,
            Metric::Allocated,
        ],
    ),
    (
        "Memory, waiting, and the program",
        &[
            Metric::Resident,
            Metric::ResidentPeak,
            Metric::PerConnection,
            Metric::Scheduling,
            Metric::Collections,
            Metric::Binary,
            Metric::StartUp,
        ],
    ),
];

/// The sheets of a bundle, in the order of its workloads.
pub(super) fn sheets(
    bundle: usize,
    figures: &Figures<'_>,
    runs: &[RunView<'_>],
    cells: &Cells,
) -> Vec<Sheet> {
    let workloads = figures.bundle.plan.loads.iter();
    let looked_at = workloads.filter(|(workload, _)| !figures.servers(**workload).is_empty());
    looked_at
        .map(|(workload, load)| {
            let of = Of { bundle, figures, runs, cells, workload: *workload };
            of.sheet(load)
        })
        .collect()
}

struct Of<'a, 'b> {
    bundle: usize,
    figures: &'a Figures<'b>,
    runs: &'a [RunView<'b>],
    cells: &'a Cells,
    workload: Workload,
}

impl Of<'_, '_> {
    fn sheet(&self, load: &Load) -> Sheet {
        let Self { bundle, figures, runs, cells, workload } = *self;
        let refused = self.refused();
        let mut servers = figures.servers(workload);
        servers.retain(|server| refused.iter().all(|refused| refused.server != *server));
        let rankings = ranking::rankings(figures, workload, &servers, cells);
        let metrics = || rankings.iter().map(|ranking| ranking.metric);
        let effects =
            metrics().filter_map(|metric| effects::effects(figures, workload, metric, cells));
        Sheet {
            bundle,
            workload,
            load: load_text(workload, load, figures.bundle.plan.extent, figures.bundle.plan.rounds),
            latency_of: latency_of(workload, load),
            answer: Answer::of(&rankings),
            refused,
            excluded: self.excluded(),
            tables: TABLES
                .iter()
                .filter_map(|(title, metrics)| self.table(title, metrics))
                .collect(),
            effects: effects.collect(),
            grids: rankings.iter().filter_map(grid::grid).collect(),
            searches: search::searches(workload, &rankings, runs),
            cpu: Cpu::of(figures, workload, cells),
            curves: curves::curves(figures, workload, runs),
            over_time: curves::over_time(workload, load, runs),
            rankings,
        }
    }

    fn cell(&self, server: Server) -> Cell {
        Cell { workload: self.workload, server }
    }

    fn number(&self, server: Server, metric: Metric) -> Result<Number, String> {
        let cell = self.cell(server);
        let summary = self.figures.summary(cell, metric)?;
        Ok(Number::of_rounds(metric, self.cells.index(self.figures, cell), &summary))
    }

    /// Servers that were never built, or have no run that counts.
    fn refused(&self) -> Vec<Refused> {
        let mut all = Vec::new();
        for server in self.figures.servers(self.workload) {
            let record = self.figures.bundle.servers.get(&server);
            if let Some(ServerState::LeftOut(why)) = record.map(|record| &record.state) {
                all.push(Refused { server, why: format!("left out: {why}") });
                continue;
            }
            let has_some = self.figures.cell(self.cell(server)).is_some_and(|cell| {
                let beside = |m: Metric| m.is_told_once() || Metric::OF_SERVERS.contains(&m);
                cell.metrics().any(|metric| !beside(metric) && cell.summary(metric).is_ok())
            });
            if !has_some {
                let median = Metric::Latency(Percentile::P50);
                let why = self.number(server, median).err().unwrap_or_default();
                all.push(Refused { server, why });
            }
        }
        all
    }

    fn excluded(&self) -> Vec<ExcludedRun> {
        let here = self.runs.iter().filter(|run| run.cell().workload == self.workload);
        let out = here.filter(|run| matches!(run.state, State::Invalid(_) | State::Failed(_)));
        out.map(|run| ExcludedRun {
            server: run.cell().server,
            file: run.file.clone(),
            state: run.state.word(),
            why: run.state.why(),
        })
        .collect()
    }

    /// None where the workload has nothing of it.
    fn table(&self, title: &'static str, metrics: &[Metric]) -> Option<Table> {
        let servers = self.figures.servers(self.workload);
        let cells = || servers.iter().filter_map(|server| self.figures.cell(self.cell(*server)));
        let has = |metric: &Metric| {
            metric.is_of_all_workloads() || cells().any(|cell| cell.metrics().any(|m| m == *metric))
        };
        let metrics: Vec<Metric> = metrics.iter().copied().filter(has).collect();
        let rows = servers.iter().map(|server| TableRow {
            server: *server,
            figures: metrics.iter().map(|metric| self.number(*server, *metric)).collect(),
        });
        let rows = rows.collect();
        (!metrics.is_empty()).then_some(Table { title, metrics, rows })
    }
}

const fn latency_of(workload: Workload, load: &Load) -> &'static str {
    if work::is_closed(workload, load.rate_per_s) {
        return "In a closed loop there is no time at which a request is meant to be sent, so no \
                latency is told.";
    }
    match work::latency_of(workload) {
        LatencyOf::Broadcasts => {
            "Latency is that of broadcasts, from their tick to each player; over time it is that \
             of answers."
        }
        LatencyOf::Answers => "Latency is that of answers, from the intended send time.",
    }
}

fn load_text(workload: Workload, load: &Load, extent: Extent, rounds: u32) -> String {
    let rate = match load.rate_per_s {
        Some(_) => format!("{} offered, open loop", work::offered(workload, load.rate_per_s)),
        None => work::offered(workload, load.rate_per_s),
    };
    format!(
        "{rate}; {} connections ask, {} players in the world; {} of {} after {} of warm-up \
         ({extent})",
        quantity::count(u64::from(load.connections)),
        quantity::count(u64::from(load.sessions)),
        quantity::several(rounds as usize, "round"),
        quantity::duration(load.counted_ms / 1_000),
        quantity::duration(load.warm_up_ms / 1_000),
    )
}
