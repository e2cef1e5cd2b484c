//! One connection: where it is in its life, and what it has outstanding.

use crate::clock::Nanos;
use crate::workload::Asked;
use rustix::event::epoll::EventData;
use socket2::Socket;
use std::collections::VecDeque;
use std::time::Duration;

/// The shortest time before a connection that could not be made is tried again.
const AGAIN_MIN: Duration = Duration::from_millis(10);
/// The longest.
const AGAIN_MAX: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It is not there, and is to be made at this time.
    Closed { again: Nanos },
    /// It is being made.
    Connecting,
    /// Its handshake is under way.
    Opening,
    /// It can ask.
    Open,
}

/// A request that waits for its own connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    pub(super) operation: usize,
    pub(super) intended: Nanos,
}

#[derive(Debug)]
pub(super) struct Conn {
    pub(super) socket: Option<Socket>,
    pub(super) state: State,
    /// Tells the socket from the ones before it at this place.
    pub(super) generation: u32,
    /// Whether it stands in the queue of those that can ask.
    pub(super) queued: bool,
    /// When it began to be made.
    pub(super) since: Nanos,
    /// Attempts in a row that failed: it was not made, or ended before it was asked anything.
    pub(super) failures: u32,
    /// Whether it was asked something since it was made.
    pub(super) used: bool,
    pub(super) pending: Option<Pending>,
    pub(super) asked: VecDeque<Asked>,
    /// An incomplete message, empty as a rule.
    pub(super) input: Vec<u8>,
    /// What the socket did not take, empty as a rule.
    pub(super) unsent: Vec<u8>,
    /// It is closed when that is sent.
    pub(super) closing: bool,
    /// It reads nothing for a while.
    pub(super) stalls: bool,
}

impl Conn {
    pub(super) fn new(depth: u32) -> Self {
        Self {
            socket: None,
            state: State::Closed { again: Nanos::NEVER },
            generation: 0,
            queued: false,
            since: Nanos(0),
            failures: 0,
            used: false,
            pending: None,
            asked: VecDeque::with_capacity(depth as usize),
            input: Vec::new(),
            unsent: Vec::new(),
            closing: false,
            stalls: false,
        }
    }

    /// Puts it away. Returns whether there was one.
    pub(super) fn put_away(&mut self) -> bool {
        self.generation = self.generation.wrapping_add(1) & GENERATIONS;
        self.state = State::Closed { again: Nanos::NEVER };
        self.input.clear();
        self.unsent.clear();
        self.closing = false;
        self.stalls = false;
        self.socket.take().is_some()
    }

    /// When it is to be tried again: later after each failure.
    pub(super) fn again(&self, now: Nanos) -> Nanos {
        let doubled = AGAIN_MIN * (1 << self.failures.min(10));
        now + doubled.min(AGAIN_MAX)
    }
}

const GENERATIONS: u32 = (1 << 24) - 1;
/// The most lanes of a workload.
pub(super) const LANES_MAX: usize = 1 << 8;

/// What the system gives back with an event: which connection of which lane, and which of those
/// that have been there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) lane: usize,
    pub(super) conn: u32,
    pub(super) generation: u32,
}

impl Place {
    pub(super) fn data(self) -> EventData {
        let lane = (self.lane as u64) << 56;
        EventData::new_u64(lane | u64::from(self.generation) << 32 | u64::from(self.conn))
    }

    pub(super) fn of(data: EventData) -> Self {
        let [lane, generation @ .., a, b, c, d] = data.u64().to_be_bytes();
        let [x, y, z] = generation;
        Self {
            lane: usize::from(lane),
            conn: u32::from_be_bytes([a, b, c, d]),
            generation: u32::from_be_bytes([0, x, y, z]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back_from_events() {
        for (lane, conn, generation) in [(0, 0, 0), (255, u32::MAX, GENERATIONS), (3, 29_999, 70)] {
            let place = Place { lane, conn, generation };
            assert_eq!(Place::of(place.data()), place);
        }
    }

    #[test]
    fn attempts_become_rarer_and_stay_bounded() {
        let mut conn = Conn::new(1);
        let mut last = Nanos(0);
        for failures in 0..100 {
            conn.failures = failures;
            let again = conn.again(Nanos(0));
            assert!(again >= last && again <= Nanos(0) + AGAIN_MAX);
            last = again;
        }
        assert_eq!(last, Nanos(0) + AGAIN_MAX);
    }
}
