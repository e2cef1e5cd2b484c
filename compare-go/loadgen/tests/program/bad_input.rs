//! What is asked for wrongly, and servers that misbehave: a clear error with its remedy, counted
//! errors and an end, never a hang. The program is run.

use crate::support::{Fake, Manner, Null, Ran, finish, finished, hunt_load, nobody, run};

/// A short run of `get` against a server.
fn get(url: &str, more: &[&str]) -> Ran {
    let words = ["get", "--url", url, "--rate", "200", "-c", "8", "-w", "0s", "-d", "1s"];
    let words = [&words[..], &["--timeout", "300ms", "--grace", "500ms", "--format", "json"], more];
    run(&words.concat())
}

/// How many errors of a kind a report has.
fn errors(report: &serde_json::Value, kind: &str) -> u64 {
    let lanes = report["outcome"]["figures"]["lanes"].as_array();
    lanes
        .into_iter()
        .flatten()
        .map(|lane| lane["errors"]["counts"][kind].as_u64().unwrap_or(0))
        .sum()
}

#[test]
fn what_is_asked_for_wrongly_is_refused_before_the_first_request() {
    let (nobody, server) = (nobody(), Null::start(&[]));
    for (words, remedy) in [
        (&["resolv"][..], "did you mean resolve?"),
        (&["loot", "--slo", "p99<50ms,errors<0.1"], "a share is written in percent: 0.1%"),
        (&["loot", "--slo", "p99<50ms,eror<1%"], "\n           ^\n"),
        (&["get", "--slo", "gte/p99<1s", "--url", &server.url], "there are get"),
        (&["loot", "--rate", "-1"], "a rate is written as"),
        (&["get", "--path", "/", "--rate", "90M", "--url", &nobody], "--connections 9"),
        (&["get", "--rate", "9M", "-c", "10k", "--url", &nobody], "--workers 36"),
        (&["loot", "--duration", "5"], "write 5s or 5ms"),
        (&["get", "--path", "/", "--out", "/nowhere/report"], "/nowhere/report cannot be written"),
        (&["get", "--path", "/", "--proof", "/dev/null"], "is no proof; make one with"),
        (&["get", "--path", "/", "--tui"], "needs a terminal"),
        (&["prove", "--core", "0", "--server-core", "0"], "need a core each"),
        (&["null", "--listen", "192.0.2.1:1"], "choose another --listen"),
    ] {
        let ran = run(words);
        assert_eq!(ran.code, Some(2), "{words:?}: {ran:?}");
        assert!(ran.stderr.contains(remedy), "{words:?}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{words:?}");
    }
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let url = nobody();
    let ran = get(&url, &["--path", "/"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let address = url.strip_prefix("http://").unwrap();
    assert!(ran.stderr.contains(address), "{}", ran.stderr);
    assert!(ran.stderr.contains("refused"), "{}", ran.stderr);
}

#[test]
fn too_few_descriptors_are_found_before_the_first_request() {
    let server = Null::start(&[]);
    let program = env!("CARGO_BIN_EXE_hunt-load");
    let url = &server.url;
    let line = format!(
        "ulimit -n 64; exec {program} get --path / --url {url} -c 500 --processes never -d 1s"
    );
    let ran = finish(std::process::Command::new("sh").args(["-c", &line]));
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("descriptors"), "{}", ran.stderr);
}

#[test]
fn a_server_that_stalls_is_a_number_of_timeouts() {
    let fake = Fake::start(Manner::Stalls);
    let ran = get(&fake.url, &["--path", "/"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let report = ran.json();
    assert!(errors(&report, "timeout") + errors(&report, "unanswered") > 0, "{ran:?}");
    assert_eq!(report["summary"]["requests"]["right"], 0);
}

#[test]
fn garbage_is_malformed() {
    let fake = Fake::start(Manner::Garbage);
    let ran = get(&fake.url, &["--path", "/"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(errors(&ran.json(), "malformed") > 0, "{ran:?}");
}

#[test]
fn an_end_in_place_of_an_answer_is_one_error_each() {
    let fake = Fake::start(Manner::ClosesEarly);
    let ran = get(&fake.url, &["--path", "/"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let report = ran.json();
    assert!(errors(&report, "closed_early") + errors(&report, "reset") > 0, "{ran:?}");
}

#[test]
fn another_status_is_an_error_with_what_came() {
    let fake = Fake::start(Manner::Fails);
    let ran = get(&fake.url, &["--path", "/"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let report = ran.json();
    assert!(errors(&report, "status") > 100, "{ran:?}");
    assert!(ran.stdout.contains("500"), "{ran:?}");
}

#[test]
fn a_server_that_dies_ends_the_run_with_what_was_measured() {
    let mut server = Null::start(&[]);
    let mut command = hunt_load();
    command.args(["get", "--path", "/", "--url", &server.url, "--rate", "500", "-c", "8"]);
    command.args(["-w", "0s", "-d", "30s", "--format", "json", "--quiet"]);
    let child = command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // It dies once the run is well under way.
    let (_never, comes) = std::sync::mpsc::channel::<()>();
    let _ = comes.recv_timeout(std::time::Duration::from_millis(1_500));
    server.child.kill().unwrap();
    let ran = finished(child);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let report = ran.json();
    assert_eq!(report["outcome"]["ending"], "ServerGone");
    assert_eq!(report["validity"]["valid"], false);
    assert!(report["summary"]["requests"]["right"].as_u64().unwrap() > 100);
    assert!(report["summary"]["errors"].as_u64().unwrap() > 0);
}
