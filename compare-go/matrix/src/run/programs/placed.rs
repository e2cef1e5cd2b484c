//! A copy of a program where no build writes, its SHA-256 and its sizes.

use super::watched::from_top;
use super::{Building, FOLDER, Program, Tools};
use crate::bundle::observed::Observed;
use crate::bundle::run::CommandLine;
use anyhow::{Context, bail};
use process::child::{Child, Launch};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

/// How long stripping a copy may take.
const STRIP_PATIENCE: Duration = Duration::from_secs(60);

impl Building<'_> {
    /// Nothing, unless it was to stop.
    pub(super) fn go_on(&self) -> anyhow::Result<()> {
        self.stop.check().context("stopped while programs were built")
    }

    /// Copies a program from where it was built, unless the copy that is there is the same.
    pub(super) fn place(
        &mut self,
        file: &str,
        built: &Path,
        build: CommandLine,
    ) -> anyhow::Result<Program> {
        let path = format!("{FOLDER}/{file}");
        let (at, folder) = (self.top.join(&path), self.top.join(FOLDER));
        fs::create_dir_all(&folder).context(FOLDER)?;
        let (sha256, bytes) = digest(built).with_context(|| built.display().to_string())?;
        if !digest(&at).is_ok_and(|(there, _)| there == sha256) {
            // In one step, since a program that runs cannot be written to.
            let new = folder.join(format!("{file}.new"));
            fs::copy(built, &new).and_then(|_| fs::rename(&new, &at)).context(path.clone())?;
        }
        let stripped_bytes = match stripped_bytes(&at, self.tools) {
            Observed::Missing(why) => Observed::Missing(from_top(self.top, &why)),
            known => known,
        };
        Ok(Program { path, build, sha256, bytes, stripped_bytes })
    }
}

/// The SHA-256 of a file in hexadecimal digits, and its size in bytes.
pub(crate) fn digest(path: &Path) -> std::io::Result<(String, u64)> {
    let mut file = File::open(path)?;
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    let mut chunk = vec![0; 1 << 20];
    loop {
        match file.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => {
                hash.update(&chunk[..count]);
                bytes += u64::try_from(count).unwrap_or_default();
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let digits = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((digits, bytes))
}

/// The size of a program without its symbols, from a copy that is gone afterwards.
fn stripped_bytes(program: &Path, tools: &Tools) -> Observed<u64> {
    let copy = program.with_extension("stripped");
    let (to, from) = (copy.as_os_str(), program.as_os_str());
    let strip = Launch::new(&tools.strip).args(["-o".as_ref(), to, from]);
    let objcopy = Launch::new(&tools.objcopy).args(["--strip-all".as_ref(), from, to]);
    let mut faults = Vec::new();
    for tool in [strip, objcopy] {
        let size = run(&tool).and_then(|()| Ok(fs::metadata(&copy)?.len()));
        let _ = fs::remove_file(&copy);
        match size {
            Ok(bytes) => return Observed::Is(bytes),
            Err(error) => faults.push(format!("{error:#}")),
        }
    }
    Observed::missing(format!("no tool strips it; install binutils: {}", faults.join("; ")))
}

fn run(tool: &Launch) -> anyhow::Result<()> {
    let mut child = Child::start(tool)?;
    match child.wait_for(STRIP_PATIENCE)? {
        Some(status) if status.success() => Ok(()),
        Some(status) => bail!("it ended with {status}: {}", child.said().join(" | ")),
        None => bail!("it takes more than {} s", STRIP_PATIENCE.as_secs()),
    }
}
