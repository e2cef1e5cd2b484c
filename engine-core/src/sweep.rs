//! Time-outs, and the paced end of a drain.
//!
//! The slots themselves are the timer wheel: every tick visits the part of them that is due for a
//! visit, so that each connection is visited once in a sweep. A deadline costs nothing to set, and
//! is met at most one sweep late.

use crate::common::Common;
use crate::connection::{Connection, Due, Phase};
use crate::limits::Limits;
use crate::seam::Output;
use crate::service::Service;
use crate::time::Timestamp;
use crate::websocket::close::CloseCode;
use core::ops::Range;

/// Which slots are visited next.
#[derive(Debug)]
pub(crate) struct Sweep {
    place: usize,
    last: Timestamp,
    sweep_ms: u64,
}

impl Sweep {
    /// The longest time between two visits of a slot.
    const SWEEP_MS_MAX: usize = 250;

    /// A sweep takes a quarter of the shortest time-out, 10 to 250 ms.
    pub(crate) fn new(limits: &Limits) -> Self {
        let timeouts = [
            limits.head_timeout_ms,
            limits.body_timeout_ms,
            limits.keep_alive_ms,
            limits.write_stall_ms,
            limits.linger_ms,
            limits.ping_ms,
            limits.idle_ms,
            limits.close_ms,
        ];
        let shortest = timeouts.into_iter().min().expect("there are time-outs");
        let sweep_ms = (shortest / 4).clamp(10, Self::SWEEP_MS_MAX) as u64;
        Self { place: 0, last: Timestamp::default(), sweep_ms }
    }

    /// The slots to visit now, of `count`; the second range follows the first where it wraps.
    pub(crate) fn advance(&mut self, now: Timestamp, count: usize) -> [Range<usize>; 2] {
        let elapsed_ms = now.ms_since(self.last).min(self.sweep_ms);
        self.last = now;
        if self.place >= count {
            self.place = 0;
        }
        let share = (count as u64 * elapsed_ms).div_ceil(self.sweep_ms);
        let visits = usize::try_from(share).unwrap_or(count).min(count);
        let first = self.place..(self.place + visits).min(count);
        let second = 0..visits - first.len();
        self.place = if second.is_empty() { first.end } else { second.end };
        [first, second]
    }
}

impl<S: Service> Common<S> {
    /// Does what is due on one connection.
    pub(crate) fn visit(&mut self, now: Timestamp, conn: &mut Connection<S>) {
        let Some(due) = conn.due(now, &self.limits) else { return };
        let at_rest = conn.is_at_rest();
        match (due, &mut conn.phase) {
            (Due::KeepAlive, _) => {
                self.figures.timed_out += 1;
                self.end(now, conn);
            }
            (Due::Request, _) => {
                self.figures.timed_out += 1;
                self.request_timed_out(now, conn);
            }
            (Due::Ping, Phase::Open { pinged, .. }) => {
                *pinged = true;
                self.ping(now, conn);
            }
            (Due::Idle, _) => {
                self.figures.timed_out += 1;
                self.begin_close(now, conn, CloseCode::GoingAway, "idle");
            }
            (Due::Stalled, Phase::Open { .. } | Phase::Closing { .. }) => self.give_up(now, conn),
            (Due::Stalled, _) => {
                self.figures.stuck += 1;
                self.abort(conn);
            }
            (Due::Overdue, Phase::Closing { .. }) => {
                self.figures.timed_out += 1;
                self.abort(conn);
            }
            (Due::Overdue, _) | (Due::Drain, Phase::Discarding) => self.abort(conn),
            (Due::Drain, Phase::Open { .. }) => {
                self.begin_close(now, conn, CloseCode::GoingAway, "server is going away");
            }
            (Due::Drain, _) if at_rest => self.end(now, conn),
            (Due::Drain | Due::Ping, _) => {}
        }
    }

    /// A WebSocket peer does not take its bytes: says 1008, unless the end was announced before,
    /// and aborts if that is not taken either.
    pub(crate) fn give_up(&mut self, now: Timestamp, conn: &mut Connection<S>) {
        self.figures.stuck += 1;
        self.fail(now, conn, CloseCode::PolicyViolation, "too slow");
        conn.close_at = Some(now.after_ms(self.limits.linger_ms as u64));
    }

    /// Ends the connection at once.
    pub(crate) fn abort(&mut self, conn: &mut Connection<S>) {
        self.leave(conn);
        conn.close_at = None;
        conn.phase = Phase::Aborted;
        self.notices.push_back(Output::Abort(conn.id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn every_slot_is_visited_once_in_a_sweep() {
        for count in [1, 7, 100, 1001] {
            let mut sweep = Sweep::new(&Limits::default());
            let mut now = Timestamp(1_000_000);
            sweep.advance(now, count);
            let begin = sweep.place;
            let mut visited = Vec::new();
            while visited.len() < count {
                now = now.after_ms(10);
                let [first, second] = sweep.advance(now, count);
                visited.extend(first);
                visited.extend(second);
            }
            assert!(now.0 <= 1_000_000 + sweep.sweep_ms);
            let expected: Vec<_> = (begin..count).chain(0..begin).collect();
            assert_eq!(visited[..count], expected[..]);
        }
    }

    #[test]
    fn a_long_pause_visits_each_slot_no_more_than_once() {
        let mut sweep = Sweep::new(&Limits::default());
        let [first, second] = sweep.advance(Timestamp(9_999_999), 10);
        assert_eq!(first.len() + second.len(), 10);
        let [first, second] = sweep.advance(Timestamp(9_999_999), 0);
        assert_eq!(first.len() + second.len(), 0);
    }
}
