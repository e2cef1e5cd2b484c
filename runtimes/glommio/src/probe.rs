//! Whether glommio can start here, found without a panic: it panics where rings are forbidden, and
//! ends the process where an operation is missing.

use driver::{Unavailable, uring};
use io_uring::{IoUring, Probe, opcode};
use rustix::process::{Resource, getrlimit};
use std::thread;

/// The limit of locked memory below which glommio makes no executor. It locks less: 64 KiB for
/// each of three rings, which all register the same buffer.
const MEMLOCK_BYTES_MIN: u64 = 512 * 1024;

/// Operations that glommio asks for, by the kernel's name and number.
const OPERATIONS: [(&str, u8); 23] = [
    ("NOP", opcode::Nop::CODE),
    ("READV", opcode::Readv::CODE),
    ("WRITEV", opcode::Writev::CODE),
    ("FSYNC", opcode::Fsync::CODE),
    ("READ_FIXED", opcode::ReadFixed::CODE),
    ("WRITE_FIXED", opcode::WriteFixed::CODE),
    ("POLL_ADD", opcode::PollAdd::CODE),
    ("POLL_REMOVE", opcode::PollRemove::CODE),
    ("SENDMSG", opcode::SendMsg::CODE),
    ("RECVMSG", opcode::RecvMsg::CODE),
    ("TIMEOUT", opcode::Timeout::CODE),
    ("TIMEOUT_REMOVE", opcode::TimeoutRemove::CODE),
    ("ACCEPT", opcode::Accept::CODE),
    ("LINK_TIMEOUT", opcode::LinkTimeout::CODE),
    ("CONNECT", opcode::Connect::CODE),
    ("FALLOCATE", opcode::Fallocate::CODE),
    ("OPENAT", opcode::OpenAt::CODE),
    ("CLOSE", opcode::Close::CODE),
    ("STATX", opcode::Statx::CODE),
    ("READ", opcode::Read::CODE),
    ("WRITE", opcode::Write::CODE),
    ("SEND", opcode::Send::CODE),
    ("RECV", opcode::Recv::CODE),
];

/// Whether an executor can be made here, found by making one.
///
/// # Errors
/// Why not, and what to do about it.
pub fn probe() -> Result<(), Unavailable> {
    uring::probe(&[])?;
    operations()?;
    memlock(getrlimit(Resource::Memlock).current)?;
    match thread::spawn(|| crate::executor().map(drop)).join() {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) if error.raw_os_error().is_some() => Err(uring::explain(&error)),
        Ok(Err(error)) => Err(other(&error.to_string())),
        Err(_) => Err(other("it panicked")),
    }
}

fn operations() -> Result<(), Unavailable> {
    let mut known = Probe::new();
    let ring = IoUring::new(1).map_err(|error| uring::explain(&error))?;
    ring.submit().map_err(|error| {
        Unavailable::new(
            format!("a ring is there, and io_uring_enter fails: {error}"),
            "allow io_uring_enter in the seccomp profile of the container or service",
        )
    })?;
    ring.submitter().register_probe(&mut known).map_err(|error| {
        Unavailable::new(
            format!("the kernel does not say which operations io_uring has: {error}"),
            "run a kernel from 5.8 on, and allow io_uring_register",
        )
    })?;
    match OPERATIONS.into_iter().find(|(_, code)| !known.is_supported(*code)) {
        Some((name, _)) => Err(Unavailable::new(
            format!("the kernel does not know IORING_OP_{name}"),
            "run a kernel from 5.8 on",
        )),
        None => Ok(()),
    }
}

/// `None` is no limit.
fn memlock(limit: Option<u64>) -> Result<(), Unavailable> {
    match limit {
        Some(bytes) if bytes < MEMLOCK_BYTES_MIN => Err(Unavailable::new(
            format!(
                "glommio wants 512 KiB of lockable memory, and memlock is {} KiB",
                bytes / 1024
            ),
            "raise the limit of locked memory: ulimit -l 512, LimitMEMLOCK=512K of the service",
        )),
        Some(_) | None => Ok(()),
    }
}

fn other(what: &str) -> Unavailable {
    Unavailable::new(
        format!("glommio makes no executor: {what}"),
        "choose another runtime: tokio-per-core needs no io_uring",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_little_lockable_memory_is_told_with_its_remedy() {
        let error = memlock(Some(MEMLOCK_BYTES_MIN - 1)).unwrap_err();
        assert!(error.cause.contains("511 KiB") && error.remedy.contains("ulimit -l"), "{error}");
        assert!(memlock(Some(MEMLOCK_BYTES_MIN)).is_ok() && memlock(None).is_ok());
    }
}
