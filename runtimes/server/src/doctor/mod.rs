//! `doctor`: what the machine leaves a server, what each runtime needs of it and lacks, and what
//! would serve here.

pub mod facts;
pub mod io_uring;
pub mod report;
pub mod text;

pub use ::process::cgroup;
pub use report::Report;
