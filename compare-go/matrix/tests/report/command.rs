//! `matrix report` as it is called.

use crate::support::Folder;
use crate::written;
use std::fs;
use std::process::{Command, Output};

fn matrix(results: &Folder, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_matrix"));
    let command = command.arg("report").args(args).arg("--results").arg(&results.path);
    command.current_dir(&results.path).output().expect("it runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_name_of_the_file_says_as_what_it_is_written() {
    let results = Folder::new("report");
    written(&results, |_| {});
    let name = "2027-03-01-synthetic";
    for (file, begin) in
        [("a.md", "<!-- matrix report:"), ("a.csv", "table,bundle,"), ("a.html", "<!doctype html>")]
    {
        let output = matrix(&results, &[name, "--output", file]);
        assert!(output.status.success() && output.stdout.is_empty(), "{}", said(&output));
        let text = fs::read_to_string(results.path.join(file)).expect("it is written");
        assert!(text.starts_with(begin), "{file}");
    }
    let printed = matrix(&results, &[name, "--format", "csv"]).stdout;
    assert_eq!(printed, fs::read(results.path.join("a.csv")).expect("it is written"));
}

#[test]
fn what_cannot_be_reported_is_refused_with_the_reason() {
    let results = Folder::new("report");
    let folder = written(&results, |_| {});
    let name = "2027-03-01-synthetic";
    for (args, code, reason) in [
        (&[name, name][..], 2, "is named twice"),
        (&[name, "--format", "pdf"], 2, "there is no format `pdf`"),
        (&[], 2, "<BUNDLES>"),
        (&["2027-03-01-other"], 3, "there is no bundle `2027-03-01-other`"),
        (&[name, "--output", "no/such/folder.md"], 1, "no/such/folder.md"),
    ] {
        let output = matrix(&results, args);
        assert_eq!(output.status.code(), Some(code), "{}", said(&output));
        assert!(said(&output).contains(reason), "{}", said(&output));
    }
    let plan = folder.join("plan.json");
    let text = fs::read_to_string(&plan).expect("it is there");
    fs::write(&plan, &text[..text.len() / 2]).expect("it can be cut");
    let output = matrix(&results, &[name, "--output", "a.html"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(said(&output).contains("plan.json") && said(&output).contains("truncated"));
    assert!(!results.path.join("a.html").exists(), "nothing is written");
}
