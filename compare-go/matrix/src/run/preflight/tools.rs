//! Tools that are not there, and what each costs in results.

use super::Fault;
use super::facts::Facts;
use crate::plan::Plan;

/// The oldest Go that builds the reference: `go 1.26` in its `go.mod`.
const GO_MINOR_MIN: u32 = 26;
/// Above this `kernel.perf_event_paranoid`, only root sees what the kernel does.
const PARANOID_MAX: i32 = 1;

/// What is missing.
pub(super) fn faults(facts: &Facts, plan: &Plan) -> Vec<Fault> {
    let mut faults = Vec::new();
    if facts.builds {
        faults.extend(building(facts, plan));
    }
    if let Some(why) = missing(facts, "wrk") {
        let what = format!("that the generator agrees with wrk will not be proven: {why}");
        faults.push(Fault::doubt(what, "install the package wrk"));
    }
    faults.extend(counting(facts));
    faults
}

/// Why a tool is missing, where it is.
fn missing<'a>(facts: &'a Facts, name: &str) -> Option<&'a String> {
    facts.tools.get(name)?.as_ref().err()
}

/// What programs are built by.
fn building(facts: &Facts, plan: &Plan) -> Vec<Fault> {
    let mut faults = Vec::new();
    for name in ["cargo", "rustc"] {
        if let Some(why) = missing(facts, name) {
            let what = format!("nothing can be built: {why}");
            let remedy = "install Rust (rustup), or put it on PATH; or build elsewhere and take \
                          target/matrix from there (--built)";
            faults.push(Fault::fatal(what, remedy));
        }
    }
    if let Some(why) = missing(facts, "cc").filter(|_| !facts.built) {
        let what = format!("nothing can be linked, nor allocators compiled: {why}");
        faults.push(Fault::fatal(what, "install a C compiler (the package build-essential)"));
    }
    if let Some(why) = missing(facts, "strip") {
        let what = format!("sizes without symbols will be missing: {why}");
        faults.push(Fault::doubt(what, "install the package binutils"));
    }
    if let Some(why) = missing(facts, "git") {
        let what = format!("results will not say of which commit they are: {why}");
        faults.push(Fault::doubt(what, "install the package git"));
    }
    faults.extend(go(facts, plan));
    faults
}

/// Go's rows, where the plan has any.
fn go(facts: &Facts, plan: &Plan) -> Option<Fault> {
    let of_go = plan.servers.iter().filter(|server| server.is_go()).count();
    let why = match facts.tools.get("go")? {
        Err(why) => why.clone(),
        Ok(version) if is_old(version) => format!("{version} is too old"),
        Ok(_) => return None,
    };
    let remedy = format!("put Go 1.{GO_MINOR_MIN} or newer on PATH");
    let what = |rows: &str| format!("{rows}: {why}");
    match of_go {
        0 => None,
        all if all == plan.servers.len() => {
            Some(Fault::fatal(what("nothing can be built"), remedy))
        }
        _ => Some(Fault::doubt(what("the rows of Go will say that there is none"), remedy)),
    }
}

/// Whether `go version go1.26.3 linux/amd64` is older than it must be. What cannot be read is not.
fn is_old(version: &str) -> bool {
    let number = version.split(' ').find_map(|word| word.strip_prefix("go1."));
    let minor = number.and_then(|number| number.split(|c: char| !c.is_ascii_digit()).next());
    minor.and_then(|minor| minor.parse::<u32>().ok()).is_some_and(|minor| minor < GO_MINOR_MIN)
}

/// System calls are counted by perf alone: strace would change what it counts.
fn counting(facts: &Facts) -> Option<Fault> {
    let paranoid = facts.perf_event_paranoid.unwrap_or(PARANOID_MAX);
    let why = match facts.tools.get("perf")? {
        Err(why) => why.clone(),
        Ok(_) if facts.is_root || paranoid <= PARANOID_MAX => return None,
        Ok(_) => format!("kernel.perf_event_paranoid is {paranoid}, and this is not root"),
    };
    Some(Fault::doubt(
        format!("system calls for each request and samples of the kernel will be missing: {why}"),
        "install the package linux-perf, and set the sysctl kernel.perf_event_paranoid to 1 or \
         below, or be root",
    ))
}

#[cfg(test)]
mod tests {
    use super::super::facts::tests::{fine, plan};
    use super::*;

    fn without(names: &[&'static str]) -> Facts {
        let mut facts = fine();
        for name in names {
            facts.tools.insert(name, Err(format!("there is no {name} on PATH")));
        }
        facts
    }

    fn one(facts: &Facts, plan: &Plan) -> Fault {
        let mut faults = faults(facts, plan);
        assert_eq!(faults.len(), 1, "{faults:?}");
        faults.pop().unwrap()
    }

    #[test]
    fn without_go_its_rows_say_so_and_the_rest_runs() {
        let facts = without(&["go"]);
        let quick = plan(&[]);
        assert!(!one(&facts, &quick).fatal);
        assert!(one(&facts, &plan(&["kind=go,loot"])).fatal);
        assert_eq!(faults(&facts, &plan(&["hyper,loot"])), []);
    }

    #[test]
    fn a_go_that_is_too_old_is_as_none() {
        let mut facts = fine();
        facts.tools.insert("go", Ok("go version go1.25.9 linux/amd64".into()));
        assert!(one(&facts, &plan(&[])).what.ends_with("go1.25.9 linux/amd64 is too old"));
        assert!(!is_old("go version go1.26 linux/amd64") && !is_old("go version devel"));
    }

    #[test]
    fn without_compilers_nothing_is_built() {
        assert!(one(&without(&["rustc"]), &plan(&[])).fatal);
        let mut facts = without(&["cc"]);
        assert_eq!(faults(&facts, &plan(&[])), []);
        facts.built = false;
        assert!(one(&facts, &plan(&[])).remedy.contains("build-essential"));
        // Nor needs there to be any for what was built elsewhere.
        let facts = without(&["cargo", "rustc", "cc", "go", "git", "strip"]);
        assert_eq!(faults(&Facts { builds: false, ..facts }, &plan(&[])), []);
    }

    #[test]
    fn what_a_missing_tool_costs_is_said() {
        let what = |names: &[&'static str]| one(&without(names), &plan(&[])).what;
        assert!(what(&["strip"]).starts_with("sizes without symbols will be missing"));
        assert!(what(&["git"]).starts_with("results will not say of which commit"));
        assert!(what(&["wrk"]).starts_with("that the generator agrees with wrk"));
        assert!(what(&["perf"]).starts_with("system calls for each request"));
        assert_eq!(faults(&without(&["strace"]), &plan(&[])), []);
    }

    #[test]
    fn perf_that_may_not_look_at_the_kernel_is_as_none() {
        let mut facts = fine();
        (facts.is_root, facts.perf_event_paranoid) = (false, Some(PARANOID_MAX));
        assert_eq!(faults(&facts, &plan(&[])), []);
        facts.perf_event_paranoid = Some(PARANOID_MAX + 1);
        assert!(one(&facts, &plan(&[])).what.ends_with("is 2, and this is not root"));
    }
}
