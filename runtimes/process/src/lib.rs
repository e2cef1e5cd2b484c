//! Processes seen from outside: a program that is started, asked and ended, and what the system
//! tells of it while it runs.
//!
//! ```text
//!   child         starts a program, reads where it listens, keeps what it said, ends it
//!   printed       its lines, and its output where that is kept whole
//!   asking        one request at a time, each waiting for its answer
//!   answer        a response or a frame in bytes that begin with it
//!   meter         CPU time, waiting and switches of a process and of those that it started
//!   cores         idle and stolen time of cores
//!   system        memory of a process, cores to be bound to, what machine this is
//!   cgroup        what control groups leave of CPU and memory
//!   system_calls  how many system calls a process makes, by perf or strace
//! ```
//!
//! Nothing here knows a runtime, the engine, or the game: it is for whoever measures them.

pub mod answer;
pub mod asking;
pub mod cgroup;
pub mod child;
pub mod cores;
pub mod meter;
pub mod printed;
pub mod system;
pub mod system_calls;
