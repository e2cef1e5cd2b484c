//! The HDR interval log (V2) of a run: one histogram of latencies in nanoseconds for each second
//! and operation, tagged with the operation. HistogramLogAnalyzer and its like read it.

use crate::outcome::Outcome;
use crate::plan::Phase;
use crate::report::PROGRAM;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};
use std::io::{self, Write};
use std::time::{Duration, UNIX_EPOCH};

/// The maxima in the log are in milliseconds, as its readers expect.
const NS_PER_MS: f64 = 1e6;

/// Writes the seconds that count, and those in which what was outstanding was waited for, which
/// counts too.
///
/// # Errors
/// Whatever `out` says.
pub fn write(outcome: &Outcome, out: &mut impl Write) -> io::Result<()> {
    let counts = |phase| matches!(phase, Phase::Measured | Phase::Grace);
    let seconds = || outcome.seconds.iter().filter(|second| counts(second.phase));
    let start_ms = seconds().map(|second| second.began_ms).min().unwrap_or_default();
    let start = UNIX_EPOCH + Duration::from_millis(start_ms);
    let mut serializer = V2DeflateSerializer::new();
    let mut log = IntervalLogWriterBuilder::new()
        .add_comment("[Histogram log format version 1.3]")
        .add_comment(&format!("[Logged with {PROGRAM}: nanoseconds from the intended send time]"))
        .with_start_time(start)
        .with_base_time(start)
        .with_max_value_divisor(NS_PER_MS)
        .begin_log_with(out, &mut serializer)?;
    let names: Vec<String> = outcome.figures.operations().map(|(_, op)| tag(&op.name)).collect();
    for second in seconds() {
        let began = Duration::from_millis(second.began_ms.saturating_sub(start_ms));
        let length = Duration::from_millis(second.length_ms);
        for (name, encoded) in names.iter().zip(&second.histograms) {
            let histogram = encoded.decode().map_err(io::Error::other)?;
            log.write_histogram(histogram.inner(), began, length, Tag::new(name))
                .map_err(|error| io::Error::other(error.to_string()))?;
        }
    }
    Ok(())
}

/// A name as it may stand in a tag, which ends at a comma or white space.
fn tag(name: &str) -> String {
    name.replace([',', ' ', '\n'], "_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::Encoded;
    use crate::report::sample;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    #[test]
    fn the_seconds_that_count_come_back_with_their_operations() {
        let mut log = Vec::new();
        let mut outcome = sample::outcome();
        outcome.seconds[2].phase = Phase::Grace;
        write(&outcome, &mut log).unwrap();
        let mut read = Vec::new();
        for entry in IntervalLogIterator::new(&log) {
            let LogEntry::Interval(interval) = entry.unwrap() else { continue };
            let encoded = Encoded::from_base64(interval.encoded_histogram()).unwrap();
            let histogram = encoded.decode().unwrap();
            let tag = interval.tag().unwrap().as_str().to_owned();
            let began_s = interval.start_timestamp().as_secs();
            read.push((began_s, tag, histogram.count(), interval.max().round()));
        }
        let of = |second, tag: &str, count, max_ms| (second, tag.to_owned(), count, max_ms);
        let expected = [
            of(0, "resolve", 100, 1.0),
            of(0, "status", 50, 3.0),
            of(1, "resolve", 100, 1.0),
            of(1, "status", 50, 3.0),
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn a_tag_has_no_comma() {
        assert_eq!(tag("a, b"), "a__b");
    }
}
