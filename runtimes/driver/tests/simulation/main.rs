//! Thousands of seeds: a server of one to four workers, clients that do anything, a network that
//! does anything. A model of the game checks every answer and every frame.
//!
//! `HUNT_SEED=n` replays one seed, `HUNT_SEEDS=n` tries that many.
#![expect(clippy::unwrap_used, reason = "all of it is a test")]

mod expected;
#[path = "../../../../engine-core/tests/model/mod.rs"]
mod model;
mod player;
mod referee;
mod script;

use script::Report;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

const SEEDS: u64 = 3_000;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

/// Runs a seed; a failure says how to see it again.
fn run(seed: u64) -> Report {
    catch_unwind(AssertUnwindSafe(|| script::run(seed))).unwrap_or_else(|panic| {
        eprintln!("replay: HUNT_SEED={seed} cargo test -p driver --test simulation -- any_seed");
        resume_unwind(panic)
    })
}

#[test]
fn any_seed_agrees_with_the_model() {
    if let Some(seed) = number("HUNT_SEED") {
        eprintln!("{:#?}", run(seed));
        return;
    }
    let mut all = Report::default();
    for seed in 0..number("HUNT_SEEDS").unwrap_or(SEEDS) {
        all.add(&run(seed));
    }
    eprintln!("{all:#?}");
    // What never happened was not tested.
    all.assert_everything_happened();
}

#[test]
fn a_seed_is_one_run() {
    for seed in [3, 4, 5] {
        assert_eq!(run(seed), run(seed));
    }
    assert_ne!(run(3), run(4));
}
