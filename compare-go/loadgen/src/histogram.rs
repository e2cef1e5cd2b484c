//! A histogram of nanoseconds or of any other whole number, and how it travels.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};
use serde::{Deserialize, Serialize};

/// The largest value that is told apart, in nanoseconds an hour; what is larger counts as this.
pub const VALUE_MAX: u64 = 3_600 * crate::clock::NANOS_PER_S;
/// Decimal digits of a value that are kept.
const DIGITS: u8 = 3;

/// Counts of values from 0 to an hour in nanoseconds, to three digits.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram(hdrhistogram::Histogram<u64>);

impl Default for Histogram {
    fn default() -> Self {
        let values = hdrhistogram::Histogram::new_with_bounds(1, VALUE_MAX, DIGITS);
        Self(values.expect("an hour and three digits are bounds of a histogram"))
    }
}

/// What is usually told of a histogram. All 0 where it is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    /// Values in it.
    pub count: u64,
    /// The mean.
    pub mean: f64,
    /// The smallest value.
    pub min: u64,
    /// The median.
    pub p50: u64,
    /// The 90th percentile.
    pub p90: u64,
    /// The 99th percentile.
    pub p99: u64,
    /// The 99.9th percentile.
    pub p999: u64,
    /// The 99.99th percentile.
    pub p9999: u64,
    /// The largest value.
    pub max: u64,
}

impl Histogram {
    /// Counts a value. Neither allocates nor fails: beyond [`VALUE_MAX`] it counts as that.
    pub fn record(&mut self, value: u64) {
        self.0.saturating_record(value);
    }

    /// Counts a value several times.
    pub fn record_many(&mut self, value: u64, count: u64) {
        self.0.saturating_record_n(value, count);
    }

    /// Adds what another one has counted.
    pub fn add(&mut self, other: &Self) {
        self.0.add(&other.0).expect("all histograms have the same bounds");
    }

    /// Forgets everything; keeps the memory.
    pub fn clear(&mut self) {
        self.0.reset();
    }

    /// How many values it has.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value at a quantile from 0 to 1; 0 where it is empty.
    #[must_use]
    pub fn at(&self, quantile: f64) -> u64 {
        self.0.value_at_quantile(quantile)
    }

    /// What is usually told of it.
    #[must_use]
    pub fn quantiles(&self) -> Quantiles {
        if self.is_empty() {
            return Quantiles::default();
        }
        Quantiles {
            count: self.count(),
            mean: self.0.mean(),
            min: self.0.min(),
            p50: self.at(0.5),
            p90: self.at(0.9),
            p99: self.at(0.99),
            p999: self.at(0.999),
            p9999: self.at(0.9999),
            max: self.0.max(),
        }
    }

    /// The histogram of the library, for what is not told here.
    #[must_use]
    pub fn inner(&self) -> &hdrhistogram::Histogram<u64> {
        &self.0
    }

    /// Its bytes: V2, compressed.
    #[must_use]
    pub fn encoded(&self) -> Encoded {
        let mut bytes = Vec::new();
        V2DeflateSerializer::new()
            .serialize(&self.0, &mut bytes)
            .expect("a histogram of an hour is written to memory");
        Encoded(bytes)
    }
}

/// A histogram as HdrHistogram's logs have it: V2, compressed. In JSON, base64 of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encoded(Vec<u8>);

impl Encoded {
    /// The text that stands in logs and in JSON.
    #[must_use]
    pub fn base64(&self) -> String {
        STANDARD.encode(&self.0)
    }

    /// Reads the text.
    ///
    /// # Errors
    /// If it is no base64.
    pub fn from_base64(text: &str) -> Result<Self, String> {
        STANDARD.decode(text).map(Self).map_err(|error| format!("no base64: {error}"))
    }

    /// The histogram.
    ///
    /// # Errors
    /// If the bytes are none, or one of other bounds.
    pub fn decode(&self) -> Result<Histogram, String> {
        let read = Deserializer::new().deserialize::<u64, _>(&mut &self.0[..]);
        let read = read.map_err(|error| format!("no V2 histogram: {error}"))?;
        let mut histogram = Histogram::default();
        histogram.0.add(read).map_err(|error| format!("no histogram of ours: {error}"))?;
        Ok(histogram)
    }
}

impl Serialize for Encoded {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.base64())
    }
}

impl<'de> Deserialize<'de> for Encoded {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_base64(&text).map_err(serde::de::Error::custom)
    }
}

impl Serialize for Histogram {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.encoded().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Histogram {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Encoded::deserialize(deserializer)?.decode().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        values.iter().for_each(|value| histogram.record(*value));
        histogram
    }

    #[test]
    fn merging_is_counting_everything_in_one() {
        let mut merged = of(&[1, 20, 300_000]);
        merged.add(&of(&[4_000_000_000, 20]));
        assert_eq!(merged, of(&[1, 20, 300_000, 4_000_000_000, 20]));
        assert_eq!((merged.count(), merged.at(0.5)), (5, 20));
    }

    #[test]
    fn it_comes_back_from_json_as_it_was() {
        for histogram in [of(&[]), of(&[0, 7, 1_000_000, VALUE_MAX])] {
            let text = serde_json::to_string(&histogram).unwrap();
            assert_eq!(serde_json::from_str::<Histogram>(&text).unwrap(), histogram);
        }
        for wrong in ["\"!\"", "\"AAAA\"", "3"] {
            assert!(serde_json::from_str::<Histogram>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn values_beyond_the_bounds_count_as_the_largest() {
        let histogram = of(&[u64::MAX]);
        assert_eq!(histogram.count(), 1);
        assert!(histogram.quantiles().max >= VALUE_MAX);
        assert_eq!(of(&[]).quantiles(), Quantiles::default());
    }
}
