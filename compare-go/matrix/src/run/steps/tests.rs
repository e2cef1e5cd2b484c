//! Plans that are done by somebody who makes results up: interrupted, taken up again, disturbed.

use super::*;
use crate::bundle::run::{CommandLine, Failure};
use crate::cell::{Server, Workload};
use crate::plan::Task;
use crate::plan::search::ATTEMPTS_MAX;
use crate::run::interrupt::Interrupted;
use crate::run::programs::scripts::Folder;
use crate::run::prove;
use crate::slo::Slo;
use crate::testing::{self, Character, Synthetic};
use std::collections::BTreeSet;
use std::path::Path;

const HYPER: &str = "hyper";
const AXUM: &str = "axum";

/// Makes results up.
struct Made<'a> {
    synthetic: &'a Synthetic,
    stop: &'a Stop,
    /// Somebody wants it to stop once so many runs are made.
    runs_max: usize,
    runs: usize,
    /// Whether the generator proves itself.
    proves: bool,
    /// A server of which every run fails.
    fails: Option<Server>,
}

impl Work for Made<'_> {
    fn ready(&mut self, server: Server, _: &mut dyn Show) -> anyhow::Result<ServerRecord> {
        Ok(self.synthetic.ready(server))
    }

    fn prove(&mut self, attempt: Attempt<'_>, _: &mut dyn Show) -> anyhow::Result<Proof> {
        Ok(Proof { number: attempt.number, ..testing::proof(self.proves) })
    }

    fn is_worth_a_proof(&self, before: &[Proof]) -> bool {
        prove::again(before)
    }

    fn measure(&mut self, asked: &Asked<'_>) -> anyhow::Result<Run> {
        if self.runs == self.runs_max {
            self.stop.ask();
        }
        self.stop.check()?;
        self.runs += 1;
        let Asked { index, attempt, purpose, offered_per_s, proof, ref step, .. } = *asked;
        let how = (purpose, offered_per_s);
        let run = self.synthetic.run((index, attempt), step, how, &Character::default());
        let failed = Outcome::Failed(Failure {
            during: "start".into(),
            error: "it does not start".into(),
            server_said: vec![],
            generator_said: vec![],
        });
        let outcome =
            if self.fails == Some(step.cell.server) { failed } else { run.outcome.clone() };
        Ok(Run { proof, outcome, server: CommandLine::default(), ..run })
    }
}

fn made<'a>(synthetic: &'a Synthetic, stop: &'a Stop) -> Made<'a> {
    Made { synthetic, stop, runs_max: usize::MAX, runs: 0, proves: true, fails: None }
}

fn servers() -> Synthetic {
    let servers = [HYPER, AXUM].map(|name| (name.parse().unwrap(), Character::default()));
    Synthetic::of(&servers)
}

/// Begins a bundle of the plan.
fn begun(synthetic: &Synthetic, results: &Path) -> Doing {
    let environment = testing::environment();
    let plan = synthetic.plan();
    let writer = Writer::begin(results, &synthetic.head(), &environment, &plan).unwrap();
    let bundle = Bundle::read(writer.folder()).unwrap();
    Doing::new(writer, bundle, false)
}

fn taken_up(folder: &Path) -> Doing {
    let (writer, bundle) = Writer::resume(folder).unwrap();
    Doing::new(writer, bundle, false)
}

#[test]
fn what_was_interrupted_is_taken_up_where_it_stopped() {
    let (results, synthetic) = (Folder::new("steps"), servers());
    let folder = results.path.join(&synthetic.name);
    let (mut said, stop) = (Vec::new(), Stop::default());
    let mut work = Made { runs_max: 7, ..made(&synthetic, &stop) };
    let error = begun(&synthetic, &results.path).finish(&mut work, &mut said, &stop).unwrap_err();
    assert!(error.is::<Interrupted>(), "{error:#}");
    let kept = Bundle::read(&folder).unwrap();
    assert_eq!((kept.runs.len(), kept.end.is_none()), (7, true));

    let stop = Stop::default();
    let mut work = made(&synthetic, &stop);
    taken_up(&folder).finish(&mut work, &mut said, &stop).unwrap();
    let bundle = Bundle::read(&folder).unwrap();
    let steps = bundle.plan.steps.len();
    assert_eq!((work.runs, bundle.runs.len()), (steps - 7, steps));
    let done: BTreeSet<u32> = bundle.runs.iter().map(|run| run.step).collect();
    assert_eq!(done.len(), steps);
    assert_eq!(bundle.end.map(|end| end.resumed), Some(1));
    // The machine may be another than it was, so each sitting has a proof of its own.
    let proofs: BTreeSet<u32> = bundle.runs.iter().map(|run| run.proof).collect();
    assert_eq!((bundle.proofs.len(), proofs.into_iter().collect::<Vec<_>>()), (2, vec![1, 2]));
}

#[test]
fn what_came_of_a_closed_loop_has_a_rate_and_no_latency() {
    let mut synthetic = servers();
    let of = |synthetic: &Synthetic| came_to(&synthetic.runs()[0]);
    assert!(of(&synthetic).starts_with("p99 "), "{}", of(&synthetic));
    synthetic.workloads = vec![Workload::ResolveClosed];
    synthetic.load.rate_per_s = None;
    let text = of(&synthetic);
    assert!(text.starts_with("CPU ") && text.ends_with("/s"), "{text}");
}

#[test]
fn without_a_proof_nothing_is_measured_unless_it_is_wanted_so() {
    let (results, synthetic) = (Folder::new("steps"), servers());
    let (mut said, stop) = (Vec::new(), Stop::default());
    let mut work = Made { proves: false, ..made(&synthetic, &stop) };
    let error = begun(&synthetic, &results.path).finish(&mut work, &mut said, &stop).unwrap_err();
    assert!(format!("{error:#}").contains("--unproven"), "{error:#}");
    assert_eq!(work.runs, 0);
    let folder = results.path.join(&synthetic.name);
    let doing = Doing { unproven: true, ..taken_up(&folder) };
    doing.finish(&mut work, &mut said, &stop).unwrap();
    assert!(said.iter().any(|line| line.contains("ALL RESULTS ARE INVALID")), "{said:?}");
    assert!(Bundle::read(&folder).unwrap().end.is_some());
}

#[test]
fn a_server_of_which_every_run_fails_does_not_keep_the_others_waiting() {
    let (results, mut synthetic) = (Folder::new("steps"), servers());
    synthetic.slos = vec![Slo::p99_ms(50)];
    synthetic.rounds = 2;
    let (mut said, stop) = (Vec::new(), Stop::default());
    let axum = AXUM.parse().unwrap();
    let mut work = Made { fails: Some(axum), ..made(&synthetic, &stop) };
    begun(&synthetic, &results.path).finish(&mut work, &mut said, &stop).unwrap();
    let bundle = Bundle::read(&results.path.join(&synthetic.name)).unwrap();
    assert!(bundle.end.is_some());
    for (index, step) in (0..).zip(&bundle.plan.steps) {
        let (runs, failed) = bundle.runs_of(index).fold((0, 0), |(runs, failed), run| {
            (runs + 1, failed + usize::from(run.measured().is_none()))
        });
        assert!((1..=ATTEMPTS_MAX).contains(&runs), "{index}: {runs}");
        assert_eq!(failed == runs, step.cell.server == axum, "{index} {step:?}");
        assert!(step.task != Task::Measure || runs == 1);
    }
    assert!(said.iter().any(|line| line.contains("FAILED during start: it does not start")));
}
