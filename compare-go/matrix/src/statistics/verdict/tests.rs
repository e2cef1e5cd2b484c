//! Verdicts on samples whose truth is known: planted differences are found, nothing is found where
//! there is nothing, however many are compared.

use super::*;
use crate::statistics::normal;
use crate::statistics::pairs::Scale;
use crate::statistics::random::Random;

/// How figures of one thing vary from round to round, around one.
type Draw = fn(&mut Random) -> f64;

const EVEN: Draw = |random| (0.03 * normal::quantile(random.unit())).exp();
/// Now and then a round is disturbed, for one of both.
const SPIKED: Draw = |random| if random.unit() < 0.1 { 1.5 } else { EVEN(random) };
/// The tail that percentiles of latency have.
const SKEWED: Draw = |random| 1.0 - 0.05 * random.unit().ln();

/// What a matrix says of things that are slower by these factors: each in as many rounds, all
/// against one reference, with one A/A pair of it.
fn matrix(random: &mut Random, draw: Draw, rounds: usize, factors: &[f64]) -> Vec<Judged> {
    // What disturbs a whole round, which pairing takes out.
    let weather: Vec<f64> =
        (0..rounds).map(|_| (0.3 * normal::quantile(random.unit())).exp()).collect();
    let measured = |random: &mut Random, factor: f64| -> Vec<f64> {
        weather.iter().map(|round| round * factor * draw(random)).collect()
    };
    let reference = measured(random, 1.0);
    let twins = [measured(random, 1.0), measured(random, 1.0)];
    let pair = Change::paired(&twins[0], &twins[1], Scale::Ratio).unwrap();
    let noise = Noise::of(&[pair]);
    let questions: Vec<Question> = factors
        .iter()
        .map(|factor| {
            let second = measured(random, *factor);
            let change = Change::paired(&reference, &second, Scale::Ratio).unwrap();
            Question { change, better: Better::Less, noise }
        })
        .collect();
    judge(&questions)
}

fn count(judged: &[Judged], verdict: Verdict) -> usize {
    judged.iter().filter(|one| one.verdict == verdict).count()
}

#[test]
fn where_nothing_differs_hardly_a_matrix_in_twenty_says_that_something_does() {
    for (name, draw) in [("even", EVEN), ("spiked", SPIKED), ("skewed", SKEWED)] {
        for rounds in [5, 10] {
            let mut random = Random::new(7);
            let matrices = 100;
            let wrong = (0..matrices).filter(|_| {
                let judged = matrix(&mut random, draw, rounds, &[1.0; 20]);
                count(&judged, Verdict::Faster) + count(&judged, Verdict::Slower) > 0
            });
            let wrong = wrong.count();
            assert!(wrong <= 7, "{name}, {rounds} rounds: {wrong} of {matrices} matrices");
        }
    }
}

#[test]
fn a_planted_tenth_is_found_and_a_planted_nothing_is_not() {
    let mut random = Random::new(11);
    let (mut found, mut invented) = (0, 0);
    for _ in 0..50 {
        // Ten that are a tenth slower, ten that are not.
        let factors: Vec<f64> = (0..20).map(|i| if i < 10 { 1.1 } else { 1.0 }).collect();
        let judged = matrix(&mut random, EVEN, 10, &factors);
        found += count(&judged[..10], Verdict::Slower);
        invented += count(&judged[10..], Verdict::Slower) + count(&judged, Verdict::Faster);
    }
    assert!(found >= 475, "{found} of 500 were found");
    assert!(invented <= 4, "{invented} of 500 were invented");
}

#[test]
fn five_rounds_find_what_is_large() {
    let mut random = Random::new(13);
    let judged: Vec<Judged> =
        (0..50).flat_map(|_| matrix(&mut random, EVEN, 5, &[0.5, 1.0, 2.0])).collect();
    assert!(count(&judged, Verdict::Faster) >= 49 && count(&judged, Verdict::Slower) >= 49);
}

fn question(value: f64, p: f64, noise: Option<f64>, better: Better) -> Question {
    let interval = crate::statistics::Interval { lower: value - 0.01, upper: value + 0.01 };
    let estimate = crate::statistics::Estimate { value, interval };
    let change = Change { scale: Scale::Ratio, estimate, p, rounds: 5 };
    Question { change, better, noise: noise.map(|reach| Noise { reach }) }
}

#[test]
fn nothing_is_said_within_the_noise_by_chance_or_without_a_pair() {
    let one = |question| judge(&[question])[0].verdict;
    let (less, more) = (Better::Less, Better::More);
    assert_eq!(one(question(0.1, 0.001, Some(0.05), less)), Verdict::Slower);
    assert_eq!(one(question(0.1, 0.001, Some(0.05), more)), Verdict::Faster);
    assert_eq!(one(question(-0.1, 0.001, Some(0.05), less)), Verdict::Faster);
    assert_eq!(one(question(-0.1, 0.001, Some(0.05), more)), Verdict::Slower);
    let nothing = Verdict::Indistinguishable;
    assert_eq!(one(question(0.1, 0.001, Some(0.2), less)), nothing(Why::WithinNoise));
    assert_eq!(one(question(0.1, 0.06, Some(0.05), less)), nothing(Why::Chance));
    assert_eq!(one(question(0.1, 0.001, None, less)), nothing(Why::NoPair));
    // What is found alone may be chance among many.
    let many = judge(&[question(0.1, 0.02, Some(0.05), less); 3]);
    assert_eq!(many[0].verdict, nothing(Why::Chance));
    assert!((many[0].p_corrected - 0.06).abs() < 1e-12);
}

#[test]
fn the_noise_floor_is_the_widest_reach_of_a_pair() {
    let pair = |value: f64| question(value, 1.0, None, Better::Less).change;
    let noise = Noise::of(&[pair(0.02), pair(-0.05)]).unwrap();
    assert!((noise.reach - 0.06).abs() < 1e-12);
    assert_eq!(Noise::of(&[]), None);
    assert_eq!(noise.or_larger(Noise { reach: 0.5 }).reach, 0.5);
}
