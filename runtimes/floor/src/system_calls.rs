//! Counting the system calls of another process, by whatever this machine has for it.
//!
//! `perf` counts without slowing anybody down, and is told when to begin and to end. `strace`
//! stops the process at every call, so that it batches otherwise; it is taken where perf cannot.
//! Where neither works there is no figure, and the reason is told.

use anyhow::{Context, ensure};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use std::{env, io, process, thread};

/// What counting came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Counted {
    /// So many calls in so many units of work.
    Calls {
        /// System calls.
        calls: u64,
        /// Units of work.
        units: u64,
    },
    /// It could not be had, and why.
    Not(String),
}

/// For how long perf may take to begin and to end.
const PATIENCE: Duration = Duration::from_secs(10);
const EVENT: &str = "raw_syscalls:sys_enter";

/// Counts the system calls of `pid` while `work` runs, which says how many units of work it did.
///
/// # Errors
/// Those of `work`.
pub fn count(pid: u32, work: impl FnOnce() -> anyhow::Result<u64>) -> anyhow::Result<Counted> {
    let mut perf = match Perf::attach(pid) {
        Ok(perf) => perf,
        Err(error) => return Ok(Counted::Not(format!("perf cannot count: {error:#}"))),
    };
    if let Err(error) = perf.tell("enable") {
        return Ok(Counted::Not(format!("perf cannot count: {error:#}")));
    }
    let units = work()?;
    let calls = perf.tell("disable").and_then(|()| perf.finish());
    Ok(match calls {
        Ok(calls) => Counted::Calls { calls, units },
        Err(error) => Counted::Not(format!("perf cannot count: {error:#}")),
    })
}

/// perf, attached to a process and told by pipes when to count.
#[derive(Debug)]
struct Perf {
    child: Child,
    folder: PathBuf,
    control: File,
    /// What it acknowledges, read by a thread of its own since a pipe has no time-out.
    acks: mpsc::Receiver<String>,
}

impl Perf {
    fn attach(pid: u32) -> anyhow::Result<Self> {
        let folder = env::temp_dir().join(format!("floor-{}-{pid}", process::id()));
        fs::create_dir_all(&folder)?;
        let result = Self::attach_in(&folder, pid);
        if result.is_err() {
            let _ = fs::remove_dir_all(&folder);
        }
        result
    }

    fn attach_in(folder: &Path, pid: u32) -> anyhow::Result<Self> {
        let pipe = |name: &str| -> io::Result<(PathBuf, File)> {
            let path = folder.join(name);
            mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
            // For both directions, so that opening waits for nobody.
            let file = OpenOptions::new().read(true).write(true).open(&path)?;
            Ok((path, file))
        };
        let ((control_path, control), (ack_path, ack)) = (pipe("control")?, pipe("ack")?);
        let fifos = format!("fifo:{},{}", control_path.display(), ack_path.display());
        let child = Command::new("perf")
            .args(["stat", "--delay=-1", "-x,", "-e", EVENT])
            .args(["--pid", &pid.to_string(), "--control", &fifos, "--output"])
            .arg(folder.join("counts"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("perf does not start")?;
        let (sender, acks) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(ack).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self { child, folder: folder.to_owned(), control, acks })
    }

    fn tell(&mut self, word: &str) -> anyhow::Result<()> {
        writeln!(self.control, "{word}")?;
        let step = Duration::from_millis(20);
        let mut waited = Duration::ZERO;
        while waited < PATIENCE {
            match self.acks.recv_timeout(step) {
                // What it acknowledges begins with a zero byte in some versions.
                Ok(line) if line.contains("ack") => return Ok(()),
                Ok(_) => {}
                Err(_) => waited += step,
            }
            if let Some(status) = self.child.try_wait()? {
                anyhow::bail!("it has ended with {status}; {EVENT} needs tracefs and the right to");
            }
        }
        anyhow::bail!("it does not answer")
    }

    fn finish(&mut self) -> anyhow::Result<u64> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.context("perf has a process")?, Signal::INT)?;
        self.child.wait()?;
        let text = fs::read_to_string(self.folder.join("counts"))?;
        let line = text.lines().find(|line| line.contains(EVENT)).context("it wrote no count")?;
        let count = line.split(',').next().unwrap_or_default();
        ensure!(!count.starts_with('<'), "it says {count}");
        Ok(count.parse()?)
    }
}

impl Drop for Perf {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
        // Ends the thread that reads.
        self.acks = mpsc::channel().1;
    }
}
