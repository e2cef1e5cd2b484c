//! What was measured and what it was measured on: the samples in the order in which they were
//! taken, and the rows that follow from them.

use crate::allocator::WITNESS;
use crate::args::Options;
use crate::measure::{Cell, Sample};
use crate::peer::Peer;
use crate::targets::Target;
use crate::workload::Workload;
use alloc_witness::Seen;
use hunt_server::version;
use process::system;
use serde::Serialize;
use serde_json::{Value, json};

/// A sample and where it belongs.
#[derive(Clone, Debug)]
pub struct Taken {
    /// In which round.
    pub round: u32,
    /// Of what.
    pub cell: Cell,
    /// What was measured.
    pub sample: Sample,
}

/// What could not be measured.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Who.
    pub peer: &'static str,
    /// Of what; none where the peer was left out altogether.
    pub cell: Option<Cell>,
    /// Why.
    pub error: String,
}

/// Everything of one run.
#[derive(Clone, Debug)]
pub struct Record {
    options: Options,
    cores: usize,
    client_core: usize,
    server_core: usize,
    /// What makes the figures doubtful.
    pub warnings: Vec<String>,
    /// How many questions all peers have answered in the same way.
    pub agreed: usize,
    /// The samples, in their order.
    pub taken: Vec<Taken>,
    /// What could not be measured.
    pub failures: Vec<Failure>,
    /// Why system calls could not be counted.
    pub no_system_calls: Option<String>,
}

/// The median of some figures, the least and the most.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// The middle one; of an even number, the mean of the two in the middle.
    pub median: f64,
    /// The least.
    pub min: f64,
    /// The most.
    pub max: f64,
}

impl Spread {
    /// The spread of these figures; none where there are none.
    #[must_use]
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        let (min, max) = (*figures.first()?, *figures.last()?);
        let middle = figures.len() / 2;
        let odd = !figures.len().is_multiple_of(2);
        let median =
            if odd { figures[middle] } else { f64::midpoint(figures[middle - 1], figures[middle]) };
        Some(Self { median, min, max })
    }
}

/// One row of the table: a cell over all rounds.
#[derive(Clone, Debug)]
pub struct Row {
    /// Of what.
    pub cell: Cell,
    /// Rounds that it was measured in.
    pub rounds: usize,
    /// CPU time for a unit of work, in nanoseconds.
    pub cpu_ns: Spread,
    /// The ratio of it to the better bare loop's in the same round; none without a bare loop.
    pub ratio: Option<Spread>,
    /// The share of it in user space.
    pub user_share: Option<Spread>,
    /// The share of its core that the server had.
    pub busy: Spread,
    /// Units of work in a second.
    pub per_second: Spread,
    /// The median latency, in nanoseconds.
    pub p50_ns: Spread,
    /// The 99th percentile, in nanoseconds.
    pub p99_ns: Spread,
    /// Resident memory, in bytes.
    pub resident_bytes: Spread,
    /// System calls for a unit of work.
    pub system_calls: Option<Spread>,
}

impl Record {
    /// Nothing measured yet. To be called before the client stays on its core.
    #[must_use]
    pub fn new(options: &Options, client_core: usize, server_core: usize) -> Self {
        Self {
            options: options.clone(),
            cores: system::cores().map_or(0, |cores| cores.len()),
            client_core,
            server_core,
            warnings: Vec::new(),
            agreed: 0,
            taken: Vec::new(),
            failures: Vec::new(),
            no_system_calls: None,
        }
    }

    /// Something makes the figures doubtful.
    pub fn warn(&mut self, text: &str) {
        self.warnings.push(text.to_owned());
    }

    /// The rows, by workload and connections, the peers in their order.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        let mut cells: Vec<Cell> = self.taken.iter().map(|taken| taken.cell).collect();
        let all = Peer::all();
        let order = |peer| all.iter().position(|other| *other == peer);
        cells.sort_by_key(|cell| (cell.workload, cell.connections, order(cell.peer)));
        cells.dedup();
        cells.into_iter().filter_map(|cell| self.row(cell)).collect()
    }

    /// The row of a cell; none where it was not measured.
    #[must_use]
    pub fn row(&self, cell: Cell) -> Option<Row> {
        let taken: Vec<&Taken> = self.of(cell).collect();
        let spread = |figure: &dyn Fn(&Sample) -> f64| {
            Spread::of(taken.iter().map(|taken| figure(&taken.sample)))
        };
        let some = |figure: &dyn Fn(&Sample) -> Option<f64>| {
            Spread::of(taken.iter().filter_map(|taken| figure(&taken.sample)))
        };
        let floor = self.better_floor(cell.workload, cell.connections);
        let ratio = floor.and_then(|floor| self.ratio(cell, floor));
        Some(Row {
            cell,
            rounds: taken.len(),
            cpu_ns: spread(&|sample| sample.cpu_ns)?,
            ratio,
            user_share: some(&|sample| sample.user_share),
            busy: spread(&|sample| sample.busy)?,
            per_second: spread(&|sample| sample.per_second)?,
            p50_ns: spread(&|sample| float(sample.p50_ns))?,
            p99_ns: spread(&|sample| float(sample.p99_ns))?,
            resident_bytes: spread(&|sample| float(sample.resident_bytes))?,
            system_calls: some(&|sample| sample.system_calls),
        })
    }

    /// The bare loop with the lower cost.
    #[must_use]
    pub fn better_floor(&self, workload: Workload, connections: u32) -> Option<Peer> {
        let floors = Peer::all().into_iter().filter(|peer| peer.is_floor());
        let cost = |peer| {
            let cell = Cell { workload, connections, peer };
            Spread::of(self.of(cell).map(|taken| taken.sample.cpu_ns)).map(|spread| spread.median)
        };
        floors
            .filter_map(|peer| Some((peer, cost(peer)?)))
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(peer, _)| peer)
    }

    /// The ratio of a cell's cost to another peer's in the same round.
    #[must_use]
    pub fn ratio(&self, cell: Cell, to: Peer) -> Option<Spread> {
        let other: Vec<&Taken> = self.of(Cell { peer: to, ..cell }).collect();
        let in_round = |round| other.iter().find(|taken| taken.round == round);
        let ratios = self
            .of(cell)
            .filter_map(|taken| Some(taken.sample.cpu_ns / in_round(taken.round)?.sample.cpu_ns));
        Spread::of(ratios)
    }

    fn of(&self, cell: Cell) -> impl Iterator<Item = &Taken> {
        self.taken.iter().filter(move |taken| taken.cell == cell)
    }

    /// What it was measured on, as name and value.
    #[must_use]
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let Options { command_line, seed, rounds, players, counted, .. } = &self.options;
        let seen = Seen::look(&WITNESS, &[]);
        let (cores, server, client) = (self.cores, self.server_core, self.client_core);
        vec![
            ("command", command_line.clone()),
            ("commit", version::commit().unwrap_or("unknown").to_owned()),
            ("compiler", version::RUSTC.to_owned()),
            ("allocator", format!("{} {}", seen.allocator, seen.version)),
            ("kernel", system::kernel()),
            ("processor", system::processor()),
            ("cores", format!("{cores}; server on {server}, client on {client}")),
            ("rounds", format!("{rounds} of {:.1} s each", counted.as_secs_f64())),
            ("players", players.to_string()),
            ("seed", seed.to_string()),
        ]
    }

    /// All of it.
    #[must_use]
    pub fn json(&self, targets: &[Target]) -> Value {
        let facts: serde_json::Map<String, Value> =
            self.facts().into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        let cell = |cell: Cell| {
            json!({
                "workload": cell.workload.name(),
                "connections": cell.connections,
                "peer": cell.peer.name(),
            })
        };
        let with = |base: Value, more: Value| {
            let mut base = base;
            if let (Value::Object(base), Value::Object(more)) = (&mut base, more) {
                base.extend(more);
            }
            base
        };
        let row = |row: &Row| {
            with(
                cell(row.cell),
                json!({
                    "rounds": row.rounds, "cpu_ns": row.cpu_ns, "ratio": row.ratio,
                    "user_share": row.user_share, "busy": row.busy, "per_second": row.per_second,
                    "p50_ns": row.p50_ns, "p99_ns": row.p99_ns,
                    "resident_bytes": row.resident_bytes, "system_calls": row.system_calls,
                }),
            )
        };
        let taken = |taken: &Taken| {
            with(cell(taken.cell), json!({ "round": taken.round, "sample": taken.sample }))
        };
        let failure = |failure: &Failure| {
            json!({
                "peer": failure.peer, "cell": failure.cell.map(cell), "error": failure.error,
            })
        };
        json!({
            "run": facts,
            "warnings": self.warnings,
            "answers_compared": self.agreed,
            "no_system_calls": self.no_system_calls,
            "targets": targets,
            "rows": self.rows().iter().map(row).collect::<Vec<_>>(),
            "samples_in_order": self.taken.iter().map(taken).collect::<Vec<_>>(),
            "failures": self.failures.iter().map(failure).collect::<Vec<_>>(),
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "a measured figure has few digits")]
fn float(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::time::Duration;

    /// A record of these costs, by round, peer, workload and connections.
    pub(crate) fn record(costs: &[(u32, Peer, Workload, u32, f64)]) -> Record {
        let options = Options {
            peers: Peer::all(),
            workloads: Workload::ALL.to_vec(),
            connections: vec![64],
            rounds: 1,
            players: 64,
            counted: Duration::from_secs(1),
            seed: 1,
            json: false,
            check: false,
            command_line: "cargo floor".into(),
        };
        let mut record = Record::new(&options, 0, 1);
        for (round, peer, workload, connections, cpu_ns) in costs.iter().copied() {
            let sample = Sample {
                cpu_ns,
                user_share: None,
                busy: 1.0,
                per_second: 1e9 / cpu_ns,
                p50_ns: 1_000_000,
                p99_ns: 1_500_000,
                resident_bytes: 1 << 20,
                system_calls: (round == 1).then_some(2.0),
                broadcasts: 0,
            };
            let cell = Cell { workload, connections, peer };
            record.taken.push(Taken { round, cell, sample });
        }
        record
    }

    #[test]
    fn a_spread_has_the_figure_in_the_middle() {
        assert_eq!(Spread::of([3.0, 1.0, 2.0]), Some(Spread { median: 2.0, min: 1.0, max: 3.0 }));
        assert_eq!(Spread::of([4.0, 1.0]).unwrap().median, 2.5);
        assert_eq!(Spread::of([]), None);
    }

    #[test]
    fn ratios_are_to_the_better_floor_of_the_same_round() {
        let (peer, workload) = (Peer::Hyper, Workload::Resolve);
        let record = record(&[
            (1, Peer::Epoll, workload, 64, 500.0),
            (1, Peer::IoUring, workload, 64, 400.0),
            (1, peer, workload, 64, 800.0),
            (2, Peer::IoUring, workload, 64, 600.0),
            (2, peer, workload, 64, 1800.0),
            (2, Peer::Epoll, workload, 64, 600.0),
        ]);
        assert_eq!(record.better_floor(workload, 64), Some(Peer::IoUring));
        let row = record.row(Cell { workload, connections: 64, peer }).unwrap();
        assert_eq!(row.ratio, Some(Spread { median: 2.5, min: 2.0, max: 3.0 }));
        assert_eq!(record.rows().len(), 3);
        assert_eq!(record.better_floor(Workload::Loot, 64), None);
    }
}
