//! `matrix run --dry-run`, and a plan that is taken up again where it stopped.

mod support;

use matrix::bundle::Bundle;
use matrix::bundle::run::{Failure, Outcome, Purpose, Run};
use matrix::bundle::server::ServerState;
use matrix::cell::{Cell, Workload};
use matrix::figures::{Metric, RunFigures};
use matrix::plan::progress::{Status, first_open};
use matrix::plan::{Plan, Step, Task};
use matrix::slo::Slo;
use matrix::testing::{Character, Synthetic};
use std::process::Command;
use support::Folder;

fn run(args: &[&str]) -> (i32, String, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_matrix")).arg("run").args(args).output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.code().expect("a code"), text(output.stdout), text(output.stderr))
}

#[test]
fn a_dry_run_lists_the_plan_and_how_long_it_takes() {
    let (code, text, error) = run(&["--dry-run", "--quick", "--seed", "7"]);
    assert_eq!(code, 0, "{error}");
    for part in [
        "21 steps of 5 servers under 1 workload, 3 rounds each; seed 7",
        "once built",
        "resolve: 5,000/s, 1,875 connections, 3,750 sessions, 4 s after 1 s; A/A: tokio-uring+jemalloc+heap",
        "    0  round 1   measure              resolve@",
        "(twin a)",
    ] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
    assert_eq!(text, run(&["--dry-run", "--quick", "--seed", "7"]).1);
    let (_, json, _) = run(&["--dry-run", "--quick", "--seed", "7", "--format", "json"]);
    let plan: Plan = serde_json::from_str(&json).unwrap();
    assert_eq!((plan.seed, plan.steps.len()), (7, 21));
}

#[test]
fn what_makes_no_plan_is_refused_with_the_remedy() {
    for (args, code, why) in [
        (&["--dry-run", "--quick", "--full"][..], 2, "cannot be used with"),
        (&["--dry-run", "--rounds", "1"], 2, "2..=1000"),
        (&["--dry-run", "--cells", "runtime=tokyo"], 2, "`tokio` is near"),
        (&["--dry-run", "--cells", "kind=go,runtime=tokio"], 1, "no cell is meant by"),
    ] {
        let (found, _, error) = run(args);
        assert_eq!(found, code, "{args:?}: {error}");
        assert!(error.contains(why), "{args:?}: {error}");
    }
}

const SLO: Slo = Slo::p99_ms(5);

fn synthetic() -> Synthetic {
    let servers =
        ["hyper", "axum"].map(|name| (name.parse().expect("a server"), Character::default()));
    let synthetic = Synthetic::of(&servers);
    Synthetic { slos: vec![SLO], rounds: 2, complete: false, ..synthetic }
}

#[test]
fn an_interrupted_plan_goes_on_with_the_first_step_that_is_not_done() {
    let measured = Synthetic { slos: Vec::new(), ..synthetic() };
    let steps = measured.plan().steps;
    for done in [0, 1, steps.len() - 1, steps.len()] {
        let results = Folder::new("progress");
        let folder = Synthetic { runs_max: Some(done), ..measured.clone() }.write(&results.path);
        let bundle = Bundle::read(&folder).unwrap();
        let open = first_open(&bundle, 1e6).map(|(index, step, _)| (index as usize, step));
        assert_eq!(open, steps.get(done).map(|step| (done, *step)));
    }
}

#[test]
fn what_has_no_row_is_passed_over() {
    let synthetic = Synthetic { slos: Vec::new(), runs_max: Some(0), ..synthetic() };
    let results = Folder::new("left-out");
    let mut bundle = Bundle::read(&synthetic.write(&results.path)).unwrap();
    let first = bundle.plan.steps[0].cell.server;
    let record = bundle.servers.get_mut(&first).unwrap();
    record.state = ServerState::LeftOut("no compiler".into());
    let (index, step, _) = first_open(&bundle, 1e6).unwrap();
    assert!(index > 0 && step.cell.server != first);
    assert_eq!(Status::of(&bundle, 0, &bundle.plan.steps[0], 1e6), Status::LeftOut);
}

#[test]
fn a_search_begins_where_an_earlier_one_ended_or_at_what_cpu_time_implies() {
    let results = Folder::new("search-start");
    let complete = synthetic();
    let folder = complete.write(&results.path);
    let mut bundle = Bundle::read(&folder).unwrap();
    let searches: Vec<u32> = (0..)
        .zip(&bundle.plan.steps)
        .filter(|(_, step)| matches!(step.task, Task::Capacity(_)))
        .map(|(index, _)| index)
        .collect();
    let start = |bundle: &Bundle, index: u32| {
        let step = &bundle.plan.steps[index as usize];
        match Status::of(bundle, index, step, 1e6) {
            Status::Next { attempt: 1, offered_per_s: Some(rate), .. } => rate,
            other => panic!("{other:?}"),
        }
    };
    let cell = |bundle: &Bundle, index: u32| bundle.plan.steps[index as usize].cell;
    let last = *searches.last().unwrap();
    let earlier = |index: &&u32| **index < last && cell(&bundle, **index) == cell(&bundle, last);
    let before = *searches.iter().rev().find(earlier).unwrap();
    let confirmed =
        |run: &Run| matches!(run.purpose, Purpose::Confirm(_)).then_some(run.offered_per_s)?;
    let found = bundle.runs_of(before).find_map(confirmed).unwrap();
    bundle.runs.retain(|run| run.step != last);
    assert_eq!(start(&bundle, last), found.round());
    // Later steps change nothing: an interrupted search goes on as it began.
    let with_later = start(&bundle, last);
    bundle.runs.retain(|run| run.step < last);
    assert_eq!(start(&bundle, last), with_later);
    // Without an earlier search, the CPU time of a measured load tells.
    bundle.runs.retain(|run| run.purpose == Purpose::Measure);
    let implied = start(&bundle, last);
    let rate = bundle.plan.loads[&cell(&bundle, last).workload].rate_per_s.unwrap();
    assert!(implied > rate, "{implied}");
    // Without anything, the load itself.
    bundle.runs.clear();
    assert_eq!(start(&bundle, last), rate);
}

#[test]
fn a_search_begins_where_that_for_another_promise_ended() {
    let results = Folder::new("search-other");
    let both = Synthetic { slos: vec![SLO, Slo::p99_ms(5)], ..synthetic() };
    let mut bundle = Bundle::read(&both.write(&results.path)).unwrap();
    let cell = bundle.plan.steps[0].cell;
    let is_search = |step: &Step| step.cell == cell && matches!(step.task, Task::Capacity(_));
    let steps: Vec<(u32, Step)> =
        (0..).zip(bundle.plan.steps.clone()).filter(|(_, step)| is_search(step)).collect();
    let [(first, _), (second, step), ..] = steps[..] else { panic!("two promises were searched") };
    let confirmed = bundle.runs_of(first).find(|run| matches!(run.purpose, Purpose::Confirm(_)));
    let expected = confirmed.unwrap().offered_per_s.map(f64::round);
    bundle.runs.retain(|run| run.step < second);
    let status = Status::of(&bundle, second, &step, 1e6);
    let Status::Next { attempt: 1, offered_per_s, .. } = status else { panic!("{status:?}") };
    assert_eq!(offered_per_s, expected);
}

#[test]
fn a_first_search_begins_near_what_a_closed_loop_came_to() {
    let results = Folder::new("search-closed");
    let workloads = vec![Workload::Resolve, Workload::ResolveClosed];
    let mut bundle =
        Bundle::read(&Synthetic { workloads, ..synthetic() }.write(&results.path)).unwrap();
    let is_search = |step: &Step| {
        step.cell.workload == Workload::Resolve && matches!(step.task, Task::Capacity(_))
    };
    let steps = (0..).zip(bundle.plan.steps.clone());
    let (index, step) = steps.filter(|(_, step)| is_search(step)).last().unwrap();
    bundle.runs.retain(|run| run.purpose == Purpose::Measure && run.step < index);
    let closed = Cell { workload: Workload::ResolveClosed, ..step.cell };
    let last = bundle.runs.iter().rev().find(|run| run.cell == closed).unwrap();
    let reached = RunFigures::of(last).unwrap().value(Metric::Rate).unwrap();
    let status = Status::of(&bundle, index, &step, 1e6);
    let Status::Next { offered_per_s: Some(start), .. } = status else { panic!("{status:?}") };
    assert!((start / reached - 0.9).abs() < 0.001, "{start} of {reached}");
}

#[test]
fn a_run_that_something_else_disturbed_is_tried_again_but_not_for_ever() {
    let results = Folder::new("disturbed");
    let mut bundle = Bundle::read(&synthetic().write(&results.path)).unwrap();
    let is_search = |run: &Run| matches!(run.purpose, Purpose::Search(_));
    let mut kept = bundle.runs.iter().find(|run| is_search(run)).unwrap().clone();
    let (index, step) = (kept.step, bundle.plan.steps[kept.step as usize]);
    let Outcome::Measured(measured) = &mut kept.outcome else { panic!("it was measured") };
    measured.machine.others_on_server_cores = 0.9;
    let mut broken = kept.clone();
    let Outcome::Measured(measured) = &mut broken.outcome else { panic!("it was measured") };
    let text = measured.generator.get().replace(r#""counts":{}"#, r#""counts":{"reset":90000}"#);
    measured.generator = serde_json::value::RawValue::from_string(text).unwrap();
    let mut rate_after = |run: &Run, offered_per_s: Option<f64>, times: u32| {
        bundle.runs.retain(|run| run.step < index);
        let again = (1..=times).map(|attempt| Run { attempt, offered_per_s, ..run.clone() });
        bundle.runs.extend(again);
        match Status::of(&bundle, index, &step, 1e6) {
            Status::Next { offered_per_s: Some(rate), .. } => rate,
            other => panic!("{other:?}"),
        }
    };
    let first = rate_after(&broken, None, 0);
    assert_eq!(rate_after(&broken, Some(first), 6), first);
    assert!(rate_after(&broken, Some(first), 7) < first);
    // Others make answers late and never early: what was kept beside them was kept.
    assert!(rate_after(&kept, Some(first), 1) > first);
}

#[test]
fn a_load_that_others_spoilt_is_measured_again_and_one_that_counts_never() {
    let results = Folder::new("spoilt");
    let measured = Synthetic { slos: Vec::new(), runs_max: Some(1), ..synthetic() };
    let mut bundle = Bundle::read(&measured.write(&results.path)).unwrap();
    let (first, step) = (bundle.runs[0].clone(), bundle.plan.steps[0]);
    let mut status_of = |runs: Vec<Run>| {
        bundle.runs = runs;
        Status::of(&bundle, 0, &step, 1e6)
    };
    let spoilt = |attempt: u32, others: f64| {
        let mut run = Run { attempt, ..first.clone() };
        let Outcome::Measured(measured) = &mut run.outcome else { panic!("it was measured") };
        measured.machine.others_on_server_cores = others;
        run
    };
    assert_eq!(status_of(vec![first.clone()]), Status::Done);
    for (runs, next) in [(1, Some(2)), (2, Some(3)), (3, None)] {
        let status = status_of((1..=runs).map(|attempt| spoilt(attempt, 0.9)).collect());
        let attempt = match status {
            Status::Next { attempt, purpose: Purpose::Measure, .. } => Some(attempt),
            _ => None,
        };
        assert_eq!(attempt, next, "after {runs}");
    }
    assert_eq!(status_of(vec![spoilt(1, 0.9), spoilt(2, 0.0)]), Status::Done);
    // What the server did wrong beside it is not made good.
    let mut died = spoilt(1, 0.9);
    died.outcome = Outcome::Failed(Failure {
        during: "load".into(),
        error: "it died".into(),
        server_said: Vec::new(),
        generator_said: Vec::new(),
    });
    assert_eq!(status_of(vec![died]), Status::Done);
}

#[test]
fn a_search_goes_on_where_it_stopped() {
    let synthetic = synthetic();
    let results = Folder::new("search");
    let folder = synthetic.write(&results.path);
    let bundle = Bundle::read(&folder).unwrap();
    for (index, step) in (0..).zip(&bundle.plan.steps) {
        let status = Status::of(&bundle, index, step, 1e6);
        match step.task {
            Task::Measure => assert_eq!(status, Status::Done),
            // Synthetic searches try three rates and confirm the last of them once.
            Task::Capacity(slo) => {
                let Status::Next { attempt, purpose, offered_per_s } = status else {
                    panic!("{status:?}")
                };
                assert_eq!(attempt, 5);
                let tried: Vec<f64> =
                    bundle.runs_of(index).filter_map(|run| run.offered_per_s).collect();
                let rate = offered_per_s.unwrap();
                assert_eq!(purpose, Purpose::Search(slo));
                assert!(tried[2] < rate && rate < tried[1], "{rate} of {tried:?}");
            }
        }
    }
}
