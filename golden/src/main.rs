//! `golden`: holds servers to the transcripts, writes the transcripts from the core, lists them.

use anyhow::Context;
use clap::{Parser, Subcommand};
use golden::bless;
use golden::check::{Checked, on_core, on_core_once};
use golden::config::Config;
use golden::diff::{Colour, shown};
use golden::library::Library;
use golden::peer::Cut;
use golden::transcript::Transcript;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Text transcripts of the server's protocol, and what plays them.
#[derive(Parser)]
#[command(name = "golden", version)]
struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Play the transcripts against a server, and show where it differs
    Check {
        /// Only transcripts whose names contain this, or match it with its `*`
        #[arg(long, default_value = "")]
        filter: String,
        /// Name every transcript and every section that is left out
        #[arg(short, long)]
        verbose: bool,
    },
    /// Rewrite what the transcripts expect from what the core answers
    Bless {
        /// Only transcripts whose names contain this, or match it with its `*`
        #[arg(long, default_value = "")]
        filter: String,
    },
    /// Name the transcripts, how many exchanges each has, and what it covers
    List {
        /// Only transcripts whose names contain this, or match it with its `*`
        #[arg(long, default_value = "")]
        filter: String,
    },
}

fn main() -> ExitCode {
    let args = Args::parse();
    let outcome = match args.task {
        Task::Check { filter, verbose } => check(&filter, verbose),
        Task::Bless { filter } => rewrite(&filter),
        Task::List { filter } => list(&filter),
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

/// Does `work` for every transcript on as many threads as there are cores, and keeps their order.
fn in_parallel<T: Send>(items: &[Transcript], work: impl Fn(&Transcript) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let index = next.fetch_add(1, Ordering::Relaxed)
                    && let Some(item) = items.get(index)
                {
                    let result = work(item);
                    done.lock().expect("no work panics with the lock").push((index, result));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("no work panics with the lock");
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

fn check(filter: &str, verbose: bool) -> anyhow::Result<bool> {
    let transcripts = Library::of_checkout().read(filter)?;
    let config = Config::read()?;
    let checked = in_parallel(&transcripts, |transcript| on_core(&config, transcript));
    report(&transcripts, &checked, "core", verbose)
}

fn report(
    transcripts: &[Transcript],
    checked: &[Checked],
    server: &str,
    verbose: bool,
) -> anyhow::Result<bool> {
    let colour = Colour::of_stdout();
    let mut out = io::stdout().lock();
    for (transcript, checked) in transcripts.iter().zip(checked) {
        for (failure, cut) in &checked.failures {
            writeln!(out, "{}", shown(failure, *cut, colour))?;
        }
        for cut in &checked.unstable {
            writeln!(out, "transcripts/{}: other bytes when {cut}\n", transcript.file)?;
        }
        if verbose {
            let word = if checked.passed() { "ok" } else { "FAILED" };
            let (file, plays) = (&transcript.file, checked.plays);
            writeln!(out, "{word} {file}: {} exchanges, {plays} plays", transcript.exchanges())?;
            for skipped in &checked.skipped {
                writeln!(out, "   left out {}: {}", skipped.place, skipped.why)?;
            }
        }
    }
    let failed = checked.iter().filter(|checked| !checked.passed()).count();
    let plays: usize = checked.iter().map(|checked| checked.plays).sum();
    let skipped: usize = checked.iter().map(|checked| checked.skipped.len()).sum();
    let exchanges: usize = transcripts.iter().map(Transcript::exchanges).sum();
    writeln!(
        out,
        "{server}: {} transcripts, {exchanges} exchanges, {plays} plays: {failed} failed, {skipped} \
         sections left out",
        transcripts.len()
    )?;
    Ok(failed == 0)
}

fn rewrite(filter: &str) -> anyhow::Result<bool> {
    let library = Library::of_checkout();
    let config = Config::read()?;
    let colour = Colour::of_stdout();
    let mut out = io::stdout().lock();
    let mut good = true;
    for transcript in library.read(filter)? {
        let played = on_core_once::<alloc_heap::HeapArena>(
            &config,
            &config.limits,
            &transcript,
            Cut::Whole,
            true,
        );
        for failure in &played.failures {
            good = false;
            writeln!(out, "{}", shown(failure, Cut::Whole, colour))?;
        }
        if !played.edits.is_empty() {
            let source = library.source(&transcript.file)?;
            let blessed = bless::apply(&source, &played.edits);
            library.replace(&transcript.file, &blessed)?;
            let count = played.edits.len();
            writeln!(out, "transcripts/{}: {count} expectations rewritten", transcript.file)?;
        }
    }
    Ok(good)
}

fn list(filter: &str) -> anyhow::Result<bool> {
    let transcripts = Library::of_checkout().read(filter)?;
    let mut out = io::stdout().lock();
    for transcript in &transcripts {
        let (file, about) = (&transcript.file, &transcript.about);
        writeln!(out, "{:4}  {file}: {about}", transcript.exchanges())?;
    }
    let exchanges: usize = transcripts.iter().map(Transcript::exchanges).sum();
    writeln!(out, "{exchanges:4}  exchanges in {} transcripts", transcripts.len())
        .context("standard output")?;
    Ok(true)
}
