//! The game behind hyper and axum under the transcripts: what they are listed to answer otherwise,
//! and that they are built and play as written.

use golden::behind::{self, Web};
use golden::differences::Differences;
use golden::library::Library;
use std::fs;
use std::process::Command;

#[test]
fn the_list_names_sections_that_are_there() {
    let source =
        fs::read_to_string(behind::package().join("differences.txt")).expect("it is there");
    let servers = Web::ALL.map(Web::name);
    let list = Differences::read("differences.txt", &source, &servers).expect("well-formed");
    let transcripts = Library::of_checkout().read("").expect("well-formed");
    let astray = list.without_section(&transcripts);
    assert!(astray.is_empty(), "{astray:#?}");
    let of_game = list.iter().find(|entry| entry.file.starts_with("game/"));
    assert_eq!(of_game, None, "the game is nobody's but ours");
}

/// Transcripts that show something of everything and take a few seconds on a slow machine.
const SOME: [&str; 5] =
    ["http/pipelining", "http/admin", "game/quests.txt", "game/keys", "websocket/fragmentation"];

#[test]
fn they_are_built_and_play_as_written_or_as_listed() {
    for web in Web::ALL {
        let program = behind::build(web).unwrap_or_else(|error| panic!("{error}"));
        for filter in SOME {
            let mut command = Command::new(env!("CARGO_BIN_EXE_golden"));
            command.args(["check", "--server", web.name(), "--program"]).arg(&program);
            let out = command.args(["--filter", filter]).output().expect("it runs");
            let said = String::from_utf8_lossy(&out.stdout);
            assert!(out.status.success(), "{said}{}", String::from_utf8_lossy(&out.stderr));
        }
    }
}
