//! Go's servers, by the `go` on PATH, into the folder that `golden` builds them into. Profiles that
//! guide the compiler lie beside each program's sources and are used unasked.

use super::watched::{told, watched};
use super::{Building, Compiled, Name};
use crate::bundle::run::CommandLine;
use crate::cell::Library;
use crate::run::interrupt::Stop;
use crate::run::show::Show;
use anyhow::{Context, bail, ensure};
use process::child::Launch;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// The folder of the module.
const MODULE: &str = "compare-go/reference";
/// The folder of its programs, from the top and from the module.
const TARGET: (&str, &str) = ("target/go", "../../target/go");
/// Variables that change what is built, by how they begin.
const FLAGS: [&str; 5] = ["GOFLAGS", "GOEXPERIMENT", "GOAMD64", "GOARM64", "CGO_"];
/// How long a build may take, the fetching of what it needs included.
const PATIENCE: Duration = Duration::from_secs(30 * 60);
/// How long Go may take to say its version: an older one fetches the one that is asked for.
const VERSION_PATIENCE: Duration = Duration::from_secs(5 * 60);

/// Shows nothing.
struct Quietly;

impl Show for Quietly {
    fn step(&mut self, _: &str) {}
}

/// Whether this Go can build the servers.
///
/// # Errors
/// With what is missing and what to do about it; or if it was to stop.
pub(super) fn available(top: &Path, go: &Path, stop: &Stop) -> anyhow::Result<()> {
    let module = top.join(MODULE);
    let needed = needed(&module)?;
    let remedy = format!("Go's servers need Go {needed} or newer: install it and put it on PATH");
    // In the folder of the module, where an older Go may fetch the one that is asked for.
    let launch = Launch::new(go).args(["env", "GOVERSION"]).within(&module);
    let found = watched(launch, "ask Go for its version", VERSION_PATIENCE, &mut Quietly, stop);
    let found = match found {
        Ok(found) => found,
        Err(error) if stop.is_asked() => return Err(error),
        Err(error) => bail!("there is no Go to build with ({error:#}). {remedy}"),
    };
    ensure!(found.status.success(), "`go` ended with {}. {remedy}", found.told());
    let version = String::from_utf8_lossy(&found.output).trim().to_owned();
    let is_old = numbers(&version).is_none_or(|found| Some(found) < numbers(&needed));
    ensure!(!is_old, "the `go` on PATH is `{version}`. {remedy}");
    Ok(())
}

/// The version that the module asks for: the `go` line of its go.mod.
fn needed(module: &Path) -> anyhow::Result<String> {
    let path = module.join("go.mod");
    let source = fs::read_to_string(&path).with_context(|| format!("{MODULE}/go.mod"))?;
    let line = source.lines().find_map(|line| line.strip_prefix("go "));
    Ok(line.with_context(|| format!("{MODULE}/go.mod has no `go` line"))?.trim().to_owned())
}

/// The first two numbers of a version: `go1.26.8`, `1.26`.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let from = version.find(|c: char| c.is_ascii_digit())?;
    let mut parts = version[from..].split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

impl Building<'_> {
    /// Builds Go's servers, one after the other.
    ///
    /// # Errors
    /// If it was to stop.
    pub(super) fn go(&mut self, libraries: &[Library]) -> anyhow::Result<Vec<(Name, Compiled)>> {
        if let Err(why) = available(self.top, &self.tools.go, self.stop) {
            self.go_on()?;
            let why = format!("{why:#}");
            return Ok(libraries.iter().map(|of| (Name::Go(*of), Err(why.clone()))).collect());
        }
        libraries.iter().map(|of| Ok((Name::Go(*of), self.go_one(Name::Go(*of))?))).collect()
    }

    fn go_one(&mut self, name: Name) -> anyhow::Result<Compiled> {
        let (from_top, from_module) = TARGET;
        fs::create_dir_all(self.top.join(from_top)).context(from_top)?;
        let file = name.file();
        let output = format!("{from_module}/{file}");
        let package = format!("./cmd/{file}");
        let args = ["build", "-C", MODULE, "-buildvcs=false", "-o", &output, &package];
        let build = CommandLine {
            program: "go".to_owned(),
            args: args.map(str::to_owned).into(),
            env: told(&FLAGS),
            cores: Vec::new(),
        };
        let launch = Launch::new(&self.tools.go).args(args).within(self.top);
        let ended = watched(launch, &format!("build {file}"), PATIENCE, self.show, self.stop);
        self.go_on()?;
        Ok(match ended {
            Ok(ended) if ended.status.success() => Ok((build, self.top.join(from_top).join(file))),
            Ok(ended) => Err(format!("`go build` ended with {}", ended.told())),
            Err(error) => Err(format!("`go build` cannot be run: {error:#}")),
        })
    }
}
