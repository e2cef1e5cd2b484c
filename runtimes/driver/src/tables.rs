//! Descriptor tables: one that all threads share, or one for each worker.
//!
//! The limit of open files (`RLIMIT_NOFILE`) holds for a table, not for a process: with a table
//! for each worker, a server holds as many sockets as workers times the limit, and workers do not
//! meet at the lock of a table (`unshare(2)`, `CLONE_FILES`).

use rustix::thread::{UnshareFlags, unshare_unsafe};
use std::io;
use std::sync::{Condvar, Mutex};

/// Where workers wait for each other before their tables part.
#[derive(Debug)]
pub(crate) struct Meeting {
    private: bool,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    missing: usize,
    broken: bool,
}

/// A worker's leave to part its table from the others'. Dropped unused, it keeps nobody waiting:
/// the others learn that not all workers have started.
#[derive(Debug)]
#[must_use = "the other workers wait for this one"]
pub struct Tables<'a> {
    meeting: &'a Meeting,
    parted: bool,
}

impl Meeting {
    /// Of so many workers; without `private` nobody waits, and nothing parts.
    pub(crate) fn new(private: bool, workers: usize) -> Self {
        let state = State { missing: workers, broken: false };
        Self { private, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// The leave of one worker.
    pub(crate) fn tables(&self) -> Tables<'_> {
        Tables { meeting: self, parted: false }
    }
}

impl Tables<'_> {
    /// Waits until every worker is here, then gives this thread a descriptor table of its own, if
    /// that was asked for.
    ///
    /// Called once by each worker, when its runtime has all descriptors that other threads write
    /// to (those by which it is woken), and before it accepts.
    ///
    /// # Errors
    /// If another worker cannot start, or the system has no memory for a table.
    pub fn part(mut self) -> io::Result<()> {
        self.parted = true;
        if !self.meeting.private {
            return Ok(());
        }
        let mut state = self.meeting.state.lock().expect("nothing panics under this lock");
        state.missing -= 1;
        self.meeting.changed.notify_all();
        while state.missing > 0 && !state.broken {
            state = self.meeting.changed.wait(state).expect("nothing panics under this lock");
        }
        if state.broken {
            return Err(io::Error::other("another worker could not start"));
        }
        drop(state);
        part_now()
    }
}

impl Drop for Tables<'_> {
    fn drop(&mut self) {
        if !self.parted {
            self.meeting.state.lock().expect("nothing panics under this lock").broken = true;
            self.meeting.changed.notify_all();
        }
    }
}

/// Copies the descriptor table for this thread alone.
pub(crate) fn part_now() -> io::Result<()> {
    #[expect(unsafe_code, reason = "a thread's table is otherwise out of reach")]
    // SAFETY: every descriptor that another thread made for this one, or uses of this one's, is
    // open already, so it is in both tables under one number, and neither number is used again
    // while its owner lives. Descriptors that are opened from now on never leave this thread.
    unsafe {
        unshare_unsafe(UnshareFlags::FILES)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::os::fd::AsRawFd;
    use std::path::Path;
    use std::thread;

    /// Whether the process's main table knows a file that a worker has opened.
    fn known_elsewhere(private: bool) -> bool {
        const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let meeting = Meeting::new(private, 1);
        thread::scope(|scope| {
            let worker = scope.spawn(|| {
                meeting.tables().part().unwrap();
                let file = File::open(FILE).unwrap();
                // The number may be in use in the other table, for another file.
                let is_in = |table: &str| {
                    let name = std::fs::read_link(format!("{table}/{}", file.as_raw_fd()));
                    name.is_ok_and(|name| name == Path::new(FILE))
                };
                assert!(is_in("/proc/thread-self/fd"));
                is_in("/proc/self/fd")
            });
            worker.join().unwrap()
        })
    }

    #[test]
    fn a_private_table_keeps_what_a_worker_opens_to_itself() {
        assert!(known_elsewhere(false));
        assert!(!known_elsewhere(true));
    }

    #[test]
    fn workers_wait_for_each_other_and_not_for_one_that_failed() {
        let meeting = Meeting::new(true, 3);
        thread::scope(|scope| {
            let both = [(); 2].map(|()| scope.spawn(|| meeting.tables().part()));
            assert!(both.iter().all(|thread| !thread.is_finished()), "the third is not there");
            drop(meeting.tables());
            for thread in both {
                assert!(thread.join().unwrap().is_err());
            }
        });
    }
}
