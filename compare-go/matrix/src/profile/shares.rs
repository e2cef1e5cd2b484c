//! How samples share out over the layers, and how far that can be told from so few.

use crate::number::float;
use crate::profile::layer::Layer;
use crate::profile::rules::Rules;
use crate::profile::stacks::Stacks;
use crate::statistics::{Interval, normal};
use std::collections::BTreeMap;

/// The confidence of intervals, as everywhere.
const CONFIDENCE: f64 = 0.95;
/// The largest share of samples that no rule names with which a profile says anything.
pub const UNCLASSIFIED_MAX: f64 = 0.1;

/// Samples by layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shares {
    /// All of them; more than 0.
    pub samples: u64,
    /// Those of each layer that has some.
    counts: BTreeMap<Layer, u64>,
    /// By layer, the frames that decided, the most frequent first.
    frames: BTreeMap<Layer, Vec<(String, u64)>>,
}

impl Shares {
    /// Tells samples apart; none where there are none.
    #[must_use]
    pub fn of(stacks: &Stacks, rules: &Rules) -> Option<Self> {
        let samples = stacks.samples();
        if samples == 0 {
            return None;
        }
        let mut counts = BTreeMap::new();
        let mut frames: BTreeMap<Layer, BTreeMap<&str, u64>> = BTreeMap::new();
        for (stack, count) in stacks.iter() {
            let (layer, frame) = rules.classify(stack);
            *counts.entry(layer).or_default() += count;
            *frames.entry(layer).or_default().entry(frame).or_default() += count;
        }
        let by_count = |(layer, frames): (Layer, BTreeMap<&str, u64>)| {
            let named = frames.into_iter().map(|(frame, count)| (frame.to_owned(), count));
            let mut frames: Vec<(String, u64)> = named.collect();
            frames.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            (layer, frames)
        };
        Some(Self { samples, counts, frames: frames.into_iter().map(by_count).collect() })
    }

    /// The samples of a layer.
    #[must_use]
    pub fn count(&self, layer: Layer) -> u64 {
        self.counts.get(&layer).copied().unwrap_or_default()
    }

    /// The share of a layer, 0 to 1.
    #[must_use]
    pub fn share(&self, layer: Layer) -> f64 {
        float(self.count(layer)) / float(self.samples)
    }

    /// Where the share lies with 95 % confidence, by Wilson's score for independent samples.
    #[must_use]
    pub fn interval(&self, layer: Layer) -> Interval {
        let (share, all) = (self.share(layer), float(self.samples));
        let z = normal::quantile(f64::midpoint(1.0, CONFIDENCE));
        let weight = z * z / all;
        let middle = (share + weight / 2.0) / (1.0 + weight);
        let spread = share * (1.0 - share) / all + weight / (4.0 * all);
        let reach = z * spread.sqrt() / (1.0 + weight);
        Interval { lower: (middle - reach).max(0.0), upper: (middle + reach).min(1.0) }
    }

    /// The frames that decided for a layer, the most frequent first.
    #[must_use]
    pub fn frames(&self, layer: Layer) -> &[(String, u64)] {
        self.frames.get(&layer).map_or(&[], Vec::as_slice)
    }

    /// Whether enough is named for the shares to say anything.
    #[must_use]
    pub fn is_told(&self) -> bool {
        self.share(Layer::Unclassified) < UNCLASSIFIED_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(lines: &[&str]) -> Option<Shares> {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        Shares::of(&Stacks::read(&lines).unwrap(), Rules::ours())
    }

    #[test]
    fn samples_share_out_over_layers() {
        let shares = shares(&[
            "poll [tokio-1.54.1/src/a.rs];standing [engine-core/src/game/leaderboard.rs] 3",
            "poll [tokio-1.54.1/src/a.rs];tcp_ack [kernel] 5",
            "poll [tokio-1.54.1/src/a.rs];tcp_push [kernel] 1",
            "poll [tokio-1.54.1/src/a.rs];pad [left-pad-1.0.0/src/lib.rs] 1",
        ]);
        let shares = shares.unwrap();
        assert_eq!(shares.samples, 10);
        assert_eq!(shares.count(Layer::Game), 3);
        assert_eq!(shares.count(Layer::Scheduler), 0);
        assert!((shares.share(Layer::Network) - 0.6).abs() < 1e-12);
        assert_eq!(
            shares.frames(Layer::Network),
            [("tcp_ack [kernel]".to_owned(), 5), ("tcp_push [kernel]".to_owned(), 1)]
        );
        assert!(!shares.is_told(), "a tenth is unclassified");
        let all: f64 = Layer::ALL.iter().map(|layer| shares.share(*layer)).sum();
        assert!((all - 1.0).abs() < 1e-12);
        assert!(self::shares(&[]).is_none());
    }

    /// By its definition: an end is a share from which what was seen is as far as it may be.
    #[test]
    fn an_interval_is_that_of_wilson() {
        let shares = shares(&["standing [engine-core/src/game/x.rs] 4", "tcp_ack [kernel] 16"]);
        let Interval { lower, upper } = shares.unwrap().interval(Layer::Game);
        assert!(lower < 0.2 && 0.2 < upper);
        for end in [lower, upper] {
            let deviations = (0.2 - end).abs() / (end * (1.0 - end) / 20.0).sqrt();
            assert!((deviations - 1.959_964).abs() < 1e-5, "{end}: {deviations}");
        }
        let none = self::shares(&["tcp_ack [kernel] 20"]).unwrap().interval(Layer::Game);
        assert!(none.lower.abs() < 1e-12 && (0.1..0.2).contains(&none.upper), "{none:?}");
    }
}
