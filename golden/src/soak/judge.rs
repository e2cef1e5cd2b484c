//! Whether what a server holds after a soak is a leak.

use super::acts::Tally;
use super::vitals::Vitals;
use serde_json::{Value, json};

/// By how much resident memory may have grown.
///
/// An allocator keeps pages that its last peak has touched, and a peak of the soak may be a little
/// higher than the highest of the warm-up.
pub const RSS_GROWTH_BYTES_MAX: u64 = 2 * 1024 * 1024;

/// Of so many requests by clients that wait for their answer, one may go unanswered: those that
/// come when the server is full.
const UNANSWERED_ONE_IN: u64 = 20;

/// What a soak came to.
#[derive(Clone, Debug)]
pub struct Judged {
    /// What the server held after the warm-up.
    pub before: Vitals,
    /// What it held at the end.
    pub after: Vitals,
    /// What the clients did in between.
    pub tally: Tally,
    /// What is wrong, each with its figures; empty if nothing is.
    pub faults: Vec<String>,
}

/// Compares what a server held before and after; `quiet`: whether it came to rest at the end.
#[must_use]
pub fn judge(before: Vitals, after: Vitals, quiet: bool, tally: Tally) -> Judged {
    let mut faults = Vec::new();
    if !quiet {
        faults.push("it does not come to rest when everybody has gone".to_owned());
    }
    let mut equal = |what: &str, before: u64, after: u64| {
        if before != after {
            faults.push(format!("{what}: {before} before, {after} after"));
        }
    };
    equal("open connections", before.connections, after.connections);
    equal("descriptors", before.descriptors, after.descriptors);
    equal("sockets", before.sockets, after.sockets);
    equal("threads", before.threads, after.threads);
    if before.ring_buffers.is_some() || after.ring_buffers.is_some() {
        let held = |vitals: Vitals| vitals.ring_buffers.unwrap_or_default();
        equal("ring buffers held", held(before), held(after));
    }
    let growth = after.rss_bytes.saturating_sub(before.rss_bytes);
    if growth > RSS_GROWTH_BYTES_MAX {
        faults.push(format!(
            "resident memory: {} KiB before, {} KiB after; it may grow by {} KiB",
            before.rss_bytes / 1024,
            after.rss_bytes / 1024,
            RSS_GROWTH_BYTES_MAX / 1024
        ));
    }
    if tally.answered == 0 || tally.unanswered > tally.answered / UNANSWERED_ONE_IN {
        faults.push(format!(
            "{} requests were answered and {} were not, of clients that wait",
            tally.answered, tally.unanswered
        ));
    }
    Judged { before, after, tally, faults }
}

impl Judged {
    /// Whether nothing has leaked.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.faults.is_empty()
    }

    /// The least that each connection would have to leave behind to be found, in bytes.
    #[must_use]
    pub fn leak_found_bytes(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "it is shown with one digit")]
        let (bound, connections) =
            (RSS_GROWTH_BYTES_MAX as f64, self.tally.connections.max(1) as f64);
        bound / connections
    }

    /// All of it, for programs.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "good": self.is_good(),
            "faults": self.faults,
            "before": self.before.json(),
            "after": self.after.json(),
            "rss_growth_bytes_max": RSS_GROWTH_BYTES_MAX,
            "leak_found_bytes_per_connection": self.leak_found_bytes(),
            "connections": self.tally.connections,
            "answered": self.tally.answered,
            "unanswered": self.tally.unanswered,
            "acts": self.tally.acts().map(|(act, count)| (act.to_owned(), count.into()))
                .collect::<serde_json::Map<String, Value>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Vitals = Vitals {
        rss_bytes: 9_000_000,
        descriptors: 21,
        sockets: 0,
        connections: 0,
        threads: 4,
        ring_buffers: Some(0),
    };

    fn faults(after: Vitals) -> Vec<String> {
        judge(QUIET, after, true, served()).faults
    }

    fn served() -> Tally {
        Tally { connections: 1_000, answered: 5_000, ..Tally::default() }
    }

    #[test]
    fn the_same_again_is_good_and_so_is_less_memory() {
        assert!(faults(QUIET).is_empty());
        assert!(faults(Vitals { rss_bytes: 1_000_000, ..QUIET }).is_empty());
        let grown = QUIET.rss_bytes + RSS_GROWTH_BYTES_MAX;
        assert!(faults(Vitals { rss_bytes: grown, ..QUIET }).is_empty());
    }

    #[test]
    fn one_of_anything_that_stays_is_a_leak() {
        let grown = QUIET.rss_bytes + RSS_GROWTH_BYTES_MAX + 1;
        for (after, word) in [
            (Vitals { descriptors: 22, ..QUIET }, "descriptors: 21 before, 22 after"),
            (Vitals { sockets: 1, ..QUIET }, "sockets: 0 before, 1 after"),
            (Vitals { connections: 1, ..QUIET }, "open connections"),
            (Vitals { threads: 5, ..QUIET }, "threads"),
            (Vitals { ring_buffers: Some(1), ..QUIET }, "ring buffers held: 0 before, 1 after"),
            (Vitals { rss_bytes: grown, ..QUIET }, "resident memory"),
        ] {
            let faults = faults(after);
            assert!(faults.len() == 1 && faults[0].contains(word), "{word}: {faults:?}");
        }
        assert_eq!(judge(QUIET, QUIET, false, served()).faults.len(), 1);
        // Fewer than before means that what was there before was not quiet.
        assert_eq!(faults(Vitals { descriptors: 20, ..QUIET }).len(), 1);
    }

    #[test]
    fn a_server_that_answers_nobody_does_not_pass() {
        assert_eq!(judge(QUIET, QUIET, true, Tally::default()).faults.len(), 1);
        let tally = Tally { answered: 100, unanswered: 6, ..Tally::default() };
        assert_eq!(judge(QUIET, QUIET, true, tally).faults.len(), 1);
    }
}
