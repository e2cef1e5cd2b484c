//! Whether io_uring can be had here, found by setting up a ring: a version number says nothing of
//! what a container forbids, nor of what a distribution has taken back.

use crate::unavailable::Unavailable;
use io_uring::{Builder, IoUring};
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};
use std::fs;
use std::time::{Duration, Instant};
use std::{io, thread};

/// Entries of the ring that is set up for a probe.
const ENTRIES: u32 = 8;
/// For how long memory is asked for that rings which are gone have not given back yet.
const PATIENCE: Duration = Duration::from_millis(500);
const ASK_EVERY: Duration = Duration::from_millis(25);

/// A way to set a ring up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// Submission goes on behind an entry that is refused.
    SubmitAll,
    /// No interrupt of the thread for its completions.
    CoopTaskrun,
    /// The ring says when completions wait to be run.
    TaskrunFlag,
    /// One thread submits.
    SingleIssuer,
    /// Completions are run when they are asked for; needs [`Flag::SingleIssuer`].
    DeferTaskrun,
    /// No array of indexes into the submission queue.
    NoSqarray,
}

impl Flag {
    /// Every flag, in the order in which kernels learnt them.
    pub const ALL: [Self; 6] = [
        Self::SubmitAll,
        Self::CoopTaskrun,
        Self::TaskrunFlag,
        Self::SingleIssuer,
        Self::DeferTaskrun,
        Self::NoSqarray,
    ];

    /// Its name in `io_uring_setup(2)`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SubmitAll => "IORING_SETUP_SUBMIT_ALL",
            Self::CoopTaskrun => "IORING_SETUP_COOP_TASKRUN",
            Self::TaskrunFlag => "IORING_SETUP_TASKRUN_FLAG",
            Self::SingleIssuer => "IORING_SETUP_SINGLE_ISSUER",
            Self::DeferTaskrun => "IORING_SETUP_DEFER_TASKRUN",
            Self::NoSqarray => "IORING_SETUP_NO_SQARRAY",
        }
    }

    /// The first kernel that has it (`io_uring_setup(2)`).
    #[must_use]
    pub fn since(self) -> &'static str {
        match self {
            Self::SubmitAll => "5.18",
            Self::CoopTaskrun | Self::TaskrunFlag => "5.19",
            Self::SingleIssuer => "6.0",
            Self::DeferTaskrun => "6.1",
            Self::NoSqarray => "6.6",
        }
    }

    /// Asks for it.
    pub fn set(self, builder: &mut Builder) {
        match self {
            Self::SubmitAll => builder.setup_submit_all(),
            Self::CoopTaskrun => builder.setup_coop_taskrun(),
            Self::TaskrunFlag => builder.setup_taskrun_flag(),
            Self::SingleIssuer => builder.setup_single_issuer(),
            Self::DeferTaskrun => builder.setup_defer_taskrun(),
            Self::NoSqarray => builder.setup_no_sqarray(),
        };
    }
}

/// Sets up a small ring with `flags`, and takes it down.
///
/// # Errors
/// Why there is none, and what to do about it.
pub fn probe(flags: &[Flag]) -> Result<(), Unavailable> {
    let Err(error) = try_flags(flags) else { return Ok(()) };
    if error.raw_os_error() == Some(Errno::INVAL.raw_os_error()) {
        // The flags in their order, until one is refused: each needs at most those before it.
        let mut wanted = Flag::ALL.into_iter().filter(|flag| flags.contains(flag));
        let mut tried = Vec::new();
        let refused = wanted.find(|flag| {
            tried.push(*flag);
            try_flags(&tried).is_err()
        });
        if let Some(flag) = refused {
            return Err(Unavailable::new(
                format!("the kernel does not know {} ({} does)", flag.name(), flag.since()),
                format!("run a kernel from {} on", flag.since()),
            ));
        }
    }
    Err(explain(&error))
}

/// Whether a ring with these flags can be set up.
fn try_flags(flags: &[Flag]) -> io::Result<()> {
    let mut builder = IoUring::builder();
    flags.iter().for_each(|flag| flag.set(&mut builder));
    patiently(|| builder.build(ENTRIES)).map(drop)
}

/// Sets a ring up, again for half a second if memory lacks for it: the kernel takes a ring down,
/// and gives back what it locked, some time after the process that had it has let it go or ended,
/// so that a server that is started again would meet the memory of the one before.
///
/// # Errors
/// The last one of `set_up`.
pub fn patiently<T>(mut set_up: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let begin = Instant::now();
    loop {
        match set_up() {
            Err(error)
                if error.raw_os_error() == Some(Errno::NOMEM.raw_os_error())
                    && begin.elapsed() < PATIENCE =>
            {
                thread::park_timeout(ASK_EVERY);
            }
            result => return result,
        }
    }
}

/// What an error of setting a ring up means here.
#[must_use]
pub fn explain(error: &io::Error) -> Unavailable {
    const FILTER: &str = "allow io_uring_setup, io_uring_enter and io_uring_register in the \
                          seccomp profile of the container or service";
    let disabled = fs::read_to_string("/proc/sys/kernel/io_uring_disabled").unwrap_or_default();
    let filtered = seccomp_mode() == Some(2);
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::PERM) if matches!(disabled.trim(), "1" | "2") => Unavailable::new(
            format!("the sysctl kernel.io_uring_disabled is {}", disabled.trim()),
            "set kernel.io_uring_disabled to 0, or to 1 and run in the group that \
             kernel.io_uring_group names",
        ),
        Some(Errno::PERM) => Unavailable::new(
            "io_uring_setup is not permitted (EPERM), by a seccomp filter or a security module",
            FILTER,
        ),
        Some(Errno::NOSYS) if filtered => Unavailable::new(
            "io_uring_setup is not there (ENOSYS), and a seccomp filter is in force",
            FILTER,
        ),
        Some(Errno::NOSYS) => Unavailable::new(
            "the kernel has no io_uring (ENOSYS)",
            "run a kernel that is built with CONFIG_IO_URING",
        ),
        Some(Errno::NOMEM) => Unavailable::new(
            format!("no memory can be locked for a ring (ENOMEM); memlock is {}", memlock()),
            "raise the limit of locked memory: ulimit -l, LimitMEMLOCK= of the service",
        ),
        Some(Errno::MFILE | Errno::NFILE) => Unavailable::new(
            "no descriptor is left for a ring",
            "raise the limit of open files: ulimit -n, LimitNOFILE= of the service",
        ),
        _ => Unavailable::new(
            format!("a ring cannot be set up: {error}"),
            "choose a runtime that does without io_uring: tokio-per-core",
        ),
    }
}

/// The seccomp mode of this thread: 0 none, 1 strict, 2 filter.
#[must_use]
pub fn seccomp_mode() -> Option<u8> {
    let status = fs::read_to_string("/proc/thread-self/status").ok()?;
    let mode = status.lines().find_map(|line| line.strip_prefix("Seccomp:"))?;
    mode.trim().parse().ok()
}

fn memlock() -> String {
    match getrlimit(Resource::Memlock).current {
        Some(bytes) => format!("{} KiB", bytes / 1024),
        None => "unlimited".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(errno: Errno) -> String {
        explain(&errno.into()).to_string()
    }

    #[test]
    fn every_error_names_a_remedy() {
        assert!(cause(Errno::PERM).contains("seccomp") || cause(Errno::PERM).contains("sysctl"));
        assert!(cause(Errno::NOSYS).contains("ENOSYS"));
        assert!(cause(Errno::NOMEM).contains("ulimit -l"));
        assert!(cause(Errno::MFILE).contains("ulimit -n"));
        assert!(cause(Errno::IO).contains("tokio-per-core"));
    }

    #[test]
    fn memory_that_is_given_back_late_is_waited_for_but_not_for_ever() {
        let mut left = 3;
        let set_up = || {
            left -= 1;
            if left > 0 { Err(Errno::NOMEM.into()) } else { Ok(left) }
        };
        assert_eq!(patiently(set_up).unwrap(), 0);
        let mut asked = 0;
        let error = patiently::<()>(|| {
            asked += 1;
            Err(Errno::NOMEM.into())
        });
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::OutOfMemory);
        assert!(asked > 1, "{asked}");
        let mut asked = 0;
        let error = patiently::<()>(|| {
            asked += 1;
            Err(Errno::PERM.into())
        });
        assert_eq!((error.unwrap_err().kind(), asked), (io::ErrorKind::PermissionDenied, 1));
    }

    #[test]
    fn a_ring_that_cannot_be_is_refused() {
        // DEFER_TASKRUN without SINGLE_ISSUER is EINVAL on every kernel, where rings are allowed.
        let error = probe(&[Flag::DeferTaskrun]).unwrap_err();
        if probe(&[]).is_ok() {
            assert!(error.cause.contains("IORING_SETUP_DEFER_TASKRUN"), "{error}");
        }
    }
}
