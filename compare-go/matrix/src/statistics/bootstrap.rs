//! Bootstrap intervals, bias-corrected and accelerated (BCa; Efron and Tibshirani, An Introduction
//! to the Bootstrap, 1993, chapter 14), for a statistic of one sample or of several.
//!
//! Rounds are few. A bootstrap interval of few values is too narrow, since resampling sees their
//! variance about their own mean. [`Tails::Student`] widens its tails as Student's t would
//! (Hesterberg, What Teachers Should Know About the Bootstrap, 2015, section 5.3: the expanded
//! percentile interval, here with BCa's corrections); the tests below tell how often what comes of
//! it holds the truth.

use crate::number::{count, float, whole};
use crate::statistics::random::Random;
use crate::statistics::spread::{mean, median};
use crate::statistics::{normal, student};
use serde::Serialize;

/// An interval, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// Its lower end.
    pub lower: f64,
    /// Its upper end.
    pub upper: f64,
}

/// What a statistic comes to, and between which values it is trusted to lie.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The statistic of the sample itself.
    pub value: f64,
    /// Its interval.
    pub interval: Interval,
}

/// How intervals are made.
#[derive(Clone, Copy, Debug)]
pub struct Bootstrap {
    /// How often the sample is drawn anew.
    pub resamples: usize,
    /// The share of intervals that are to hold the truth.
    pub confidence: f64,
    /// How far its tails reach.
    pub tails: Tails,
    /// What the draws follow from.
    pub seed: u64,
}

/// How far the tails of an interval reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tails {
    /// As chapter 14 has it: too narrow for few values.
    Normal,
    /// As far as those of Student's t.
    Student,
}

/// The one way in which intervals are made wherever they are published: 95 %, and as many draws as
/// leave a tail of one in a thousand with ten of them.
pub const PUBLISHED: Bootstrap =
    Bootstrap { resamples: 10_000, confidence: 0.95, tails: Tails::Student, seed: 0x7472_6561 };

impl Interval {
    /// Whether a value lies in it.
    #[must_use]
    pub fn holds(self, value: f64) -> bool {
        self.lower <= value && value <= self.upper
    }

    /// Both ends by a function that keeps their order.
    #[must_use]
    pub fn map(self, function: impl Fn(f64) -> f64) -> Self {
        Self { lower: function(self.lower), upper: function(self.upper) }
    }
}

impl Bootstrap {
    /// The mean of a sample. None where it has fewer than two values.
    #[must_use]
    pub fn mean(&self, sample: &[f64]) -> Option<Estimate> {
        self.of(sample, |values| mean(values))
    }

    /// The median of a sample. None where it has fewer than two values.
    #[must_use]
    pub fn median(&self, sample: &[f64]) -> Option<Estimate> {
        self.of(sample, median)
    }

    /// A statistic of a sample, which it may put in order. None where the sample has fewer than two
    /// values.
    #[must_use]
    pub fn of(&self, sample: &[f64], statistic: impl Fn(&mut [f64]) -> f64) -> Option<Estimate> {
        let mut values = Vec::with_capacity(sample.len());
        self.of_groups(&[sample.len()], |picked| {
            values.clear();
            values.extend(picked[0].iter().map(|index| sample[*index]));
            statistic(&mut values)
        })
    }

    /// A statistic of several samples that know nothing of each other, of these sizes. It is given
    /// the indices that were drawn of each. None where a sample has fewer than two values, or the
    /// statistic is no number.
    #[must_use]
    pub fn of_groups(
        &self,
        sizes: &[usize],
        mut statistic: impl FnMut(&[Vec<usize>]) -> f64,
    ) -> Option<Estimate> {
        if sizes.is_empty() || sizes.iter().any(|size| *size < 2) {
            return None;
        }
        let itself: Vec<Vec<usize>> = sizes.iter().map(|size| (0..*size).collect()).collect();
        let value = statistic(&itself);
        let influences = Influences::of(&itself, &mut statistic);
        let mut replicates = self.replicates(&itself, &mut statistic);
        replicates.sort_unstable_by(f64::total_cmp);
        let (first, last) = (*replicates.first()?, *replicates.last()?);
        if !(value.is_finite() && first.is_finite() && last.is_finite()) {
            return None;
        }
        if first == last {
            // Nothing varies, so nothing is known of how much it could.
            return Some(Estimate { value, interval: Interval { lower: first, upper: last } });
        }
        let bias = bias(&replicates, value);
        let reach = self.reach(&influences);
        let end = |z: f64| at(&replicates, corrected(bias, influences.acceleration(), z));
        let interval = Interval { lower: end(-reach), upper: end(reach) };
        Some(Estimate { value, interval })
    }

    fn replicates(
        &self,
        itself: &[Vec<usize>],
        statistic: &mut impl FnMut(&[Vec<usize>]) -> f64,
    ) -> Vec<f64> {
        let mut random = Random::new(self.seed);
        let mut picked = itself.to_vec();
        let draw = |_| {
            for group in &mut picked {
                let size = group.len();
                group.iter_mut().for_each(|index| *index = random.below(size));
            }
            statistic(&picked)
        };
        (0..self.resamples).map(draw).collect()
    }

    /// How many standard deviations a tail reaches.
    fn reach(&self, influences: &Influences) -> f64 {
        let outside = 1.0 - self.confidence;
        match self.tails {
            Tails::Normal => normal::quantile(1.0 - outside / 2.0),
            Tails::Student => {
                student::beyond(outside, influences.degrees()) * influences.narrowness()
            }
        }
    }
}

/// What each value of each sample does to the statistic, by leaving it out.
struct Influences(Vec<Vec<f64>>);

impl Influences {
    fn of(itself: &[Vec<usize>], statistic: &mut impl FnMut(&[Vec<usize>]) -> f64) -> Self {
        let mut picked = itself.to_vec();
        let mut all = Vec::new();
        for (group, whole) in itself.iter().enumerate() {
            let mut without = Vec::with_capacity(whole.len());
            for left_out in 0..whole.len() {
                picked[group] = whole.iter().copied().filter(|i| *i != left_out).collect();
                without.push(statistic(&picked));
            }
            picked[group].clone_from(whole);
            let (middle, degrees) = (mean(&without), count(whole.len() - 1));
            all.push(without.iter().map(|value| degrees * (middle - value)).collect());
        }
        Self(all)
    }

    /// The sum over all samples of a power of the influences, each over a power of its size.
    fn sum(&self, power: i32) -> f64 {
        let of = |group: &Vec<f64>| {
            group.iter().map(|influence| (influence / count(group.len())).powi(power)).sum::<f64>()
        };
        self.0.iter().map(of).sum()
    }

    /// A sixth of the skewness: how the spread of the statistic changes with its value.
    fn acceleration(&self) -> f64 {
        let squares = self.sum(2);
        if squares > 0.0 { self.sum(3) / (6.0 * squares.powf(1.5)) } else { 0.0 }
    }

    /// The variance of the statistic that comes of each sample, and the size of the sample.
    fn variances(&self) -> impl Iterator<Item = (f64, f64)> {
        self.0.iter().map(|group| {
            let size = count(group.len());
            let squares: f64 = group.iter().map(|influence| influence * influence).sum();
            (squares / (size * size), size)
        })
    }

    /// Degrees of freedom: one less than the values of one sample; of several, by Welch and
    /// Satterthwaite.
    fn degrees(&self) -> u32 {
        let all: f64 = self.variances().map(|(variance, _)| variance).sum();
        let squares: f64 =
            self.variances().map(|(variance, size)| variance * variance / (size - 1.0)).sum();
        let fewest =
            self.0.iter().map(|group| count(group.len() - 1)).fold(f64::INFINITY, f64::min);
        let degrees = if squares > 0.0 { all * all / squares } else { fewest };
        // Rounded down but for what the division has lost.
        u32::try_from(whole((degrees + 1e-9).floor().max(fewest))).unwrap_or(u32::MAX)
    }

    /// By how much the spread about a sample's own mean is too small.
    fn narrowness(&self) -> f64 {
        let plain: f64 = self.variances().map(|(variance, _)| variance).sum();
        let mended: f64 =
            self.variances().map(|(variance, size)| variance * size / (size - 1.0)).sum();
        if plain > 0.0 { (mended / plain).sqrt() } else { 1.0 }
    }
}

/// By how many standard deviations the middle of the replicates lies off the statistic; those that
/// are equal to it count half.
fn bias(replicates: &[f64], value: f64) -> f64 {
    let below = replicates.partition_point(|replicate| *replicate < value);
    let upto = replicates.partition_point(|replicate| *replicate <= value);
    let share = count(below + upto) / 2.0 / count(replicates.len());
    let least = 0.5 / count(replicates.len());
    normal::quantile(share.clamp(least, 1.0 - least))
}

/// The share of replicates that are below an end of the interval.
fn corrected(bias: f64, acceleration: f64, z: f64) -> f64 {
    let shifted = bias + z;
    let shrunk = 1.0 - acceleration * shifted;
    // Beyond this point the correction turns about; the end is the outermost replicate.
    if shrunk <= 0.0 {
        return if z < 0.0 { 0.0 } else { 1.0 };
    }
    normal::share_below(bias + shifted / shrunk)
}

/// The value below which a share of sorted replicates lies, between two of them where it must be.
fn at(replicates: &[f64], share: f64) -> f64 {
    let last = replicates.len() - 1;
    let place = (share * float(replicates.len() as u64 + 1) - 1.0).clamp(0.0, count(last));
    let below = usize::try_from(whole(place.floor())).unwrap_or(last).min(last);
    let above = (below + 1).min(last);
    let between = place - place.floor();
    replicates[below] + (replicates[above] - replicates[below]) * between
}

#[cfg(test)]
mod coverage;
#[cfg(test)]
mod tests;
