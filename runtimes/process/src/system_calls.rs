//! Counting the system calls of another process, by whatever this machine has for it.
//!
//! `perf` counts without slowing anybody down, and is told when to begin and to end. `strace`
//! stops the process at every call, so that it batches otherwise; it is taken where perf cannot.
//! Where neither works there is no figure, and the reason is told.

use crate::system::lines;
use anyhow::{Context, ensure};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use std::{env, io, process};

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
    let begun = Perf::attach(pid).and_then(|mut perf| perf.begin().map(|()| perf));
    let perf = match begun {
        Ok(perf) => perf,
        Err(error) => return count_stopping(pid, &format!("perf cannot count: {error:#}"), work),
    };
    let units = work()?;
    let calls = perf.end();
    Ok(match calls {
        Ok(calls) => Counted::Calls { calls, units },
        Err(error) => Counted::Not(format!("perf cannot count: {error:#}")),
    })
}

/// Counts by strace; `why` perf could not.
fn count_stopping(
    pid: u32,
    why: &str,
    work: impl FnOnce() -> anyhow::Result<u64>,
) -> anyhow::Result<Counted> {
    let strace = match Strace::attach(pid) {
        Ok(strace) => strace,
        Err(error) => return Ok(Counted::Not(format!("{why}; strace cannot count: {error:#}"))),
    };
    let units = work()?;
    Ok(match strace.finish() {
        Ok(calls) => Counted::Calls { calls, units },
        Err(error) => Counted::Not(format!("{why}; strace cannot count: {error:#}")),
    })
}

/// strace, attached to every thread of a process.
#[derive(Debug)]
struct Strace {
    child: Child,
    counts: PathBuf,
}

impl Strace {
    fn attach(pid: u32) -> anyhow::Result<Self> {
        let counts = env::temp_dir().join(format!("process-strace-{}-{pid}", process::id()));
        let mut child = Command::new("strace")
            .args(["-c", "-f", "-p", &pid.to_string(), "-o"])
            .arg(&counts)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("strace does not start")?;
        let stderr = child.stderr.take().expect("it is piped");
        let this = Self { child, counts };
        let lines = lines(stderr);
        // It says so for the process, and then for each of its threads.
        let line = lines.recv_timeout(PATIENCE).context("it does not attach")?;
        ensure!(line.contains("attached"), "{line}");
        while lines.recv_timeout(Duration::from_millis(100)).is_ok() {}
        Ok(this)
    }

    fn finish(mut self) -> anyhow::Result<u64> {
        end(&mut self.child)?;
        let text = fs::read_to_string(&self.counts)?;
        total(&text).context("it wrote no total")
    }
}

impl Drop for Strace {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_file(&self.counts);
    }
}

/// The calls of a summary of strace: the fourth column, errors being the fifth where there are any.
fn total(summary: &str) -> Option<u64> {
    let line = summary.lines().rfind(|line| line.trim_end().ends_with(" total"))?;
    line.split_whitespace().nth(3)?.parse().ok()
}

/// Asks a program that counts to end, and waits for it.
fn end(child: &mut Child) -> anyhow::Result<()> {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    kill_process(pid.context("it has a process")?, Signal::INT)?;
    child.wait()?;
    Ok(())
}

/// perf, attached to a process and told by pipes when to count: its threads, and those that they
/// start.
#[derive(Debug)]
pub struct Perf {
    child: Child,
    folder: PathBuf,
    control: File,
    /// What it acknowledges.
    acks: mpsc::Receiver<String>,
}

impl Perf {
    /// Attaches it, ready to count but not counting.
    ///
    /// # Errors
    /// If there is no perf, or it may not.
    pub fn attach(pid: u32) -> anyhow::Result<Self> {
        let folder = env::temp_dir().join(format!("process-{}-{pid}", process::id()));
        fs::create_dir_all(&folder)?;
        let mut perf = match Self::attach_in(&folder, pid) {
            Ok(perf) => perf,
            Err(error) => {
                let _ = fs::remove_dir_all(&folder);
                return Err(error);
            }
        };
        // It answers once it is attached.
        perf.tell("disable")?;
        Ok(perf)
    }

    /// Begins to count. Some hundred microseconds pass until it does.
    ///
    /// # Errors
    /// If perf has ended or does not answer.
    pub fn begin(&mut self) -> anyhow::Result<()> {
        self.tell("enable")
    }

    /// Ends counting, and tells how many calls there were. Some hundred microseconds pass until it
    /// does end.
    ///
    /// # Errors
    /// If perf has ended, does not answer, or wrote no count.
    pub fn end(mut self) -> anyhow::Result<u64> {
        self.tell("disable")?;
        self.finish()
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
        let acks = lines(ack);
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
        end(&mut self.child)?;
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
        // The thread that reads what it acknowledges holds the pipe open, and would wait for ever.
        self.acks = mpsc::channel().1;
        if let Ok(mut ack) = OpenOptions::new().write(true).open(self.folder.join("ack")) {
            let _ = ack.write_all(b"\n");
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_of_a_summary_is_its_calls_with_or_without_errors() {
        let summary = "% time  seconds  usecs/call  calls  errors syscall\n\
            ------ ----------- ----------- --------- --------- ----------------\n \
            60.00    0.000300           1       200           recvfrom\n\
            ------ ----------- ----------- --------- --------- ----------------\n\
            100.00    0.000500           1       412        12 total\n";
        assert_eq!(total(summary), Some(412));
        assert_eq!(total(&summary.replace("        12 total", " total")), Some(412));
        assert_eq!(total("strace: attach: Operation not permitted"), None);
    }

    #[test]
    fn the_calls_between_begin_and_end_are_counted() {
        // On a signal it looks for a file a thousand times, which is a call each.
        let script = "trap 'i=0; while [ $i -lt 1000 ]; do [ -e / ]; i=$((i+1)); done; echo done' \
                      TERM; sleep 1000 & echo ready; while :; do wait; done";
        let launch = crate::child::Launch::new("sh").args(["-c", script]);
        let mut child = crate::child::Child::start(&launch).unwrap();
        let says = |child: &mut crate::child::Child, text: &str| {
            child.line(PATIENCE, |line| (line == text).then_some(())).unwrap();
        };
        says(&mut child, "ready");
        let mut perf = match Perf::attach(child.id()) {
            Ok(perf) => perf,
            Err(error) => return eprintln!("left out: perf cannot count here: {error:#}"),
        };
        let once = |child: &mut crate::child::Child| {
            child.terminate().unwrap();
            says(child, "done");
        };
        once(&mut child);
        perf.begin().unwrap();
        once(&mut child);
        let calls = perf.end().unwrap();
        assert!((1_000..1_200).contains(&calls), "{calls}");
    }

    #[test]
    fn what_cannot_be_counted_has_a_reason_and_the_work_is_not_begun() {
        // No process has this number.
        let counted = count(u32::MAX / 2, || unreachable!("nobody counts")).unwrap();
        let Counted::Not(why) = counted else { panic!("{counted:?}") };
        assert!(why.contains("cannot count"), "{why}");
    }
}
