//! Claim a: a server that stands still shows in the percentiles.
//!
//! The null server is stopped (SIGSTOP) for S of a run of W. Requests go on becoming due, evenly;
//! one that is due x after the stop began is answered S - x after it was due, all others at once.
//! So the share of requests that waited longer than y is (S - y) / W, and p90 is where that is a
//! tenth:
//!
//! ```text
//!   p90 = S - W / 10        p90 / S = 1 - W / (10 S)
//! ```
//!
//! A stop of half the run would read exactly 0.8, the limit. It lasts three fifths of it, so that a
//! right generator reads 5/6, or a little more as the backlog takes its time. A generator that
//! counts from the actual send, or leaves late requests out, has as many slow requests as it has
//! connections: 16 of 1,500, far from a tenth, and reads next to nothing. Noise of the machine only
//! adds to latencies.

use super::round::{Round, median};
use super::yardstick::Yardstick;
use super::{Claim, Part, Prover, Reading};
use crate::null_server::Answering;
use crate::outcome::{Observer, Snapshot};
use crate::quantity::{share, time};
use crate::report::summary::float;
use anyhow::{Context, ensure};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

/// The least that p90 may be, of the stall.
const READ_MIN: f64 = 0.8;
/// How much of the run the stall is, and how much of it passes before.
const STALL_OF_RUN: f64 = 0.6;
const BEFORE_OF_RUN: f64 = 0.2;
/// The least of it that counts as half.
const HALF: f64 = 0.5;
const RATE_PER_S: f64 = 500.0;
const CONNECTIONS: u32 = 16;

/// A generator measured over a server that stood still.
#[derive(Clone, Copy, Debug)]
struct Stood {
    stall: Duration,
    p90_ns: u64,
}

pub(super) fn prove(prover: &Prover<'_>) -> anyhow::Result<Part> {
    let run = if prover.options.quick { Duration::from_secs(2) } else { Duration::from_secs(3) };
    let rounds = if prover.options.quick { 1 } else { 3 };
    let mut stood = Vec::new();
    for round in 0..rounds {
        prover.say(&format!("a stall, round {} of {rounds}", round + 1));
        stood.push(measure(prover, run)?);
    }
    let shares: Vec<f64> =
        stood.iter().map(|stood| float(stood.p90_ns) / 1e9 / stood.stall.as_secs_f64()).collect();
    let p90s: Vec<f64> = stood.iter().map(|stood| float(stood.p90_ns)).collect();
    let stalls: Vec<f64> = stood.iter().map(|stood| stood.stall.as_secs_f64() * 1e9).collect();
    let value = median(&shares);
    Ok(Part {
        claim: Claim::Stall,
        what: format!(
            "a null server was stopped within a run at {RATE_PER_S}/s over {CONNECTIONS} \
             connections"
        ),
        readings: vec![Reading {
            subject: format!("stopped {} of {} s", time(median(&stalls)), run.as_secs()),
            value,
            rounds: shares,
            shown: format!("p90 {}, {} of the stall", time(median(&p90s)), share(value)),
            limit: format!("at least {}", share(READ_MIN)),
            held: value >= READ_MIN,
        }],
        not_shown: None,
    })
}

fn measure(prover: &Prover<'_>, run: Duration) -> anyhow::Result<Stood> {
    let server = prover.yardstick(Answering::default())?;
    let round = Round {
        server: server.address()?,
        path: "/".into(),
        rate_per_s: Some(RATE_PER_S),
        connections: CONNECTIONS,
        warmup: Duration::ZERO,
        duration: run,
        core: prover.cores.generator,
        fault: prover.options.fault,
    };
    let (told, connected) = mpsc::channel();
    let mut observer = Connected { told: Some(told) };
    let (outcome, stall) = thread::scope(|scope| {
        let server = &server;
        let stopper = scope.spawn(move || stand_still(server, &connected, run));
        let outcome = round.run(prover.stop, &mut observer);
        // Where the run ends early, the stopper is not to wait for its begin.
        drop(observer);
        (outcome, stopper.join().expect("it does not panic"))
    });
    let (outcome, stall) = (outcome?, stall?);
    Ok(Stood { stall, p90_ns: outcome.figures.latency().at(0.9) })
}

/// Says when all connections are there: the run begins within a moment.
struct Connected {
    told: Option<Sender<()>>,
}

impl Observer for Connected {
    fn snapshot(&mut self, snapshot: &Snapshot<'_>) {
        let (ready, of) = snapshot.ready;
        if ready == of
            && let Some(told) = self.told.take()
        {
            // Who does not listen any more has failed, and says so itself.
            let _ = told.send(());
        }
    }
}

/// Stops the server within the run; for how long it stood still.
fn stand_still(
    server: &Yardstick,
    connected: &Receiver<()>,
    run: Duration,
) -> anyhow::Result<Duration> {
    connected.recv().context("the run ended before it began")?;
    let began = Instant::now();
    pause(run.mul_f64(BEFORE_OF_RUN));
    server.stop()?;
    let stopped = Instant::now();
    pause(run.mul_f64(STALL_OF_RUN));
    server.go_on()?;
    let stall = stopped.elapsed();
    ensure!(began.elapsed() <= run, "the machine was too slow to end the stall within the run");
    ensure!(stall >= run.mul_f64(HALF), "the stall was shorter than half the run");
    Ok(stall)
}

/// Lets time pass: what is waited for never comes.
fn pause(time: Duration) {
    let (_never, comes) = mpsc::channel::<()>();
    let passed = comes.recv_timeout(time);
    debug_assert_eq!(passed, Err(RecvTimeoutError::Timeout));
}
