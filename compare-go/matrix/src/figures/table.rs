//! All figures of a bundle, by cell, round and metric; what rounds say together; and how much of a
//! difference is noise.

use crate::bundle::Bundle;
use crate::bundle::files::Name;
use crate::bundle::observed::Observed;
use crate::bundle::run::{Purpose, Run};
use crate::cell::{Cell, Server, Workload};
use crate::figures::capacity::capacity;
use crate::figures::metric::Metric;
use crate::figures::run::RunFigures;
use crate::number::float;
use crate::plan::{Task, Twin};
use crate::slo::Slo;
use crate::statistics::bootstrap::PUBLISHED;
use crate::statistics::{Change, Estimate, Histogram, Noise, Spread};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The figures of a bundle.
#[derive(Debug)]
pub struct Figures<'b> {
    /// The bundle.
    pub bundle: &'b Bundle,
    cells: BTreeMap<Cell, CellFigures>,
    twins: BTreeMap<(Cell, Twin), CellFigures>,
}

/// The figures of a cell.
#[derive(Clone, Debug, Default)]
pub struct CellFigures {
    /// By metric and round.
    rounds: BTreeMap<Metric, BTreeMap<u32, Observed<f64>>>,
    /// Latencies of all valid runs of the cell's load.
    pub latency: Option<Histogram>,
    /// The valid runs of its load.
    measured: Vec<String>,
    /// The runs of its load beside which something was counted, valid or not.
    counted: BTreeMap<Metric, Vec<String>>,
    /// The runs of its searches.
    searched: BTreeMap<Slo, Vec<String>>,
    /// The rounds in which a search went as far as the generator is proven.
    unbounded: BTreeMap<Slo, BTreeSet<u32>>,
    /// Runs that do not count, and why.
    pub excluded: Vec<Excluded>,
}

/// A run that does not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Excluded {
    /// Its file in the bundle.
    pub file: String,
    /// In which round.
    pub round: u32,
    /// Why.
    pub why: Vec<String>,
    /// Whether a later run of the same step counts in its place.
    pub replaced: bool,
}

/// What the rounds of a cell say together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// The figures of the rounds.
    pub spread: Spread,
    /// Their median, with its interval; none of a single round.
    pub estimate: Option<Estimate>,
    /// How many rounds.
    pub rounds: usize,
    /// Whether a search went as far as the generator is proven, so that this is a lower bound.
    pub at_least: bool,
}

impl<'b> Figures<'b> {
    /// Computes them. Reads every histogram, which takes most of the time.
    #[must_use]
    pub fn of(bundle: &'b Bundle) -> Self {
        let mut this = Self { bundle, cells: BTreeMap::new(), twins: BTreeMap::new() };
        let proofs = bundle.proofs.iter().map(|proof| proof.holds());
        // Proofs are numbered from 1.
        let proven: Vec<bool> = std::iter::once(false).chain(proofs).collect();
        for (index, step) in (0..).zip(&bundle.plan.steps) {
            let mut runs = Vec::new();
            let mut excluded = Vec::new();
            for run in bundle.runs_of(index) {
                match RunFigures::of(run) {
                    Ok(mut figures) => {
                        if !proven.get(run.proof as usize).copied().unwrap_or(false) {
                            figures.invalid.push("the generator did not prove itself".into());
                        }
                        runs.push((run, figures));
                    }
                    Err(why) => excluded.push(Excluded::new(run, vec![why])),
                }
            }
            let figures = match step.twin {
                Some(twin) => this.twins.entry((step.cell, twin)).or_default(),
                None => this.cells.entry(step.cell).or_default(),
            };
            figures.excluded.append(&mut excluded);
            match step.task {
                Task::Measure => figures.measured(step.round, runs),
                Task::Capacity(slo) => {
                    let proof = runs.last().map_or(0, |(run, _)| run.proof);
                    figures.searched(step.round, slo, &runs, bundle.most_per_s(proof));
                }
            }
        }
        this.of_servers();
        this
    }

    fn of_servers(&mut self) {
        for (cell, figures) in &mut self.cells {
            let Some(ready) = self.bundle.servers.get(&cell.server).and_then(|s| s.ready()) else {
                continue;
            };
            let binary = match &ready.stripped_bytes {
                Observed::Is(bytes) => Observed::Is(float(*bytes)),
                Observed::Missing(why) => Observed::missing(why),
            };
            figures.rounds.insert(Metric::Binary, BTreeMap::from([(1, binary)]));
            let starts = (1..).zip(&ready.start_up_ns);
            let starts = starts.map(|(round, ns)| (round, Observed::Is(float(*ns))));
            figures.rounds.insert(Metric::StartUp, starts.collect());
        }
    }

    /// The cells that were looked at, by workload and server.
    pub fn cells(&self) -> impl Iterator<Item = (Cell, &CellFigures)> {
        self.cells.iter().map(|(cell, figures)| (*cell, figures))
    }

    /// The figures of a cell.
    #[must_use]
    pub fn cell(&self, cell: Cell) -> Option<&CellFigures> {
        self.cells.get(&cell)
    }

    /// The servers that were looked at under a workload, in the order of the plan.
    #[must_use]
    pub fn servers(&self, workload: Workload) -> Vec<Server> {
        let servers = self.bundle.plan.servers.iter().copied();
        servers
            .filter(|server| self.cells.contains_key(&Cell { workload, server: *server }))
            .collect()
    }

    /// What rounds say of a metric together.
    ///
    /// # Errors
    /// Why there is nothing.
    pub fn summary(&self, cell: Cell, metric: Metric) -> Result<Summary, String> {
        let figures = self.cells.get(&cell).ok_or_else(|| format!("{cell} was not measured"))?;
        let is_told = metric.is_of_all_workloads() || matches!(metric, Metric::Capacity(_));
        if !is_told && !figures.measured.is_empty() && !figures.rounds.contains_key(&metric) {
            return Err(format!("{metric} is no figure of {}", cell.workload));
        }
        figures.summary(metric)
    }

    /// By how much a cell has more of a metric than another one, over the rounds in which both
    /// were measured. None where there are too few of them.
    #[must_use]
    pub fn change(&self, first: Cell, second: Cell, metric: Metric) -> Option<Change> {
        paired(self.cells.get(&first)?, self.cells.get(&second)?, metric, &BTreeSet::new())
    }

    /// How much is noise, from the A/A pairs of a workload; none where there was none, or none that
    /// tells: where both were served as fast as the generator is proven for, the bound made them
    /// equal.
    #[must_use]
    pub fn noise(&self, workload: Workload, metric: Metric) -> Option<Noise> {
        if metric.is_exact() {
            return Some(Noise { reach: 0.0 });
        }
        let pairs = self.bundle.plan.twins.iter().filter(|cell| cell.workload == workload);
        let changes: Vec<Change> = pairs
            .filter_map(|cell| {
                let [a, b] = Twin::ALL.map(|twin| self.twins.get(&(*cell, twin)));
                let (a, b) = (a?, b?);
                paired(a, b, metric, &(&a.unbounded(metric) & &b.unbounded(metric)))
            })
            .collect();
        Noise::of(&changes)
    }

    /// Runs that do not count, of cells and of A/A pairs.
    pub fn excluded(&self) -> impl Iterator<Item = (Cell, &Excluded)> {
        let cells = self.cells.iter().map(|(cell, figures)| (*cell, figures));
        let twins = self.twins.iter().map(|((cell, _), figures)| (*cell, figures));
        cells.chain(twins).flat_map(|(cell, f)| f.excluded.iter().map(move |run| (cell, run)))
    }
}

/// Over the rounds that both have, but for some.
fn paired(
    first: &CellFigures,
    second: &CellFigures,
    metric: Metric,
    without: &BTreeSet<u32>,
) -> Option<Change> {
    let (first, second) = (first.values(metric), second.values(metric));
    let first = first.iter().filter(|(round, _)| !without.contains(round));
    let both: Vec<(f64, f64)> =
        first.filter_map(|(round, value)| Some((*value, *second.get(round)?))).collect();
    let (first, second): (Vec<f64>, Vec<f64>) = both.into_iter().unzip();
    Change::paired(&first, &second, metric.scale())
}

impl CellFigures {
    /// The run of a round, where it is valid.
    fn measured(&mut self, round: u32, runs: Vec<(&Run, RunFigures)>) {
        let replaced = runs.iter().any(|(_, figures)| figures.invalid.is_empty());
        for (run, figures) in runs {
            self.counted_beside(round, run, &figures);
            if !figures.invalid.is_empty() {
                self.excluded.push(Excluded { replaced, ..Excluded::new(run, figures.invalid) });
                continue;
            }
            self.measured.push(file(run));
            self.latency = Histogram::merged(self.latency.iter().chain(figures.latency.iter()));
            for (metric, value) in figures.values {
                let rounds = self.rounds.entry(metric).or_default();
                if metric.is_told_once() {
                    rounds.entry(round).or_insert(value);
                } else {
                    rounds.insert(round, value);
                }
            }
        }
    }

    /// What was counted in a run of its own, whether or not the one beside it counts.
    fn counted_beside(&mut self, round: u32, run: &Run, figures: &RunFigures) {
        let counted = figures.values.iter().filter(|(metric, _)| metric.is_told_once());
        for (metric, value) in counted.filter(|(_, value)| value.value().is_some()) {
            self.rounds.entry(*metric).or_default().insert(round, value.clone());
            self.counted.entry(*metric).or_default().push(file(run));
        }
    }

    /// The runs of a search, which went no further than a rate.
    fn searched(&mut self, round: u32, slo: Slo, runs: &[(&Run, RunFigures)], most_per_s: f64) {
        if runs.is_empty() {
            return;
        }
        let runs: Vec<(&Run, &RunFigures)> = runs.iter().map(|(run, f)| (*run, f)).collect();
        // A search goes beyond what can be served, so its runs may well be no good.
        for (run, figures) in &runs {
            let confirms = matches!(run.purpose, Purpose::Confirm(_));
            if confirms && !figures.invalid.is_empty() {
                self.excluded.push(Excluded::new(run, figures.invalid.clone()));
            }
        }
        self.searched.entry(slo).or_default().extend(runs.iter().map(|(run, _)| file(run)));
        let found = capacity(slo, &runs);
        if found.value().is_some_and(|rate| *rate >= most_per_s) {
            self.unbounded.entry(slo).or_default().insert(round);
        }
        self.rounds.entry(Metric::Capacity(slo)).or_default().insert(round, found);
    }

    /// The metrics of which there is something to say.
    pub fn metrics(&self) -> impl Iterator<Item = Metric> {
        self.rounds.keys().copied()
    }

    /// The figures of the rounds that have one.
    #[must_use]
    pub fn values(&self, metric: Metric) -> BTreeMap<u32, f64> {
        let rounds = self.rounds.get(&metric).into_iter().flatten();
        rounds.filter_map(|(round, value)| Some((*round, *value.value()?))).collect()
    }

    /// The rounds in which a capacity is as high as the generator is proven for, and may be higher.
    fn unbounded(&self, metric: Metric) -> BTreeSet<u32> {
        match metric {
            Metric::Capacity(slo) => self.unbounded.get(&slo).cloned().unwrap_or_default(),
            _ => BTreeSet::new(),
        }
    }

    /// The files of the bundle that figures of a metric are made of.
    #[must_use]
    pub fn files(&self, metric: Metric) -> &[String] {
        match metric {
            Metric::Capacity(slo) => self.searched.get(&slo).map_or(&[], |files| files),
            Metric::Binary | Metric::StartUp => &[],
            counted if counted.is_told_once() => {
                self.counted.get(&counted).map_or(&[], |files| files)
            }
            _ => &self.measured,
        }
    }

    /// What the rounds say together.
    ///
    /// # Errors
    /// Why there is nothing.
    pub fn summary(&self, metric: Metric) -> Result<Summary, String> {
        let values: Vec<f64> = self.values(metric).into_values().collect();
        let spread = Spread::of(&values).ok_or_else(|| self.why_missing(metric))?;
        let at_least = !self.unbounded(metric).is_empty();
        let estimate = PUBLISHED.median(&values);
        Ok(Summary { spread, estimate, rounds: values.len(), at_least })
    }

    fn why_missing(&self, metric: Metric) -> String {
        let rounds = self.rounds.get(&metric).into_iter().flat_map(BTreeMap::values);
        let missing = rounds.filter_map(Observed::why_missing).next();
        if let Some(why) = missing {
            return why.to_owned();
        }
        match self.excluded.first() {
            Some(Excluded { file, why, .. }) => format!("no valid run; {file}: {}", why.join("; ")),
            None => "it was not measured".to_owned(),
        }
    }
}

impl Excluded {
    fn new(run: &Run, why: Vec<String>) -> Self {
        Self { file: file(run), round: run.round, why, replaced: false }
    }
}

/// The file of a run.
fn file(run: &Run) -> String {
    Name::Run { step: run.step, attempt: run.attempt }.to_string()
}
