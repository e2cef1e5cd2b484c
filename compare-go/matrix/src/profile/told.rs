//! What the profile of a cell tells: shares by layer, and with the CPU time that was measured, what
//! a unit of work costs in each.

use crate::bundle::profile::{Profile, Sampler};
use crate::cell::Cell;
use crate::figures::{Figures, Metric};
use crate::profile::layer::Layer;
use crate::profile::rules::Rules;
use crate::profile::shares::Shares;
use crate::profile::stacks::Stacks;

/// What a profile tells.
#[derive(Clone, Debug)]
pub struct Told<'b> {
    /// Of what.
    pub cell: Cell,
    /// The profile.
    pub profile: &'b Profile,
    /// By whose samples.
    pub sampler: Sampler,
    /// The stacks.
    pub stacks: Stacks,
    /// How they share out.
    pub shares: Shares,
    /// CPU time for a unit of work, in nanoseconds: the median of the rounds that were measured; or
    /// why there is none.
    pub cpu_ns: Result<f64, String>,
}

impl<'b> Told<'b> {
    /// By the samples that speak for the cell.
    ///
    /// # Errors
    /// Why there is nothing: no profile, or none that could be taken.
    pub fn of(figures: &Figures<'b>, cell: Cell) -> Result<Self, String> {
        let profile = figures.bundle.profiles.get(&cell);
        let profile = profile.ok_or_else(|| format!("{cell} has no profile"))?;
        let (sampler, _) = profile.best().map_err(str::to_owned)?;
        Self::by(figures, profile, sampler)
    }

    /// By all samplers, the one that speaks for the cell first.
    ///
    /// # Errors
    /// As [`Told::of`].
    pub fn all(figures: &Figures<'b>, cell: Cell) -> Result<Vec<Self>, String> {
        let first = Self::of(figures, cell)?;
        let (profile, sampler) = (first.profile, first.sampler);
        let others = profile.sampled().map(|(other, _)| other).filter(|other| *other != sampler);
        let others: Result<Vec<Self>, String> =
            others.map(|other| Self::by(figures, profile, other)).collect();
        Ok([vec![first], others?].concat())
    }

    fn by(figures: &Figures<'b>, profile: &'b Profile, sampler: Sampler) -> Result<Self, String> {
        let cell = profile.cell;
        let sampled = profile.sampled().find(|(of, _)| *of == sampler);
        let (_, sampled) = sampled.ok_or_else(|| format!("{sampler} has no samples of {cell}"))?;
        let stacks = sampled.read()?;
        let shares = Shares::of(&stacks, Rules::ours()).ok_or("no samples")?;
        let load = figures.bundle.plan.loads.get(&cell.workload);
        let is_measured = load.is_some_and(|load| load.rate_per_s == profile.offered_per_s);
        let cpu_ns = if is_measured {
            figures.summary(cell, Metric::Cpu).map(|summary| summary.spread.median)
        } else {
            Err("it was sampled at another rate than that which was measured".to_owned())
        };
        Ok(Self { cell, profile, sampler, stacks, shares, cpu_ns })
    }

    /// CPU time that a unit of work costs in a layer, in nanoseconds.
    #[must_use]
    pub fn cost_ns(&self, layer: Layer) -> Option<f64> {
        Some(self.cpu_ns.as_ref().ok()? * self.shares.share(layer))
    }

    /// Why it is to be read with care; none where it is not.
    #[must_use]
    pub fn doubt(&self) -> Option<String> {
        if !self.shares.is_told() {
            let share = self.shares.share(Layer::Unclassified);
            return Some(format!("{:.1} % of samples are of no known layer", share * 100.0));
        }
        let exit = self.profile.generator_exit;
        (exit != 0).then(|| {
            "the generator did not trust its figures: the load was not quite what was asked for"
                .to_owned()
        })
    }
}
