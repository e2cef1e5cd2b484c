//! What no event tells of: answers that do not come, connections that are not made, and those that
//! are to be made anew.
//!
//! Connections are looked at in turn, a few at a time, so that many of them cause no pause.

use super::conn::State;
use super::lane::LaneLoop;
use super::shared::Shared;
use crate::clock::Nanos;
use crate::errors::ErrorKind;
use crate::workload::{Counting, Heard, Life};
use std::time::Duration;

/// All connections have been looked at within this time, or an eighth of the time-out where that is
/// shorter.
const ROUND_MAX: Duration = Duration::from_millis(250);
const ROUND_MIN: Duration = Duration::from_millis(4);
/// The most connections that are being made at once: fewer than the shortest queue of a listener.
const CONNECTING_MAX: u32 = 100;

/// How many connections are due to be looked at.
#[derive(Debug)]
pub(super) struct Sweep {
    round_ns: u64,
    last: Nanos,
}

impl Sweep {
    pub(super) fn new(timeout: Duration) -> Self {
        let round = (timeout / 8).clamp(ROUND_MIN, ROUND_MAX);
        Self { round_ns: crate::clock::nanos(round), last: Nanos::now() }
    }

    /// Looks at as many connections as time has passed for.
    pub(super) fn look(&mut self, now: Nanos, lanes: &mut [LaneLoop], shared: &mut Shared) {
        let passed_ns = now.since(self.last).min(self.round_ns);
        self.last = now;
        for lane in lanes {
            let all = lane.conns.len() as u64;
            let share = u128::from(all) * u128::from(passed_ns) + u128::from(lane.unlooked);
            let (due, left) =
                (share / u128::from(self.round_ns), share % u128::from(self.round_ns));
            lane.unlooked = u64::try_from(left).unwrap_or(0);
            for _ in 0..u64::try_from(due).unwrap_or(all).min(all) {
                lane.look_at_next(now, shared);
            }
        }
    }
}

impl LaneLoop {
    /// Begins to make connections that were never made, and those that are to be made anew at once.
    pub(super) fn dial_more(&mut self, now: Nanos, shared: &mut Shared) {
        while shared.connecting < CONNECTING_MAX
            && let Some(conn) = self.redials.pop_front()
        {
            self.dial(conn, now, shared);
        }
        while self.undialled < self.lane.share.count && shared.connecting < CONNECTING_MAX {
            self.undialled += 1;
            self.dial(self.undialled - 1, now, shared);
        }
    }

    fn look_at_next(&mut self, now: Nanos, shared: &mut Shared) {
        self.cursor = if self.cursor + 1 < self.conns.len() { self.cursor + 1 } else { 0 };
        let conn = u32::try_from(self.cursor).expect("connections are counted in 32 bits");
        let state = &self.conns[self.cursor];
        let overdue = |since: Nanos| now.since(since) >= shared.timeout_ns;
        match state.state {
            State::Closed { again } if again <= now && self.lane.life == Life::Kept => {
                if shared.connecting < CONNECTING_MAX {
                    self.dial(conn, now, shared);
                }
            }
            State::Closed { .. } => {}
            State::Connecting if overdue(state.since) => {
                let address = self.lane.address;
                let text = || format!("no connection to {address} within the time-out");
                self.figures.errors.record(ErrorKind::ConnectTimeout, text);
                shared.not_connected(now);
                self.conns[conn as usize].failures += 1;
                self.put_away(conn, now, shared);
            }
            State::Opening if overdue(state.since) => {
                let text = || "no answer to a handshake within the time-out".into();
                self.figures.errors.record(ErrorKind::Timeout, text);
                self.put_away(conn, now, shared);
            }
            State::Open if state.asked.front().is_some_and(|asked| overdue(asked.sent)) => {
                self.time_out(conn, now, shared);
            }
            State::Connecting | State::Opening | State::Open => {}
        }
    }

    /// What a connection has asked is not waited for any longer.
    fn time_out(&mut self, conn: u32, now: Nanos, shared: &mut Shared) {
        let state = &mut self.conns[conn as usize];
        let counting = Counting { read_at: now, ..shared.counting };
        let timeout = Duration::from_nanos(shared.timeout_ns);
        shared.out.clear();
        let mut heard = Heard::new(counting, &mut state.asked, &mut self.figures, &mut shared.out);
        heard.fail(ErrorKind::Timeout, || format!("no answer within {timeout:?}"));
        self.put_away(conn, now, shared);
    }
}
