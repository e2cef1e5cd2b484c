//! What is printed: failures, a line for each transcript, the sum.

use golden::check::Checked;
use golden::diff::{Colour, shown};
use golden::differences::BadEntry;
use golden::library::Library;
use golden::transcript::Transcript;
use std::io::{self, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Does `work` for every item on so many threads, and keeps their order.
pub(crate) fn in_parallel<I: Sync, T: Send>(
    items: &[I],
    threads: usize,
    work: impl Fn(&I) -> T + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
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

/// What a check is said to have been.
#[derive(Debug)]
pub(crate) struct Sum<'a> {
    /// The server.
    pub(crate) server: &'a str,
    /// Whether there is a list of what it answers otherwise than as written.
    pub(crate) is_listed: bool,
    /// Entries of the list that name no section.
    pub(crate) astray: &'a [BadEntry],
    /// Whether every transcript is named, and every section that is not played as written.
    pub(crate) verbose: bool,
}

/// Prints what came of a check; whether all was as written, or as listed.
pub(crate) fn report(
    transcripts: &[Transcript],
    checked: &[Checked],
    sum: &Sum<'_>,
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
        if sum.verbose {
            let word = if checked.passed() { "ok" } else { "FAILED" };
            let (file, plays) = (&transcript.file, checked.plays);
            writeln!(out, "{word} {file}: {} exchanges, {plays} plays", transcript.exchanges())?;
            for skipped in &checked.skipped {
                writeln!(out, "   left out {}: {}", skipped.place, skipped.why)?;
            }
            for listed in &checked.listed {
                writeln!(out, "   differs {}: {}", listed.place, listed.what)?;
            }
        }
    }
    for entry in sum.astray {
        writeln!(out, "{entry}")?;
    }
    let failed = checked.iter().filter(|checked| !checked.passed()).count();
    let plays: usize = checked.iter().map(|checked| checked.plays).sum();
    let skipped: usize = checked.iter().map(|checked| checked.skipped.len()).sum();
    let exchanges: usize = transcripts.iter().map(Transcript::exchanges).sum();
    let (server, count) = (sum.server, transcripts.len());
    write!(
        out,
        "{server}: {count} transcripts, {exchanges} exchanges, {plays} plays: {failed} failed, \
         {skipped} left out"
    )?;
    if sum.is_listed {
        let listed: usize = checked.iter().map(|checked| checked.listed.len()).sum();
        write!(out, ", {listed} listed to differ, {} listed amiss", sum.astray.len())?;
    }
    writeln!(out)?;
    Ok(failed == 0 && sum.astray.is_empty())
}

/// Prints what transcripts there are.
pub(crate) fn list(library: &Library, filter: &str) -> anyhow::Result<bool> {
    let transcripts = library.read(filter)?;
    let mut out = io::stdout().lock();
    for transcript in &transcripts {
        let (file, about) = (&transcript.file, &transcript.about);
        writeln!(out, "{:4}  {file}: {about}", transcript.exchanges())?;
    }
    let exchanges: usize = transcripts.iter().map(Transcript::exchanges).sum();
    writeln!(out, "{exchanges:4}  exchanges in {} transcripts", transcripts.len())?;
    Ok(true)
}
