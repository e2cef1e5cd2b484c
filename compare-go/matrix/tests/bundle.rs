//! Bundles on disk: what is written is read back, and whatever was done to one since is found,
//! with the file and the place.

mod support;

use matrix::bundle::Bundle;
use matrix::bundle::error::BundleError;
use matrix::bundle::files::{self, Name};
use matrix::bundle::manifest::{MANIFEST, sha256};
use matrix::bundle::write::Writer;
use matrix::cell::Server;
use matrix::plan::{Step, Task};
use matrix::slo::Slo;
use matrix::testing::{Character, Synthetic};
use std::fs;
use std::path::{Path, PathBuf};
use support::Folder;

fn server(name: &str) -> Server {
    name.parse().expect("a server")
}

fn synthetic() -> Synthetic {
    let servers = ["tokio-uring+jemalloc+heap", "hyper"];
    let mut synthetic = Synthetic::of(&servers.map(|name| (server(name), Character::default())));
    synthetic.rounds = 2;
    synthetic.slos = vec![Slo::p99_ms(5)];
    synthetic
}

/// Changes a file and, where asked, lists it anew as whoever forges it would.
fn change(folder: &Path, file: &str, relist: bool, by: impl Fn(&str) -> String) {
    let path = folder.join(file);
    let name: Name = file.parse().expect("a file of a bundle");
    let before = fs::read(&path).expect("it is there");
    let text = files::unpack(name, &path, &before).expect("it is good");
    let changed = by(&text);
    assert_ne!(text, changed, "the change changes something");
    let after = files::pack(name, &changed);
    fs::write(&path, &after).expect("it can be written");
    if relist {
        let manifest = folder.join(MANIFEST);
        let listed = fs::read_to_string(&manifest).expect("it is there");
        let [old, new] = [&before, &after].map(|bytes| sha256(bytes));
        fs::write(manifest, listed.replace(&old, &new)).expect("it can be written");
    }
}

#[track_caller]
fn refused(folder: &Path, expected: &[&str]) -> BundleError {
    let error = match Bundle::read(folder) {
        Ok(bundle) => panic!("{} is taken", bundle.folder.display()),
        Err(error) => error,
    };
    let text = error.to_string();
    for part in expected {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
    error
}

fn written() -> (Folder, PathBuf) {
    let results = Folder::new("bundle");
    let folder = synthetic().write(&results.path);
    (results, folder)
}

#[test]
fn what_is_written_is_read_back() {
    let (_results, folder) = written();
    let bundle = Bundle::read(&folder).unwrap();
    assert_eq!(bundle.head, synthetic().head());
    assert_eq!(bundle.plan, synthetic().plan());
    assert_eq!(bundle.servers.len(), 2);
    assert_eq!((bundle.proofs.len(), bundle.runs.len()), (1, synthetic().runs().len()));
    assert!(bundle.end.is_some());
    assert_eq!(bundle.digest_short().len(), 12);
    for (index, step) in (0..).zip(&bundle.plan.steps) {
        assert!(bundle.runs_of(index).count() >= 1, "{step:?}");
        assert!(bundle.runs_of(index).all(|run| run.cell == step.cell));
    }
}

#[test]
fn the_manifest_is_one_that_sha256sum_checks() {
    let (_results, folder) = written();
    let checked = std::process::Command::new("sha256sum")
        .args(["--check", "--quiet", "--strict", MANIFEST])
        .current_dir(&folder)
        .status();
    assert!(checked.unwrap().success());
}

#[test]
fn a_file_that_was_edited_is_named() {
    let (_results, folder) = written();
    change(&folder, "runs/0003-01.json.gz", false, |text| {
        text.replacen("\"cpu_ns\":5", "\"cpu_ns\":4", 1)
    });
    refused(&folder, &["runs/0003-01.json.gz: changed since it was written", "measure again"]);
}

#[test]
fn a_file_that_was_cut_off_is_named_with_the_place() {
    let (_results, folder) = written();
    let run = folder.join("runs/0002-01.json.gz");
    let bytes = fs::read(&run).unwrap();
    fs::write(&run, &bytes[..bytes.len() / 2]).unwrap();
    let error = refused(&folder, &["runs/0002-01.json.gz:1:", "truncated"]);
    assert!(matches!(error, BundleError::Truncated { .. }));
    let (_results, folder) = written();
    change(&folder, "plan.json", false, |text| text[..text.len() / 2].to_owned());
    refused(&folder, &["plan.json:", "truncated"]);
}

#[test]
fn a_file_of_another_version_is_named_whether_listed_anew_or_not() {
    for relist in [false, true] {
        let (_results, folder) = written();
        let by = |text: &str| text.replacen("\"schema\":1", "\"schema\":2", 1);
        change(&folder, "runs/0001-01.json.gz", relist, by);
        refused(&folder, &["runs/0001-01.json.gz: schema version 2 in a bundle of version 1"]);
    }
    let (_results, folder) = written();
    let by = |text: &str| text.replacen("\"schema\": 1", "\"schema\": 2", 1);
    change(&folder, "bundle.json", true, by);
    refused(&folder, &["bundle.json: schema version 2; this program reads 1"]);
}

#[test]
fn a_file_that_is_gone_or_was_added_is_named() {
    let (_results, folder) = written();
    fs::remove_file(folder.join("servers/hyper.json")).unwrap();
    refused(&folder, &["servers/hyper.json: listed in the manifest, and missing"]);
    let (_results, folder) = written();
    fs::copy(folder.join("runs/0001-01.json.gz"), folder.join("runs/0999-01.json.gz")).unwrap();
    refused(&folder, &["runs/0999-01.json.gz: not listed"]);
    let (_results, folder) = written();
    fs::write(folder.join("notes.txt"), "x").unwrap();
    refused(&folder, &["notes.txt: not listed"]);
}

#[test]
fn a_field_that_is_unknown_missing_or_of_another_type_has_its_place() {
    for (from, to, what) in [
        ("\"attempt\":1,", "", "missing field `attempt`"),
        ("\"attempt\":1,", "\"attempt\":1,\"tries\":1,", "unknown field `tries`"),
        ("\"attempt\":1,", "\"attempt\":-1,", "invalid value"),
        ("\"round\":1,", "\"round\":1,\"round\":1,", "duplicate field `round`"),
        ("\"kind\":\"run\"", "\"kind\":\"proof\"", "its kind is `proof`, and here stands `run`"),
    ] {
        let (_results, folder) = written();
        change(&folder, "runs/0000-01.json.gz", true, |text| text.replacen(from, to, 1));
        refused(&folder, &["runs/0000-01.json.gz", what]);
    }
    let (_results, folder) = written();
    change(&folder, "plan.json", true, |text| text.replacen("\"seed\": 1,", "\"seed\": one,", 1));
    let error = refused(&folder, &["plan.json:7:"]);
    assert!(matches!(error, BundleError::Malformed { line: 7, .. }), "{error:?}");
}

#[test]
fn a_file_that_does_not_belong_to_the_others_is_named_with_the_field() {
    let first = synthetic().runs().remove(0);
    let other =
        if first.cell.server == server("hyper") { "tokio-uring+jemalloc+heap" } else { "hyper" };
    let cell = format!("resolve@{other}");
    let is_search = |step: &Step| step.task != Task::Measure;
    let search = synthetic().plan().steps.iter().position(is_search).unwrap();
    let search = format!("runs/{search:04}-01.json.gz");
    for (file, from, to, expected) in [
        ("runs/0000-01.json.gz", first.cell.to_string(), cell, "body.cell: step 0 is"),
        ("runs/0000-01.json.gz", "\"round\":1".into(), "\"round\":2".into(), "body.round"),
        (
            "runs/0000-01.json.gz",
            "\"proof\":1".into(),
            "\"proof\":9".into(),
            "body.proof: there is no proof 9",
        ),
        (
            "runs/0000-01.json.gz",
            "5e54e5".into(),
            "5e54e6".into(),
            "body.server_sha256: it is another build",
        ),
        (
            "runs/0000-01.json.gz",
            "10ad10".into(),
            "10ad11".into(),
            "body.generator_sha256: it is another",
        ),
        ("runs/0000-01.json.gz", "\"units\":1000".into(), "\"units\":0".into(), "no units of work"),
        (
            "runs/0000-01.json.gz",
            "\"ending\":".into(),
            "\"ended\":".into(),
            "missing field `ending`",
        ),
        (
            "runs/0000-01.json.gz",
            "\"interval_ms\":1000".into(),
            "\"interval_ms\":0".into(),
            "series.interval_ms",
        ),
        (
            "runs/0000-01.json.gz",
            "\"server_cpu_ns\":[".into(),
            "\"server_cpu_ns\":[7,".into(),
            "not equally long",
        ),
        (
            "runs/0000-01.json.gz",
            "\"begin\":{\"at_ns\":1".into(),
            "\"begin\":{\"at_ns\":99".into(),
            "server.end.at_ns",
        ),
        ("servers/hyper.json", "\"hyper\"".into(), "\"axum\"".into(), "body.server: it is axum"),
        ("proofs/01.json", "\"number\": 1".into(), "\"number\": 2".into(), "body.number: another"),
        ("runs/0000-01.json.gz", "\"step\":0".into(), "\"step\":1".into(), "body.step: another"),
        ("runs/0000-01.json.gz", "\"twin\":null".into(), "\"twin\":\"a\"".into(), "body.twin"),
        (&search, "p99<5ms".into(), "p99<50ms".into(), "body.purpose"),
        ("bundle.json", "synthetic\"".into(), "other\"".into(), "body.name"),
        ("plan.json", "\"rounds\": 2".into(), "\"rounds\": 1".into(), "there is no round 2"),
    ] {
        let (_results, folder) = written();
        change(&folder, file, true, |text| text.replacen(&from, &to, 1));
        refused(&folder, &[file, expected]);
    }
}

#[test]
fn a_histogram_that_is_none_is_named() {
    let (_results, folder) = written();
    change(&folder, "runs/0000-01.json.gz", true, |text| text.replacen("HISTF", "HISTG", 1));
    refused(&folder, &["runs/0000-01.json.gz: body.outcome.measured.generator:", "histogram"]);
}

#[test]
fn a_folder_without_a_bundle_says_so() {
    let folder = Folder::new("no-bundle");
    refused(&folder.path, &["no result bundle"]);
    let (_results, folder) = written();
    let begun = fs::read_to_string(folder.join(MANIFEST)).unwrap();
    let first_line = begun.lines().next().unwrap();
    fs::write(folder.join(MANIFEST), format!("{first_line}\n")).unwrap();
    refused(&folder, &["manifest.sha256:2: environment.json is not listed"]);
}

#[test]
fn a_plan_that_says_it_ended_has_a_run_of_every_step() {
    let mut synthetic = synthetic();
    synthetic.complete = false;
    let results = Folder::new("ended");
    let folder = synthetic.write(&results.path);
    assert!(Bundle::read(&folder).unwrap().end.is_none());
    // Forged: the last run is taken away, and an end is put there.
    let last = fs::read_dir(folder.join("runs")).unwrap().map(|e| e.unwrap().path()).max().unwrap();
    let name = format!("runs/{}", last.file_name().unwrap().to_string_lossy());
    fs::remove_file(&last).unwrap();
    let manifest = fs::read_to_string(folder.join(MANIFEST)).unwrap();
    let kept =
        manifest.lines().filter(|line| !line.ends_with(&name)).map(|line| format!("{line}\n"));
    fs::write(folder.join(MANIFEST), kept.collect::<String>()).unwrap();
    Bundle::read(&folder).unwrap();
    let step = &name["runs/".len()..][..4];
    if name.ends_with("-01.json.gz") {
        let (writer, _) = Writer::resume(&folder).unwrap();
        writer.end(&matrix::bundle::End { ended_unix_ms: 0, resumed: 1 }).unwrap();
        refused(&folder, &["end.json", &format!("step {}", step.trim_start_matches('0'))]);
    }
}

#[test]
fn an_interrupted_bundle_is_taken_up_again() {
    let mut synthetic = synthetic();
    synthetic.complete = false;
    let results = Folder::new("resume");
    let folder = synthetic.write(&results.path);
    let runs = Bundle::read(&folder).unwrap().runs.len();
    // What a crash leaves: a file in hand, one that was not listed, and half a line.
    fs::write(folder.join("runs/.0900-01.json.gz.tmp"), "{").unwrap();
    fs::write(folder.join("runs/0901-01.json.gz"), "{}").unwrap();
    let mut manifest = fs::read_to_string(folder.join(MANIFEST)).unwrap();
    manifest.push_str("00ab");
    fs::write(folder.join(MANIFEST), manifest).unwrap();
    let (writer, bundle) = Writer::resume(&folder).unwrap();
    assert_eq!(bundle.runs.len(), runs);
    let busy = Writer::resume(&folder).err().unwrap();
    assert!(matches!(busy, BundleError::Busy { .. }), "{busy}");
    writer.end(&matrix::bundle::End { ended_unix_ms: 1, resumed: 1 }).unwrap();
    assert_eq!(Bundle::read(&folder).unwrap().end.unwrap().resumed, 1);
}

#[test]
fn nothing_is_written_twice() {
    let mut synthetic = synthetic();
    synthetic.complete = false;
    let results = Folder::new("twice");
    let folder = synthetic.write(&results.path);
    let (mut writer, bundle) = Writer::resume(&folder).unwrap();
    let error = writer.run(&bundle.runs[0]).unwrap_err().to_string();
    assert!(error.contains("it is there already"), "{error}");
    let again = Writer::begin(&results.path, &bundle.head, &bundle.environment, &bundle.plan);
    assert!(matches!(again, Err(BundleError::System { .. })));
}

#[test]
fn a_full_matrix_is_small_enough_to_be_committed() {
    // 42 servers under 9 workloads in 6 rounds; what a run of 10 s takes.
    let mut synthetic = synthetic();
    synthetic.load.counted_ms = 10_000;
    let results = Folder::new("size");
    let folder = synthetic.write(&results.path);
    let sizes = fs::read_dir(folder.join("runs")).unwrap();
    let sizes: Vec<u64> = sizes.map(|entry| entry.unwrap().metadata().unwrap().len()).collect();
    let mean = sizes.iter().sum::<u64>() / sizes.len() as u64;
    assert!(mean * 42 * 9 * 6 < 20 << 20, "{mean} bytes for a run");
}
