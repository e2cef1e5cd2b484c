//! Many comparisons at once: p-values raised so that the chance of even one false difference among
//! all of them stays what it would be for one (Holm, Scandinavian Journal of Statistics 6, 1979).
//!
//! Holm rather than Benjamini and Hochberg, since what is published is single statements ("this is
//! faster than that"), each of which someone may act on: a share of false ones is no promise to
//! whoever picks one. It needs no independence, which comparisons with one common server do not
//! have. Its price, fewer small differences found, is paid in rounds.

/// The corrected p-values, in the order of the given ones.
#[must_use]
pub fn corrected(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut corrected = vec![1.0; p.len()];
    let mut least = 0.0_f64;
    for (rank, index) in order.into_iter().enumerate() {
        let left = crate::number::count(p.len() - rank);
        // No smaller than that of a comparison with a smaller p-value.
        least = least.max(p[index] * left).min(1.0);
        corrected[index] = least;
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_are_those_of_other_programs() {
        // p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm") of R, and one out of order with a tie.
        let expected = [0.05, 0.08, 0.09, 0.09, 0.09];
        for (found, expected) in corrected(&[0.01, 0.02, 0.03, 0.04, 0.05]).iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12);
        }
        let expected = [0.9, 0.004, 0.9, 0.06];
        for (found, expected) in corrected(&[0.6, 0.001, 0.45, 0.02]).iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12);
        }
        assert_eq!(corrected(&[]), Vec::<f64>::new());
        assert_eq!(corrected(&[0.2]), [0.2]);
    }
}
