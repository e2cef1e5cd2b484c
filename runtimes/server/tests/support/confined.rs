//! The real program where the system forbids or lacks something, as in a container.
//!
//! A filter of system calls and the capabilities that can be gained belong to a thread and go to
//! what it starts, so a thread that is confined starts the program. Limits belong to a process, so
//! a shell lowers them before it becomes the program.

use super::{Server, output};
use rustix::io::Errno;
use rustix::thread::{CapabilitySet, remove_capability_from_bounding_set};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
use std::process::{Command, Output};
use std::thread;

/// What is taken away.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Confined {
    /// The error of every system call of io_uring.
    pub(crate) io_uring: Option<Errno>,
    /// Whether `unshare` is forbidden, as containers do.
    pub(crate) no_unshare: bool,
    /// KiB of memory that may be locked; the right to exceed it is taken away too.
    pub(crate) memlock_kib: Option<u32>,
    /// Descriptors that may be open.
    pub(crate) nofile: Option<u32>,
}

impl Confined {
    /// Runs the program to its end.
    pub(crate) fn run(self, args: &[&str]) -> Output {
        self.there(|| output(self.program().args(args)))
    }

    /// Starts the server.
    pub(crate) fn serve(self, args: &[&str]) -> Server {
        self.there(|| Server::start_program(self.program().args(args)))
    }

    /// Starts the server, or tells its exit code and what it said.
    pub(crate) fn try_serve(self, args: &[&str]) -> Result<Server, (Option<i32>, String)> {
        self.there(|| Server::try_program(self.program().args(args)))
    }

    fn program(self) -> Command {
        let lower = |what: &str, limit: Option<u32>| {
            limit.map_or(String::new(), |limit| format!("ulimit -{what} {limit} && "))
        };
        let limits = lower("l", self.memlock_kib) + &lower("n", self.nofile);
        let real = super::program();
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{limits}exec \"$0\" \"$@\"")]).arg(real.get_program());
        shell.env_clear().envs(real.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell
    }

    /// Does `work` on a thread that is confined.
    fn there<T: Send>(self, work: impl FnOnce() -> T + Send) -> T {
        thread::scope(|scope| {
            let thread = scope.spawn(|| {
                if self.memlock_kib.is_some() {
                    // Refused to a user who has no such right to give.
                    let _ = remove_capability_from_bounding_set(CapabilitySet::IPC_LOCK);
                }
                if let Some(errno) = self.io_uring {
                    seccompiler::apply_filter(&filter(&IO_URING, errno)).unwrap();
                }
                if self.no_unshare {
                    seccompiler::apply_filter(&filter(&[UNSHARE], Errno::PERM)).unwrap();
                }
                work()
            });
            thread.join().unwrap()
        })
    }
}

/// `io_uring_setup`, `io_uring_enter` and `io_uring_register`, by the numbers that they have on
/// every architecture.
const IO_URING: [i64; 3] = [425, 426, 427];

/// `unshare`, which has the lower number on all newer architectures.
const UNSHARE: i64 = if cfg!(target_arch = "x86_64") { 272 } else { 97 };

fn filter(calls: &[i64], errno: Errno) -> BpfProgram {
    let forbidden = calls.iter().map(|call| (*call, Vec::new())).collect();
    let answer = SeccompAction::Errno(errno.raw_os_error().unsigned_abs());
    let here = std::env::consts::ARCH.try_into().unwrap();
    SeccompFilter::new(forbidden, SeccompAction::Allow, answer, here).unwrap().try_into().unwrap()
}
