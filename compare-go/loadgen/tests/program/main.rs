//! The program `hunt-load`, run as people and programs run it.

mod bad_input;
mod command_line;
mod support;
