//! What the watchers of a hunt must be sent: one frame for each tick, in time, the same for all,
//! and right.
//!
//! A frame is read and checked in full where the first watcher of a worker gets it; the others'
//! must be the same, byte for byte. It knows the rules of broadcasts, and no sockets.

use super::seam::Heard;
use crate::clock::Nanos;
use crate::errors::{ErrorKind, shown};
use crate::figures::LaneFigures;
use crate::messages::{Encoding, Frame, HuntState, ServerMessage};
use crate::quest_plan::{BROADCAST_MS, Quest};
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

/// What is measured of broadcasts, in the order of [`Metric`].
pub(super) const METRICS: [&str; 2] = ["delivery_ns", "skew_ns"];

/// What is counted of broadcasts, in the order of [`Count`].
pub(super) const COUNTERS: [&str; 4] = ["frames", "first_frames", "conflated", "missed_ticks"];

/// Places in [`METRICS`].
#[derive(Clone, Copy, Debug)]
enum Metric {
    /// From when a tick was due to when a watcher had its frame, or the one that came in its place:
    /// what a server leaves out is not left out here.
    Delivery,
    /// From when the first watcher of a worker had a frame to when another one had it.
    Skew,
}

/// Places in [`COUNTERS`].
#[derive(Clone, Copy, Debug)]
enum Count {
    /// Frames of all kinds.
    Frames,
    /// The full frames with which connections begin.
    First,
    /// Full frames in place of others that were left out.
    Conflated,
    /// Ticks of which a watcher got no frame.
    Missed,
}

/// How the times of a round are told on our clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct UnixClock {
    /// Nanoseconds from the Unix epoch to the zero of our clock.
    offset_ns: u64,
}

impl UnixClock {
    /// As it is now. Stays right unless the system's time is set.
    pub(super) fn now() -> Self {
        let read = |_| {
            let before = Nanos::now();
            let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let took_ns = Nanos::now().since(before);
            let unix_ns = u64::try_from(unix.as_nanos()).unwrap_or(u64::MAX);
            (took_ns, unix_ns.saturating_sub(before.0))
        };
        // Whoever was interrupted least knows best.
        let (_, offset_ns) = (0..READINGS).map(read).min().expect("there are several");
        Self { offset_ns }
    }

    /// A time that is told in milliseconds since the Unix epoch.
    pub(super) fn of_unix_ms(self, unix_ms: u64) -> Nanos {
        Nanos(unix_ms.saturating_mul(NANOS_PER_MS).saturating_sub(self.offset_ns))
    }
}

/// Nanoseconds of a millisecond.
const NANOS_PER_MS: u64 = 1_000_000;
/// How often two clocks are read to learn what is between them.
const READINGS: u32 = 8;
/// How far a frame may come before its time: the times of the rules are whole milliseconds.
const EARLY_NS_MAX: u64 = 1_000_000;

/// Who watches how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// Reads at once: every tick is to come.
    Prompt,
    /// Reads slowly: ticks may be left out, and a full frame stands for them.
    Slow,
}

/// One hunt, as the watchers of a worker see it.
#[derive(Debug)]
pub(super) struct Broadcast {
    id: String,
    quest: Rc<Quest>,
    /// When the round began.
    start: Nanos,
    recent: [Recent; RECENT],
    next: usize,
}

/// A frame that was checked.
#[derive(Debug, Default)]
struct Recent {
    tick: u32,
    /// Empty: there is none.
    payload: Vec<u8>,
    first_at: Nanos,
}

/// How many frames of a hunt are known at once: watchers are rarely further apart.
const RECENT: usize = 4;

/// What one watcher has got so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Watch {
    last: Option<Last>,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    tick: u32,
    full: bool,
    /// Nothing has come before.
    first: bool,
}

impl Broadcast {
    /// A hunt of this quest, whose round began then.
    pub(super) fn new(id: String, quest: Rc<Quest>, start: Nanos) -> Self {
        Self { id, quest, start, recent: Default::default(), next: 0 }
    }

    /// Takes in a message that a watcher got, if it is a frame. `false`: it is another message.
    pub(super) fn receive(
        &mut self,
        watch: &mut Watch,
        patience: Patience,
        encoding: Encoding,
        payload: &[u8],
        heard: &mut Heard<'_>,
    ) -> bool {
        let Some((tick, full)) = encoding.peek_frame(payload) else { return false };
        heard.count(Count::Frames as usize, 1);
        let is_news = self.follow(watch, patience, (tick, full), heard);
        let known = self.recent.iter().find(|it| it.tick == tick && !it.payload.is_empty());
        let known = known.filter(|_| !full);
        let mut is_right = true;
        if let Some(known) = known.filter(|known| *known.payload == *payload) {
            let first_at = known.first_at;
            heard.measure(Metric::Skew as usize, heard.at().since(first_at));
        } else {
            let checked = self.check(encoding, payload, known.map(|known| &*known.payload));
            is_right = checked.is_ok();
            match checked {
                Ok(()) if full => {}
                Ok(()) => self.remember(tick, payload, heard.at()),
                Err(fault) => heard.fault(ErrorKind::Wrong, || {
                    format!("a frame of hunt {}: {fault}, in {}", self.id, shown(payload))
                }),
            }
        }
        if is_right && is_news {
            self.delivered(tick, heard);
        }
        true
    }

    /// Whether ticks come one after the other. Returns whether the frame is the news of its tick.
    fn follow(
        &self,
        watch: &mut Watch,
        patience: Patience,
        (tick, full): (u32, bool),
        heard: &mut Heard<'_>,
    ) -> bool {
        let first = watch.last.is_none();
        let Some(last) = watch.last.replace(Last { tick, full, first }) else {
            heard.count(Count::First as usize, 1);
            if !full {
                let what = "the first frame of a connection is not a full one";
                heard.fault(ErrorKind::Wrong, || format!("hunt {}: {what}", self.id));
            }
            return false;
        };
        if full {
            heard.count(Count::Conflated as usize, 1);
        }
        // The tick of a full frame may be told again by the frame of that tick.
        let least = if last.full || full { last.tick } else { last.tick.saturating_add(1) };
        if tick < least {
            heard.fault(ErrorKind::Wrong, || {
                format!(
                    "hunt {}: the frame of tick {tick} after that of tick {}",
                    self.id, last.tick
                )
            });
            return false;
        }
        let missed = last.tick.saturating_add(1)..tick;
        heard.count(Count::Missed as usize, missed.len() as u64);
        if !missed.is_empty() && patience == Patience::Prompt {
            heard.fault(ErrorKind::Missed, || {
                format!("hunt {}: tick {tick} came after tick {}", self.id, last.tick)
            });
        }
        // Those that have come due: a frame may say anything.
        let due = self.due_by(heard.at());
        for missed in missed.take_while(|missed| *missed <= due) {
            heard.measure(Metric::Delivery as usize, heard.at().since(self.due(missed)));
        }
        tick > last.tick || (last.first && !full)
    }

    /// When a tick is due.
    fn due(&self, tick: u32) -> Nanos {
        Nanos(self.start.0.saturating_add(u64::from(tick) * BROADCAST_MS * NANOS_PER_MS))
    }

    /// The latest tick that is due by then.
    fn due_by(&self, at: Nanos) -> u32 {
        u32::try_from(at.since(self.start) / (BROADCAST_MS * NANOS_PER_MS)).unwrap_or(u32::MAX)
    }

    /// A watcher has the frame of a tick.
    fn delivered(&self, tick: u32, heard: &mut Heard<'_>) {
        let (at, due) = (heard.at(), self.due(tick));
        let early_ns = due.since(at);
        if early_ns > EARLY_NS_MAX {
            heard.fault(ErrorKind::Wrong, || {
                format!(
                    "hunt {}: tick {tick} came {early_ns} ns before its time; or the system's time \
                     was set since the server started: start the server anew",
                    self.id
                )
            });
        }
        heard.measure(Metric::Delivery as usize, at.since(due));
    }

    /// The run is over: counts the ticks that a prompt watcher whose connection is open still waits
    /// for. The latest may be on its way.
    pub(super) fn finish(&self, watch: &Watch, now: Nanos, figures: &mut LaneFigures) {
        let Some(last) = watch.last else { return };
        let missed = last.tick.saturating_add(1)..self.due_by(now);
        if missed.is_empty() {
            return;
        }
        figures.counters[Count::Missed as usize].count += missed.len() as u64;
        figures.errors.record(ErrorKind::Missed, || {
            format!("hunt {}: nothing came after tick {}", self.id, last.tick)
        });
        for tick in missed {
            figures.metrics[Metric::Delivery as usize].values.record(now.since(self.due(tick)));
        }
    }

    fn remember(&mut self, tick: u32, payload: &[u8], first_at: Nanos) {
        let recent = &mut self.recent[self.next];
        self.next = (self.next + 1) % RECENT;
        recent.tick = tick;
        recent.payload.clear();
        recent.payload.extend_from_slice(payload);
        recent.first_at = first_at;
    }

    /// Whether a frame is right; `other` is what another watcher got for the same tick.
    fn check(
        &self,
        encoding: Encoding,
        payload: &[u8],
        other: Option<&[u8]>,
    ) -> Result<(), String> {
        let frame = match encoding.read(payload) {
            Ok(ServerMessage::Frame(frame)) => frame,
            Ok(_) => return Err("it begins as a frame and is none".into()),
            Err(malformed) => return Err(malformed.to_string()),
        };
        if frame.status == HuntState::Ended {
            return Err("the round is over before its time".into());
        }
        if let Some(other) = other {
            return Err(format!("another watcher got {}", shown(other)));
        }
        check_frame(&frame, &self.quest)
    }
}

/// Whether a frame of a running round says what its quest says.
pub(super) fn check_frame(frame: &Frame<'_>, quest: &Quest) -> Result<(), String> {
    let time_ms = u64::from(frame.tick) * BROADCAST_MS;
    let remaining_ms = u64::from(quest.rules.duration_ms).checked_sub(time_ms);
    if remaining_ms != Some(frame.remaining_ms.into()) {
        return Err(format!("remaining_ms of tick {} is {}", frame.tick, frame.remaining_ms));
    }
    if !quest.in_play(frame.tick).eq(frame.waypoints.iter().copied()) {
        let first = quest.in_play(frame.tick).next();
        return Err(format!("the waypoints are not those in play, {first:?} and on"));
    }
    let mut places = frame.changed.iter().map(|changed| {
        let place = quest.treasures.iter().position(|it| it.id == changed.treasure)?;
        (changed.remaining < quest.supply).then_some(place)
    });
    let mut before = None;
    if !places.all(|place| place.is_some() && std::mem::replace(&mut before, place) < place) {
        return Err(format!("treasures that cannot have changed so: {:?}", frame.changed));
    }
    let descending = frame.leaders.is_sorted_by(|above, below| above.score >= below.score);
    if frame.leaders.is_empty() || frame.leaders.len() > LEADERS || !descending {
        return Err(format!("leaders that cannot be: {:?}", frame.leaders));
    }
    Ok(())
}

/// The most leaders of a frame.
const LEADERS: usize = 3;

#[cfg(test)]
mod tests;
