//! What follows from the runs of the proof, by the statistics that tables rest on.

use crate::number::float;
use crate::statistics::spread::mean;
use crate::statistics::{Better, Change, Judged, Noise, Question, Scale, Verdict, verdict};
use serde::Serialize;

/// How far from the interval the planted share may lie: a send is not quite an answer, and the
/// clock that is spun on is read in steps.
const BESIDE_MAX: f64 = 0.02;

/// What was planted in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arm {
    /// Nothing: what the others are compared with.
    Base,
    /// Nothing: one of an A/A pair, which tells how much is noise.
    TwinA,
    /// Nothing: the other of it.
    TwinB,
    /// Nothing, though it is judged as if it were something.
    Nothing,
    /// A tenth of the CPU time of an answer.
    Tenth,
}

/// A run of the proof.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sample {
    /// In which round, from 1.
    pub round: u32,
    /// What was planted.
    pub arm: Arm,
    /// CPU time of the server for each answer, in nanoseconds.
    pub cpu_ns: f64,
    /// The median latency, in nanoseconds.
    pub p50_ns: f64,
    /// The 99th percentile of latencies, in nanoseconds.
    pub p99_ns: f64,
    /// Why the matrix would leave the run out; empty where it would not. CPU time for each answer
    /// hardly suffers from a busy machine, so that it is judged all the same.
    pub invalid: Vec<String>,
}

/// What is claimed, and what was seen of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Claim {
    /// Its letter.
    pub letter: char,
    /// What is claimed.
    pub what: &'static str,
    /// Whether it was seen.
    pub holds: bool,
    /// The figures.
    pub text: String,
}

impl Arm {
    /// Every one, in no order of their runs.
    pub const ALL: [Self; 5] = [Self::Base, Self::TwinA, Self::TwinB, Self::Nothing, Self::Tenth];
}

/// Judges both planted delays: the one that is a tenth is found, the one that is none is not.
#[must_use]
pub fn planted(samples: &[Sample], planted_ns: u64) -> [Claim; 2] {
    let [found, not_found] =
        ["a planted slowdown of 10 % is found", "a planted slowdown of 0 % is not found"];
    let Some(([tenth, nothing], base_ns)) = judged(samples) else {
        let claim = |letter, what| Claim {
            letter,
            what,
            holds: false,
            text: "fewer than two rounds have all of their runs".to_owned(),
        };
        return [claim('a', found), claim('b', not_found)];
    };
    let share = float(planted_ns) / base_ns;
    let [a, b] = [&tenth, &nothing].map(shown);
    let interval = tenth.change.on_its_scale().interval;
    let beside = (interval.lower - share).max(share - interval.upper).max(0.0);
    [
        Claim {
            letter: 'a',
            what: found,
            holds: tenth.verdict == Verdict::Slower && interval.lower > 0.0 && beside <= BESIDE_MAX,
            text: format!(
                "{a}; {planted_ns} ns of {base_ns:.0} ns were planted, {:.1} %",
                share * 100.0
            ),
        },
        Claim {
            letter: 'b',
            what: not_found,
            holds: matches!(nothing.verdict, Verdict::Indistinguishable(_)),
            text: b,
        },
    ]
}

/// Whether a run whose generator had the server's core was marked as not valid.
#[must_use]
pub fn stolen(invalid: Result<&[String], String>) -> Claim {
    let what = "a generator on the server's core makes a run invalid";
    let (holds, text) = match invalid {
        Ok([]) => (false, "the run counts as valid".to_owned()),
        Ok([first, rest @ ..]) => {
            let more = if rest.is_empty() { "" } else { "; and more" };
            (true, format!("{first}{more}"))
        }
        Err(why) => (false, format!("there is no such run: {why}")),
    };
    Claim { letter: 'c', what, holds, text }
}

/// Whether a generator that was broken fails its proof, and one that was not does not.
#[must_use]
pub fn broken(exit_broken: i32, exit_sound: i32) -> Claim {
    let said = |exit: i32| if exit == 0 { "is proven" } else { "is not" };
    Claim {
        letter: 'd',
        what: "a generator that measures wrongly is refused",
        holds: exit_broken == 1 && exit_sound == 0,
        text: format!(
            "of latency from the send, claim a {}; as it is, claim a {}",
            said(exit_broken),
            said(exit_sound)
        ),
    }
}

/// The two delays in this order, and the CPU time of an answer without one; none where fewer than
/// two rounds have all of their runs.
fn judged(samples: &[Sample]) -> Option<([Judged; 2], f64)> {
    let of = |round: u32, arm: Arm| {
        samples.iter().find(|one| one.round == round && one.arm == arm).map(|one| one.cpu_ns)
    };
    let last = samples.iter().map(|sample| sample.round).max()?;
    let whole =
        (1..=last).filter_map(|round| Arm::ALL.map(|arm| of(round, arm)).into_iter().collect());
    let rounds: Vec<Vec<f64>> = whole.collect();
    let column = |arm: Arm| -> Vec<f64> {
        let at = Arm::ALL.iter().position(|one| *one == arm).unwrap_or(0);
        rounds.iter().map(|round| round[at]).collect()
    };
    let [base, a, b] = [Arm::Base, Arm::TwinA, Arm::TwinB].map(column);
    let noise = Noise::of(&[Change::paired(&a, &b, Scale::Ratio)?]);
    let question = |arm| {
        let change = Change::paired(&base, &column(arm), Scale::Ratio)?;
        Some(Question { change, better: Better::Less, noise })
    };
    let judged = verdict::judge(&[question(Arm::Tenth)?, question(Arm::Nothing)?]);
    Some((judged.try_into().ok()?, mean(&base)))
}

fn shown(judged: &Judged) -> String {
    let found = judged.change.on_its_scale();
    let percent = |share: f64| format!("{:+.1}", share * 100.0);
    let noise = judged.noise.map_or(0.0, |noise| noise.reach.exp_m1());
    format!(
        "CPU time for an answer {} % ({} to {}): {}; noise is {:.1} %",
        percent(found.value),
        percent(found.interval.lower),
        percent(found.interval.upper),
        judged.verdict,
        noise * 100.0
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::random::Random;

    /// Rounds of a server whose answers take 7 us, in which whole rounds differ by a fifth and runs
    /// by a part.
    fn samples(rounds: u32, spread: f64, tenth: f64, nothing: f64) -> Vec<Sample> {
        let mut random = Random::new(11);
        let mut samples = Vec::new();
        for round in 1..=rounds {
            let of_round = 7_000.0 * (0.9 + 0.2 * random.unit());
            for arm in Arm::ALL {
                let more = match arm {
                    Arm::Tenth => tenth,
                    Arm::Nothing => nothing,
                    Arm::Base | Arm::TwinA | Arm::TwinB => 0.0,
                };
                let noise = 1.0 + spread * (random.unit() - 0.5);
                let cpu_ns = (of_round + 7_000.0 * more) * noise;
                let invalid = Vec::new();
                samples.push(Sample { round, arm, cpu_ns, p50_ns: 1.0, p99_ns: 2.0, invalid });
            }
        }
        samples
    }

    fn holds(samples: &[Sample]) -> [bool; 2] {
        planted(samples, 700).map(|claim| claim.holds)
    }

    #[test]
    fn what_is_planted_is_found_and_what_is_not_is_not() {
        assert_eq!(holds(&samples(7, 0.02, 0.1, 0.0)), [true, true]);
        let [a, _] = planted(&samples(7, 0.02, 0.1, 0.0), 700);
        assert!(a.text.contains("slower") && a.text.contains("700 ns of 7"), "{}", a.text);
    }

    #[test]
    fn a_delay_that_does_not_show_or_shows_as_another_one_is_not_found() {
        assert_eq!(holds(&samples(7, 0.02, 0.0, 0.0)), [false, true]);
        assert_eq!(holds(&samples(7, 0.02, 0.3, 0.0)), [false, true]);
        assert_eq!(holds(&samples(7, 0.02, -0.1, 0.0)), [false, true]);
    }

    #[test]
    fn a_difference_where_none_was_planted_is_a_fault() {
        assert_eq!(holds(&samples(7, 0.02, 0.1, 0.1)), [true, false]);
    }

    #[test]
    fn noise_hides_what_is_planted() {
        assert_eq!(holds(&samples(7, 0.8, 0.1, 0.0)), [false, true]);
    }

    #[test]
    fn rounds_that_lack_a_run_do_not_count() {
        let mut lacking = samples(3, 0.02, 0.1, 0.0);
        lacking.retain(|sample| sample.round == 2 || sample.arm != Arm::TwinB);
        let [a, b] = planted(&lacking, 700);
        assert!(!a.holds && !b.holds && a.text.contains("fewer than two rounds"));
    }

    #[test]
    fn the_other_claims_hold_where_what_is_wrong_is_refused() {
        let why = ["others used the server's cores".to_owned(), "more".to_owned()];
        assert!(stolen(Ok(&why)).holds && !stolen(Ok(&[])).holds);
        assert!(!stolen(Err("no server".to_owned())).holds);
        assert!(broken(1, 0).holds);
        for (of_broken, of_sound) in [(0, 0), (1, 1), (2, 0)] {
            assert!(!broken(of_broken, of_sound).holds);
        }
    }
}
