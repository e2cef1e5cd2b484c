//! Processes seen from outside: a program that is started, asked and ended, and what the system
//! tells of it while it runs.
//!
//! ```text
//!   child         starts a program, reads where it listens, keeps what it said, ends it
//!   printed       its lines, and its output where that is kept whole
//!   asking        one request at a time, each waiting for its answer
//!   answer        a response or a frame in bytes that begin with it
//!   system        CPU time, memory and switches of processes; idle and stolen time of cores
//!   system_calls  how many system calls a process makes, by perf or strace
//! ```
//!
//! Nothing here knows a runtime, the engine, or the game: it is for whoever measures them.

pub mod answer;
pub mod asking;
pub mod child;
pub mod printed;
pub mod system;
pub mod system_calls;
