//! What every backend must do over real sockets, written once: a backend says
//! `conformance!(name, Arena, serve)` in a test and gets all cases.
#![allow(clippy::unwrap_used, reason = "all of it is part of tests")]

pub mod cases;
mod client;
mod server;

pub use client::{Client, Response, Watcher};
pub use server::{Nothing, Server};

/// The cases as tests in a module `$name`: on two workers and one listener each, with the arena
/// `$arena`, served by `$serve`, a function from a [`Node`](crate::Node) to the end of its service.
#[macro_export]
macro_rules! conformance {
    ($name:ident, $arena:ty, $serve:expr) => {
        mod $name {
            use super::*;

            $crate::conformance!(@cases $arena, $serve;
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
        }
    };
    (@cases $arena:ty, $serve:expr; $($case:ident)*) => {$(
        #[test]
        fn $case() {
            $crate::testing::cases::$case(&|limits| {
                $crate::testing::Server::start::<$arena>(limits, 2, $serve)
            });
        }
    )*};
}
