//! A run that never was, for tests of reports.

use super::{Called, Context, Report};
use crate::errors::ErrorKind;
use crate::figures::{Figures, LaneFigures, Requests, Second, WorkerFigures};
use crate::outcome::{Ending, Outcome};
use crate::plan::{Arrivals, Fault, Load, Phase, Plan, Workers};
use crate::slo::Slo;
use crate::workload::{Kind, Options};
use std::time::{Duration, UNIX_EPOCH};

/// What is measured in each of two seconds: resolves of 1 ms, statuses of 3 ms, one error.
fn second_figures() -> Figures {
    let mut lane =
        LaneFigures::new("players", &["resolve", "status"], &["delivery_ns"], &["missed_ticks"]);
    lane.due = 150;
    for (op, (count, latency)) in
        lane.operations.iter_mut().zip([(100, 1_000_000), (50, 3_000_000)])
    {
        (op.sent, op.answered, op.right) = (count, count, count);
        op.latency.record_many(latency, count);
        op.lag.record_many(20_000, count);
    }
    lane.operations[1].right -= 1;
    lane.operations[1].failed += 1;
    lane.errors.record(ErrorKind::Wrong, || "rank 7 in place of 6".into());
    lane.metrics[0].values.record(40_000_000);
    lane.counters[0].count = 2;
    (lane.bytes_sent, lane.bytes_received) = (10_240, 20_480);
    lane.connections.ready = 64;
    let worker = WorkerFigures {
        wall_ns: 1_000_000_000,
        cpu_ns: 250_000_000,
        worked_ns: 200_000_000,
        sent: 150,
        starved_ns: 1_000_000,
        ..WorkerFigures::default()
    };
    Figures { lanes: vec![lane], workers: vec![worker] }
}

fn second(index: u32, phase: Phase) -> Second {
    let figures = second_figures();
    let histograms = figures.operations().map(|(_, op)| op.latency.encoded()).collect();
    Second {
        index,
        phase,
        began_ms: 1_700_000_000_000 + u64::from(index) * 1_000,
        length_ms: 1_000,
        requests: Requests { due: 150, sent: 150, answered: 150, right: 149, failed: 1 },
        errors: vec![(ErrorKind::Wrong, 1)],
        latency: figures.latency().quantiles(),
        lag: figures.lag().quantiles(),
        histograms,
        backlog: 0,
        ready: 64,
        counters: vec![],
        metrics: vec![],
        busiest: 0.25,
    }
}

/// A run of two seconds at 150 requests a second, after one of warm-up.
pub(crate) fn outcome() -> Outcome {
    let mut figures = second_figures();
    figures.add(&second_figures());
    Outcome {
        figures,
        warmup: second_figures(),
        seconds: vec![
            second(0, Phase::Warmup),
            second(1, Phase::Measured),
            second(2, Phase::Measured),
        ],
        rate_per_s: Some(150.0),
        measured: Duration::from_secs(2),
        connections: vec![("players".into(), 64)],
        ending: Ending::Complete,
        notes: vec!["98 % of the claims were fresh".into()],
    }
}

pub(crate) fn plan() -> Plan {
    Plan {
        workload: Kind::Resolve,
        options: Options::default(),
        server: "127.0.0.1:8080".parse().expect("an address"),
        admin: "127.0.0.1:9090".parse().expect("an address"),
        admin_token: Some("a-secret".into()),
        load: Load::Open { rate_per_s: Some(150.0), arrivals: Arrivals::Poisson },
        connections: Some(64),
        depth: 1,
        workers: Workers { cores: vec![1], ..Workers::default() },
        warmup: Duration::from_secs(1),
        duration: Duration::from_secs(2),
        grace: Duration::from_secs(5),
        timeout: Duration::from_secs(10),
        seed: 7,
        tag: "abc".into(),
        names: Vec::new(),
        fault: Fault::None,
    }
}

pub(crate) fn context(slo: &str) -> Context {
    let words = ["hunt-load", "resolve", "--admin-token", "a-secret"].map(str::to_owned);
    Context {
        called: Called { at: UNIX_EPOCH + Duration::from_secs(5), ..Called::now(&words) },
        slo: Slo::parse(slo).expect("good"),
        proof: None,
    }
}

/// The report of that run.
pub(crate) fn report(slo: &str) -> Report {
    Report::of(&plan(), outcome(), &context(slo))
}
