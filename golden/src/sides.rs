//! `golden differ`: which two servers, and what is printed.

use crate::args::{Differ, address};
use crate::launch::Launch;
use alloc_heap::HeapArena;
use anyhow::{Context, bail, ensure};
use golden::config::Config;
use golden::core::Core;
use golden::diff::{Colour, shown};
use golden::differ::{Corpus, Finding, Outcome, Pair, Plan, Side};
use golden::library::Library;
use golden::peer::{Cut, Peer};
use golden::servers::Server;
use golden::sockets::{Addresses, Sockets};
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

/// For how long sequences are begun where nothing is said.
const TIME: Duration = Duration::from_secs(30);

/// A server as it is named.
enum Named {
    /// It is started for each play.
    Ours(Server),
    /// It runs.
    Running(Addresses),
}

/// Plays sequences, and prints what differs; whether nothing does.
pub(crate) fn differ(library: &Library, args: &Differ) -> anyhow::Result<bool> {
    ensure!(args.findings > 0 && args.at_once > 0, "--findings and --at-once are at least 1");
    let config = Config::read()?;
    let (left, right) = (named(&args.left)?, named(&args.right)?);
    let is_loose = |named: &Named| matches!(named, Named::Ours(server) if server.is_of_library());
    let shared = [&left, &right].iter().any(|named| matches!(named, Named::Running(_)));
    let pair = Pair {
        loose: args.loose || is_loose(&left) || is_loose(&right),
        left: side(&config, left, args.left_program.as_deref())?,
        right: side(&config, right, args.right_program.as_deref())?,
        vars: config.vars(),
        shared,
        plays: AtomicU64::new(0),
    };
    let plan = Plan {
        seed: args.seed,
        sequences: args.sequences,
        time: args.seconds.or(args.sequences.is_none().then_some(TIME)),
        length: args.length.into(),
        findings_max: args.findings,
        at_once: if shared { 1 } else { args.at_once },
    };
    let begin = Instant::now();
    let outcome = pair.run(&plan, &Corpus::read(library)?)?;
    let mut out = io::stdout().lock();
    for finding in &outcome.findings {
        print(&mut out, finding, args)?;
    }
    sum(&mut out, &outcome, args, begin.elapsed())?;
    Ok(outcome.findings.is_empty())
}

fn named(name: &str) -> anyhow::Result<Named> {
    if !name.starts_with("http:") {
        return Ok(Named::Ours(Server::from_name(name).map_err(anyhow::Error::msg)?));
    }
    let Some((public, admin)) = name.split_once(',') else {
        bail!("a running server is http://HOST:PORT,http://ADMIN_HOST:PORT");
    };
    Ok(Named::Running(Addresses { public: address(public)?, admin: address(admin)? }))
}

fn side<'a>(config: &'a Config, named: Named, given: Option<&Path>) -> anyhow::Result<Side<'a>> {
    type Start<'a> = Box<dyn Fn() -> anyhow::Result<Box<dyn Peer>> + Sync + 'a>;
    let (name, start): (String, Start<'a>) = match named {
        Named::Ours(server @ Server::Core) => {
            ensure!(given.is_none(), "the core is no program");
            let start = || -> anyhow::Result<Box<dyn Peer>> {
                Ok(Box::new(Core::<HeapArena>::new(config, config.limits.clone())))
            };
            (server.name().into(), Box::new(start))
        }
        Named::Ours(server) => {
            let launch = Launch::of(server, given, &[])?;
            let start = move || -> anyhow::Result<Box<dyn Peer>> {
                Ok(Box::new(Sockets::of(launch.start()?)))
            };
            (server.name().into(), Box::new(start))
        }
        Named::Running(at) => {
            let start = move || -> anyhow::Result<Box<dyn Peer>> { Ok(Box::new(Sockets::to(at))) };
            (format!("http://{}", at.public), Box::new(start))
        }
    };
    Ok(Side { name, start })
}

fn print(out: &mut impl Write, finding: &Finding, args: &Differ) -> anyhow::Result<()> {
    let Finding { seed, calls: (all, left), source, failure, alike } = finding;
    writeln!(out, "seed {seed}: {left} of {all} calls are answered differently:\n")?;
    writeln!(out, "{source}")?;
    writeln!(out, "{}", shown(failure, Cut::Whole, Colour::of_stdout()))?;
    if !alike.is_empty() {
        writeln!(out, "the same comes of the seeds {alike:?}\n")?;
    }
    if let Some(folder) = &args.save {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let path = folder.join(format!("seed-{seed}.txt"));
        std::fs::write(&path, source).with_context(|| path.display().to_string())?;
        let server = match args.right.split_once(',') {
            Some((public, admin)) => format!("--url {public} --admin-url {admin}"),
            None => format!("--server {}", args.right),
        };
        writeln!(out, "golden check --transcripts {} {server} plays it\n", folder.display())?;
    }
    Ok(())
}

fn sum(
    out: &mut impl Write,
    outcome: &Outcome,
    args: &Differ,
    time: Duration,
) -> anyhow::Result<()> {
    let Outcome { sequences, tally, findings, unrepeated } = outcome;
    let (left, right) = (&args.left, &args.right);
    for Finding { seed, failure, .. } in unrepeated {
        writeln!(out, "seed {seed}: this differed, and was the same when it was played again:")?;
        writeln!(out, "{}", shown(failure, Cut::Whole, Colour::of_stdout()))?;
    }
    writeln!(
        out,
        "{left} and {right}: {sequences} sequences from seed {}, {} calls in {:.0} s ({} granted, \
         {} refused, {} upgrades, {} frames): {} differences",
        args.seed,
        tally.calls,
        time.as_secs_f64(),
        tally.granted,
        tally.refused,
        tally.upgrades,
        tally.frames,
        findings.len()
    )?;
    Ok(())
}
