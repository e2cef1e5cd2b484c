//! What would spoil a run, found before the first round: each with its remedy.
//!
//! Facts are gathered once; what they mean for a plan is told from them alone, so that each limit
//! is crossed by a test. What is fatal leaves nothing to be measured. All else is said, and runs
//! that suffer from it are found out one by one: they fail with a reason, or do not count.

pub(crate) mod busy;
mod choice;
mod facts;
mod limits;
mod machine;
mod place;
mod tools;

pub use choice::{Choice, GENERATOR_CORES_MAX};
pub use limits::{MEMORY_BESIDES_BYTES, MEMORY_PER_CONNECTION_BYTES, PORTS_MIN, SOMAXCONN_MIN};
pub use machine::BUSY_MAX;
pub use place::{BUNDLE_BYTES, RUN_BYTES, place};

use crate::bundle::environment::Cores;
use crate::plan::Plan;
use facts::Facts;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::path::Path;

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
    /// Whether nothing can be measured so; otherwise figures would be doubtful, or some missing.
    pub fatal: bool,
}

impl Fault {
    fn fatal(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into(), fatal: true }
    }

    fn doubt(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into(), fatal: false }
    }
}

/// Which cores servers and the generator have: those that were asked for, or a good choice.
///
/// # Errors
/// If there are too few, they overlap, or this process may not use them; with the remedy.
pub fn cores(server: Option<&[u32]>, generator: Option<&[u32]>) -> Result<Choice, String> {
    choice::Machine::read(Path::new("/"))?.choose(server, generator)
}

/// Raises the limit on descriptors as far as the system lets it, for this process and all that it
/// starts. Go does so by itself; with this, all have the same.
///
/// # Errors
/// If the system refuses, with the remedy.
pub fn raise_descriptors() -> Result<(), String> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return Ok(());
    }
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised).map_err(|error| {
        format!(
            "the limit on descriptors cannot be raised to its maximum ({error}); see `ulimit -n`"
        )
    })
}

/// Looks for what is wrong, what is fatal first. Costs a second, in which it looks at who uses the
/// cores, and asks each tool for its version. Where programs are taken as they lie there, no
/// compiler is missing.
#[must_use]
pub fn faults(top: &Path, plan: &Plan, cores: &Cores, built: bool) -> Vec<Fault> {
    meant(&Facts { builds: !built, ..Facts::gather(top, plan, cores) }, plan, cores)
}

/// What facts mean for a plan.
fn meant(facts: &Facts, plan: &Plan, cores: &Cores) -> Vec<Fault> {
    let mut faults = tools::faults(facts, plan);
    faults.extend(limits::faults(facts, plan));
    faults.extend(machine::faults(facts, cores));
    faults.sort_by_key(|fault| !fault.fatal);
    faults
}

/// Names in a row, of which the first few stand for many.
fn named(names: &[String]) -> String {
    const SHOWN_MAX: usize = 4;
    match names {
        [] => "nothing".into(),
        [one] => one.clone(),
        [all @ .., last] if names.len() <= SHOWN_MAX => format!("{} and {last}", all.join(", ")),
        _ => {
            let shown = names[..SHOWN_MAX - 1].join(", ");
            format!("{shown} and {} others", names.len() + 1 - SHOWN_MAX)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::facts::tests::{fine, plan};
    use super::*;

    const CORES: &[(&[u32], &[u32])] = &[(&[1], &[0])];

    fn of_two() -> Cores {
        let (server, generator) = CORES[0];
        Cores { server: server.to_vec(), generator: generator.to_vec() }
    }

    #[test]
    fn a_machine_on_which_all_is_well_has_no_faults() {
        assert_eq!(meant(&fine(), &plan(&[]), &of_two()), []);
    }

    #[test]
    fn what_is_fatal_is_told_first_and_every_fault_has_a_remedy() {
        let mut facts = fine();
        facts.somaxconn = Some(1);
        facts.tools.insert("cargo", Err("there is no cargo on PATH".into()));
        let faults = meant(&facts, &plan(&[]), &of_two());
        assert_eq!(faults.iter().map(|fault| fault.fatal).collect::<Vec<_>>(), [true, false]);
        assert!(faults.iter().all(|fault| !fault.remedy.is_empty()), "{faults:?}");
    }

    #[test]
    fn this_machine_is_looked_at() {
        let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        raise_descriptors().unwrap();
        assert_eq!(getrlimit(Resource::Nofile).current, getrlimit(Resource::Nofile).maximum);
        for fault in faults(&top, &plan(&["kind=rust,loot"]), &of_two(), false) {
            assert!(!fault.what.is_empty() && !fault.remedy.is_empty(), "{fault:?}");
            assert!(!fault.what.contains('\n') && !fault.remedy.contains('\n'), "{fault:?}");
        }
    }

    #[test]
    fn many_names_are_told_by_the_first_and_how_many_others() {
        let names = |count: usize| -> Vec<String> { (0..count).map(|n| n.to_string()).collect() };
        assert_eq!(named(&names(1)), "0");
        assert_eq!(named(&names(4)), "0, 1, 2 and 3");
        assert_eq!(named(&names(9)), "0, 1, 2 and 6 others");
    }
}
