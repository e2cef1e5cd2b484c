//! Known answers.

use super::*;

/// The spatial test data A of Efron and Tibshirani, table 14.1.
const SPATIAL: [f64; 26] = [
    48.0, 36.0, 20.0, 29.0, 42.0, 42.0, 20.0, 42.0, 22.0, 41.0, 45.0, 14.0, 6.0, 0.0, 33.0, 28.0,
    34.0, 4.0, 32.0, 24.0, 47.0, 41.0, 24.0, 26.0, 30.0, 41.0,
];

fn variance(values: &mut [f64]) -> f64 {
    let middle = mean(values);
    mean(&values.iter().map(|value| (value - middle).powi(2)).collect::<Vec<_>>())
}

fn plain(confidence: f64) -> Bootstrap {
    Bootstrap { resamples: 100_000, confidence, tails: Tails::Normal, seed: 1 }
}

#[test]
fn the_published_example_comes_out() {
    // Table 14.2 and the text below it: variance 171.5, acceleration 0.061, and 115.8 to 259.6 as
    // the BCa interval of 90 %, from 2,000 draws. A million draws give 115.4 to 260.3.
    let itself = vec![(0..SPATIAL.len()).collect::<Vec<_>>()];
    let influences = Influences::of(&itself, &mut |picked| {
        variance(&mut picked[0].iter().map(|index| SPATIAL[*index]).collect::<Vec<_>>())
    });
    assert!((influences.acceleration() - 0.061_24).abs() < 1e-5);
    let estimate = plain(0.9).of(&SPATIAL, variance).unwrap();
    assert!((estimate.value - 171.534).abs() < 1e-3, "{estimate:?}");
    assert!((estimate.interval.lower - 115.4).abs() < 0.8, "{estimate:?}");
    assert!((estimate.interval.upper - 260.3).abs() < 0.8, "{estimate:?}");
}

#[test]
fn another_program_comes_to_the_same_interval() {
    // scipy.stats.bootstrap((x, y), mean(x) - mean(y), method="BCa", 10^6 draws, 95 %).
    let x = [12.1, 14.3, 9.8, 22.5, 13.3, 11.9, 12.7];
    let y = [10.2, 11.1, 9.9, 10.7, 12.4];
    let picked_mean = |sample: &[f64], picked: &[usize]| {
        picked.iter().map(|index| sample[*index]).sum::<f64>() / count(picked.len())
    };
    let difference = |p: &[Vec<usize>]| picked_mean(&x, &p[0]) - picked_mean(&y, &p[1]);
    let estimate = plain(0.95).of_groups(&[x.len(), y.len()], difference).unwrap();
    let Interval { lower, upper } = estimate.interval;
    let (expected_lower, expected_upper) = SCIPY;
    assert!((lower - expected_lower).abs() < 0.03, "{estimate:?}");
    assert!((upper - expected_upper).abs() < 0.08, "{estimate:?}");
}

const SCIPY: (f64, f64) = (0.894, 7.354);

#[test]
fn tails_of_student_are_the_interval_of_the_t_test_where_the_sample_is_even() {
    // A sample without skew: mean ± t s / √n, as far as draws of five values reach.
    let sample: Vec<f64> = (0..20).map(|step| f64::from(step) - 9.5).collect();
    let student = Bootstrap { tails: Tails::Student, ..plain(0.95) };
    let Interval { lower, upper } = student.mean(&sample).unwrap().interval;
    let expected = 2.093 * (35.0_f64 / 20.0).sqrt();
    assert!((lower + expected).abs() < 0.05 && (upper - expected).abs() < 0.05, "{lower} {upper}");
    let narrow = plain(0.95).mean(&sample).unwrap().interval;
    assert!(lower < narrow.lower && narrow.upper < upper);
}

#[test]
fn it_follows_from_its_seed() {
    let of = |seed| Bootstrap { seed, resamples: 500, ..PUBLISHED }.mean(&SPATIAL).unwrap();
    assert_eq!(of(1), of(1));
    assert_ne!(of(1), of(2));
}

#[test]
fn what_tells_nothing_of_its_spread_has_no_interval() {
    assert_eq!(PUBLISHED.mean(&[]), None);
    assert_eq!(PUBLISHED.mean(&[1.0]), None);
    assert_eq!(PUBLISHED.mean(&[1.0, f64::NAN]), None);
    assert_eq!(PUBLISHED.of_groups(&[3, 1], |_| 0.0), None);
    let same = PUBLISHED.mean(&[2.0, 2.0, 2.0]).unwrap();
    assert_eq!(same.interval, Interval { lower: 2.0, upper: 2.0 });
}

#[test]
fn ends_lie_between_replicates() {
    let replicates = [1.0, 2.0, 3.0, 4.0];
    assert_eq!((at(&replicates, 0.0), at(&replicates, 1.0)), (1.0, 4.0));
    assert_eq!(at(&replicates, 0.5), 2.5);
    assert_eq!(corrected(0.0, 0.5, -10.0), normal::share_below(-10.0 / 6.0));
    assert_eq!(corrected(0.0, 0.5, 10.0), 1.0);
}
