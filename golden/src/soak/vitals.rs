//! What a server holds: read from `/proc` and from its own metrics.

use super::line::{document, pause};
use crate::process::Process;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// For how long a server may take to become quiet once nobody talks to it: the longest time-out of
/// the transcripts' configuration is 4 s, and closing takes its time after it.
const QUIET_WITHIN: Duration = Duration::from_secs(30);
/// For how long it must stay as it is; a connection that is one too many is kept for half a second.
const QUIET_FOR: Duration = Duration::from_millis(1_500);
/// For how long the connection that asks for the figures may take to go.
const GOES_WITHIN: Duration = Duration::from_millis(50);
/// The time between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(150);

/// What a server holds at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vitals {
    /// Resident memory.
    pub rss_bytes: u64,
    /// Open descriptors, over all descriptor tables of the process.
    pub descriptors: u64,
    /// Sockets that the kernel keeps for its listeners' connections, even where no descriptor
    /// leads to them: an operation in flight can hold one.
    pub sockets: u64,
    /// Connections that it says are open.
    pub connections: u64,
    /// Threads.
    pub threads: u64,
    /// Buffers of its rings that are not in them, where it has rings.
    pub ring_buffers: Option<u64>,
}

impl Vitals {
    /// For programs.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "rss_bytes": self.rss_bytes,
            "descriptors": self.descriptors,
            "sockets": self.sockets,
            "connections": self.connections,
            "threads": self.threads,
            "ring_buffers": self.ring_buffers,
        })
    }

    /// All but memory, which allocators give back when they like.
    fn counts(&self) -> Self {
        Self { rss_bytes: 0, ..*self }
    }
}

/// Looks at one server.
#[derive(Clone, Debug)]
pub struct Watch {
    proc: PathBuf,
    admin: SocketAddr,
    /// Its two listeners, as `/proc/net/tcp` writes them.
    listeners: [String; 2],
}

impl Watch {
    /// On this process.
    #[must_use]
    pub fn on(process: &Process) -> Self {
        let at = process.addresses();
        Self {
            proc: Path::new("/proc").join(process.id().to_string()),
            admin: at.admin,
            listeners: [at.public, at.admin].map(written),
        }
    }

    /// What it holds now.
    ///
    /// # Errors
    /// If it has ended, or does not answer.
    pub fn look(&self) -> Result<Vitals> {
        let metrics = document(self.admin, "/metrics").context("the server gives no figures")?;
        let metrics = String::from_utf8(metrics).context("metrics are text")?;
        // Closing the connection that asked is a matter of a moment, for both sides.
        pause(GOES_WITHIN);
        let opened = metric(&metrics, "hunt_connections").context("no hunt_connections")?;
        let tasks = fs::read_dir(self.proc.join("task"))
            .context("the server has ended")?
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<Vec<_>>>()?;
        Ok(Vitals {
            rss_bytes: self.resident()?,
            descriptors: descriptors(&tasks),
            sockets: sockets(&fs::read_to_string(self.proc.join("net/tcp"))?, &self.listeners),
            // The one that asks is open.
            connections: opened.saturating_sub(1),
            threads: tasks.len() as u64,
            ring_buffers: metric(&metrics, "hunt_ring_buffers_held"),
        })
    }

    /// Waits until it has no connections and has held the same for a while. Says what, and whether
    /// it became quiet in time.
    ///
    /// # Errors
    /// If it has ended, or does not answer.
    pub fn when_quiet(&self) -> Result<(Vitals, bool)> {
        let begin = Instant::now();
        let mut last = self.look()?;
        let mut since = Instant::now();
        loop {
            pause(LOOK_EVERY);
            let now = self.look()?;
            if now.counts() != last.counts() || now.connections > 0 {
                since = Instant::now();
            }
            last = now;
            let quiet = since.elapsed() >= QUIET_FOR;
            if quiet || begin.elapsed() > QUIET_WITHIN {
                return Ok((now, quiet));
            }
        }
    }

    fn resident(&self) -> Result<u64> {
        // `statm` is cheaper and may be wrong by some pages for each CPU.
        let rollup = fs::read_to_string(self.proc.join("smaps_rollup"))?;
        let line = rollup.lines().find_map(|line| line.strip_prefix("Rss:"));
        let kib = line.and_then(|line| line.split_whitespace().next()).context("no Rss")?;
        Ok(kib.parse::<u64>()? * 1024)
    }
}

/// The sum of a metric over its labels; none where it is not there.
fn metric(text: &str, name: &str) -> Option<u64> {
    let values = text.lines().filter_map(|line| {
        let rest = line.strip_prefix(name)?;
        let value = match rest.strip_prefix('{') {
            Some(labelled) => labelled.rsplit_once("} ")?.1,
            None => rest.strip_prefix(' ')?,
        };
        value.parse::<u64>().ok()
    });
    values.fold(None, |sum, value| Some(sum.unwrap_or(0) + value))
}

/// Descriptors of all tables. Threads that list the same share one table.
fn descriptors(tasks: &[PathBuf]) -> u64 {
    let list = |task: &PathBuf| -> BTreeSet<(PathBuf, PathBuf)> {
        let entries = fs::read_dir(task.join("fd")).into_iter().flatten().flatten();
        entries
            .filter_map(|entry| {
                let path = entry.path();
                Some((entry.file_name().into(), fs::read_link(path).ok()?))
            })
            .collect()
    };
    let tables: BTreeSet<_> = tasks.iter().map(list).collect();
    tables.iter().map(|table| table.len() as u64).sum()
}

/// An address as `/proc/net/tcp` writes it: `0100007F:1F90`.
fn written(at: SocketAddr) -> String {
    let ip = match at.ip() {
        IpAddr::V4(ip) => u32::from_ne_bytes(ip.octets()),
        IpAddr::V6(_) => unreachable!("the servers of the transcripts listen on 127.0.0.1"),
    };
    format!("{ip:08X}:{:04X}", at.port())
}

/// The sockets of connections to `listeners` in a table of `/proc/net/tcp` that a process holds:
/// listeners, and what only the kernel still knows, are left out.
fn sockets(table: &str, listeners: &[String]) -> u64 {
    const LISTEN: &str = "0A";
    let held = table.lines().skip(1).filter(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let &[_, local, _, state, _, _, _, _, _, inode, ..] = &fields[..] else { return false };
        listeners.iter().any(|listener| listener == local) && state != LISTEN && inode != "0"
    });
    held.count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::process::{Command, Stdio};

    #[test]
    fn a_metric_is_summed_over_its_labels_and_not_taken_for_a_longer_name() {
        let text = "# TYPE a gauge\na 3\na_limit 99\nb{w=\"0\"} 4\nb{w=\"1\"} 5\n# EOF\n";
        assert_eq!(metric(text, "a"), Some(3));
        assert_eq!(metric(text, "b"), Some(9));
        assert_eq!(metric(text, "c"), None);
    }

    #[test]
    fn sockets_that_a_process_holds_are_counted() {
        let line = |local: &str, state: &str, inode: &str| {
            format!("  0: 0100007F:{local} 0100007F:9C40 {state} 0:0 0:0 0 0 0 {inode} 1 0\n")
        };
        let table = [
            "  sl  local_address rem_address   st ...\n".to_owned(),
            line("1F90", "0A", "77"),
            line("1F90", "01", "78"),
            line("1F90", "08", "79"),
            line("1F90", "06", "0"),
            line("1F91", "01", "80"),
            line("1F92", "01", "81"),
        ];
        let listeners = ["127.0.0.1:8080", "127.0.0.1:8081"].map(|at| written(at.parse().unwrap()));
        assert_eq!(sockets(&table.concat(), &listeners), 3);
    }

    #[test]
    fn descriptors_of_a_process_without_threads_are_counted_once() {
        let mut cat = Command::new("cat");
        let mut child = cat.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        // Once it answers, it opens nothing any more.
        child.stdin.as_mut().unwrap().write_all(b"?").unwrap();
        child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        let task = format!("/proc/{0}/task/{0}", child.id());
        let task = PathBuf::from(task);
        let one = descriptors(std::slice::from_ref(&task));
        assert!(one >= 3, "{one}");
        assert_eq!(descriptors(&[task.clone(), task]), one);
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
