//! The house rules that a program can check, over every file that git tracks.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const COLUMNS_MAX: usize = 100;
const LINES_MAX: usize = 600;

/// What stands at the top, besides files whose names begin with a dot.
const TOP: [&str; 16] = [
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "allocators",
    "book",
    "clippy.toml",
    "compare-go",
    "deny.toml",
    "deploy",
    "engine-core",
    "golden",
    "runtimes",
];
const TOP_TOOLS: [&str; 2] = ["rust-toolchain.toml", "rustfmt.toml"];

/// Where `unsafe` may stand: allocators cannot be written without it, nor can backends on io_uring,
/// nor can a thread leave the descriptor table of its process. One test calls an allocator by hand.
const MAY_BE_UNSAFE: [&str; 7] = [
    "allocators/",
    "engine-core/tests/arena_contract.rs",
    "runtimes/driver/src/tables.rs",
    "runtimes/floor/",
    "runtimes/glommio/",
    "runtimes/monoio/",
    "runtimes/tokio-uring/",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The files that git tracks, or would if they were added, by their paths from the top.
fn tracked() -> Vec<String> {
    let args = ["ls-files", "--cached", "--others", "--exclude-standard"];
    let output = Command::new("git").args(args).current_dir(root()).output().expect("git runs");
    assert!(output.status.success(), "this is a checkout");
    let names = String::from_utf8(output.stdout).expect("file names are UTF-8");
    let names = names.lines().map(str::to_owned);
    let mut names: Vec<String> = names.filter(|name| root().join(name).is_file()).collect();
    names.sort();
    names.dedup();
    names
}

/// Files and their texts; what is not UTF-8 is left out.
fn texts(ends: &str) -> Vec<(String, String)> {
    let names = tracked().into_iter().filter(|name| name.ends_with(ends));
    names
        .filter_map(|name| Some((fs::read_to_string(root().join(&name)).ok()?, name)))
        .map(|(text, name)| (name, text))
        .collect()
}

/// Fails with all that is wrong.
fn hold(faults: Vec<String>) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// Whether a line may be long: it holds a text, which no formatter breaks, and a message that
/// stands in one piece is found by looking for it.
fn holds_text(line: &str) -> bool {
    line.contains('"') && !line.trim_start().starts_with("//")
}

#[test]
fn lines_and_files_are_short() {
    let mut faults = Vec::new();
    for (name, text) in texts(".rs") {
        for (index, line) in text.lines().enumerate() {
            if line.chars().count() > COLUMNS_MAX && !holds_text(line) {
                faults.push(format!("{name}:{}: over {COLUMNS_MAX} columns", index + 1));
            }
        }
        let lines = text.lines().count();
        if lines > LINES_MAX {
            faults.push(format!("{name}: {lines} lines, over {LINES_MAX}"));
        }
    }
    hold(faults);
}

#[test]
fn every_module_begins_by_saying_what_it_is() {
    let mut faults = Vec::new();
    for (name, text) in texts(".rs") {
        let first = text.lines().find(|line| !line.is_empty() && !line.starts_with("#!["));
        if !first.is_some_and(|line| line.starts_with("//! ")) {
            faults.push(format!("{name}: no `//!` at the top"));
        }
    }
    hold(faults);
}

#[test]
fn words_that_are_not_for_us_are_not_there() {
    // Put together here, so that this file does not hold them.
    let code = ["todo", "unimplemented", "dbg"].map(|word| format!("{word}!("));
    let paths = ["work", "root", "home", "Users"].map(|word| format!("/{word}/"));
    let mut faults = Vec::new();
    for (name, text) in texts("") {
        for (index, line) in text.lines().enumerate() {
            let is_code = name.ends_with(".rs");
            let banned = code.iter().filter(|_| is_code).chain(&paths);
            for word in banned.filter(|word| line.contains(word.as_str())) {
                faults.push(format!("{name}:{}: `{word}`", index + 1));
            }
        }
    }
    hold(faults);
}

#[test]
fn no_line_ends_in_white_space_and_every_file_in_a_line_end() {
    let mut faults = Vec::new();
    for (name, text) in texts("") {
        if name.contains("/corpus/") {
            continue;
        }
        for (index, line) in text.split('\n').enumerate() {
            if line.ends_with([' ', '\t', '\r']) {
                faults.push(format!("{name}:{}: white space at the end", index + 1));
            }
        }
        if !text.is_empty() && !text.ends_with('\n') {
            faults.push(format!("{name}: no line end at its end"));
        }
        if name.ends_with(".rs") && text.contains('\t') {
            faults.push(format!("{name}: a tab"));
        }
    }
    hold(faults);
}

/// The files that a root leads to by `mod name;`.
fn reached(root_file: &str, files: &BTreeSet<String>, reached_files: &mut BTreeSet<String>) {
    if !reached_files.insert(root_file.to_owned()) {
        return;
    }
    let text = fs::read_to_string(root().join(root_file)).expect("it is tracked");
    let path = Path::new(root_file);
    let folder = path.parent().expect("files are in folders");
    let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("a name");
    // Modules of a root or of a `mod.rs` lie beside it, others in a folder of its name.
    let beside = ["lib", "main", "mod", "build"].contains(&stem) || is_root(root_file);
    let below = if beside { folder.to_owned() } else { folder.join(stem) };
    for line in text.lines() {
        let words = line.trim().strip_suffix(';').unwrap_or_default();
        let Some((_, module)) = words.rsplit_once("mod ").filter(|(before, _)| {
            before.is_empty() || before.trim_end() == "pub" || before.trim_end().ends_with(')')
        }) else {
            continue;
        };
        for file in [format!("{module}.rs"), format!("{module}/mod.rs")] {
            let file = below.join(file).to_str().expect("UTF-8").to_owned();
            if files.contains(&file) {
                reached(&file, files, reached_files);
            }
        }
    }
}

/// Whether cargo begins with a file: the root of a library, a program, a test, a bench, an example.
fn is_root(name: &str) -> bool {
    let path: Vec<&str> = name.split('/').collect();
    matches!(
        &path[..],
        [.., "build.rs"]
            | [.., "src", "lib.rs" | "main.rs"]
            | [.., "tests" | "benches" | "examples" | "fuzz_targets", _]
            | [.., "src", "bin", _]
            | [.., "tests" | "benches" | "examples" | "bin", _, "main.rs"]
    )
}

#[test]
fn every_source_file_is_part_of_a_build() {
    let files: BTreeSet<String> = tracked().into_iter().filter(|n| n.ends_with(".rs")).collect();
    let mut reached_files = BTreeSet::new();
    for file in files.iter().filter(|file| is_root(file)) {
        reached(file, &files, &mut reached_files);
    }
    hold(
        files
            .difference(&reached_files)
            .map(|file| format!("{file}: no `mod` leads here"))
            .collect(),
    );
}

#[test]
fn unsafe_code_is_where_it_must_be_and_says_why_it_is_sound() {
    let word = ["un", "safe"].concat();
    let begins = ["{", "fn ", "impl ", "extern ", "trait "].map(|next| format!("{word} {next}"));
    let mut faults = Vec::new();
    for (name, text) in texts(".rs") {
        let allowed = MAY_BE_UNSAFE.iter().any(|folder| name.starts_with(folder));
        let lines: Vec<&str> = text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if !begins.iter().any(|begin| code.contains(begin.as_str())) {
                continue;
            }
            if !allowed {
                faults.push(format!("{name}:{}: {word} code", index + 1));
            }
            // A comment may be long, or stand for several lines that belong together.
            let before = &lines[index.saturating_sub(12)..=index];
            let promises = code.contains(&format!("{word} fn "));
            if !promises && !before.iter().any(|line| line.contains("SAFETY:")) {
                faults.push(format!("{name}:{}: {word} code without SAFETY:", index + 1));
            }
        }
    }
    hold(faults);
}

#[test]
fn the_top_is_as_it_was_decided() {
    let top: BTreeSet<String> = tracked()
        .iter()
        .map(|name| name.split('/').next().unwrap_or_default().to_owned())
        .filter(|name| !name.starts_with('.'))
        .collect();
    let known = |name: &String| TOP.contains(&&**name) || TOP_TOOLS.contains(&&**name);
    hold(
        top.into_iter()
            .filter(|name| !known(name))
            .map(|n| format!("{n}: not at the top"))
            .collect(),
    );
}
