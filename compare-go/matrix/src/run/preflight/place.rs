//! Where a bundle is to be written: whether there is room, and nobody else's is there.

use super::Fault;
use crate::figures::Unit;
use crate::number::float;
use crate::plan::search::ATTEMPTS_MAX;
use crate::plan::{Plan, Task};
use crate::quantity;
use crate::run::environment::files::why;
use std::fs;
use std::path::{Path, PathBuf};

/// Room for a run in a bundle: several times what one takes.
pub const RUN_BYTES: u64 = 256 << 10;
/// Room for the rest of a bundle.
pub const BUNDLE_BYTES: u64 = 16 << 20;

/// Looks at the place of a bundle of this name that is to be begun in the folder of results.
#[must_use]
pub fn place(results: &Path, name: &str, plan: &Plan) -> Vec<Fault> {
    if results.join(name).exists() {
        let what = format!("there is a bundle `{name}` already, and none is written over");
        return vec![Fault::fatal(what, "choose another label, or take that one up again")];
    }
    if let Err(error) = try_to_write(results) {
        let what = format!("{} cannot be written to: {error}", results.display());
        let remedy = "choose another folder for results, or make this one writable";
        return vec![Fault::fatal(what, remedy)];
    }
    match rustix::fs::statvfs(results) {
        Ok(told) => room(told.f_bavail.saturating_mul(told.f_frsize), plan).into_iter().collect(),
        Err(_) => Vec::new(),
    }
}

/// Writes a file there and takes it away; and the folders that were not there.
fn try_to_write(results: &Path) -> Result<(), String> {
    let there = |folder: &&Path| !folder.as_os_str().is_empty() && folder.exists();
    let there = results.ancestors().find(there).unwrap_or(Path::new("."));
    let told = |error: std::io::Error| why(&error);
    if !there.is_dir() {
        return Err(format!("{} is no folder", there.display()));
    }
    let file: PathBuf = there.join(format!(".matrix-{}", std::process::id()));
    fs::write(&file, "matrix").map_err(told)?;
    fs::remove_file(&file).map_err(told)
}

fn room(free: u64, plan: &Plan) -> Option<Fault> {
    let runs = plan.steps.iter().map(|step| match step.task {
        Task::Measure => 1,
        Task::Capacity(_) => ATTEMPTS_MAX as u64,
    });
    let needed = BUNDLE_BYTES + runs.sum::<u64>() * RUN_BYTES;
    let bytes = |bytes: u64| quantity::figure(float(bytes), Unit::Bytes);
    (free < needed).then(|| {
        Fault::fatal(
            format!("the disk has {} left, and a bundle may take {}", bytes(free), bytes(needed)),
            "make room, or choose a folder for results on another disk",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::facts::tests::plan;
    use super::*;
    use crate::run::environment::files::Files;

    #[test]
    fn a_place_that_is_free_has_no_faults_and_is_left_as_it_was() {
        let files = Files::new(&[("results/other/bundle.json", "{}")]);
        let results = files.root().join("results");
        assert_eq!(place(&results, "new", &plan(&[])), []);
        assert_eq!(place(&files.root().join("not/yet"), "new", &plan(&[])), []);
        assert_eq!(fs::read_dir(files.root()).unwrap().count(), 1);
        assert_eq!(fs::read_dir(results).unwrap().count(), 1);
    }

    #[test]
    fn a_name_that_is_taken_and_a_folder_that_is_none_are_fatal() {
        let files = Files::new(&[("results/taken/bundle.json", "{}"), ("file", "")]);
        let taken = place(&files.root().join("results"), "taken", &plan(&[]));
        assert!(taken[0].fatal && taken[0].what.contains("`taken` already"), "{taken:?}");
        let none = place(&files.root().join("file/results"), "new", &plan(&[]));
        assert!(none[0].fatal && none[0].what.ends_with("is no folder"), "{none:?}");
        // Nobody writes there, whoever they are.
        let refused = place(Path::new("/proc/results"), "new", &plan(&[]));
        assert!(
            refused[0].fatal && refused[0].what.contains("cannot be written to"),
            "{refused:?}"
        );
    }

    #[test]
    fn a_disk_has_room_for_every_run_or_is_said_to_be_full() {
        let plan = plan(&[]);
        let needed = BUNDLE_BYTES + plan.steps.len() as u64 * RUN_BYTES;
        assert_eq!(room(needed, &plan), None);
        let fault = room(needed - 1, &plan).unwrap();
        assert!(fault.fatal && fault.what.starts_with("the disk has"), "{fault:?}");
    }
}
