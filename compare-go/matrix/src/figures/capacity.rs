//! The highest rate that keeps a promise, from the runs of one search.

use crate::bundle::observed::Observed;
use crate::bundle::run::{Purpose, Run};
use crate::figures::run::RunFigures;
use crate::slo::Slo;

/// The highest rate of which every confirmation kept the promise, in requests a second; or why
/// there is none. Searching finds rates that happened to hold, so only confirmations count; one
/// that something else than the server disturbed says nothing, and is made again.
#[must_use]
pub fn capacity(slo: Slo, runs: &[(&Run, &RunFigures)]) -> Observed<f64> {
    let mut confirmed: Vec<(f64, bool)> = Vec::new();
    let mut disturbed = None;
    for (run, figures) in runs {
        let (Purpose::Confirm(of), Some(rate)) = (run.purpose, run.offered_per_s) else { continue };
        if of != slo {
            continue;
        }
        if figures.is_disturbed() {
            disturbed = figures.invalid.first();
            continue;
        }
        let kept = figures.invalid.is_empty() && figures.keeps(slo);
        match confirmed.iter_mut().find(|(other, _)| *other == rate) {
            Some((_, all)) => *all &= kept,
            None => confirmed.push((rate, kept)),
        }
    }
    let tried = confirmed.len();
    let kept = confirmed.into_iter().filter(|(_, kept)| *kept).map(|(rate, _)| rate);
    match kept.reduce(f64::max) {
        Some(rate) => Observed::Is(rate),
        None if tried == 0 => Observed::missing(match disturbed {
            Some(why) => format!("a confirmation is not valid: {why}"),
            None => "no rate was confirmed".to_owned(),
        }),
        None => Observed::missing("no rate kept the promise when it was confirmed"),
    }
}
