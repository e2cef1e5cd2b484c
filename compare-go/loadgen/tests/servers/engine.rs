//! Runs of the workloads over HTTP against the engine itself.

use alloc_heap::HeapArena;
use driver::testing::{Plan as ServerPlan, Server};
use engine_core::limits::Limits;
use loadgen::outcome::{Ending, Outcome, Unobserved};
use loadgen::plan::{Arrivals, Load, Plan};
use loadgen::run::{RunError, Stop, run};
use loadgen::workload::Kind;
use loadgen::world::{WorldError, admin_token_from_keys};
use runtime_tokio_epoll::{Mode, serve};
use std::time::Duration;

fn engine() -> Server {
    Server::start::<HeapArena>(ServerPlan::from(Limits::default()), |node| {
        serve(Mode::PerCore, node)
    })
}

/// The key of the server, written as it is in `HUNT_KEYS`.
fn token() -> String {
    let keys = format!("1:{}", "07".repeat(32));
    admin_token_from_keys(&keys, Duration::from_millis(u64::MAX)).unwrap()
}

fn plan(server: &Server, workload: Kind) -> Plan {
    let mut plan = super::support::plan(server.public);
    plan.admin = server.admin;
    plan.grace = super::support::PATIENT;
    plan.timeout = super::support::PATIENT;
    plan.admin_token = Some(token());
    plan.workload = workload;
    plan.connections = Some(16);
    plan.options.sessions = Some(64);
    plan.load = Load::Open { rate_per_s: Some(1_500.0), arrivals: Arrivals::Poisson };
    plan
}

fn right(plan: &Plan) -> Outcome {
    let outcome = run(plan, &Stop::default(), &mut Unobserved).unwrap();
    assert_eq!(outcome.ending, Ending::Complete);
    let errors = outcome.figures.errors();
    assert_eq!(errors.total(), 0, "{:#?}", errors.samples());
    let requests = outcome.figures.requests();
    assert!(requests.right == requests.due && requests.right > 500, "{requests:?}");
    outcome
}

#[test]
fn every_loot_table_is_right_and_of_the_hunt_of_the_run() {
    let server = engine();
    for (tag, depth) in [("a", 1), ("b", 8)] {
        let plan = Plan { tag: tag.into(), depth, ..plan(&server, Kind::Loot) };
        assert_eq!(right(&plan).figures.counter("other_hunts"), 0);
    }
}

#[test]
fn claims_are_fresh_and_right_on_several_workers() {
    let server = engine();
    for (tag, depth, workers) in [("a", 1, 1), ("b", 4, 3)] {
        let mut plan = Plan { tag: tag.into(), depth, ..plan(&server, Kind::Resolve) };
        plan.workers.count = workers;
        plan.options.hunts = Some(3);
        let figures = right(&plan).figures;
        let fresh = figures.counter("fresh_claims") as f64;
        assert!(fresh >= 0.95 * figures.requests().right as f64, "{figures:#?}");
        assert!(figures.counter("repeated_claims") > 0);
        assert_eq!(figures.workers.len(), workers as usize);
    }
}

#[test]
fn a_hot_board_is_written_and_read() {
    let server = engine();
    let figures = right(&plan(&server, Kind::HotBoard)).figures;
    assert!(figures.operations().all(|(_, op)| op.right > 0), "{figures:#?}");
}

#[test]
fn a_storm_has_a_connection_for_each_request() {
    let server = engine();
    let mut plan = plan(&server, Kind::ReconnectStorm);
    plan.connections = Some(200);
    let outcome = right(&plan);
    assert_eq!(outcome.figures.lanes[0].connections.opened, outcome.figures.requests().due);
}

#[test]
fn a_token_of_another_server_is_named() {
    let server = engine();
    let mut plan = plan(&server, Kind::Loot);
    let keys = format!("1:{}", "08".repeat(32));
    plan.admin_token = Some(admin_token_from_keys(&keys, Duration::from_millis(u64::MAX)).unwrap());
    let error = run(&plan, &Stop::default(), &mut Unobserved).unwrap_err();
    let RunError::World(WorldError::Token(at)) = error else { panic!("{error}") };
    assert_eq!(at, server.admin);
}

#[test]
fn two_runs_with_one_tag_are_told_apart() {
    let server = engine();
    let plan = plan(&server, Kind::Resolve);
    right(&plan);
    let error = run(&plan, &Stop::default(), &mut Unobserved).unwrap_err().to_string();
    assert!(error.contains("hunt-full") || error.contains("200"), "{error}");
}
