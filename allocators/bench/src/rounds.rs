//! Starts the programs, one run at a time: every combination once in a round, in an order that is
//! shuffled anew for each, so that what slows the machine for a while slows all of them alike.

use crate::sample::Sample;
use crate::workloads::{ARENAS, Scale, Workload};
use anyhow::{Context, bail, ensure};
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The allocators, each a program beside this one.
pub const ALLOCATORS: [&str; 3] = ["mimalloc", "jemalloc", "system"];

/// What is run, and how often.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How often each combination runs.
    pub rounds: u32,
    /// A twentieth of the work.
    pub quick: bool,
    /// Of the order.
    pub seed: u64,
    /// One workload; all where none is named.
    pub workload: Option<String>,
}

/// A workload, an arena and an allocator.
type Cell = (Workload, &'static str, &'static str);

/// Runs the plan. `progress` is told what comes next.
///
/// # Errors
/// If there is no such workload, or a program cannot be built or fails.
pub fn run(plan: &Plan, mut progress: impl FnMut(&str)) -> anyhow::Result<Vec<Sample>> {
    let mut cells = cells(plan.workload.as_deref())?;
    let folder = programs()?;
    let mut any = fastrand::Rng::with_seed(plan.seed);
    let mut samples = Vec::new();
    for round in 1..=plan.rounds {
        any.shuffle(&mut cells);
        for (workload, arena, allocator) in &cells {
            let name = workload.name();
            progress(&format!("round {round} of {}: {name} {arena} {allocator}", plan.rounds));
            samples.push(once(&folder, *workload, arena, allocator, plan.quick)?);
        }
    }
    Ok(samples)
}

fn cells(workload: Option<&str>) -> anyhow::Result<Vec<Cell>> {
    let workloads = match workload {
        None => Workload::ALL.to_vec(),
        Some(name) => vec![Workload::from_name(name).with_context(|| {
            let names = Workload::ALL.map(Workload::name).join(", ");
            format!("no workload is called {name}; there are {names}")
        })?],
    };
    let each = |workload| {
        let arenas = ARENAS.into_iter();
        arenas.flat_map(move |arena| ALLOCATORS.map(|allocator| (workload, arena, allocator)))
    };
    Ok(workloads.into_iter().flat_map(each).collect())
}

/// The folder of the programs, which cargo brings up to date where it started this one.
fn programs() -> anyhow::Result<PathBuf> {
    let own = env::current_exe().context("this program has no path")?;
    let folder = own.parent().context("a program lies in a folder")?;
    if let (Some(cargo), Some(target)) = (env::var_os("CARGO"), folder.parent()) {
        let mut build = Command::new(cargo);
        build.args(["build", "--quiet", "--package", "alloc-bench", "--bins", "--target-dir"]);
        build.arg(target).args((!cfg!(debug_assertions)).then_some("--release"));
        ensure!(build.status()?.success(), "the programs cannot be built");
    }
    Ok(folder.to_owned())
}

fn once(
    folder: &Path,
    workload: Workload,
    arena: &str,
    allocator: &str,
    quick: bool,
) -> anyhow::Result<Sample> {
    let path = folder.join(format!("alloc-bench-{allocator}"));
    let scale = if quick { Scale::Quick } else { Scale::Full };
    let output = Command::new(&path)
        .args([workload.name(), arena, scale.name()])
        .output()
        .with_context(|| format!("{} cannot be started", path.display()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{allocator} {} {arena}: {}: {said}", workload.name(), output.status);
    }
    let sample: Sample = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("{allocator} printed no sample"))?;
    ensure!(sample.allocator == allocator, "{} ran, not {allocator}", sample.allocator);
    Ok(sample)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_is_run_once_a_round() {
        assert_eq!(cells(None).unwrap().len(), 4 * 2 * 3);
        assert_eq!(cells(Some("quests")).unwrap().len(), 2 * 3);
        let error = cells(Some("quest")).unwrap_err().to_string();
        assert!(error.contains("states, players, requests, quests"), "{error}");
    }
}
