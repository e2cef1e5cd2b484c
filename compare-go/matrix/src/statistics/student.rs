//! Student's t distribution, for whole degrees of freedom.

use std::f64::consts::PI;

/// The share of the distribution that is further from 0 than `t`, on both sides: the p-value of a
/// two-sided test. `degrees` is 1 or more.
///
/// The finite sums of Abramowitz and Stegun, 26.7.3 and 26.7.4. Exact but for rounding, which is
/// about 1e-16: shares below that come out as 0.
#[must_use]
pub fn share_beyond(t: f64, degrees: u32) -> f64 {
    if t.is_nan() {
        return 1.0;
    }
    let n = f64::from(degrees);
    let angle = (t.abs() / n.sqrt()).atan();
    let (sine, cosine) = angle.sin_cos();
    let even = degrees.is_multiple_of(2);
    // Each term is the one before, times cos² and a quotient of neighbouring numbers.
    let (mut term, mut upper) = if even { (1.0, 1.0) } else { (cosine, 2.0) };
    let mut sum = 0.0;
    let terms = if even { degrees / 2 } else { (degrees - 1) / 2 };
    for _ in 0..terms {
        sum += term;
        term *= cosine * cosine * upper / (upper + 1.0);
        upper += 2.0;
    }
    let within = if even { sine * sum } else { 2.0 / PI * (angle + sine * sum) };
    (1.0 - within).clamp(0.0, 1.0)
}

/// The value further from 0 than which a share of the distribution lies, on both sides; more than
/// 0. Infinite where the share is 0.
#[must_use]
pub fn beyond(share: f64, degrees: u32) -> f64 {
    if share <= 0.0 {
        return f64::INFINITY;
    }
    let mut high = 1.0;
    while share_beyond(high, degrees) > share && high < 1e12 {
        high *= 2.0;
    }
    let mut low = 0.0;
    // Each halving gives one bit of the 53.
    for _ in 0..80 {
        let middle = f64::midpoint(low, high);
        if share_beyond(middle, degrees) > share {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::normal;

    #[test]
    fn critical_values_are_those_of_the_tables() {
        for (degrees, five_percent, one_in_a_thousand) in [
            (1, 12.706, 636.619),
            (2, 4.303, 31.599),
            (4, 2.776, 8.610),
            (5, 2.571, 6.869),
            (9, 2.262, 4.781),
            (10, 2.228, 4.587),
            (29, 2.045, 3.659),
            (120, 1.980, 3.373),
        ] {
            for (share, expected) in [(0.05, five_percent), (0.001, one_in_a_thousand)] {
                let found = beyond(share, degrees);
                assert!((found - expected).abs() < 6e-4, "{degrees}, {share}: {found}");
                assert!((share_beyond(found, degrees) - share).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn it_comes_near_the_normal_distribution() {
        let normal = 2.0 * normal::share_below(-2.0);
        assert!((share_beyond(2.0, 100_000) - normal).abs() < 1e-5);
        assert!((share_beyond(0.0, 3) - 1.0).abs() < 1e-15);
        assert!(share_beyond(f64::INFINITY, 3) < 1e-15);
    }
}
