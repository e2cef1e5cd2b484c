//! What the engine is measured against, and the program that measures.
//!
//! ```text
//!   core A: the client                          core B: one peer at a time, a child process
//!   ┌───────────────────────────┐               ┌──────────────────────────────────────────────┐
//!   │ agree    the same answers │               │ epoll, io_uring   wire ──► game              │
//!   │ run      rounds, shuffled │  loopback     │ peers::on_hyper   hyper ─► game              │
//!   │ measure  CPU, latency     │ ◄───────────► │ peers::on_axum    axum ──► game              │
//!   │ client   closed loop      │               │ hunt_server::cli           the whole server, │
//!   └───────────────────────────┘               │                            on each backend   │
//!                                               └──────────────────────────────────────────────┘
//! ```
//!
//! [`game`] is the game work of all peers but the engine's own server: the same parsers, rules and
//! encoders, without slots, rooms, time-outs, stores and partitions behind locks.

pub mod agree;
pub mod args;
pub mod child;
pub mod cli;
pub mod client;
pub mod epoll;
pub mod game;
pub mod io_uring;
pub mod measure;
pub mod peer;
pub mod peers;
pub mod record;
pub mod ring_buffers;
pub mod run;
pub mod serve;
pub mod store;
pub mod table;
pub mod targets;
pub mod whole;
pub mod wire;
pub mod workload;
pub mod world;

/// The allocator of every peer, and of the client: the one of `hunt-server`.
pub use alloc_jemalloc as allocator;
