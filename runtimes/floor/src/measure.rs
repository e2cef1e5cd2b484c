//! One measurement: one peer in a fresh process, one workload, one number of connections.

use crate::child::Running;
use crate::client::{Client, Figures};
use crate::peer::Peer;
use crate::workload::Workload;
use anyhow::{Context, ensure};
use process::system::{Cpu, resident_bytes};
use process::system_calls::{self, Counted};
use serde::Serialize;
use std::time::{Duration, Instant};

/// Players in the world where nothing else is said: more than the most connections, and enough
/// that half a minute of claims is fresh.
pub const PLAYERS: u32 = 20_480;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// What is asked.
    pub workload: Workload,
    /// Over how many connections.
    pub connections: u32,
    /// Of whom.
    pub peer: Peer,
}

/// How it is measured.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// The core of the server.
    pub core: usize,
    /// How many players are in the world, whatever the number of connections.
    pub players: u32,
    /// How long it is not counted.
    pub warm_up: Duration,
    /// How long it is counted.
    pub counted: Duration,
    /// Whether system calls are counted too, in a short run of its own.
    pub system_calls: bool,
}

/// What was measured. A unit of work is a request and its answer; in `fanout`, one broadcast to one
/// connection.
#[derive(Clone, Debug, Serialize)]
pub struct Sample {
    /// CPU time of the server for a unit of work, in nanoseconds.
    pub cpu_ns: f64,
    /// The share of it in user space, where enough was sampled to tell.
    pub user_share: Option<f64>,
    /// The share of its core that the server had.
    pub busy: f64,
    /// Units of work in a second.
    pub per_second: f64,
    /// The median latency, in nanoseconds.
    pub p50_ns: u64,
    /// The 99th percentile, in nanoseconds.
    pub p99_ns: u64,
    /// Resident memory of the server, in bytes.
    pub resident_bytes: u64,
    /// System calls of the server for a unit of work, where they were counted.
    pub system_calls: Option<f64>,
    /// Broadcasts that came in besides.
    pub broadcasts: u64,
}

/// A measurement, and why system calls could not be counted where that was asked for.
pub type Measured = (Sample, Option<String>);

/// Measures.
///
/// # Errors
/// If the peer does not start, answers wrongly, stalls or ends.
pub fn measure(cell: Cell, how: How) -> anyhow::Result<Measured> {
    let mut running = Running::start(cell.peer, how.core, how.players)?;
    let result = run(cell, how, &running);
    let ended = if result.is_err() { running.ended() } else { None };
    match ended {
        Some(ended) => result.context(ended),
        None => result,
    }
}

fn run(cell: Cell, how: How, running: &Running) -> anyhow::Result<Measured> {
    let Cell { workload, connections, .. } = cell;
    let pid = running.pid();
    let mut client = Client::connect(running.address, connections, workload, &running.players)?;
    client.run_for(how.warm_up)?;
    client.take_figures();
    let (began, before) = (Instant::now(), Cpu::of(pid)?);
    // Broadcasts are few, so more of them are waited for.
    client.run_for(if workload == Workload::Fanout { how.counted * 2 } else { how.counted })?;
    let (cpu_ns, user_share) = Cpu::of(pid)?.since(before);
    let seconds = began.elapsed().as_secs_f64();
    let figures = client.take_figures();
    let resident_bytes = resident_bytes(pid)?;
    let units = units(workload, &figures);
    ensure!(units > 0, "nothing was answered in {seconds:.1} s");
    let mut sample = Sample {
        cpu_ns: float(cpu_ns) / float(units),
        user_share,
        busy: float(cpu_ns) / 1e9 / seconds,
        per_second: float(units) / seconds,
        p50_ns: figures.latency.value_at_quantile(0.5),
        p99_ns: figures.latency.value_at_quantile(0.99),
        resident_bytes,
        system_calls: None,
        broadcasts: figures.broadcasts,
    };
    if !how.system_calls {
        return Ok((sample, None));
    }
    match count_system_calls(workload, connections, pid, &mut client)? {
        Counted::Calls { calls, units } => {
            sample.system_calls = Some(float(calls) / float(units.max(1)));
            Ok((sample, None))
        }
        Counted::Not(why) => Ok((sample, Some(why))),
    }
}

fn count_system_calls(
    workload: Workload,
    connections: u32,
    pid: u32,
    client: &mut Client,
) -> anyhow::Result<Counted> {
    if workload == Workload::Fanout {
        return system_calls::count(pid, || {
            client.run_for(Duration::from_secs(1))?;
            Ok(client.take_figures().broadcasts)
        });
    }
    // Nothing is under way when counting begins or ends, so every call belongs to these requests.
    client.run_requests(0)?;
    let requests = u64::from(connections * 4).max(4_000);
    system_calls::count(pid, || {
        client.run_requests(requests)?;
        Ok(requests)
    })
}

fn units(workload: Workload, figures: &Figures) -> u64 {
    match workload {
        Workload::Fanout => figures.broadcasts,
        Workload::Resolve | Workload::Loot | Workload::Move => figures.answers,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a measured figure has few digits")]
fn float(value: u64) -> f64 {
    value as f64
}
