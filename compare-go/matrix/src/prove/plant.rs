//! A delay that is planted in a server from outside: a library that the system loads before the C
//! library has each of the server's sends take some more CPU time. The program is the one that is
//! measured elsewhere, byte for byte.

use anyhow::{Context, bail};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SOURCE: &str = include_str!("planted.c");
/// Where it is built, from the top of the repository.
const FOLDER: &str = "target/matrix/planted";

/// A library that delays what it is loaded into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plant {
    library: PathBuf,
}

impl Plant {
    /// Builds it, with the system's C compiler.
    ///
    /// # Errors
    /// If there is none, or it refuses.
    pub(super) fn build(top: &Path) -> anyhow::Result<Self> {
        let folder = std::path::absolute(top.join(FOLDER))?;
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let [source, library] = ["planted.c", "planted.so"].map(|name| folder.join(name));
        fs::write(&source, SOURCE).with_context(|| source.display().to_string())?;
        let built = Command::new("cc")
            .args(["-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o"])
            .args([&library, &source])
            .arg("-ldl")
            .output()
            .context("there is no C compiler `cc`, which builds the delay that is planted")?;
        if !built.status.success() {
            bail!("cc builds no delay: {}", String::from_utf8_lossy(&built.stderr).trim());
        }
        Ok(Self { library })
    }

    /// The variables of a server each of whose sends takes so much more CPU time.
    pub(super) fn variables(&self, planted_ns: u64) -> BTreeMap<String, String> {
        let library = self.library.display().to_string();
        [("LD_PRELOAD", library), ("HUNT_PLANTED_NS", planted_ns.to_string())]
            .map(|(name, value)| (name.to_owned(), value))
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    /// What sends 20,000 times, in a program that everybody has who can build this.
    const SENDS: &str = "import socket
a, b = socket.socketpair()
for _ in range(20_000):
    a.send(b'x')
    b.recv(1)
";

    #[test]
    fn every_send_takes_as_much_longer_as_is_planted() {
        let missing = |program: &str| Command::new(program).arg("--version").output().is_err();
        if missing("cc") || missing("python3") {
            eprintln!("left out: there is no cc or no python3");
            return;
        }
        let folder = std::env::temp_dir().join(format!("matrix-planted-{}", std::process::id()));
        let plant = Plant::build(&folder).unwrap();
        let seconds = |planted_ns| {
            let began = Instant::now();
            let mut python = Command::new("python3");
            let status = python.args(["-c", SENDS]).envs(plant.variables(planted_ns)).status();
            assert!(status.unwrap().success());
            began.elapsed().as_secs_f64()
        };
        // A send takes 50 us at least, whatever else the machine does.
        let planted = seconds(50_000);
        fs::remove_dir_all(&folder).unwrap();
        assert!(planted >= 20_000.0 * 50e-6, "{planted}");
    }
}
