//! The matrix's proof of itself on this machine: what it is to find it finds in the real server,
//! and what is not there it does not.
//!
//! ```text
//!   a  each send of the server takes a tenth of an answer's CPU time more    slower, by a tenth
//!   b  it takes nothing more, though it is judged as if it did               indistinguishable
//!   c  the generator has the core of the server                              the run is invalid
//!   d  the generator counts latency from the send                            its proof fails
//! ```
//!
//! The runs are those of the runner, on the programs that it measures; what is planted comes from
//! outside (`plant`). How often each is made is fixed beforehand.

pub mod judge;
mod plant;

use crate::bundle::environment::Cores;
use crate::bundle::run::{Outcome, Purpose, Run};
use crate::cell::{Allocator, Arena, Cell, Runtime, Server, Workload};
use crate::figures::{Metric, RunFigures};
use crate::number::whole;
use crate::plan::{Load, Step, Task};
use crate::run::interrupt::Stop;
use crate::run::measure::{Asked, measure_with};
use crate::run::programs::Programs;
use crate::run::programs::watched::watched;
use crate::run::show::Show;
use crate::slo::Percentile;
use crate::statistics::random::Random;
use crate::statistics::spread::mean;
use anyhow::Context;
use judge::{Arm, Claim, Sample};
use plant::Plant;
use process::child::Launch;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// The server in which delays are planted: it sends through the C library, and an answer is a send.
pub const SERVER: Server = Server::Engine {
    runtime: Runtime::TokioPerCore,
    allocator: Allocator::Jemalloc,
    arena: Arena::Heap,
};
/// What it is asked.
const CELL: Cell = Cell { workload: Workload::Resolve, server: SERVER };
/// Answers a second: far from what a core can do, so that nobody waits for the planted delay.
const RATE_PER_S: f64 = 15_000.0;
/// Runs that tell the CPU time of an answer, of which a tenth is planted.
const CALIBRATIONS: u32 = 2;
/// Nobody is to count system calls and allocations, which is done in the first round.
const ROUND_BEFORE: u32 = 1;
/// How long a proof of the generator may take.
const PROOF: Duration = Duration::from_secs(120);

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Short and few rounds: a first look.
    pub quick: bool,
    /// What the order of runs follows from.
    pub seed: u64,
}

/// What was claimed, and what was seen.
#[derive(Clone, Debug, Serialize)]
pub struct Proof {
    /// The server.
    pub server: Server,
    /// What it was asked, a second.
    pub rate_per_s: f64,
    /// The seed of the order of the runs.
    pub seed: u64,
    /// CPU time that each send took more where something was planted, in nanoseconds.
    pub planted_ns: u64,
    /// The runs, in their order.
    pub samples: Vec<Sample>,
    /// Runs that did not come to their end, and why.
    pub failed: Vec<String>,
    /// The claims.
    pub claims: Vec<Claim>,
}

impl Proof {
    /// Whether everything that is claimed was seen.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.claims.iter().all(|claim| claim.holds)
    }
}

impl Options {
    const fn rounds(self) -> u32 {
        if self.quick { 4 } else { 8 }
    }

    const fn load(self) -> Load {
        let (warm_up_ms, counted_ms) = if self.quick { (400, 1_200) } else { (500, 2_500) };
        Load {
            rate_per_s: Some(RATE_PER_S),
            connections: 500,
            sessions: 2_000,
            warm_up_ms,
            counted_ms,
        }
    }
}

/// What makes the runs.
struct Prover<'a> {
    top: &'a Path,
    programs: &'a Programs,
    cores: &'a Cores,
    load: Load,
    stop: &'a Stop,
}

/// Proves all of it. Takes three minutes, or one where it is to be quick; the programs are built.
///
/// # Errors
/// If it was to stop, there is no C compiler, or not one run comes to its end.
pub fn prove(
    top: &Path,
    options: Options,
    programs: &Programs,
    cores: &Cores,
    show: &mut dyn Show,
    stop: &Stop,
) -> anyhow::Result<Proof> {
    let plant = Plant::build(top)?;
    let prover = Prover { top, programs, cores, load: options.load(), stop };
    show.step("the CPU time of an answer");
    let planted_ns = prover.a_tenth(&plant)?;
    let mut random = Random::new(options.seed);
    let (mut samples, mut failed) = (Vec::new(), Vec::new());
    let rounds = options.rounds();
    for round in 1..=rounds {
        let mut arms = Arm::ALL;
        random.shuffle(&mut arms);
        for (at, arm) in (1..).zip(arms) {
            show.step(&format!("round {round} of {rounds}, run {at} of {}", arms.len()));
            let variables = plant.variables(if arm == Arm::Tenth { planted_ns } else { 0 });
            let run = prover.run(round, &variables, cores)?;
            match sample(round, arm, &run) {
                Ok(sample) => samples.push(sample),
                Err(why) => failed.push(format!("round {round}, {arm:?}: {why}")),
            }
        }
    }
    let [found, not_found] = judge::planted(&samples, planted_ns);
    show.step("a generator on the server's core");
    let stolen = prover.stolen()?;
    let broken = prover.generator_proof(true, show)?;
    let broken = judge::broken(broken, prover.generator_proof(false, show)?);
    let claims = vec![found, not_found, stolen, broken];
    let seed = options.seed;
    Ok(Proof { server: SERVER, rate_per_s: RATE_PER_S, seed, planted_ns, samples, failed, claims })
}

impl Prover<'_> {
    /// A tenth of the CPU time of an answer without a delay, in nanoseconds.
    fn a_tenth(&self, plant: &Plant) -> anyhow::Result<u64> {
        let mut all = Vec::new();
        for _ in 0..CALIBRATIONS {
            let run = self.run(0, &plant.variables(0), self.cores)?;
            let sample = sample(0, Arm::Base, &run).map_err(anyhow::Error::msg);
            all.push(sample.context("the server is not measured without a delay either")?.cpu_ns);
        }
        Ok(whole(mean(&all) / 10.0))
    }

    fn run(
        &self,
        round: u32,
        variables: &BTreeMap<String, String>,
        cores: &Cores,
    ) -> anyhow::Result<Run> {
        let round = ROUND_BEFORE + 1 + round;
        let asked = Asked {
            index: 0,
            step: Step { round, cell: CELL, twin: None, task: Task::Measure },
            attempt: 1,
            purpose: Purpose::Measure,
            load: &self.load,
            offered_per_s: self.load.rate_per_s,
            proof: 0,
        };
        measure_with(self.top, &asked, self.programs, cores, variables, self.stop)
    }

    fn stolen(&self) -> anyhow::Result<Claim> {
        let one = self.cores.server.clone();
        let cores = Cores { server: one.clone(), generator: one };
        let run = self.run(0, &BTreeMap::new(), &cores)?;
        let invalid = RunFigures::of(&run).map(|figures| figures.invalid);
        Ok(judge::stolen(invalid.as_deref().map_err(Clone::clone)))
    }

    /// The exit code of the generator's proof that it counts latency from the intended time.
    fn generator_proof(&self, is_broken: bool, show: &mut dyn Show) -> anyhow::Result<i32> {
        let core = |cores: &[u32]| cores.first().copied().unwrap_or(0).to_string();
        let fault = if is_broken { "latency-from-send" } else { "none" };
        let launch = Launch::new(&self.programs.generator().path)
            .args(["prove", "--quick", "--only", "a", "--fault", fault])
            .args(["--server-core", &core(&self.cores.server)])
            .args(["--core", &core(&self.cores.generator)])
            .within(self.top);
        let what = format!("let a generator with the fault `{fault}` prove itself");
        let ended = watched(launch, &what, PROOF, show, self.stop)?;
        Ok(ended.status.code().unwrap_or(-1))
    }
}

fn sample(round: u32, arm: Arm, run: &Run) -> Result<Sample, String> {
    if let Outcome::Failed(failure) = &run.outcome {
        return Err(failure.to_string());
    }
    let figures = RunFigures::of(run)?;
    let value = |metric: Metric| {
        figures.value(metric).ok_or_else(|| format!("there is no figure of {metric:?}"))
    };
    Ok(Sample {
        round,
        arm,
        cpu_ns: value(Metric::Cpu)?,
        p50_ns: value(Metric::Latency(Percentile::P50))?,
        p99_ns: value(Metric::Latency(Percentile::P99))?,
        invalid: figures.invalid.clone(),
    })
}
