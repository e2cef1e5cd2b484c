//! `matrix run`.

use super::print;
use crate::plan::estimate::Estimate;
use crate::plan::make::{Capacities, ROUNDS_MAX, Wanted};
use crate::plan::{Extent, Filter, Plan, Task};
use crate::quantity::{count, duration, several};
use crate::statistics::random::Random;
use anyhow::anyhow;
use std::fmt::Write;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

/// What is run.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cargo matrix run --quick --dry-run                      what a first look measures
  cargo matrix run --dry-run --cells 'resolve,kind=rust'  the engine's servers under one workload
  cargo matrix run --dry-run --cells runtime=tokio*,resolve --cells kind=go,resolve

A filter is terms joined by commas: AXIS=NAME, AXIS!=NAME or a name alone; names are joined by | and
may have *. Axes: workload, server, kind (rust, peer, go), runtime, allocator, arena, library, tuning.")]
pub(super) struct Args {
    /// A first look, in under six minutes
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// Every server under every workload
    #[arg(long)]
    full: bool,
    /// Only these cells; may be repeated
    #[arg(long, value_name = "FILTER")]
    cells: Vec<Filter>,
    /// How often everything is measured [default: 5; 3 with --quick]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=i64::from(ROUNDS_MAX)))]
    rounds: Option<u32>,
    /// For whom the highest rate that keeps a promise is searched: none, leading (those on the
    /// default allocator and arena), or all
    #[arg(long, value_name = "WHOM", default_value = "leading")]
    capacities: Capacities,
    /// Repeats the order of an earlier plan, which has its seed
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// List the plan and how long it takes, and end
    #[arg(long, required = true)]
    dry_run: bool,
    /// How the plan is written
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// How a plan is written.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Runs.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
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
    let plan = Plan::make(&wanted).map_err(|why| anyhow!(why))?;
    print(&match args.format {
        Format::Text => listed(&plan)?,
        Format::Json => serde_json::to_string_pretty(&plan)? + "\n",
    })?;
    Ok(ExitCode::SUCCESS)
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
        let rate = load.rate_per_s.map_or("a closed loop".to_owned(), |rate| format!("{rate}/s"));
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
