//! The command line.

use crate::measure::PLAYERS;
use crate::peer::Peer;
use crate::serve::Serve;
use crate::whole::Whole;
use crate::workload::Workload;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use hunt_server::load::Flags;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// What is asked of the program.
#[derive(Clone, Debug)]
pub enum Task {
    /// Measure.
    Measure(Box<Options>),
    /// Be one of the peers, in the world that is measured.
    Serve(Serve),
    /// Be a whole server of the game.
    Whole(Whole),
}

/// What is measured, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// Who.
    pub peers: Vec<Peer>,
    /// What is asked.
    pub workloads: Vec<Workload>,
    /// Over how many connections.
    pub connections: Vec<u32>,
    /// How often.
    pub rounds: u32,
    /// How many players are in the world.
    pub players: u32,
    /// For how long each time.
    pub counted: Duration,
    /// The order of measurements follows from it.
    pub seed: u64,
    /// Whether JSON is printed instead of a table.
    pub json: bool,
    /// Whether a target that is missed is a failure.
    pub check: bool,
    /// The command line, for the record.
    pub command_line: String,
}

const EXAMPLES: &str = "\
Examples:
  cargo floor                              every peer and workload; the figures to quote
  cargo floor --quick                      a first look, in minutes
  cargo floor --full --json > floor.json   19,000 connections too, for a record
  cargo floor --peers epoll,io-uring,tokio-per-core --workloads resolve --connections 64
  cargo floor --check                      fails where a target is missed

The server has one core and the client another. Ratios are to the better of the two bare loops, in
the same round. Exit code 0 where everything was measured, 1 where a peer failed or, with --check, a
target was missed, 2 where it was asked for wrongly.";

/// Reads the command line.
///
/// # Errors
/// What clap says: also for `--help` and `--version`.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Task, clap::Error> {
    let args: Vec<OsString> = args.into_iter().collect();
    let words = args.iter().skip(1).map(|arg| arg.to_string_lossy().into_owned());
    let command_line = std::iter::once("cargo floor".to_owned()).chain(words).collect::<Vec<_>>();
    let matches = command().try_get_matches_from(&args)?;
    if let Some(("serve", matches)) = matches.subcommand() {
        return Ok(serving(matches));
    }
    Ok(Task::Measure(Box::new(options(&matches, command_line.join(" ")))))
}

fn serving(matches: &ArgMatches) -> Task {
    let need = "clap asks for what is required";
    let peer = *matches.get_one("peer").expect(need);
    if let Some(core) = matches.get_one("core") {
        let players = *matches.get_one("players").expect(need);
        return Task::Serve(Serve { peer, core: *core, players });
    }
    let values = ["listen", "admin", "workers"].into_iter().filter_map(|flag| {
        let value: &String = matches.get_one(flag)?;
        Some((flag.to_owned(), value.clone()))
    });
    let limits = matches.get_many("limit").into_iter().flatten().cloned().collect();
    let config = matches.get_one("config").cloned();
    Task::Whole(Whole { peer, flags: Flags { config, values: values.collect(), limits } })
}

fn options(matches: &ArgMatches, command_line: String) -> Options {
    let (quick, full) = (matches.get_flag("quick"), matches.get_flag("full"));
    let connections: &[u32] = match (quick, full) {
        (true, _) => &[64, 1_024],
        (_, true) => &[64, 1_024, 8_000, 19_000],
        _ => &[64, 1_024, 8_000],
    };
    let seconds = matches.get_one("seconds").copied().unwrap_or(if quick { 0.4 } else { 1.5 });
    let rounds = matches.get_one("rounds").copied().unwrap_or(if quick { 2 } else { 5 });
    let many = |id: &str| matches.get_many(id).map(|values| values.copied().collect::<Vec<_>>());
    Options {
        peers: many("peers").unwrap_or_else(Peer::all),
        workloads: matches
            .get_many("workloads")
            .map_or_else(|| Workload::ALL.to_vec(), |values| values.copied().collect()),
        connections: matches
            .get_many("connections")
            .map_or_else(|| connections.to_vec(), |values| values.copied().collect()),
        rounds,
        players: matches.get_one("players").copied().unwrap_or(PLAYERS),
        counted: Duration::from_secs_f64(seconds),
        seed: matches.get_one("seed").copied().unwrap_or_else(|| fastrand::u64(..)),
        json: matches.get_flag("json"),
        check: matches.get_flag("check"),
        command_line,
    }
}

fn command() -> Command {
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
    };
    let list = |name: &'static str, value: &'static str| {
        Arg::new(name).long(name).value_name(value).value_delimiter(',')
    };
    Command::new("floor")
        .about("Measures every backend against bare loops that do the same game work")
        .version(env!("CARGO_PKG_VERSION"))
        .after_help(EXAMPLES)
        .max_term_width(100)
        .disable_help_subcommand(true)
        .args_conflicts_with_subcommands(true)
        .arg(
            flag("quick", "Few and short rounds of 64 and 1,024 connections")
                .conflicts_with("full"),
        )
        .arg(flag("full", "19,000 connections too"))
        .arg(list("peers", "NAMES").value_parser(Peer::from_name).help("Who is measured"))
        .arg(
            list("workloads", "NAMES")
                .value_parser(Workload::from_name)
                .help("Of resolve, loot, move and fanout"),
        )
        .arg(
            list("connections", "COUNTS")
                .value_parser(value_parser!(u32).range(1..=20_000))
                .help("How many connections ask; fanout has 2,000 whatever is said here"),
        )
        .arg(
            Arg::new("rounds")
                .long("rounds")
                .value_name("N")
                .value_parser(value_parser!(u32).range(1..=1_000))
                .help("How often everything is measured [default: 5, with --quick 2]"),
        )
        .arg(
            Arg::new("seconds")
                .long("seconds")
                .value_name("S")
                .value_parser(seconds)
                .help("How long each time, 0.1 to 30 [default: 1.5, with --quick 0.4]"),
        )
        .arg(
            Arg::new("players")
                .long("players")
                .value_name("N")
                .value_parser(value_parser!(u32).range(1..=1_000_000))
                .help("How many players are in the world [default: 20480]"),
        )
        .arg(
            Arg::new("seed")
                .long("seed")
                .value_name("N")
                .value_parser(value_parser!(u64))
                .help("Repeats the order of an earlier run, which tells its seed"),
        )
        .arg(flag("json", "Print JSON: every sample, the order, and what it ran on"))
        .arg(flag("check", "Fail where a target is missed"))
        .subcommand(serve_command())
}

fn serve_command() -> Command {
    let arg = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    let of_server = ["config", "listen", "admin", "workers", "limit"];
    Command::new("serve")
        .about("Is one of the peers: a whole server behind hyper or axum, or what is measured")
        .after_help(
            "With --core and --players it is what the runner starts: one core, a world with \
             players in it, and no operators. Without, hyper and axum serve the whole game until \
             SIGTERM, configured as hunt-server is, by file, HUNT_* variables and these flags.",
        )
        .max_term_width(100)
        .arg(arg("peer", "NAME", "Who serves").required(true).value_parser(Peer::from_name))
        .arg(
            arg("core", "N", "The core that it stays on")
                .value_parser(value_parser!(usize))
                .requires("players")
                .conflicts_with_all(of_server),
        )
        .arg(
            arg("players", "N", "How many players are in its world")
                .value_parser(value_parser!(u32))
                .requires("core"),
        )
        .arg(
            arg("config", "FILE", "A configuration file of hunt-server")
                .value_parser(value_parser!(PathBuf)),
        )
        .arg(arg("listen", "ADDR", "Where players connect"))
        .arg(arg("admin", "ADDR", "Where operators connect"))
        .arg(arg("workers", "N", "Threads of axum; hyper has one"))
        .arg(arg("limit", "NAME=VALUE", "Sets a limit; repeatable").action(ArgAction::Append))
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.1..=30.0).contains(seconds));
    seconds.ok_or_else(|| "a number of seconds, 0.1 to 30".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Options, clap::Error> {
        let args = std::iter::once("floor").chain(words.iter().copied()).map(OsString::from);
        parse(args).map(|task| match task {
            Task::Measure(options) => *options,
            Task::Serve(_) | Task::Whole(_) => unreachable!("not asked for"),
        })
    }

    #[test]
    fn without_flags_everything_is_measured() {
        let options = parsed(&[]).unwrap();
        assert_eq!(options.peers, Peer::all());
        assert_eq!(options.connections, [64, 1_024, 8_000]);
        assert_eq!(parsed(&["--full"]).unwrap().connections.last(), Some(&19_000));
        assert_eq!(parsed(&["--quick"]).unwrap().rounds, 2);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for words in [
            &["--peers", "nginx"][..],
            &["--workloads", "chat"],
            &["--connections", "0"],
            &["--connections", "many"],
            &["--rounds", "0"],
            &["--seconds", "NaN"],
            &["--seconds", "99"],
            &["--quick", "--full"],
            &["--fast"],
            &["measure"],
            &["serve", "--peer", "hyper", "--core", "0"],
            &["serve", "--peer", "hyper", "--players", "1"],
            &["serve", "--peer", "hyper", "--core", "0", "--players", "1", "--listen", "[::1]:0"],
        ] {
            assert!(parsed(words).is_err(), "{words:?}");
        }
    }
}
