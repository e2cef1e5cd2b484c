//! `--runtime`: what `auto` takes where the system forbids a better one, and what a named runtime
//! says that cannot start.
#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

#[path = "../src/metrics/exposition.rs"]
mod exposition;
mod support;

use backends::Backend;
use rustix::io::Errno;
use std::collections::BTreeMap;
use support::confined::Confined;
use support::{Server, all_of, get, run};

const RINGS: [Backend; 3] = [Backend::TokioUring, Backend::Glommio, Backend::Monoio];

/// The labels of every sample of a family.
fn labels(server: &Server, family: &str) -> Vec<BTreeMap<String, String>> {
    let families = exposition::read(&get(server.admin, "/metrics").body);
    let samples = families.get(family).map(|family| &family.samples);
    samples.into_iter().flatten().map(|(_, labels, _)| labels.clone()).collect()
}

#[test]
fn auto_falls_back_and_tells_why_in_the_log_the_metrics_and_the_health() {
    let better: Vec<_> = Backend::AUTO
        .into_iter()
        .filter(|backend| backend.is_built_in())
        .take_while(|backend| RINGS.contains(backend))
        .collect();
    for errno in [Errno::PERM, Errno::NOSYS] {
        let confined = Confined { io_uring: Some(errno), ..Confined::default() };
        let server = confined.serve(&["--demo"]);
        assert_eq!(get(server.public, "/loot").status, 200);
        let health = get(server.admin, "/healthz").json();
        assert_eq!(health["asked"], "auto");
        let runtime = health["runtime"].as_str().unwrap();
        assert!(!RINGS.map(Backend::name).contains(&runtime), "{health}");
        let refused = health["refused"].as_array().unwrap();
        assert_eq!(refused.len(), better.len(), "{health}");
        let info = labels(&server, "hunt_runtime");
        assert_eq!(info[0]["runtime"], runtime);
        assert_eq!(info[0]["asked"], "auto");
        let exposed = labels(&server, "hunt_runtime_refused");
        assert_eq!(exposed.len(), better.len());
        let logs = server.end();
        for (place, backend) in better.iter().enumerate() {
            let (told, exposed) = (&refused[place], &exposed[place]);
            assert_eq!(told["runtime"], backend.name());
            assert_eq!(exposed["runtime"], backend.name());
            for what in ["cause", "remedy"] {
                let said = told[what].as_str().unwrap();
                assert!(!said.is_empty(), "{told}");
                assert_eq!(exposed[what], said.replace('"', "\\\""));
                assert!(logs.contains(&format!("{what}={said:?}")), "{said}: {logs}");
            }
            let why = health["why"].as_str().unwrap();
            let part = format!("the runtime {backend} cannot start here: ");
            assert!(why.starts_with("auto: ") && why.contains(&part), "{why}");
            assert!(info[0]["why"].contains(&part), "{info:?}");
            let line = format!("a better runtime cannot start here runtime={backend}");
            assert_eq!(logs.matches(&line).count(), 1, "{logs}");
        }
    }
}

#[test]
fn a_named_runtime_that_cannot_start_is_an_error_before_anything_is_bound() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for errno in [Errno::PERM, Errno::NOSYS] {
        let confined = Confined { io_uring: Some(errno), ..Confined::default() };
        for backend in RINGS.into_iter().filter(|backend| backend.is_built_in()) {
            let why = ["--demo", "--listen", &address, "--runtime", backend.name()];
            let output = confined.run(&why);
            let text = all_of(&output);
            assert_eq!(output.status.code(), Some(1), "{text}");
            assert!(output.stdout.is_empty(), "nothing is served: {text}");
            assert!(!text.contains("cannot listen"), "it is found before: {text}");
            let part = format!("hunt-server: the runtime {backend} cannot start here: ");
            let said = text.lines().find_map(|line| line.strip_prefix(&part));
            let said = said.unwrap_or_else(|| panic!("{text}"));
            assert!(said.contains("seccomp") && said.contains("; "), "cause and remedy: {said}");
        }
    }
}

#[test]
fn whatever_memory_may_be_locked_auto_serves_and_a_named_runtime_serves_or_says_why_not() {
    // None, too little, and about what is needed. How rings are counted is up to the kernel.
    for memlock_kib in [0, 64, 8192] {
        let confined = Confined { memlock_kib: Some(memlock_kib), ..Confined::default() };
        let server = confined.serve(&["--demo", "--workers=2"]);
        assert_eq!(get(server.public, "/loot").status, 200);
        server.end();
        for backend in RINGS.into_iter().filter(|backend| backend.is_built_in()) {
            match confined.try_serve(&["--demo", "--workers=2", "--runtime", backend.name()]) {
                Ok(server) => {
                    assert_eq!(get(server.public, "/loot").status, 200, "{memlock_kib} KiB");
                    server.end();
                }
                Err((exit, text)) => {
                    assert_eq!(exit, Some(1), "{text}");
                    let told = text.contains("memlock") || text.contains("ulimit -l");
                    assert!(told, "{memlock_kib} KiB, {backend}: {text}");
                }
            }
        }
    }
}

#[test]
fn every_runtime_that_starts_here_serves_by_its_name() {
    for backend in Backend::ALL.into_iter().filter(|backend| backend.probe().is_ok()) {
        let server = Server::start(&["--demo", "--workers=2", "--runtime", backend.name()]);
        assert_eq!(get(server.public, "/loot").status, 200, "{backend}");
        let health = get(server.admin, "/healthz").json();
        assert_eq!(health["runtime"], backend.name());
        assert_eq!(health["asked"], backend.name());
        assert_eq!(health["why"], "asked for by name");
        assert_eq!(health["refused"], serde_json::json!([]));
        assert_eq!(labels(&server, "hunt_runtime")[0]["runtime"], backend.name());
        server.end();
    }
}

#[test]
fn a_runtime_that_was_left_out_names_its_feature() {
    for backend in Backend::ALL.into_iter().filter(|backend| !backend.is_built_in()) {
        let output = run(&["--demo", "--runtime", backend.name()], &[]);
        let text = all_of(&output);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(&format!("cargo feature {}", backend.feature())), "{text}");
    }
}

#[test]
fn each_worker_has_its_own_descriptors_where_asked_but_not_where_connections_move() {
    let per_core = |backend: &Backend| backend.is_per_core() && backend.probe().is_ok();
    for backend in Backend::ALL.into_iter().filter(per_core) {
        let args = ["--demo", "--workers=2", "--private-descriptors", "--runtime", backend.name()];
        let server = Server::start(&args);
        for _ in 0..8 {
            assert_eq!(get(server.public, "/loot").status, 200, "{backend}");
        }
        assert!(get(server.admin, "/metrics").body.contains("\nprocess_open_fds "), "{backend}");
        server.end();
    }
    let forbidden = Confined { no_unshare: true, ..Confined::default() };
    for backend in Backend::ALL.into_iter().filter(per_core) {
        let args = ["--demo", "--private-descriptors", "--runtime", backend.name()];
        let text = all_of(&forbidden.run(&args));
        let told = text.contains("unshare") && !text.contains("players: ");
        assert!(told, "{backend}: before anything is served: {text}");
    }
    let output = run(&["--demo", "--private-descriptors", "--runtime", "tokio"], &[]);
    let text = all_of(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("choose another runtime"), "{text}");
}
