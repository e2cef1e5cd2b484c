//! Counts of durations in buckets that grow with the duration: at most 1/16 of it wide.

/// Buckets for one octave.
const SUB: usize = 16;
const SUB_BITS: u32 = SUB.trailing_zeros();
/// Octaves above the first `SUB` microseconds; the last bucket also counts all that is longer.
const OCTAVES: usize = 23;
const BUCKETS: usize = SUB * (OCTAVES + 1);

/// A histogram of durations in microseconds: exact below 16, then within 1/16, to 134 seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    counts: Box<[u64]>,
    count: u64,
    sum_us: u64,
    max_us: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS].into(), count: 0, sum_us: 0, max_us: 0 }
    }
}

impl Histogram {
    /// Counts a duration. O(1), no allocation.
    pub fn record(&mut self, us: u64) {
        self.counts[place(us)] += 1;
        self.count += 1;
        self.sum_us = self.sum_us.saturating_add(us);
        self.max_us = self.max_us.max(us);
    }

    /// Adds another histogram's counts.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.count += other.count;
        self.sum_us = self.sum_us.saturating_add(other.sum_us);
        self.max_us = self.max_us.max(other.max_us);
    }

    /// Makes this a copy of `other`, without an allocation.
    pub fn copy_from(&mut self, other: &Self) {
        self.counts.copy_from_slice(&other.counts);
        (self.count, self.sum_us, self.max_us) = (other.count, other.sum_us, other.max_us);
    }

    /// How many durations were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The sum of all durations, in microseconds.
    #[must_use]
    pub fn sum_us(&self) -> u64 {
        self.sum_us
    }

    /// The longest duration, in microseconds.
    #[must_use]
    pub fn max_us(&self) -> u64 {
        self.max_us
    }

    /// How many durations were at most `us`, give or take the bucket that `us` falls into: it is
    /// counted where all of it is at most `us`. Exact at powers of two less one.
    #[must_use]
    pub fn count_at_most(&self, us: u64) -> u64 {
        let whole = (0..BUCKETS).take_while(|place| highest(*place) <= us).count();
        self.counts[..whole].iter().sum()
    }

    /// The smallest bucket bound that `q` of the durations do not exceed, in microseconds; 0 where
    /// nothing was counted. `q` is between 0 and 1.
    #[must_use]
    pub fn quantile_us(&self, q: f64) -> u64 {
        let mut below = 0;
        for (place, count) in self.counts.iter().enumerate() {
            below += count;
            if below > 0 && below as f64 >= q * self.count as f64 {
                return highest(place).min(self.max_us);
            }
        }
        0
    }
}

/// The bucket of a duration.
fn place(us: u64) -> usize {
    let Some(octave) = us.max(1).ilog2().checked_sub(SUB_BITS) else {
        return usize::try_from(us).expect("less than one octave");
    };
    let sub = usize::try_from(us >> octave).unwrap_or(usize::MAX) - SUB;
    (SUB * (octave as usize + 1) + sub).min(BUCKETS - 1)
}

/// The longest duration of a bucket.
fn highest(place: usize) -> u64 {
    let (octave, sub) = (place / SUB, place % SUB);
    match octave.checked_sub(1) {
        None => sub as u64,
        Some(_) if place == BUCKETS - 1 => u64::MAX,
        Some(shift) => (((SUB + sub + 1) as u64) << shift) - 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_falls_into_the_bucket_that_reaches_it() {
        let around = |us: u64| [us.saturating_sub(1), us, us.saturating_add(1)];
        for us in (0..64).flat_map(|shift| around(1 << shift)).chain([u64::MAX, 12_345]) {
            let place = place(us);
            assert!(us <= highest(place), "{us}");
            assert!(place == 0 || us > highest(place - 1), "{us}");
            let width = highest(place) - if place == 0 { 0 } else { highest(place - 1) };
            assert!(place == BUCKETS - 1 || width <= (us / 16).max(1), "{us}: {width}");
        }
        assert!(highest(BUCKETS - 2) > 120_000_000);
    }

    #[test]
    fn quantiles_and_counts_agree_with_sorted_durations() {
        let mut histogram = Histogram::default();
        assert_eq!((histogram.quantile_us(0.5), histogram.count_at_most(u64::MAX)), (0, 0));
        let durations: Vec<u64> = (0..1000).map(|n| n * n).collect();
        durations.iter().for_each(|us| histogram.record(*us));
        for (q, index) in [(0.0, 0), (0.5, 499), (0.99, 989), (1.0, 999)] {
            let (exact, found) = (durations[index], histogram.quantile_us(q));
            assert!(exact <= found && found <= exact + exact / 16, "{q}: {exact} {found}");
        }
        assert_eq!(histogram.count_at_most(1023), 32);
        assert_eq!(histogram.count_at_most(u64::MAX), 1000);
        let mut twice = Histogram::default();
        twice.copy_from(&histogram);
        twice.add(&histogram);
        assert_eq!((twice.count(), twice.max_us()), (2000, 998_001));
        assert_eq!(twice.sum_us(), 2 * durations.iter().sum::<u64>());
    }
}
