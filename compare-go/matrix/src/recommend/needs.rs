//! What a choice needs: cores and memory, with their intervals; and how far that goes beyond what
//! was measured.

use crate::cell::Cell;
use crate::figures::{Figures, Metric};
use crate::number::{float, whole};
use crate::quantity;
use crate::recommend::evidence::{self, Basis};
use crate::recommend::{Ask, Choice, Container};
use crate::statistics::{Estimate, Interval};
use serde::Serialize;

/// Beyond so many times of what was measured an answer is a guess.
const BEYOND_MAX: f64 = 4.0;

/// What a choice needs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Needs {
    /// Cores.
    pub cores: Cores,
    /// Resident memory, in bytes.
    pub memory: Estimate,
}

/// A number of cores, from the interval of the rate that one serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Cores {
    /// As it is likely to be.
    pub likely: u64,
    /// If one serves as much as its interval allows.
    pub least: u64,
    /// If one serves as little.
    pub most: u64,
}

impl Needs {
    /// Of a cell.
    ///
    /// # Errors
    /// If memory is not known.
    pub(super) fn of(
        figures: &Figures<'_>,
        cell: Cell,
        ask: &Ask,
        rate_per_core: Estimate,
    ) -> Result<Self, String> {
        let cores =
            |rate: f64| whole((ask.rate_per_s / (rate * (1.0 - ask.headroom))).ceil()).max(1);
        let Interval { lower, upper } = rate_per_core.interval;
        let cores =
            Cores { likely: cores(rate_per_core.value), least: cores(upper), most: cores(lower) };
        Ok(Self { cores, memory: memory(figures, cell, ask.sessions)? })
    }
}

/// What was resident under the load, and for every connection more than there were what one took.
fn memory(figures: &Figures<'_>, cell: Cell, sessions: u64) -> Result<Estimate, String> {
    let resident = evidence::with_interval(figures.summary(cell, Metric::Resident)?)?;
    let more = float(sessions.saturating_sub(connected(figures, cell)));
    if more == 0.0 {
        return Ok(resident);
    }
    let each = evidence::with_interval(figures.summary(cell, Metric::PerConnection)?)?;
    let sum = |resident: f64, each: f64| resident + more * each;
    Ok(Estimate {
        value: sum(resident.value, each.value),
        interval: Interval {
            lower: sum(resident.interval.lower, each.interval.lower),
            upper: sum(resident.interval.upper, each.interval.upper),
        },
    })
}

/// Connections under which a cell was measured.
fn connected(figures: &Figures<'_>, cell: Cell) -> u64 {
    let load = figures.bundle.plan.loads.get(&cell.workload);
    load.map_or(0, |load| u64::from(load.connections))
}

/// How far an answer goes beyond what was measured, a sentence each.
pub(super) fn beyond(
    figures: &Figures<'_>,
    ask: &Ask,
    basis: Basis,
    choices: &[Choice],
) -> Vec<String> {
    let bundle = figures.bundle;
    let mut said = Vec::new();
    match basis {
        Basis::Search(slo) if slo == ask.slo => {}
        Basis::Search(slo) => said.push(format!(
            "{} was not searched for: rates are those that keep {slo}, which is stricter, so they \
             are lower bounds",
            ask.slo
        )),
        Basis::Load => said.push(format!(
            "no capacity was searched for at {}: rates are those of the load that was offered, so \
             they are lower bounds, and servers are ordered by CPU",
            ask.slo
        )),
    }
    if matches!(basis, Basis::Search(_)) && choices.iter().any(|choice| choice.at_least) {
        said.push(
            "\"at least\" is as far as the generator is proven, and there the promise was kept"
                .into(),
        );
    }
    let times = |asked: f64, measured: f64, what: &str| {
        let times = asked / measured;
        let guess = if times > BEYOND_MAX { ": a guess; measure it" } else { "" };
        (times > 1.0).then(|| format!("{what} {times:.1} times as measured{guess}"))
    };
    let server_cores = bundle.environment.cores.server.len().max(1);
    if let Some(choice) = choices.first() {
        let needed = choice.needs.cores.likely;
        let what = format!(
            "{needed} cores are taken to serve {needed} times what one does, and {} measured:",
            if server_cores == 1 { "one was".to_owned() } else { format!("{server_cores} were") }
        );
        said.extend(times(float(needed), float(server_cores as u64), &what));
    }
    let load = bundle.plan.loads.get(&ask.workload);
    let connections = load.map_or(0, |load| load.connections).max(1);
    let what = format!(
        "{} sessions are taken to need what {} connections did, each the same:",
        quantity::count(ask.sessions),
        quantity::count(u64::from(connections))
    );
    said.extend(times(float(ask.sessions), f64::from(connections), &what));
    let measured = &bundle.environment.kernel.release;
    if ask.kernel.is_some_and(|kernel| measured.parse().ok() != Some(kernel)) {
        let asked = ask.kernel.map(|kernel| kernel.to_string()).unwrap_or_default();
        said.push(format!("measured on Linux {measured}; on {asked} nothing was"));
    }
    if ask.container != Container::None {
        said.push("measured without a container; its network and quota may cost more".into());
    }
    said.push(format!(
        "measured on {} with client and server on one machine: a network adds its own latency",
        bundle.environment.cpu.model
    ));
    said
}
