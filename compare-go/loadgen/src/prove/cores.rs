//! Which core what runs on: the server's and the generator's are kept apart.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::io;

/// The cores that this thread may use, in order.
///
/// # Errors
/// Whatever the system says.
pub fn allowed() -> io::Result<Vec<usize>> {
    let set = sched_getaffinity(None)?;
    Ok((0..CpuSet::MAX_CPU).filter(|core| set.is_set(*core)).collect())
}

/// Keeps this thread, and what it starts from now on, on one core.
///
/// # Errors
/// If the core is not there or not allowed.
pub fn pin(core: usize) -> io::Result<()> {
    let mut set = CpuSet::new();
    if core >= CpuSet::MAX_CPU {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    set.set(core);
    Ok(sched_setaffinity(None, &set)?)
}

/// Does something on one core, then goes back to those from before. Processes and threads that it
/// starts stay on the core.
///
/// # Errors
/// If the core is not there or not allowed.
pub fn pinned<T>(core: usize, work: impl FnOnce() -> T) -> io::Result<T> {
    let before = sched_getaffinity(None)?;
    pin(core)?;
    let done = work();
    sched_setaffinity(None, &before)?;
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_goes_back_to_its_cores() {
        let before = allowed().unwrap();
        let core = *before.last().unwrap();
        let within = pinned(core, || allowed().unwrap()).unwrap();
        assert_eq!(within, [core]);
        assert_eq!(allowed().unwrap(), before);
        assert!(pinned(CpuSet::MAX_CPU - 1, || ()).is_err());
        assert!(pinned(usize::MAX, || ()).is_err());
    }
}
