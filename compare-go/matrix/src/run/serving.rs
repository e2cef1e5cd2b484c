//! How each server is started for a load, and how the generator asks it: arguments, variables and
//! cores, equal in everything that is not what is compared.
//!
//! What is compared is in a server's name; the rest is here once: as many workers as cores, the
//! same limits, keys and log level. Whether a process may hold the connections of a load is a fact
//! of the machine, and looked at here too; what to do about it is not known.

use crate::bundle::environment::Cores;
use crate::bundle::run::CommandLine;
use crate::cell::{Cell, Peer, Runtime, Server, Workload};
use crate::plan::{Load, loads};
use rustix::process::{Resource, getrlimit};
use std::collections::BTreeMap;

/// The keys of every server that is measured; the generator signs its admin token with them.
/// Servers listen on the loopback network only, and end after seconds.
pub const KEYS: &str = "1:404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f";
/// Connections of a load beside those that ask: of operators, of lanes besides, of what closes.
const CONNECTIONS_BESIDE: u32 = 1_024;
/// Descriptors of a process that are no connections, and those of each worker's runtime.
const DESCRIPTORS_BESIDE: u64 = 64;
const DESCRIPTORS_OF_WORKER: u64 = 16;
/// Bytes of a request head. Requests of the generator have a few hundred; fasthttp keeps a buffer
/// of this size for each connection, so it is what memory for each connection is compared at.
const HEAD_BYTES_MAX: u32 = 4_096;
/// For how long a server takes leave of its players: nobody measures that.
const DRAIN_MS: &str = "200";
/// The most workers of a server.
const WORKERS_MAX: u32 = 128;
/// Connections of a process of the generator: with what it has besides, it holds them where a
/// process may open 20,000 descriptors.
const CONNECTIONS_PER_PROCESS: u32 = 16_000;
/// The time for which the last answers are waited for, as a part of the counted time: what comes
/// later has broken every promise.
const GRACE_SHARE: u64 = 4;

/// How a server spreads connections over workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Spread {
    /// Threads that serve.
    workers: u32,
    /// Whether each has a descriptor table of its own.
    private: bool,
}

/// The command line of a server. It prints `players: http://ADDRESS` and `admin: http://ADDRESS`
/// once it serves, on ports that are free.
#[must_use]
pub fn server(server: Server, program: &str, load: &Load, cores: &Cores) -> CommandLine {
    with_limit(server, program, load, cores, nofile())
}

/// The command line of the generator but for addresses, which are known once the server runs.
#[must_use]
pub fn generator(
    cell: Cell,
    program: &str,
    load: &Load,
    rate_per_s: Option<f64>,
    cores: &Cores,
) -> CommandLine {
    let workload = cell.workload;
    let workers = load.connections.div_ceil(CONNECTIONS_PER_PROCESS).max(count(&cores.generator));
    let mut args = vec![loads::asked(workload).to_owned()];
    let mut add = |name: &str, value: String| args.extend([name.to_owned(), value]);
    if let Some(rate) = rate_per_s {
        add("--rate", rate.to_string());
    }
    add("--connections", load.connections.to_string());
    if let Some(sessions) = loads::sessions(workload, load) {
        add("--sessions", sessions.to_string());
    }
    if let Some(hunts) = loads::hunts(workload, load) {
        add("--hunts", hunts.to_string());
    }
    add("--warmup", format!("{}ms", load.warm_up_ms));
    add("--duration", format!("{}ms", load.counted_ms));
    add("--grace", format!("{}ms", (load.counted_ms / GRACE_SHARE).max(500)));
    add("--cores", listed(&cores.generator));
    add("--workers", workers.to_string());
    add("--seed", "1".to_owned());
    add("--format", "json".to_owned());
    args.push("--quiet".to_owned());
    if rate_per_s.is_none() && workload != Workload::SlowReaders {
        args.push("--closed".to_owned());
    }
    CommandLine { program: program.to_owned(), args, env: keys(), cores: cores.generator.clone() }
}

/// Over how many descriptor tables a server spreads the connections of a load: one for each worker
/// where workers have tables of their own, else one.
#[must_use]
pub fn tables(server: Server, load: &Load, cores: &Cores) -> u32 {
    let spread = spread(server, load, cores, nofile());
    if spread.private { spread.workers } else { 1 }
}

/// Why a server cannot hold the connections of a load on this machine, and the remedy; none where
/// it can.
#[must_use]
pub fn shortage(server: Server, load: &Load, cores: &Cores) -> Option<String> {
    shortage_within(server, load, cores, nofile())
}

fn shortage_within(
    server: Server,
    load: &Load,
    cores: &Cores,
    nofile: Option<u64>,
) -> Option<String> {
    let spread = spread(server, load, cores, nofile);
    let needed = descriptors(load, spread);
    let limit = nofile.filter(|limit| *limit < needed)?;
    Some(format!(
        "{} connections take {needed} descriptors of one process, which may open {limit}, and \
         {server} cannot spread them over more descriptor tables; raise the hard limit (ulimit -Hn)",
        load.connections
    ))
}

fn with_limit(
    server: Server,
    program: &str,
    load: &Load,
    cores: &Cores,
    nofile: Option<u64>,
) -> CommandLine {
    let Spread { workers, private } = spread(server, load, cores, nofile);
    let mut args = vec!["serve".to_owned()];
    let mut add = |name: &str, value: &str| args.extend([name.to_owned(), value.to_owned()]);
    match server {
        Server::Engine { runtime, arena, .. } => {
            add("--runtime", runtime.name());
            add("--arena", arena.name());
            add("--store", "memory");
        }
        Server::Peer(peer) => add("--peer", peer.name()),
        Server::Go { tuning, .. } => add("--tuning", tuning.name()),
    }
    add("--workers", &workers.to_string());
    add("--listen", "127.0.0.1:0");
    add("--admin", "127.0.0.1:0");
    add("--limit", &format!("connections_max={}", connections_max(load)));
    add("--limit", &format!("head_bytes_max={HEAD_BYTES_MAX}"));
    if !matches!(server, Server::Peer(_)) {
        // Peers log nothing and end at once.
        add("--log", "warn");
        add("--drain-ms", DRAIN_MS);
    }
    if private {
        args.push("--private-descriptors".to_owned());
    }
    CommandLine { program: program.to_owned(), args, env: keys(), cores: cores.server.clone() }
}

/// A worker for each core. Where a descriptor table cannot hold the connections, as many workers
/// with tables of their own as can, if the server has such; else it stays as it is.
fn spread(server: Server, load: &Load, cores: &Cores, nofile: Option<u64>) -> Spread {
    let usual = Spread { workers: count(&cores.server), private: false };
    let Some(nofile) = nofile else { return usual };
    if descriptors(load, usual) <= nofile || !has_tables(server) {
        return usual;
    }
    let private = |workers| Spread { workers, private: true };
    let first = usual.workers.max(2);
    let fits =
        (first..=WORKERS_MAX).map(private).find(|spread| descriptors(load, *spread) <= nofile);
    fits.unwrap_or(usual)
}

/// Whether a server can give each worker a descriptor table of its own: its connections stay on
/// the thread that took them.
const fn has_tables(server: Server) -> bool {
    match server {
        Server::Engine { runtime, .. } => !matches!(runtime, Runtime::Tokio),
        Server::Peer(Peer::Hyper | Peer::Axum) | Server::Go { .. } => false,
    }
}

/// Descriptors that the fullest table must hold. The system spreads connections by a hash, so that
/// a worker's share is binomial: four standard deviations are hardly ever exceeded.
fn descriptors(load: &Load, spread: Spread) -> u64 {
    let (connections, workers) = (connections_max(load), u64::from(spread.workers));
    let share = if spread.private {
        let mean = connections.div_ceil(workers);
        (mean + 4 * (mean.isqrt() + 1)).min(connections)
    } else {
        connections
    };
    share + DESCRIPTORS_BESIDE + DESCRIPTORS_OF_WORKER * workers
}

fn connections_max(load: &Load) -> u64 {
    u64::from(load.connections.saturating_add(CONNECTIONS_BESIDE))
}

/// Descriptors that a process of this machine may open at most; none where there is no limit.
fn nofile() -> Option<u64> {
    getrlimit(Resource::Nofile).maximum
}

fn keys() -> BTreeMap<String, String> {
    [("HUNT_KEYS".to_owned(), KEYS.to_owned())].into()
}

fn count(cores: &[u32]) -> u32 {
    u32::try_from(cores.len()).unwrap_or(WORKERS_MAX).clamp(1, WORKERS_MAX)
}

fn listed(cores: &[u32]) -> String {
    cores.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests;
