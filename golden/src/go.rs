//! The servers of the Go module, built on demand.
//!
//! Owns which there are, and how they are built with the `go` on PATH. What is not out of date is
//! not built again: Go's own cache sees to that.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fmt, io};

/// A server of the Go module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// On `net/http`.
    NetHttp,
    /// On `fasthttp`.
    FastHttp,
}

/// Why a server of the Go module is not there.
#[derive(Debug, thiserror::Error)]
pub enum GoError {
    /// Go is missing or too old.
    #[error(
        "{build} needs Go {} or newer, and {found}: install it and put it on PATH, or name a \
         server that was built elsewhere with --program",
        needed()
    )]
    NoGo {
        /// What is built.
        build: Build,
        /// What there is.
        found: String,
    },
    /// It does not compile.
    #[error("{build} does not build:\n{said}")]
    Broken {
        /// What is built.
        build: Build,
        /// What `go build` said.
        said: String,
    },
    /// The file system is in the way.
    #[error("{0} cannot be made: {1}")]
    Folder(PathBuf, io::Error),
}

impl Build {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::NetHttp, Self::FastHttp];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NetHttp => "go-nethttp",
            Self::FastHttp => "go-fasthttp",
        }
    }

    /// The name of its program, and of its folder in `cmd`.
    #[must_use]
    pub const fn program(self) -> &'static str {
        match self {
            Self::NetHttp => "hunt-nethttp",
            Self::FastHttp => "hunt-fasthttp",
        }
    }
}

impl fmt::Display for Build {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The folder of the module.
#[must_use]
pub fn module() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../compare-go/reference")
}

/// Whether the `go` on PATH can build the module.
///
/// # Errors
/// With what is missing, and what to do about it.
pub fn available(build: Build) -> Result<(), GoError> {
    let no_go = |found: String| GoError::NoGo { build, found };
    // In the folder of the module, where an older Go may fetch the one that is asked for.
    let output = Command::new("go").args(["env", "GOVERSION"]).current_dir(module()).output();
    let output = match output {
        Ok(output) => output,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(no_go("there is no `go` on PATH".into()));
        }
        Err(error) => return Err(no_go(format!("`go` does not start: {error}"))),
    };
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if !output.status.success() {
        return Err(no_go(format!("`go` says: {}", said(&output.stderr))));
    }
    let version = said(&output.stdout);
    match numbers(&version) {
        Some(found) if found < numbers(&needed()).unwrap_or(found) => {
            Err(no_go(format!("`go` on PATH is {version}")))
        }
        _ => Ok(()),
    }
}

/// Builds a server, and returns its program.
///
/// # Errors
/// If there is no Go that can, or the module does not compile.
pub fn build(build: Build) -> Result<PathBuf, GoError> {
    available(build)?;
    let folder = target().join("go");
    std::fs::create_dir_all(&folder).map_err(|error| GoError::Folder(folder.clone(), error))?;
    let program = folder.join(build.program());
    let output = Command::new("go")
        .arg("build")
        .arg("-C")
        .arg(module())
        .args(["-buildvcs=false", "-o"])
        .arg(&program)
        .arg(format!("./cmd/{}", build.program()))
        .output();
    let said = match output {
        Ok(output) if output.status.success() => return Ok(program),
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Err(error) => error.to_string(),
    };
    Err(GoError::Broken { build, said })
}

/// The version that the module asks for: the `go` line of its go.mod.
fn needed() -> String {
    let source = std::fs::read_to_string(module().join("go.mod")).unwrap_or_default();
    let line = source.lines().find_map(|line| line.strip_prefix("go "));
    line.map_or("1.26", str::trim).to_owned()
}

/// The first two numbers of a version: `go1.26.8`, `1.26`.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let from = version.find(|c: char| c.is_ascii_digit())?;
    let mut parts = version[from..].split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// The folder that cargo builds into, which holds this program; else that of the checkout.
pub(crate) fn target() -> PathBuf {
    let exe = std::env::current_exe().unwrap_or_default();
    let tagged = |folder: &&Path| folder.join("CACHEDIR.TAG").is_file();
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    exe.ancestors().find(tagged).map_or(checkout, Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert!(numbers("go1.9.7") < numbers("1.26"));
        assert!(numbers("go1.26.8") >= numbers("1.26"));
        assert!(numbers("devel go1.27-4f2c1d").is_some_and(|found| found > (1, 26)));
        assert_eq!(numbers("none"), None);
    }

    #[test]
    fn what_is_missing_comes_with_the_remedy() {
        let found = "there is no `go` on PATH".to_owned();
        let error = GoError::NoGo { build: Build::NetHttp, found }.to_string();
        assert!(error.starts_with("go-nethttp needs Go 1."), "{error}");
        assert!(error.contains("install it") && error.contains("--program"), "{error}");
    }
}
