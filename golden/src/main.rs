//! `golden`: holds servers to the transcripts, writes the transcripts from the core, lists them.

mod args;
mod launch;
mod report;
mod sides;

use anyhow::ensure;
use args::{Args, Check, Task};
use clap::Parser;
use golden::bless;
use golden::check::{CUTS, Checked, Over, on_core, on_core_once, on_servers};
use golden::config::Config;
use golden::diff::{Colour, shown};
use golden::library::Library;
use golden::peer::{Cut, Peer};
use golden::player::Skipped;
use golden::servers::Server;
use golden::sockets::Sockets;
use golden::transcript::{Place, Transcript};
use launch::{HUNT_SERVER, Launch};
use report::Sum;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    // The server's own command line, so that a checkout needs no second program to check one.
    if std::env::args_os().nth(1).is_some_and(|arg| arg == HUNT_SERVER) {
        let program = OsString::from(HUNT_SERVER);
        let args = [program].into_iter().chain(std::env::args_os().skip(2));
        return hunt_server::cli::main(args, hunt_server::allocator::SYSTEM);
    }
    let Args { transcripts, task } = Args::parse();
    let library = transcripts.map_or_else(Library::of_checkout, Library::at);
    let outcome = match task {
        Task::Check(check) => checked(&library, &check),
        Task::Differ(differ) => sides::differ(&library, &differ),
        Task::Bless { filter } => rewrite(&library, &filter),
        Task::List { filter } => report::list(&library, &filter),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(io::stderr(), "golden: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn checked(library: &Library, check: &Check) -> anyhow::Result<bool> {
    let server = Server::from_name(&check.server).map_err(anyhow::Error::msg)?;
    let transcripts = library.read(&check.filter)?;
    let config = Config::read()?;
    let (listed, astray) = launch::listed(library, check, server)?;
    let loose = check.loose || server.is_of_library();
    let mut over = Over { loose, listed, cuts: CUTS.to_vec(), vars: config.vars() };
    if let Some(token) = &check.admin_token {
        over.vars.insert("admin".into(), token.clone().into_bytes());
    }
    let (name, results) = match (check.running()?, server) {
        (Some(at), _) => {
            over.cuts.truncate(1);
            // One server for all, so one after the other.
            let work = |transcript: &Transcript| {
                if transcript.alone {
                    return Ok(left_out(transcript));
                }
                on_servers(transcript, &over, || Ok(Sockets::to(at)))
            };
            (format!("http://{}", at.public), report::in_parallel(&transcripts, 1, work))
        }
        (None, Server::Core) => {
            ensure!(check.server_args.is_empty(), "the core is no program, and takes no --arg");
            let threads = std::thread::available_parallelism().map_or(1, usize::from);
            let work = |transcript: &Transcript| Ok(on_core(&config, transcript));
            (server.name().into(), report::in_parallel(&transcripts, threads, work))
        }
        (None, Server::Own(_) | Server::Go(_) | Server::Behind(_)) => {
            let launch = Launch::of(server, check.program.as_deref(), &check.server_args)?;
            let start = || Ok(Sockets::of(launch.start()?));
            let at_once = usize::from(check.at_once);
            (server.name().into(), on_servers_at_once(&transcripts, &over, at_once, start))
        }
    };
    let results = results.into_iter().collect::<anyhow::Result<Vec<Checked>>>()?;
    let is_listed = check.differences.is_some() || server.is_of_library();
    let sum = Sum { server: &name, is_listed, astray: &astray, verbose: check.verbose };
    report::report(&transcripts, &results, &sum)
}

/// Plays every transcript under every cut on a server of its own, so many at the same time: they
/// wait more than they work.
fn on_servers_at_once<P: Peer>(
    transcripts: &[Transcript],
    over: &Over,
    at_once: usize,
    start: impl Fn() -> anyhow::Result<P> + Sync,
) -> Vec<anyhow::Result<Checked>> {
    let plays: Vec<(&Transcript, Over)> = transcripts
        .iter()
        .flat_map(|transcript| over.each_cut().map(move |over| (transcript, over)))
        .collect();
    let play = |(transcript, over): &(&Transcript, Over)| on_servers(transcript, over, &start);
    let mut results = report::in_parallel(&plays, at_once, play).into_iter();
    let of_transcript = |_: &Transcript| {
        let of_cuts: Vec<_> = results.by_ref().take(over.cuts.len()).collect();
        Ok(Checked::of_plays(of_cuts.into_iter().collect::<anyhow::Result<Vec<Checked>>>()?))
    };
    transcripts.iter().map(of_transcript).collect()
}

fn left_out(transcript: &Transcript) -> Checked {
    let place = Place { file: transcript.file.clone(), line: 1 };
    let why = "it needs a server that nobody else has talked to".into();
    Checked { skipped: vec![Skipped { place, why }], ..Checked::default() }
}

fn rewrite(library: &Library, filter: &str) -> anyhow::Result<bool> {
    let config = Config::read()?;
    let colour = Colour::of_stdout();
    let mut out = io::stdout().lock();
    let mut good = true;
    for transcript in library.read(filter)? {
        let (limits, whole) = (&config.limits, Cut::Whole);
        let played =
            on_core_once::<alloc_heap::HeapArena>(&config, limits, &transcript, whole, true);
        for failure in &played.failures {
            good = false;
            writeln!(out, "{}", shown(failure, whole, colour))?;
        }
        if !played.edits.is_empty() {
            let source = library.source(&transcript.file)?;
            library.replace(&transcript.file, &bless::apply(&source, &played.edits))?;
            let count = played.edits.len();
            writeln!(out, "transcripts/{}: {count} expectations rewritten", transcript.file)?;
        }
    }
    Ok(good)
}
