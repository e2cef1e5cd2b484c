//! `hunt-load WORKLOAD`: runs it, shows it, reports it.

use super::args::{Format, Run};
use super::output::Output;
use super::screen::Screen;
use super::{FAILED, INTERRUPTED, MISUSED, NOT_VALID, live, signals};
use crate::outcome::{Ending, Observer};
use crate::plan::{Load, Plan};
use crate::prove::{Proof, claim};
use crate::report::paint::Paint;
use crate::report::{Called, Context, Report, csv, hdr, text};
use crate::run::{RunError, Stop};
use anyhow::Context as _;
use std::fs;
use std::io::{Write, stderr};
use std::path::Path;

/// Runs a workload; the exit code.
pub(super) fn run(run: &Run, called: Called) -> anyhow::Result<u8> {
    let plan = run.plan();
    let told = &run.told;
    if told.dry_run {
        return super::dry_run::show(&plan);
    }
    let context = Context {
        called,
        slo: told.slo.clone().unwrap_or_default(),
        proof: told.proof.as_deref().map(read_proof).transpose()?,
    };
    let out = Output::open(told.out.as_deref())?;
    let hdr = told.hdr.as_deref().map(|path| Output::open(Some(path))).transpose()?;
    let stop = Stop::default();
    signals::watch(stop.clone())?;
    let outcome = {
        let mut observer = observer(run, &plan)?;
        crate::run::run(&plan, &stop, &mut *observer)
    };
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(error) => return refused(&error),
    };
    if let Some(hdr) = hdr {
        let mut log = Vec::new();
        hdr::write(&outcome, &mut log)?;
        hdr.write(&log)?;
    }
    let report = Report::of(&plan, outcome, &context);
    let written = match told.format {
        Format::Text => {
            let paint = if out.is_stdout() { Paint::of_stdout() } else { Paint::NONE };
            text::write(&report, paint)
        }
        Format::Json => serde_json::to_string_pretty(&report)? + "\n",
        Format::Csv => csv::write(&report),
    };
    out.write(written.as_bytes())?;
    Ok(code(&report))
}

fn observer(run: &Run, plan: &Plan) -> anyhow::Result<Box<dyn Observer>> {
    if run.told.phases {
        return Ok(Box::new(live::Marked(live::observer(run.told.quiet))));
    }
    if !run.told.tui {
        return Ok(live::observer(run.told.quiet));
    }
    let rate = match plan.load {
        Load::Open { rate_per_s, .. } => rate_per_s,
        Load::Closed => None,
    };
    let title = format!("{}  {}", text::asked(plan, rate), plan.server);
    Ok(Box::new(Screen::take(&title)?))
}

fn read_proof(path: &Path) -> anyhow::Result<Proof> {
    let name = path.display();
    let remedy = "make one with `hunt-load prove --format json --out FILE`";
    let text = fs::read(path).with_context(|| format!("{name} cannot be read; {remedy}"))?;
    let proof: Proof =
        serde_json::from_slice(&text).with_context(|| format!("{name} is no proof; {remedy}"))?;
    anyhow::ensure!(
        proof.schema == claim::SCHEMA,
        "{name} is a proof of another version ({}); {remedy}",
        proof.schema
    );
    Ok(proof)
}

/// The exit code of what never began. What is the server's fault, or nobody's, is no misuse.
pub(super) fn refused(error: &RunError) -> anyhow::Result<u8> {
    writeln!(stderr(), "hunt-load: {error}")?;
    Ok(match error {
        RunError::Refused(_) => MISUSED,
        RunError::World(_) | RunError::NotConnected(_) | RunError::Worker(_) => FAILED,
        RunError::Interrupted => INTERRUPTED,
    })
}

fn code(report: &Report) -> u8 {
    match &report.outcome.ending {
        Ending::Interrupted => return INTERRUPTED,
        Ending::ServerGone | Ending::WorkerLost(_) | Ending::Exhausted(_) => return FAILED,
        Ending::Complete => {}
    }
    let asked = report.summary.requests.due > 0 || report.summary.requests.sent > 0;
    let nothing = asked && report.summary.requests.right == 0;
    if nothing || !report.slo_held() {
        FAILED
    } else if !report.slo.is_empty() && !report.validity.valid {
        NOT_VALID
    } else {
        0
    }
}
