//! What a bundle is and what it was measured on, as a report tells it: the machine, the sources,
//! the generator's proofs, and how much of the plan was done.

use crate::bundle::Bundle;
use crate::bundle::environment::Environment;
use crate::bundle::files::Name;
use crate::bundle::observed::Observed;
use crate::figures::Unit;
use crate::quantity::{self, several};
use crate::report::calendar;
use crate::report::runs::{RunView, State, shell, shell_words};

/// A bundle.
#[derive(Clone, Debug)]
pub(super) struct About {
    /// Its name.
    pub(super) name: String,
    /// The first letters of its digest.
    pub(super) digest: String,
    /// The command that made it.
    pub(super) command: String,
    /// What it is for, in the words of whoever made it.
    pub(super) note: String,
    /// Where and of what it was measured, in short.
    pub(super) short: Vec<String>,
    /// What is wrong with it, or left open; what a reader must know first.
    pub(super) warnings: Vec<String>,
    /// Facts in groups: a title, then names and values.
    pub(super) facts: Vec<(&'static str, Vec<(String, String)>)>,
    /// The proofs.
    pub(super) proofs: Vec<ProofRow>,
}

/// A proof of the generator.
#[derive(Clone, Debug)]
pub(super) struct ProofRow {
    /// Its file.
    pub(super) file: String,
    /// When it began.
    pub(super) started: String,
    /// Whether it holds.
    pub(super) holds: bool,
    /// How it was made.
    pub(super) command: String,
}

impl About {
    /// What is told of a bundle.
    pub(super) fn of(bundle: &Bundle, runs: &[RunView<'_>]) -> Self {
        let proofs = bundle.proofs.iter().map(|proof| ProofRow {
            file: Name::Proof(proof.number).to_string(),
            started: calendar::utc(proof.started_unix_ms),
            holds: proof.holds(),
            command: shell(&proof.command),
        });
        Self {
            name: bundle.head.name.clone(),
            digest: bundle.digest_short().to_owned(),
            command: shell_words(&bundle.head.command),
            note: bundle.head.note.clone(),
            short: short(bundle, runs),
            warnings: warnings(bundle, runs),
            facts: facts(bundle, runs),
            proofs: proofs.collect(),
        }
    }
}

fn short(bundle: &Bundle, runs: &[RunView<'_>]) -> Vec<String> {
    let Environment { cpu, kernel, memory, source, cores, .. } = &bundle.environment;
    let memory = quantity::figure(crate::number::float(memory.total_bytes), Unit::Bytes);
    let counted = runs.iter().filter(|run| matches!(run.state, State::Counts | State::Search));
    vec![
        format!("{}, {} cores, {memory}", cpu.model, cpu.online),
        format!("Linux {} {}", kernel.release, kernel.machine),
        format!("server on core {}, generator on {}", list(&cores.server), list(&cores.generator)),
        format!("commit {}", source.commit),
        format!("begun {} UTC", calendar::utc(bundle.head.created_unix_ms)),
        format!("{} of {} runs are valid", counted.count(), runs.len()),
    ]
}

fn warnings(bundle: &Bundle, runs: &[RunView<'_>]) -> Vec<String> {
    let mut found = Vec::new();
    if bundle.end.is_none() {
        let steps = bundle.plan.steps.len();
        let done = (0..).take(steps).filter(|step| bundle.runs_of(*step).next().is_some());
        let left = steps - done.count();
        found.push(format!("The plan has not come to its end: {left} of {steps} steps are left."));
    }
    let failed = bundle.proofs.iter().filter(|proof| !proof.holds());
    for proof in failed {
        let file = Name::Proof(proof.number);
        found.push(format!(
            "The generator did not prove itself ({file}); the runs that rest on it are invalid."
        ));
    }
    let lost = |state: fn(&State) -> bool| runs.iter().filter(|run| state(&run.state)).count();
    let invalid = lost(|state| matches!(state, State::Invalid(_)));
    let broken = lost(|state| matches!(state, State::Failed(_)));
    if invalid + broken > 0 {
        found.push(format!(
            "{} invalid and {broken} failed: they are listed and count for nothing.",
            several(invalid, "run")
        ));
    }
    if bundle.plan.twins.is_empty() {
        found.push("It has no A/A pair, so nothing in it can be told apart.".to_owned());
    }
    if !bundle.environment.source.changed.is_empty() {
        let changed = bundle.environment.source.changed.join(", ");
        found.push(format!("Sources differed from the commit: {changed}."));
    }
    let left_out = bundle.servers.values().filter(|server| server.ready().is_none()).count();
    if left_out > 0 {
        found.push(format!("{} left out; why, stands below.", several(left_out, "server")));
    }
    found
}

fn list(cores: &[u32]) -> String {
    cores.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}

fn told<T: ToString>(observed: &Observed<T>) -> String {
    match observed {
        Observed::Is(value) => value.to_string(),
        Observed::Missing(why) => format!("not known: {why}"),
    }
}

fn facts(bundle: &Bundle, runs: &[RunView<'_>]) -> Vec<(&'static str, Vec<(String, String)>)> {
    let environment = &bundle.environment;
    vec![
        ("Machine", machine(environment)),
        ("Limits", limits(environment)),
        ("Sources and tools", sources(environment)),
        ("Plan", plan(bundle, runs)),
    ]
}

fn machine(environment: &Environment) -> Vec<(String, String)> {
    let Environment { kernel, cpu, memory, cgroup, io_uring, cores, busy_before, .. } = environment;
    let bytes = |bytes: u64| quantity::figure(crate::number::float(bytes), Unit::Bytes);
    let mitigations: Vec<String> =
        cpu.mitigations.iter().map(|(name, state)| format!("{name}: {state}")).collect();
    let busy = match busy_before {
        Observed::Is(share) => quantity::figure(*share, Unit::Share),
        missing @ Observed::Missing(_) => told(missing),
    };
    let rows = [
        ("processor", cpu.model.clone()),
        ("cores online", cpu.online.to_string()),
        ("threads per core", told(&cpu.threads_per_core)),
        ("governor", told(&cpu.governor)),
        ("hypervisor", told(&cpu.hypervisor)),
        ("mitigations", mitigations.join("; ")),
        ("kernel", format!("{} {}", kernel.release, kernel.version)),
        ("kernel command line", told(&kernel.command_line)),
        ("memory", bytes(memory.total_bytes)),
        ("swap", bytes(memory.swap_bytes)),
        ("huge pages", told(&memory.transparent_huge_pages)),
        ("control groups", told(&cgroup.version)),
        ("CPU quota", cgroup.cpus.map_or("none".to_owned(), |cpus| format!("{cpus} CPUs"))),
        ("memory bound", cgroup.memory_bytes.map_or("none".to_owned(), bytes)),
        ("io_uring_disabled", told(&io_uring.disabled)),
        ("cores of servers", list(&cores.server)),
        ("cores of the generator", list(&cores.generator)),
        ("busy before the first round", busy),
    ];
    rows.map(|(name, value)| (name.to_owned(), value)).into()
}

fn limits(environment: &Environment) -> Vec<(String, String)> {
    environment.limits.iter().map(|(name, value)| (name.clone(), told(value))).collect()
}

fn sources(environment: &Environment) -> Vec<(String, String)> {
    let source = &environment.source;
    let mut rows = vec![("commit".to_owned(), source.commit.clone())];
    rows.extend(source.locks.iter().map(|(name, digest)| {
        let digest = told(digest);
        (format!("SHA-256 of {name}"), digest)
    }));
    rows.extend(environment.tools.iter().map(|(name, version)| (name.clone(), told(version))));
    rows
}

fn plan(bundle: &Bundle, runs: &[RunView<'_>]) -> Vec<(String, String)> {
    let plan = &bundle.plan;
    let twins: Vec<String> = plan.twins.iter().map(ToString::to_string).collect();
    let none = |text: String| if text.is_empty() { "none".to_owned() } else { text };
    let end = bundle.end.map(|end| {
        format!("{} UTC, taken up again {} times", calendar::utc(end.ended_unix_ms), end.resumed)
    });
    let rows = [
        ("extent", plan.extent.to_string()),
        ("rounds", plan.rounds.to_string()),
        ("seed of the order", plan.seed.to_string()),
        ("filters", none(shell_words(&plan.filters))),
        ("A/A pairs", none(twins.join(", "))),
        ("steps", plan.steps.len().to_string()),
        ("runs", runs.len().to_string()),
        ("made by", bundle.head.tool.clone()),
        ("ended", end.unwrap_or("not yet".to_owned())),
    ];
    rows.map(|(name, value)| (name.to_owned(), value)).into()
}
