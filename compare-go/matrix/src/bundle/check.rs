//! What the files of a bundle must say of each other.
//!
//! A digest tells that a file is the one that was written, not that it belongs to these others. So
//! a run must be of a step of the plan, with the programs that were looked at, and rest on a proof.

use crate::bundle::Bundle;
use crate::bundle::error::BundleError;
use crate::bundle::files::Name;
use crate::bundle::generator::{Printed, Proven};
use crate::bundle::run::{Counted, Measured, Outcome, Purpose, Reading, Run, Series, Span};
use crate::bundle::server::{ServerRecord, ServerState};
use crate::cell::Cell;
use crate::plan::progress::MEASURED_AGAIN_MAX;
use crate::plan::{Step, Task};
use std::path::PathBuf;

type Checked = Result<(), BundleError>;

/// Checks all of it.
pub(super) fn check(bundle: &Bundle) -> Checked {
    head(bundle)?;
    plan(bundle)?;
    servers(bundle)?;
    proofs(bundle)?;
    for run in &bundle.runs {
        Runs { bundle, file: run_file(bundle, run) }.check(run)?;
    }
    profiles(bundle)?;
    end(bundle)
}

fn run_file(bundle: &Bundle, run: &Run) -> PathBuf {
    Name::Run { step: run.step, attempt: run.attempt }.in_folder(&bundle.folder)
}

fn head(bundle: &Bundle) -> Checked {
    let folder = bundle.folder.canonicalize().map_err(BundleError::system(&bundle.folder))?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let file = Name::Head.in_folder(&bundle.folder);
    if name != bundle.head.name {
        let what = format!("it is `{}`, and the folder is `{name}`", bundle.head.name);
        return Err(BundleError::inconsistent(file, "body.name", what));
    }
    Ok(())
}

fn plan(bundle: &Bundle) -> Checked {
    let plan = &bundle.plan;
    let file = Name::Plan.in_folder(&bundle.folder);
    let fault = |place: String, what: String| Err(BundleError::inconsistent(&file, place, what));
    for (index, step) in plan.steps.iter().enumerate() {
        let place = |field: &str| format!("body.steps[{index}].{field}");
        let Step { round, cell, twin, .. } = step;
        if !(1..=plan.rounds).contains(round) {
            return fault(place("round"), format!("there is no round {round}"));
        }
        if !plan.servers.contains(&cell.server) {
            return fault(place("cell"), format!("{} is no server of the plan", cell.server));
        }
        if !plan.loads.contains_key(&cell.workload) {
            return fault(place("cell"), format!("{} has no load in the plan", cell.workload));
        }
        if twin.is_some() && !plan.twins.contains(cell) {
            return fault(place("twin"), format!("{cell} is no twin of the plan"));
        }
    }
    Ok(())
}

fn servers(bundle: &Bundle) -> Checked {
    for (name, record) in &bundle.servers {
        let file = Name::Server(*name).in_folder(&bundle.folder);
        let fault = |place: &str, what: String| Err(BundleError::inconsistent(&file, place, what));
        if record.server != *name {
            return fault("body.server", format!("it is {}", record.server));
        }
        if !bundle.plan.servers.contains(name) {
            return fault("body.server", format!("{name} is not in the plan"));
        }
        if let ServerState::Ready(ready) = &record.state
            && ready.start_up_ns.is_empty()
        {
            return fault("body.state.ready.start_up_ns", "it was never started".into());
        }
    }
    Ok(())
}

fn proofs(bundle: &Bundle) -> Checked {
    for (index, proof) in bundle.proofs.iter().enumerate() {
        let file = Name::Proof(proof.number).in_folder(&bundle.folder);
        if proof.number as usize != index + 1 {
            let what = format!("proof {} follows {index} others: one is missing", proof.number);
            return Err(BundleError::inconsistent(file, "body.number", what));
        }
        let fault = |what: &str| Err(BundleError::inconsistent(&file, "body.printed", what));
        match Proven::read(&proof.printed) {
            Err(what) => return fault(&what),
            Ok(proven) if proven.valid != proof.holds() => {
                return fault("it says otherwise than its exit code");
            }
            Ok(_) => {}
        }
    }
    Ok(())
}

fn profiles(bundle: &Bundle) -> Checked {
    for (name, profile) in &bundle.profiles {
        let file = Name::Profile(*name).in_folder(&bundle.folder);
        let fault = |place: &str, what: String| Err(BundleError::inconsistent(&file, place, what));
        let Cell { workload, server } = *name;
        if profile.cell != *name {
            return fault("body.cell", format!("it is {}", profile.cell));
        }
        if !bundle.plan.loads.contains_key(&workload) {
            return fault("body.cell", format!("{workload} has no load in the plan"));
        }
        let Some(ready) = bundle.servers.get(&server).and_then(ServerRecord::ready) else {
            let what = format!("servers/{server}.json has no server that is ready");
            return fault("body.cell", what);
        };
        if profile.server_sha256 != ready.program_sha256 {
            let what = "it is another build than the one looked at";
            return fault("body.server_sha256", what.into());
        }
        for (sampler, sampled) in profile.sampled() {
            let place = format!("body.{sampler}.is.stacks");
            match sampled.read() {
                Err(what) => return fault(&place, what),
                Ok(stacks) if stacks.samples() == 0 => return fault(&place, "no samples".into()),
                Ok(_) => {}
            }
        }
    }
    Ok(())
}

fn end(bundle: &Bundle) -> Checked {
    if bundle.end.is_none() {
        return Ok(());
    }
    let ready = |step: &Step| {
        let server = bundle.servers.get(&step.cell.server);
        server.is_none_or(|server| server.ready().is_some())
    };
    let steps = (0..).zip(&bundle.plan.steps).filter(|(_, step)| ready(step));
    let mut open = steps.filter(|(index, _)| bundle.runs_of(*index).next().is_none());
    match open.next() {
        Some((index, step)) => {
            let file = Name::End.in_folder(&bundle.folder);
            let what = format!("step {index}, {}, has no run, and the plan has ended", step.cell);
            Err(BundleError::inconsistent(file, "body", what))
        }
        None => Ok(()),
    }
}

struct Runs<'a> {
    bundle: &'a Bundle,
    file: PathBuf,
}

impl Runs<'_> {
    fn fault(&self, place: &str, what: impl Into<String>) -> Checked {
        Err(BundleError::inconsistent(&self.file, format!("body.{place}"), what))
    }

    fn check(&self, run: &Run) -> Checked {
        self.step(run)?;
        self.programs(run)?;
        if let Outcome::Measured(measured) = &run.outcome {
            self.measured(measured)?;
        }
        Ok(())
    }

    fn step(&self, run: &Run) -> Checked {
        let steps = &self.bundle.plan.steps;
        let Some(step) = steps.get(run.step as usize) else {
            return self.fault("step", format!("the plan has {} steps", steps.len()));
        };
        if run.cell != step.cell {
            return self.fault("cell", format!("step {} is {}", run.step, step.cell));
        }
        if run.round != step.round {
            return self.fault("round", format!("step {} is of {}", run.step, step.round));
        }
        if run.twin != step.twin {
            return self.fault("twin", "the step of the plan is another twin");
        }
        let fits = match (step.task, run.purpose) {
            (Task::Measure, Purpose::Measure) => run.attempt <= 1 + MEASURED_AGAIN_MAX,
            (Task::Capacity(slo), Purpose::Search(of) | Purpose::Confirm(of)) => slo == of,
            _ => false,
        };
        if !fits {
            return self.fault("purpose", "the step of the plan has another task");
        }
        let attempts = self.bundle.runs_of(run.step).filter(|other| other.attempt < run.attempt);
        if attempts.count() + 1 != run.attempt as usize {
            return self.fault("attempt", "an earlier attempt of this step is missing");
        }
        Ok(())
    }

    fn programs(&self, run: &Run) -> Checked {
        let server = self.bundle.servers.get(&run.cell.server);
        let Some(ready) = server.and_then(|server| server.ready()) else {
            let server = run.cell.server;
            return self
                .fault("cell", format!("servers/{server}.json has no server that is ready"));
        };
        if run.server_sha256 != ready.program_sha256 {
            return self.fault("server_sha256", "it is another build than the one looked at");
        }
        let Some(proof) = self.bundle.proofs.iter().find(|proof| proof.number == run.proof) else {
            return self.fault("proof", format!("there is no proof {}", run.proof));
        };
        if run.generator_sha256 != proof.generator_sha256 {
            return self.fault("generator_sha256", "it is another build than the one proven");
        }
        Ok(())
    }

    fn measured(&self, measured: &Measured) -> Checked {
        let place = |field: &str| format!("outcome.measured.{field}");
        if let Err(what) = Printed::read(&measured.generator) {
            return self.fault(&place("generator"), what);
        }
        for (name, Span { begin, end }) in [("server", measured.server), ("load", measured.load)] {
            let counters = |reading: Reading| {
                [
                    ("cpu_ns", reading.cpu_ns),
                    ("user_ticks", reading.user_ticks),
                    ("kernel_ticks", reading.kernel_ticks),
                    ("waited_ns", reading.waited_ns),
                    ("voluntary_switches", reading.voluntary_switches),
                    ("involuntary_switches", reading.involuntary_switches),
                ]
            };
            if end.at_ns <= begin.at_ns {
                return self.fault(&place(&format!("{name}.end.at_ns")), "not after the begin");
            }
            let both = counters(begin).into_iter().zip(counters(end));
            let mut fallen = both.filter(|((_, begin), (_, end))| end < begin);
            if let Some(((field, _), _)) = fallen.next() {
                return self
                    .fault(&place(&format!("{name}.end.{field}")), "less than at the begin");
            }
        }
        if let Some(Counted { units: 0, .. }) = measured.system_calls.value() {
            return self.fault(&place("system_calls.units"), "no units of work");
        }
        if measured.allocations.value().is_some_and(|counted| counted.units == 0) {
            return self.fault(&place("allocations.units"), "no units of work");
        }
        self.series(&measured.series)
    }

    fn series(&self, series: &Series) -> Checked {
        let Series { interval_ms, server_cpu_ns, load_cpu_ns, resident_bytes, switches } = series;
        let lengths = [load_cpu_ns.len(), resident_bytes.len(), switches.len()];
        if lengths.iter().any(|length| *length != server_cpu_ns.len()) {
            return self.fault("outcome.measured.series", "its columns are not equally long");
        }
        if *interval_ms == 0 {
            return self.fault("outcome.measured.series.interval_ms", "no time at all");
        }
        Ok(())
    }
}
