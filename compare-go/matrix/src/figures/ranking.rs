//! The servers of a workload in the order of a metric, and which places mean something.
//!
//! Each is judged against the best and against the one above it, all of them together, so that the
//! chance of one false difference in the whole order stays small.

use crate::cell::{Cell, Server, Workload};
use crate::figures::{Figures, Metric, Summary};
use crate::statistics::verdict::judge;
use crate::statistics::{Better, Judged, Noise, Question, Verdict};
use serde::Serialize;

/// The order.
#[derive(Clone, Debug, Serialize)]
pub struct Ranking {
    /// Of which metric.
    pub metric: Metric,
    /// Those that have a figure, the best first.
    pub rows: Vec<Ranked>,
    /// Those that have none, and why.
    pub without: Vec<(Server, String)>,
    /// How much is noise; none where no A/A pair tells.
    pub noise: Option<Noise>,
}

/// A server in its place.
#[derive(Clone, Debug, Serialize)]
pub struct Ranked {
    /// Which.
    pub server: Server,
    /// What its rounds say.
    pub summary: Summary,
    /// What it has more than the best; none of the best itself, and of what has too few rounds.
    pub against_best: Option<Judged>,
    /// Whether something tells it from the one above.
    pub below_above: bool,
}

impl Ranking {
    /// Ranks servers by their medians.
    #[must_use]
    pub fn of(figures: &Figures<'_>, workload: Workload, metric: Metric, among: &[Server]) -> Self {
        let (mut rows, mut without) = (Vec::new(), Vec::new());
        for server in among.iter().copied() {
            match figures.summary(Cell { workload, server }, metric) {
                Ok(summary) => {
                    rows.push(Ranked { server, summary, against_best: None, below_above: false });
                }
                Err(why) => without.push((server, why)),
            }
        }
        rows.sort_by(|a, b| {
            let (a, b) = (a.summary.spread.median, b.summary.spread.median);
            if metric.better() == Better::More { b.total_cmp(&a) } else { a.total_cmp(&b) }
        });
        let noise = figures.noise(workload, metric);
        let mut this = Self { metric, rows, without, noise };
        this.judge(figures, workload);
        this
    }

    fn judge(&mut self, figures: &Figures<'_>, workload: Workload) {
        let (metric, noise) = (self.metric, self.noise);
        let cell = |row: &Ranked| Cell { workload, server: row.server };
        let against_best = (1..self.rows.len()).map(|at| (0, at));
        // The second is held against the one above by being held against the best.
        let against_above = (2..self.rows.len()).map(|at| (at - 1, at));
        let (mut pairs, mut questions) = (Vec::new(), Vec::new());
        for (first, second) in against_best.chain(against_above) {
            let both = (cell(&self.rows[first]), cell(&self.rows[second]));
            if let Some(change) = figures.change(both.0, both.1, metric) {
                pairs.push((first, second));
                questions.push(Question { change, better: metric.better(), noise });
            }
        }
        for ((first, second), judged) in pairs.into_iter().zip(judge(&questions)) {
            let row = &mut self.rows[second];
            if first == 0 {
                row.against_best = Some(judged);
            }
            if first + 1 == second {
                row.below_above = judged.verdict == Verdict::Slower;
            }
        }
    }

    /// The best, and those that nothing tells from it.
    pub fn leaders(&self) -> impl Iterator<Item = &Ranked> {
        let told = |row: &&Ranked| row.against_best.is_some_and(|j| j.verdict == Verdict::Slower);
        self.rows.iter().filter(move |row| !told(row))
    }
}
