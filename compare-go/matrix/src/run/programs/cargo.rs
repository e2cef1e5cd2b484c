//! The Rust programs, by cargo.
//!
//! `--workspace` with `--bin NAME` for each: features are those of the whole workspace, as in the
//! builds that are tested, and only what the plan needs is linked. Where each program lies is what
//! cargo says, since its target folder may be anywhere.

use super::watched::{told, watched};
use super::{Building, Compiled, Name};
use crate::bundle::run::CommandLine;
use anyhow::{Context, ensure};
use process::child::Launch;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// How long a build may take: everything on one slow core.
const PATIENCE: Duration = Duration::from_secs(2 * 60 * 60);

/// Variables that change what is built, by how they begin.
const FLAGS: [&str; 3] = ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_PROFILE_"];

/// A message of cargo, as far as it is about a program.
#[derive(Deserialize)]
struct Message {
    reason: String,
    target: Option<Target>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

impl Building<'_> {
    /// Builds these programs at once, with a further feature where one is named. What fails leaves
    /// the others as they are.
    ///
    /// # Errors
    /// If cargo cannot be started, or it was to stop.
    pub(super) fn cargo(
        &mut self,
        names: &[Name],
        feature: Option<&str>,
    ) -> anyhow::Result<Vec<(Name, Compiled)>> {
        let files: Vec<&str> = names.iter().map(|name| name.file()).collect();
        let mut args = vec!["build", "--locked", "--release", "--workspace", "--keep-going"];
        args.extend(["--message-format", "json-render-diagnostics"]);
        if let Some(feature) = feature {
            args.extend(["--features", feature]);
        }
        args.extend(files.iter().flat_map(|file| ["--bin", file]));
        let build = CommandLine {
            program: "cargo".to_owned(),
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            env: told(&FLAGS),
            cores: Vec::new(),
        };
        let launch = Launch::new(&self.tools.cargo).args(args).within(self.top);
        let what = format!("build {}", files.join(", "));
        let ended = watched(launch, &what, PATIENCE, self.show, self.stop);
        let ended = ended.context("cargo builds what is measured; it must be on PATH")?;
        let programs = programs(&ended.output);
        ensure!(
            !ended.status.success() || names.iter().all(|name| programs.contains_key(name.file())),
            "cargo did not say where {} lie",
            files.join(", ")
        );
        let last = ended.told();
        let of = |name: &Name| match programs.get(name.file()) {
            Some(at) => (*name, Ok((build.clone(), at.clone()))),
            None => (*name, Err(format!("cargo ended with {last}"))),
        };
        Ok(names.iter().map(of).collect())
    }
}

/// Where each program lies that was built or was up to date.
fn programs(output: &[u8]) -> BTreeMap<String, PathBuf> {
    let text = String::from_utf8_lossy(output);
    let messages = text.lines().filter_map(|line| serde_json::from_str::<Message>(line).ok());
    messages
        .filter(|message| message.reason == "compiler-artifact")
        .filter_map(|message| Some((message.target?.name, message.executable?)))
        .collect()
}
