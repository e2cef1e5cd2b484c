//! A server that somebody else started, by its addresses.

use golden::process::{Process, Program};
use std::process::Command;

fn server() -> Process {
    let program = Program {
        path: env!("CARGO_BIN_EXE_golden").into(),
        first: vec!["hunt-server".into()],
        runtime: Some("tokio-per-core".into()),
    };
    Process::start(&program).expect("it starts")
}

fn check(server: &Process, more: &[&str]) -> (bool, String) {
    let at = server.addresses();
    let output = Command::new(env!("CARGO_BIN_EXE_golden"))
        .args(["check", "--url", &format!("http://{}", at.public)])
        .args(["--admin-url", &format!("http://{}/", at.admin)])
        .args(more)
        .output()
        .expect("it runs");
    (output.status.success(), String::from_utf8(output.stdout).expect("it prints UTF-8"))
}

#[test]
fn a_running_server_is_held_to_every_byte_or_to_the_meaning() {
    let server = server();
    let (good, out) = check(&server, &["--filter", "game/keys"]);
    assert!(good, "{out}");
    let (good, out) = check(&server, &["--filter", "http/bodies", "--loose"]);
    assert!(good, "{out}");
}

#[test]
fn what_needs_a_fresh_server_is_left_out() {
    let server = server();
    let (good, out) = check(&server, &["--filter", "game/loot", "-v"]);
    assert!(good && out.contains("left out game/loot.txt:1: it needs a server"), "{out}");
}

#[test]
fn another_admin_token_is_used() {
    let server = server();
    let (good, out) = check(&server, &["--filter", "game/quests.txt", "--admin-token", "nonsense"]);
    assert!(!good && out.contains("401"), "{out}");
}

#[test]
fn a_program_that_is_no_server_is_reported() {
    let program = Program {
        path: env!("CARGO_BIN_EXE_golden").into(),
        first: vec!["--version".into()],
        runtime: Some("tokio".into()),
    };
    let error = Process::start(&program).unwrap_err().to_string();
    assert!(error.contains("did not say where it listens"), "{error}");
}

#[test]
fn the_environment_does_not_configure_a_server_that_is_started() {
    let output = Command::new(env!("CARGO_BIN_EXE_golden"))
        .args(["check", "--server", "tokio-per-core", "--filter", "game/keys"])
        .env("HUNT_KEYS", format!("9:{}", "ab".repeat(32)))
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
