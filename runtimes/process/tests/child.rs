//! Programs that are started, read and ended. They are shells, since what matters is how they end.

use process::child::{Child, Launch};
use process::system;
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs};

/// Longer than anything here takes, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(30);

fn shell(script: &str) -> Launch {
    Launch::new("sh").args(["-c", script])
}

fn start(script: &str) -> Child {
    Child::start(&shell(script)).expect("it starts")
}

/// Whether a process is there and not merely waiting to be collected.
fn is_running(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}

/// Waits until a process is gone.
fn gone(pid: u32) -> bool {
    let until = Instant::now() + PATIENCE;
    while is_running(pid) && Instant::now() < until {
        std::thread::yield_now();
    }
    !is_running(pid)
}

#[test]
fn addresses_are_found_among_other_lines() {
    let mut child = start(
        "echo warming up; echo admin: http://127.0.0.1:82; echo players: http://127.0.0.1:81; \
         exec sleep 1000",
    );
    let at = child.addresses(PATIENCE).unwrap();
    assert_eq!(at.players.port(), 81);
    assert_eq!(at.admin.port(), 82);
    assert_eq!(child.ended().unwrap(), None);
    assert_eq!(child.said()[0], "warming up");
}

#[test]
fn a_program_that_ends_instead_says_why() {
    let mut child = start("echo no memory >&2; exit 3");
    let begun = Instant::now();
    let error = format!("{:#}", child.addresses(PATIENCE).unwrap_err());
    assert!(error.contains("exit status: 3") && error.contains("no memory"), "{error}");
    assert!(begun.elapsed() < PATIENCE);
    assert_eq!(child.ended().unwrap().unwrap().code(), Some(3));
    assert!(child.terminate().is_err());
}

#[test]
fn a_program_that_is_silent_is_given_up() {
    let mut child = start("echo players: http://127.0.0.1:81; exec sleep 1000");
    let error = format!("{:#}", child.addresses(Duration::from_millis(300)).unwrap_err());
    assert!(error.contains("within 0.3 s"), "{error}");
    assert_eq!(child.wait_for(Duration::ZERO).unwrap(), None);
}

#[test]
fn a_program_that_cannot_be_started_is_named() {
    let error = Child::start(&Launch::new("/nowhere/server")).unwrap_err();
    assert!(format!("{error:#}").contains("/nowhere/server cannot be started"), "{error:#}");
    let error = Child::start(&shell("true").on([1_000_000])).unwrap_err();
    assert!(format!("{error:#}").contains("[1000000]"), "{error:#}");
}

#[test]
fn it_ends_when_it_is_asked_to() {
    let mut child = start("trap 'echo bye; exit 7' TERM; echo ready; while :; do read x; done");
    child.line(PATIENCE, |line| (line == "ready").then_some(())).unwrap();
    child.terminate().unwrap();
    assert_eq!(child.wait_for(PATIENCE).unwrap().unwrap().code(), Some(7));
    assert_eq!(child.said().last().unwrap(), "bye");
}

#[test]
fn output_is_kept_apart_from_what_it_says() {
    let launch = Launch { keep_output: true, ..shell("echo phase >&2; echo '{}'") };
    let mut child = Child::start(&launch).unwrap();
    assert!(child.wait_for(PATIENCE).unwrap().unwrap().success());
    assert_eq!(child.said(), ["phase"]);
    assert_eq!(child.take_output().unwrap(), b"{}\n");
}

#[test]
fn it_has_its_cores_and_its_folder_and_leaves_ours_alone() {
    let before = system::cores().unwrap();
    let core = *before.last().unwrap();
    let launch = shell("pwd; grep Cpus_allowed_list /proc/self/status; echo $NAME")
        .on([core])
        .within("/proc/self")
        .env("NAME", "value");
    let mut child = Child::start(&launch.within("/")).unwrap();
    child.wait_for(PATIENCE).unwrap();
    assert_eq!(child.said(), ["/", &format!("Cpus_allowed_list:\t{core}"), "value"]);
    assert_eq!(system::cores().unwrap(), before);
}

#[test]
fn what_it_started_ends_with_it() {
    let mut child = start("sleep 1000 & echo $!; wait");
    let grandchild: u32 = child.line(PATIENCE, |line| line.parse().ok()).unwrap();
    let pid = child.id();
    assert!(is_running(grandchild));
    drop(child);
    assert!(gone(pid) && gone(grandchild));
}

/// Set in the process of another test.
const OTHER: &str = "PROCESS_OF_ANOTHER_TEST";

/// Runs one of the ignored tests below in a process of its own.
fn other_process(test: &str) -> Command {
    let mut command = Command::new(env::current_exe().expect("it has a path"));
    command.args(["--ignored", "--exact", test, "--nocapture"]).env(OTHER, "1");
    command
}

#[test]
fn it_ends_with_this_process_even_where_that_is_killed() {
    let output = other_process("starts_a_program_and_is_killed").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), None, "{text}");
    let mut pids = text.lines().filter_map(|line| line.split("pid ").nth(1)?.parse().ok());
    let (child, grandchild): (u32, u32) = (pids.next().unwrap(), pids.next().unwrap());
    assert!(gone(child) && gone(grandchild), "{child} or {grandchild} is left");
}

#[test]
#[ignore = "the process of another test"]
fn starts_a_program_and_is_killed() {
    if env::var_os(OTHER).is_none() {
        return;
    }
    let mut child = start("sleep 1000 & echo $!; wait");
    let grandchild: u32 = child.line(PATIENCE, |line| line.parse().ok()).unwrap();
    let text = format!("\npid {}\npid {grandchild}\n", child.id());
    std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes()).unwrap();
    let pid = rustix::process::getpid();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

#[test]
fn stray_variables_do_not_reach_it() {
    let output = other_process("says_its_variables")
        .envs([("HUNT_KEYS", "stray"), ("GOGC", "off"), ("PLAIN", "kept"), ("HUNT_LISTEN", "x")])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    assert!(text.contains("[] [given] [] [kept]"), "{text}");
}

#[test]
#[ignore = "the process of another test"]
fn says_its_variables() {
    let launch = shell("echo \"[$HUNT_KEYS] [$HUNT_LISTEN] [$GOGC] [$PLAIN]\"");
    let mut child = Child::start(&launch.env("HUNT_LISTEN", "given")).unwrap();
    child.wait_for(PATIENCE).unwrap();
    let text = format!("\n{}\n", child.said().join("\n"));
    std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes()).unwrap();
}

#[test]
fn a_program_is_looked_for_from_its_folder_and_called_as_it_was_named() {
    let launch = Launch::new("bin/sh").args(["-c", "pwd; echo $0"]).within("/");
    let mut child = Child::start(&launch).unwrap();
    child.wait_for(PATIENCE).unwrap();
    assert_eq!(child.said(), ["/", "bin/sh"], "it knows where it lies by a longer name");
}
