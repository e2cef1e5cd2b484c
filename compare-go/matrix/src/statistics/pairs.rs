//! By how much one thing differs from another, over rounds.
//!
//! What was measured in the same round is paired: whatever slows a whole round down slows both, and
//! falls out. Figures that are times, rates or sizes are compared by ratio, so their logarithms are
//! subtracted; counts that may be zero by difference.
//!
//! The interval is the bootstrap's, which assumes no distribution. The p-value is that of Student's
//! t for the mean difference: five rounds have only 32 ways in which signs can fall, too few for
//! resampling to give the small p-values that a correction for many comparisons needs. Where two
//! things are the same, their difference has no skew, which is what t is sensitive to; the tests of
//! [`super::verdict`] show what that comes to.

use crate::number::{count, whole};
use crate::statistics::bootstrap::{Estimate, PUBLISHED};
use crate::statistics::spread::mean;
use crate::statistics::student;
use serde::Serialize;

/// How figures are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// By their ratio; they are more than 0.
    Ratio,
    /// By their difference.
    Difference,
}

/// What a second thing has more than a first.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Change {
    /// How they are compared.
    pub scale: Scale,
    /// The mean difference of logarithms, or of the figures themselves.
    pub estimate: Estimate,
    /// How likely as large a difference is, either way, where there is none; not yet corrected for
    /// other comparisons.
    pub p: f64,
    /// Rounds that it rests on; of two unpaired things, of the one that has fewer.
    pub rounds: usize,
}

impl Change {
    /// Of two things that were measured in the same rounds, in their order. None where there are
    /// fewer than two rounds, or figures that have no ratio.
    ///
    /// # Panics
    /// If there are not as many of the one as of the other.
    #[must_use]
    pub fn paired(first: &[f64], second: &[f64], scale: Scale) -> Option<Self> {
        assert_eq!(first.len(), second.len(), "rounds are paired");
        let (first, second) = (scale.of(first)?, scale.of(second)?);
        let differences: Vec<f64> = first.iter().zip(&second).map(|(a, b)| b - a).collect();
        let estimate = PUBLISHED.mean(&differences)?;
        let degrees = u32::try_from(differences.len() - 1).ok()?;
        let error = variance(&differences) / count(differences.len());
        let p = p_value(estimate.value, error, degrees);
        Some(Self { scale, estimate, p, rounds: differences.len() })
    }

    /// Of two things that were measured in rounds of their own. None as for [`Change::paired`].
    #[must_use]
    pub fn unpaired(first: &[f64], second: &[f64], scale: Scale) -> Option<Self> {
        let (first, second) = (scale.of(first)?, scale.of(second)?);
        let picked = |sample: &[f64], indices: &[usize]| {
            indices.iter().map(|index| sample[*index]).sum::<f64>() / count(indices.len())
        };
        let sizes = [first.len(), second.len()];
        let difference = |p: &[Vec<usize>]| picked(&second, &p[1]) - picked(&first, &p[0]);
        let estimate = PUBLISHED.of_groups(&sizes, difference)?;
        let parts = [&first, &second].map(|sample| variance(sample) / count(sample.len()));
        let error = parts[0] + parts[1];
        let squares: f64 = parts.iter().zip(sizes).map(|(v, n)| v * v / count(n - 1)).sum();
        let fewest = sizes[0].min(sizes[1]);
        let degrees = if squares > 0.0 { error * error / squares } else { count(fewest - 1) };
        let degrees = u32::try_from(whole((degrees + 1e-9).floor())).ok()?.max(1);
        let p = p_value(estimate.value, error, degrees);
        Some(Self { scale, estimate, p, rounds: fewest })
    }

    /// By which share of the first the second has more, where they are compared by ratio: 0.1 is a
    /// tenth more.
    #[must_use]
    pub fn relative(&self) -> Option<Estimate> {
        (self.scale == Scale::Ratio).then(|| self.on_its_scale())
    }

    /// The share, or the difference itself.
    #[must_use]
    pub fn on_its_scale(&self) -> Estimate {
        match self.scale {
            Scale::Ratio => Estimate {
                value: self.estimate.value.exp_m1(),
                interval: self.estimate.interval.map(f64::exp_m1),
            },
            Scale::Difference => self.estimate,
        }
    }
}

impl Scale {
    /// Figures as they are subtracted; none where one has no logarithm or is no number.
    fn of(self, figures: &[f64]) -> Option<Vec<f64>> {
        let good = |figure: &f64| figure.is_finite() && (self == Self::Difference || *figure > 0.0);
        let on_scale = |figure: &f64| match self {
            Self::Ratio => figure.ln(),
            Self::Difference => *figure,
        };
        figures.iter().all(good).then(|| figures.iter().map(on_scale).collect())
    }
}

/// The variance that a sample gives for what it is drawn from.
fn variance(sample: &[f64]) -> f64 {
    let middle = mean(sample);
    sample.iter().map(|value| (value - middle).powi(2)).sum::<f64>() / count(sample.len() - 1)
}

/// `error` is the variance of the mean difference.
fn p_value(difference: f64, error: f64, degrees: u32) -> f64 {
    // Counts that are the same in each round differ or do not; chance has no part in it.
    if error == 0.0 {
        return if difference == 0.0 { 1.0 } else { 0.0 };
    }
    student::share_beyond(difference / error.sqrt(), degrees)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gosset's own example (Biometrika 6, 1908): hours of sleep gained by ten patients on two
    /// drugs.
    const FIRST: [f64; 10] = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
    const SECOND: [f64; 10] = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];

    #[test]
    fn the_published_example_comes_out() {
        let paired = Change::paired(&FIRST, &SECOND, Scale::Difference).unwrap();
        assert!((paired.estimate.value - 1.58).abs() < 1e-9);
        assert!((paired.p - 0.002_833).abs() < 1e-6, "{}", paired.p);
        // R: t.test(second, first): t = 1.8608, df = 17.776, p-value = 0.07939. Whole degrees are
        // fewer, so p is a little more.
        let unpaired = Change::unpaired(&FIRST, &SECOND, Scale::Difference).unwrap();
        assert!((0.0794..0.0803).contains(&unpaired.p), "{}", unpaired.p);
        assert!(unpaired.estimate.interval.holds(0.0) && !paired.estimate.interval.holds(0.0));
    }

    #[test]
    fn what_disturbs_a_whole_round_falls_out_of_a_ratio() {
        let first = [100.0, 300.0, 50.0, 210.0];
        let second = first.map(|figure| figure * 1.1);
        let change = Change::paired(&first, &second, Scale::Ratio).unwrap();
        let relative = change.relative().unwrap();
        assert!((relative.value - 0.1).abs() < 1e-12 && change.p < 1e-9, "{change:?}");
        let apart = Change::unpaired(&first, &second, Scale::Ratio).unwrap();
        assert!(apart.p > 0.5 && apart.estimate.interval.holds(0.0), "{apart:?}");
    }

    #[test]
    fn counts_that_never_vary_differ_or_do_not() {
        let same = Change::paired(&[2.0; 3], &[2.0; 3], Scale::Difference).unwrap();
        let other = Change::unpaired(&[2.0; 3], &[3.0; 3], Scale::Difference).unwrap();
        assert!((same.p - 1.0).abs() < 1e-12 && other.p < 1e-12);
        assert_eq!(other.on_its_scale().value, 1.0);
        assert_eq!(other.relative(), None);
    }

    #[test]
    fn what_has_no_ratio_or_no_rounds_is_not_compared() {
        assert_eq!(Change::paired(&[0.0, 1.0], &[1.0, 1.0], Scale::Ratio), None);
        assert_eq!(Change::paired(&[1.0], &[1.0], Scale::Ratio), None);
        assert_eq!(Change::unpaired(&[1.0, f64::NAN], &[1.0, 2.0], Scale::Difference), None);
        assert!(Change::paired(&[0.0, 1.0], &[1.0, 1.0], Scale::Difference).is_some());
    }
}
