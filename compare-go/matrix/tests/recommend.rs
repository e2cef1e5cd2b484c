//! `matrix recommend`: the order, the needs, what rules out, how far it goes, and when it refuses.

mod support;

use matrix::bundle::Bundle;
use matrix::cell::{Server, Workload};
use matrix::figures::Figures;
use matrix::plan::Load;
use matrix::recommend::evidence::Basis;
use matrix::recommend::{self, Answer, Ask, Container, Refusal};
use matrix::slo::Slo;
use matrix::testing::{Character, Synthetic};
use std::process::Command;
use std::sync::OnceLock;
use support::Folder;

const FAST: &str = "tokio-uring+jemalloc+heap";
const PLAIN: &str = "tokio-per-core+jemalloc+heap";
const SLO: Slo = Slo::p99_ms(50);

fn server(name: &str) -> Server {
    name.parse().expect("a server")
}

/// Capacity is about a million over the microseconds of a unit of work.
fn synthetic(servers: &[(&str, f64)]) -> Synthetic {
    let character = |cpu_us| Character { cpu_us, ..Character::default() };
    let servers: Vec<(Server, Character)> =
        servers.iter().map(|(name, cpu_us)| (server(name), character(*cpu_us))).collect();
    Synthetic { slos: vec![SLO, Slo::p99_ms(5)], rounds: 7, ..Synthetic::of(&servers) }
}

fn all() -> Synthetic {
    synthetic(&[
        (FAST, 10.0),
        (PLAIN, 12.5),
        ("glommio+jemalloc+heap", 10.0),
        ("go-nethttp+tuned", 50.0),
    ])
}

fn ask() -> Ask {
    Ask {
        slo: SLO,
        rate_per_s: 15_000.0,
        sessions: 30_000,
        workload: Workload::Resolve,
        kernel: None,
        container: Container::None,
        memlock_bytes: None,
        headroom: 0.3,
    }
}

fn read(synthetic: &Synthetic) -> Bundle {
    let folder = Folder::new("recommend");
    Bundle::read(&synthetic.write(&folder.path)).expect("a good bundle")
}

fn answer(synthetic: &Synthetic, ask: &Ask) -> Result<Answer, Refusal> {
    Answer::of(&Figures::of(&read(synthetic)), ask)
}

/// An answer from all of them, whose figures are computed once.
fn of_all(ask: &Ask) -> Result<Answer, Refusal> {
    static BUNDLE: OnceLock<Bundle> = OnceLock::new();
    static FIGURES: OnceLock<Figures<'static>> = OnceLock::new();
    let bundle = BUNDLE.get_or_init(|| read(&all()));
    Answer::of(FIGURES.get_or_init(|| Figures::of(bundle)), ask)
}

fn order(answer: &Answer) -> Vec<String> {
    answer.choices.iter().map(|choice| choice.server.to_string()).collect()
}

#[test]
fn who_needs_fewer_cores_comes_first_and_the_better_kept_up_among_those_alike() {
    let answer = of_all(&ask()).unwrap();
    assert_eq!(answer.basis, Basis::Search(SLO));
    // Two that nothing tells apart: the one that is kept up; then one that is told from them.
    let expected = [FAST, "glommio+jemalloc+heap", PLAIN, "go-nethttp+tuned"];
    assert_eq!(order(&answer), expected);
    let cores: Vec<u64> = answer.choices.iter().map(|choice| choice.needs.cores.likely).collect();
    // 15,000 at 70 % of about 95,000, and of about 19,000 of one core.
    assert_eq!(cores, [1, 1, 1, 2]);
    assert_eq!(answer.choices[3].wrong.cores_more_than_best, 1);
    assert!(answer.ruled_out.is_empty() && answer.unknown.is_empty());
}

#[test]
fn memory_grows_with_the_sessions_beyond_those_measured() {
    let at = |sessions: u64| {
        let answer = of_all(&Ask { sessions, ..ask() }).unwrap();
        answer.choices[0].needs.memory.value
    };
    // A kilobyte for each of 29,000 more than were measured.
    assert_eq!(at(30_000) - at(1_000), 29_000.0 * 1_000.0);
    assert_eq!(at(1_000), at(10));
}

#[test]
fn the_interval_of_the_rate_becomes_one_of_cores() {
    let mut noisy = synthetic(&[(FAST, 10.0)]);
    noisy.servers[0].1.noise = 0.2;
    let answer = answer(&noisy, &Ask { rate_per_s: 1_000_000.0, ..ask() }).unwrap();
    let needs = answer.choices[0].needs;
    let cores = needs.cores;
    assert!(cores.least < cores.likely && cores.likely < cores.most, "{cores:?}");
    assert_eq!(answer.choices[0].wrong.cores_if_worse, cores.most - cores.likely);
    let said = answer.beyond.join("; ");
    assert!(said.contains("times what one does, and one was measured"), "{said}");
    assert!(said.contains("a guess; measure it"), "{said}");
}

#[test]
fn kernel_container_and_locked_memory_rule_out() {
    let ruled_out = |ask: Ask| -> Vec<(String, String)> {
        let answer = of_all(&ask).unwrap();
        let told = answer.ruled_out.into_iter();
        told.map(|out| {
            (out.server.to_string(), format!("{} {} {}", out.why, out.remedy, out.source))
        })
        .collect()
    };
    let old = ruled_out(Ask { kernel: Some("5.15".parse().unwrap()), ..ask() });
    assert_eq!(old.len(), 1);
    assert!(
        old[0].0 == FAST && old[0].1.contains("Linux 5.15 is too old") && old[0].1.contains("6.1")
    );
    let boxed = ruled_out(Ask { container: Container::Default, ..ask() });
    assert_eq!(
        boxed.iter().map(|(name, _)| &**name).collect::<Vec<_>>(),
        [FAST, "glommio+jemalloc+heap"]
    );
    assert!(boxed[0].1.contains("seccomp") && boxed[0].1.contains("moby/pull/46762"), "{boxed:?}");
    assert!(ruled_out(Ask { container: Container::Uring, ..ask() }).is_empty());
    let locked = ruled_out(Ask { memlock_bytes: Some(64 << 10), ..ask() });
    assert_eq!(locked.len(), 1);
    assert!(locked[0].1.contains("512 KiB") && locked[0].1.contains("ulimit -l"), "{locked:?}");
}

#[test]
fn a_promise_that_was_not_searched_for_is_answered_by_a_stricter_one_or_by_the_load() {
    let stricter = of_all(&Ask { slo: Slo::p99_ms(20), ..ask() }).unwrap();
    assert_eq!(stricter.basis, Basis::Search(Slo::p99_ms(5)));
    assert!(stricter.beyond[0].contains("p99<20ms was not searched for"), "{:?}", stricter.beyond);
    // No promise that was searched for is as strict: what is known is that the load kept it.
    let load = of_all(&Ask { slo: Slo::p99_ms(2), ..ask() }).unwrap();
    assert_eq!(load.basis, Basis::Load);
    assert_eq!(load.choices[0].needs.cores.likely, 3);
    assert!(load.beyond[0].contains("no capacity was searched for"), "{:?}", load.beyond);
    let strict: Slo = "p99<100us".parse().unwrap();
    let refused = of_all(&Ask { slo: strict, ..ask() }).unwrap_err().to_string();
    assert!(refused.contains("it did not keep p99<100us under the load"), "{refused}");
}

#[test]
fn a_rate_is_at_least_what_the_generator_is_proven_for() {
    // 8 us allow for more than the 100,000/s of the proof.
    let bounded = answer(&synthetic(&[(FAST, 8.0), (PLAIN, 12.5)]), &ask()).unwrap();
    let at_least: Vec<bool> = bounded.choices.iter().map(|choice| choice.at_least).collect();
    assert_eq!(at_least, [true, false]);
    let text = recommend::text(&bounded);
    let row = |name: &str| text.lines().find(|line| line.starts_with(name)).expect("its row");
    assert!(row(FAST).contains("  at least 1") && !row(PLAIN).contains("at least"), "{text}");
    assert!(row(PLAIN).contains("  not told  "), "its A/A pair is as high as it can be: {text}");
    assert!(text.contains("as far as the generator is proven"), "{text}");
    let told = recommend::text(&of_all(&ask()).unwrap());
    assert!(!told.contains("  at least "), "{told}");
}

#[test]
fn the_rate_of_a_closed_loop_is_no_capacity() {
    let synthetic = Synthetic { slos: Vec::new(), ..all() };
    let load = Load { rate_per_s: None, ..synthetic.load.clone() };
    let workloads = vec![Workload::ResolveClosed];
    let closed = Synthetic { workloads, load, ..synthetic };
    let ask = Ask { workload: Workload::ResolveClosed, rate_per_s: 1.0, ..ask() };
    let refusal = answer(&closed, &ask).unwrap_err();
    let Refusal::NotEnough { why, .. } = refusal else { panic!("{refusal}") };
    assert_eq!(why.lines().count(), 4, "{why}");
    assert!(why.lines().all(|line| line.contains("a closed loop has no times")), "{why}");
}

#[test]
fn it_refuses_what_is_missing_or_not_to_be_trusted() {
    let refused =
        |synthetic: &Synthetic, ask: Ask| answer(synthetic, &ask).unwrap_err().to_string();
    let loot = of_all(&Ask { workload: Workload::Loot, ..ask() }).unwrap_err().to_string();
    assert!(loot.ends_with("has nothing of loot; it has resolve"), "{loot}");
    let unproven = refused(&Synthetic { proven: false, ..all() }, ask());
    assert!(unproven.contains("did not prove itself"), "{unproven}");
    let partial = refused(&Synthetic { complete: false, ..all() }, ask());
    assert!(partial.contains("is not complete"), "{partial}");
    let single = refused(&Synthetic { rounds: 1, ..all() }, ask());
    assert!(single.contains("a single valid round"), "{single}");
}

struct Results(Folder);

impl Results {
    fn of(synthetic: &Synthetic) -> Self {
        let folder = Folder::new("recommend");
        let _ = synthetic.write(&folder.path);
        Self(folder)
    }

    fn run(&self, args: &[&str]) -> (i32, String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_matrix"))
            .args(["recommend", "--results"])
            .arg(&self.0.path)
            .args(args)
            .output()
            .expect("it runs");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (output.status.code().expect("a code"), text(output.stdout), text(output.stderr))
    }
}

#[test]
fn of_several_bundles_one_that_searched_for_the_promise_answers() {
    let results = Results::of(&Synthetic { name: "2027-03-01-searched".into(), ..all() });
    for (name, workload) in
        [("2027-03-02-load", Workload::Resolve), ("2027-03-03-others", Workload::Sockets)]
    {
        let (name, workloads) = (name.to_owned(), vec![workload]);
        let _ = Synthetic { name, workloads, slos: Vec::new(), ..all() }.write(&results.0.path);
    }
    let asked = ["--slo", "p99=50ms", "--rate", "15k", "--sessions", "30k"];
    let (code, text, error) = results.run(&asked);
    assert_eq!(code, 0, "{text}{error}");
    assert!(text.contains("2027-03-01-searched"), "{text}");
    let (code, _, error) = results.run(&[&asked[..], &["--workload", "loot"]].concat());
    assert!(code == 3 && error.contains("has nothing of loot"), "{error}");
}

#[test]
fn the_command_answers_as_text_markdown_and_json() {
    let results = Results::of(&all());
    let asked = ["--slo", "p99=50ms", "--rate", "15k", "--sessions", "30k"];
    let more = ["--kernel", "5.15", "--container", "default"];
    let (code, text, error) = results.run(&[&asked[..], &more].concat());
    assert_eq!(code, 0, "{text}{error}");
    for part in [
        "`resolve` at 15,000/s with 30,000 sessions and p99<50ms, 30 % of capacity kept free",
        "Ruled out: tokio-uring+jemalloc+heap: Linux 5.15 is too old",
        "Ruled out: glommio+jemalloc+heap: the default seccomp profile",
        "+1 core over the best",
        "measured on Linux 6.18.0; on 5.15 nothing was",
        "Kept up:\n- go active (two majors a year;",
        "If the truth is at the worse end, 1 core of tokio-per-core+jemalloc+heap",
    ] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
    let (_, markdown, _) = results.run(&[&asked[..], &["--format", "markdown"]].concat());
    assert!(markdown.contains("| server | cores | memory |"), "{markdown}");
    let (_, json, _) = results.run(&[&asked[..], &["--format", "json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["choices"][0]["server"], FAST);
    assert_eq!(json["ask"]["slo"], "p99<50ms");
}

#[test]
fn the_exit_code_tells_a_refusal_from_a_misuse_and_from_nothing_that_fits() {
    let results = Results::of(&synthetic(&[(FAST, 10.0)]));
    let asked = ["--slo", "p99=50ms", "--rate", "15k", "--sessions", "30k"];
    let (code, text, _) = results.run(&[&asked[..], &["--container", "default"]].concat());
    assert_eq!(code, 1);
    assert!(text.contains("No server that was measured can run there."), "{text}");
    let (code, _, error) = results.run(&[&asked[..], &["--bundle", "gone"]].concat());
    assert!(code == 3 && error.contains("there is no bundle `gone`"), "{error}");
    let (code, _, error) = results.run(&["--slo", "fast", "--rate", "1", "--sessions", "1"]);
    assert!(code == 2 && error.contains("p99=50ms"), "{error}");
    for (at, wrong, why) in
        [(3, "0", "a number from 1"), (3, "1e5", "a number from 1"), (5, "many", "a number from 1")]
    {
        let mut args = asked;
        args[at] = wrong;
        let (code, _, error) = results.run(&args);
        assert!(code == 2 && error.contains(why), "{wrong}: {error}");
    }
    for (wrong, why) in [
        (["--kernel", "new"], "no release of a kernel"),
        (["--container", "docker"], "there are none, default, io-uring"),
        (["--workload", "resolv"], "`resolve` is near"),
        (["--headroom", "95"], "0..=90"),
    ] {
        let (code, _, error) = results.run(&[&asked[..], &wrong].concat());
        assert!(code == 2 && error.contains(why), "{wrong:?}: {error}");
    }
    let empty = Results(Folder::new("empty"));
    let (code, _, error) = empty.run(&asked);
    assert!(code == 3 && error.contains("nothing was measured"), "{error}");
}
