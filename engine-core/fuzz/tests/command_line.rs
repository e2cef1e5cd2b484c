//! The fuzzer as it is called.

use std::process::{Command, Output};

fn call(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_engine-fuzz")).args(words).output().expect("it starts")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn targets_are_listed_and_an_unknown_one_is_refused() {
    let listed = call(&["--list"]);
    assert!(listed.status.success());
    assert_eq!(text(&listed).lines().count(), engine_fuzz::targets::ALL.len());
    let unknown = call(&["http_heed"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown).starts_with("http_heed: no target\n"));
    assert_eq!(call(&["--seconds", "many"]).status.code(), Some(2));
    assert_eq!(call(&["--input", "x"]).status.code(), Some(2));
}

#[test]
fn a_run_ends_with_a_summary_that_names_its_seed() {
    let run = call(&["body_framing", "ws_frames", "--seconds", "0", "--seed", "7"]);
    assert!(run.status.success());
    let text = text(&run);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].starts_with("body_framing: ") && lines[0].ends_with(", seed 7"), "{text}");
}

#[test]
fn one_input_is_replayed() {
    let path = engine_fuzz::corpus::directory("http_head").join("get");
    let path = path.to_str().expect("a path in UTF-8");
    let replayed = call(&["http_head", "--input", path]);
    assert!(replayed.status.success());
    assert_eq!(text(&replayed), format!("http_head: {path} holds\n"));
    assert_eq!(call(&["http_head", "--input", "/nowhere"]).status.code(), Some(2));
}
