//! The steps of a plan, one after the other: servers are looked at, the generator proves itself,
//! and then the first open step is done until none is. Each result is written before the next
//! thing begins, so that whatever ends this leaves a bundle to go on with.
//!
//! How any of it is done is not known here.

use crate::bundle::run::{Outcome, Proof, Purpose, Run};
use crate::bundle::server::{ServerRecord, ServerState};
use crate::bundle::write::Writer;
use crate::bundle::{Bundle, End};
use crate::cell::Server;
use crate::figures::{Metric, RunFigures, work};
use crate::number::float;
use crate::plan::estimate::Estimate;
use crate::plan::progress::Status;
use crate::plan::{Plan, Step, Twin};
use crate::quantity::{duration, figure};
use crate::run::interrupt::Stop;
use crate::run::measure::{Asked, now_unix_ms};
use crate::run::prove::Attempt;
use crate::run::show::{Progress, Show};
use crate::slo::Percentile;
use anyhow::bail;
use std::time::Instant;

/// Whoever can do what a plan asks for. All of it ends early where it was to stop.
pub(crate) trait Work {
    /// Looks at a server.
    fn ready(&mut self, server: Server, show: &mut dyn Show) -> anyhow::Result<ServerRecord>;
    /// Lets the generator prove itself.
    fn prove(&mut self, attempt: Attempt<'_>, show: &mut dyn Show) -> anyhow::Result<Proof>;
    /// Whether another proof is worth its time after these of one sitting.
    fn is_worth_a_proof(&self, before: &[Proof]) -> bool;
    /// Makes a run.
    fn measure(&mut self, asked: &Asked<'_>) -> anyhow::Result<Run>;
}

/// A plan that is being done.
#[derive(Debug)]
pub(crate) struct Doing {
    writer: Writer,
    bundle: Bundle,
    /// Whether it goes on where the generator did not prove itself.
    unproven: bool,
}

impl Doing {
    /// From what is there of a bundle.
    pub(crate) fn new(writer: Writer, bundle: Bundle, unproven: bool) -> Self {
        Self { writer, bundle, unproven }
    }

    /// Does it to its end.
    ///
    /// # Errors
    /// If it was to stop, nothing can be measured, or the bundle cannot be written. What is
    /// complete is in the bundle.
    pub(crate) fn finish(
        mut self,
        work: &mut dyn Work,
        show: &mut dyn Show,
        stop: &Stop,
    ) -> anyhow::Result<()> {
        let resumed = sittings(work, &self.bundle.proofs);
        self.servers(work, show, stop)?;
        self.prove(work, show, stop)?;
        self.measure(work, show, stop)?;
        let end = End { ended_unix_ms: now_unix_ms(), resumed };
        Ok(self.writer.end(&end)?)
    }

    fn servers(
        &mut self,
        work: &mut dyn Work,
        show: &mut dyn Show,
        stop: &Stop,
    ) -> anyhow::Result<()> {
        for server in self.bundle.plan.servers.clone() {
            if self.bundle.servers.contains_key(&server) {
                continue;
            }
            stop.check()?;
            show.step(&format!("looking at {server}"));
            let record = work.ready(server, show)?;
            if let ServerState::LeftOut(why) = &record.state {
                show.note(&format!("{server} has no row: {why}"));
            }
            self.writer.server(&record)?;
            self.bundle.servers.insert(server, record);
        }
        if self.bundle.servers.values().all(|record| record.ready().is_none()) {
            bail!(
                "no server of the plan can be measured, so remove {} and begin anew once that is \
                 mended: {}",
                self.writer.folder().display(),
                self.why_none()
            );
        }
        Ok(())
    }

    fn why_none(&self) -> String {
        let left_out = self.bundle.servers.values().map(|record| match &record.state {
            ServerState::LeftOut(why) => format!("{}: {why}", record.server),
            ServerState::Ready(_) => String::new(),
        });
        left_out.collect::<Vec<_>>().join("; ")
    }

    /// A proof of this sitting: the machine may be another than it was.
    fn prove(
        &mut self,
        work: &mut dyn Work,
        show: &mut dyn Show,
        stop: &Stop,
    ) -> anyhow::Result<()> {
        let mut sitting: Vec<Proof> = Vec::new();
        while work.is_worth_a_proof(&sitting) {
            stop.check()?;
            if !sitting.is_empty() {
                show.note("the generator did not prove itself; once more");
            }
            show.step("the generator proves itself");
            let number = u32::try_from(self.bundle.proofs.len() + 1)?;
            let proof = work.prove(Attempt { number, before: &sitting }, show)?;
            self.writer.proof(&proof)?;
            self.bundle.proofs.push(proof.clone());
            sitting.push(proof);
        }
        if sitting.last().is_some_and(Proof::holds) {
            return Ok(());
        }
        let what =
            "the generator did not prove itself on this machine, so that no figure would count";
        if !self.unproven {
            bail!(
                "{what}: see what disturbs it with `cargo load prove`; or go on with --unproven, \
                 and all results are marked invalid"
            );
        }
        show.note(&format!("{what}; going on all the same: ALL RESULTS ARE INVALID"));
        Ok(())
    }

    fn measure(
        &mut self,
        work: &mut dyn Work,
        show: &mut dyn Show,
        stop: &Stop,
    ) -> anyhow::Result<()> {
        let proof = self.bundle.proofs.last().map_or(0, |proof| proof.number);
        let most_per_s = self.bundle.most_per_s(proof);
        let proof = u32::try_from(self.bundle.proofs.len())?;
        let begun = Instant::now();
        let mut at = 0;
        let at_first = self.remaining_s(at, most_per_s);
        while let Some((index, step, status)) = self.open(at, most_per_s) {
            stop.check()?;
            let Status::Next { attempt, purpose, offered_per_s } = status else { break };
            // What is done stays so: to look at it again would mean to read all its histograms.
            at = index;
            let left_s = self.remaining_s(at, most_per_s);
            let left_s = left(begun.elapsed().as_secs_f64(), at_first, left_s);
            show.progress(&self.progress(index, &step, (purpose, offered_per_s), left_s));
            let load = &self.bundle.plan.loads[&step.cell.workload];
            let asked = Asked { index, step, attempt, purpose, load, offered_per_s, proof };
            let run = work.measure(&asked)?;
            self.writer.run(&run)?;
            show.note(&format!("{}: {}", what(&step, purpose, offered_per_s), came_to(&run)));
            let place = self
                .bundle
                .runs
                .partition_point(|other| (other.step, other.attempt) < (run.step, run.attempt));
            self.bundle.runs.insert(place, run);
        }
        Ok(())
    }

    /// The steps from one on, with their states.
    fn from(&self, at: u32, most_per_s: f64) -> impl Iterator<Item = (u32, Step, Status)> {
        let steps = (0..).zip(&self.bundle.plan.steps).skip(at as usize);
        steps.map(move |(index, step)| {
            (index, *step, Status::of(&self.bundle, index, step, most_per_s))
        })
    }

    /// The first that is open.
    fn open(&self, at: u32, most_per_s: f64) -> Option<(u32, Step, Status)> {
        self.from(at, most_per_s).find(|(.., status)| matches!(status, Status::Next { .. }))
    }

    /// How long what is open takes by the estimate, in seconds.
    fn remaining_s(&self, at: u32, most_per_s: f64) -> u64 {
        let open = self.from(at, most_per_s);
        let open = open.filter(|(.., status)| matches!(status, Status::Next { .. }));
        let steps = open.map(|(_, step, _)| step).collect();
        let estimate = Estimate::of(&Plan { steps, ..self.bundle.plan.clone() });
        estimate.measuring_s + estimate.searching_s
    }

    fn progress(
        &self,
        index: u32,
        step: &Step,
        (purpose, rate): (Purpose, Option<f64>),
        left_s: u64,
    ) -> Progress {
        Progress {
            done: index as usize,
            of: self.bundle.plan.steps.len(),
            what: format!("round {} {}", step.round, what(step, purpose, rate)),
            left_s,
        }
    }
}

/// How often a bundle was worked at: each sitting makes proofs as long as that is worth its time.
fn sittings(work: &dyn Work, proofs: &[Proof]) -> u32 {
    let (mut sittings, mut begin) = (0, 0);
    for at in 0..proofs.len() {
        if at == begin || !work.is_worth_a_proof(&proofs[begin..at]) {
            sittings += 1;
            begin = at;
        }
    }
    sittings
}

/// The time that is left: as the estimate has it at first, then as what is done has shown.
fn left(elapsed_s: f64, at_first_s: u64, left_s: u64) -> u64 {
    let done_s = at_first_s.saturating_sub(left_s);
    let pace = if done_s < 10 { 1.0 } else { elapsed_s / float(done_s) };
    crate::number::whole(float(left_s) * pace)
}

fn what(step: &Step, purpose: Purpose, rate: Option<f64>) -> String {
    let twin = match step.twin {
        Some(Twin::A) => " (A/A, first)",
        Some(Twin::B) => " (A/A, second)",
        None => "",
    };
    let rate = rate.map_or(String::new(), |rate| format!(" at {rate}/s"));
    match purpose {
        Purpose::Measure => format!("{}{twin}", step.cell),
        Purpose::Search(slo) => format!("{}{twin} {slo}?{rate}", step.cell),
        Purpose::Confirm(slo) => format!("{}{twin} {slo} again?{rate}", step.cell),
    }
}

/// What came of a run, in a few words.
fn came_to(run: &Run) -> String {
    if let Outcome::Failed(failure) = &run.outcome {
        return format!("FAILED during {}: {}", failure.during, failure.error);
    }
    let figures = match RunFigures::of(run) {
        Ok(figures) => figures,
        Err(why) => return format!("DOES NOT COUNT: {why}"),
    };
    let shown = |metric: Metric| {
        figures.value(metric).map_or("?".to_owned(), |value| figure(value, metric.unit()))
    };
    let rate_per_s = run.offered_per_s;
    let mut text = match work::is_closed(run.cell.workload, rate_per_s) {
        true => String::new(),
        false => format!("p99 {}, ", shown(Metric::Latency(Percentile::P99))),
    };
    text += &format!("CPU {}, {}", shown(Metric::Cpu), shown(Metric::Rate));
    if let Purpose::Search(slo) | Purpose::Confirm(slo) = run.purpose {
        text += match figures.kept(slo) {
            Some(true) => ": kept",
            Some(false) => ": not kept",
            None => ": not told",
        };
        if !figures.invalid.is_empty() {
            text += &format!(" ({})", figures.invalid.join("; "));
        }
    } else if !figures.invalid.is_empty() {
        text += &format!("; DOES NOT COUNT: {}", figures.invalid.join("; "));
    }
    text
}

/// How long a plan takes, and how that is known.
pub(crate) fn announced(plan: &Plan) -> String {
    let Estimate { before_s, measuring_s, searching_s } = Estimate::of(plan);
    let total = duration(before_s + measuring_s + searching_s);
    let mut text = format!(
        "about {total} from here: {} of checks and the proof, {} of measuring",
        duration(before_s),
        duration(measuring_s)
    );
    if searching_s > 0 {
        text += &format!(", {} of searching", duration(searching_s));
    }
    text + ", by the times of each run and what setting up takes as a rule"
}

#[cfg(test)]
mod tests;
