//! The whole run: the proof that peers agree, then rounds of measurements in a random order.

use crate::agree::{self, Answers};
use crate::args::Options;
use crate::child::{self, Running};
use crate::measure::{Cell, How, Measured, measure};
use crate::peer::{Peer, REFERENCE};
use crate::record::{Failure, Record, Taken};
use crate::workload::Workload;
use crate::{table, targets};
use anyhow::{Context, ensure};
use process::system::{self, Idle};
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

/// How many players watch in `fanout`.
pub const WATCHERS: u32 = 2_000;
/// Descriptors that a process needs besides those of its connections.
const DESCRIPTORS_BESIDES: u64 = 100;
/// A machine that does more than this besides is no place to measure.
const BUSY_MAX: f64 = 0.1;

/// Measures what the options say and prints it.
///
/// # Errors
/// If nothing can be measured here.
pub fn run(options: &Options) -> anyhow::Result<ExitCode> {
    child::check_proc()?;
    let places = places(options);
    let most = places.iter().map(|(_, connections)| *connections).max().unwrap_or(0);
    let players = options.players;
    let descriptors = system::descriptors_max();
    ensure!(
        u64::from(most) + DESCRIPTORS_BESIDES <= descriptors,
        "{most} connections need more descriptors than the {descriptors} of `ulimit -n`"
    );
    ensure!(most <= players, "{most} connections are more than the {players} players of the world");
    let cores = system::cores()?;
    let (client, server) = match cores[..] {
        [] => (0, 0),
        [only] => (only, only),
        [.., client, server] => (client, server),
    };
    let mut record = Record::new(options, client, server);
    if client == server {
        record.warn("there is one core only, so the client takes time from the server");
    }
    warn_if_busy(&mut record, "before the run")?;
    system::pin(client)?;
    let peers = agreeing(options, server, &mut record)?;
    let how = How {
        core: server,
        players,
        warm_up: options.counted.min(Duration::from_millis(500)),
        counted: options.counted,
        system_calls: true,
    };
    rounds(options, &peers, how, &mut record);
    warn_if_busy(&mut record, "after the run")?;
    let targets = targets::check(&record);
    let mut out = io::stdout().lock();
    if options.json {
        serde_json::to_writer_pretty(&mut out, &record.json(&targets))?;
        writeln!(out)?;
    } else {
        table::print(&record, &targets, &mut out)?;
    }
    let missed = options.check && targets.iter().any(|target| !target.is_met());
    let failed = !record.failures.is_empty() || missed;
    Ok(ExitCode::from(u8::from(failed)))
}

fn warn_if_busy(record: &mut Record, when: &str) -> anyhow::Result<()> {
    let before = Idle::now()?;
    // Nobody sends: it is a way to wait.
    let (_sender, nothing) = mpsc::channel::<()>();
    let _ = nothing.recv_timeout(Duration::from_millis(700));
    let busy = 1.0 - Idle::now()?.since(before);
    if busy > BUSY_MAX {
        let percent = busy * 100.0;
        record.warn(&format!("the machine was {percent:.0} % busy {when}: figures are noise"));
    }
    Ok(())
}

/// The peers that give the answers of the reference.
fn agreeing(options: &Options, core: usize, record: &mut Record) -> anyhow::Result<Vec<Peer>> {
    let answers = |peer: Peer| {
        peer.probe()?;
        Answers::of(&Running::start(peer, core, agree::PLAYERS)?)
    };
    let reference = answers(REFERENCE).context("no reference to compare with")?;
    let mut agreeing = Vec::new();
    for peer in &options.peers {
        match answers(*peer).and_then(|answers| answers.check(&reference)) {
            Ok(()) => agreeing.push(*peer),
            Err(error) => {
                let error = format!("{error:#}");
                say(&format!("{peer} is left out: {error}"));
                record.failures.push(Failure { peer: peer.name(), cell: None, error });
            }
        }
    }
    record.agreed = reference.len();
    say(&format!("{} peers give the same {} answers", agreeing.len(), reference.len()));
    Ok(agreeing)
}

fn rounds(options: &Options, peers: &[Peer], how: How, record: &mut Record) {
    let mut random = fastrand::Rng::with_seed(options.seed);
    for round in 1..=options.rounds {
        for (workload, connections) in places(options) {
            let mut order = peers.to_vec();
            random.shuffle(&mut order);
            for peer in order {
                let cell = Cell { workload, connections, peer };
                // What is counted exactly need not be counted again.
                let how = How { system_calls: round == 1, ..how };
                let measured = measure(cell, how);
                let rounds = options.rounds;
                say(&format!(
                    "{round}/{rounds} {workload} c={connections} {peer}: {}",
                    told(&measured)
                ));
                note(record, round, cell, measured);
            }
        }
    }
}

/// What is compared with each other is measured one right after the other.
fn places(options: &Options) -> Vec<(Workload, u32)> {
    let mut places = Vec::new();
    for workload in &options.workloads {
        match workload {
            Workload::Fanout => places.push((*workload, WATCHERS)),
            _ => places.extend(options.connections.iter().map(|count| (*workload, *count))),
        }
    }
    places
}

fn note(record: &mut Record, round: u32, cell: Cell, measured: anyhow::Result<Measured>) {
    match measured {
        Ok((sample, why_no_calls)) => {
            if let Some(why) = why_no_calls {
                record.no_system_calls.get_or_insert(why);
            }
            record.taken.push(Taken { round, cell, sample });
        }
        Err(error) => {
            let (peer, error) = (cell.peer.name(), format!("{error:#}"));
            record.failures.push(Failure { peer, cell: Some(cell), error });
        }
    }
}

fn told(measured: &anyhow::Result<Measured>) -> String {
    match measured {
        Ok((sample, _)) => format!(
            "{:.2} µs, {:.0}/s, p50 {:.2} ms, p99 {:.2} ms",
            sample.cpu_ns / 1e3,
            sample.per_second,
            table::ms(sample.p50_ns),
            table::ms(sample.p99_ns)
        ),
        Err(error) => format!("failed: {error:#}"),
    }
}

/// Progress goes to standard error.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
