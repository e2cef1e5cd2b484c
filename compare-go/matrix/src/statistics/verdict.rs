//! What is said of a difference, and when nothing is.
//!
//! Two things count as different where their difference is larger than what the same thing differs
//! from itself by (the noise floor, from A/A pairs of the same rounds), and where chance alone
//! would hardly make it so among as many comparisons. Otherwise they are indistinguishable, which
//! is not the same as equal.

use crate::statistics::holm;
use crate::statistics::pairs::Change;
use serde::Serialize;
use std::fmt;

/// The chance of even one false difference among all comparisons that are judged together.
pub const FALSE_CHANCE_MAX: f64 = 0.05;

/// How far something differs from itself.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Noise {
    /// The largest difference, either way, that the interval of an A/A pair reaches; on the scale
    /// of [`Change::estimate`].
    pub reach: f64,
}

/// Whether less or more of a figure is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Better {
    /// Times, sizes, counts of what costs.
    Less,
    /// Rates.
    More,
}

/// What is said of the second of two things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is better.
    Faster,
    /// It is worse.
    Slower,
    /// Nothing can be said.
    Indistinguishable(Why),
}

/// Why nothing can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// The same thing differs from itself by as much.
    WithinNoise,
    /// Chance may have made it so.
    Chance,
    /// No A/A pair tells how much is noise.
    NoPair,
}

/// A comparison to be judged with others.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// By how much the second differs.
    pub change: Change,
    /// What is better.
    pub better: Better,
    /// How much is noise; none where nobody measured it.
    pub noise: Option<Noise>,
}

/// A comparison that was judged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Judged {
    /// By how much the second differs.
    pub change: Change,
    /// The p-value, corrected for the comparisons that were judged with it.
    pub p_corrected: f64,
    /// How much is noise.
    pub noise: Option<Noise>,
    /// What is said.
    pub verdict: Verdict,
}

impl Noise {
    /// The noise floor that A/A pairs show: the widest of theirs. None where there are none.
    #[must_use]
    pub fn of(pairs: &[Change]) -> Option<Self> {
        let reach = |pair: &Change| {
            let interval = pair.estimate.interval;
            interval.lower.abs().max(interval.upper.abs())
        };
        pairs.iter().map(reach).reduce(f64::max).map(|reach| Self { reach })
    }

    /// The larger of two.
    #[must_use]
    pub fn or_larger(self, other: Self) -> Self {
        Self { reach: self.reach.max(other.reach) }
    }
}

/// Judges comparisons together.
#[must_use]
pub fn judge(questions: &[Question]) -> Vec<Judged> {
    let p: Vec<f64> = questions.iter().map(|question| question.change.p).collect();
    let corrected = holm::corrected(&p);
    let judged = questions.iter().zip(corrected).map(|(question, p_corrected)| {
        let Question { change, noise, .. } = *question;
        Judged { change, p_corrected, noise, verdict: verdict(question, p_corrected) }
    });
    judged.collect()
}

fn verdict(question: &Question, p_corrected: f64) -> Verdict {
    let difference = question.change.estimate.value;
    let Some(noise) = question.noise else {
        return Verdict::Indistinguishable(Why::NoPair);
    };
    if difference.abs() <= noise.reach {
        return Verdict::Indistinguishable(Why::WithinNoise);
    }
    if p_corrected > FALSE_CHANCE_MAX {
        return Verdict::Indistinguishable(Why::Chance);
    }
    match (question.better, difference > 0.0) {
        (Better::Less, false) | (Better::More, true) => Verdict::Faster,
        (Better::Less, true) | (Better::More, false) => Verdict::Slower,
    }
}

impl Verdict {
    /// In a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Faster => "faster",
            Self::Slower => "slower",
            Self::Indistinguishable(_) => "indistinguishable",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self {
            Self::Faster | Self::Slower => return f.pad(self.word()),
            Self::Indistinguishable(Why::WithinNoise) => "within the noise",
            Self::Indistinguishable(Why::Chance) => "may be chance",
            Self::Indistinguishable(Why::NoPair) => "noise unknown",
        };
        f.pad(&format!("{} ({why})", self.word()))
    }
}

#[cfg(test)]
mod tests;
