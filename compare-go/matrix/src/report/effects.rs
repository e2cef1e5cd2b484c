//! The effects of runtime, allocator and arena as a report shows them: each a number that can be
//! asked for its runs, in its place on an axis. What they are is computed in
//! [`crate::figures::effects`].

use crate::axis::Axis;
use crate::cell::Workload;
use crate::figures::{Figures, Metric, effects as computed};
use crate::report::cells::Cells;
use crate::report::number::Number;
use crate::statistics::Judged;

/// The effects on one metric.
#[derive(Clone, Debug)]
pub(super) struct Effects {
    /// The metric.
    pub(super) metric: Metric,
    /// The effects, by factor.
    pub(super) factors: Vec<Factor>,
    /// The interactions; those that are distinguishable first.
    pub(super) interactions: Vec<Effect>,
    /// Where effects lie in the plot.
    pub(super) axis: Axis,
}

/// The effects of one factor.
#[derive(Clone, Debug)]
pub(super) struct Factor {
    /// Its name.
    pub(super) name: &'static str,
    /// The levels of it that were measured, but the one that they are compared with.
    pub(super) effects: Vec<Effect>,
}

/// What one level does.
#[derive(Clone, Debug)]
pub(super) struct Effect {
    /// Of what: the level, or two of them.
    pub(super) subject: String,
    /// Against what.
    pub(super) against: String,
    /// By how much.
    pub(super) number: Number,
    /// What is said of it.
    pub(super) judged: Judged,
    /// In how many settings of the rest it was seen.
    pub(super) settings: usize,
}

/// The effects on a metric under a workload; none where no two settings differ in one thing only.
pub(super) fn effects(
    figures: &Figures<'_>,
    workload: Workload,
    metric: Metric,
    cells: &Cells,
) -> Option<Effects> {
    let mut factors: Vec<Factor> = Vec::new();
    let mut interactions = Vec::new();
    let mut reaches = Vec::new();
    for effect in computed::effects(figures, workload, metric) {
        let computed::Effect { factor, subject, against, judged, settings, of } = effect;
        let of: Vec<usize> = of.into_iter().map(|cell| cells.index(figures, cell)).collect();
        let number = Number::of_change(metric, &of, &judged);
        reaches.extend(number.ends.into_iter().flat_map(|ends| [ends.lower, ends.upper]));
        let effect = Effect { subject, against, number, judged, settings };
        match (factor, factors.last_mut()) {
            (None, _) => interactions.push(effect),
            (Some(name), Some(last)) if last.name == name => last.effects.push(effect),
            (Some(name), _) => factors.push(Factor { name, effects: vec![effect] }),
        }
    }
    if factors.is_empty() {
        return None;
    }
    Some(Effects { metric, factors, interactions, axis: Axis::about_zero(reaches) })
}
