//! Small scripts in place of programs, in a folder of their own, for tests of what runs programs.

use crate::run::show::Show;
use std::path::PathBuf;
use std::process::Command;

#[path = "../../../tests/support/mod.rs"]
mod support;

pub(in crate::run) use support::Folder;

impl Show for Vec<String> {
    fn step(&mut self, text: &str) {
        self.push(text.to_owned());
    }
}

/// Writes a shell script into a folder, and returns its path.
pub(in crate::run) fn script(folder: &Folder, name: &str, text: &str) -> PathBuf {
    let path = folder.path.join(name);
    let text = format!("#!/bin/sh\n{text}\n");
    // By a process of its own: a file that a thread of this one has open for writing may be open in
    // what another thread starts meanwhile, and cannot be executed then.
    let write = "mkdir -p \"${0%/*}\" && printf %s \"$1\" > \"$0\" && chmod 755 \"$0\"";
    let status = Command::new("sh").args(["-c", write]).arg(&path).arg(&text).status();
    assert!(status.is_ok_and(|status| status.success()), "{name} cannot be written");
    path
}
