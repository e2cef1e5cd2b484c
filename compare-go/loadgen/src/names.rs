//! Whether what a report is to look at will be counted: known once a workload is prepared, before
//! its first request.

use crate::report::summary::is;
use crate::workload::Job;

/// Looks for each of these among the operations and metrics of the lanes.
///
/// # Errors
/// The first that is not there, with those that are.
pub(crate) fn check(wanted: &[String], jobs: &[Job]) -> Result<(), String> {
    if wanted.is_empty() {
        return Ok(());
    }
    let counted: Vec<(&str, &str)> = jobs.iter().flat_map(counted).collect();
    let unknown = |name: &&String| !counted.iter().any(|(lane, own)| is(name, lane, own));
    let Some(name) = wanted.iter().find(unknown) else { return Ok(()) };
    let mut all: Vec<&str> = counted.iter().map(|(_, own)| *own).collect();
    all.dedup();
    Err(format!("this workload counts no `{name}`; there are {}", all.join(", ")))
}

/// The lane, and the names of what it counts. It takes a share of the lane to tell.
fn counted(job: &Job) -> impl Iterator<Item = (&str, &'static str)> {
    let one = job.share(0, job.lane.share.count.max(1));
    let names = one.part.start(one.lane.share, 0).names();
    let all = names.operations.iter().chain(names.metrics);
    all.map(|name| (job.lane.name.as_str(), *name))
}
