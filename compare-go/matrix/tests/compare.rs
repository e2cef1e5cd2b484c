//! `matrix compare`: what it finds, what it takes for noise, and its exit codes.

mod support;

use matrix::bundle::Bundle;
use matrix::cell::Server;
use matrix::compare::{Choice, Comparison, Side};
use matrix::figures::{Figures, Metric};
use matrix::slo::Slo;
use matrix::statistics::Verdict;
use matrix::testing::{Character, Synthetic};
use std::process::Command;
use support::Folder;

const RUST: &str = "tokio-uring+jemalloc+heap";

fn server(name: &str) -> Server {
    name.parse().expect("a server")
}

fn synthetic(name: &str, seed: u64, servers: &[(&str, f64)]) -> Synthetic {
    let character = |cpu_us| Character { cpu_us, ..Character::default() };
    let servers: Vec<(Server, Character)> =
        servers.iter().map(|(name, cpu_us)| (server(name), character(*cpu_us))).collect();
    Synthetic { name: name.into(), seed, rounds: 8, ..Synthetic::of(&servers) }
}

/// Bundles before and after.
struct Case {
    folder: Folder,
}

impl Case {
    fn new(bundles: &[Synthetic]) -> Self {
        let folder = Folder::new("compare");
        for bundle in bundles {
            let _ = bundle.write(&folder.path);
        }
        Self { folder }
    }

    fn bundle(&self, name: &str) -> Bundle {
        Bundle::read(&self.folder.path.join(name)).expect("a good bundle")
    }

    /// Exit code, standard output, standard error.
    fn run(&self, args: &[&str]) -> (i32, String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_matrix"))
            .arg("compare")
            .args(args)
            .arg("--results")
            .arg(&self.folder.path)
            .output()
            .expect("it runs");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (output.status.code().expect("a code"), text(output.stdout), text(output.stderr))
    }
}

#[test]
fn a_server_that_became_slower_is_found_and_one_that_did_not_is_not() {
    let before = synthetic("before", 1, &[(RUST, 10.0), ("hyper", 14.0), ("axum", 20.0)]);
    let mut after = synthetic("after", 2, &[(RUST, 11.0), ("hyper", 14.0), ("axum", 20.0)]);
    after.rebuilt = vec![server(RUST), server("hyper")];
    let case = Case::new(&[before, after]);
    let (before, after) = (case.bundle("before"), case.bundle("after"));
    let (before, after) = (Figures::of(&before), Figures::of(&after));
    let sides = [&before, &after].map(|figures| Side::new(figures, None).unwrap());
    let choice = Choice { metrics: vec![Metric::Cpu], filters: Vec::new() };
    let comparison = Comparison::of(&sides[0], &sides[1], &choice);
    assert!(!comparison.paired);
    assert_eq!(comparison.controls, [server("axum")]);
    assert_eq!(comparison.rows.len(), 3);
    let row =
        |name: &str| comparison.rows.iter().find(|row| row.first_server == server(name)).unwrap();
    assert_eq!(row(RUST).judged.verdict, Verdict::Slower, "{:?}", row(RUST).judged);
    let relative = row(RUST).judged.change.relative().unwrap();
    assert!(relative.interval.holds(0.1), "{relative:?}");
    let other = row("hyper").judged.verdict;
    assert!(matches!(other, Verdict::Indistinguishable(_)), "{other}");
    assert!(row("axum").control);
    assert_eq!(comparison.slower(0.0).count(), 1);
    assert_eq!(comparison.slower(0.2).count(), 0);
    assert_eq!((comparison.confounds().count(), comparison.environment.len()), (0, 0));
}

#[test]
fn what_the_machine_does_to_a_program_that_is_the_same_is_noise_for_all() {
    let before = synthetic("before", 1, &[(RUST, 10.0), ("axum", 20.0)]);
    // Everything is a tenth dearer, the program that nobody touched too.
    let mut after = synthetic("after", 2, &[(RUST, 11.0), ("axum", 22.0)]);
    after.rebuilt = vec![server(RUST)];
    let case = Case::new(&[before, after]);
    let (code, output, _) = case.run(&["before", "after", "--metrics", "cpu", "--all"]);
    assert_eq!(code, 0, "{output}");
    assert!(output.contains("indistinguishable (within the noise)"), "{output}");
    assert!(output.contains("The same program in both, so what differs is the machine's: axum."));
    assert!(output.contains("slower; the same program"), "{output}");
}

#[test]
fn the_exit_code_says_what_became_of_it() {
    let slo = vec![Slo::p99_ms(50)];
    let before = Synthetic { slos: slo.clone(), ..synthetic("before", 1, &[(RUST, 10.0)]) };
    let slower = Synthetic { slos: slo, ..synthetic("slower", 2, &[(RUST, 12.5)]) };
    let slower = Synthetic { rebuilt: vec![server(RUST)], commit: "fedcba".into(), ..slower };
    let elsewhere = synthetic("elsewhere", 3, &[(RUST, 10.0)]);
    let elsewhere = Synthetic { processor: "Other".into(), ..elsewhere };
    let unproven = Synthetic { proven: false, ..synthetic("unproven", 4, &[(RUST, 10.0)]) };
    let case = Case::new(&[before, slower, elsewhere, unproven]);
    let (code, output, _) = case.run(&["before", "slower"]);
    assert_eq!(code, 1, "{output}");
    for part in [
        "before (manifest ",
        "commit: 0123456789ab to fedcba",
        "resolve@tokio-uring+jemalloc+heap",
        "rate at p99 < 50ms",
        "slower",
        "--all shows what is indistinguishable",
        "No program is the same in both",
    ] {
        assert!(output.contains(part), "`{part}` is not in\n{output}");
    }
    let (code, output, _) = case.run(&["slower", "before", "--format", "json"]);
    assert_eq!(code, 0, "it became faster: {output}");
    let value: serde_json::Value = serde_json::from_str(&output).unwrap();
    assert!(value["rows"].as_array().unwrap().len() > 5);
    let (code, ..) = case.run(&["before", "slower", "--tolerance", "30"]);
    assert_eq!(code, 0);
    let (code, output, error) = case.run(&["before", "elsewhere"]);
    assert_eq!(code, 3);
    assert!(output.contains("! processor: Synthetic to Other"), "{output}");
    assert!(error.contains("--across-machines"), "{error}");
    let (code, ..) = case.run(&["before", "elsewhere", "--across-machines"]);
    assert_eq!(code, 0);
    let (code, output, error) = case.run(&["before", "unproven", "--metrics", "cpu"]);
    assert_eq!((code, error.contains("nothing could be compared")), (3, true), "{output}{error}");
    assert!(output.contains("Not compared: CPU of") && output.contains("did not prove itself"));
}

#[test]
fn two_servers_of_one_bundle_are_paired() {
    let case = Case::new(&[synthetic("one", 1, &[("hyper", 10.0), ("axum", 15.0)])]);
    let (code, output, _) = case.run(&["one@hyper", "one@axum", "--format", "markdown"]);
    assert_eq!(code, 1, "{output}");
    assert!(output.contains("paired by round"), "{output}");
    assert!(output.contains("| resolve@hyper to axum | CPU | 10"), "{output}");
}

#[test]
fn what_cannot_be_compared_is_refused_with_the_remedy() {
    let case = Case::new(&[synthetic("one", 1, &[("hyper", 10.0), ("axum", 15.0)])]);
    for (args, code, what) in [
        (&["one", "two"][..], 3, "there is no bundle `two`"),
        (&["one@hyper", "one"], 2, "name a server on both sides"),
        (&["one", "one"], 2, "both sides are `one`"),
        (&["one@hyper", "one@nginx"], 2, "`nginx` is no server"),
        (&["one@hyper", "one@go-nethttp+tuned"], 2, "there are hyper, axum"),
        (&["one@hyper", "one@axum", "--metrics", "speed"], 2, "no metric `speed`"),
        (&["one@hyper", "one@axum", "--cells", "rezolve"], 2, "`resolve` is near"),
        (&["one@hyper", "one@axum", "--tolerance", "much"], 2, "percent"),
        (&["one@hyper", "one@axum", "--cells", "loot"], 3, "nothing could be compared"),
    ] {
        let (found, output, error) = case.run(args);
        assert_eq!(found, code, "{args:?}: {output}{error}");
        assert!(error.contains(what), "{args:?}: {error}");
    }
}
