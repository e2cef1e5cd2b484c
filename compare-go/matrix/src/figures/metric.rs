//! The metrics by name: their units, how they are compared, and what is better.

use crate::cell::UnknownWord;
use crate::slo::{Percentile, Slo};
use crate::statistics::{Better, Scale};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Something that is measured of a cell in each round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Metric {
    /// A percentile of latencies, from the intended time.
    Latency(Percentile),
    /// The largest latency, from the intended time.
    LatencyMax,
    /// The 99th percentile of latencies for their median: how unequally players are served.
    Fairness,
    /// The 99th percentile of how long after its tick a broadcast came to a recipient.
    Lag,
    /// The longest of it.
    LagMax,
    /// The 99th percentile of how long after the first recipient of a broadcast another had it.
    Skew,
    /// Ticks of which a recipient got no frame, among all that recipients were due.
    MissedTicks,
    /// Frames of broadcasts that came in a second.
    Deliveries,
    /// The 99th percentile of latencies of `hunt-status` alone, from the intended time.
    Status,
    /// The 99th percentile of latencies of publications alone, from the intended time.
    Publish,
    /// Right answers a second.
    Rate,
    /// Errors among everything that was tried, or was to come.
    Errors,
    /// The 99th percentile of how late requests were sent: the generator's part.
    SendLag,
    /// The highest rate that keeps a promise.
    Capacity(Slo),
    /// CPU time of the server for a unit of work.
    Cpu,
    /// The part of it in user space.
    CpuUser,
    /// The part of it in the kernel.
    CpuKernel,
    /// CPU time of the server for the time that passed: 1 is one core.
    CpuShare,
    /// System calls for a unit of work.
    SystemCalls,
    /// Context switches for a unit of work.
    Switches,
    /// Requests for memory for a unit of work.
    Allocations,
    /// Bytes that were asked for, for a unit of work.
    Allocated,
    /// Resident memory at the end of the counted time.
    Resident,
    /// The most resident memory at any time.
    ResidentPeak,
    /// Resident memory that came with each connection.
    PerConnection,
    /// The 99th percentile of how long what could run waited for its turn.
    Scheduling,
    /// The longest time for which collecting garbage stopped the program.
    Collections,
    /// The size of the program without symbols.
    Binary,
    /// From the start of the process to the first answer.
    StartUp,
}

/// What a metric counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Nanoseconds.
    Time,
    /// Units of work in a second.
    PerSecond,
    /// A share of one.
    Share,
    /// How often one figure is in another.
    Ratio,
    /// A number of things, for a unit of work.
    Count,
    /// Bytes.
    Bytes,
}

/// Names of the metrics that have one name each; percentiles and capacities come besides.
const NAMES: [(Metric, &str, &str); 27] = [
    (Metric::LatencyMax, "max", "max"),
    (Metric::Fairness, "fairness", "p99 / p50"),
    (Metric::Lag, "lag", "lag p99"),
    (Metric::LagMax, "lag-max", "lag max"),
    (Metric::Skew, "skew", "skew p99"),
    (Metric::MissedTicks, "missed", "missed ticks"),
    (Metric::Deliveries, "deliveries", "frames"),
    (Metric::Status, "status", "hunt-status p99"),
    (Metric::Publish, "publish", "publication p99"),
    (Metric::Rate, "rate", "achieved"),
    (Metric::Errors, "errors", "errors"),
    (Metric::SendLag, "send-lag", "send lag p99"),
    (Metric::Cpu, "cpu", "CPU"),
    (Metric::CpuUser, "cpu-user", "CPU, user"),
    (Metric::CpuKernel, "cpu-kernel", "CPU, kernel"),
    (Metric::CpuShare, "cpu-share", "of a core"),
    (Metric::SystemCalls, "system-calls", "system calls"),
    (Metric::Switches, "switches", "context switches"),
    (Metric::Allocations, "allocations", "allocations"),
    (Metric::Allocated, "allocated", "allocated"),
    (Metric::Resident, "rss", "RSS"),
    (Metric::ResidentPeak, "rss-peak", "RSS, peak"),
    (Metric::PerConnection, "rss-per-connection", "RSS / connection"),
    (Metric::Scheduling, "scheduling", "scheduler p99"),
    (Metric::Collections, "gc-pause", "longest GC pause"),
    (Metric::Binary, "binary", "binary"),
    (Metric::StartUp, "start-up", "start-up"),
];

impl Metric {
    /// Those of a run, in the order of tables.
    pub const OF_RUNS: [Self; 29] = [
        Self::Latency(Percentile::P50),
        Self::Latency(Percentile::P90),
        Self::Latency(Percentile::P99),
        Self::Latency(Percentile::P999),
        Self::LatencyMax,
        Self::Fairness,
        Self::Lag,
        Self::LagMax,
        Self::Skew,
        Self::MissedTicks,
        Self::Deliveries,
        Self::Status,
        Self::Publish,
        Self::Rate,
        Self::Errors,
        Self::SendLag,
        Self::Cpu,
        Self::CpuUser,
        Self::CpuKernel,
        Self::CpuShare,
        Self::SystemCalls,
        Self::Switches,
        Self::Allocations,
        Self::Allocated,
        Self::Resident,
        Self::ResidentPeak,
        Self::PerConnection,
        Self::Scheduling,
        Self::Collections,
    ];

    /// Those of a server, whatever is asked of it.
    pub const OF_SERVERS: [Self; 2] = [Self::Binary, Self::StartUp];

    /// What it is called in the heading of a table.
    #[must_use]
    pub fn title(self) -> String {
        match self {
            Self::Latency(percentile) => percentile.name().to_owned(),
            Self::Capacity(slo) => format!("rate at {}", slo.to_string().replace('<', " < ")),
            other => {
                let named = NAMES.iter().find(|(metric, ..)| *metric == other);
                named.map_or(String::new(), |(_, _, title)| (*title).to_owned())
            }
        }
    }

    /// What it counts.
    #[must_use]
    pub const fn unit(self) -> Unit {
        match self {
            Self::Latency(_)
            | Self::LatencyMax
            | Self::Lag
            | Self::LagMax
            | Self::Skew
            | Self::Status
            | Self::Publish
            | Self::SendLag
            | Self::Cpu
            | Self::CpuUser
            | Self::CpuKernel
            | Self::Scheduling
            | Self::Collections
            | Self::StartUp => Unit::Time,
            Self::Rate | Self::Deliveries | Self::Capacity(_) => Unit::PerSecond,
            Self::Errors | Self::MissedTicks | Self::CpuShare => Unit::Share,
            Self::Fairness => Unit::Ratio,
            Self::SystemCalls | Self::Switches | Self::Allocations => Unit::Count,
            Self::Allocated
            | Self::Resident
            | Self::ResidentPeak
            | Self::PerConnection
            | Self::Binary => Unit::Bytes,
        }
    }

    /// How it is compared: what may be nothing at all has no ratio.
    #[must_use]
    pub const fn scale(self) -> Scale {
        match self {
            Self::Errors
            | Self::MissedTicks
            | Self::SystemCalls
            | Self::Switches
            | Self::Allocations
            | Self::Allocated
            | Self::Scheduling
            | Self::Collections => Scale::Difference,
            _ => Scale::Ratio,
        }
    }

    /// What is better.
    #[must_use]
    pub const fn better(self) -> Better {
        match self {
            Self::Rate | Self::Deliveries | Self::Capacity(_) => Better::More,
            _ => Better::Less,
        }
    }

    /// Whether every workload has it; the others are of broadcasts or of one kind of request.
    #[must_use]
    pub const fn is_of_all_workloads(self) -> bool {
        !matches!(
            self,
            Self::Lag
                | Self::LagMax
                | Self::Skew
                | Self::MissedTicks
                | Self::Deliveries
                | Self::Status
                | Self::Publish
                | Self::Capacity(_)
        )
    }

    /// Whether it is the same whenever it is looked at, so that any difference is one.
    #[must_use]
    pub const fn is_exact(self) -> bool {
        matches!(self, Self::Binary)
    }

    /// Whether it is told once for a cell and not in each round: what it is, or what was counted in
    /// a run of its own.
    #[must_use]
    pub const fn is_told_once(self) -> bool {
        self.is_exact() || matches!(self, Self::SystemCalls | Self::Allocations | Self::Allocated)
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latency(percentile) => f.pad(percentile.name()),
            Self::Capacity(slo) => f.pad(&format!("capacity:{slo}")),
            other => {
                let named = NAMES.iter().find(|(metric, ..)| metric == other);
                f.pad(named.map_or("", |(_, name, _)| name))
            }
        }
    }
}

impl FromStr for Metric {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(slo) = text.strip_prefix("capacity:") {
            return slo.parse().map(Self::Capacity).map_err(|error| format!("{error}"));
        }
        if let Ok(percentile) = text.parse() {
            return Ok(Self::Latency(percentile));
        }
        let named = NAMES.iter().find(|(_, name, _)| *name == text);
        named.map(|(metric, ..)| *metric).ok_or_else(|| {
            let percentiles = Percentile::ALL.into_iter().map(Percentile::name);
            let known = percentiles.chain(NAMES.iter().map(|(_, name, _)| *name));
            let known = known.chain(["capacity:p99<50ms"]).collect();
            UnknownWord { kind: "metric", word: text.to_owned(), known }.to_string()
        })
    }
}

impl From<Metric> for String {
    fn from(metric: Metric) -> Self {
        metric.to_string()
    }
}

impl TryFrom<String> for Metric {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back_to_its_metric() {
        let capacity = Metric::Capacity(Slo::p99_ms(50));
        for metric in Metric::OF_RUNS.into_iter().chain(Metric::OF_SERVERS).chain([capacity]) {
            assert_eq!(metric.to_string().parse(), Ok(metric));
            assert!(!metric.title().is_empty(), "{metric}");
        }
        assert_eq!(capacity.to_string(), "capacity:p99<50ms");
        assert_eq!(capacity.title(), "rate at p99 < 50ms");
    }

    #[test]
    fn a_name_that_is_none_says_what_is_near() {
        assert!("rrs".parse::<Metric>().unwrap_err().contains("`rss` is near"));
        assert!("capacity:p99".parse::<Metric>().unwrap_err().contains("p99=50ms"));
        assert!("speed".parse::<Metric>().unwrap_err().contains("p99.9, p99.99, max, fairness"));
    }
}
