//! Servers that misbehave in every way there is: each becomes counted errors, and the run an end.

mod engine;
mod processes;
mod scripted;
mod support;
