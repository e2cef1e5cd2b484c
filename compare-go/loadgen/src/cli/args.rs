//! The command line of `hunt-load`: what may be said, what is refused, and with which remedy.

use super::values::{address, body, cores, counted, duration, rate, tag, target, workload};
use crate::messages::Encoding;
use crate::plan::{Arrivals, Fault, Load, Plan, Processes, Workers};
use crate::prove::Claim;
use crate::quantity::{parse_duration, parse_share};
use crate::slo::Slo;
use crate::workload::{Kind, Options};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const EXAMPLES: &str = "\
Examples:
  hunt-load resolve --rate 15k --duration 30s --slo 'p99<50ms,errors<0.1%'
  hunt-load loot --connections 64 --closed          as fast as the server lets it
  hunt-load sockets --connections 10k --tui         a live screen
  hunt-load quests --format json --out quests.json --hdr quests.hdr
  hunt-load resolve --dry-run                       one request and its answer, shown
  hunt-load get --url http://127.0.0.1:8000 --path /hello --rate 500
  hunt-load list                                    the workloads
  hunt-load prove                                   is this generator right, on this machine?

A server to try it on: hunt-server serve --demo. Its admin token is printed there, and goes into
HUNT_ADMIN_TOKEN or --admin-token: every workload but get sets its own world up.

Latency begins at the intended send time, whatever the server does; send lag is shown beside it.

Exit code 0: the run came to its end and every objective was held. 1: an objective was not held,
no answer was right, or the server was not there or was lost. 2: refused before the first request.
3: the objectives were held, but by figures that are not valid. 130: interrupted; what was measured
so far is reported.";

/// Loads a treasure-hunt server, open loop, and reports what it did under the load.
#[derive(Debug, Parser)]
#[command(
    name = "hunt-load",
    version,
    after_help = EXAMPLES,
    max_term_width = 100,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true
)]
pub struct Cli {
    /// What to do, if not to run a workload.
    #[command(subcommand)]
    pub task: Option<Task>,
    /// The workload, and how it is run.
    #[command(flatten)]
    pub run: Run,
}

/// What can be done besides running a workload.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// Lists the workloads
    List,
    /// Proves that the generator measures what it says, on this machine
    Prove(Box<Prove>),
    /// Serves answers after a known delay: what the proof measures against
    Null(Null),
}

/// A workload, and how it is run.
#[derive(Debug, Args)]
pub struct Run {
    /// What is asked: see `hunt-load list`
    #[arg(value_name = "WORKLOAD", required = true, value_parser = workload)]
    pub workload: Option<Kind>,
    /// The server, as http://HOST:PORT
    #[arg(long, default_value = "http://127.0.0.1:8080", value_parser = address, help_heading = SERVER)]
    pub url: SocketAddr,
    /// Its admin listener, through which the world is set up
    #[arg(long, default_value = "http://127.0.0.1:9090", value_parser = address, help_heading = SERVER)]
    pub admin_url: SocketAddr,
    /// An admin token for it
    #[arg(long, env = "HUNT_ADMIN_TOKEN", hide_env_values = true, value_name = "TOKEN", help_heading = SERVER)]
    pub admin_token: Option<String>,
    /// What is asked of it.
    #[command(flatten)]
    pub offered: Offered,
    /// What the workload leaves open.
    #[command(flatten)]
    pub left: Left,
    /// Who asks.
    #[command(flatten)]
    pub generator: Generator,
    /// What is said about it.
    #[command(flatten)]
    pub told: Told,
}

const SERVER: &str = "Server";
const LOAD: &str = "Load";
const WORKLOAD: &str = "Workload";
const GENERATOR: &str = "Generator";
const OUTPUT: &str = "Output";

/// What is asked of a server.
#[derive(Debug, Args)]
pub struct Offered {
    /// Requests a second on all connections together, as 250, 15k or 0.5; each workload has its own
    #[arg(short, long, value_name = "R", value_parser = rate, allow_negative_numbers = true, help_heading = LOAD)]
    pub rate: Option<f64>,
    /// Let each connection ask again when it has its answer, to find what the server can do at most
    #[arg(long, conflicts_with_all = ["rate", "arrivals"], help_heading = LOAD)]
    pub closed: bool,
    /// The time between requests
    #[arg(long, value_enum, default_value = "constant", help_heading = LOAD)]
    pub arrivals: ArrivalsWord,
    /// Connections, as 512 or 30k; each workload has its own
    #[arg(short, long, value_name = "N", value_parser = counted, help_heading = LOAD)]
    pub connections: Option<u32>,
    /// Requests that may be outstanding on one connection
    #[arg(long, value_name = "DEPTH", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=256), help_heading = LOAD)]
    pub pipeline: u32,
    /// For how long it counts
    #[arg(short, long, value_name = "TIME", default_value = "30s", value_parser = duration, help_heading = LOAD)]
    pub duration: Duration,
    /// For how long it does not, before
    #[arg(short, long, value_name = "TIME", default_value = "5s", value_parser = parse_duration, help_heading = LOAD)]
    pub warmup: Duration,
    /// For how long one answer is waited for
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration, help_heading = LOAD)]
    pub timeout: Duration,
    /// For how long answers are waited for when the time is over
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = parse_duration, help_heading = LOAD)]
    pub grace: Duration,
    /// Everything random comes from it: the same number asks the same
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = LOAD)]
    pub seed: u64,
}

/// What a workload leaves open; each has values of its own.
#[derive(Debug, Args)]
pub struct Left {
    /// What the ids of the world begin with; from the time, so that runs on one server do not meet
    #[arg(long, value_name = "WORD", value_parser = tag, help_heading = WORKLOAD)]
    pub tag: Option<String>,
    /// Hunts that are started
    #[arg(long, value_name = "N", value_parser = counted, help_heading = WORKLOAD)]
    pub hunts: Option<u32>,
    /// Players that join, over all hunts
    #[arg(long, value_name = "N", value_parser = counted, help_heading = WORKLOAD)]
    pub sessions: Option<u32>,
    /// How WebSocket messages are written
    #[arg(long, value_enum, help_heading = WORKLOAD)]
    pub encoding: Option<EncodingWord>,
    /// Of slow-readers: how many of them are slow, as 25%
    #[arg(long, value_name = "SHARE", value_parser = parse_share, help_heading = WORKLOAD)]
    pub slow: Option<f64>,
    /// Of slow-readers: for how long these read nothing, before they read again
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = WORKLOAD)]
    pub stall: Option<Duration>,
    /// Of quests: how many are published a second
    #[arg(long, value_name = "R", value_parser = rate, help_heading = WORKLOAD)]
    pub publish_rate: Option<f64>,
    /// Of get: the target that is asked for
    #[arg(long, value_name = "TARGET", value_parser = target, help_heading = WORKLOAD)]
    pub path: Option<String>,
}

/// Who asks.
#[derive(Debug, Args)]
pub struct Generator {
    /// The cores of the workers, as 1 or 0,2-3; give the server others
    #[arg(long, value_name = "LIST", value_parser = cores, help_heading = GENERATOR)]
    pub cores: Option<Cores>,
    /// Workers, each with a core's worth of connections [default: one, or one for each of --cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024), help_heading = GENERATOR)]
    pub workers: Option<u32>,
    /// Whether workers are processes, each with descriptors of its own
    #[arg(long, value_enum, default_value = "auto", help_heading = GENERATOR)]
    pub processes: ProcessesWord,
    /// Make the generator measure wrongly; the proof must find it
    #[arg(long, value_enum, default_value = "none", hide = true, help_heading = GENERATOR)]
    pub fault: FaultWord,
}

/// What is said about a run.
#[derive(Debug, Args)]
pub struct Told {
    /// How the report is written
    #[arg(short, long, value_enum, default_value = "text", help_heading = OUTPUT)]
    pub format: Format,
    /// Where it is written, in place of standard output
    #[arg(short, long, value_name = "FILE", help_heading = OUTPUT)]
    pub out: Option<PathBuf>,
    /// Also write latencies, second by second, as an HDR V2 interval log
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub hdr: Option<PathBuf>,
    /// What must be held, as 'p99<50ms,errors<0.1%'
    #[arg(long, value_name = "OBJECTIVES", value_parser = Slo::parse, help_heading = OUTPUT)]
    pub slo: Option<Slo>,
    /// A proof of `hunt-load prove --format json`, so that the report says whether it stands on one
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub proof: Option<PathBuf>,
    /// Send one request, print it and its answer, and end
    #[arg(long, help_heading = OUTPUT)]
    pub dry_run: bool,
    /// Show a live screen in place of a line
    #[arg(long, conflicts_with_all = ["dry_run", "quiet"], help_heading = OUTPUT)]
    pub tui: bool,
    /// Show nothing while it runs
    #[arg(short, long, help_heading = OUTPUT)]
    pub quiet: bool,
    /// Say on standard error when each part of the run begins, for programs that watch the server:
    /// `phase: connected 512`, then `warmup`, `measured`, `grace` and `end`
    #[arg(long, conflicts_with_all = ["dry_run", "tui"], help_heading = OUTPUT)]
    pub phases: bool,
}

/// What is proven, and with what.
#[derive(Debug, Args)]
#[command(after_help = PROVE_HELP)]
pub struct Prove {
    /// Only these: a (stall), b (delay), c (achieved), d (headroom), e (agreement)
    #[arg(long, value_delimiter = ',', value_parser = Claim::parse)]
    pub only: Vec<Claim>,
    /// Short and few rounds: a first look
    #[arg(long)]
    pub quick: bool,
    /// Let the null server of b sleep, where it has no core to itself; it is less exact then
    #[arg(long)]
    pub sleep: bool,
    /// The core of the server that is measured against
    #[arg(long, value_name = "CORE")]
    pub server_core: Option<usize>,
    /// The core of the generator
    #[arg(long, value_name = "CORE")]
    pub core: Option<usize>,
    /// The delays of b, as 1ms,20ms [default: 0.5ms,1ms,5ms,20ms]
    #[arg(long, value_name = "TIMES", value_delimiter = ',', value_parser = parse_duration)]
    pub delays: Vec<Duration>,
    /// The rates of c and d, as 1k,10k,50k [default: 1k,10k,50k,100k]
    #[arg(long, value_name = "RATES", value_delimiter = ',', value_parser = rate)]
    pub rates: Vec<f64>,
    /// A running server for c, d and e, in place of the null server
    #[arg(long, value_parser = address)]
    pub url: Option<SocketAddr>,
    /// The target that is asked for there
    #[arg(long, value_name = "TARGET", default_value = "/loot", value_parser = target)]
    pub path: String,
    /// How the proof is written
    #[arg(short, long, value_enum, default_value = "text")]
    pub format: ProofFormat,
    /// Where it is written, in place of standard output
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Make the generator measure wrongly: the proof must fail
    #[arg(long, value_enum, default_value = "none")]
    pub fault: FaultWord,
}

const PROVE_HELP: &str = "\
  a  a server that stands still for three fifths of a run: p90 must read at least 80 % of the stall
  b  a null server with a fixed delay must be read back within 5 % or 100 us
  c  at each rate, at least 99 % of what was due must be sent and answered
  d  the generator must be busy at most 80 % of the time at the highest rate of c
  e  wrk must measure the same, within 5 %: closed loop, the same connections, the same server

Each is measured several times, as the output says, and its median is judged; nothing is tried again
until it fits. Exit code 0 where all that was asked for is proven, 1 where it is not, 2 where it was
asked for wrongly.";

/// How the null server answers.
#[derive(Debug, Args)]
pub struct Null {
    /// Where it listens
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:8090")]
    pub listen: SocketAddr,
    /// From the end of a request to its answer
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_duration)]
    pub delay: Duration,
    /// CPU time that each answer takes besides, so that the server has a capacity that is known
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_duration)]
    pub work: Duration,
    /// Bytes of the body, which is a JSON list
    #[arg(long, value_name = "BYTES", default_value_t = 2, value_parser = body)]
    pub body: usize,
    /// Send all of an answer but its last byte at once, so that it ends when the delay does
    #[arg(long)]
    pub early: bool,
    /// Its core
    #[arg(long, value_name = "CORE")]
    pub core: Option<usize>,
    /// Wait by looking again and again, for a core of its own
    #[arg(long)]
    pub spin: bool,
    /// End when the process that started it ends
    #[arg(long, hide = true)]
    pub end_with_parent: bool,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// Everything that was measured
    Json,
    /// A row for each operation
    Csv,
}

/// How a proof is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProofFormat {
    /// For people
    Text,
    /// For --proof and other programs
    Json,
}

/// [`Arrivals`] as they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ArrivalsWord {
    /// Always the same
    Constant,
    /// Exponentially distributed, as of many that do not know each other
    Poisson,
}

/// [`Encoding`] as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EncodingWord {
    /// JSON in text messages
    Json,
    /// protobuf in binary messages
    Protobuf,
}

impl EncodingWord {
    fn encoding(self) -> Encoding {
        match self {
            Self::Json => Encoding::Json,
            Self::Protobuf => Encoding::Protobuf,
        }
    }
}

/// [`Processes`] as they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProcessesWord {
    /// Where one process has too few descriptors
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// [`Fault`] as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FaultWord {
    /// None
    None,
    /// Latency is counted from when a request was sent
    LatencyFromSend,
    /// A request that cannot be sent in time is left out
    DropLate,
    /// An answer ends when it has been checked
    TimeAfterParse,
}

impl FaultWord {
    /// The fault.
    #[must_use]
    pub fn fault(self) -> Fault {
        match self {
            Self::None => Fault::None,
            Self::LatencyFromSend => Fault::LatencyFromSend,
            Self::DropLate => Fault::LateDropped,
            Self::TimeAfterParse => Fault::TimeAfterParse,
        }
    }
}

/// A list of cores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cores(pub Vec<usize>);

impl Run {
    /// The plan that this asks for.
    ///
    /// # Panics
    /// If there is no workload, which clap asks for.
    #[must_use]
    pub fn plan(&self) -> Plan {
        let Offered { connections, duration, warmup, timeout, grace, seed, .. } = self.offered;
        let cores = self.generator.cores.clone().map(|cores| cores.0).unwrap_or_default();
        let arrivals = match self.offered.arrivals {
            ArrivalsWord::Constant => Arrivals::Constant,
            ArrivalsWord::Poisson => Arrivals::Poisson,
        };
        let processes = match self.generator.processes {
            ProcessesWord::Auto => Processes::WhereNeeded,
            ProcessesWord::Always => Processes::Always,
            ProcessesWord::Never => Processes::Never,
        };
        let of_cores = u32::try_from(cores.len()).unwrap_or(u32::MAX);
        Plan {
            workload: self.workload.expect("clap asks for it"),
            options: Options {
                hunts: self.left.hunts,
                sessions: self.left.sessions,
                path: self.left.path.clone(),
                encoding: self.left.encoding.map(EncodingWord::encoding),
                slow: self.left.slow,
                stall: self.left.stall,
                publish_per_s: self.left.publish_rate,
            },
            server: self.url,
            admin: self.admin_url,
            admin_token: self.admin_token.clone(),
            load: match self.offered.closed {
                true => Load::Closed,
                false => Load::Open { rate_per_s: self.offered.rate, arrivals },
            },
            connections,
            depth: self.offered.pipeline,
            workers: Workers {
                count: self.generator.workers.unwrap_or(of_cores),
                processes,
                cores,
            },
            warmup,
            duration,
            grace,
            timeout,
            seed,
            tag: self.left.tag.clone().unwrap_or_else(tag_now),
            names: self.told.slo.as_ref().map(Slo::names).unwrap_or_default(),
            fault: self.generator.fault.fault(),
        }
    }
}

/// A word that no other run has, from the time: six letters and digits.
fn tag_now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut rest = since.as_millis();
    let digits = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut tag = String::new();
    for _ in 0..6 {
        let digit = usize::try_from(rest % 36).expect("less than 36");
        tag.insert(0, char::from(digits[digit]));
        rest /= 36;
    }
    tag
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parsed(words: &[&str]) -> Result<Cli, String> {
        let all = std::iter::once("hunt-load").chain(words.iter().copied());
        Cli::try_parse_from(all).map_err(|error| error.to_string())
    }

    fn plan(words: &[&str]) -> Plan {
        parsed(words).unwrap().run.plan()
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_workload_alone_is_an_open_loop_with_defaults() {
        let plan = plan(&["resolve"]);
        assert_eq!(plan.workload, Kind::Resolve);
        assert_eq!(plan.load, Load::Open { rate_per_s: None, arrivals: Arrivals::Constant });
        assert_eq!((plan.connections, plan.depth, plan.seed), (None, 1, 1));
        assert_eq!((plan.duration.as_secs(), plan.warmup.as_secs()), (30, 5));
        assert_eq!(plan.fault, Fault::None);
        assert!(plan.tag.len() == 6 && plan.tag.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }

    #[test]
    fn what_is_said_is_planned() {
        let words = "get -r 15k -c 30k -d 2m -w 0s --arrivals poisson --pipeline 4 --workers 2 \
                     --processes always --seed 7 --url http://127.0.0.1:81/ --path /x?y=1 \
                     --slow 25% --encoding json";
        let plan = plan(&words.split_whitespace().collect::<Vec<_>>());
        let rate_per_s = Some(15_000.0);
        assert_eq!(plan.load, Load::Open { rate_per_s, arrivals: Arrivals::Poisson });
        assert_eq!((plan.connections, plan.depth, plan.seed), (Some(30_000), 4, 7));
        assert_eq!((plan.workers.count, plan.workers.processes), (2, Processes::Always));
        assert_eq!(plan.server.port(), 81);
        assert_eq!(plan.options.path.as_deref(), Some("/x?y=1"));
        assert_eq!((plan.options.slow, plan.options.encoding), (Some(0.25), Some(Encoding::Json)));
        assert_eq!(plan.duration.as_secs(), 120);
    }

    #[test]
    fn there_is_a_worker_for_each_core_that_is_named() {
        let core = crate::prove::cores::allowed().unwrap()[0].to_string();
        let workers = plan(&["loot", "--closed", "--cores", &core]).workers;
        assert_eq!((workers.count, workers.cores.len()), (1, 1));
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_remedy() {
        for (words, remedy) in [
            (&[][..], "WORKLOAD"),
            (&["resolv"], "did you mean resolve?"),
            (&["porve"], "did you mean `hunt-load prove`?"),
            (&["loot", "--rate", "0"], "from 0.001 to 100M"),
            (&["loot", "--rate", "-5"], "is written as 250, 0.5 or 15k"),
            (&["loot", "--rate", "fast"], "a rate"),
            (&["loot", "--rate", "5", "--closed"], "cannot be used with"),
            (&["loot", "--duration", "10"], "write 10s or 10ms"),
            (&["loot", "--duration", "1ms"], "the shortest is 100ms"),
            (&["loot", "--connections", "0"], "from 1 to 10M"),
            (&["loot", "--connections", "1.5"], "a whole number"),
            (&["loot", "--pipeline", "0"], "1..=256"),
            (&["loot", "--url", "https://a:1"], "TLS"),
            (&["loot", "--url", "127.0.0.1"], "http://HOST:PORT"),
            (&["loot", "--url", "http://127.0.0.1:1/loot"], "up to the workload"),
            (&["loot", "--cores", "4095"], "is not to be had"),
            (&["loot", "--cores", "2-1"], "0,2-3"),
            (&["loot", "--slo", "p99<50"], "write 50s or 50ms"),
            (&["loot", "--format", "xml"], "text, json, csv"),
            (&["loot", "--path", "loot"], "begins with a slash"),
            (&["loot", "--tag", "A"], "1 to 12 of a-z and 0-9"),
            (&["slow-readers", "--slow", "0.5"], "in percent: 0.5%"),
            (&["loot", "--tui", "--quiet"], "cannot be used with"),
            (&["loot", "--tui", "--phases"], "cannot be used with"),
            (&["prove", "--only", "a,f"], "e (agreement)"),
            (&["prove", "--rates", "1k,0"], "from 0.001"),
            (&["null", "--body", "1"], "from 2"),
            (&["null", "--delay", "2"], "write 2s or 2ms"),
        ] {
            let error = parsed(words).unwrap_err();
            assert!(error.contains(remedy), "{words:?}: {error}");
        }
    }

    #[test]
    fn the_examples_in_the_help_are_good() {
        let examples = EXAMPLES.lines().filter_map(|line| line.strip_prefix("  hunt-load "));
        let mut count = 0;
        for example in examples {
            let command = example.split("   ").next().unwrap().replace('\'', "");
            let words: Vec<&str> = command.split_whitespace().collect();
            assert!(parsed(&words).is_ok(), "{example}");
            count += 1;
        }
        assert_eq!(count, 8);
    }
}
