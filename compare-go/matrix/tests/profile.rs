//! Profiles in bundles: added after the end, held to the rest of the bundle, and shown.

#[path = "support/mod.rs"]
mod support;

use matrix::bundle::Bundle;
use matrix::bundle::observed::Observed;
use matrix::bundle::profile::{Profile, Sampler};
use matrix::bundle::write::Writer;
use matrix::cell::{Cell, Server, Workload};
use matrix::figures::Figures;
use matrix::profile::layer::Layer;
use matrix::profile::shown::Shown;
use matrix::profile::told::Told;
use matrix::testing::{Character, Synthetic, profile};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use support::Folder;

const RUST: &str = "tokio+jemalloc+heap";
const GO: &str = "go-nethttp+tuned";

fn cell(name: &str) -> Cell {
    Cell { workload: Workload::Resolve, server: name.parse::<Server>().expect("a server") }
}

/// A bundle that has ended, of two servers that cost 10 µs for a unit of work.
fn ended() -> (Folder, PathBuf) {
    let results = Folder::new("profile");
    let character = Character { cpu_us: 10.0, noise: 0.0, ..Character::default() };
    let servers = [RUST, GO].map(|name| (cell(name).server, character));
    let folder = Synthetic::of(&servers).write(&results.path);
    (results, folder)
}

/// Adds the profile of a cell, changed.
fn add(folder: &Path, name: &str, change: impl FnOnce(&mut Profile)) {
    let (mut writer, bundle) = Writer::resume(folder).expect("a bundle");
    let ready = bundle.servers[&cell(name).server].ready().expect("it is ready");
    let mut profile = profile(cell(name), &ready.program_sha256);
    change(&mut profile);
    writer.profile(&profile).expect("it is written");
}

fn matrix(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_matrix")).args(args).output().expect("it runs")
}

#[test]
fn a_bundle_that_has_ended_takes_a_profile_and_stays_a_bundle() {
    let (_results, folder) = ended();
    let before = Bundle::read(&folder).unwrap();
    add(&folder, RUST, |_| {});
    let after = Bundle::read(&folder).unwrap();
    assert_eq!(after.end, before.end);
    assert_ne!(after.digest, before.digest, "what quotes it must be written anew");
    assert_eq!(after.profiles.keys().collect::<Vec<_>>(), [&cell(RUST)]);
    let (mut writer, _) = Writer::resume(&folder).unwrap();
    assert!(writer.profile(&after.profiles[&cell(RUST)]).is_err(), "nothing is written twice");
}

#[test]
fn a_profile_that_does_not_belong_to_the_bundle_is_refused_with_the_field() {
    let sampled = |change: fn(&mut Vec<String>)| {
        move |profile: &mut Profile| {
            let Observed::Is(sampled) = &mut profile.perf else { panic!("it has samples") };
            change(&mut sampled.stacks);
        }
    };
    type Change = Box<dyn FnOnce(&mut Profile)>;
    let changes: [(&str, Change); 5] = [
        ("body.server_sha256", Box::new(|profile| profile.server_sha256 = "0".repeat(64))),
        ("body.perf.is.stacks", Box::new(sampled(|stacks| stacks[0] = "no count".into()))),
        ("no samples", Box::new(sampled(Vec::clear))),
        ("has no load in the plan", Box::new(|profile| profile.cell.workload = Workload::Loot)),
        (
            "no server that is ready",
            Box::new(|profile| profile.cell.server = "hyper".parse().unwrap()),
        ),
    ];
    for (expected, change) in changes {
        let (_results, folder) = ended();
        add(&folder, RUST, change);
        let error = Bundle::read(&folder).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("profiles/"), "{expected}: {error}");
    }
}

#[test]
fn shares_and_costs_are_computed_from_the_stacks() {
    let (_results, folder) = ended();
    add(&folder, RUST, |_| {});
    let bundle = Bundle::read(&folder).unwrap();
    let told = Told::of(&Figures::of(&bundle), cell(RUST)).unwrap();
    assert_eq!((told.sampler, told.shares.samples), (Sampler::Perf, 1_000));
    for (layer, share) in [
        (Layer::Scheduler, 0.3),
        (Layer::Allocator, 0.02),
        (Layer::Network, 0.4),
        (Layer::Protocol, 0.15),
        (Layer::Game, 0.12),
        (Layer::Unclassified, 0.01),
    ] {
        assert!((told.shares.share(layer) - share).abs() < 1e-12, "{layer}");
        let cost = told.cost_ns(layer).unwrap();
        assert!((cost / (share * 10_000.0) - 1.0).abs() < 0.02, "{layer}: {cost}");
    }
    assert_eq!(told.doubt(), None);
}

#[test]
fn a_cost_is_told_at_the_rate_that_was_measured_only() {
    let (_results, folder) = ended();
    add(&folder, RUST, |profile| profile.offered_per_s = Some(30_000.0));
    let bundle = Bundle::read(&folder).unwrap();
    let told = Told::of(&Figures::of(&bundle), cell(RUST)).unwrap();
    assert!(told.cost_ns(Layer::Game).is_none());
    assert!(told.cpu_ns.unwrap_err().contains("at another rate"));
}

#[test]
fn a_document_has_the_shares_of_those_that_were_sampled() {
    let (results, folder) = ended();
    let document = results.path.join("README.md");
    let name = folder.file_name().unwrap().to_str().unwrap();
    let block = format!("# A\n\n<!-- matrix: table layers bundle={name} -->\n<!-- /matrix -->\n");
    fs::write(&document, block).unwrap();
    let verify = || {
        let results = results.path.to_str().unwrap();
        let document = document.to_str().unwrap();
        let output = matrix(&["verify", "--write", "--results", results, document]);
        (output.status.success(), fs::read_to_string(document).unwrap())
    };
    assert!(!verify().0, "there is no profile yet");
    add(&folder, RUST, |profile| profile.offered_per_s = Some(30_000.0));
    let (is_good, text) = verify();
    assert!(is_good, "{text}");
    for part in [
        "| server | scheduler | allocator, GC | kernel network | protocol | game | unclassified |",
        "| tokio+jemalloc+heap | 30.0 % | 2.00 % | 40.0 % | 15.0 % | 12.0 % | 1.00 % |",
        "Shares of CPU time, of 1,000 samples each, at 30,000/s.",
        "resolve@go-nethttp+tuned has no profile.",
    ] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
}

#[test]
fn go_is_told_by_both_samplers_and_by_its_own_where_perf_may_not() {
    let (_results, folder) = ended();
    add(&folder, GO, |_| {});
    let bundle = Bundle::read(&folder).unwrap();
    let figures = Figures::of(&bundle);
    let samplers = |told: Vec<Told<'_>>| told.iter().map(|told| told.sampler).collect::<Vec<_>>();
    let all = Told::all(&figures, cell(GO)).unwrap();
    assert_eq!(samplers(all), [Sampler::Perf, Sampler::Pprof]);
    let text: String = Shown::of(&figures, &[cell(GO), cell(RUST)])[0].text();
    assert!(text.contains("go-nethttp+tuned (perf)") && text.contains("(pprof)"), "{text}");
    assert!(text.contains("scheduler above 15 %: go-nethttp+tuned (perf)"), "{text}");
    assert!(text.contains("no profile: resolve@tokio+jemalloc+heap has no profile"), "{text}");

    let (_results, folder) = ended();
    add(&folder, GO, |profile| profile.perf = Observed::missing("perf_event_paranoid is 3"));
    let bundle = Bundle::read(&folder).unwrap();
    let told = Told::all(&Figures::of(&bundle), cell(GO)).unwrap();
    assert_eq!(samplers(told), [Sampler::Pprof]);
}

#[test]
fn what_a_bundle_has_is_shown_and_drawn_without_sampling() {
    let (_results, folder) = ended();
    add(&folder, RUST, |_| {});
    let flames = Folder::new("flames");
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let (bundle, svg) = (path(&folder), path(&flames.path));
    let printed = matrix(&["profile", &bundle, "--show", "--svg", &svg, "--format", "json"]);
    assert_eq!(printed.status.code(), Some(0));
    let json: serde_json::Value = serde_json::from_slice(&printed.stdout).unwrap();
    let scheduler = &json[0]["profiles"][0]["layers"][0];
    assert_eq!((&scheduler["layer"], &scheduler["samples"]), (&"scheduler".into(), &300.into()));
    assert!(scheduler["lower"].as_f64().unwrap() < 0.3);
    let drawn = flames.path.join("resolve@tokio+jemalloc+heap.perf.svg");
    assert!(fs::read_to_string(drawn).unwrap().contains("1000 samples by perf"));

    let other = matrix(&["profile", &bundle, "--show", "--cells", "loot"]);
    assert_eq!(other.status.code(), Some(2), "{other:?}");
    let none = matrix(&["profile", &svg, "--show"]);
    assert_eq!(none.status.code(), Some(3), "{none:?}");
}

/// The programs of a synthetic bundle do not exist: nothing is sampled, and the remedy is told.
#[test]
fn a_program_that_is_not_the_bundles_is_not_sampled() {
    let (_results, folder) = ended();
    let said = matrix(&["profile", folder.to_str().unwrap(), "--seconds", "1"]);
    assert_eq!(said.status.code(), Some(1));
    let error = String::from_utf8(said.stderr).unwrap();
    assert!(error.contains("build it by `cargo matrix run`, or measure again"), "{error}");
    assert!(Bundle::read(&folder).unwrap().profiles.is_empty());
}
