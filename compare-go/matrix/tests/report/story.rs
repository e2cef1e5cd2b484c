//! A bundle with something of everything: settings of the engine, peers and Go, two workloads,
//! searches for capacity, a server that was left out, one whose runs are invalid, a run that
//! failed.

use crate::support::Folder;
use matrix::bundle::Bundle;
use matrix::bundle::run::{Failure, Outcome, Purpose, Run};
use matrix::bundle::server::{ServerRecord, ServerState};
use matrix::bundle::write::Writer;
use matrix::cell::{Cell, Server, Workload};
use matrix::number::whole;
use matrix::slo::Slo;
use matrix::testing::{Character, Synthetic, profile};
use serde_json::Value;
use serde_json::value::to_raw_value;

/// The best of all by CPU time; the others of its runtime cost a little more.
pub(crate) const BEST: &str = "tokio-uring+jemalloc+heap";
/// As good as the best but for its arena, whose cost is less than the noise.
pub(crate) const LIKE_BEST: &str = "tokio-uring+jemalloc+bump";
/// Built, and refused by the kernel.
pub(crate) const LEFT_OUT: &str = "glommio+jemalloc+heap";
/// Others had its core.
pub(crate) const INVALID: &str = "axum";
/// One of its runs failed.
pub(crate) const FAILED_ONCE: &str = "hyper";
pub(crate) const GO: &str = "go-fasthttp+tuned";

/// The promise that capacity is searched for.
pub(crate) const SLO: Slo = Slo::p99_ms(50);

/// CPU time for a unit of work, in microseconds, and latency far from saturation, likewise.
const SERVERS: [(&str, f64, f64); 15] = [
    (BEST, 8.0, 180.0),
    (LIKE_BEST, 8.02, 180.5),
    ("tokio-uring+system+heap", 9.2, 190.0),
    ("tokio-uring+system+bump", 8.9, 188.0),
    ("tokio-per-core+jemalloc+heap", 9.0, 205.0),
    ("tokio-per-core+jemalloc+bump", 9.01, 205.0),
    ("tokio-per-core+system+heap", 10.4, 220.0),
    ("tokio-per-core+system+bump", 10.0, 216.0),
    ("monoio+jemalloc+heap", 8.3, 184.0),
    (LEFT_OUT, 20.0, 400.0),
    (FAILED_ONCE, 12.0, 240.0),
    (INVALID, 14.0, 260.0),
    ("go-nethttp+default", 38.0, 700.0),
    ("go-nethttp+tuned", 30.0, 520.0),
    (GO, 18.0, 330.0),
];

/// The digest of a program that was built anew.
const REBUILT_SHA256: &str = "5e54e5110000000000000000000000000000000000000000000000000000c0de";

/// A server by its name.
pub(crate) fn server(name: &str) -> Server {
    name.parse().expect("a server")
}

/// The story. A later one has another name, other noise, and a best server that became slower by a
/// share.
pub(crate) fn told(name: &str, seed: u64, slower: f64) -> Bundle {
    let servers = SERVERS.map(|(name, cpu_us, latency_us)| {
        let by = if name == BEST { 1.0 + slower } else { 1.0 };
        let is_go = name.starts_with("go");
        let connection_bytes = if is_go { 9_000 } else { 1_100 };
        let (cpu_us, latency_us) = (cpu_us * by, latency_us * by);
        let character =
            Character { cpu_us, latency_us, connection_bytes, noise: 0.01, ..Character::default() };
        (server(name), character)
    });
    let mut synthetic = Synthetic::of(&servers);
    synthetic.name = name.to_owned();
    synthetic.seed = seed;
    synthetic.rounds = 4;
    synthetic.workloads = vec![Workload::Resolve, Workload::State];
    synthetic.slos = vec![SLO];
    synthetic.load.counted_ms = 12_000;
    let rebuilt = |name: &str| slower > 0.0 && name == BEST;
    changed(&synthetic, rebuilt, |run| {
        let name = run.cell.server.to_string();
        let Outcome::Measured(measured) = &mut run.outcome else { return };
        uneven(measured, u64::from(run.step));
        if name == INVALID {
            measured.machine.others_on_server_cores = 0.31;
        }
        if name == FAILED_ONCE && run.round == 2 && run.purpose == Purpose::Measure {
            run.outcome = Outcome::Failed(Failure {
                during: "load".into(),
                error: "the server ended with signal 11".into(),
                server_said: vec!["listening".into()],
                generator_said: Vec::new(),
            });
        }
    })
}

/// A bundle each of whose runs was changed, without those of [`LEFT_OUT`].
pub(crate) fn changed(
    synthetic: &Synthetic,
    rebuilt: impl Fn(&str) -> bool,
    change: impl Fn(&mut Run),
) -> Bundle {
    let results = Folder::new("story");
    // What is known of the servers and of the generator, from a bundle with few runs.
    let mut short = synthetic.clone();
    (short.name, short.rounds) = ("short".into(), 1);
    short.slos.clear();
    let short = Bundle::read(&short.write(&results.path)).expect("a bundle");
    let (head, plan) = (synthetic.head(), synthetic.plan());
    let begun = Writer::begin(&results.path, &head, &short.environment, &plan);
    let mut writer = begun.expect("a bundle is begun");
    let folder = writer.folder().to_owned();
    for (name, record) in &short.servers {
        let mut record: ServerRecord = record.clone();
        if *name == server(LEFT_OUT) {
            let why = "io_uring is refused: memlock is 64 KiB, glommio needs 512 KiB";
            record.state = ServerState::LeftOut(why.into());
        }
        if let ServerState::Ready(ready) = &mut record.state
            && rebuilt(&name.to_string())
        {
            ready.program_sha256 = REBUILT_SHA256.into();
        }
        writer.server(&record).expect("it is written");
        let cell = Cell { workload: Workload::Resolve, server: *name };
        if let Some(ready) = record.ready().filter(|_| [BEST, GO].map(server).contains(name)) {
            let profile = profile(cell, &ready.program_sha256);
            writer.profile(&profile).expect("it is written");
        }
    }
    for proof in &short.proofs {
        writer.proof(proof).expect("it is written");
    }
    let runs = synthetic.runs().into_iter();
    for mut run in runs.filter(|run| run.cell.server != server(LEFT_OUT)) {
        if rebuilt(&run.cell.server.to_string()) {
            run.server_sha256 = REBUILT_SHA256.into();
        }
        change(&mut run);
        writer.run(&run).expect("it is written");
    }
    if let Some(end) = &short.end {
        writer.end(end).expect("it is written");
    }
    Bundle::read(&folder).expect("a bundle")
}

/// Seconds that are not all alike, as those of real runs are not.
fn uneven(measured: &mut matrix::bundle::run::Measured, seed: u64) {
    let mut printed: Value = serde_json::from_str(measured.generator.get()).expect("JSON");
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut wobble = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        f64::from(u32::try_from(state >> 40).unwrap_or(0)) / f64::from(1 << 24)
    };
    let seconds = printed["outcome"]["seconds"].as_array_mut().expect("seconds");
    for second in seconds {
        for (key, most) in [("p50", 0.06), ("p99", 0.35), ("max", 1.5)] {
            let latency = &mut second["latency"][key];
            let ns = latency.as_f64().expect("a latency") * (1.0 + most * wobble());
            *latency = Value::from(whole(ns));
        }
        let right = &mut second["requests"]["right"];
        let fewer = right.as_f64().expect("a count") * (1.0 - 0.01 * wobble());
        *right = Value::from(whole(fewer));
    }
    for cpu in &mut measured.series.server_cpu_ns {
        *cpu += *cpu * whole(wobble() * 50.0) / 1_000;
    }
    measured.generator = to_raw_value(&printed).expect("JSON");
}
