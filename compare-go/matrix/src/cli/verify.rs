//! `matrix verify`.

use super::{FAILED, print, top};
use crate::published::block::Fault;
use crate::published::library::{Backing, Library, RESULTS};
use crate::published::verify::{rewrite, verify};
use crate::quantity::several;
use anyhow::Context;
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
    let mut faults: Vec<String> = library.refused().map(ToString::to_string).collect();
    let (mut blocks, mut numbers) = (0, 0);
    for file in &files {
        let shown = shown(file);
        let text = fs::read_to_string(file).with_context(|| shown.clone())?;
        let located = |fault: Fault| format!("{shown}:{}: {}", fault.line, fault.what);
        if args.write {
            match rewrite(&text, &backing) {
                Ok(written) if written != text => {
                    replace(file, &written).with_context(|| shown.clone())?;
                    print(&format!("{shown}: written\n"))?;
                }
                Ok(_) => {}
                Err(wrong) => {
                    faults.extend(wrong.into_iter().map(located));
                    continue;
                }
            }
        }
        let text = fs::read_to_string(file).with_context(|| shown.clone())?;
        let verified = verify(&text, &backing);
        blocks += verified.blocks;
        numbers += verified.numbers;
        faults.extend(verified.faults.into_iter().map(located));
    }
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

/// Writes beside the file and moves it there, so that nobody sees half of it.
fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(".tmp");
    fs::write(&beside, text)?;
    fs::rename(&beside, file)
}
