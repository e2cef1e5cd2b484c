//! What operators see: health, readiness, metrics, listeners, refusals to start.
#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

#[path = "../src/metrics/exposition.rs"]
mod exposition;
mod support;

use backends::Backend;
use std::net::TcpListener;
use support::{Client, Server, all_of, get, run};

const OPENAPI: &str = include_str!("../../../engine-core/openapi.json");

#[test]
fn health_and_readiness_are_told_on_the_admin_listener_alone() {
    let server = Server::start(&["--demo"]);
    let health = get(server.admin, "/healthz");
    assert_eq!(health.status, 200);
    assert_eq!(health.field("content-type"), Some("application/json"));
    let best = Backend::AUTO.into_iter().find(|backend| backend.probe().is_ok()).unwrap();
    assert_eq!(health.json()["runtime"], best.name());
    assert!(health.json()["why"].as_str().unwrap().starts_with("auto: "));
    let ready = support::until("readiness", || {
        Some(get(server.admin, "/readyz")).filter(|response| response.status == 200)
    });
    let described: serde_json::Value = serde_json::from_str(OPENAPI).unwrap();
    let schemas = &described["components"]["schemas"];
    assert_eq!(ready.json()["status"], schemas["Ready"]["properties"]["status"]["const"]);
    assert_eq!(health.json()["status"], schemas["Health"]["properties"]["status"]["const"]);
    for field in schemas["Health"]["required"].as_array().unwrap() {
        assert!(health.json()[field.as_str().unwrap()].is_string(), "{field}");
    }
    for path in ["/healthz", "/readyz", "/metrics"] {
        let refused = get(server.public, path);
        assert_eq!(refused.status, 404, "{path}");
        assert_eq!(refused.json()["type"], "urn:hunt:problem:unknown-path");
    }
    assert_eq!(get(server.admin, "/loot").status, 404);
    server.end();
}

#[test]
fn the_public_listener_answers_operators_where_it_is_told_to() {
    let server = Server::start(&["--demo", "--admin-on-public"]);
    assert_eq!(get(server.public, "/healthz").status, 200);
    let put = support::request("PUT", "/v1/hunts/x", "", "{}");
    let answer = Client::connect(server.public).unwrap().call(&put).unwrap();
    assert_eq!(answer.status, 401, "not without a token");
    server.end();
}

#[test]
fn the_metrics_are_openmetrics_and_count_what_was_done() {
    let server = Server::start(&["--demo", "--workers", "2"]);
    for _ in 0..5 {
        assert_eq!(get(server.public, "/loot").status, 200);
    }
    assert_eq!(get(server.public, "/nowhere").status, 404);
    let scrape = || {
        let response = get(server.admin, "/metrics");
        assert_eq!(response.status, 200);
        let media = hunt_server::metrics::CONTENT_TYPE;
        assert_eq!(response.field("content-type"), Some(media));
        exposition::read(&response.body)
    };
    let value = |sample: &str, label: &str| {
        scrape().values().flat_map(|family| family.samples.clone()).find_map(|(name, labels, v)| {
            let labels: Vec<_> = labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
            (name == sample && labels.join(",") == label).then_some(v)
        })
    };
    // Another worker's figures are a tenth of a second old.
    support::until("five requests", || {
        (value("hunt_requests_total", "route=/loot,status=200") == Some(5.0)).then_some(())
    });
    support::until("a request for nothing", || {
        (value("hunt_requests_total", "route=none,status=404") == Some(1.0)).then_some(())
    });
    support::until("readiness", || (value("hunt_ready", "") == Some(1.0)).then_some(()));
    assert_eq!(value("hunt_hunts", "state=running"), Some(3.0));
    assert_eq!(value("hunt_quests", ""), Some(1.0));
    assert_eq!(value("hunt_players", ""), Some(1.0));
    assert_eq!(value("hunt_workers", ""), Some(2.0));
    support::until("six durations", || {
        (value("hunt_request_duration_seconds_count", "")? >= 6.0).then_some(())
    });
    assert!(value("hunt_arena_held_bytes", "kind=rounds").unwrap() > 0.0);
    assert!(value("process_open_fds", "").unwrap() > 5.0);
    assert!(OPENAPI.contains(hunt_server::metrics::CONTENT_TYPE));
    let families = scrape();
    assert_eq!(families["hunt_runtime"].samples[0].1["asked"], "auto");
    assert_eq!(families["hunt_build"].samples[0].1["version"], env!("CARGO_PKG_VERSION"));
    let ours = |name: &String| name.starts_with("hunt_") || name.starts_with("process_");
    assert!(families.keys().all(ours), "{:?}", families.keys());
    server.end();
}

#[test]
fn a_port_in_use_is_an_error_that_names_the_address_and_the_flag() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (flag, other) in [("--listen", "--admin"), ("--admin", "--listen")] {
        for runtime in ["tokio", "tokio-per-core"] {
            let args = ["--demo", flag, &address, other, "127.0.0.1:0", "--runtime", runtime];
            let output = run(&args, &[]);
            assert_eq!(output.status.code(), Some(1));
            assert!(output.stdout.is_empty(), "nothing is served: {}", all_of(&output));
            let text = all_of(&output);
            let said = text.contains(&format!("cannot listen on {address}"))
                && text.contains(&format!("another with {flag}"));
            assert!(said, "{text}");
        }
    }
    let output = run(&["--demo", "--listen", &address, "--admin", &address], &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(all_of(&output).contains("they need two ports"), "{}", all_of(&output));
}

#[test]
fn limits_reach_the_engine() {
    let server = Server::start(&["--demo", "--limit", "target_bytes_max=64"]);
    assert_eq!(get(server.public, &format!("/{}", "x".repeat(64))).status, 414);
    server.end();
    let output = run(&["--demo", "--limit", "hunts_max=2", "--listen", "127.0.0.1:0"], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(all_of(&output).contains("as many hunts as it may"), "{}", all_of(&output));
}

#[test]
fn too_few_descriptors_are_warned_of() {
    let server = Server::start(&["--demo", "--limit", "connections_max=4000000"]);
    assert_eq!(get(server.public, "/loot").status, 200);
    let logs = server.end();
    let warned = logs.contains("limits.connections_max (4000000)");
    let unlimited = std::fs::read_to_string("/proc/self/limits").is_ok_and(|text| {
        let line = text.lines().find(|line| line.starts_with("Max open files")).unwrap_or("");
        let hard = line.split_whitespace().nth(4).unwrap_or("");
        hard == "unlimited" || hard.parse::<u64>().is_ok_and(|hard| hard >= 4_000_064)
    });
    assert_ne!(warned, unlimited, "{logs}");
}
