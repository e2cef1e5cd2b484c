//! The search for the highest rate that keeps a promise, one run at a time: what to try next
//! follows from what was tried. So a search that was interrupted goes on where it stopped, and
//! whether it is done can be told from its runs.
//!
//! It goes up or down, in steps that grow, until it has a rate that keeps the promise and one that
//! does not, narrows the gap between them, and then lets the lower one prove itself again: of many
//! rates that were tried some keep the promise by luck. A search that begins near the end takes
//! five runs, two of them to confirm; one that begins at a tenth of it takes about twelve.

/// How near the rate that keeps the promise is to one that does not when the search ends.
pub const PRECISION: f64 = 1.05;
/// How often the rate that was found must keep the promise again.
pub const CONFIRMATIONS: usize = 2;
/// The most runs of a search.
pub const ATTEMPTS_MAX: usize = 24;
/// The first step up or down; each further one is the square of the one before. The gap that the
/// first leaves is narrowed to [`PRECISION`] by one run.
const STEP: f64 = 1.1;
/// The largest step.
const STEP_MAX: f64 = 4.0;
/// Below this, in units of work a second, nothing keeps the promise.
const RATE_MIN: f64 = 10.0;

/// A rate that was tried.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tried {
    /// The rate, in units of work a second.
    pub rate_per_s: f64,
    /// Whether it was to confirm what the search came to.
    pub confirms: bool,
    /// Whether the promise was kept.
    pub kept: bool,
}

/// What is next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Next {
    /// Try this rate.
    Search(f64),
    /// Try this rate again, to confirm it.
    Confirm(f64),
    /// Nothing: what was tried tells the capacity, or that there is none.
    Done,
}

/// What is next of a search that begins at a rate and must not go beyond another, up to which the
/// generator is proven.
#[must_use]
pub fn next(start_per_s: f64, most_per_s: f64, tried: &[Tried]) -> Next {
    if tried.is_empty() {
        return Next::Search(round(start_per_s.min(most_per_s)));
    }
    let broken = tried.iter().filter(|one| !one.kept).map(|one| one.rate_per_s);
    let broken = broken.fold(f64::INFINITY, f64::min);
    // What was kept above a rate that was not kept was luck.
    let kept = tried.iter().filter(|one| one.kept && one.rate_per_s < broken);
    let kept = kept.map(|one| one.rate_per_s).fold(0.0, f64::max);
    let confirmed = tried.iter().filter(|one| one.confirms && one.kept && one.rate_per_s == kept);
    let confirmed = confirmed.count();
    let narrow = kept > 0.0 && (broken / kept <= PRECISION || kept >= round(most_per_s));
    if tried.len() >= ATTEMPTS_MAX || broken <= RATE_MIN || (narrow && confirmed >= CONFIRMATIONS) {
        return Next::Done;
    }
    if narrow {
        return Next::Confirm(kept);
    }
    let rate = round(match (kept > 0.0, broken.is_finite()) {
        (true, true) => (kept * broken).sqrt(),
        (true, false) => (kept * step(tried.len())).min(most_per_s),
        _ => (broken / step(tried.len())).max(RATE_MIN),
    });
    // A gap of less than a unit of work is none.
    if rate <= kept || rate >= broken { Next::Confirm(kept) } else { Next::Search(rate) }
}

/// The step after so many rates that were all kept, or all not.
fn step(tried: usize) -> f64 {
    let squared = (1..tried).try_fold(STEP, |step, _| (step < STEP_MAX).then_some(step * step));
    squared.unwrap_or(STEP_MAX).min(STEP_MAX)
}

fn round(rate: f64) -> f64 {
    rate.round()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::random::Random;

    /// Searches a server that keeps the promise by this rule.
    fn search(start: f64, most: f64, mut keeps: impl FnMut(f64) -> bool) -> Vec<Tried> {
        let mut tried = Vec::new();
        loop {
            let (rate_per_s, confirms) = match next(start, most, &tried) {
                Next::Search(rate) => (rate, false),
                Next::Confirm(rate) => (rate, true),
                Next::Done => return tried,
            };
            let kept = keeps(rate_per_s);
            tried.push(Tried { rate_per_s, confirms, kept });
        }
    }

    /// The highest rate of which every confirmation was kept.
    fn found(tried: &[Tried]) -> Option<f64> {
        let confirmed = tried.iter().filter(|one| one.confirms && one.kept);
        let broken = |rate: f64| tried.iter().any(|one| one.rate_per_s == rate && !one.kept);
        confirmed.map(|one| one.rate_per_s).filter(|rate| !broken(*rate)).reduce(f64::max)
    }

    #[test]
    fn a_sharp_limit_is_found_from_above_and_from_below() {
        for limit in [37.0, 900.0, 15_000.0, 94_321.0] {
            for start in [100.0, 15_000.0, 200_000.0] {
                let tried = search(start, 1e6, |rate| rate <= limit);
                let found = found(&tried).unwrap();
                assert!(found <= limit && limit < found * PRECISION + 1.0, "{limit}: {found}");
                assert!(tried.len() < ATTEMPTS_MAX, "{limit} from {start}: {}", tried.len());
                let confirmed = tried.iter().filter(|one| one.confirms).count();
                assert_eq!(confirmed, CONFIRMATIONS);
            }
        }
    }

    #[test]
    fn a_search_that_begins_near_the_limit_is_short() {
        for (start, limit, runs) in [
            (15_000.0, 15_000.0, 5),
            (15_000.0, 15_900.0, 5),
            (15_000.0, 14_900.0, 5),
            (15_000.0, 20_000.0, 9),
            (15_000.0, 150_000.0, 13),
            (15_000.0, 1_500.0, 13),
        ] {
            let tried = search(start, 1e6, |rate| rate <= limit);
            assert!(tried.len() <= runs, "{limit} from {start}: {tried:?}");
        }
    }

    #[test]
    fn steps_grow_to_a_most() {
        let steps: Vec<f64> = (1..=7).map(|tried| (step(tried) * 100.0).round()).collect();
        assert_eq!(steps, [110.0, 121.0, 146.0, 214.0, 400.0, 400.0, 400.0]);
    }

    #[test]
    fn a_limit_that_wavers_is_found_near_and_the_search_always_ends() {
        let mut random = Random::new(5);
        for _ in 0..200 {
            let mut wavering = Random::new(random.bits());
            let tried =
                search(10_000.0, 1e6, |rate| rate <= 20_000.0 * (0.9 + 0.2 * wavering.unit()));
            assert!(tried.len() <= ATTEMPTS_MAX);
            if let Some(found) = found(&tried) {
                assert!((10_000.0..22_000.0).contains(&found), "{found}");
            }
        }
    }

    #[test]
    fn what_no_rate_keeps_and_what_every_rate_keeps_ends_too() {
        let nothing = search(10_000.0, 1e6, |_| false);
        assert!(found(&nothing).is_none() && nothing.len() < ATTEMPTS_MAX);
        assert_eq!(nothing.last().unwrap().rate_per_s, RATE_MIN);
        let everything = search(10_000.0, 100_000.0, |_| true);
        assert_eq!(found(&everything), Some(100_000.0));
        assert_eq!(search(500_000.0, 100_000.0, |_| true)[0].rate_per_s, 100_000.0);
    }

    #[test]
    fn a_rate_that_does_not_confirm_itself_is_given_up() {
        let one = |rate_per_s, confirms, kept| Tried { rate_per_s, confirms, kept };
        let mut tried =
            vec![one(2_000.0, false, true), one(4_100.0, false, false), one(4_000.0, false, true)];
        assert_eq!(next(1_000.0, 1e6, &tried), Next::Confirm(4_000.0));
        tried.push(one(4_000.0, true, true));
        assert_eq!(next(1_000.0, 1e6, &tried), Next::Confirm(4_000.0));
        tried.push(one(4_000.0, true, false));
        assert_eq!(next(1_000.0, 1e6, &tried), Next::Search(2_828.0));
        assert_eq!(found(&tried), None);
    }
}
