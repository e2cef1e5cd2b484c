//! The counting program tells what was asked of the allocator, and requests ask for nothing.
//!
//! `cargo test -p hunt-server --features counting --test counting`
#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

#[path = "../src/metrics/exposition.rs"]
mod exposition;
mod support;

use support::{Client, Server, get, program_at, request};

const WARM: usize = 500;
const REQUESTS: usize = 5_000;

/// Requests and bytes since the start.
fn asked(server: &Server) -> [f64; 2] {
    let families = exposition::read(&get(server.admin, "/metrics").body);
    ["hunt_allocations", "hunt_allocated_bytes"].map(|name| families[name].samples[0].2)
}

#[test]
fn requests_in_the_steady_state_ask_for_nothing() {
    let program = env!("CARGO_BIN_EXE_hunt-server-counting");
    let args = ["serve", "--demo", "--workers", "1"];
    let server = Server::start_program(program_at(program).args(args));
    let families = exposition::read(&get(server.admin, "/metrics").body);
    let labels = &families["hunt_allocator"].samples[0].1;
    assert_eq!((&*labels["instrument"], &*labels["allocator"]), ("counting", "jemalloc"));

    let mut client = Client::connect(server.public).unwrap();
    let mut loot = |count: usize| {
        for _ in 0..count {
            let response = client.call(&request("GET", "/loot?session=7", "", "")).unwrap();
            assert_eq!(response.status, 200);
        }
    };
    loot(WARM);
    asked(&server);
    // What two scrapes cost with nothing between them: a scrape, its connection, and the ticks.
    let first = asked(&server);
    let second = asked(&server);
    loot(REQUESTS);
    let third = asked(&server);
    let scrape = second[0] - first[0];
    let requests = third[0] - second[0];
    assert!(scrape > 0.0, "a scrape itself asks for memory");
    assert!(third[1] > second[1]);
    eprintln!("{requests} in {REQUESTS} requests and a scrape, {scrape} in a scrape");
    // A text that has grown by a digit may ask once more.
    assert!(requests <= scrape + 10.0, "{requests} in {REQUESTS} requests, {scrape} in a scrape");
    server.end();
}
