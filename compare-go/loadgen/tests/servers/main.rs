//! Servers that misbehave in every way there is: each becomes counted errors, and the run an end.
#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

mod engine;
mod processes;
mod scripted;
mod support;
