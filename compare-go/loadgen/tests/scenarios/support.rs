//! A server in this process, and runs against it.

use alloc_heap::HeapArena;
use driver::testing::{Plan as ServerPlan, Server};
use engine_core::limits::Limits;
use loadgen::Outcome;
use loadgen::errors::ErrorKind;
use loadgen::figures::{LaneFigures, OperationFigures};
use loadgen::outcome::{Ending, Unobserved};
use loadgen::plan::{Arrivals, Fault, Load, Plan, Processes, Workers};
use loadgen::run::{Stop, run};
use loadgen::workload::{Kind, Options};
use loadgen::world::admin_token_from_keys;
use runtime_tokio_epoll::{Mode, serve};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The key of the servers of tests.
const KEYS: &str = "1:0707070707070707070707070707070707070707070707070707070707070707";

/// A server, and a workload to run against it.
pub(crate) struct Stand {
    pub(crate) server: Server,
    workload: Kind,
    runs: AtomicU32,
}

impl Stand {
    pub(crate) fn new(workload: Kind) -> Self {
        Self::with(workload, Limits::default())
    }

    pub(crate) fn with(workload: Kind, limits: Limits) -> Self {
        let plan = ServerPlan::from(limits);
        let server = Server::start::<HeapArena>(plan, |node| serve(Mode::PerCore, node));
        Self { server, workload, runs: AtomicU32::new(0) }
    }

    /// A short run, changed in some respects.
    pub(crate) fn run(&self, change: impl FnOnce(&mut Plan)) -> Outcome {
        self.run_at(self.server.public, change)
    }

    /// A short run against whoever is there.
    pub(crate) fn run_at(&self, at: SocketAddr, change: impl FnOnce(&mut Plan)) -> Outcome {
        let number = self.runs.fetch_add(1, Ordering::Relaxed);
        let never = Duration::from_millis(u64::MAX);
        let mut plan = Plan {
            workload: self.workload,
            options: Options::default(),
            server: at,
            admin: self.server.admin,
            admin_token: Some(admin_token_from_keys(KEYS, never).unwrap()),
            load: Load::Open { rate_per_s: Some(200.0), arrivals: Arrivals::Constant },
            connections: None,
            depth: 1,
            workers: Workers { count: 1, processes: Processes::Never, cores: Vec::new() },
            warmup: Duration::from_millis(200),
            duration: Duration::from_secs(1),
            grace: Duration::from_secs(1),
            timeout: Duration::from_secs(10),
            seed: 7,
            tag: format!("run{number}"),
            names: Vec::new(),
            fault: Fault::None,
        };
        change(&mut plan);
        let outcome = run(&plan, &Stop::default(), &mut Unobserved).unwrap();
        assert_eq!(outcome.ending, Ending::Complete, "{outcome:#?}");
        outcome
    }
}

/// There is no error, but for ticks that a busy machine was late for.
pub(crate) fn honest(outcome: &Outcome) {
    let errors = outcome.figures.errors();
    assert_eq!(errors.total(), errors.count(ErrorKind::Missed), "{:#?}", errors.samples());
}

/// The count of a counter of a lane.
pub(crate) fn counter(lane: &LaneFigures, name: &str) -> u64 {
    let counter = lane.counters.iter().find(|counter| counter.name == name);
    counter.unwrap_or_else(|| panic!("no counter {name}")).count
}

/// An operation of a run.
pub(crate) fn operation<'a>(outcome: &'a Outcome, name: &str) -> &'a OperationFigures {
    let mut operations = outcome.figures.operations();
    operations.find(|(_, op)| op.name == name).unwrap_or_else(|| panic!("no operation {name}")).1
}
