//! Whether what a report is to look at will be counted: known once a workload is prepared, before its
//! first request.

use crate::workload::{Job, Names};

/// Looks for each of these among the operations and metrics of the lanes.
///
/// # Errors
/// The first that is not there, with those that are.
pub(crate) fn check(wanted: &[String], jobs: &[Job]) -> Result<(), String> {
    if wanted.is_empty() {
        return Ok(());
    }
    let names: Vec<Names> = jobs.iter().map(names).collect();
    let mut counted: Vec<&str> = names
        .iter()
        .flat_map(|names| names.operations.iter().chain(names.metrics).copied())
        .collect();
    counted.dedup();
    match wanted.iter().find(|name| !counted.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => {
            Err(format!("this workload counts no `{name}`; there are {}", counted.join(", ")))
        }
    }
}

/// What a lane counts. It takes a connection's share of the lane to tell.
fn names(job: &Job) -> Names {
    let one = job.share(0, job.lane.share.count.max(1));
    one.part.start(one.lane.share, 0).names()
}
