//! What a workload counts: its unit of work, by which costs are divided, and what its latency is
//! of. One place for both, since figures, tables and the counts of the runner must mean the same.

use crate::bundle::generator::{Figures, Lane, Operation};
use crate::cell::Workload;
use crate::figures::Unit;
use crate::quantity;
use crate::statistics::Histogram;

/// The generator's metric of how long after a tick its broadcast came: one value for each recipient
/// and tick, whatever frame came in place of the tick's own.
const DELIVERY: &str = "delivery_ns";
/// The generator's metric of how long after the first recipient of a frame another one had it.
const SKEW: &str = "skew_ns";
/// The generator's counter of frames that came.
const FRAMES: &str = "frames";
/// The generator's counter of ticks of which a recipient got no frame.
const MISSED: &str = "missed_ticks";
/// The lane of those who read at once, where others are slow on purpose.
const PROMPT: &str = "prompt";
/// The operation whose answer tells how a hunt stands.
const STATUS: &str = "hunt-status";
/// How the names of operations begin that publish a quest.
const PUBLISH: &str = "publish";

/// What the latency of a workload is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LatencyOf {
    /// Answers, from the time at which their requests were meant to be sent.
    Answers,
    /// Broadcasts, from their tick to each recipient.
    Broadcasts,
}

/// What the latency of a workload is of, and so its promise.
#[must_use]
pub const fn latency_of(workload: Workload) -> LatencyOf {
    match workload {
        Workload::Quests | Workload::SlowReaders => LatencyOf::Broadcasts,
        _ => LatencyOf::Answers,
    }
}

/// The unit of work of a workload, in words: what CPU time, system calls, context switches and
/// allocations are told for one of.
#[must_use]
pub const fn unit(workload: Workload) -> &'static str {
    if has_broadcasts(workload) { "right answer or frame that came" } else { "right answer" }
}

/// Whether hunts send broadcasts to players of the workload.
#[must_use]
pub const fn has_broadcasts(workload: Workload) -> bool {
    match workload {
        Workload::Sockets
        | Workload::Sockets30k
        | Workload::State
        | Workload::Quests
        | Workload::SlowReaders
        | Workload::Mixed => true,
        Workload::Resolve
        | Workload::Resolve30k
        | Workload::ResolveClosed
        | Workload::Loot
        | Workload::HotBoard
        | Workload::ReconnectStorm => false,
    }
}

/// Whether connections ask again when they have their answers. Such a load has no times at which
/// requests are meant to be sent, and so no latency.
#[must_use]
pub const fn is_closed(workload: Workload, rate_per_s: Option<f64>) -> bool {
    rate_per_s.is_none() && matches!(latency_of(workload), LatencyOf::Answers)
}

/// What a workload asks, in words: its rate, or why it has none.
#[must_use]
pub fn offered(workload: Workload, rate_per_s: Option<f64>) -> String {
    match rate_per_s {
        Some(rate) => quantity::figure(rate, Unit::PerSecond),
        None if workload == Workload::SlowReaders => "no requests".to_owned(),
        None => "closed loop".to_owned(),
    }
}

/// The units of work that were done: right answers, and frames of broadcasts that came. Where there
/// are broadcasts most of a server's work is theirs, and an answer alone would bear it all.
#[must_use]
pub fn units(figures: &Figures) -> u64 {
    figures.requests().right + counted(figures.lanes.iter(), FRAMES)
}

/// What was measured of broadcasts.
#[derive(Clone, Debug)]
pub(super) struct Broadcasts {
    /// From the tick to each recipient, in nanoseconds.
    pub(super) lag: Histogram,
    /// From the first recipient to each other one, in nanoseconds.
    pub(super) skew: Option<Histogram>,
    /// Frames that came, to whomever.
    pub(super) frames: u64,
    /// Ticks of which a recipient got no frame.
    pub(super) missed: u64,
}

impl Broadcasts {
    /// Those of a run; none where nobody was sent any. Of recipients that are slow on purpose only
    /// the frames count.
    pub(super) fn of(workload: Workload, figures: &Figures) -> Option<Self> {
        let judged = |lane: &&Lane| workload != Workload::SlowReaders || lane.name == PROMPT;
        let lanes = || figures.lanes.iter().filter(judged);
        let metric = |name: &str| {
            let all = lanes().flat_map(|lane| &lane.metrics);
            Histogram::merged(all.filter(|one| one.name == name).map(|one| &one.values))
        };
        let some = |values: &Histogram| values.count() > 0;
        Some(Self {
            lag: metric(DELIVERY).filter(some)?,
            skew: metric(SKEW).filter(some),
            frames: counted(figures.lanes.iter(), FRAMES),
            missed: counted(lanes(), MISSED),
        })
    }
}

/// Latencies that the workload's promise is of; none where there were none.
pub(super) fn latencies(
    workload: Workload,
    figures: &Figures,
    broadcasts: Option<&Broadcasts>,
) -> Option<Histogram> {
    match latency_of(workload) {
        LatencyOf::Answers => answers(figures, |_| true),
        LatencyOf::Broadcasts => broadcasts.map(|broadcasts| broadcasts.lag.clone()),
    }
}

/// Latencies of `hunt-status` alone.
pub(super) fn status(figures: &Figures) -> Option<Histogram> {
    answers(figures, |operation| operation.name == STATUS)
}

/// Latencies of publications alone.
pub(super) fn publications(figures: &Figures) -> Option<Histogram> {
    answers(figures, |operation| operation.name.starts_with(PUBLISH))
}

fn answers(figures: &Figures, of: impl Fn(&Operation) -> bool) -> Option<Histogram> {
    let meant = figures.operations().filter(|operation| of(operation));
    let all = Histogram::merged(meant.map(|operation| &operation.latency));
    all.filter(|all| all.count() > 0)
}

fn counted<'a>(lanes: impl Iterator<Item = &'a Lane>, name: &str) -> u64 {
    let counters = lanes.flat_map(|lane| &lane.counters);
    counters.filter(|counter| counter.name == name).map(|counter| counter.count).sum()
}
