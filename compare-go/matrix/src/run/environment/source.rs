//! The sources: the commit, what differs from it, and the files that fix what they are built of.

use super::files::{Said, why};
use crate::bundle::environment::Source;
use crate::bundle::observed::Observed;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Files that fix versions, or, as profiles do, the code that a compiler makes.
const LOCKS: [&str; 6] = [
    "Cargo.lock",
    "compare-go/reference/cmd/hunt-fasthttp/default.pgo",
    "compare-go/reference/cmd/hunt-nethttp/default.pgo",
    "compare-go/reference/go.mod",
    "compare-go/reference/go.sum",
    "rust-toolchain.toml",
];
/// How long git may take.
const GIT_WAIT: Duration = Duration::from_secs(60);
/// The most files that are named as changed.
const CHANGED_MAX: usize = 100;

/// The sources of a checkout.
pub(super) fn source(top: &Path) -> Source {
    Source {
        commit: commit(top).unwrap_or_else(|why| format!("unknown: {why}")),
        changed: changed(top).unwrap_or_default(),
        locks: LOCKS.map(|name| (name.to_owned(), sha256(top, name))).into(),
    }
}

fn commit(top: &Path) -> Result<String, String> {
    let text = git(top, &["rev-parse", "HEAD"])?;
    let is_commit = text.len() >= 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_commit { Ok(text) } else { Err("git tells no commit".into()) }
}

/// Files that differ from the commit or are not part of it, but for results, which change no
/// program.
fn changed(top: &Path) -> Result<Vec<String>, String> {
    let results = format!(":(exclude){}", crate::published::library::RESULTS);
    let asked = ["status", "--porcelain", "-z", "--no-renames", "--", ".", &results];
    let text = git(top, &asked)?;
    let names = text.split('\0').filter_map(|entry| entry.get(3..));
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort();
    let others = names.len().saturating_sub(CHANGED_MAX);
    names.truncate(CHANGED_MAX);
    if others > 0 {
        names.push(format!("and {others} others"));
    }
    Ok(names)
}

/// What git says of this folder, and not of a repository above it.
fn git(top: &Path, args: &[&str]) -> Result<String, String> {
    if !top.join(".git").exists() {
        return Err("this is no checkout of git".into());
    }
    let said = Said::by(top, "git", args, GIT_WAIT)?;
    if said.success {
        Ok(said.output.trim_end().to_owned())
    } else {
        // It may name where the sources lie.
        Err(format!("git {} fails", args[0]))
    }
}

fn sha256(top: &Path, name: &str) -> Observed<String> {
    let digest = fs::read(top.join(name)).map(|bytes| {
        let digest = Sha256::digest(&bytes);
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    });
    digest.map_err(|error| format!("{name}: {}", why(&error))).into()
}

#[cfg(test)]
mod tests {
    use super::super::files::Files;
    use super::*;

    fn here(files: &Files, args: &[&str]) {
        let mut all = vec!["-c", "user.name=a", "-c", "user.email=a@b", "-c", "core.hooksPath="];
        all.extend_from_slice(args);
        let said = Said::by(files.root(), "git", &all, GIT_WAIT).unwrap();
        assert!(said.success, "{said:?}");
    }

    #[test]
    fn a_commit_and_what_differs_from_it_are_told() {
        let files = Files::new(&[("Cargo.lock", "abc"), ("a.rs", "1"), ("b.rs", "1")]);
        here(&files, &["init", "--quiet"]);
        here(&files, &["add", "."]);
        here(&files, &["commit", "--quiet", "--message", "all"]);
        let clean = source(files.root());
        assert_eq!((clean.commit.len(), clean.changed.len()), (40, 0), "{clean:?}");
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(clean.locks["Cargo.lock"], Observed::Is(abc.into()));
        let why = clean.locks["rust-toolchain.toml"].why_missing().unwrap();
        assert_eq!(why, "rust-toolchain.toml: no such file or directory");
        for (name, text) in [("b.rs", "2"), ("c d.rs", "1")] {
            fs::write(files.root().join(name), text).unwrap();
        }
        fs::create_dir_all(files.root().join("compare-go/results/x")).unwrap();
        fs::write(files.root().join("compare-go/results/x/bundle.json"), "{}").unwrap();
        assert_eq!(source(files.root()).changed, ["b.rs", "c d.rs"]);
    }

    #[test]
    fn of_many_changed_files_the_first_are_named() {
        let files = Files::new(&[]);
        here(&files, &["init", "--quiet"]);
        for number in 0..=CHANGED_MAX {
            fs::write(files.root().join(format!("{number:03}")), "").unwrap();
        }
        let changed = source(files.root()).changed;
        assert_eq!(changed.len(), CHANGED_MAX + 1);
        assert_eq!(changed[CHANGED_MAX], "and 1 others");
    }

    #[test]
    fn sources_without_git_have_a_reason_in_place_of_a_commit() {
        let files = Files::new(&[("Cargo.lock", "abc")]);
        let source = source(files.root());
        assert_eq!(source.commit, "unknown: this is no checkout of git");
        assert!(source.changed.is_empty());
        assert!(source.locks["Cargo.lock"].value().is_some());
    }
}
