//! `matrix profile`.

use super::{FAILED, Format, NO_ANSWER, print, read_bundle, top};
use crate::bundle::Bundle;
use crate::bundle::write::Writer;
use crate::cell::Cell;
use crate::figures::Figures;
use crate::plan::make::leads;
use crate::plan::{Filter, filter};
use crate::profile::flame::{self, Use};
use crate::profile::rules::Rules;
use crate::profile::shown::Shown;
use crate::profile::take::{Asked, SECONDS_MAX};
use crate::profile::told::Told;
use crate::quantity::{duration, several};
use crate::run::interrupt::Stop;
use crate::run::show;
use anyhow::Context;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// For how long a server is started, its world set up and its load begun, in s: an estimate.
const AROUND_S: u64 = 12;

/// What is profiled.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cargo matrix profile BUNDLE --cells resolve               the usual servers under one workload
  cargo matrix profile BUNDLE --cells resolve,kind=go       Go alone
  cargo matrix profile BUNDLE --show                        what the bundle has, without sampling
  cargo matrix profile BUNDLE --show --svg flames           and flame graphs, a file for each

Profiles are added to the bundle, which must have been measured with the programs that are there.
What it has already is not taken again. Without --cells: every workload of the bundle; the engine on
its default allocator and arena, peers, and Go.

Exit code 0: every profile is there. 1: some could not be taken, and why was said. 2: asked for
wrongly. 3: the bundle is refused.")]
pub(super) struct Args {
    /// The bundle, by name or folder
    bundle: String,
    /// Only these cells; may be repeated
    #[arg(long, value_name = "FILTER")]
    cells: Vec<Filter>,
    /// For how long each sampler looks
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=i64::from(SECONDS_MAX)))]
    seconds: u32,
    /// Another rate than the plan's, in units of work a second, as 15000 or 15k
    #[arg(long, value_name = "R", value_parser = super::recommend::number)]
    rate: Option<f64>,
    /// Show what the bundle has, and take nothing
    #[arg(long, conflicts_with_all = ["seconds", "rate"])]
    show: bool,
    /// Write a flame graph of each profile into this folder
    #[arg(long, value_name = "FOLDER")]
    svg: Option<PathBuf>,
    /// How shares are written
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Where bundles are found by name [default: compare-go/results]
    #[arg(long, value_name = "FOLDER")]
    results: Option<PathBuf>,
}

/// Profiles.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let bundle = match read_bundle(&args.bundle, args.results.as_deref()) {
        Ok(bundle) => bundle,
        Err(error) => {
            writeln!(io::stderr(), "matrix: {error:#}")?;
            return Ok(ExitCode::from(NO_ANSWER));
        }
    };
    let cells = args.cells_of(&bundle);
    if cells.is_empty() {
        writeln!(io::stderr(), "matrix: no cell of {} is meant by --cells", bundle.head.name)?;
        return Ok(ExitCode::from(super::MISUSED));
    }
    let failed = if args.show { false } else { !args.take(&bundle, &cells)? };
    // Read anew: what was added is held to the same checks as the rest.
    let bundle = Bundle::read(&bundle.folder)?;
    let figures = Figures::of(&bundle);
    if let Some(folder) = &args.svg {
        draw(&figures, &cells, folder)?;
    }
    let shown = Shown::of(&figures, &cells);
    print(&match args.format {
        Format::Text => shown.iter().map(Shown::text).collect::<Vec<_>>().join("\n"),
        Format::Json => {
            let all: Vec<_> = shown.iter().map(Shown::json).collect();
            serde_json::to_string_pretty(&all)? + "\n"
        }
    })?;
    Ok(if failed { ExitCode::from(FAILED) } else { ExitCode::SUCCESS })
}

impl Args {
    /// The cells that are meant, in the order of the plan.
    fn cells_of(&self, bundle: &Bundle) -> Vec<Cell> {
        let mut cells = Vec::new();
        for workload in bundle.plan.loads.keys() {
            let servers = bundle.plan.servers.iter();
            cells.extend(servers.map(|server| Cell { workload: *workload, server: *server }));
        }
        let measured = |cell: &Cell| bundle.plan.steps.iter().any(|step| step.cell == *cell);
        let meant = |cell: &Cell| {
            let named = |cell| filter::any(&self.cells, cell);
            measured(cell)
                && named(*cell)
                && (!self.cells.is_empty() || leads(cell.server) || self.show)
        };
        cells.retain(meant);
        cells
    }

    /// Takes those that are not there. Whether all are there afterwards.
    fn take(&self, bundle: &Bundle, cells: &[Cell]) -> anyhow::Result<bool> {
        let left: Vec<Cell> =
            cells.iter().copied().filter(|cell| !bundle.profiles.contains_key(cell)).collect();
        if left.is_empty() {
            return Ok(true);
        }
        let mut show = show::on_stderr();
        let samplers = |cell: &Cell| if cell.server.is_go() { 2 } else { 1 };
        let seconds: u64 =
            left.iter().map(|cell| AROUND_S + u64::from(self.seconds) * samplers(cell)).sum();
        let (profiles, time) = (several(left.len(), "profile"), duration(seconds));
        show.note(&format!("{profiles} to take, in about {time}"));
        let (mut writer, _) = Writer::resume(&bundle.folder)?;
        let (top, stop) = (top()?, Stop::default());
        stop.on_signals()?;
        let mut all = true;
        for (index, cell) in left.iter().enumerate() {
            show.note(&format!("{}/{} {cell}", index + 1, left.len()));
            let asked = Asked {
                top: &top,
                bundle,
                cell: *cell,
                seconds: self.seconds,
                rate_per_s: self.rate,
            };
            let why = match asked.take(&mut *show, &stop) {
                Ok(profile) => match profile.best() {
                    Ok(_) => {
                        writer.profile(&profile)?;
                        continue;
                    }
                    Err(why) => format!("no samples: {why}"),
                },
                Err(error) => {
                    // What was taken so far is in the bundle.
                    stop.check()?;
                    format!("{error:#}")
                }
            };
            all = false;
            show.note(&format!("{cell}: {why}"));
        }
        Ok(all)
    }
}

/// A flame graph of each profile that there is.
fn draw(figures: &Figures<'_>, cells: &[Cell], folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let told = cells.iter().filter_map(|cell| Told::all(figures, *cell).ok()).flatten();
    for told in told {
        let Told { cell, sampler, .. } = told;
        let title = format!("{cell}, {} samples by {sampler}", told.shares.samples);
        let svg = flame::svg(&told.stacks, Rules::ours(), &title, Use::Alone)?;
        let file = folder.join(format!("{cell}.{sampler}.svg"));
        fs::write(&file, svg).with_context(|| file.display().to_string())?;
    }
    Ok(())
}
