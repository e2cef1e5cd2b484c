//! The null server in a process of its own, so that it has a core of its own and can be stopped.

use crate::null_server::{Answering, Served};
use anyhow::{Context, bail, ensure};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// What the null server prints before its address.
pub const LISTENING: &str = "listening: ";

/// A null server that serves. It is killed when this is dropped, stopped or not.
#[derive(Debug)]
pub struct Yardstick {
    child: Child,
    output: BufReader<ChildStdout>,
    /// Where it answers.
    pub url: String,
}

impl Yardstick {
    /// Starts `program null` on a core.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start(program: &Path, answering: Answering, core: usize) -> anyhow::Result<Self> {
        let Answering { delay, work, body_bytes, early, spin } = answering;
        let mut command = Command::new(program);
        command
            .args(["null", "--listen", "127.0.0.1:0", "--end-with-parent"])
            .args(["--core", &core.to_string(), "--body", &body_bytes.to_string()])
            .args(["--delay", &format!("{}ns", delay.as_nanos())])
            .args(["--work", &format!("{}ns", work.as_nanos())])
            .args(early.then_some("--early"))
            .args(spin.then_some("--spin"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut child = command.spawn().context("the null server cannot be started")?;
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        // Kept from here on, so that it is killed whatever happens.
        let mut this = Self { child, output, url: String::new() };
        let line = this.line()?;
        let url = line.strip_prefix(LISTENING);
        this.url = url.with_context(|| format!("the null server said `{line}`"))?.to_owned();
        Ok(this)
    }

    /// The address in its URL.
    ///
    /// # Errors
    /// If it has none.
    pub fn address(&self) -> anyhow::Result<SocketAddr> {
        let authority = self.url.strip_prefix("http://").context("no http URL")?;
        authority.parse().with_context(|| format!("{authority} is no address"))
    }

    /// Stops it, and waits until it stands still: no thread of it runs any more.
    ///
    /// # Errors
    /// If it has ended.
    pub fn stop(&self) -> anyhow::Result<()> {
        kill_process(self.pid(), Signal::STOP)?;
        let status = waitpid(Some(self.pid()), WaitOptions::UNTRACED)?;
        let stopped = status.is_some_and(|(_, status)| status.stopped());
        ensure!(stopped, "the null server ended in place of being stopped");
        Ok(())
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// If it has ended.
    pub fn go_on(&self) -> anyhow::Result<()> {
        Ok(kill_process(self.pid(), Signal::CONT)?)
    }

    /// Ends it; what it tells of itself.
    ///
    /// # Errors
    /// If it has ended before.
    pub fn end(mut self) -> anyhow::Result<Served> {
        kill_process(self.pid(), Signal::TERM)?;
        let line = self.line()?;
        serde_json::from_str(&line).with_context(|| format!("the null server said `{line}`"))
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            let status = self.child.wait()?;
            bail!("the null server ended with {status}");
        }
        Ok(line.trim_end().to_owned())
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for Yardstick {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
