//! The program: from the command line to an exit code.

pub mod args;
pub mod draw;
pub mod live;
pub mod screen;
mod values;
