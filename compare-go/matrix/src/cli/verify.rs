//! `matrix verify`.

use super::{FAILED, print, top};
use crate::published::block::Fault;
use crate::published::library::{Backing, Library, RESULTS};
use crate::published::tables::File;
use crate::published::verify::{rewrite, verify};
use crate::quantity::several;
use anyhow::Context;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What is verified.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The documents [default: README.md, compare-go/README.md, and the book]
    files: Vec<PathBuf>,
    /// Where the bundles are [default: compare-go/results]
    #[arg(long, value_name = "FOLDER")]
    results: Option<PathBuf>,
    /// Write the blocks anew in place of comparing them
    #[arg(long)]
    write: bool,
}

/// Verifies.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let results = match &args.results {
        Some(results) => results.clone(),
        None => top()?.join(RESULTS),
    };
    let files = if args.files.is_empty() { documents(&top()?)? } else { args.files.clone() };
    let library = Library::read(&results)?;
    let backing = Backing::of(&library);
    let mut found = Found::default();
    found.faults.extend(library.refused().map(ToString::to_string));
    for file in &files {
        found.document(file, &backing, args.write)?;
    }
    if args.files.is_empty() {
        found.nobodys(&results)?;
    }
    let Found { faults, blocks, numbers, .. } = found;
    if !faults.is_empty() {
        faults.iter().try_for_each(|fault| print(&format!("{fault}\n")))?;
        let (faults, documents) =
            (several(faults.len(), "fault"), several(files.len(), "document"));
        print(&format!("{faults} in {documents}\n"))?;
        return Ok(ExitCode::from(FAILED));
    }
    print(&format!(
        "{} in {} of {}, backed by {}\n",
        several(numbers, "number"),
        several(blocks, "block"),
        several(files.len(), "document"),
        several(library.count(), "bundle"),
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// What was found in documents.
#[derive(Default)]
struct Found {
    faults: Vec<String>,
    blocks: usize,
    numbers: usize,
    /// The files that belong to blocks.
    files: BTreeSet<PathBuf>,
}

impl Found {
    /// Verifies a document, or writes its blocks anew first.
    fn document(&mut self, file: &Path, backing: &Backing<'_>, write: bool) -> anyhow::Result<()> {
        let (shown, folder) = (shown(file), file.parent().unwrap_or(Path::new("")));
        let text = fs::read_to_string(file).with_context(|| shown.clone())?;
        let located = |fault: Fault| format!("{shown}:{}: {}", fault.line, fault.what);
        if write {
            match rewrite(&text, backing) {
                Ok((written, files)) => {
                    for plot in files {
                        replace(&folder.join(&plot.path), &plot.text)?;
                    }
                    replace(file, &written)?;
                }
                Err(wrong) => {
                    self.faults.extend(wrong.into_iter().map(located));
                    return Ok(());
                }
            }
        }
        let text = fs::read_to_string(file).with_context(|| shown.clone())?;
        let verified = verify(&text, backing);
        self.blocks += verified.blocks;
        self.numbers += verified.numbers;
        self.faults.extend(verified.faults.into_iter().map(located));
        for (line, plot) in verified.files {
            let path = folder.join(&plot.path);
            let what = differs(&plot, fs::read_to_string(&path));
            self.faults.extend(what.map(|what| located(Fault { line, what })));
            self.files.insert(path);
        }
        Ok(())
    }

    /// Plots among the results that belong to no block: nothing holds them to a bundle.
    fn nobodys(&mut self, results: &Path) -> anyhow::Result<()> {
        let Ok(entries) = fs::read_dir(results) else { return Ok(()) };
        for entry in entries {
            let path = entry?.path();
            let is_plot = path.extension().is_some_and(|extension| extension == "svg");
            if is_plot && !self.files.contains(&path) {
                let shown = shown(&path);
                self.faults.push(format!("{shown}: no bundle backs it: no document has its block"));
            }
        }
        Ok(())
    }
}

/// How a file differs from what the bundle says, if it does.
fn differs(plot: &File, found: std::io::Result<String>) -> Option<String> {
    let path = &plot.path;
    match found {
        Ok(found) if found == plot.text => None,
        Ok(found) => {
            let mut lines = found.lines().zip(plot.text.lines());
            let same = lines.by_ref().take_while(|(ours, theirs)| ours == theirs).count();
            Some(format!(
                "no bundle backs {path}: from line {} on the bundle says otherwise; \
                 `matrix verify --write` draws it anew",
                same + 1
            ))
        }
        Err(error) => {
            Some(format!("{path}: {error}; `matrix verify --write` draws it from the bundle"))
        }
    }
}

/// The documents that publish figures of bundles: two READMEs, and the chapters of the book where
/// there are any.
fn documents(top: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let readmes = ["README.md", "compare-go/README.md"].map(|name| top.join(name));
    let mut found: Vec<PathBuf> = readmes.into_iter().filter(|path| path.exists()).collect();
    let mut folders = vec![top.join("book/src")];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// A path as a person in the current folder would write it.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).display().to_string()
}

/// Writes beside the file and moves it there, so that nobody sees half of it; not where it says so
/// already.
fn replace(file: &Path, text: &str) -> anyhow::Result<()> {
    if fs::read_to_string(file).is_ok_and(|found| found == text) {
        return Ok(());
    }
    let mut beside = file.as_os_str().to_owned();
    beside.push(".tmp");
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(|| shown(folder))?;
    }
    let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, file));
    written.with_context(|| shown(file))?;
    print(&format!("{}: written\n", shown(file)))
}
