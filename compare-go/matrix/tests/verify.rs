//! `matrix verify` over documents: what it takes, what it refuses with file and line, and what it
//! writes.

mod support;

use matrix::cell::{Cell, Workload};
use matrix::slo::Slo;
use matrix::testing::{Character, Synthetic};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use support::Folder;

const NAME: &str = "2027-03-01-synthetic";

/// A folder with a bundle and a document.
struct Case {
    folder: Folder,
    document: PathBuf,
}

impl Case {
    fn new(text: &str) -> Self {
        let folder = Folder::new("verify");
        let server = |text: &str| -> matrix::cell::Server { text.parse().expect("a server") };
        let character = |cpu_us| Character { cpu_us, ..Character::default() };
        let servers = [
            (server("tokio-uring+jemalloc+heap"), character(10.0)),
            (server("hyper"), character(20.0)),
        ];
        let synthetic = Synthetic { slos: vec![Slo::p99_ms(50)], ..Synthetic::of(&servers) };
        let _ = synthetic.write(&folder.path.join("results"));
        let document = folder.path.join("README.md");
        fs::write(&document, text).expect("a document");
        Self { folder, document }
    }

    /// Exit code and output.
    fn verify(&self, more: &[&str]) -> (i32, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_matrix"))
            .arg("verify")
            .args(more)
            .arg("--results")
            .arg(self.folder.path.join("results"))
            .arg("README.md")
            .current_dir(&self.folder.path)
            .output()
            .expect("it runs");
        let text = [output.stdout, output.stderr].concat();
        (output.status.code().expect("a code"), String::from_utf8(text).expect("text"))
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.document).expect("a document")
    }

    fn change(&self, from: &str, to: &str) {
        let text = self.text();
        assert!(text.contains(from), "`{from}` is not in\n{text}");
        fs::write(&self.document, text.replacen(from, to, 1)).expect("a document");
    }
}

fn block(words: &str) -> String {
    format!("<!-- matrix: {words} -->\n<!-- /matrix -->\n")
}

fn written() -> Case {
    let blocks = [
        block(&format!("table headline bundle={NAME}")),
        block(&format!("table metrics bundle={NAME} metrics=p50,p99.9,scheduling servers=hyper")),
        block(&format!("table ranking bundle={NAME} metric=cpu")),
        block(&format!("table environment bundle={NAME}")),
    ];
    let value = format!(
        "It takes <!-- matrix: value bundle={NAME} cell=resolve@hyper metric=cpu --><!-- /matrix -->."
    );
    let quoted = block("quoted incidents.md").replace("-->\n<", "-->\np99 of 46.2 ms\n<");
    let constants = "<!-- matrix: constants 150 ms -->\nEvery 150 ms.\n";
    let case =
        Case::new(&format!("# A\n\n{}\n{value}\n\n{quoted}\n{constants}", blocks.join("\n")));
    let (code, output) = case.verify(&["--write"]);
    assert_eq!(code, 0, "{output}");
    case
}

#[test]
fn what_is_written_is_verified_and_not_written_again() {
    let case = written();
    let text = case.text();
    for part in [
        "| server | rate at p99 < 50ms | p99 | CPU |",
        "| tokio-uring+jemalloc+heap | 9",
        "| hyper | 4",
        "No scheduler p99 of hyper: this runtime does not tell.",
        "| the best |",
        "| slower |",
        "| kernel | 6.18.0 x86_64 |",
        "commit `0123456789ab`",
        "p99 of 46.2 ms",
    ] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
    let (code, output) = case.verify(&[]);
    assert_eq!(code, 0, "{output}");
    assert!(output.contains("in 5 blocks of 1 document, backed by 1 bundle"), "{output}");
    let (_, output) = case.verify(&["--write"]);
    assert!(!output.contains("written"), "{output}");
    assert_eq!(case.text(), text);
}

#[test]
fn a_number_that_no_bundle_backs_has_its_file_and_line() {
    let case = written();
    let text = case.text();
    let row = text.lines().position(|line| line.starts_with("| hyper | 4")).unwrap() + 1;
    let figure = text.lines().nth(row - 1).unwrap().split(" | ").nth(1).unwrap();
    case.change(figure, "99,999/s");
    let (code, output) = case.verify(&[]);
    assert_eq!(code, 1);
    let expected =
        format!("README.md:{row}: no bundle backs `99,999/s`; the bundle says `{figure}`");
    assert!(output.contains(&expected), "{output}");
    assert!(output.contains("1 fault in 1 document"), "{output}");
}

#[test]
fn a_row_that_was_added_taken_away_or_a_figure_in_a_line_is_found() {
    let case = written();
    case.change("| hyper | 4", "| nginx | 9 |\n| hyper | 4");
    let (code, output) = case.verify(&[]);
    assert!(code == 1 && output.contains("nginx"), "{output}");
    let case = written();
    case.change("It takes <", "It takes <!-- x --><");
    case.change(" µs<!-- /matrix -->", " ms<!-- /matrix -->");
    let (code, output) = case.verify(&[]);
    let line = case.text().lines().position(|line| line.starts_with("It takes")).unwrap() + 1;
    assert!(
        code == 1 && output.contains(&format!("README.md:{line}: no bundle backs")),
        "{output}"
    );
}

#[test]
fn a_figure_outside_of_blocks_is_found_and_so_is_a_constant_that_nobody_uses() {
    let case = written();
    case.change("Every 150 ms.", "Every\n151 ms.");
    let (code, output) = case.verify(&[]);
    assert_eq!(code, 1);
    assert!(output.contains("`151 ms` is backed by no bundle"), "{output}");
    assert!(output.contains("the constant `150 ms` is not used"), "{output}");
}

#[test]
fn a_block_that_no_bundle_backs_says_why() {
    for (words, why) in [
        (
            "table headline bundle=2026-01-01-gone",
            "there is no bundle `2026-01-01-gone`; there are",
        ),
        ("table headlin bundle=x", "`headline` is near"),
        ("table headline bundle=NAME workload=loot", "no such server under loot"),
        ("value bundle=NAME cell=resolve@axum metric=cpu", "resolve@axum was not measured"),
        ("value bundle=NAME cell=resolve@hyper metric=scheduling", "does not tell"),
    ] {
        let case = Case::new(&format!("\n\n{}", block(&words.replace("NAME", NAME))));
        for more in [&[][..], &["--write"]] {
            let (code, output) = case.verify(more);
            assert_eq!(code, 1);
            assert!(output.contains("README.md:3: ") && output.contains(why), "{output}");
        }
    }
}

#[test]
fn a_bundle_that_was_edited_backs_nothing() {
    let case = written();
    let run = case.folder.path.join("results").join(NAME).join("runs/0000-01.json.gz");
    let mut bytes = fs::read(&run).unwrap();
    bytes[200] ^= 1;
    fs::write(&run, bytes).unwrap();
    let (code, output) = case.verify(&[]);
    assert_eq!(code, 1);
    assert!(output.contains("runs/0000-01.json.gz: changed since it was written"), "{output}");
    assert!(output.contains("README.md:3: no bundle backs this block"), "{output}");
}

#[test]
fn a_run_of_the_same_cell_alone_changes_what_is_published() {
    let case = written();
    let results = case.folder.path.join("results");
    fs::remove_dir_all(results.join(NAME)).unwrap();
    let server = Cell { workload: Workload::Resolve, server: "hyper".parse().unwrap() }.server;
    let other = "tokio-uring+jemalloc+heap".parse().unwrap();
    let character = |cpu_us| Character { cpu_us, ..Character::default() };
    let servers = [(other, character(10.0)), (server, character(19.0))];
    let _ = Synthetic { slos: vec![Slo::p99_ms(50)], ..Synthetic::of(&servers) }.write(&results);
    let (code, output) = case.verify(&[]);
    assert!(code == 1 && output.contains("no bundle backs"), "{output}");
    let (code, output) = case.verify(&["--write"]);
    assert!(code == 0 && output.contains("README.md: written"), "{output}");
}
