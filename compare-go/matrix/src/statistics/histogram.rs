//! Latencies as histograms: read from the text that bundles keep, merged, asked for percentiles.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::serialization::Deserializer as HdrDeserializer;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// A histogram of whole numbers, in HdrHistogram's V2 format with or without compression, as
/// base64.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram(hdrhistogram::Histogram<u64>);

impl Histogram {
    /// Reads the text.
    ///
    /// # Errors
    /// If it is no base64, or the bytes are no histogram.
    pub fn from_base64(text: &str) -> Result<Self, String> {
        let bytes = STANDARD.decode(text).map_err(|error| format!("no base64: {error}"))?;
        let read = HdrDeserializer::new().deserialize(&mut &bytes[..]);
        read.map(Self).map_err(|error| format!("no V2 histogram: {error}"))
    }

    /// Everything that these have counted, in one; none where there are none.
    #[must_use]
    pub fn merged<'a>(all: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        let mut all = all.into_iter();
        let mut merged = all.next()?.0.clone();
        // A later one may have larger values than the first has room for.
        merged.auto(true);
        for other in all {
            merged.add(&other.0).expect("a histogram that resizes takes any other");
        }
        Some(Self(merged))
    }

    /// How many values it has.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The value that a share of all values, 0 to 1, are not above; none where it is empty.
    #[must_use]
    pub fn at(&self, share: f64) -> Option<u64> {
        (!self.0.is_empty()).then(|| self.0.value_at_quantile(share))
    }

    /// The largest value; none where it is empty.
    #[must_use]
    pub fn max(&self) -> Option<u64> {
        (!self.0.is_empty()).then(|| self.0.max())
    }

    /// The mean; none where it is empty.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (!self.0.is_empty()).then(|| self.0.mean())
    }
}

impl<'de> Deserialize<'de> for Histogram {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_base64(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hdrhistogram::serialization::{Serializer, V2DeflateSerializer, V2Serializer};

    fn of(values: impl IntoIterator<Item = u64>, max: u64) -> Histogram {
        let mut histogram = hdrhistogram::Histogram::new_with_bounds(1, max, 3).unwrap();
        values.into_iter().for_each(|value| histogram.record(value).unwrap());
        Histogram(histogram)
    }

    fn text(histogram: &Histogram, compressed: bool) -> String {
        let mut bytes = Vec::new();
        if compressed {
            V2DeflateSerializer::new().serialize(&histogram.0, &mut bytes).unwrap();
        } else {
            V2Serializer::new().serialize(&histogram.0, &mut bytes).unwrap();
        }
        STANDARD.encode(bytes)
    }

    #[test]
    fn it_is_read_from_both_forms_of_the_text() {
        let histogram = of(1..=1_000, 1_000_000);
        for compressed in [false, true] {
            let read = Histogram::from_base64(&text(&histogram, compressed)).unwrap();
            assert_eq!(read, histogram);
            assert_eq!((read.count(), read.at(0.5), read.max()), (1_000, Some(500), Some(1_000)));
        }
    }

    #[test]
    fn a_percentile_of_merged_ones_is_that_of_all_values() {
        // 99 % fast in one, all slow in the other: a mean of their percentiles would be wrong.
        let (fast, slow) =
            (of((0..9_900).map(|_| 100), 10_000), of((0..100).map(|_| 90_000), 100_000));
        let merged = Histogram::merged([&fast, &slow]).unwrap();
        assert_eq!(merged.count(), 10_000);
        assert_eq!(merged.at(0.99), Some(100));
        assert!(merged.at(0.991).unwrap() >= 89_900);
        assert!(Histogram::merged([]).is_none());
    }

    #[test]
    fn what_is_no_histogram_is_refused() {
        let good = text(&of([5], 10), true);
        for wrong in ["", "!", "AAAA", &good[..good.len() - 8]] {
            assert!(Histogram::from_base64(wrong).is_err(), "{wrong}");
        }
        let empty = of([], 10);
        assert_eq!((empty.at(0.5), empty.max(), empty.mean()), (None, None, None));
    }
}
