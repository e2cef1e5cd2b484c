//! A promise of latency: a percentile that stays below a bound.

use crate::words::words;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

words! {
    /// A percentile of latencies.
    pub enum Percentile("percentile") {
        /// The median.
        P50 = "p50",
        /// Nine in ten.
        P90 = "p90",
        /// 19 in 20.
        P95 = "p95",
        /// 99 in a hundred.
        P99 = "p99",
        /// 999 in a thousand.
        P999 = "p99.9",
        /// 9,999 in ten thousand.
        P9999 = "p99.99",
    }
}

impl Percentile {
    /// The share of latencies that are not above it, 0 to 1.
    #[must_use]
    pub const fn share(self) -> f64 {
        match self {
            Self::P50 => 0.5,
            Self::P90 => 0.9,
            Self::P95 => 0.95,
            Self::P99 => 0.99,
            Self::P999 => 0.999,
            Self::P9999 => 0.9999,
        }
    }
}

/// A percentile and what it must stay below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Slo {
    /// Which percentile.
    pub percentile: Percentile,
    /// The bound, in nanoseconds; more than zero.
    pub below_ns: u64,
}

/// A text that is no promise.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no promise of latency: p50, p90, p95, p99, p99.9 or p99.99, `=` or `<`, and a time in us, ms or s, as in `p99=50ms`"
)]
pub struct NoSlo(String);

const UNITS: [(&str, u64); 4] =
    [("us", 1_000), ("µs", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000)];
/// The longest bound: an hour.
const BELOW_NS_MAX: f64 = 3.6e12;

impl Slo {
    /// A promise that p99 stays below so many milliseconds.
    #[must_use]
    pub const fn p99_ms(below_ms: u64) -> Self {
        Self { percentile: Percentile::P99, below_ns: below_ms * 1_000_000 }
    }

    /// Whether whoever keeps it keeps the other one too.
    #[must_use]
    pub fn implies(self, other: Self) -> bool {
        self.percentile >= other.percentile && self.below_ns <= other.below_ns
    }
}

impl fmt::Display for Slo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, ns) = if self.below_ns.is_multiple_of(1_000_000_000) {
            ("s", 1_000_000_000)
        } else if self.below_ns.is_multiple_of(1_000_000) {
            ("ms", 1_000_000)
        } else {
            ("us", 1_000)
        };
        let whole = self.below_ns / ns;
        let rest = self.below_ns % ns;
        if rest == 0 {
            f.pad(&format!("{}<{whole}{unit}", self.percentile))
        } else {
            let fraction = format!("{rest:03}");
            f.pad(&format!("{}<{whole}.{}{unit}", self.percentile, fraction.trim_end_matches('0')))
        }
    }
}

impl FromStr for Slo {
    type Err = NoSlo;

    fn from_str(text: &str) -> Result<Self, NoSlo> {
        parse(text).ok_or_else(|| NoSlo(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Slo> {
    let (percentile, bound) = text.split_once(['=', '<'])?;
    let number = bound.trim_end_matches(|c: char| c.is_alphabetic());
    let unit = &bound[number.len()..];
    let (_, ns) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
    let digits = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let value: f64 = number.parse().ok().filter(|_| digits)?;
    #[expect(clippy::cast_precision_loss, reason = "units are small powers of ten")]
    let below_ns = value * ns as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is within the bounds that are checked"
    )]
    (1.0..=BELOW_NS_MAX)
        .contains(&below_ns)
        .then_some(Slo { percentile: percentile.parse().ok()?, below_ns: below_ns.round() as u64 })
}

impl From<Slo> for String {
    fn from(slo: Slo) -> Self {
        slo.to_string()
    }
}

impl TryFrom<String> for Slo {
    type Error = NoSlo;

    fn try_from(text: String) -> Result<Self, NoSlo> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_is_read_and_written() {
        for (text, percentile, below_ns, written) in [
            ("p99=50ms", Percentile::P99, 50_000_000, "p99<50ms"),
            ("p99.9<800us", Percentile::P999, 800_000, "p99.9<800us"),
            ("p50<1.5ms", Percentile::P50, 1_500_000, "p50<1500us"),
            ("p99<2s", Percentile::P99, 2_000_000_000, "p99<2s"),
            ("p99<0.0125ms", Percentile::P99, 12_500, "p99<12.5us"),
        ] {
            let slo: Slo = text.parse().unwrap();
            assert_eq!(slo, Slo { percentile, below_ns }, "{text}");
            assert_eq!(slo.to_string(), written);
            assert_eq!(slo.to_string().parse(), Ok(slo));
        }
    }

    #[test]
    fn what_is_no_promise_is_refused_with_an_example() {
        for text in
            ["", "p99", "p98=5ms", "p99=5", "p99=ms", "p99=-5ms", "p99=0ms", "p99=1e3ms", "p99=2h"]
        {
            let error = text.parse::<Slo>().unwrap_err().to_string();
            assert!(error.contains(text) && error.contains("p99=50ms"), "{error}");
        }
    }

    #[test]
    fn a_stricter_promise_implies_a_weaker_one() {
        let strict = Slo::p99_ms(5);
        assert!(strict.implies(Slo::p99_ms(50)) && !Slo::p99_ms(50).implies(strict));
        let median = Slo { percentile: Percentile::P50, below_ns: 5_000_000 };
        assert!(strict.implies(median) && !median.implies(strict));
    }
}
