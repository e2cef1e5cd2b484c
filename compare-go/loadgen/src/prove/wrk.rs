//! wrk, the independent tool that the generator must agree with: runs it and reads what it prints.
//!
//! wrk is a closed loop: each connection asks, waits and asks again. It measures from the moment at
//! which a request is written to the last byte of its answer.

use crate::prove::cores::pinned;
use std::io;
use std::process::{Command, Stdio};
use std::time::Duration;

/// What wrk measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// Answers a second.
    pub rate: f64,
    /// The median latency, ns; wrk prints three to five digits.
    pub p50_ns: f64,
    /// Answers that were no 2xx or 3xx, and failures of its sockets.
    pub errors: u64,
}

/// Why there is no measurement.
#[derive(Debug, thiserror::Error)]
pub enum WrkError {
    /// The program is not there.
    #[error("wrk is not installed; `apt-get install wrk` does it")]
    Missing,
    /// It cannot be started or waited for.
    #[error("wrk cannot be run: {0}")]
    Run(#[from] io::Error),
    /// It ended with a failure.
    #[error("wrk failed: {0}")]
    Failed(String),
    /// It printed something else than expected.
    #[error("wrk printed no {what}:\n{text}")]
    Unknown {
        /// What was looked for.
        what: &'static str,
        /// What it printed.
        text: String,
    },
}

/// The version of wrk, as it tells it.
///
/// # Errors
/// If wrk is not there.
pub fn version() -> Result<String, WrkError> {
    // With `-v` it prints its version and usage, and ends with code 1.
    let output = spawned(Command::new("wrk").arg("-v"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let words: Vec<&str> = text.split_whitespace().take(2).collect();
    Ok(words.join(" "))
}

/// Runs wrk with one thread on `core` for whole seconds (wrk knows no others), rounded up.
///
/// # Errors
/// If it is not there, fails, or prints something unknown.
pub fn run(
    url: &str,
    connections: u32,
    duration: Duration,
    core: usize,
) -> Result<Measured, WrkError> {
    let seconds = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    let mut command = Command::new("wrk");
    command
        .args(["--latency", "--threads", "1"])
        .args(["--connections", &connections.to_string()])
        .args(["--duration", &format!("{seconds}s")])
        .arg(url);
    let output = pinned(core, || spawned(&mut command))??;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(WrkError::Failed(format!("{text}{said}").trim().to_owned()));
    }
    parse(&text)
}

fn spawned(command: &mut Command) -> Result<std::process::Output, WrkError> {
    command.stdin(Stdio::null()).output().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => WrkError::Missing,
        _ => WrkError::Run(error),
    })
}

fn parse(text: &str) -> Result<Measured, WrkError> {
    let missing = |what| WrkError::Unknown { what, text: text.to_owned() };
    let words = |begin: &str| {
        let line = text.lines().map(str::trim).find(|line| line.starts_with(begin))?;
        Some(line.trim_start_matches(begin).split_whitespace().collect::<Vec<_>>())
    };
    let rate = words("Requests/sec:").and_then(|words| words.first()?.parse().ok());
    let p50_ns = words("50%").and_then(|words| latency_ns(words.first()?));
    let numbers = |begin| -> u64 {
        let words = words(begin).unwrap_or_default();
        words.iter().filter_map(|word| word.trim_end_matches(',').parse::<u64>().ok()).sum()
    };
    Ok(Measured {
        rate: rate.ok_or_else(|| missing("rate"))?,
        p50_ns: p50_ns.ok_or_else(|| missing("median latency"))?,
        errors: numbers("Socket errors:") + numbers("Non-2xx or 3xx responses:"),
    })
}

/// Reads `634.00us`, `1.02ms`, `1.10s` or `1.00m`.
fn latency_ns(text: &str) -> Option<f64> {
    let units = [("us", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9)];
    let (unit, factor) = units.into_iter().find(|(unit, _)| text.ends_with(unit))?;
    text.strip_suffix(unit)?.parse::<f64>().ok().map(|value| value * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "\
Running 2s test @ http://127.0.0.1:9911/x
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     2.30ms    1.86ms  12.33ms   77.25%
    Req/Sec    15.61k     1.14k   18.58k    80.00%
  Latency Distribution
     50%    1.28ms
     75%    3.11ms
     90%    5.12ms
     99%    8.48ms
  31038 requests in 2.00s, 2.13MB read
";

    #[test]
    fn what_wrk_prints_is_read() {
        let end = "Requests/sec:  15504.26\nTransfer/sec:      1.06MB\n";
        let measured = parse(&format!("{PRINTED}{end}")).unwrap();
        assert_eq!(measured, Measured { rate: 15_504.26, p50_ns: 1_280_000.0, errors: 0 });
        let errors = "  Socket errors: connect 0, read 3, write 1, timeout 2\n  Non-2xx or 3xx \
                      responses: 20\n";
        assert_eq!(parse(&format!("{PRINTED}{errors}{end}")).unwrap().errors, 26);
    }

    #[test]
    fn what_is_missing_is_named_with_what_was_printed() {
        let error = parse(PRINTED).unwrap_err().to_string();
        assert!(error.starts_with("wrk printed no rate:\nRunning 2s"), "{error}");
    }

    #[test]
    fn latencies_have_four_units() {
        for (text, ns) in
            [("634.00us", 634e3), ("1.02ms", 1.02e6), ("1.10s", 1.1e9), ("1.00m", 6e10)]
        {
            assert!((latency_ns(text).unwrap() - ns).abs() < 1.0, "{text}");
        }
        assert_eq!(latency_ns("fast"), None);
    }
}
