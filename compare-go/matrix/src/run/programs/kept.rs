//! What was built, beside the programs: so they can be taken to a machine that builds nothing, and
//! what is measured there still says of which sources and compilers it is.

use super::{FOLDER, Name, Program, Programs, digest};
use crate::bundle::environment::Source;
use crate::bundle::observed::Observed;
use crate::cell::Server;
use crate::run::environment;
use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The file, in the folder of programs.
const FILE: &str = "programs.json";
/// What makes it.
const REMEDY: &str = "build here, or where there are compilers with `cargo matrix run --build-only` \
                      and take target/matrix from there";

/// Of what programs were built.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The sources.
    pub source: Source,
    /// The versions of compilers, by name.
    pub compilers: BTreeMap<String, Observed<String>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    origin: Origin,
    /// Each by the name of its file.
    programs: BTreeMap<String, Program>,
}

impl Programs {
    /// Writes down what was built and of what.
    pub(super) fn keep(&self, top: &Path) -> anyhow::Result<()> {
        let servers = self.servers.values().filter_map(|program| program.as_ref().ok());
        let all = servers.chain([&self.generator, &self.golden]);
        let named = |program: &Program| {
            let file = program.path.rsplit('/').next().unwrap_or_default();
            (file.to_owned(), program.clone())
        };
        let kept = Kept { origin: environment::origin(top), programs: all.map(named).collect() };
        let path = top.join(FOLDER).join(FILE);
        let new = path.with_extension("new");
        fs::write(&new, serde_json::to_vec_pretty(&kept)?)
            .and_then(|()| fs::rename(&new, &path))
            .with_context(|| format!("{FOLDER}/{FILE}"))
    }

    /// Takes what these servers need as it lies there, and builds nothing.
    ///
    /// # Errors
    /// If nothing was kept, or a program is not the one that was; with the remedy.
    pub fn built(top: &Path, servers: &[Server]) -> anyhow::Result<(Self, Origin)> {
        let path = top.join(FOLDER).join(FILE);
        let text = fs::read(&path)
            .with_context(|| format!("{FOLDER}/{FILE} tells what was built: {REMEDY}"))?;
        let Kept { origin, programs } = serde_json::from_slice(&text)
            .with_context(|| format!("{FOLDER}/{FILE} is of another version: {REMEDY}"))?;
        let mut taken = BTreeMap::new();
        for name in Name::needed(servers) {
            let program = match programs.get(name.file()) {
                Some(program) => Ok(unchanged(top, program)?.clone()),
                None => Err(format!("{} was not built: {REMEDY}", name.file())),
            };
            taken.insert(name, program);
        }
        Ok((Self::of(taken)?, origin))
    }
}

/// A program, if it is still what was built.
fn unchanged<'a>(top: &Path, program: &'a Program) -> anyhow::Result<&'a Program> {
    let Program { path, sha256, .. } = program;
    let (found, _) = digest(&top.join(path)).with_context(|| format!("{path}: {REMEDY}"))?;
    ensure!(found == *sha256, "{path} is not what was built: {REMEDY}");
    Ok(program)
}
