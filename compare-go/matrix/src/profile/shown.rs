//! Profiles of a bundle as text and as JSON.

use crate::cell::{Cell, Workload};
use crate::figures::{Figures, Unit};
use crate::profile::layer::Layer;
use crate::profile::told::Told;
use crate::quantity::{count, figure};
use serde_json::{Value, json};
use std::fmt::Write;

/// The share of CPU time above which a scheduler was said to be too dear.
pub const SCHEDULER_MAX: f64 = 0.15;
/// Frames that are shown of what no rule names.
const UNNAMED_MAX: usize = 8;

/// What is shown of a bundle.
#[derive(Debug)]
pub struct Shown<'b> {
    workload: Workload,
    /// By cell and sampler.
    told: Vec<Told<'b>>,
    /// Cells without samples, and why.
    missing: Vec<(Cell, String)>,
}

impl<'b> Shown<'b> {
    /// The profiles of cells, by workload.
    #[must_use]
    pub fn of(figures: &Figures<'b>, cells: &[Cell]) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for cell in cells {
            let place = all.iter().position(|shown| shown.workload == cell.workload);
            let place = place.unwrap_or_else(|| {
                let workload = cell.workload;
                all.push(Self { workload, told: Vec::new(), missing: Vec::new() });
                all.len() - 1
            });
            match Told::all(figures, *cell) {
                Ok(told) => all[place].told.extend(told),
                Err(why) => all[place].missing.push((*cell, why)),
            }
        }
        all
    }

    /// As tables: shares, what a unit of work costs, and what follows.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{}: share of CPU time by layer\n", self.workload);
        text += &self.table(|told, layer| percent(told.shares.share(layer)), true);
        if self.told.iter().any(|told| told.cpu_ns.is_ok()) {
            let _ = writeln!(text, "\n{}: CPU time for a unit of work by layer", self.workload);
            let cost = |told: &Told<'_>, layer| {
                told.cost_ns(layer).map_or("-".to_owned(), |ns| figure(ns, Unit::Time))
            };
            text += &self.table(cost, false);
        }
        text.push('\n');
        text += &self.schedulers();
        for told in &self.told {
            let name = name(told);
            if let Some(doubt) = told.doubt() {
                let _ = writeln!(text, "{name}: {doubt}");
            }
            if let Err(why) = &told.cpu_ns {
                let _ = writeln!(text, "{name}: no cost by layer: {why}");
            }
            let unnamed = told.shares.frames(Layer::Unclassified);
            for (frame, samples) in unnamed.iter().take(UNNAMED_MAX) {
                let _ = writeln!(text, "{name}: unclassified: {samples} x {frame}");
            }
        }
        for (cell, why) in &self.missing {
            let _ = writeln!(text, "{cell}: no profile: {why}");
        }
        text
    }

    fn table(&self, shown: impl Fn(&Told<'_>, Layer) -> String, is_shares: bool) -> String {
        let head = Layer::ALL.iter().map(|layer| layer.title().to_owned());
        let mut rows: Vec<Vec<String>> =
            vec![["server".to_owned()].into_iter().chain(head).collect()];
        if is_shares {
            rows[0].extend(["samples".to_owned(), "within".to_owned()]);
        }
        for told in &self.told {
            let mut row = vec![name(told)];
            row.extend(Layer::ALL.iter().map(|layer| shown(told, *layer)));
            if is_shares {
                let reach = Layer::ALL.iter().map(|layer| told.shares.interval(*layer));
                let reach = reach.map(|i| (i.upper - i.lower) / 2.0).fold(0.0, f64::max);
                row.extend([count(told.shares.samples), format!("±{:.1}", reach * 100.0)]);
            }
            rows.push(row);
        }
        aligned(&rows)
    }

    /// Whose schedulers take more than was said to be too much, as far as the samples tell.
    fn schedulers(&self) -> String {
        let mut said: [Vec<String>; 3] = Default::default();
        for told in &self.told {
            let interval = told.shares.interval(Layer::Scheduler);
            let place = match () {
                () if interval.lower > SCHEDULER_MAX => 0,
                () if interval.upper < SCHEDULER_MAX => 1,
                () => 2,
            };
            said[place].push(name(told));
        }
        let words = ["above", "below", "not told apart from"];
        let mut text = String::new();
        for (word, names) in words.into_iter().zip(&said).filter(|(_, names)| !names.is_empty()) {
            let percent = SCHEDULER_MAX * 100.0;
            let _ = writeln!(text, "scheduler {word} {percent:.0} %: {}", names.join(", "));
        }
        text
    }

    /// As JSON, with the intervals of all shares.
    #[must_use]
    pub fn json(&self) -> Value {
        let told = self.told.iter().map(|told| {
            let layers = Layer::ALL.iter().map(|layer| {
                let interval = told.shares.interval(*layer);
                let frames = told.shares.frames(*layer).iter().take(UNNAMED_MAX);
                let frames: Vec<Value> = frames
                    .map(|(frame, samples)| json!({ "frame": frame, "samples": samples }))
                    .collect();
                json!({
                    "layer": layer,
                    "samples": told.shares.count(*layer),
                    "share": told.shares.share(*layer),
                    "lower": interval.lower,
                    "upper": interval.upper,
                    "cpu_ns": told.cost_ns(*layer),
                    "frames": frames,
                })
            });
            json!({
                "cell": told.cell,
                "sampler": told.sampler,
                "rules": told.profile.rules,
                "samples": told.shares.samples,
                "cpu_ns": told.cpu_ns.as_ref().ok(),
                "doubt": told.doubt(),
                "layers": layers.collect::<Vec<_>>(),
            })
        });
        let missing = self.missing.iter().map(|(cell, why)| json!({ "cell": cell, "why": why }));
        json!({
            "workload": self.workload,
            "profiles": told.collect::<Vec<_>>(),
            "missing": missing.collect::<Vec<_>>(),
        })
    }
}

fn name(told: &Told<'_>) -> String {
    format!("{} ({})", told.cell.server, told.sampler)
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Columns of equal width, the first to the left and the others to the right.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let _ = match column {
                0 => write!(text, "{cell:<width$}"),
                _ => write!(text, "  {cell:>width$}"),
            };
        }
        text.push('\n');
    }
    text
}
