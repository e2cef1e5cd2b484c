//! What the facts mean for a server with this configuration: findings, and a verdict for scripts.

use crate::config::Config;
use crate::doctor::facts::Facts;
use crate::doctor::io_uring::IoUring;
use crate::process::Descriptors;
use crate::rehearsal::rehearse;
use crate::runtime_choice::{Chosen, NoRuntime, choose};
use crate::{run, version};
use backends::Backend;
use driver::Unavailable;
use driver::net::BACKLOG;
use serde::Serialize;

/// Everything that the doctor tells. The names of its JSON are stable; new ones may come.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The version of this program.
    pub version: &'static str,
    /// All of it in one word.
    pub verdict: Verdict,
    /// What was asked for: `auto` or a runtime.
    pub asked: &'static str,
    /// What would serve; none where it cannot start.
    pub runtime: Option<&'static str>,
    /// What is worth mending, the worst first.
    pub findings: Vec<Finding>,
    /// Every runtime.
    pub runtimes: Vec<RuntimeReport>,
    /// What the configuration asks of the machine.
    pub asks: Asks,
    /// What the machine leaves.
    pub machine: Facts,
    /// What the kernel says of io_uring.
    pub io_uring: IoUring,
}

/// All of it in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// What was asked for can start, and the limits suffice.
    Ready,
    /// A server can start, and something is worth mending.
    Degraded,
    /// What was asked for cannot start.
    CannotStart,
}

impl Verdict {
    /// The exit code; 2 is left to a command line or a configuration that is not valid.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Ready => 0,
            Self::Degraded => 1,
            Self::CannotStart => 3,
        }
    }
}

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The server cannot start as it was asked to.
    Error,
    /// It can, with less than it might have.
    Warning,
}

/// Something that is worth mending.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How much it weighs.
    pub severity: Severity,
    /// What it is about: `runtime`, `nofile`, `somaxconn`, `cores`.
    pub about: &'static str,
    /// What is the matter.
    pub cause: String,
    /// What to do about it.
    pub remedy: String,
}

/// One runtime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuntimeReport {
    /// Its name.
    pub name: &'static str,
    /// Whether this build has it.
    pub built_in: bool,
    /// Whether it can start here.
    pub ready: bool,
    /// What it needs.
    pub needs: &'static str,
    /// Why it cannot start.
    pub cause: Option<String>,
    /// What to do about it.
    pub remedy: Option<String>,
}

/// What the configuration asks of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Asks {
    /// Worker threads.
    pub workers: usize,
    /// Connections of all workers together.
    pub connections_max: usize,
    /// Whether each worker has a descriptor table of its own.
    pub private_descriptors: bool,
    /// Descriptors that each table must hold.
    pub nofile: u64,
    /// Connections that may wait to be accepted, for each listener.
    pub somaxconn: u64,
}

impl Report {
    /// Examines the machine for a server with this configuration.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let machine = Facts::gather();
        let descriptors = run::descriptors(config);
        let tried = Backend::ALL.map(|backend| (backend, rehearse(backend, config)));
        let choice = choose(config.runtime, |asked| {
            let found = tried.iter().find(|(backend, _)| *backend == asked);
            found.expect("every backend was tried").1.clone()
        });
        let runtimes = tried.map(|(backend, result)| RuntimeReport::of(backend, result)).into();
        let findings = findings(&choice, descriptors, &machine);
        Self {
            version: version::VERSION,
            verdict: verdict(&findings),
            asked: config.runtime.as_str(),
            runtime: choice.ok().map(|chosen| chosen.backend.name()),
            findings,
            runtimes,
            asks: Asks {
                workers: descriptors.workers,
                connections_max: descriptors.connections_max,
                private_descriptors: descriptors.private,
                nofile: descriptors.needed(),
                somaxconn: BACKLOG.unsigned_abs().into(),
            },
            machine,
            io_uring: IoUring::ask(),
        }
    }

    /// The report as JSON, with a line end.
    ///
    /// # Panics
    /// Never: texts and numbers can be written.
    #[must_use]
    pub fn json(&self) -> String {
        let text = serde_json::to_string_pretty(self).expect("texts and numbers can be written");
        text + "\n"
    }
}

impl RuntimeReport {
    fn of(backend: Backend, tried: Result<(), Unavailable>) -> Self {
        let (cause, remedy) = match tried {
            Ok(()) => (None, None),
            Err(why) => (Some(why.cause), Some(why.remedy)),
        };
        Self {
            name: backend.name(),
            built_in: backend.is_built_in(),
            ready: cause.is_none(),
            needs: backend.needs(),
            cause,
            remedy,
        }
    }
}

fn verdict(findings: &[Finding]) -> Verdict {
    match findings.iter().map(|finding| finding.severity).min() {
        None => Verdict::Ready,
        Some(Severity::Warning) => Verdict::Degraded,
        Some(Severity::Error) => Verdict::CannotStart,
    }
}

fn findings(
    choice: &Result<Chosen, NoRuntime>,
    descriptors: Descriptors,
    machine: &Facts,
) -> Vec<Finding> {
    let (severity, refused) = match choice {
        Ok(chosen) => (Severity::Warning, chosen.refused.clone()),
        Err(NoRuntime::Named(backend, why)) => (Severity::Error, vec![(*backend, why.clone())]),
        Err(NoRuntime::None(refused)) => (Severity::Error, refused.clone()),
    };
    let refused = refused.into_iter().map(|(backend, why)| {
        let cause = format!("the runtime {backend} cannot start here: {}", why.cause);
        Finding { severity, about: "runtime", cause, remedy: why.remedy }
    });
    refused.chain(limits(descriptors, machine)).collect()
}

/// What the limits of the machine do not suffice for.
fn limits(descriptors: Descriptors, machine: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut warn = |about, cause, remedy| {
        found.push(Finding { severity: Severity::Warning, about, cause, remedy });
    };
    // The server raises the soft limit to the hard one.
    if let Some((cause, remedy)) = descriptors.shortage(machine.nofile.hard) {
        warn("nofile", cause, remedy);
    }
    let backlog = u64::from(BACKLOG.unsigned_abs());
    if let Some(somaxconn) = machine.somaxconn.filter(|count| *count < backlog) {
        warn(
            "somaxconn",
            format!("only {somaxconn} connections may wait to be accepted, of {backlog} asked for"),
            format!("set the sysctl net.core.somaxconn to {backlog}"),
        );
    }
    let (workers, usable) = (descriptors.workers, machine.cores.usable);
    if workers > usable {
        warn(
            "cores",
            format!("{workers} workers share {usable} cores"),
            format!("lower --workers to {usable}, or 0 for one on each core"),
        );
    }
    if let Some(cpus) = machine.cgroup.cpus.filter(|cpus| *cpus < 1.0) {
        warn(
            "cores",
            format!("the control group has {cpus} of a CPU, so the server stands still at times"),
            "raise the CPU quota of the container or service to 1 or more".into(),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::cgroup::Cgroup;
    use crate::doctor::facts::{Cores, Memlock, Range, Seccomp, SeccompMode};
    use crate::runtime_choice::RuntimeChoice;

    fn machine() -> Facts {
        let range = Range { soft: Some(1024), hard: Some(100_000) };
        Facts {
            kernel: "Linux 6.1".into(),
            machine: "x86_64".into(),
            cores: Cores { usable: 2, allowed: Some("0-1".into()) },
            cgroup: Cgroup::default(),
            seccomp: Seccomp { mode: SeccompMode::Off, filters: Some(0) },
            nofile: range,
            memlock: Memlock { range, exempt: false },
            somaxconn: Some(4096),
        }
    }

    const ASKED: Descriptors = Descriptors { connections_max: 65_536, workers: 2, private: false };

    fn chosen() -> Result<Chosen, NoRuntime> {
        let (backend, asked) = (Backend::TokioPerCore, RuntimeChoice::Auto);
        Ok(Chosen { backend, asked, refused: Vec::new() })
    }

    fn about(found: &[Finding]) -> Vec<&'static str> {
        found.iter().map(|finding| finding.about).collect()
    }

    #[test]
    fn where_all_suffices_the_verdict_is_ready() {
        let found = findings(&chosen(), ASKED, &machine());
        assert_eq!(found, []);
        assert_eq!(verdict(&found).exit_code(), 0);
    }

    #[test]
    fn each_limit_that_does_not_suffice_is_found_with_its_remedy() {
        let mut short = machine();
        short.nofile.hard = Some(20_000);
        short.somaxconn = Some(128);
        short.cores.usable = 1;
        short.cgroup.cpus = Some(0.5);
        let found = findings(&chosen(), ASKED, &short);
        assert_eq!(about(&found), ["nofile", "somaxconn", "cores", "cores"]);
        assert!(found.iter().all(|finding| !finding.remedy.is_empty()), "{found:?}");
        assert_eq!(verdict(&found).exit_code(), 1);
    }

    #[test]
    fn a_limit_that_is_not_there_suffices() {
        let mut free = machine();
        free.nofile.hard = None;
        free.somaxconn = None;
        assert_eq!(findings(&chosen(), ASKED, &free), []);
    }

    #[test]
    fn a_fallback_degrades_and_a_named_runtime_that_cannot_start_is_an_error() {
        let why = Unavailable::new("it is forbidden", "allow it");
        let mut fallen = chosen().unwrap();
        fallen.refused.push((Backend::TokioUring, why.clone()));
        let found = findings(&Ok(fallen), ASKED, &machine());
        assert_eq!(verdict(&found), Verdict::Degraded);
        let expected = "the runtime tokio-uring cannot start here: it is forbidden";
        assert_eq!((found[0].cause.as_str(), found[0].remedy.as_str()), (expected, "allow it"));
        let named = Err(NoRuntime::Named(Backend::Glommio, why.clone()));
        assert_eq!(verdict(&findings(&named, ASKED, &machine())).exit_code(), 3);
        let none = Err(NoRuntime::None(vec![(Backend::Glommio, why)]));
        assert_eq!(verdict(&findings(&none, ASKED, &machine())), Verdict::CannotStart);
    }
}
