//! What every backend must do over real sockets, written once. A backend gets all of it by one line
//! in each of a few test files:
//!
//! ```ignore
//! driver::conformance!(per_core, HeapArena, serve);
//! driver::private_tables!(private_tables, HeapArena, serve);
//!
//! driver::heap!(HeapArena; per_core: serve, pinned = 0;);
//! driver::descriptors!(HeapArena; per_core: serve;);
//! driver::per_core!(HeapArena; per_core: serve;);
//! ```
//!
//! The last three are about the whole process, so each stands in a file of its own.
#![allow(clippy::unwrap_used, reason = "all of it is part of tests")]

pub mod cases;
mod client;
pub mod descriptors;
pub mod end;
pub mod heap;
pub mod late_store;
pub mod odd_peers;
pub mod per_core;
mod server;

pub use client::{Client, Response, Watcher};
pub use server::{Nothing, Plan, Server};

use crate::figures::DriverFigures;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a test waits for what must come: 20 seconds, or the seconds of `HUNT_TEST_PATIENCE_S`,
/// for builds that are many times slower.
#[must_use]
pub fn patience() -> Duration {
    let seconds = std::env::var("HUNT_TEST_PATIENCE_S").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(20))
}

/// What is soon for somebody who must not be kept waiting by others.
fn soon() -> Duration {
    patience() / 10
}

/// Starts a server.
pub type Start<'a> = &'a dyn Fn(Plan) -> Server;

/// The cases as tests in a module `$name`: on two workers and one listener each, with the arena
/// `$arena`, served by `$serve`, a function from a [`Node`](crate::Node) to the end of its service.
#[macro_export]
macro_rules! conformance {
    ($name:ident, $arena:ty, $serve:expr) => {
        mod $name {
            use super::*;

            $crate::conformance!(@cases cases, $arena, $serve;
                many_clients_are_answered
                pipelined_requests_are_answered_in_order
                a_request_may_come_byte_by_byte
                watchers_on_every_worker_see_a_claim
                who_does_not_read_is_given_up_and_others_are_served
                a_stuck_watcher_delays_no_other
                connections_that_are_too_many_are_told_so
                a_flood_of_connections_leaves_players_served
                a_drain_answers_what_was_received
                a_drain_under_load_loses_nothing
                a_drain_tells_watchers_1001
                an_abort_ends_at_once
                operators_are_answered_during_a_drain
            );
            $crate::conformance!(@cases late_store, $arena, $serve;
                a_peer_that_ends_its_side_gets_answers_that_come_late
                mail_of_another_thread_wakes_its_worker
            );
            $crate::conformance!(@cases odd_peers, $arena, $serve;
                malformed_bytes_get_the_answer_of_the_engine
                who_ends_one_side_is_heard_out_and_let_go
                resets_at_odd_moments_leave_nothing_behind
                watchers_who_say_nothing_are_pinged_and_served
                who_answers_no_ping_is_let_go
                floods_of_requests_leave_others_served
            );
        }
    };
    (@cases $module:ident, $arena:ty, $serve:expr; $($case:ident)*) => {$(
        #[test]
        fn $case() {
            $crate::testing::$module::$case(&|plan| {
                $crate::testing::Server::start::<$arena>(plan, $serve)
            });
        }
    )*};
}

/// What all workers have done.
fn figures(server: &Server) -> DriverFigures {
    let mut sum = DriverFigures::default();
    server.control.figures().iter().for_each(|figures| sum.add(figures));
    sum
}

/// For cases about the whole process: one runs at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}
