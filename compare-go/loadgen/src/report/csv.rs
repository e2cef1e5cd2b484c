//! A run as CSV (RFC 4180): a heading, and a row for each operation; `all` is the last.

use crate::histogram::Quantiles;
use crate::report::Report;
use std::fmt::Write;

const HEADING: &str = "workload,lane,operation,target_per_s,measured_s,sent,right,failed,\
                       right_per_s,p50_ns,p90_ns,p99_ns,p999_ns,p9999_ns,max_ns,mean_ns,lag_p50_ns,\
                       lag_p99_ns,lag_max_ns,valid";

/// Writes a report.
#[must_use]
pub fn write(report: &Report) -> String {
    let summary = &report.summary;
    let mut text = format!("{HEADING}\r\n");
    for op in &summary.operations {
        let counts = [op.sent, op.right, op.failed];
        row(&mut text, report, [&op.lane, &op.name], counts, op.rate_per_s, &op.latency, &op.lag);
    }
    let requests = &summary.requests;
    let counts = [requests.sent, requests.right, requests.failed];
    let (latency, lag) = (&summary.latency, &summary.lag);
    row(&mut text, report, ["all", "all"], counts, summary.rate_per_s, latency, lag);
    text
}

fn row(
    text: &mut String,
    report: &Report,
    [lane, operation]: [&str; 2],
    [sent, right, failed]: [u64; 3],
    rate: f64,
    latency: &Quantiles,
    lag: &Quantiles,
) {
    let target = report.outcome.rate_per_s.map_or(String::new(), |rate| rate.to_string());
    let Quantiles { mean, p50, p90, p99, p999, p9999, max, .. } = latency;
    let _ = write!(
        text,
        "{},{lane},{operation},{target},{:.3},{sent},{right},{failed},{rate:.3},{p50},{p90},{p99},\
         {p999},{p9999},{max},{mean:.0},{},{},{},{}\r\n",
        report.plan.workload.name(),
        report.summary.measured_s,
        lag.p50,
        lag.p99,
        lag.max,
        report.validity.valid,
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn every_row_has_every_column() {
        let text = write(&sample::report("p99<1s"));
        let rows: Vec<Vec<&str>> =
            text.split_terminator("\r\n").map(|row| row.split(',').collect()).collect();
        assert_eq!(rows.len(), 4);
        assert!(rows.iter().all(|row| row.len() == rows[0].len()));
        let at = |row: usize, name: &str| {
            rows[row][rows[0].iter().position(|column| *column == name).unwrap()]
        };
        assert_eq!((at(1, "operation"), at(1, "right"), at(3, "right")), ("resolve", "200", "298"));
        assert_eq!((at(2, "failed"), at(3, "valid"), at(3, "target_per_s")), ("2", "true", "150"));
        assert_eq!((at(2, "lane"), at(3, "lag_p50_ns")), ("players", at(1, "lag_p50_ns")));
    }
}
