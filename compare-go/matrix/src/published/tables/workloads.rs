//! How hard workloads ask, as tables: as each extent of the matrix has it, and as a bundle had it.

use crate::bundle::Bundle;
use crate::cell::Workload;
use crate::figures::work;
use crate::plan::{Extent, Load, Task, loads};
use crate::published::markdown::Sheet;
use crate::quantity::{count, duration};
use crate::slo::Slo;
use std::collections::BTreeSet;

/// What each extent asks of servers.
pub(super) fn offered() -> Sheet {
    let rows = Workload::ALL.into_iter().map(|workload| {
        let mut row = vec![format!("`{workload}`")];
        row.extend(Extent::ALL.map(|extent| asked(workload, &loads::load(extent, workload))));
        row.push(work::unit(workload).to_owned());
        row.push(promised(loads::promises(Extent::Full, workload)));
        row
    });
    let headings = std::iter::once("workload".to_owned())
        .chain(Extent::ALL.map(|extent| extent.to_string()))
        .chain(["unit of work", "promises"].map(str::to_owned));
    let counted = Extent::ALL.map(|extent| {
        let load = loads::load(extent, Workload::Resolve);
        format!("{} after {} ({extent})", s(load.counted_ms), s(load.warm_up_ms))
    });
    Sheet {
        headings: headings.collect(),
        rows: rows.collect(),
        words: vec![0, 4, 5],
        notes: vec![
            "Requests a second, over connections that ask, with players in the world; promises are \
             those for which the highest rate is searched in a full matrix."
                .to_owned(),
            format!("Counted for {} of warm-up.", counted.join(", ")),
        ],
    }
}

/// What a bundle asked of servers.
pub(super) fn of_bundle(bundle: &Bundle) -> Sheet {
    let plan = &bundle.plan;
    let rows = plan.loads.iter().map(|(workload, load)| {
        let searched = plan.steps.iter().filter_map(|step| match step.task {
            Task::Capacity(slo) if step.cell.workload == *workload => Some(slo),
            _ => None,
        });
        let searched: BTreeSet<Slo> = searched.collect();
        let searched: Vec<Slo> = searched.into_iter().rev().collect();
        vec![
            format!("`{workload}`"),
            work::offered(*workload, load.rate_per_s),
            count(u64::from(load.connections)),
            count(u64::from(load.sessions)),
            format!("{} after {}", s(load.counted_ms), s(load.warm_up_ms)),
            work::unit(*workload).to_owned(),
            promised(&searched),
        ]
    });
    let headings =
        ["workload", "requests", "connections", "players", "counted", "unit of work", "promises"];
    Sheet {
        headings: headings.map(str::to_owned).to_vec(),
        rows: rows.collect(),
        words: vec![0, 5, 6],
        notes: vec![format!(
            "{} each. From bundle `{}` (manifest `{}`).",
            crate::quantity::several(plan.rounds as usize, "round"),
            bundle.head.name,
            bundle.digest_short()
        )],
    }
}

fn asked(workload: Workload, load: &Load) -> String {
    let Load { connections, sessions, .. } = load;
    let players = match sessions {
        0 => String::new(),
        players => format!(", {} players", count(u64::from(*players))),
    };
    let rate = work::offered(workload, load.rate_per_s);
    format!("{rate} over {}{players}", count(u64::from(*connections)))
}

fn promised(slos: &[Slo]) -> String {
    let slos: Vec<String> = slos.iter().map(|slo| slo.to_string().replace('<', " < ")).collect();
    if slos.is_empty() { super::of_cells::NONE.to_owned() } else { slos.join(", ") }
}

fn s(ms: u64) -> String {
    duration(ms / 1_000)
}
