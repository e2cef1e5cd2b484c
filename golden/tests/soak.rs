//! The command line of the soak.

use std::process::{Command, Output};

fn soak(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_soak")).args(args).output().expect("it starts")
}

#[test]
fn help_says_what_the_full_run_is_and_how_to_make_it_short() {
    let help = soak(&["--help"]);
    let text = String::from_utf8(help.stdout).unwrap();
    assert!(help.status.success() && text.contains("--seconds 20"), "{text}");
    assert!(text.contains("The full run is `cargo soak --runtime all`"), "{text}");
}

#[test]
fn what_cannot_be_soaked_is_said_and_is_not_taken_for_good() {
    let unknown = soak(&["--runtime", "tokyo"]);
    assert_eq!(unknown.status.code(), Some(2));
    let error = String::from_utf8(unknown.stderr).unwrap();
    assert!(error.contains("`tokyo`") && error.contains("tokio-per-core"), "{error}");

    let missing = soak(&["--program", "no-such-server", "--seconds", "1"]);
    assert_eq!(missing.status.code(), Some(2));

    // A program that ends without saying where it listens.
    let not_one = soak(&["--runtime", "tokio", "--program", "/bin/true", "--seconds", "1"]);
    assert_eq!(not_one.status.code(), Some(2));
    let error = String::from_utf8(not_one.stderr).unwrap();
    assert!(error.contains("tokio cannot be soaked"), "{error}");
}
