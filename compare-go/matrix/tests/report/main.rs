//! Reports of bundles whose figures are known beforehand: what stands in them, what is refused, and
//! that all three forms say the same.

mod browser;
mod command;
mod page;
mod story;
#[path = "../support/mod.rs"]
mod support;
mod texts;

use matrix::bundle::Bundle;
use matrix::cell::Server;
use matrix::report::{Format, render};
use matrix::testing::{Character, Synthetic};
use std::path::PathBuf;
use std::sync::OnceLock;
use support::Folder;

/// The story, and the same a week later with a best server that is a tenth slower.
fn stories() -> &'static [Bundle; 2] {
    static STORIES: OnceLock<[Bundle; 2]> = OnceLock::new();
    STORIES.get_or_init(|| {
        [("2027-03-01-two-cores", 1, 0.0), ("2027-03-08-two-cores", 2, 0.1)]
            .map(|(name, seed, slower)| story::told(name, seed, slower))
    })
}

/// A report of the story alone.
fn told(format: Format) -> &'static str {
    static TEXTS: OnceLock<[String; 3]> = OnceLock::new();
    let texts = TEXTS.get_or_init(|| {
        Format::ALL.map(|format| render(&stories()[..1], format).expect("a report"))
    });
    &texts[Format::ALL.iter().position(|other| *other == format).expect("a format")]
}

/// Two servers, the second of which costs half as much again; changed by whoever asks.
fn small(change: impl FnOnce(&mut Synthetic)) -> Bundle {
    let results = Folder::new("small");
    Bundle::read(&written(&results, change)).expect("a bundle")
}

/// The same in a folder of its own below the results.
fn written(results: &Folder, change: impl FnOnce(&mut Synthetic)) -> PathBuf {
    let servers: [Server; 2] = ["tokio+system+heap", "axum"].map(story::server);
    let [first, second] = [10.0, 15.0].map(|cpu_us| Character { cpu_us, ..Character::default() });
    let mut synthetic = Synthetic::of(&[(servers[0], first), (servers[1], second)]);
    synthetic.rounds = 3;
    change(&mut synthetic);
    synthetic.write(&results.path)
}
