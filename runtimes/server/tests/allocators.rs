//! Each program tells the allocator that it runs on, as it was seen, and what it holds.
#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

#[path = "../src/metrics/exposition.rs"]
mod exposition;
mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::{Client, Server, get, program_at, request, until};

/// The programs, and the allocator of each.
const PROGRAMS: [(&str, &str); 3] = [
    (env!("CARGO_BIN_EXE_hunt-server"), "jemalloc"),
    (env!("CARGO_BIN_EXE_hunt-server-mimalloc"), "mimalloc"),
    (env!("CARGO_BIN_EXE_hunt-server-system"), "system"),
];

/// Versions, as they begin.
fn version_of(allocator: &str) -> &'static str {
    match allocator {
        "mimalloc" => "2.",
        "jemalloc" => "5.",
        _ => "glibc 2.",
    }
}

fn scrape(server: &Server) -> BTreeMap<String, exposition::Family> {
    exposition::read(&get(server.admin, "/metrics").body)
}

fn gauge(server: &Server, name: &str) -> Option<f64> {
    Some(scrape(server).get(name)?.samples[0].2)
}

#[test]
fn each_program_tells_its_allocator_in_its_version_and_its_metrics() {
    for (path, allocator) in PROGRAMS {
        let output = program_at(path).arg("--version").output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("allocator: "));
        let told = line.unwrap_or_else(|| panic!("no allocator: {text}"));
        assert!(told.starts_with(&format!("{allocator} {}", version_of(allocator))), "{told}");
        assert!(!told.contains("though"), "{told}");

        let server = Server::start_program(program_at(path).args(["serve", "--demo"]));
        let families = scrape(&server);
        let labels = &families["hunt_allocator"].samples[0].1;
        assert_eq!((&*labels["allocator"], &*labels["installed"]), (allocator, allocator));
        assert!(labels["version"].starts_with(version_of(allocator)), "{labels:?}");
        let log = server.end();
        assert!(!log.contains("the allocator is"), "{log}");
    }
}

#[test]
fn the_figures_move_with_what_the_server_holds() {
    for (path, allocator) in PROGRAMS {
        let server = Server::start_program(program_at(path).args(["serve", "--demo"]));
        let has = |name: &str| gauge(&server, name).is_some();
        assert!(has("hunt_allocator_mapped_bytes"), "{allocator}");
        assert_eq!(has("hunt_allocator_allocated_bytes"), allocator != "mimalloc");
        assert_eq!(has("hunt_allocator_resident_bytes"), allocator == "jemalloc");
        assert!(!has("hunt_allocations"), "only an instrument counts");
        if allocator == "mimalloc" {
            // It takes arenas of 1 GiB, so what the server holds shows in the process alone.
            assert!(gauge(&server, "hunt_allocator_mapped_bytes").unwrap() >= 1e6);
            server.end();
            continue;
        }
        let before = gauge(&server, "hunt_allocator_allocated_bytes").unwrap();
        let mut conns = Vec::new();
        for n in 0..500 {
            let mut client = Client::connect(server.public).unwrap();
            let path = format!("/loot?session={n}");
            assert_eq!(client.call(&request("GET", &path, "", "")).unwrap().status, 200);
            conns.push(client);
        }
        until("500 connections in the figures", || {
            let now = gauge(&server, "hunt_allocator_allocated_bytes").unwrap();
            (now > before + 500.0 * 256.0).then_some(())
        });
        server.end();
    }
}

/// A library with a `malloc` of its own, to be put before that of glibc.
fn other_malloc() -> PathBuf {
    let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("libother_malloc.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/other_malloc.c");
    let status = Command::new("cc")
        .args(["-O1", "-shared", "-fPIC", "-fno-builtin", "-o"])
        .args([&library, &source])
        .status();
    assert!(status.unwrap().success(), "a C compiler is needed, as for the allocators themselves");
    library
}

#[test]
fn another_allocator_than_was_built_in_is_told_everywhere() {
    let library = other_malloc();
    let program = |path| {
        let mut command = program_at(path);
        command.env("LD_PRELOAD", &library);
        command
    };
    let system = env!("CARGO_BIN_EXE_hunt-server-system");
    let output = program(system).arg("--version").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("\nallocator: unknown, though system was built in\n"), "{text}");

    let server = Server::start_program(program(system).args(["serve", "--demo"]));
    let families = scrape(&server);
    let labels = &families["hunt_allocator"].samples[0].1;
    assert_eq!((&*labels["allocator"], &*labels["installed"]), ("unknown", "system"));
    assert!(!families.contains_key("hunt_allocator_allocated_bytes"), "glibc's would be wrong");
    let log = server.end();
    assert!(log.contains("the allocator is unknown, though system was built in"), "{log}");

    // Those that are linked in do not ask malloc, and stay what they are.
    let output = program(env!("CARGO_BIN_EXE_hunt-server")).arg("--version").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("\nallocator: jemalloc 5."), "{text}");
}
