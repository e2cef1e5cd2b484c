//! An open-loop load generator for the treasure-hunt server: every request has a time at which it
//! is meant to be sent, and its latency is counted from there.
//!
//! ```text
//!   Plan ──► run ──► preflight     refuses what cannot be done, with the remedy
//!                    world         the quest, the hunts and the players, through the admin API
//!                    worker        threads, or processes where descriptors run out
//!                      engine      one event loop on one core: epoll, sockets, clocks
//!                      │  ▲  schedule   when each request is meant to be sent
//!                      ▼  │
//!                    Traffic       sans-I/O: what a connection says and what a right answer is
//!                    (workload)    over http and websocket, our own client codecs
//!   Outcome ◄─────── figures       what was counted, mergeable across workers
//! ```
//!
//! - [`figures`] is what comes out; reports, logs and objectives read nothing else.
//! - [`workload`] has the seam between engine and workloads: [`workload::Traffic`].
//! - The engine knows sockets and clocks and nothing of HTTP, WebSocket or the game.
//!
//! A program calls `run(&Plan, &Stop, &mut dyn Observer) -> Result<Outcome, RunError>`.

pub mod cli;
pub mod clock;
mod crew;
pub mod dry_run;
pub mod engine;
pub mod errors;
pub mod figures;
mod gather;
pub mod histogram;
pub mod http;
mod marks;
pub mod messages;
mod names;
pub mod null_server;
pub mod outcome;
pub mod plan;
pub mod preflight;
pub mod prove;
pub mod quantity;
pub mod quest_plan;
pub mod report;
pub mod run;
pub mod schedule;
pub mod slo;
pub mod sockets;
pub mod websocket;
pub mod worker;
pub mod workload;
pub mod world;

pub use outcome::{Ending, Mark, Observer, Outcome, Snapshot};
pub use plan::Plan;
