//! The short answer to "which one?": who leads a workload by what counts most, who cannot be told
//! from the leader, and how far the others of its kind are behind.

use crate::axis::Axis;
use crate::cell::Server;
use crate::figures::Metric;
use crate::report::number::{Number, said};
use crate::report::ranking::{Ranking, Row};
use crate::slo::Percentile;

/// The answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// By what counts most first; empty where nobody is ranked.
    pub(super) lines: Vec<Line>,
    /// Why there is none, where there is none.
    pub(super) refusal: Option<String>,
}

/// Who leads by one metric.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// What leading by it means.
    pub(super) praise: String,
    /// Who leads.
    pub(super) leader: Server,
    /// With which figure.
    pub(super) number: Number,
    /// Those that nothing tells from the leader.
    pub(super) ties: Vec<Server>,
    /// How many are ranked.
    pub(super) of: usize,
    /// The best of each other kind.
    pub(super) others: Vec<Other>,
    /// Where bars of the leader and of the others lie.
    pub(super) axis: Axis,
}

/// The best of another kind than the leader's.
#[derive(Clone, Debug)]
pub(super) struct Other {
    /// The kind.
    pub(super) kind: &'static str,
    /// Which server.
    pub(super) server: Server,
    /// What it came to.
    pub(super) number: Number,
    /// What it has more than the leader.
    pub(super) change: Number,
    /// What is said of that.
    pub(super) said: String,
}

/// The metrics that an answer has lines for, besides the most telling one.
const ALSO: [Metric; 4] =
    [Metric::Latency(Percentile::P99), Metric::Cpu, Metric::PerConnection, Metric::ResidentPeak];
/// The most lines.
const LINES_MAX: usize = 4;

impl Answer {
    /// From the rankings of a workload, the most telling first.
    pub(super) fn of(rankings: &[Ranking]) -> Self {
        let Some(first) = rankings.first().filter(|ranking| is_of_load(ranking.metric)) else {
            let refusal = Some("no run counts".to_owned());
            return Self { lines: Vec::new(), refusal };
        };
        if let Some(why) = &first.refusal {
            return Self { lines: Vec::new(), refusal: Some(why.clone()) };
        }
        let also = rankings[1..].iter().filter(|ranking| ALSO.contains(&ranking.metric));
        let lines = std::iter::once(first).chain(also).filter_map(line);
        Self { lines: lines.take(LINES_MAX).collect(), refusal: None }
    }
}

/// Whether a metric tells how a load was served.
const fn is_of_load(metric: Metric) -> bool {
    matches!(metric, Metric::Capacity(_) | Metric::Latency(_) | Metric::Rate)
}

fn line(ranking: &Ranking) -> Option<Line> {
    let best = ranking.rows.first().filter(|row| row.leads)?;
    let ties = ranking.leaders().skip(1).map(|row| row.server).collect();
    let mut others: Vec<Other> = Vec::new();
    for row in &ranking.rows[1..] {
        let kind = kind(row.server);
        if kind != self::kind(best.server) && others.iter().all(|other| other.kind != kind) {
            others.extend(other(row, kind));
        }
    }
    let axis =
        Axis::from_zero(others.iter().map(|other| other.number.value).chain([best.number.value]));
    Some(Line {
        praise: praise(ranking.metric),
        leader: best.server,
        number: best.number.clone(),
        ties,
        of: ranking.rows.len(),
        others,
        axis,
    })
}

fn other(row: &Row, kind: &'static str) -> Option<Other> {
    let (change, judged) = row.against_best.as_ref()?;
    Some(Other {
        kind,
        server: row.server,
        number: row.number.clone(),
        change: change.clone(),
        said: said(judged.verdict),
    })
}

const fn kind(server: Server) -> &'static str {
    match server {
        Server::Engine { .. } => "engine",
        Server::Peer(_) => "Rust peer",
        Server::Go { .. } => "Go",
    }
}

fn praise(metric: Metric) -> String {
    match metric {
        Metric::Capacity(slo) => {
            format!("highest rate with {}", slo.to_string().replace('<', " < "))
        }
        Metric::Cpu => "least CPU for a unit of work".to_owned(),
        Metric::PerConnection => "least memory for a connection".to_owned(),
        Metric::ResidentPeak => "least memory at its peak".to_owned(),
        Metric::Rate => "most answers a second".to_owned(),
        other => format!("lowest {}", other.title()),
    }
}
