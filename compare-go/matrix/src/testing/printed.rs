//! What a generator would print of a load on a server that does not exist.

use crate::bundle::generator::{Detail, kept};
use crate::number::{float, whole};
use crate::statistics::normal;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// A load that was never made.
#[derive(Clone, Debug)]
pub struct Load {
    /// The rate that was offered; none in a closed loop.
    pub rate_per_s: Option<f64>,
    /// For how long it counted.
    pub counted_ns: u64,
    /// Right answers.
    pub answered: u64,
    /// The median latency.
    pub latency_ns: f64,
    /// The kind of request.
    pub operation: String,
    /// Lines of the series.
    pub seconds: u64,
    /// What came of broadcasts; none where nobody was sent any.
    pub broadcasts: Option<Broadcasts>,
}

/// Broadcasts that nobody sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Broadcasts {
    /// Frames that came.
    pub frames: u64,
    /// Ticks of which a recipient got none.
    pub missed: u64,
    /// How long after its tick a frame came, in the median.
    pub lag_ns: f64,
}

/// The deviation of the logarithm of latencies.
const SIGMA: f64 = 0.4;
/// p99 of latencies for their median: e to the 2.326 deviations.
pub(super) const P99_TO_MEDIAN: f64 = 2.536;
/// Places on the distribution of latencies.
const PLACES: u64 = 1_000;

/// The JSON.
///
/// # Panics
/// Never: what is given is JSON.
#[must_use]
pub fn printed(load: &Load) -> Box<RawValue> {
    let Load { rate_per_s, counted_ns, answered, latency_ns, operation, seconds, broadcasts } =
        load;
    let due = rate_per_s.map_or(*answered, |rate| whole(rate * float(*counted_ns) / 1e9));
    let latency = lognormal(*latency_ns, *answered);
    let lag = lognormal(8_000.0, *answered);
    let requests = |share: u64| {
        json!({
            "due": due / share, "sent": answered / share, "answered": answered / share,
            "right": answered / share, "failed": 0,
        })
    };
    let second = |index: u64| {
        json!({
            "index": index, "phase": "measured", "began_ms": 1_000 * index, "length_ms": 1_000,
            "requests": requests(*seconds), "errors": [], "latency": quantiles(&latency),
            "lag": quantiles(&lag), "histograms": [text(&latency)], "backlog": 0, "ready": 0, "counters": [],
            "metrics": [], "busiest": 0.5,
        })
    };
    let (metrics, counters) =
        broadcasts.as_ref().map_or_else(|| (json!([]), json!([])), of_broadcasts);
    let lane = json!({
        "name": operation, "due": due,
        "operations": [{
            "name": operation, "sent": answered, "answered": answered, "right": answered,
            "failed": 0, "latency": text(&latency), "lag": text(&lag),
        }],
        "metrics": metrics, "counters": counters, "errors": {"counts": {}, "samples": []},
        "connections": {"opened": 1, "ended_idle": 0, "ready": 1},
        "bytes_sent": answered * 300, "bytes_received": answered * 200,
    });
    let worker = json!({
        "worker": 0, "wall_ns": counted_ns, "cpu_ns": answered * 4_000, "user_ns": answered * 1_000,
        "starved_ns": counted_ns / 10_000, "waits": 1, "reads": answered, "writes": answered,
    });
    let outcome = json!({
        "figures": {"lanes": [lane], "workers": [worker]},
        "warmup": {"lanes": [], "workers": []},
        "seconds": (0..*seconds).map(second).collect::<Vec<_>>(),
        "rate_per_s": rate_per_s,
        "measured": {"secs": counted_ns / 1_000_000_000, "nanos": counted_ns % 1_000_000_000},
        "connections": [[operation, 1]], "ending": "Complete", "notes": [],
    });
    let report = json!({
        "schema": 1, "program": "hunt-load 0.1.0", "command_line": ["hunt-load", operation],
        "called_ms": 0, "validity": {"valid": true, "checks": [], "remarks": []},
        "slo": [], "outcome": outcome,
    });
    kept(&report.to_string(), Detail::Seconds).expect("it is JSON")
}

fn of_broadcasts(of: &Broadcasts) -> (Value, Value) {
    let Broadcasts { frames, missed, lag_ns } = *of;
    let metric = |name: &str, median: f64, count: u64| json!({"name": name, "values": text(&lognormal(median, count))});
    let counter = |name: &str, count: u64| json!({"name": name, "count": count});
    (
        json!([
            metric("delivery_ns", lag_ns, frames + missed),
            metric("skew_ns", lag_ns / 4.0, frames / 2)
        ]),
        json!([counter("frames", frames), counter("missed_ticks", missed)]),
    )
}

fn lognormal(median: f64, count: u64) -> Histogram<u64> {
    let mut values = Histogram::new_with_bounds(1, 3_600_000_000_000, 3).expect("good bounds");
    for place in 0..PLACES {
        let share = (float(place) + 0.5) / float(PLACES);
        let value = median * (SIGMA * normal::quantile(share)).exp();
        // The remainder goes to the middle, so that they add up.
        let rest = if place == PLACES / 2 { count % PLACES } else { 0 };
        values.saturating_record_n(whole(value), count / PLACES + rest);
    }
    values
}

fn text(values: &Histogram<u64>) -> String {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new().serialize(values, &mut bytes).expect("it is written to memory");
    STANDARD.encode(bytes)
}

fn quantiles(values: &Histogram<u64>) -> Value {
    let at = |share| values.value_at_quantile(share);
    json!({
        "count": values.len(), "mean": values.mean(), "min": values.min(), "p50": at(0.5),
        "p90": at(0.9), "p99": at(0.99), "p999": at(0.999), "p9999": at(0.9999),
        "max": values.max(),
    })
}
