//! Servers and generators of a few lines of shell, which fail in every way: each is a failure that
//! says what was under way, and nothing is left running or waited for.

use super::*;
use crate::bundle::run::{CommandLine, Failure};
use crate::run::interrupt::Stop;
use crate::run::pair::Patience;
use crate::run::programs::scripts::{Folder, script};
use crate::testing::{PrintedLoad, printed};
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

/// Says where it listens, though nobody does there, and ends when it is asked to.
const SERVER: &str = "
trap 'exit 0' TERM
echo 'players: http://127.0.0.1:1'
echo 'admin: http://127.0.0.1:1'
while :; do sleep 0.05; done";

/// Goes through all phases and prints a report.
const GENERATOR: &str = "
for phase in 'connected 8' warmup measured; do echo \"phase: $phase\" >&2; done
sleep 0.4
echo 'phase: grace' >&2
echo 'phase: end' >&2
cat report.json";

fn make_with(server: &str, generator: &str, stop: &Stop) -> Result<Outcome, Interrupted> {
    let folder = Folder::new("trial");
    let report = printed(&PrintedLoad {
        rate_per_s: Some(100.0),
        counted_ns: 400_000_000,
        answered: 40,
        latency_ns: 1e6,
        operation: "ask".into(),
        seconds: 1,
        broadcasts: None,
    });
    fs::write(folder.path.join("report.json"), report.get()).unwrap();
    let line = |name: &str, text: &str| {
        script(&folder, name, text);
        CommandLine { program: format!("./{name}"), ..CommandLine::default() }
    };
    let server = line("server", server);
    let second = Duration::from_secs(1);
    let patience =
        Patience { start: 10 * second, set_up: 3 * second, load: 3 * second, stop: second };
    let generator = line("generator", generator);
    let mut pair = Pair { top: &folder.path, server: &server, generator, patience, stop };
    let cores = Cores { server: vec![0], generator: vec![0] };
    let begun = Instant::now();
    let outcome = make(&mut pair, Detail::Seconds, &cores);
    // Far longer than any of it may take, on however busy a machine.
    assert!(begun.elapsed() < Duration::from_secs(60));
    outcome
}

fn failure(server: &str, generator: &str) -> Failure {
    match make_with(server, generator, &Stop::default()).unwrap() {
        Outcome::Failed(failure) => failure,
        Outcome::Measured(measured) => panic!("{measured:?}"),
    }
}

#[test]
fn both_that_do_as_they_should_are_measured() {
    let outcome = make_with(SERVER, GENERATOR, &Stop::default()).unwrap();
    let Outcome::Measured(measured) = outcome else { panic!("{outcome:?}") };
    assert_eq!((measured.generator_exit, measured.resident.connections), (0, 8));
    assert!(measured.server.end.at_ns > measured.server.begin.at_ns);
    assert!(measured.generator.get().contains("\"ask\""));
}

#[test]
fn a_server_that_does_not_start_is_a_failure_with_what_it_said() {
    let failure = failure("echo 'no such runtime' >&2; exit 2", GENERATOR);
    assert_eq!(failure.during, "start");
    assert!(failure.error.contains("exit status: 2"), "{failure:?}");
    assert_eq!(failure.server_said, ["no such runtime"]);
}

#[test]
fn a_server_that_dies_under_the_load_is_a_failure() {
    let dies = SERVER.replace("while :; do sleep 0.05; done", "sleep 0.6; echo oh >&2; exit 101");
    let waits = GENERATOR.replace("sleep 0.4", "sleep 30");
    let failure = failure(&dies, &waits);
    assert_eq!(failure.during, "load");
    assert!(failure.error.contains("the server ended by itself"), "{failure:?}");
    assert!(failure.server_said.contains(&"oh".to_owned()), "{failure:?}");
    assert!(failure.generator_said.contains(&"phase: measured".to_owned()), "{failure:?}");
}

#[test]
fn a_server_that_stands_still_is_ended() {
    let stands = SERVER.replace("while :;", "kill -STOP $$; while :;");
    let failure = failure(&stands, GENERATOR);
    assert_eq!(failure.during, "stop");
    assert!(failure.error.contains("did not end within 1 s"), "{failure:?}");
}

#[test]
fn a_generator_that_hangs_is_ended() {
    let in_set_up = failure(SERVER, "echo joining >&2; sleep 60");
    assert_eq!(in_set_up.during, "set-up");
    assert!(in_set_up.error.contains("not set up within 3 s"), "{in_set_up:?}");
    assert_eq!(in_set_up.generator_said, ["joining"]);
    let in_load = failure(SERVER, &GENERATOR.replace("sleep 0.4", "sleep 60"));
    assert_eq!(in_load.during, "load");
    assert!(in_load.error.contains("did not come to its end"), "{in_load:?}");
}

#[test]
fn a_generator_that_refuses_or_prints_garbage_is_a_failure() {
    let refused = failure(SERVER, "echo 'hunt-load: too few descriptors' >&2; exit 2");
    assert_eq!(refused.during, "set-up");
    assert!(refused.error.contains("exit status: 2"), "{refused:?}");
    assert_eq!(refused.generator_said, ["hunt-load: too few descriptors"]);
    let garbage = failure(SERVER, &GENERATOR.replace("cat report.json", "echo 'not JSON {'"));
    assert_eq!(garbage.during, "load");
    assert!(garbage.error.contains("has no report"), "{garbage:?}");
}

#[test]
fn who_asks_to_stop_is_heard_at_once() {
    let stop = Stop::default();
    let asks = stop.clone();
    let (_never, comes) = std::sync::mpsc::channel::<()>();
    let asking = thread::spawn(move || {
        let _ = comes.recv_timeout(Duration::from_millis(500));
        asks.ask();
    });
    let waits = GENERATOR.replace("sleep 0.4", "sleep 60");
    assert_eq!(make_with(SERVER, &waits, &stop).map(|_| ()), Err(Interrupted));
    asking.join().unwrap();
}
