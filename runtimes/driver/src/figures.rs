//! What a worker has done, as plain counters, copied out for the metrics.

use crate::histogram::Histogram;
use engine_core::figures::ShardFigures;

/// What only the runtime knows of a worker, counted since its start unless it says otherwise. All
/// of it is 0 where there is no ring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuntimeFigures {
    /// Buffers that the ring receives into.
    pub ring_buffers: u64,
    /// Of these, the ones that the kernel cannot use now, since their bytes were not copied yet.
    pub ring_buffers_held: u64,
    /// Receptions that ended for want of a buffer, and were begun again.
    pub ring_no_buffers: u64,
    /// How often completions did not fit in the ring's queue, and were fetched late.
    pub ring_overflows: u64,
    /// Receptions that were ended, since nobody read, and begun again.
    pub ring_rearms: u64,
}

impl RuntimeFigures {
    /// Adds another worker's figures, for a sum over workers.
    pub fn add(&mut self, other: &Self) {
        self.ring_buffers += other.ring_buffers;
        self.ring_buffers_held += other.ring_buffers_held;
        self.ring_no_buffers += other.ring_no_buffers;
        self.ring_overflows += other.ring_overflows;
        self.ring_rearms += other.ring_rearms;
    }
}

/// Counters of one worker since its start, and gauges of now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DriverFigures {
    /// The shard's.
    pub shard: ShardFigures,
    /// The runtime's.
    pub runtime: RuntimeFigures,
    /// From bytes read to the last byte of what they made due for their connection written, in
    /// microseconds; counted once for every read that made something due.
    pub latency: Histogram,
    /// Writes to connections by the flusher: broadcasts, answers that came late, Close frames.
    pub flushed: u64,
    /// Of these, the ones that the socket did not take whole at once.
    pub flush_rests: u64,
    /// Errors of `accept`, such as too many open files.
    pub accept_errors: u64,
    /// Connections that were one too many, and were told so.
    pub refused: u64,
    /// Messages from other workers and from the store.
    pub mails: u64,
    /// By how many microseconds ticks came late, all together: how busy the worker is.
    pub tick_late_us: u64,
    /// The most that one of them came late since the last copy, in microseconds.
    pub tick_late_us_max: u64,
}

impl DriverFigures {
    /// Adds another worker's figures, for a sum over workers.
    pub fn add(&mut self, other: &Self) {
        self.shard.add(&other.shard);
        self.runtime.add(&other.runtime);
        self.latency.add(&other.latency);
        self.flushed += other.flushed;
        self.flush_rests += other.flush_rests;
        self.accept_errors += other.accept_errors;
        self.refused += other.refused;
        self.mails += other.mails;
        self.tick_late_us += other.tick_late_us;
        self.tick_late_us_max = self.tick_late_us_max.max(other.tick_late_us_max);
    }

    /// Makes this a copy of `other`, without an allocation.
    pub(crate) fn copy_from(&mut self, other: &Self, shard: &ShardFigures) {
        self.shard.clone_from(shard);
        self.runtime = other.runtime;
        self.latency.copy_from(&other.latency);
        self.flushed = other.flushed;
        self.flush_rests = other.flush_rests;
        self.accept_errors = other.accept_errors;
        self.refused = other.refused;
        self.mails = other.mails;
        self.tick_late_us = other.tick_late_us;
        self.tick_late_us_max = other.tick_late_us_max;
    }
}
