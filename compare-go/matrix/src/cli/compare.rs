//! `matrix compare`.

use super::{FAILED, Form, MISUSED, no_answer, print, read_bundle};
use crate::bundle::Bundle;
use crate::compare::{self, Choice, Comparison, Side, SideError};
use crate::figures::{Figures, Metric};
use crate::plan::Filter;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// What is compared.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit code 0: nothing became slower. 1: something did. 2: asked for wrongly. 3: a bundle is refused,
the two are of different machines, or nothing could be compared.")]
pub(super) struct Args {
    /// What was before: a bundle by name or folder, or a server of it, as BUNDLE@SERVER
    first: String,
    /// What came after, likewise
    second: String,
    /// Metrics, as p99,cpu,capacity:p99<50ms [default: those that decide, and all capacities]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    metrics: Vec<Metric>,
    /// Only these cells, as resolve or runtime=tokio*,allocator=jemalloc; may be repeated
    #[arg(long, value_name = "FILTER")]
    cells: Vec<Filter>,
    /// Slower by less than this is no failure, in percent
    #[arg(long, value_name = "PERCENT", default_value = "0", value_parser = percent)]
    tolerance: f64,
    /// Compare bundles of different machines all the same
    #[arg(long)]
    across_machines: bool,
    /// Show what is indistinguishable too
    #[arg(long)]
    all: bool,
    /// How it is written
    #[arg(long, value_enum, default_value = "text")]
    format: Form,
    /// Where bundles are found by name [default: compare-go/results]
    #[arg(long, value_name = "FOLDER")]
    results: Option<PathBuf>,
}

fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim_end_matches('%').trim().parse::<f64>().ok();
    number
        .filter(|percent| (0.0..=1_000.0).contains(percent))
        .map(|percent| percent / 100.0)
        .ok_or_else(|| "a number of percent, 0 to 1000".into())
}

/// Compares.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let named = [&args.first, &args.second].map(|text| compare::split(text));
    let [(first, first_server), (second, second_server)] = match named {
        [Ok(first), Ok(second)] => [first, second],
        [Err(error), _] | [_, Err(error)] => return misused(&error),
    };
    let bundles = [first, second].map(|name| read_bundle(name, args.results.as_deref()));
    let bundles: Vec<Bundle> = match bundles.into_iter().collect() {
        Ok(bundles) => bundles,
        Err(error) => return no_answer(&format!("{error:#}")),
    };
    let figures: Vec<Figures<'_>> = bundles.iter().map(Figures::of).collect();
    let first = Side::new(&figures[0], first_server);
    let second = Side::new(&figures[1], second_server);
    let (first, second) = match (first, second) {
        (Ok(first), Ok(second)) => (first, second),
        (Err(error), _) | (_, Err(error)) => return misused(&error),
    };
    if let Err(error) = first.check(&second) {
        return misused(&error);
    }
    let choice = Choice { metrics: args.metrics.clone(), filters: args.cells.clone() };
    let comparison = Comparison::of(&first, &second, &choice);
    print(&match args.format {
        Form::Text => compare::text(&comparison, args.all),
        Form::Markdown => compare::markdown(&comparison, args.all),
        Form::Json => compare::json(&comparison)?,
    })?;
    let confounded = comparison.confounds().next().is_some() && !args.across_machines;
    if confounded {
        return no_answer(
            "the two are not of one machine (marked !); --across-machines takes them",
        );
    }
    if comparison.rows.is_empty() {
        return no_answer("nothing could be compared");
    }
    let slower = comparison.slower(args.tolerance).next().is_some();
    Ok(ExitCode::from(if slower { FAILED } else { 0 }))
}

fn misused(error: &SideError) -> anyhow::Result<ExitCode> {
    writeln!(io::stderr(), "matrix: {error}")?;
    Ok(ExitCode::from(MISUSED))
}
