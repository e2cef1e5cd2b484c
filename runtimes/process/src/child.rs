//! A program in a process of its own: started on given cores with nothing from the environment
//! that would change it unseen, read while it prints, ended by signals, and gone when it is
//! dropped or when this process is gone.
//!
//! It leads a process group, so that a Ctrl-C at the terminal does not reach it, and whatever it
//! starts ends with it. A shell in the same group waits for the end of a pipe whose other end is
//! held here, and then kills the group: so nothing is left behind even by a kill that cannot be
//! caught.

use crate::printed::Printed;
use crate::system;
use anyhow::{Context, bail, ensure};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, kill_process_group, pidfd_open};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child as Spawned, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use std::{env, io};

/// How a program is started.
#[derive(Clone, Debug, Default)]
pub struct Launch {
    /// The program. One that is named by a path is looked for from `folder`.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Variables that are set for it. Of those in the environment it has all but the
    /// [strays](is_stray).
    pub env: BTreeMap<String, String>,
    /// The folder that it works in; that of this process where none is said.
    pub folder: Option<PathBuf>,
    /// The cores that it is bound to; those of this process where none is said.
    pub cores: Vec<usize>,
    /// Whether what it prints on standard output is kept whole, to be
    /// [taken](Child::take_output); else the output is read as lines, like standard error.
    pub keep_output: bool,
}

/// Where a server listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// For players.
    pub players: SocketAddr,
    /// For whoever operates it.
    pub admin: SocketAddr,
}

/// A program that runs.
#[derive(Debug)]
pub struct Child {
    spawned: Spawned,
    /// Kills the group when this process is gone.
    guard: Spawned,
    printed: Printed,
    started: Instant,
    status: Option<ExitStatus>,
}

/// What would change a program without anybody having asked for it: variables that begin so.
const STRAYS: [&str; 9] = [
    "HUNT_",
    "GOGC",
    "GOMEMLIMIT",
    "GOMAXPROCS",
    "GODEBUG",
    "MALLOC_",
    "MIMALLOC_",
    "GLIBC_TUNABLES",
    "LD_PRELOAD",
];

/// Whether a variable of this process is kept from programs that it starts: settings of the
/// servers, of Go's runtime and of allocators.
#[must_use]
pub fn is_stray(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    STRAYS.iter().any(|stray| name.starts_with(stray)) || name == "_RJEM_MALLOC_CONF"
}

/// Keeps the [strays](is_stray) of this process from a program.
pub fn remove_strays(command: &mut Command) {
    for (name, _) in env::vars_os().filter(|(name, _)| is_stray(name)) {
        command.env_remove(name);
    }
}

impl Launch {
    /// A program without arguments.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), ..Self::default() }
    }

    /// With further arguments.
    #[must_use]
    pub fn args<T: Into<OsString>>(mut self, args: impl IntoIterator<Item = T>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// With a variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// On these cores.
    #[must_use]
    pub fn on(mut self, cores: impl IntoIterator<Item = usize>) -> Self {
        self.cores = cores.into_iter().collect();
        self
    }

    /// In this folder.
    #[must_use]
    pub fn within(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    fn command(&self) -> Command {
        let by_path = self.program.components().count() > 1;
        let mut command = match &self.folder {
            Some(folder) if by_path => Command::new(folder.join(&self.program)),
            _ => Command::new(&self.program),
        };
        // It is told its name as it was given: where the folder lies is nobody's business.
        command.arg0(&self.program);
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        remove_strays(&mut command);
        command.args(&self.args).envs(&self.env);
        command
    }
}

impl Child {
    /// Starts a program. The calling thread is moved to the program's cores for the moment of its
    /// start, so that it has never been elsewhere.
    ///
    /// # Errors
    /// If it cannot be started there.
    pub fn start(launch: &Launch) -> anyhow::Result<Self> {
        let mut command = launch.command();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let (spawned, started) = on_cores(&launch.cores, || {
            let started = Instant::now();
            command.spawn().map(|spawned| (spawned, started))
        })?
        .with_context(|| format!("{} cannot be started", launch.program.display()))?;
        Self::guarded(spawned, started, launch.keep_output)
    }

    fn guarded(mut spawned: Spawned, started: Instant, keep_output: bool) -> anyhow::Result<Self> {
        let guard = Command::new("sh")
            .args(["-c", "read line; kill -s KILL 0"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(i32::try_from(spawned.id())?)
            .spawn();
        let guard = match guard {
            Ok(guard) => guard,
            // It has ended and was already collected, or there is no shell.
            Err(error) => {
                let _ = spawned.kill();
                let _ = spawned.wait();
                return Err(error).context("sh cannot be started, which would end the program");
            }
        };
        let stdout = spawned.stdout.take().expect("it is piped");
        let stderr = spawned.stderr.take().expect("it is piped");
        let printed = Printed::read(stdout, stderr, keep_output);
        Ok(Self { spawned, guard, printed, started, status: None })
    }

    /// The number of its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.spawned.id()
    }

    /// The moment before it was started.
    #[must_use]
    pub const fn started(&self) -> Instant {
        self.started
    }

    /// The next line that it prints for which `wanted` has an answer; the others are passed over.
    /// Each line is offered once, in the order of its stream.
    ///
    /// # Errors
    /// If there is none within the time, or it ends before; with what it said last.
    pub fn line<T>(
        &mut self,
        patience: Duration,
        mut wanted: impl FnMut(&str) -> Option<T>,
    ) -> anyhow::Result<T> {
        let until = Instant::now() + patience;
        loop {
            match self.printed.next(until) {
                Ok(Some(line)) => {
                    if let Some(answer) = wanted(&line) {
                        return Ok(answer);
                    }
                }
                Ok(None) => {
                    let text = self.last_words();
                    bail!("it did not say within {} s; it said: {text}", patience.as_secs_f64());
                }
                Err(_) => {
                    let status = self.wait_for(until.saturating_duration_since(Instant::now()))?;
                    let ended = status.map_or("closed its output".to_owned(), |status| {
                        format!("ended with {status}")
                    });
                    bail!("it {ended}; it said: {}", self.last_words());
                }
            }
        }
    }

    /// The next line, within a time; none where there is none, or no more will come.
    pub fn next_line(&mut self, patience: Duration) -> Option<String> {
        self.printed.next(Instant::now() + patience).ok().flatten()
    }

    /// Where it listens, by its lines `players: http://ADDRESS` and `admin: http://ADDRESS`.
    ///
    /// # Errors
    /// If it does not say so within the time, or ends before; with what it said last.
    pub fn addresses(&mut self, patience: Duration) -> anyhow::Result<Addresses> {
        let (mut players, mut admin) = (None, None);
        let both = self.line(patience, |line| {
            players = players.or_else(|| address(line, "players"));
            admin = admin.or_else(|| address(line, "admin"));
            Some(Addresses { players: players?, admin: admin? })
        });
        both.context("where does it listen?")
    }

    /// How it ended, where it has.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        if self.status.is_none() {
            self.status = self.spawned.try_wait()?;
        }
        Ok(self.status)
    }

    /// Waits for its end. `None`: it has not ended within the time.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn wait_for(&mut self, patience: Duration) -> anyhow::Result<Option<ExitStatus>> {
        if self.ended()?.is_some() {
            return Ok(self.status);
        }
        let ended = pidfd_open(self.pid(), PidfdFlags::empty())?;
        let until = Instant::now() + patience;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let left = Timespec::try_from(left).context("a time that is not so long")?;
            match poll(&mut [PollFd::new(&ended, PollFlags::IN)], Some(&left)) {
                Ok(0) => return Ok(None),
                Ok(_) => return Ok(self.ended()?),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Asks it to end: SIGTERM.
    ///
    /// # Errors
    /// If it cannot be asked.
    pub fn terminate(&mut self) -> anyhow::Result<()> {
        self.send(Signal::TERM)
    }

    /// As a Ctrl-C at a terminal of its own: SIGINT.
    ///
    /// # Errors
    /// If it cannot be asked.
    pub fn interrupt(&mut self) -> anyhow::Result<()> {
        self.send(Signal::INT)
    }

    fn send(&mut self, signal: Signal) -> anyhow::Result<()> {
        // The number of a process that was waited for may be another's.
        ensure!(self.ended()?.is_none(), "it has ended");
        Ok(kill_process(self.pid(), signal)?)
    }

    /// The last lines that it said on either stream, the oldest first.
    pub fn said(&mut self) -> Vec<String> {
        if matches!(self.ended(), Ok(Some(_))) {
            self.printed.wait_for_end();
        }
        self.printed.last()
    }

    fn last_words(&mut self) -> String {
        let said = self.said();
        if said.is_empty() { "nothing".to_owned() } else { said.join(" | ") }
    }

    /// What it printed on standard output, where that is kept. It has it no more then.
    ///
    /// # Errors
    /// If it was more than is kept.
    pub fn take_output(&mut self) -> anyhow::Result<Vec<u8>> {
        if matches!(self.ended(), Ok(Some(_))) {
            self.printed.wait_for_end();
        }
        self.printed.take_output()
    }

    fn pid(&self) -> Pid {
        let number = i32::try_from(self.spawned.id()).ok().and_then(Pid::from_raw);
        number.expect("a process has a number")
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // The shell is in the group until here, so that nobody else's group has this number.
        let _ = kill_process_group(self.pid(), Signal::KILL);
        let _ = self.guard.kill();
        let _ = self.guard.wait();
        let _ = self.spawned.wait();
    }
}

/// Runs on some cores; on those of the thread where none is said.
fn on_cores<T>(cores: &[usize], run: impl FnOnce() -> T) -> anyhow::Result<T> {
    if cores.is_empty() {
        return Ok(run());
    }
    let before = system::cores()?;
    system::pin_to(cores).with_context(|| format!("the cores {cores:?} cannot be used"))?;
    let result = run();
    system::pin_to(&before)?;
    Ok(result)
}

fn address(line: &str, name: &str) -> Option<SocketAddr> {
    let url = line.strip_prefix(name)?.strip_prefix(": http://")?;
    url.trim_end().trim_end_matches('/').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_from_their_lines_only() {
        assert_eq!(address("players: http://127.0.0.1:81", "players"), "127.0.0.1:81".parse().ok());
        assert_eq!(address("admin: http://[::1]:82/", "admin"), "[::1]:82".parse().ok());
        assert_eq!(address("admin: http://[::1]:82/", "players"), None);
        assert_eq!(address("players: http://localhost", "players"), None);
        assert_eq!(address("no players: http://127.0.0.1:81", "players"), None);
    }

    #[test]
    fn settings_of_servers_and_allocators_are_strays() {
        for name in ["HUNT_KEYS", "GOGC", "MALLOC_CONF", "_RJEM_MALLOC_CONF", "MIMALLOC_VERBOSE"] {
            assert!(is_stray(OsStr::new(name)), "{name}");
        }
        for name in ["PATH", "HOME", "GOPATH", "GOFLAGS", "TREASURE_HUNT_", "TMPDIR"] {
            assert!(!is_stray(OsStr::new(name)), "{name}");
        }
    }
}
