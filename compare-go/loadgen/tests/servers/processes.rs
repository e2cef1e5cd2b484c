//! Workers that are processes: they count as threads do, one that is lost ends the run, and all end
//! with the one that started them.

use super::support::{pause, server};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs;
use std::net::SocketAddr;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);

fn start(at: SocketAddr, duration: &str, grace: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_hunt-load"))
        .args(["get", "--url", &format!("http://{at}"), "--rate", "200", "--connections", "4"])
        .args([
            "--warmup",
            "0s",
            "--duration",
            duration,
            "--grace",
            grace,
            "--format",
            "json",
            "--quiet",
        ])
        .args(["--workers", "2", "--processes", "always"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn report(child: Child) -> (Output, Value) {
    let output = child.wait_with_output().unwrap();
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {output:?}"));
    (output, report)
}

/// The processes that a process has started.
fn children(pid: u32) -> Vec<Pid> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let texts = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let text: String = texts.collect();
    text.split_ascii_whitespace().filter_map(|number| Pid::from_raw(number.parse().ok()?)).collect()
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < PATIENCE, "it takes too long until {what}");
        pause(Duration::from_millis(5));
    }
}

/// Waits until both workers are at work, and a while longer.
fn workers(child: &Child) -> Vec<Pid> {
    until("there are two workers", || children(child.id()).len() == 2);
    pause(Duration::from_millis(1_500));
    children(child.id())
}

fn is_there(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn processes_count_as_threads_do() {
    let (output, report) = report(start(server(|mut peer| peer.serve()), "1s", "60s"));
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(report["summary"]["requests"]["due"], 200);
    assert_eq!(report["summary"]["requests"]["right"], 200);
    assert_eq!(report["outcome"]["figures"]["workers"].as_array().map(Vec::len), Some(2));
    assert_eq!(report["outcome"]["ending"], "Complete");
}

#[test]
fn a_worker_that_is_lost_is_an_error_and_ends_the_run() {
    let child = start(server(|mut peer| peer.serve()), "60s", "60s");
    let workers = workers(&child);
    kill_process(workers[0], Signal::KILL).unwrap();
    let (output, report) = report(child);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let ending = report["outcome"]["ending"]["WorkerLost"].as_str();
    assert!(ending.is_some_and(|text| text.contains("ended by itself")), "{report:#}");
    let errors = report["outcome"]["figures"]["lanes"][0]["errors"]["counts"]["worker"].as_u64();
    assert_eq!(errors, Some(1), "{report:#}");
    assert!(report["summary"]["requests"]["right"].as_u64().unwrap() > 0);
    assert!(!workers.into_iter().any(is_there));
}

#[test]
fn a_signal_ends_all_of_them_with_what_was_measured() {
    let child = start(server(|mut peer| peer.serve()), "60s", "60s");
    let mut all = workers(&child);
    let parent = Pid::from_child(&child);
    all.push(parent);
    // As a terminal does.
    all.iter().for_each(|pid| kill_process(*pid, Signal::INT).unwrap());
    let (output, report) = report(child);
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert_eq!(report["outcome"]["ending"], "Interrupted");
    let requests = &report["summary"]["requests"];
    assert!(requests["due"].as_u64().unwrap() >= 100, "{requests:#}");
    assert_eq!(requests["due"], requests["right"]);
}

#[test]
fn no_worker_outlives_its_parent() {
    let mut child = start(server(|mut peer| peer.serve()), "60s", "60s");
    let workers = workers(&child);
    assert_eq!(workers.len(), 2);
    child.kill().unwrap();
    child.wait().unwrap();
    until("the workers are gone", || !workers.iter().any(|pid| is_there(*pid)));
}

#[test]
fn a_worker_that_stands_still_does_not_hold_the_run_up() {
    let child = start(server(|mut peer| peer.serve()), "2s", "200ms");
    let workers = workers(&child);
    kill_process(workers[1], Signal::STOP).unwrap();
    let (output, report) = report(child);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let ending = report["outcome"]["ending"]["WorkerLost"].as_str();
    assert!(ending.is_some_and(|text| text.contains("in time")), "{report:#}");
    assert!(!workers.into_iter().any(is_there));
}
