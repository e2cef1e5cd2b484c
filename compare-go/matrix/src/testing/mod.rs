//! Bundles of servers that do not exist, whose figures are known beforehand: what readers of
//! bundles are tested with. Nothing here is measured, and nothing that is published reads it.

mod character;
mod environment;
mod printed;
mod profile;

pub use character::Character;
pub use environment::environment;
pub use printed::{Broadcasts as PrintedBroadcasts, Load as PrintedLoad, printed};
pub use profile::profile;

use crate::bundle::observed::Observed;
use crate::bundle::run::{
    Allocations, Allocator, CommandLine, Counted, Machine, Measured, Outcome, Proof, Purpose,
    Reading, Resident, Run, Series, Span,
};
use crate::bundle::server::{Golden, Ready, ServerRecord, ServerState};
use crate::bundle::write::Writer;
use crate::bundle::{End, Head};
use crate::cell::{Cell, Server, Workload};
use crate::figures::work;
use crate::number::{float, whole};
use crate::plan::{Extent, Load, Plan, Step, Task, Twin};
use crate::slo::Slo;
use crate::statistics::random::Random;
use serde_json::json;
use serde_json::value::to_raw_value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A bundle to be made.
#[derive(Clone, Debug)]
pub struct Synthetic {
    /// Its name.
    pub name: String,
    /// Who is measured, and how they behave.
    pub servers: Vec<(Server, Character)>,
    /// Under which workloads.
    pub workloads: Vec<Workload>,
    /// The load of each.
    pub load: Load,
    /// In how many rounds.
    pub rounds: u32,
    /// For which promises capacity is searched.
    pub slos: Vec<Slo>,
    /// What its noise follows from.
    pub seed: u64,
    /// Whether it comes to its end.
    pub complete: bool,
    /// After how many runs it was interrupted, if it was.
    pub runs_max: Option<usize>,
    /// Whether the generator proved itself.
    pub proven: bool,
    /// The commit that it says it is of.
    pub commit: String,
    /// The model of the processor that it says it ran on.
    pub processor: String,
    /// The cores of its servers.
    pub server_cores: Vec<u32>,
    /// Servers whose programs are other ones than in another bundle.
    pub rebuilt: Vec<Server>,
}

/// Digests of programs that do not exist.
const SERVER_SHA256: &str = "5e54e5000000000000000000000000000000000000000000000000000000c0de";
const GENERATOR_SHA256: &str = "10ad10ad0000000000000000000000000000000000000000000000000000c0de";
/// 2027-03-01, midnight UTC.
const STARTED_UNIX_MS: u64 = 1_803_859_200_000;

impl Synthetic {
    /// A bundle of these servers under `resolve`, of five rounds without searches for capacity.
    #[must_use]
    pub fn of(servers: &[(Server, Character)]) -> Self {
        Self {
            name: "2027-03-01-synthetic".into(),
            servers: servers.to_vec(),
            workloads: vec![Workload::Resolve],
            load: Load {
                rate_per_s: Some(10_000.0),
                connections: 1_000,
                sessions: 30_000,
                warm_up_ms: 1_000,
                counted_ms: 5_000,
            },
            rounds: 5,
            slos: Vec::new(),
            seed: 1,
            complete: true,
            runs_max: None,
            proven: true,
            commit: "0123456789ab".into(),
            processor: "Synthetic".into(),
            server_cores: vec![1],
            rebuilt: Vec::new(),
        }
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> Plan {
        let mut random = Random::new(self.seed);
        let cells = |workload: Workload| {
            self.servers.iter().map(move |(server, _)| Cell { workload, server: *server })
        };
        let twins: Vec<Cell> = self.workloads.iter().filter_map(|w| cells(*w).next()).collect();
        let mut steps = Vec::new();
        for round in 1..=self.rounds {
            let mut of_round = Vec::new();
            for workload in &self.workloads {
                let measured = cells(*workload).map(|cell| (cell, None));
                let twins = twins.iter().filter(|cell| cell.workload == *workload);
                let twins = twins.flat_map(|cell| Twin::ALL.map(|twin| (*cell, Some(twin))));
                for (cell, twin) in measured.chain(twins) {
                    of_round.push(Step { round, cell, twin, task: Task::Measure });
                    let slos = self.slos.iter().map(|slo| Task::Capacity(*slo));
                    of_round.extend(slos.map(|task| Step { round, cell, twin, task }));
                }
            }
            random.shuffle(&mut of_round);
            steps.append(&mut of_round);
        }
        Plan {
            extent: Extent::Quick,
            filters: Vec::new(),
            seed: self.seed,
            rounds: self.rounds,
            servers: self.servers.iter().map(|(server, _)| *server).collect(),
            loads: self.workloads.iter().map(|w| (*w, self.load.clone())).collect(),
            twins,
            steps,
        }
    }

    /// What the bundle says it is.
    #[must_use]
    pub fn head(&self) -> Head {
        Head {
            name: self.name.clone(),
            created_unix_ms: STARTED_UNIX_MS,
            tool: "synthetic".into(),
            command: vec!["matrix".into(), "run".into()],
            note: "made up for a test".into(),
        }
    }

    /// Writes it below a folder, and tells where.
    ///
    /// # Panics
    /// If it cannot be written.
    #[must_use]
    pub fn write(&self, results: &Path) -> PathBuf {
        let plan = self.plan();
        let mut environment = environment();
        environment.source.commit.clone_from(&self.commit);
        environment.cpu.model.clone_from(&self.processor);
        environment.cores.server.clone_from(&self.server_cores);
        let begun = Writer::begin(results, &self.head(), &environment, &plan);
        let mut writer = begun.expect("a bundle is begun");
        let folder = writer.folder().to_owned();
        for (server, _) in &self.servers {
            writer.server(&self.ready(*server)).expect("a server is written");
        }
        writer.proof(&proof(self.proven)).expect("a proof is written");
        for run in self.runs().into_iter().take(self.runs_max.unwrap_or(usize::MAX)) {
            writer.run(&run).expect("a run is written");
        }
        if self.complete {
            let end = End { ended_unix_ms: STARTED_UNIX_MS + 3_600_000, resumed: 0 };
            writer.end(&end).expect("the end is written");
        }
        folder
    }

    /// What is known of a server before it is measured.
    pub(crate) fn ready(&self, server: Server) -> ServerRecord {
        let golden = CommandLine { args: vec!["check".into()], ..command("target/release/golden") };
        ServerRecord {
            server,
            state: ServerState::Ready(Box::new(Ready {
                build: command("cargo"),
                program: "target/release/hunt-server".into(),
                program_sha256: self.program(server),
                stripped_bytes: Observed::Is(6_000_000),
                program_bytes: 9_000_000,
                version: Observed::Is("0.1.0".into()),
                golden: Golden { command: golden, said: "all transcripts passed".into() },
                start_up_ns: vec![12_000_000, 11_000_000, 13_000_000],
            })),
        }
    }

    /// The digest of a server's program.
    fn program(&self, server: Server) -> String {
        let rebuilt = self.rebuilt.contains(&server);
        if rebuilt { SERVER_SHA256.replace("5e54e5", "0e8011") } else { SERVER_SHA256.into() }
    }

    /// The runs of its plan.
    #[must_use]
    pub fn runs(&self) -> Vec<Run> {
        let mut random = Random::new(self.seed ^ 0x6e6f_6973);
        let mut runs = Vec::new();
        for (index, step) in (0..).zip(self.plan().steps) {
            let mut of_server = self.servers.iter().filter(|(name, _)| *name == step.cell.server);
            let (_, character) = of_server.next().expect("the plan has these servers");
            let now = character.varied(&mut random);
            let attempts = match step.task {
                Task::Measure => vec![(Purpose::Measure, self.load.rate_per_s)],
                Task::Capacity(slo) => now.search(slo),
            };
            for (attempt, (purpose, rate)) in (1..).zip(attempts) {
                runs.push(self.run((index, attempt), &step, (purpose, rate), &now));
            }
        }
        runs
    }

    /// A run of its plan.
    pub(crate) fn run(
        &self,
        (step, attempt): (u32, u32),
        of: &Step,
        (purpose, rate): (Purpose, Option<f64>),
        now: &Character,
    ) -> Run {
        let measured = self.measured(now, rate.unwrap_or(1e6 / now.cpu_us), of.cell);
        Run {
            step,
            attempt,
            cell: of.cell,
            round: of.round,
            twin: of.twin,
            purpose,
            offered_per_s: rate,
            started_unix_ms: STARTED_UNIX_MS + u64::from(step) * 10_000,
            server: command("target/release/hunt-server"),
            server_sha256: self.program(of.cell.server),
            generator: command("target/release/hunt-load"),
            generator_sha256: GENERATOR_SHA256.into(),
            proof: 1,
            outcome: Outcome::Measured(Box::new(measured)),
        }
    }

    fn measured(&self, now: &Character, rate_per_s: f64, cell: Cell) -> Measured {
        let counted_ns = self.load.counted_ms * 1_000_000;
        let achieved_per_s = rate_per_s.min(1e6 / now.cpu_us);
        let answered = whole(achieved_per_s * float(counted_ns) / 1e9);
        let broadcasts = self.broadcasts(now, rate_per_s, cell.workload);
        let units = answered + broadcasts.map_or(0, |broadcasts| broadcasts.frames);
        let cpu_ns = whole(float(units) * now.cpu_us * 1e3);
        let generator = printed(&PrintedLoad {
            rate_per_s: self.load.rate_per_s.is_some().then_some(rate_per_s),
            counted_ns,
            answered,
            latency_ns: now.latency_ns(rate_per_s),
            operation: match cell.workload {
                Workload::Sockets | Workload::Quests => "hunt-status".into(),
                other => other.name().into(),
            },
            seconds: self.load.counted_ms / 1_000,
            broadcasts,
        });
        let connections = u64::from(self.load.connections);
        let resident = now.started_bytes + connections * now.connection_bytes;
        let seconds = usize::try_from(self.load.counted_ms / 1_000).unwrap_or(1);
        let each = |total: u64| vec![total / seconds.max(1) as u64; seconds];
        let allocator = Allocator {
            name: "jemalloc".into(),
            version: "5.3.1".into(),
            installed: "jemalloc".into(),
        };
        let is_go = cell.server.is_go();
        Measured {
            generator,
            generator_exit: 0,
            allocator: if is_go {
                Observed::missing("Go has its own")
            } else {
                Observed::Is(allocator)
            },
            server: span(counted_ns, cpu_ns),
            load: span(counted_ns, answered * 4_000),
            resident: Resident {
                started_bytes: now.started_bytes,
                connected_bytes: Observed::Is(resident),
                connections,
                steady_bytes: resident + (1 << 20),
                peak_bytes: resident + (2 << 20),
            },
            system_calls: Observed::Is(Counted { count: 2_020, units: 1_000 }),
            allocations: Observed::Is(Allocations { requests: 0, bytes: 0, units: 1_000 }),
            scheduling: Observed::missing("this runtime does not tell"),
            collections: Observed::missing("there is no collector"),
            scraped: BTreeMap::new(),
            series: Series {
                interval_ms: 1_000,
                server_cpu_ns: each(cpu_ns),
                load_cpu_ns: each(answered * 4_000),
                resident_bytes: vec![resident; seconds],
                switches: each(answered / 10),
            },
            machine: Machine { others_on_server_cores: 0.001, stolen: 0.0 },
        }
    }

    /// A frame for each connection every 150 ms, one tick in a thousand missed.
    fn broadcasts(
        &self,
        now: &Character,
        rate_per_s: f64,
        workload: Workload,
    ) -> Option<PrintedBroadcasts> {
        let ticks = self.load.counted_ms / 150 * u64::from(self.load.connections);
        work::has_broadcasts(workload).then(|| PrintedBroadcasts {
            frames: ticks - ticks / 1_000,
            missed: ticks / 1_000,
            lag_ns: 2.0 * now.latency_ns(rate_per_s),
        })
    }
}

fn span(counted_ns: u64, cpu_ns: u64) -> Span {
    let ticks = cpu_ns / 10_000_000;
    let end = Reading {
        at_ns: 1_000_000_000 + counted_ns,
        cpu_ns: 500_000_000 + cpu_ns,
        user_ticks: ticks / 4,
        kernel_ticks: ticks - ticks / 4,
        waited_ns: cpu_ns / 1_000,
        voluntary_switches: counted_ns / 1_000_000,
        involuntary_switches: counted_ns / 100_000_000,
    };
    let begin = Reading { at_ns: 1_000_000_000, cpu_ns: 500_000_000, ..Reading::default() };
    Span { begin, end }
}

fn command(program: &str) -> CommandLine {
    CommandLine { program: program.into(), cores: vec![1], ..CommandLine::default() }
}

/// A proof of the generator.
pub(crate) fn proof(holds: bool) -> Proof {
    let printed = json!({
        "schema": 1, "program": "hunt-load 0.1.0", "parts": [], "left_out": [],
        "rate_proven_per_s": 100_000.0, "valid": holds,
    });
    Proof {
        number: 1,
        started_unix_ms: STARTED_UNIX_MS,
        command: command("target/release/hunt-load"),
        generator_sha256: GENERATOR_SHA256.into(),
        printed: to_raw_value(&printed).expect("it is JSON"),
        exit_code: i32::from(!holds),
    }
}
