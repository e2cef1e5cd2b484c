//! What the machine is, looked at before the first round.
//!
//! Each fact is read where the kernel or a tool tells it, and one that is not told stands with the
//! reason. Nothing names who runs it, where the sources lie, or which host it is: bundles are
//! published.

pub(crate) mod files;
mod limits;
pub(crate) mod machine;
mod source;
pub(crate) mod tools;

use crate::bundle::environment::{Cgroup, Cores, Environment, IoUring};
use crate::run::preflight::busy::Busy;
use crate::run::programs::Origin;
use files::{DOCTOR_WAIT, Said};
use process::cgroup;
use serde_json::value::RawValue;
use std::path::Path;

/// Of what programs are built here.
pub(crate) fn origin(top: &Path) -> Origin {
    Origin { source: source::source(top), compilers: tools::compilers(top) }
}

/// Collects it; the sources and compilers are those of programs that were built elsewhere, where
/// these are measured. Costs a second, in which it looks at what others use of the machine, and as
/// many programs as there are tools, each of which is asked for its version.
#[must_use]
pub fn environment(top: &Path, cores: Cores, built: Option<Origin>) -> Environment {
    let root = Path::new("/");
    let mut tools = tools::tools(top);
    let source = match built {
        None => source::source(top),
        Some(Origin { source, compilers }) => {
            tools.extend(compilers);
            source
        }
    };
    Environment {
        kernel: machine::kernel(root),
        cpu: machine::cpu(root),
        memory: machine::memory(root),
        limits: limits::limits(root),
        cgroup: cgroup(root),
        io_uring: io_uring(root, top),
        tools,
        source,
        cores,
        busy_before: Busy::look().map(|busy| busy.share()).into(),
    }
}

fn cgroup(root: &Path) -> Cgroup {
    let found = cgroup::Cgroup::read(root);
    let version = found.version.map(|version| version.to_string());
    let version = version.ok_or("the kernel shows no control group of this process");
    Cgroup { version: version.into(), cpus: found.cpus, memory_bytes: found.memory_bytes }
}

fn io_uring(root: &Path, top: &Path) -> IoUring {
    IoUring {
        disabled: files::number(root, "proc/sys/kernel/io_uring_disabled").into(),
        doctor: doctor(top).into(),
    }
}

/// What the server's doctor prints, which it does with an exit code other than 0 where there is
/// something to mend.
///
/// # Errors
/// If the server is not built, or does not print JSON.
pub(crate) fn doctor(top: &Path) -> Result<Box<RawValue>, String> {
    let program = files::hunt_server(top).ok_or("hunt-server is not built")?;
    let asked = Said::by(top, program, &["doctor", "--format", "json"], DOCTOR_WAIT)?;
    serde_json::from_str(asked.output.trim())
        .map_err(|error| format!("hunt-server doctor printed no JSON: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn top() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    fn here() -> Environment {
        environment(&top(), Cores { server: vec![1], generator: vec![0] }, None)
    }

    #[test]
    fn this_machine_is_told_and_what_is_missing_has_a_reason() {
        let here = here();
        assert!(here.kernel.release.contains('.'), "{:?}", here.kernel);
        assert!(here.cpu.online >= 1 && !here.cpu.model.is_empty(), "{:?}", here.cpu);
        assert!(here.memory.total_bytes > 1 << 26, "{:?}", here.memory);
        assert!(here.limits["nofile"].value().is_some(), "{:?}", here.limits);
        assert!(here.limits["somaxconn"].value().is_some(), "{:?}", here.limits);
        // Whoever runs this has a compiler.
        let rustc = here.tools["rustc"].value().unwrap();
        assert!(rustc.starts_with("rustc 1."), "{rustc}");
        assert_eq!(here.source.locks["Cargo.lock"].value().unwrap().len(), 64);
        assert!(here.busy_before.value().is_some_and(|share| (0.0..=1.0).contains(share)));
        let texts = here.limits.values().chain(here.tools.values());
        let governor = [&here.cpu.governor, &here.cpu.hypervisor, &here.kernel.command_line];
        for observed in texts.chain(governor) {
            let text = observed.value().map_or_else(|| observed.why_missing(), |t| Some(t));
            assert!(text.is_some_and(|text| !text.trim().is_empty()), "{observed:?}");
        }
    }

    #[test]
    fn nothing_names_the_host_or_where_the_sources_lie() {
        let text = serde_json::to_string(&here()).unwrap();
        // Put together here: these words stand in no file of the repository.
        let folders = ["work", "root", "home", "Users", "tmp"].map(|word| format!("/{word}/"));
        let top = top().canonicalize().unwrap();
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let told = |word: &str| text.contains(word);
        assert!(!folders.iter().any(|folder| told(folder)), "{text}");
        assert!(!told(top.to_str().unwrap()), "{text}");
        assert!(host.len() < 4 || !told(&host), "{host} in {text}");
    }

    #[test]
    fn what_was_collected_is_what_is_read_again() {
        let here = here();
        let text = serde_json::to_string(&here).unwrap();
        let again: Environment = serde_json::from_str(&text).unwrap();
        assert!(here.differences(&again).is_empty());
        assert_eq!(serde_json::to_string(&again).unwrap(), text);
    }

    #[test]
    fn a_machine_that_tells_nothing_is_an_environment_all_the_same() {
        let nothing = files::Files::new(&[]);
        let root = nothing.root();
        let cgroup = cgroup(root);
        assert!(cgroup.version.why_missing().is_some());
        let io_uring = io_uring(root, root);
        assert!(io_uring.disabled.why_missing().is_some_and(|why| why.contains("no such file")));
        let doctor = io_uring.doctor.why_missing();
        assert_eq!(doctor, Some("hunt-server is not built"));
        assert_eq!(machine::cpu(root).model, "unknown");
        assert!(limits::limits(root)["somaxconn"].why_missing().is_some());
        assert!(source::source(root).commit.starts_with("unknown: "));
    }
}
