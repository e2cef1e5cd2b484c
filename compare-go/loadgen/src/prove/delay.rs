//! Claim b: a delay that is known beforehand is read back.
//!
//! The null server answers after a fixed delay; the median of what the generator reads must be
//! that, within 5 % or 100 us, whichever is more. Small answers find a generator that wakes late or
//! counts from elsewhere. Answers of 1 MiB of JSON find one that takes the time after it has parsed
//! and checked: that takes it several times the tolerance. All but their last byte is sent at once,
//! so that what they take on the wire is not in the reading. The server does not sleep: to wake it
//! takes a part of the tolerance that is the generator's. It needs its core to itself for that.

use super::round::{Round, median};
use super::{Claim, Part, Prover, Reading};
use crate::null_server::Answering;
use crate::outcome::Unobserved;
use crate::quantity::{bytes, time};
use crate::report::summary::float;
use std::time::Duration;

/// How far a reading may be from the delay.
const SHARE_MAX: f64 = 0.05;
const OFF_MAX_NS: f64 = 100_000.0;
/// Connections besides twice as many as a right generator has requests outstanding: none is to wait
/// for one, or the wait is in the reading.
const CONNECTIONS_SPARE: u32 = 32;

/// Answers of one size.
#[derive(Clone, Copy, Debug)]
struct Size {
    bytes: usize,
    rate_per_s: f64,
}

const SMALL: Size = Size { bytes: 2, rate_per_s: 500.0 };
/// So few that parsing them leaves the core idle, most of the time.
const LARGE: Size = Size { bytes: 1024 * 1024, rate_per_s: 25.0 };
/// The shortest delay for which there are large answers too: they are on the wire for less.
const WITH_LARGE: Duration = Duration::from_millis(20);

/// The delays that are tried where no others are named.
const DELAYS: [Duration; 4] = [
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_millis(5),
    Duration::from_millis(20),
];

pub(super) fn prove(prover: &Prover<'_>) -> anyhow::Result<Part> {
    let (rounds, duration) = match prover.options.quick {
        true => (1, Duration::from_millis(700)),
        false => (3, Duration::from_secs(2)),
    };
    let mut readings = Vec::new();
    for (delay, size) in cases(&prover.options.delays) {
        let (mut medians, mut late) = (Vec::new(), Vec::new());
        for round in 0..rounds {
            let shown = time(delay.as_secs_f64() * 1e9);
            prover.say(&format!("b delay {shown}, round {} of {rounds}", round + 1));
            let (p50_ns, late_ns) = measure(prover, delay, size, duration)?;
            medians.push(p50_ns);
            late.push(late_ns);
        }
        readings.push(reading(delay, size, medians, median(&late)));
    }
    Ok(Part {
        claim: Claim::Delay,
        what: format!(
            "a null server answered after a delay, {}/s, large ones {}/s; [how late by its own clock]",
            SMALL.rate_per_s, LARGE.rate_per_s
        ),
        readings,
        not_shown: None,
    })
}

/// The median that the generator read, and that of the server's own lateness, in ns.
fn measure(
    prover: &Prover<'_>,
    delay: Duration,
    size: Size,
    duration: Duration,
) -> anyhow::Result<(f64, f64)> {
    let answering = Answering {
        delay,
        body_bytes: size.bytes,
        early: true,
        spin: !prover.options.sleep,
        ..Answering::default()
    };
    let server = prover.yardstick(answering)?;
    let round = Round {
        server: server.address()?,
        path: "/".into(),
        rate_per_s: Some(size.rate_per_s),
        connections: connections(delay, size),
        warmup: Duration::from_millis(200),
        duration,
        core: prover.cores.generator,
        fault: prover.options.fault,
    };
    let outcome = round.run(prover.stop, &mut Unobserved)?;
    Ok((float(outcome.figures.latency().at(0.5)), server.end()?.late_p50_us * 1e3))
}

fn connections(delay: Duration, size: Size) -> u32 {
    let twice = delay.as_secs_f64() * size.rate_per_s * 2.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
    let twice = twice.ceil() as u32;
    twice.saturating_add(CONNECTIONS_SPARE)
}

/// Small answers after each delay, then large ones.
fn cases(given: &[Duration]) -> Vec<(Duration, Size)> {
    let delays = if given.is_empty() { &DELAYS[..] } else { given };
    let small = delays.iter().map(|delay| (*delay, SMALL));
    let large = delays.iter().filter(|delay| **delay >= WITH_LARGE);
    small.chain(large.map(|delay| (*delay, LARGE))).collect()
}

fn reading(delay: Duration, size: Size, rounds: Vec<f64>, late_ns: f64) -> Reading {
    let delay_ns = delay.as_secs_f64() * 1e9;
    let off_max = (delay_ns * SHARE_MAX).max(OFF_MAX_NS);
    let value = median(&rounds);
    let subject = match size.bytes {
        few if few == SMALL.bytes => time(delay_ns),
        many => format!("{}, {} of JSON", time(delay_ns), bytes(many as u64)),
    };
    Reading {
        subject,
        value,
        rounds,
        shown: format!("p50 {} [{}]", time(value), time(late_ns)),
        limit: format!("{} to {}", time(delay_ns - off_max), time(delay_ns + off_max)),
        held: (value - delay_ns).abs() <= off_max,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_may_be_off_by_a_share_or_by_100_us() {
        let read = |delay_us, value_us: f64| {
            let delay = Duration::from_micros(delay_us);
            reading(delay, SMALL, vec![value_us * 1e3], 0.0).held
        };
        assert!(read(500, 599.0) && !read(500, 601.0) && !read(500, 399.0));
        assert!(read(20_000, 20_999.0) && !read(20_000, 21_001.0));
    }

    #[test]
    fn large_answers_come_after_long_delays() {
        let sizes = |delays: &[Duration]| {
            cases(delays).iter().map(|(_, size)| size.bytes).collect::<Vec<_>>()
        };
        let (small, large) = (SMALL.bytes, LARGE.bytes);
        assert_eq!(sizes(&[]), [small, small, small, small, large]);
        assert_eq!(sizes(&[Duration::from_millis(1)]), [small]);
        assert_eq!(sizes(&[Duration::from_millis(60)]), [small, large]);
    }
}
