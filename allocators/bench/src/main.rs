//! `cargo allocators`: every allocator with every arena, in rounds, as a table or as JSON.

use alloc_bench::{report, rounds};
use anyhow::Context;
use clap::Parser;
use std::io::{IsTerminal, Write, stderr, stdout};

/// What each allocator and each arena costs in time and memory, on the engine's own types.
#[derive(Debug, Parser)]
struct Args {
    /// A twentieth of the work, in one round: shows that it runs, and says nothing of speed.
    #[arg(long)]
    quick: bool,
    /// How often each combination runs.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rounds: Option<u32>,
    /// One workload instead of all.
    #[arg(long)]
    workload: Option<String>,
    /// The seed of the order in which combinations run.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Prints the rows as JSON.
    #[arg(long)]
    json: bool,
}

fn main() -> anyhow::Result<()> {
    let Args { quick, rounds, workload, seed, json } = Args::parse();
    let rounds = rounds.unwrap_or(if quick { 1 } else { 5 });
    let plan = rounds::Plan { rounds, quick, seed, workload };
    let terminal = stderr().is_terminal();
    let samples = rounds::run(&plan, |what| {
        if terminal {
            let _ = write!(stderr(), "\r\x1b[K{what}");
        }
    })?;
    if terminal {
        let _ = write!(stderr(), "\r\x1b[K");
    }
    let rows = report::rows(&samples)?;
    let text = if json {
        let value = serde_json::json!({ "quick": quick, "seed": seed, "rows": rows });
        serde_json::to_string_pretty(&value).context("rows are JSON")? + "\n"
    } else {
        report::table(&rows)
    };
    stdout().write_all(text.as_bytes())?;
    Ok(())
}
