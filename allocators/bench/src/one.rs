//! One workload, once, on the allocator of this process.

use crate::sample::Sample;
use crate::workloads::{ARENAS, Scale, Workload};
use alloc_bumpalo::BumpArena;
use alloc_heap::HeapArena;
use alloc_witness::{Seen, Witness};
use anyhow::{Context, ensure};
use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

/// Runs what the arguments name, `WORKLOAD ARENA full|quick`, and prints a sample.
#[must_use]
pub fn main(installed: &'static dyn Witness) -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(installed, &args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(stderr(), "alloc-bench-{}: {error:#}", installed.name());
            ExitCode::FAILURE
        }
    }
}

fn run(installed: &dyn Witness, args: &[String]) -> anyhow::Result<()> {
    let [workload, arena, scale] = args else {
        anyhow::bail!("it is asked for as WORKLOAD ARENA full|quick")
    };
    let seen = Seen::look(installed, &[&alloc_system::WITNESS]);
    ensure!(seen.is_as_installed(), "{} serves, not {}", seen.allocator, seen.installed);
    let scale = Scale::from_name(scale).context("there is no such scale")?;
    let chosen = Workload::from_name(workload).context("there is no such workload")?;
    let run = match arena.as_str() {
        "heap" => chosen.run::<HeapArena>(scale),
        "bump" => chosen.run::<BumpArena>(scale),
        _ => anyhow::bail!("there is no arena {arena}; there are {}", ARENAS.join(" and ")),
    };
    let sample = Sample {
        workload: workload.clone(),
        arena: arena.clone(),
        allocator: seen.allocator.to_owned(),
        version: seen.version,
        run,
    };
    writeln!(stdout(), "{}", serde_json::to_string(&sample)?)?;
    Ok(())
}
