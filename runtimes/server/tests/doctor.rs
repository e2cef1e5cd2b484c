//! The doctor under real confinement: what it says, and the code with which it ends.
#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

mod support;

use backends::Backend;
use rustix::io::Errno;
use serde_json::Value;
use support::all_of;
use support::confined::Confined;

/// What fits under any limit that a test leaves.
const SMALL: [&str; 3] = ["--workers=1", "--limit", "connections_max=100"];
const RINGS: [Backend; 3] = [Backend::TokioUring, Backend::Glommio, Backend::Monoio];

/// The report and the exit code.
fn doctor(confined: Confined, args: &[&str]) -> (Value, i32) {
    let output = confined.run(&[&["doctor", "--format", "json"], &SMALL[..], args].concat());
    let report = serde_json::from_slice(&output.stdout);
    (report.unwrap_or_else(|_| panic!("{}", all_of(&output))), output.status.code().unwrap())
}

fn runtime(report: &Value, backend: Backend) -> Value {
    let all = report["runtimes"].as_array().unwrap();
    all.iter().find(|runtime| runtime["name"] == backend.name()).unwrap().clone()
}

/// The findings about something, each with its cause and remedy in one text.
fn findings(report: &Value, about: &str) -> Vec<String> {
    let all = report["findings"].as_array().unwrap();
    let all = all.iter().filter(|finding| finding["about"] == about);
    all.map(|finding| format!("{}; {}", finding["cause"], finding["remedy"])).collect()
}

/// Whether rings can be had where nothing more is taken away.
fn io_uring_works() -> bool {
    doctor(Confined::default(), &[]).0["io_uring"]["ready"] == true
}

#[test]
fn every_runtime_and_every_fact_has_its_place_in_the_json() {
    let (report, _) = doctor(Confined::default(), &[]);
    for (backend, told) in Backend::ALL.iter().zip(report["runtimes"].as_array().unwrap()) {
        assert_eq!(told["name"], backend.name());
        assert_eq!(told["built_in"], backend.is_built_in());
        assert_eq!(told["ready"], backend.probe().is_ok());
    }
    for path in [
        "/version",
        "/verdict",
        "/asked",
        "/runtime",
        "/findings",
        "/asks/workers",
        "/asks/connections_max",
        "/asks/nofile",
        "/asks/somaxconn",
        "/machine/kernel",
        "/machine/cores/usable",
        "/machine/cores/allowed",
        "/machine/cgroup/version",
        "/machine/cgroup/cpus",
        "/machine/cgroup/memory_bytes",
        "/machine/seccomp/mode",
        "/machine/nofile/soft",
        "/machine/nofile/hard",
        "/machine/memlock/soft",
        "/machine/memlock/exempt",
        "/machine/somaxconn",
        "/io_uring/ready",
        "/io_uring/disabled",
    ] {
        assert!(report.pointer(path).is_some(), "{path}: {report:#}");
    }
    let auto = Backend::AUTO.into_iter().find(|backend| backend.probe().is_ok()).unwrap();
    assert_eq!(report["runtime"], auto.name());
    if io_uring_works() {
        assert!(report.pointer("/io_uring/operations/ACCEPT").is_some(), "{report:#}");
        assert!(report.pointer("/io_uring/setup/DEFER_TASKRUN").is_some(), "{report:#}");
    }
}

#[test]
fn the_text_names_every_runtime_and_the_verdict() {
    let output = Confined::default().run(&[&["doctor"], &SMALL[..]].concat());
    let text = all_of(&output);
    for backend in Backend::ALL {
        assert!(text.contains(&format!("\n  {backend} ")), "{backend}: {text}");
    }
    let last = text.lines().last().unwrap();
    let begins = match output.status.code().unwrap() {
        0 => "ready: ",
        1 => "degraded: ",
        code => panic!("{code}: {text}"),
    };
    assert!(last.starts_with(begins) && last.contains("--runtime auto takes "), "{text}");
    assert!(text.lines().all(|line| line.len() <= 100), "{text}");
}

#[test]
fn a_filter_on_io_uring_is_named_with_its_remedy_whatever_its_error_is() {
    for errno in [Errno::PERM, Errno::NOSYS] {
        let confined = Confined { io_uring: Some(errno), ..Confined::default() };
        let (report, code) = doctor(confined, &[]);
        assert_eq!(report["io_uring"]["ready"], false);
        assert_eq!(report["machine"]["seccomp"]["mode"], "filter");
        let cause = report["io_uring"]["cause"].as_str().unwrap();
        assert!(cause.contains("seccomp") || !io_uring_works(), "{errno:?}: {report:#}");
        for backend in RINGS.into_iter().filter(|backend| backend.is_built_in()) {
            let told = runtime(&report, backend);
            assert_eq!(told["ready"], false, "{told:#}");
            let said = format!("{}; {}", told["cause"], told["remedy"]);
            assert!(said.contains("seccomp") || !io_uring_works(), "{errno:?} {backend}: {said}");
        }
        // A better one of this build cannot start: that is worth a finding, and no failure.
        let expected: Vec<_> = Backend::AUTO
            .into_iter()
            .filter(|backend| backend.is_built_in())
            .take_while(|backend| RINGS.contains(backend))
            .collect();
        let found = findings(&report, "runtime");
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (backend, found) in expected.iter().zip(&found) {
            assert!(found.contains(&format!("the runtime {backend} cannot start")), "{found}");
        }
        if Backend::TokioPerCore.is_built_in() {
            assert_eq!(report["runtime"], "tokio-per-core");
            assert_eq!(code, i32::from(!expected.is_empty()), "{report:#}");
        }
    }
}

#[test]
fn a_named_runtime_that_cannot_start_ends_the_doctor_with_3() {
    let confined = Confined { io_uring: Some(Errno::PERM), ..Confined::default() };
    for backend in RINGS.into_iter().filter(|backend| backend.is_built_in()) {
        let (report, code) = doctor(confined, &["--runtime", backend.name()]);
        assert_eq!((code, &report["verdict"]), (3, &"cannot-start".into()), "{report:#}");
        assert_eq!(report["runtime"], Value::Null);
        assert_eq!(report["findings"][0]["severity"], "error");
    }
    for backend in [Backend::Tokio, Backend::TokioPerCore, Backend::MonoioLegacy] {
        if backend.is_built_in() {
            let (report, code) = doctor(confined, &["--runtime", backend.name()]);
            assert_eq!((code, &report["verdict"]), (0, &"ready".into()), "{report:#}");
        }
    }
}

#[test]
fn what_cannot_be_locked_is_named_where_a_runtime_lacks_it() {
    let confined = Confined { memlock_kib: Some(0), ..Confined::default() };
    let (report, _) = doctor(confined, &[]);
    assert_eq!(report["machine"]["memlock"]["hard"], 0);
    assert_eq!(report["machine"]["memlock"]["exempt"], false);
    for backend in RINGS.into_iter().filter(|backend| backend.is_built_in()) {
        let told = runtime(&report, backend);
        // Kernels differ in what they charge; glommio asks for its share on all of them.
        if backend == Backend::Glommio || told["ready"] == false {
            let said = format!("{}; {}", told["cause"], told["remedy"]);
            assert_eq!(told["ready"], false, "{told:#}");
            assert!(said.contains("memlock") || said.contains("ulimit -l"), "{backend}: {said}");
        }
    }
    if Backend::Glommio.is_built_in() {
        let (report, code) = doctor(confined, &["--runtime", "glommio"]);
        assert_eq!(code, 3, "{report:#}");
    }
}

#[test]
fn too_few_descriptors_degrade_and_a_table_for_each_worker_mends_it() {
    let confined = Confined { nofile: Some(220), ..Confined::default() };
    let (report, _) = doctor(confined, &[]);
    assert_eq!(report["machine"]["nofile"]["hard"], 220);
    assert_eq!(findings(&report, "nofile").len(), 0, "{report:#}");
    let more = ["--workers=2", "--limit", "connections_max=150"];
    let (report, code) = doctor(confined, &more);
    let found = findings(&report, "nofile");
    assert_eq!((code, found.len()), (1, 1), "{report:#}");
    for part in ["220 descriptors", "connections_max (150)", "ulimit -Hn", "--private-descriptors"]
    {
        assert!(found[0].contains(part), "{part}: {}", found[0]);
    }
    let (report, _) = doctor(confined, &[&more[..], &["--private-descriptors"]].concat());
    assert_eq!(findings(&report, "nofile").len(), 0, "{report:#}");
}

#[test]
fn a_configuration_that_is_not_valid_ends_the_doctor_with_2() {
    let output = Confined::default().run(&["doctor", "--workers", "999"]);
    assert_eq!(output.status.code(), Some(2), "{}", all_of(&output));
    let output = Confined::default().run(&["doctor", "--format", "xml"]);
    assert_eq!(output.status.code(), Some(2), "{}", all_of(&output));
}
