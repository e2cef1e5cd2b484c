//! Differential fuzzing: random sequences of calls are played against two servers, and whatever
//! they answer differently is shown as a transcript, as short as it can be.
//!
//! Owns which sequences are played, and what becomes of a difference. Which servers there are, it
//! is told.

mod call;
mod corpus;
mod generate;
mod mutate;
mod pair;
mod palette;
mod play;
mod quest;
mod record;
mod said;
mod shrink;
mod simplify;

pub use call::{Body, Call, Conn, Request};
pub use corpus::Corpus;
pub use generate::sequence;
pub use pair::{Pair, Side};
pub use record::Tally;

use crate::player::Failure;
use pair::Compared;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How much is tried.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The seed of the first sequence; each further one has the next.
    pub seed: u64,
    /// How many sequences, if not as many as there is time for.
    pub sequences: Option<u64>,
    /// For how long sequences are begun.
    pub time: Option<Duration>,
    /// How many calls a sequence has after its beginning.
    pub length: usize,
    /// After how many differences it ends.
    pub findings_max: usize,
    /// How many sequences are played at the same time.
    pub at_once: usize,
}

/// A difference.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The seed of its sequence.
    pub seed: u64,
    /// How many calls the sequence had, and how many are left.
    pub calls: (usize, usize),
    /// A transcript that the left server passes and the right one does not.
    pub source: String,
    /// What the right one says instead.
    pub failure: Failure,
    /// Seeds that come down to the same expectation and the same answer.
    pub alike: Vec<u64>,
}

impl Finding {
    /// What is expected and what is answered, but for numbers and tokens.
    fn signature(&self) -> String {
        let lines = self.failure.expected.iter().chain(&self.failure.got);
        let text: String = lines.map(String::as_str).collect();
        text.replace(|c: char| c.is_ascii_digit(), "")
    }
}

/// What came of it all.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How many sequences were played.
    pub sequences: u64,
    /// What the left server answered in them.
    pub tally: Tally,
    /// What the right one answered otherwise.
    pub findings: Vec<Finding>,
    /// Differences that did not come again: of time, most likely.
    pub unrepeated: Vec<Finding>,
}

impl Outcome {
    fn add(&mut self, finding: Finding) {
        let signature = finding.signature();
        match self.findings.iter_mut().find(|known| known.signature() == signature) {
            Some(known) => known.alike.push(finding.seed),
            None => self.findings.push(finding),
        }
    }
}

/// How often, and for how long, a difference is played to make it short. An answer that does not
/// come takes seconds each time.
const SHRINK_PLAYS_MAX: u64 = 600;
const SHRINK_TIME_MAX: Duration = Duration::from_secs(90);

impl Pair<'_> {
    /// Plays sequences until a difference is found, or it is enough.
    ///
    /// # Errors
    /// If a server cannot be started or reached.
    pub fn run(&self, plan: &Plan, corpus: &Corpus) -> anyhow::Result<Outcome> {
        let begin = Instant::now();
        let next = AtomicU64::new(0);
        let outcome = std::sync::Mutex::new(Outcome::default());
        let goes_on = |index: u64| {
            let enough = outcome.lock().expect("nothing panics with it").findings.len();
            enough < plan.findings_max
                && plan.sequences.is_none_or(|count| index < count)
                && plan.time.is_none_or(|time| begin.elapsed() < time)
        };
        let work = || -> anyhow::Result<()> {
            while let index = next.fetch_add(1, Ordering::Relaxed)
                && goes_on(index)
            {
                let part = self.one(plan.seed.wrapping_add(index), plan.length, corpus)?;
                let mut outcome = outcome.lock().expect("nothing panics with it");
                outcome.sequences += 1;
                outcome.tally.add(part.tally);
                outcome.unrepeated.extend(part.unrepeated);
                part.findings.into_iter().for_each(|finding| outcome.add(finding));
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..plan.at_once).map(|_| scope.spawn(work)).collect();
            threads.into_iter().try_for_each(|thread| {
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
        })?;
        let mut outcome = outcome.into_inner().expect("nothing panics with it");
        outcome.findings.sort_by_key(|finding| finding.seed);
        Ok(outcome)
    }

    /// Plays the sequence of a seed; what differs is played again, and made short.
    fn one(&self, seed: u64, length: usize, corpus: &Corpus) -> anyhow::Result<Outcome> {
        let mut calls = sequence(seed, length, corpus);
        calls.retain(|call| !self.shared || !call.asks_for_loot());
        let compared = self.compare(&calls)?;
        let mut outcome = Outcome { tally: compared.tally, ..Outcome::default() };
        let Some((at, failure)) = compared.differs else { return Ok(outcome) };
        let count = calls.len();
        let first = Finding {
            seed,
            calls: (count, count),
            source: compared.source,
            failure,
            alike: Vec::new(),
        };
        if self.compare(&calls)?.differs.is_none() {
            outcome.unrepeated.push(first);
            return Ok(outcome);
        }
        let (begin, plays) = (Instant::now(), AtomicU64::new(0));
        let differs = |calls: &[Call]| -> anyhow::Result<bool> {
            let is_over = plays.fetch_add(1, Ordering::Relaxed) >= SHRINK_PLAYS_MAX
                || begin.elapsed() > SHRINK_TIME_MAX;
            Ok(!is_over && self.compare(calls)?.differs.is_some())
        };
        // What comes after the difference has no part in it, unless it is found at the very end.
        let short = if differs(&calls[..=at])? { &calls[..=at] } else { &calls[..] };
        let short = shrink::shortest(short, differs)?;
        let short = simplify::simplest(short, differs)?;
        // Once more as it will be played by others.
        match self.compare(&short)? {
            Compared { differs: Some((_, failure)), source, .. } => {
                let calls = (count, short.len());
                let alike = Vec::new();
                outcome.findings.push(Finding { seed, calls, source, failure, alike });
            }
            _ => outcome.unrepeated.push(first),
        }
        Ok(outcome)
    }
}
