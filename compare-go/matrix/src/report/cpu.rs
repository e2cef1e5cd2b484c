//! Where the CPU time of servers goes: user space and kernel, as every run tells, and by layer,
//! where a profile does.

use crate::axis::Axis;
use crate::bundle::files::Name;
use crate::cell::{Cell, Server, Workload};
use crate::figures::{Figures, Metric, Unit};
use crate::profile::flame::{self, Use};
use crate::profile::layer::Layer;
use crate::profile::rules::Rules;
use crate::profile::told::Told;
use crate::quantity::{self, figure};
use crate::report::cells::Cells;
use crate::report::number::Number;
use crate::report::svg;
use crate::statistics::Interval;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Where the CPU time of servers goes, under one workload.
#[derive(Clone, Debug)]
pub(super) struct Cpu {
    /// By server, the cheapest first.
    pub(super) rows: Vec<CpuRow>,
    /// Where bars lie.
    pub(super) axis: Axis,
    /// By server in the same order, where there is a profile.
    pub(super) layers: Vec<LayersRow>,
}

/// Where the CPU time of a server goes.
#[derive(Clone, Debug)]
pub(super) struct CpuRow {
    /// Which server.
    pub(super) server: Server,
    /// All of it, for a unit of work.
    pub(super) all: Number,
    /// In user space and in the kernel; or why that is not told.
    pub(super) parts: Result<[Number; 2], String>,
}

/// The layers of a server.
#[derive(Clone, Debug)]
pub(super) struct LayersRow {
    /// Which server.
    pub(super) server: Server,
    /// By layer, in the order of [`Layer::ALL`].
    pub(super) parts: Vec<Part>,
    /// The bar.
    pub(super) bar: String,
    /// Samples, and who took them.
    pub(super) samples: String,
    /// The file in the bundle.
    pub(super) file: String,
    /// Why it is to be read with care.
    pub(super) doubt: Option<String>,
    /// The flame graph, as the address of a picture.
    pub(super) flames: Option<String>,
    /// What it shows, in words.
    pub(super) alternative: String,
}

/// The share of a layer.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// Which.
    pub(super) layer: Layer,
    /// The share, 0 to 1.
    pub(super) value: f64,
    /// Where it lies with 95 % confidence.
    pub(super) interval: Interval,
    /// CPU time for a unit of work, in nanoseconds; none where that is not known.
    pub(super) cost_ns: Option<f64>,
}

impl Part {
    /// The share, in words.
    pub(super) fn share(&self) -> String {
        figure(self.value, Unit::Share)
    }

    /// The share and where it lies.
    pub(super) fn within(&self) -> String {
        quantity::with_interval(self.value, self.interval, Unit::Share)
    }

    /// CPU time for a unit of work.
    pub(super) fn cost(&self) -> Option<String> {
        self.cost_ns.map(|ns| figure(ns, Unit::Time))
    }
}

impl Cpu {
    pub(super) fn of(figures: &Figures<'_>, workload: Workload, cells: &Cells) -> Self {
        let servers = figures.servers(workload).into_iter();
        let mut rows: Vec<CpuRow> = servers
            .filter_map(|server| {
                let cell = Cell { workload, server };
                let number = |metric| {
                    let summary = figures.summary(cell, metric)?;
                    Ok(Number::of_rounds(metric, cells.index(figures, cell), &summary))
                };
                let all = number(Metric::Cpu).ok()?;
                let user = number(Metric::CpuUser);
                let kernel = number(Metric::CpuKernel);
                let parts = user.and_then(|user| Ok([user, kernel?]));
                Some(CpuRow { server, all, parts })
            })
            .collect();
        rows.sort_by(|a, b| a.all.value.total_cmp(&b.all.value));
        let axis = Axis::from_zero(rows.iter().map(|row| row.all.value));
        let layers = rows.iter().filter_map(|row| {
            let cell = Cell { workload, server: row.server };
            Told::of(figures, cell).ok().map(|told| LayersRow::of(&told, &axis))
        });
        let layers = layers.collect();
        Self { rows, axis, layers }
    }

    /// The layers that some server has samples of.
    pub(super) const fn kinds() -> [Layer; Layer::ALL.len()] {
        Layer::ALL
    }
}

impl CpuRow {
    /// Its bar.
    pub(super) fn bar(&self, axis: &Axis) -> String {
        match &self.parts {
            Ok([user, kernel]) => svg::stack(axis, "part", &[user.value, kernel.value]),
            Err(_) => svg::stack(axis, "part", &[self.all.value]),
        }
    }
}

impl LayersRow {
    fn of(told: &Told<'_>, axis: &Axis) -> Self {
        let Told { cell, shares, sampler, .. } = told;
        let parts: Vec<Part> = Layer::ALL
            .into_iter()
            .map(|layer| Part {
                layer,
                value: shares.share(layer),
                interval: shares.interval(layer),
                cost_ns: told.cost_ns(layer),
            })
            .collect();
        let lengths = Layer::ALL.map(|layer| told.cost_ns(layer).unwrap_or_default());
        let title = format!("{cell}, {} samples by {sampler}", shares.samples);
        let flames = flame::svg(&told.stacks, Rules::ours(), &title, Use::Picture).ok();
        let flames =
            flames.map(|svg| format!("data:image/svg+xml;base64,{}", STANDARD.encode(svg)));
        let named: Vec<String> = parts
            .iter()
            .filter(|part| shares.count(part.layer) > 0)
            .map(|part| format!("{} {}", part.layer.title(), part.share()))
            .collect();
        Self {
            server: cell.server,
            bar: svg::stack(axis, "layer", &lengths),
            samples: format!("{} by {sampler}", quantity::count(shares.samples)),
            file: Name::Profile(*cell).to_string(),
            doubt: told.doubt(),
            flames,
            alternative: format!("Flame graph of {cell}: {}", named.join(", ")),
            parts,
        }
    }
}
