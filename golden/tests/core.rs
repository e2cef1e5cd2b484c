//! Every transcript on the engine itself, under every cut of the input.

use golden::check::on_core;
use golden::config::Config;
use golden::diff::{Colour, shown};
use golden::library::Library;

fn check(filter: &str) {
    let config = Config::read().expect("the configuration is good");
    let mut text = String::new();
    for transcript in Library::of_checkout().read(filter).expect("well-formed") {
        let checked = on_core(&config, &transcript);
        for (failure, cut) in &checked.failures {
            text.push_str(&shown(failure, *cut, Colour(false)));
        }
        for cut in &checked.unstable {
            text.push_str(&format!("{}: other bytes when {cut}\n", transcript.file));
        }
        assert!(checked.plays > 9, "{} is played in all ways", transcript.file);
    }
    assert!(text.is_empty(), "{text}");
}

#[test]
fn http_is_as_written() {
    check("http/");
}

#[test]
fn websocket_is_as_written() {
    check("websocket/");
}

#[test]
fn the_game_is_as_written() {
    check("game/");
}
