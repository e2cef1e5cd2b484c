//! Holding documents to the bundles: every block is computed again and compared, and no figure
//! stands outside of one. Or, where that is asked for, blocks are written anew.

use crate::published::block::{self, Block, Document, Fault, line_of};
use crate::published::library::Backing;
use crate::published::prose;
use crate::published::spec::Spec;
use crate::published::tables::{self, Content, File};
use std::collections::BTreeSet;

/// A document that was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// What is wrong, in the order of lines.
    pub faults: Vec<Fault>,
    /// How many blocks were computed.
    pub blocks: usize,
    /// How many numbers stand in them.
    pub numbers: usize,
    /// The files that belong to them, each with the line of its block.
    pub files: Vec<(usize, File)>,
}

/// Holds a document to the bundles.
#[must_use]
pub fn verify(text: &str, backing: &Backing<'_>) -> Verified {
    let document = match block::parse(text) {
        Ok(document) => document,
        Err(faults) => return Verified { faults, ..Verified::default() },
    };
    let mut verified = Verified { faults: of_prose(text, &document), ..Verified::default() };
    for block in &document.blocks {
        let found = &text[block.content.clone()];
        match computed(block, backing) {
            Err(what) => verified.faults.push(Fault { line: block.line, what }),
            Ok(None) => {}
            Ok(Some(expected)) => {
                verified.blocks += 1;
                verified.numbers += numbers(found).len();
                let line = line_of(text, block.content.start);
                verified.faults.extend(differences(line, found, &expected.text));
                verified.files.extend(expected.file.map(|file| (block.line, file)));
            }
        }
    }
    verified.faults.sort_by_key(|fault| fault.line);
    verified
}

/// The document with every block computed anew, and the files that belong to it.
///
/// # Errors
/// What cannot be computed; nothing is written then.
pub fn rewrite(text: &str, backing: &Backing<'_>) -> Result<(String, Vec<File>), Vec<Fault>> {
    let document = block::parse(text)?;
    let (mut faults, mut files) = (Vec::new(), Vec::new());
    let mut written = String::with_capacity(text.len());
    let mut from = 0;
    for block in &document.blocks {
        match computed(block, backing) {
            Err(what) => faults.push(Fault { line: block.line, what }),
            Ok(None) => {}
            Ok(Some(content)) => {
                written.push_str(&text[from..block.content.start]);
                written.push_str(&content.text);
                files.extend(content.file);
                from = block.content.end;
            }
        }
    }
    written.push_str(&text[from..]);
    if faults.is_empty() { Ok((written, files)) } else { Err(faults) }
}

fn computed(block: &Block, backing: &Backing<'_>) -> Result<Option<Content>, String> {
    let spec: Spec = block.heading.parse().map_err(|why| format!("`{}`: {why}", block.heading))?;
    tables::content(&spec, backing).map_err(|why| format!("no bundle backs this block: {why}"))
}

/// Figures outside of blocks that nobody declared, and declarations that nobody uses.
fn of_prose(text: &str, document: &Document) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut used = BTreeSet::new();
    for part in &document.prose {
        for (at, figure) in prose::figures(&text[part.clone()]) {
            if document.constants.iter().any(|constant| constant.figure == figure) {
                used.insert(figure);
                continue;
            }
            let what = format!(
                "`{figure}` is backed by no bundle: put it in a block, or, if nobody measured it, \
                 declare it by `<!-- matrix: constants {figure} -->`"
            );
            faults.push(Fault { line: line_of(text, part.start + at), what });
        }
    }
    for constant in &document.constants {
        if !used.contains(&constant.figure) {
            let what = format!("the constant `{}` is not used in this document", constant.figure);
            faults.push(Fault { line: constant.line, what });
        }
    }
    faults
}

/// What differs, line by line; `line` is the line of the first.
fn differences(line: usize, found: &str, expected: &str) -> Vec<Fault> {
    if found == expected {
        return Vec::new();
    }
    let (mut ours, mut theirs) = (found.split('\n'), expected.split('\n'));
    let mut faults = Vec::new();
    for number in line.. {
        let fault = |what: String| Fault { line: number, what };
        match (ours.next(), theirs.next()) {
            (None, None) => break,
            (Some(ours), Some(theirs)) if ours == theirs => {}
            (Some(ours), Some(theirs)) => faults.push(fault(difference(ours, theirs))),
            (Some(ours), None) => {
                faults.push(fault(format!("no bundle backs `{}`", ours.trim())));
            }
            (None, Some(theirs)) => {
                faults.push(fault(format!("missing: `{}`", theirs.trim())));
            }
        }
    }
    faults
}

/// What differs in a line: the first cell that does.
fn difference(found: &str, expected: &str) -> String {
    let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let (ours, theirs) = (cells(found), cells(expected));
    if ours.len() == theirs.len() {
        let mut both = ours.iter().zip(&theirs);
        if let Some((ours, theirs)) = both.find(|(ours, theirs)| ours != theirs) {
            return format!("no bundle backs `{ours}`; the bundle says `{theirs}`");
        }
    }
    format!("no bundle backs `{}`; the bundle says `{}`", found.trim(), expected.trim())
}

/// The numbers of a text.
fn numbers(text: &str) -> Vec<&str> {
    let words = text.split(|c: char| c.is_whitespace() || "|()`".contains(c));
    words.filter(|word| word.starts_with(|c: char| c.is_ascii_digit() || c == '+')).collect()
}
