//! Figures from bundles whose figures are known beforehand.

mod support;

use matrix::bundle::Bundle;
use matrix::bundle::observed::Observed;
use matrix::bundle::run::{Failure, Measured, Outcome, Purpose, Run};
use matrix::cell::{Cell, Server, Workload};
use matrix::figures::{Figures, Metric, Ranking, RunFigures, capacity};
use matrix::plan::Load;
use matrix::quantity::of_rounds;
use matrix::slo::{Percentile, Slo};
use matrix::statistics::{Better, Question, Verdict, verdict};
use matrix::testing::{Character, Synthetic};
use support::Folder;

const SLO: Slo = Slo::p99_ms(5);

fn cell(server: &str) -> Cell {
    let server: Server = server.parse().expect("a server");
    Cell { workload: Workload::Resolve, server }
}

fn character(cpu_us: f64) -> Character {
    Character { cpu_us, ..Character::default() }
}

/// Two servers, the second of which costs a quarter more.
fn synthetic() -> Synthetic {
    let servers = [("tokio-uring+jemalloc+heap", 10.0), ("hyper", 12.5)];
    let servers = servers.map(|(name, cpu_us)| (cell(name).server, character(cpu_us)));
    Synthetic { slos: vec![SLO], rounds: 7, ..Synthetic::of(&servers) }
}

fn read(synthetic: &Synthetic) -> Bundle {
    let results = Folder::new("figures");
    Bundle::read(&synthetic.write(&results.path)).expect("it is a good bundle")
}

#[track_caller]
fn near(figures: &Figures<'_>, cell: Cell, metric: Metric, expected: f64) {
    let summary = figures.summary(cell, metric).expect("it was measured");
    let median = summary.spread.median;
    assert!((median / expected - 1.0).abs() < 0.05, "{metric}: {median}, not {expected}");
    let interval = summary.estimate.expect("there are rounds").interval;
    assert!(interval.holds(median) && summary.spread.min <= interval.lower, "{summary:?}");
}

#[test]
fn figures_are_those_of_the_servers() {
    let bundle = read(&synthetic());
    let figures = Figures::of(&bundle);
    let (fast, slow) = (cell("tokio-uring+jemalloc+heap"), cell("hyper"));
    for (cell, cpu_us) in [(fast, 10.0), (slow, 12.5)] {
        near(&figures, cell, Metric::Cpu, cpu_us * 1e3);
        near(&figures, cell, Metric::CpuUser, cpu_us * 250.0);
        let latency_us = 200.0 / (1.0 - cpu_us / 100.0);
        near(&figures, cell, Metric::Latency(Percentile::P50), latency_us * 1e3);
        near(&figures, cell, Metric::Latency(Percentile::P99), latency_us * 2.536e3);
        near(&figures, cell, Metric::Rate, 10_000.0);
        near(&figures, cell, Metric::PerConnection, 1_000.0);
        near(&figures, cell, Metric::SystemCalls, 2.02);
        let binary = figures.summary(cell, Metric::Binary).unwrap();
        assert_eq!((binary.spread.median, binary.estimate), (6e6, None));
        near(&figures, cell, Metric::StartUp, 12e6);
        near(&figures, cell, Metric::Capacity(SLO), 0.95 * character(cpu_us).capacity_per_s(SLO));
        let merged = figures.cell(cell).unwrap().latency.as_ref().unwrap();
        assert_eq!(merged.count(), 7 * 50_000);
    }
    let missing = figures.summary(fast, Metric::Scheduling).unwrap_err();
    assert_eq!(missing, "this runtime does not tell");
    let unknown = figures.summary(cell("axum"), Metric::Cpu).unwrap_err();
    assert_eq!(unknown, "resolve@axum was not measured");
    assert_eq!(figures.servers(Workload::Resolve), [fast.server, slow.server]);
    assert_eq!(figures.excluded().count(), 0);
}

#[test]
fn a_capacity_that_the_generator_is_not_proven_beyond_is_a_lower_bound() {
    let servers = [("tokio-uring+jemalloc+heap", 5.0), ("hyper", 12.5)];
    let servers = servers.map(|(name, cpu_us)| (cell(name).server, character(cpu_us)));
    let bundle = read(&Synthetic { slos: vec![SLO], rounds: 3, ..Synthetic::of(&servers) });
    assert_eq!(bundle.most_per_s(1), 100_000.0);
    let figures = Figures::of(&bundle);
    let told = |server, metric: Metric| {
        let summary = figures.summary(cell(server), metric).unwrap();
        (summary.at_least, of_rounds(&summary, metric.unit()))
    };
    let (at_least, text) = told("tokio-uring+jemalloc+heap", Metric::Capacity(SLO));
    assert!(at_least && text.starts_with("at least 1") && text.contains("/s ("), "{text}");
    let (at_least, text) = told("hyper", Metric::Capacity(SLO));
    assert!(!at_least && text.starts_with('6'), "{text}");
    assert!(!told("tokio-uring+jemalloc+heap", Metric::Rate).0);
    // Its A/A pair is equal since neither could be asked for more.
    let noise = |figures: &Figures<'_>, metric| figures.noise(Workload::Resolve, metric).is_some();
    let known = [Metric::Capacity(SLO), Metric::Cpu].map(|metric| noise(&figures, metric));
    assert_eq!(known, [false, true]);
}

#[test]
fn where_there_are_broadcasts_frames_are_units_of_work_and_have_figures_of_their_own() {
    let servers = [(cell("hyper").server, character(10.0))];
    let workloads = vec![Workload::Sockets, Workload::Quests, Workload::State];
    let bundle = read(&Synthetic { workloads, ..Synthetic::of(&servers) });
    let figures = Figures::of(&bundle);
    let of = |workload| Cell { workload, ..cell("hyper") };
    let latency_us = 200.0 / (1.0 - 0.1);
    for workload in [Workload::Sockets, Workload::Quests, Workload::State] {
        // 10 us for each of 50,000 answers and 32,967 frames in 5 s.
        near(&figures, of(workload), Metric::Cpu, 10e3);
        near(&figures, of(workload), Metric::CpuShare, 82_967.0 * 10e-6 / 5.0);
        near(&figures, of(workload), Metric::Deliveries, 32_967.0 / 5.0);
        near(&figures, of(workload), Metric::MissedTicks, 0.001);
        near(&figures, of(workload), Metric::Lag, 2.0 * latency_us * 2.536e3);
        near(&figures, of(workload), Metric::Skew, 0.5 * latency_us * 2.536e3);
        near(&figures, of(workload), Metric::Fairness, 2.536);
        near(&figures, of(workload), Metric::SendLag, 8e3 * 2.536);
    }
    // What is promised: answers, but broadcasts where they are what the scenario is about.
    let p99 = Metric::Latency(Percentile::P99);
    near(&figures, of(Workload::Sockets), p99, latency_us * 2.536e3);
    near(&figures, of(Workload::Quests), p99, 2.0 * latency_us * 2.536e3);
    near(&figures, of(Workload::Quests), Metric::Status, latency_us * 2.536e3);
    for (workload, metric) in
        [(Workload::State, Metric::Status), (Workload::Sockets, Metric::Publish)]
    {
        let error = figures.summary(of(workload), metric).unwrap_err();
        assert_eq!(error, format!("{metric} is no figure of {workload}"));
    }
}

/// Servers that are asked again when they have answered.
fn closed(servers: &[(Server, Character)]) -> Synthetic {
    let synthetic = Synthetic::of(servers);
    let load = Load { rate_per_s: None, ..synthetic.load.clone() };
    Synthetic { workloads: vec![Workload::ResolveClosed], load, ..synthetic }
}

#[test]
fn a_closed_loop_has_a_rate_and_no_latency() {
    let run = closed(&[(cell("hyper").server, character(10.0))]).runs().remove(0);
    let figures = RunFigures::of(&run).unwrap();
    assert!(figures.invalid.is_empty(), "{:?}", figures.invalid);
    assert!(figures.value(Metric::Rate).is_some() && figures.value(Metric::Cpu).is_some());
    assert_eq!((figures.achieved, figures.latency.is_none()), (None, true));
    let why = figures.values[&Metric::Latency(Percentile::P99)].why_missing().unwrap();
    assert!(why.starts_with("a closed loop"), "{why}");
    let lag = figures.values[&Metric::SendLag].why_missing().unwrap();
    assert!(lag.starts_with("a closed loop"), "{lag}");
    assert!(figures.value(Metric::SystemCalls).is_some());
    assert!(figures.value(Metric::ResidentPeak).is_some());
    assert!(!figures.keeps(Slo::p99_ms(50)), "what it asks depends on the answers");
}

#[test]
fn a_closed_loop_of_a_generator_without_cpu_time_to_spare_is_not_valid() {
    let mut run = closed(&[(cell("hyper").server, character(10.0))]).runs().remove(0);
    let Outcome::Measured(measured) = &mut run.outcome else { panic!("it was measured") };
    let check = r#"{"name":"headroom","text":"the generator was busy 97 %","held":false}"#;
    reprint(measured, r#""checks":[]"#, &format!(r#""checks":[{check}]"#));
    let figures = RunFigures::of(&run).unwrap();
    assert_eq!(figures.invalid, ["headroom: the generator was busy 97 %"]);
    // That is the load's own doing, so the same again would come to the same.
    assert!(!figures.is_spoilt_by_others());
}

#[test]
fn closed_loops_are_ordered_by_their_rates_of_which_more_is_better() {
    let servers = [("hyper", 10.0), ("axum", 20.0)];
    let servers = servers.map(|(name, cpu_us)| (cell(name).server, character(cpu_us)));
    let bundle = read(&closed(&servers));
    let figures = Figures::of(&bundle);
    assert_eq!(figures.excluded().count(), 0);
    let all: Vec<Server> = servers.iter().map(|(server, _)| *server).collect();
    let ranking = Ranking::of(&figures, Workload::ResolveClosed, Metric::Rate, &all);
    let order: Vec<Server> = ranking.rows.iter().map(|row| row.server).collect();
    assert_eq!((order, Metric::Rate.better()), (all.clone(), Better::More));
    let p99 = Metric::Latency(Percentile::P99);
    let ranking = Ranking::of(&figures, Workload::ResolveClosed, p99, &all);
    assert_eq!((ranking.rows.len(), ranking.without.len()), (0, 2));
}

#[test]
fn readers_who_are_slow_on_purpose_are_not_judged() {
    let servers = [(cell("hyper").server, character(10.0))];
    let workloads = vec![Workload::SlowReaders];
    let run = Synthetic { workloads, ..Synthetic::of(&servers) }.runs().remove(0);
    let named = |lane: &str| {
        let mut run = run.clone();
        let Outcome::Measured(measured) = &mut run.outcome else { panic!("it was measured") };
        reprint(
            measured,
            r#""name":"slow-readers","operations""#,
            &format!(r#""name":"{lane}","operations""#),
        );
        RunFigures::of(&run).unwrap()
    };
    let prompt = named("prompt");
    assert!(prompt.value(Metric::Lag) == prompt.value(Metric::Latency(Percentile::P99)));
    assert!(prompt.value(Metric::Lag).is_some());
    let stuck = named("stuck");
    assert_eq!(stuck.values[&Metric::Lag].why_missing(), Some("no broadcast came"));
    // They are served all the same.
    assert_eq!(stuck.value(Metric::Cpu), prompt.value(Metric::Cpu));
}

#[test]
fn a_planted_difference_is_found_through_a_bundle_and_a_planted_nothing_is_not() {
    let servers = [("hyper", 10.0), ("axum", 11.0), ("go-nethttp+tuned", 10.0)];
    let servers = servers.map(|(name, cpu_us)| (cell(name).server, character(cpu_us)));
    let bundle = read(&Synthetic { rounds: 10, ..Synthetic::of(&servers) });
    let figures = Figures::of(&bundle);
    let noise = figures.noise(Workload::Resolve, Metric::Cpu);
    assert!(noise.is_some_and(|noise| noise.reach < 0.06), "{noise:?}");
    let question = |other: &str| {
        let change = figures.change(cell("hyper"), cell(other), Metric::Cpu).unwrap();
        Question { change, better: Better::Less, noise }
    };
    let judged = verdict::judge(&[question("axum"), question("go-nethttp+tuned")]);
    assert_eq!(judged[0].verdict, Verdict::Slower, "{judged:?}");
    assert!(matches!(judged[1].verdict, Verdict::Indistinguishable(_)), "{judged:?}");
    let relative = judged[0].change.relative().unwrap();
    assert!(relative.interval.holds(0.1), "{relative:?}");
}

#[test]
fn without_a_proof_nothing_counts() {
    let bundle = read(&Synthetic { proven: false, ..synthetic() });
    let figures = Figures::of(&bundle);
    let why = figures.summary(cell("hyper"), Metric::Cpu).unwrap_err();
    assert!(why.contains("no valid run; runs/") && why.contains("did not prove itself"), "{why}");
    let why = figures.summary(cell("hyper"), Metric::Capacity(SLO)).unwrap_err();
    assert!(why.contains("did not prove itself"), "{why}");
    // Of each round two runs and two of the pair, and a confirmation of each.
    assert_eq!(figures.excluded().count(), 7 * 4 * 2);
}

/// A run to which something was done.
fn run(by: impl Fn(&mut Measured)) -> Run {
    let mut run = synthetic().runs().remove(0);
    let Outcome::Measured(measured) = &mut run.outcome else { panic!("it was measured") };
    by(measured);
    run
}

fn reprint(measured: &mut Measured, from: &str, to: &str) {
    let text = measured.generator.get().replace(from, to);
    assert_ne!(text, measured.generator.get(), "`{from}` is there");
    measured.generator = serde_json::value::RawValue::from_string(text).expect("it is JSON");
}

#[test]
fn a_run_that_was_disturbed_says_by_what() {
    let why = |by: &dyn Fn(&mut Measured)| RunFigures::of(&run(by)).unwrap().invalid.join("; ");
    assert_eq!(why(&|_| {}), "");
    let stolen = why(&|measured| measured.machine.stolen = 0.1);
    assert_eq!(
        stolen,
        "the hypervisor gave the cores to others for 10.0 % of the time (at most 2 %)"
    );
    let busy = |measured: &mut Measured| measured.machine.others_on_server_cores = 0.2;
    let text = why(&busy);
    // A thousand times a second it wakes up, which is nobody else's time.
    assert!(text.starts_with("others used the server's cores for 19.6 %"), "{text}");
    let wakes = |measured: &mut Measured| {
        busy(measured);
        measured.server.end.voluntary_switches = 40_000 * 5;
    };
    assert_eq!(why(&wakes), "", "0.2 less 40,000 times 4 us a second is 0.04");
    let early = why(&|measured| reprint(measured, "\"Complete\"", "\"ServerGone\""));
    assert_eq!(early, "the run ended early: \"ServerGone\"");
    let check = r#""checks":[{"name":"headroom","text":"it used all","held":false}]"#;
    let headroom = why(&|measured| reprint(measured, r#""checks":[]"#, check));
    assert_eq!(headroom, "headroom: it used all");
}

#[test]
fn what_was_counted_beside_a_run_that_does_not_count_is_told() {
    let mut bundle = read(&synthetic());
    for run in bundle.runs.iter_mut().filter(|run| run.purpose == Purpose::Measure) {
        let Outcome::Measured(measured) = &mut run.outcome else { panic!("it was measured") };
        if run.round == 1 {
            measured.machine.others_on_server_cores = 0.2;
        } else {
            measured.system_calls = Observed::missing("counted once");
        }
    }
    let figures = Figures::of(&bundle);
    let of = |metric| figures.summary(cell("hyper"), metric).map(|summary| summary.rounds);
    assert_eq!((of(Metric::Cpu), of(Metric::SystemCalls)), (Ok(6), Ok(1)));
    let of_cell = figures.cell(cell("hyper")).expect("it was measured");
    let [cpu, counted] = [Metric::Cpu, Metric::SystemCalls].map(|metric| of_cell.files(metric));
    assert_eq!((cpu.len(), counted.len()), (6, 1));
    assert!(!cpu.contains(&counted[0]), "{counted:?} is the run that does not count");
}

#[test]
fn a_run_that_failed_has_no_figures() {
    let mut run = run(|_| {});
    run.outcome = Outcome::Failed(Failure {
        during: "load".into(),
        error: "the server ended with signal 9".into(),
        server_said: vec![],
        generator_said: vec![],
    });
    let error = RunFigures::of(&run).unwrap_err();
    assert_eq!(error, "failed during load: the server ended with signal 9");
}

#[test]
fn a_figure_that_is_missing_says_why() {
    let figures = RunFigures::of(&run(|measured| {
        measured.system_calls = Observed::missing("no perf here");
        measured.server.end.user_ticks = 0;
        measured.server.end.kernel_ticks = 3;
        measured.resident.connections = 0;
    }));
    let figures = figures.unwrap();
    for (metric, why) in [
        (Metric::SystemCalls, "no perf here"),
        (Metric::CpuUser, "too little CPU time to tell its parts"),
        (Metric::PerConnection, "nobody was connected"),
    ] {
        assert_eq!(figures.values[&metric].why_missing(), Some(why));
    }
    assert!(figures.value(Metric::Cpu).is_some());
}

#[test]
fn a_promise_is_kept_only_without_errors_and_with_everything_sent() {
    let keeps = |by: &dyn Fn(&mut Measured)| RunFigures::of(&run(by)).unwrap().keeps(SLO);
    assert!(keeps(&|_| {}));
    assert!(!keeps(&|measured| reprint(measured, r#""counts":{}"#, r#""counts":{"reset":500}"#)));
    assert!(!keeps(&|measured| reprint(
        measured,
        r#""due":50000,"errors""#,
        r#""due":60000,"errors""#
    )));
    let slow = Slo { percentile: Percentile::P99, below_ns: 1_000 };
    assert!(!RunFigures::of(&run(|_| {})).unwrap().keeps(slow));
}

#[test]
fn servers_are_ranked_and_places_that_mean_nothing_are_told() {
    let servers = [("hyper", 10.0), ("axum", 20.0), ("go-nethttp+tuned", 20.0)];
    let servers = servers.map(|(name, cpu_us)| (cell(name).server, character(cpu_us)));
    let bundle = read(&Synthetic { rounds: 7, slos: vec![SLO], ..Synthetic::of(&servers) });
    let figures = Figures::of(&bundle);
    let all = figures.servers(Workload::Resolve);
    for metric in [Metric::Cpu, Metric::Capacity(SLO)] {
        let ranking = Ranking::of(&figures, Workload::Resolve, metric, &all);
        assert_eq!(ranking.rows[0].server, servers[0].0);
        assert!(ranking.rows[0].against_best.is_none());
        let verdicts = ranking.rows[1..].iter().map(|row| row.against_best.unwrap().verdict);
        assert!(verdicts.eq([Verdict::Slower; 2]), "{metric}");
        assert!(ranking.rows[1].below_above && !ranking.rows[2].below_above, "{metric}");
        assert_eq!(ranking.leaders().count(), 1);
    }
    let ranking = Ranking::of(&figures, Workload::Resolve, Metric::Scheduling, &all);
    assert_eq!((ranking.rows.len(), ranking.without.len()), (0, 3));
}

/// What the runs of a search come to, the last of which confirms what it found.
fn capacity_of(runs: &[Run]) -> Observed<f64> {
    let figures: Vec<RunFigures> =
        runs.iter().map(|run| RunFigures::of(run).expect("it was measured")).collect();
    let both: Vec<(&Run, &RunFigures)> = runs.iter().zip(&figures).collect();
    capacity::capacity(SLO, &both)
}

#[test]
fn a_capacity_is_the_highest_rate_of_which_every_confirmation_was_kept() {
    let runs = synthetic().runs();
    let is_search = |run: &Run| run.purpose != Purpose::Measure;
    let step = runs.iter().find(|run| is_search(run)).unwrap().step;
    let searched: Vec<Run> = runs.into_iter().filter(|run| run.step == step).collect();
    let (last, search) = searched.split_last().unwrap();
    let missing = |why: &str| Observed::missing(why);
    assert_eq!(capacity_of(search), missing("no rate was confirmed"));
    let rate = last.offered_per_s.unwrap();
    assert_eq!(capacity_of(&searched), Observed::Is(rate));
    let altered = |rate: f64, by: &dyn Fn(&mut Measured)| {
        let mut run = Run { offered_per_s: Some(rate), ..last.clone() };
        let Outcome::Measured(measured) = &mut run.outcome else { panic!("it was measured") };
        by(measured);
        run
    };
    let broken = |measured: &mut Measured| {
        reprint(measured, r#""counts":{}"#, r#""counts":{"reset":90000}"#);
    };
    // Once kept and once not is not kept; a lower rate that was kept twice is what is left.
    let mut more = searched.clone();
    more.push(altered(rate, &broken));
    assert_eq!(capacity_of(&more), missing("no rate kept the promise when it was confirmed"));
    more.extend([altered(rate / 2.0, &|_| {}), altered(rate / 2.0, &|_| {})]);
    assert_eq!(capacity_of(&more), Observed::Is(rate / 2.0));
    // What others disturbed says nothing, neither that it was kept nor that it was not.
    let beside = |measured: &mut Measured| measured.machine.stolen = 0.5;
    let disturbed = altered(rate / 2.0, &|measured| {
        beside(measured);
        broken(measured);
    });
    more.push(disturbed.clone());
    assert_eq!(capacity_of(&more), Observed::Is(rate / 2.0));
    for run in [altered(rate / 2.0, &beside), disturbed] {
        let invalid = capacity_of(&[search, &[run]].concat());
        let why = invalid.why_missing().unwrap();
        assert!(why.contains("a confirmation is not valid"), "{why}");
    }
}
