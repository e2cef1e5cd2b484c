//! A server that is started for a transcript, and ends with it.

use crate::sockets::Addresses;
use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long a server may take to say where it listens.
const START: Duration = Duration::from_secs(30);

/// What starts a server.
#[derive(Clone, Debug)]
pub struct Program {
    /// The program.
    pub path: PathBuf,
    /// What comes before the arguments of `serve`.
    pub first: Vec<OsString>,
    /// `--runtime`; none for a server that has but one.
    pub runtime: Option<String>,
}

/// A server that runs; dropping it ends it.
#[derive(Debug)]
pub struct Process {
    child: Child,
    at: Addresses,
}

impl Process {
    /// Starts a server with the configuration of the transcripts, on free ports. Variables that
    /// would configure it otherwise are kept from it.
    ///
    /// # Errors
    /// If it does not start, or does not print where it listens: a line with `players` or `listen`
    /// and one with `admin`, each with `http://ADDRESS`.
    pub fn start(program: &Program) -> anyhow::Result<Self> {
        Self::start_with(program, &[])
    }

    /// Starts it with further arguments of `serve`.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_with(program: &Program, args: &[&str]) -> anyhow::Result<Self> {
        Self::start_within(program, args, START)
    }

    fn start_within(program: &Program, args: &[&str], patience: Duration) -> anyhow::Result<Self> {
        let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("server.toml");
        let runtime = program.runtime.iter().flat_map(|name| ["--runtime", name]);
        let mut command = Command::new(&program.path);
        ::process::child::remove_strays(&mut command);
        let mut child = command
            .args(&program.first)
            .arg("serve")
            .arg("--config")
            .arg(config)
            .args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
            .args(runtime)
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} cannot be started", program.path.display()))?;
        let stdout = child.stdout.take().context("standard output is piped")?;
        // A pipe has no time-out, so a thread reads it; it ends when the server does.
        let (told, hears) = mpsc::channel();
        thread::spawn(move || told.send(addresses(BufReader::new(stdout))));
        let heard = hears.recv_timeout(patience);
        if let Ok(Some(at)) = heard {
            return Ok(Self { child, at });
        }
        let _ = child.kill();
        let status = child.wait().context("the server cannot be waited for")?;
        match heard {
            Ok(_) => bail!("the server did not say where it listens, and ended with {status}"),
            Err(_) => {
                bail!("the server did not say where it listens within {} s", patience.as_secs_f64())
            }
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        self.at
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to end: SIGTERM.
    ///
    /// # Errors
    /// If it is gone.
    pub fn terminate(&self) -> anyhow::Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.context("a process has a number")?, Signal::TERM)?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads lines until both addresses are known.
fn addresses(lines: impl BufRead) -> Option<Addresses> {
    let (mut public, mut admin) = (None, None);
    for line in lines.lines().map_while(Result::ok) {
        let word = line.split_whitespace().find_map(|word| word.strip_prefix("http://"));
        let addr = word.and_then(|word| word.trim_end_matches('/').parse::<SocketAddr>().ok());
        match addr {
            Some(addr) if line.contains("admin") => admin = admin.or(Some(addr)),
            Some(addr) => public = public.or(Some(addr)),
            None => {}
        }
        if let (Some(public), Some(admin)) = (public, admin) {
            return Some(Addresses { public, admin });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_silent_is_given_up() {
        let first = ["-c", "exec sleep 600"].map(OsString::from).to_vec();
        let program = Program { path: "sh".into(), first, runtime: None };
        let started = Process::start_within(&program, &[], Duration::from_millis(100));
        let error = started.unwrap_err().to_string();
        assert!(error.contains("within 0.1 s"), "{error}");
    }

    #[test]
    fn the_addresses_are_read_from_the_greeting() {
        let greeting = "warming up\nplayers: http://127.0.0.1:81\nadmin: http://[::1]:82/\nmore\n";
        let at = addresses(greeting.as_bytes()).unwrap();
        assert_eq!(at.public, "127.0.0.1:81".parse().unwrap());
        assert_eq!(at.admin, "[::1]:82".parse().unwrap());
        assert_eq!(addresses(&b"players: http://127.0.0.1:81\n"[..]), None);
    }
}
