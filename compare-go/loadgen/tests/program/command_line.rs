//! The program as people and programs call it: what it prints where, and its exit codes.

use crate::support::{Null, Ran, finished, hunt_load, run};
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

fn get(server: &Null, more: &[&str]) -> Ran {
    let words = ["get", "--path", "/", "--url", &server.url, "--rate", "300", "-c", "8"];
    run(&[&words[..], &["-w", "200ms", "-d", "1s"], more].concat())
}

#[test]
fn the_report_goes_to_standard_output_and_progress_to_standard_error() {
    let server = Null::start(&["--delay", "1ms"]);
    let ran = get(&server, &[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for part in ["get: open loop, 300/s", "p99.9", "send lag", "Errors: none", "Generator"] {
        assert!(ran.stdout.contains(part), "{part} is not in\n{}", ran.stdout);
    }
    assert!(ran.stderr.contains("hunt-load: 1/1s 3"), "{}", ran.stderr);
    // Neither is a terminal.
    assert!(!ran.stdout.contains('\x1b') && !ran.stderr.contains('\x1b'));
    assert_eq!(get(&server, &["--quiet"]).stderr, "");
}

#[test]
fn objectives_decide_the_exit_code() {
    let server = Null::start(&["--delay", "5ms"]);
    let ran = get(&server, &["--slo", "p50>4.9ms,errors<=0%"]);
    // A busy machine may make it 3: held, by figures that are not valid.
    assert!(matches!(ran.code, Some(0 | 3)), "{ran:?}");
    assert!(ran.stdout.contains("p50>4.9ms: ") && ran.stdout.contains("held"), "{}", ran.stdout);
    let ran = get(&server, &["--slo", "p50<4.9ms"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stdout.contains("NOT HELD"), "{}", ran.stdout);
}

#[test]
fn every_format_is_written_to_its_file() {
    let server = Null::start(&[]);
    let folder = std::env::temp_dir().join(format!("hunt-load-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (json, csv, hdr) = (file("a.json"), file("a.csv"), file("a.hdr"));
    let ran = get(&server, &["--format", "json", "--out", &json, "--hdr", &hdr]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{ran:?}");
    let text = std::fs::read_to_string(&json).unwrap();
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["schema"], 1);
    assert_eq!(report["plan"]["seed"], 1);
    assert!(report["summary"]["latency"]["p99"].as_u64().unwrap() > 0);
    let log = std::fs::read_to_string(&hdr).unwrap();
    assert!(log.starts_with("#[Histogram log format version 1.3]"), "{log}");
    assert!(log.contains("\nTag=get,0.000,"), "{log}");
    // What was in a file before does not stay.
    std::fs::write(&csv, "x".repeat(10_000)).unwrap();
    assert_eq!(get(&server, &["--format", "csv", "--out", &csv]).code, Some(0));
    let text = std::fs::read_to_string(&csv).unwrap();
    assert_eq!(text.lines().count(), 3, "{text}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_dry_run_shows_one_request_and_its_answer() {
    let server = Null::start(&["--body", "5"]);
    let ran = run(&["get", "--path", "/hello", "--url", &server.url, "--dry-run"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.starts_with("> GET /hello HTTP/1.1\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("< [7,7]\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("get: right after "), "{}", ran.stdout);
}

#[test]
fn an_interrupt_ends_a_run_with_a_report_of_what_was_measured() {
    let server = Null::start(&[]);
    let mut command = hunt_load();
    command.args(["get", "--path", "/", "--url", &server.url, "--rate", "500", "-c", "4"]);
    command.args(["-w", "0s", "-d", "10m"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let pid = child.id().to_string();
    let (_never, comes) = mpsc::channel::<()>();
    let _ = comes.recv_timeout(Duration::from_millis(1_500));
    let sent = std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert!(sent.success());
    let ran = finished(child);
    assert_eq!(ran.code, Some(130), "{ran:?}");
    assert!(ran.stdout.starts_with("NOT COMPLETE: it was interrupted"), "{}", ran.stdout);
    assert!(ran.stdout.contains("p99.9") && ran.stdout.contains("NOT VALID"), "{}", ran.stdout);
}

#[test]
fn the_parts_of_a_run_are_told_as_they_begin() {
    let server = Null::start(&[]);
    for processes in ["never", "always"] {
        let workers = ["--workers", "2", "--processes", processes];
        let ran = get(&server, &[&["--phases", "--quiet"][..], &workers].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let told: Vec<&str> = ran.stderr.lines().collect();
        let expected = ["connected 8", "warmup", "measured", "grace", "end"];
        assert_eq!(told, expected.map(|part| format!("phase: {part}")));
    }
    let words = ["get", "--path", "/", "--url", &server.url, "--rate", "300", "-c", "8"];
    let ran = run(&[&words[..], &["-w", "0s", "-d", "1s", "--phases"]].concat());
    let told: Vec<&str> = ran.stderr.lines().filter(|line| line.starts_with("phase: ")).collect();
    assert_eq!(told, ["connected 8", "measured", "grace", "end"].map(|p| format!("phase: {p}")));
    assert!(ran.stderr.contains("hunt-load: 1/1s "), "{}", ran.stderr);
}

#[test]
fn a_part_is_told_while_it_goes_on() {
    let server = Null::start(&[]);
    let mut command = hunt_load();
    command.args(["get", "--path", "/", "--url", &server.url, "--rate", "100", "-c", "2"]);
    command.args(["-w", "0s", "-d", "10m", "--phases", "--quiet", "--format", "json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.next().as_deref(), Some("phase: connected 2"));
    assert_eq!(lines.next().as_deref(), Some("phase: measured"));
    // It would go on for ten minutes.
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(lines.collect::<Vec<_>>(), ["phase: end"]);
    assert_eq!(finished(child).code, Some(130));
}

#[test]
fn every_workload_is_listed() {
    let ran = run(&["list"]);
    assert_eq!(ran.code, Some(0));
    for name in ["resolve", "sockets", "state", "quests", "loot", "mixed"] {
        assert!(ran.stdout.lines().any(|line| line.trim_start().starts_with(name)), "{name}");
    }
}

#[test]
fn the_null_server_tells_how_late_it_was() {
    let mut server = Null::start(&["--delay", "2ms"]);
    assert_eq!(get(&server, &["--quiet"]).code, Some(0));
    let pid = server.child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let mut line = String::new();
    std::io::Read::read_to_string(server.child.stdout.as_mut().unwrap(), &mut line).unwrap();
    let served: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert!(served["answers"].as_u64().unwrap() >= 300, "{line}");
    assert!(served["late_p50_us"].as_f64().unwrap() >= 0.0, "{line}");
}
