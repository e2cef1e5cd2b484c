//! What a metric does when servers get more cores: a column for each of several bundles of one
//! machine.

use super::Among;
use crate::cell::{Server, Workload};
use crate::figures::{Figures, Metric};
use crate::plan::Filter;
use crate::published::markdown::Sheet;
use crate::quantity;

/// Each server by the cores that it had, and how many times what it had on the fewest it has on the
/// most.
///
/// # Errors
/// If bundles are of different machines or commits, or none of them has such a server.
pub(super) fn sheet(
    bundles: &[&Figures<'_>],
    workload: Workload,
    metric: Metric,
    filter: Option<&Filter>,
) -> Result<Sheet, String> {
    let mut columns = Vec::new();
    for figures in bundles {
        columns.push((cores(figures), Among::of(figures, workload, filter)?));
    }
    columns.sort_by_key(|(cores, _)| *cores);
    let (Some((fewest, first)), Some((most, _))) = (columns.first(), columns.last()) else {
        return Err("no bundle is named".into());
    };
    same_machine(bundles)?;
    let median = |among: &Among<'_, '_>, server: Server| {
        let summary = among.figures.summary(among.cell(server), metric);
        summary.map(|summary| summary.spread.median)
    };
    let rows = first.servers.iter().map(|server| {
        let mut row = vec![server.to_string()];
        row.extend(columns.iter().map(|(_, among)| match among.figure(*server, metric) {
            Ok(figure) => figure,
            Err(_) => "-".to_owned(),
        }));
        let ends = [columns.first(), columns.last()].map(|column| median(&column?.1, *server).ok());
        row.push(match ends {
            [Some(least), Some(greatest)] if least > 0.0 => {
                format!("{:.1} ×", greatest / least)
            }
            _ => "-".to_owned(),
        });
        row
    });
    let rows = rows.collect();
    let mut headings = vec!["server".to_owned()];
    headings.extend(columns.iter().map(|(cores, _)| quantity::several(*cores, "core")));
    headings.push(format!("{most} to {fewest}"));
    let mut notes = vec![format!("{}, by the cores of the server.", metric.title())];
    notes.extend(columns.iter().map(|(_, among)| among.source()));
    Ok(Sheet { headings, rows, words: vec![0], notes })
}

fn cores(figures: &Figures<'_>) -> usize {
    figures.bundle.environment.cores.server.len()
}

/// Only the cores may differ.
fn same_machine(bundles: &[&Figures<'_>]) -> Result<(), String> {
    let of = |figures: &Figures<'_>| {
        let environment = &figures.bundle.environment;
        let (kernel, commit) = (&environment.kernel.release, &environment.source.commit);
        (environment.cpu.model.clone(), kernel.clone(), commit.clone())
    };
    let mut all: Vec<_> = bundles.iter().map(|figures| of(figures)).collect();
    all.dedup();
    if all.len() > 1 {
        return Err("the bundles are of different processors, kernels or commits".into());
    }
    Ok(())
}
