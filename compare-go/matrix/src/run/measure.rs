//! One run: a fresh server, the generator against it, and what both used.

use crate::bundle::environment::Cores;
use crate::bundle::generator::Detail;
use crate::bundle::observed::Observed;
use crate::bundle::run::{Failure, Outcome, Purpose, Run};
use crate::plan::{Load, Step, loads};
use crate::run::count;
use crate::run::interrupt::Stop;
use crate::run::pair::{Pair, Patience};
use crate::run::programs::Programs;
use crate::run::{serving, trial};
use anyhow::anyhow;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// What is run.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// The number of the step, from 0.
    pub index: u32,
    /// The step.
    pub step: Step,
    /// Which run of it, from 1.
    pub attempt: u32,
    /// What for.
    pub purpose: Purpose,
    /// The load of its workload.
    pub load: &'a Load,
    /// The rate that is offered; none in a closed loop.
    pub offered_per_s: Option<f64>,
    /// The number of the proof that it rests on.
    pub proof: u32,
}

impl Asked<'_> {
    /// Whether system calls and allocations are counted beside it: once for each cell, since they
    /// hardly differ from round to round, and each count takes a run.
    #[must_use]
    pub fn is_counted(&self) -> bool {
        self.step.round == 1 && self.step.twin.is_none() && self.purpose == Purpose::Measure
    }
}

/// Does it. Whatever goes wrong with the server or the generator is a failure that the run records.
///
/// # Errors
/// If it was to stop.
pub fn measure(
    top: &Path,
    asked: &Asked<'_>,
    programs: &Programs,
    cores: &Cores,
    stop: &Stop,
) -> anyhow::Result<Run> {
    measure_with(top, asked, programs, cores, &BTreeMap::new(), stop)
}

/// Does it with a server that has further variables.
///
/// # Errors
/// If it was to stop.
pub fn measure_with(
    top: &Path,
    asked: &Asked<'_>,
    programs: &Programs,
    cores: &Cores,
    variables: &BTreeMap<String, String>,
    stop: &Stop,
) -> anyhow::Result<Run> {
    let Step { cell, round, twin, .. } = asked.step;
    let program = programs.server(cell.server).map_err(|why| anyhow!("{}: {why}", cell.server))?;
    let load = loads::of_run(asked.load, asked.purpose);
    let mut server = serving::server(cell.server, &program.path, &load, cores);
    server.env.extend(variables.clone());
    let path = &programs.generator().path;
    let generator = serving::generator(cell, path, &load, asked.offered_per_s, cores);
    let started_unix_ms = now_unix_ms();
    let detail = match asked.purpose {
        Purpose::Measure => Detail::Seconds,
        Purpose::Search(_) | Purpose::Confirm(_) => Detail::Whole,
    };
    let patience = Patience::with(&load);
    let mut pair = Pair { top, server: &server, generator, patience, stop };
    let mut outcome = match serving::shortage(cell.server, &load, cores) {
        Some(why) => Outcome::Failed(never_started(why)),
        None => trial::make(&mut pair, detail, cores)?,
    };
    let generator = pair.generator;
    if let Outcome::Measured(measured) = &mut outcome {
        if asked.is_counted() {
            (measured.system_calls, measured.allocations) =
                count::count(top, asked, programs, cores, stop)?;
        } else {
            let why = "counted once for each cell, beside the run of the first round";
            measured.system_calls = Observed::missing(why);
            measured.allocations = Observed::missing(why);
        }
    }
    Ok(Run {
        step: asked.index,
        attempt: asked.attempt,
        cell,
        round,
        twin,
        purpose: asked.purpose,
        offered_per_s: asked.offered_per_s,
        started_unix_ms,
        server,
        server_sha256: program.sha256.clone(),
        generator,
        generator_sha256: programs.generator().sha256.clone(),
        proof: asked.proof,
        outcome,
    })
}

fn never_started(why: String) -> Failure {
    Failure { during: "start".into(), error: why, server_said: vec![], generator_said: vec![] }
}

/// The time now, in ms since the Unix epoch.
pub(crate) fn now_unix_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
