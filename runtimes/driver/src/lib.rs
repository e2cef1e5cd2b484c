//! Everything above the system call that the runtime backends share.
//!
//! ```text
//!             one worker (a thread, or a lock)                      another worker
//!   ┌──────────────────────────────────────────────────┐
//!   │ accept_loop ──► connection_loop ──┐  read, write │
//!   │                                   ▼              │   Frame,   ┌──────────────┐
//!   │ tick_loop ───────────────────► Worker ───────────┼──────────► │ mailbox_loop │
//!   │ mailbox_loop ────────────────►  Shard            │   Applied  │      ...     │
//!   │ flush_loop ◄── other connections' └──── Submit ──┼──┐         └──────────────┘
//!   └──────────────────────────────────────────────────┘  ▼
//!                                                       Store
//! ```
//!
//! A [`Runtime`] says how to read, write, sleep and spawn; the loops here are written once,
//! generic over it. Three rules make them fit readiness and completion runtimes alike: a buffer is
//! owned by whoever uses it, no operation in flight is ever dropped, and no guard is ever held over
//! an await, since a [`Share`] lends its value to a closure only.
//!
//! - [`node`] is what a server hands to a backend; [`control`] is how it ends it and reads figures.
//! - [`store`] answers what a shard submits.
//! - [`mailbox`] is the only queue between threads.
//! - [`tables`] gives each worker a descriptor table of its own, where asked.
//! - [`tasks`] ends the loops of a worker, for runtimes that forget what waits.
//! - [`sim`] is a runtime without sockets, threads or a clock, for tests.

pub mod accept;
pub mod buffers;
pub mod clock;
pub mod connection;
pub mod control;
pub mod figures;
mod flush;
pub mod histogram;
pub mod loops;
pub mod mailbox;
pub mod net;
pub mod node;
pub mod readiness;
pub mod runtime;
pub mod sim;
pub mod store;
mod sync;
pub mod tables;
pub mod tasks;
#[cfg(feature = "testing")]
pub mod testing;
mod unavailable;
#[cfg(feature = "uring")]
pub mod uring;
pub mod worker;

pub use control::{Control, State};
pub use node::{Node, Observer, Setup};
pub use runtime::{BufResult, Listen, ReadHalf, Runtime, Share, WriteHalf};
pub use tables::Tables;
pub use unavailable::Unavailable;
