//! `matrix run`.

use super::{FAILED, Format, INTERRUPTED, print, top};
use crate::bundle::Bundle;
use crate::figures::work;
use crate::plan::estimate::Estimate;
use crate::plan::make::{Capacities, ROUNDS_MAX, Wanted};
use crate::plan::{Extent, Filter, Plan, Task};
use crate::published::library::RESULTS;
use crate::quantity::{count, duration, several};
use crate::run::interrupt::{Interrupted, Stop};
use crate::run::programs::Programs;
use crate::run::summary::summary;
use crate::run::{self, Which, look, show};
use crate::statistics::random::Random;
use anyhow::anyhow;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

/// What is run.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cargo matrix run --quick                    a first look at five servers, in under six minutes
  cargo matrix run                            what decisions are made on; it says how long first
  cargo matrix run --full --label night       everything
  cargo matrix run --resume 2027-03-01-night  goes on where it was interrupted
  cargo matrix run --cells 'resolve,kind=rust' --rounds 3
  cargo matrix run --cells runtime=tokio*,resolve --cells kind=go,resolve
  cargo matrix run --quick --dry-run          what would be measured, and what would spoil it
  cargo matrix run --quick --build-only       then copy the checkout with target/matrix, and there:
  target/release/matrix run --quick --built   measures where no compiler is

A filter is terms joined by commas: AXIS=NAME, AXIS!=NAME or a name alone; names are joined by |
and may have *. Axes: workload, server, kind (rust, peer, go), runtime, allocator, arena, library,
tuning.

Ctrl-C keeps what is complete. Exit code 0: all was measured, and counts. 1: something failed, or
does not count, and why was said. 2: asked for wrongly. 130: interrupted.")]
pub(super) struct Args {
    /// A first look, in under six minutes
    #[arg(long, conflicts_with = "full", help_heading = PLAN)]
    quick: bool,
    /// Every server under every workload
    #[arg(long, help_heading = PLAN)]
    full: bool,
    /// Only these cells; may be repeated
    #[arg(long, value_name = "FILTER", help_heading = PLAN)]
    cells: Vec<Filter>,
    /// How often everything is measured [default: 5; 3 with --quick]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=i64::from(ROUNDS_MAX)), help_heading = PLAN)]
    rounds: Option<u32>,
    /// For whom the highest rate that keeps a promise is searched: none, leading (those on the
    /// default allocator and arena), or all
    #[arg(long, value_name = "WHOM", default_value = "leading", help_heading = PLAN)]
    capacities: Capacities,
    /// Repeats the order of an earlier plan, which has its seed
    #[arg(long, value_name = "N", help_heading = PLAN)]
    seed: Option<u64>,
    /// List the plan, how long it takes and what would spoil it, and end
    #[arg(long)]
    dry_run: bool,
    /// How the plan of a dry run is written
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// What the bundle is called, behind its date [default: quick, normal or full]
    #[arg(long, value_name = "NAME")]
    label: Option<String>,
    /// What the bundle is for; it is kept there
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
    /// Where bundles lie [default: compare-go/results of the repository]
    #[arg(long, value_name = "DIR")]
    results: Option<PathBuf>,
    /// Go on with a bundle that was interrupted
    #[arg(
        long,
        value_name = "BUNDLE",
        conflicts_with_all = [
            "quick", "full", "cells", "rounds", "capacities", "seed", "dry_run", "label", "note"
        ]
    )]
    resume: Option<String>,
    /// The cores of the servers, as 1 or 1,2-3 [default: one, not the generator's]
    #[arg(long, value_name = "LIST", value_parser = cores)]
    server_cores: Option<Cores>,
    /// The cores of the generator
    #[arg(long, value_name = "LIST", value_parser = cores)]
    generator_cores: Option<Cores>,
    /// Build what the plan needs into target/matrix, and end
    #[arg(long, conflicts_with_all = ["built", "dry_run", "resume"], help_heading = PROGRAMS)]
    build_only: bool,
    /// Take the programs of target/matrix as --build-only left them, here or where compilers are
    #[arg(long, help_heading = PROGRAMS)]
    built: bool,
    /// Go on where the generator did not prove itself: all results are marked invalid
    #[arg(long)]
    unproven: bool,
}

const PLAN: &str = "Plan";
const PROGRAMS: &str = "Programs";

/// A list of cores.
#[derive(Clone, Debug)]
struct Cores(Vec<u32>);

fn cores(text: &str) -> Result<Cores, String> {
    const CORES_MAX: u32 = 4_096;
    let wrong = || format!("`{text}` is no list of cores, which is written as 1 or 0,2-3");
    let mut list = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let core =
            |text: &str| text.parse().ok().filter(|core| *core < CORES_MAX).ok_or_else(wrong);
        let (first, last): (u32, u32) = (core(first)?, core(last)?);
        if last < first {
            return Err(wrong());
        }
        list.extend(first..=last);
    }
    list.sort_unstable();
    list.dedup();
    Ok(Cores(list))
}

/// Runs.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut show = show::on_stderr();
    let which = match &args.resume {
        Some(name) => Which::Resumed(name.trim_end_matches('/').to_owned()),
        None => {
            let plan = plan(args)?;
            if args.dry_run {
                print(&match args.format {
                    Format::Text => listed(&plan)?,
                    Format::Json => serde_json::to_string_pretty(&plan)? + "\n",
                })?;
                if let Ok(top) = top() {
                    look(&top, &plan, args.built, &mut *show);
                }
                return Ok(ExitCode::SUCCESS);
            }
            Which::New {
                label: args.label.clone().unwrap_or_else(|| plan.extent.name().to_owned()),
                plan: Box::new(plan),
                note: args.note.clone(),
                command: command(),
            }
        }
    };
    let top = top()?;
    let results = args.results.clone().unwrap_or_else(|| top.join(RESULTS));
    let given = |cores: &Option<Cores>| cores.clone().map(|Cores(list)| list);
    let wanted = run::Wanted {
        top,
        results,
        which,
        server_cores: given(&args.server_cores),
        generator_cores: given(&args.generator_cores),
        built: args.built,
        unproven: args.unproven,
    };
    let stop = Stop::default();
    stop.on_signals()?;
    if args.build_only {
        if let Which::New { plan, .. } = &wanted.which {
            Programs::build(&wanted.top, &plan.servers, &mut *show, &stop)?;
            show.note(
                "built into target/matrix; --built measures them, here or where they are taken",
            );
        }
        return Ok(ExitCode::SUCCESS);
    }
    let came = run::run(&wanted, &mut *show, &stop);
    // The screen is given back before anything is said that stays.
    drop(show);
    match came {
        Ok(folder) => {
            let (text, good) = summary(&Bundle::read(&folder)?);
            print(&text)?;
            Ok(ExitCode::from(if good { 0 } else { FAILED }))
        }
        Err(error) => ended_early(&wanted, error),
    }
}

/// Says how to go on.
fn ended_early(wanted: &run::Wanted, error: anyhow::Error) -> anyhow::Result<ExitCode> {
    let (why, bundle) = match error.downcast::<run::Stopped>() {
        Ok(run::Stopped { why, bundle }) => (why, Some(bundle)),
        Err(error) => (error, None),
    };
    let interrupted = why.is::<Interrupted>();
    let mut text = if interrupted { "interrupted".to_owned() } else { format!("{why:#}") };
    if let Some(bundle) = bundle {
        let usual = wanted.results == wanted.top.join(RESULTS);
        let results = match usual {
            true => String::new(),
            false => format!(" --results {}", wanted.results.display()),
        };
        write!(
            text,
            "\nWhat is complete is kept; go on with: cargo matrix run --resume {bundle}{results}"
        )?;
    }
    writeln!(io::stderr(), "matrix: {text}")?;
    Ok(ExitCode::from(if interrupted { INTERRUPTED } else { FAILED }))
}

/// The command line as whoever reads the bundle repeats it: without where this program lies.
fn command() -> Vec<String> {
    let args = std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned());
    std::iter::once("matrix".to_owned()).chain(args).collect()
}

fn plan(args: &Args) -> anyhow::Result<Plan> {
    let extent = match (args.quick, args.full) {
        (true, _) => Extent::Quick,
        (_, true) => Extent::Full,
        _ => Extent::Normal,
    };
    let wanted = Wanted {
        extent,
        filters: args.cells.clone(),
        rounds: args.rounds,
        capacities: args.capacities,
        seed: args.seed.unwrap_or_else(seed),
    };
    Plan::make(&wanted).map_err(|why| anyhow!(why))
}

/// A seed that is another one each time; the plan records it.
fn seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // Few digits, since people repeat it.
    Random::new(u64::from(now.subsec_nanos()) ^ now.as_secs()).bits() % 1_000_000
}

fn listed(plan: &Plan) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let estimate = Estimate::of(plan);
    writeln!(
        text,
        "{} of {} under {}, {} each; seed {}",
        several(plan.steps.len(), "step"),
        several(plan.servers.len(), "server"),
        several(plan.loads.len(), "workload"),
        several(plan.rounds as usize, "round"),
        plan.seed
    )?;
    writeln!(
        text,
        "about {} once built: {} of checks and the proof, {} of measuring, {} of searching",
        duration(estimate.total_s()),
        duration(estimate.before_s),
        duration(estimate.measuring_s),
        duration(estimate.searching_s)
    )?;
    for (workload, load) in &plan.loads {
        let rate = work::offered(*workload, load.rate_per_s);
        let of = plan.twins.iter().find(|cell| cell.workload == *workload);
        let twin = of.map_or(String::new(), |cell| format!("; A/A: {}", cell.server));
        writeln!(
            text,
            "  {workload}: {rate}, {} connections, {} sessions, {} s after {} s{twin}",
            count(u64::from(load.connections)),
            count(u64::from(load.sessions)),
            load.counted_ms / 1_000,
            load.warm_up_ms / 1_000
        )?;
    }
    for (index, step) in plan.steps.iter().enumerate() {
        let task = match step.task {
            Task::Measure => "measure".to_owned(),
            Task::Capacity(slo) => format!("capacity at {slo}"),
        };
        let twin = step.twin.map_or(String::new(), |twin| format!(" (twin {twin})"));
        writeln!(text, "{index:5}  round {:<3} {task:<20} {}{twin}", step.round, step.cell)?;
    }
    Ok(text)
}
