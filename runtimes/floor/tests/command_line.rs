//! The program as it is called.

use serde_json::Value;
use std::process::{Command, Output};

fn floor(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_floor")).args(args).output().expect("it starts")
}

#[test]
fn help_has_examples_and_does_not_tell_of_the_peers_processes() {
    let output = floor(&["--help"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    assert!(text.contains("cargo floor --quick"), "{text}");
    assert!(!text.contains("Commands:") && !text.contains("--core"), "{text}");
}

#[test]
fn what_makes_no_sense_is_refused_with_two() {
    for args in [&["--peers", "nginx"][..], &["--seconds", "0"], &["now"]] {
        let output = floor(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{args:?}");
    }
}

#[test]
fn more_connections_than_descriptors_are_an_error_before_anything_starts() {
    let limited = format!("ulimit -n 1000; {} --connections 8000", env!("CARGO_BIN_EXE_floor"));
    let output = Command::new("sh").args(["-c", &limited]).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("more descriptors than the 1000"), "{text}");
}

#[test]
fn a_short_run_gives_every_sample_and_what_it_ran_on() {
    let args = [
        "--json",
        "--players=64",
        "--rounds=2",
        "--seconds=0.1",
        "--connections=4",
        "--peers=epoll,tokio-per-core",
        "--workloads=resolve,loot,move",
        "--seed=7",
    ];
    let output = floor(&args);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let taken = json["samples_in_order"].as_array().unwrap();
    assert_eq!(taken.len(), 2 * 3 * 2);
    assert_eq!(json["rows"].as_array().unwrap().len(), 3 * 2);
    for sample in taken {
        assert!(sample["sample"]["cpu_ns"].as_f64().unwrap() > 0.0, "{sample}");
        assert!(sample["sample"]["per_second"].as_f64().unwrap() > 0.0, "{sample}");
    }
    let ratio = &json["rows"][1]["ratio"]["median"];
    assert!(ratio.as_f64().unwrap() > 0.0, "{ratio}");
    assert_eq!(json["run"]["seed"], "7");
    for fact in ["command", "commit", "kernel", "cores", "allocator"] {
        assert!(json["run"][fact].is_string(), "{fact}");
    }
    assert!(!json["targets"].as_array().unwrap().is_empty());
    assert_eq!(json["failures"], Value::Array(Vec::new()));
}
