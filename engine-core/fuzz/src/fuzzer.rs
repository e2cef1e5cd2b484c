//! The search: replay the corpus, mutate what is known, keep what behaves in a new way.

use crate::mutate::mutate;
use crate::{Target, signature};
use fastrand::Rng;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A search over one target.
#[derive(Debug)]
pub struct Fuzzer {
    target: Target,
    random: Rng,
    parents: Vec<Vec<u8>>,
    seen: BTreeSet<u64>,
    found: Vec<Vec<u8>>,
    executions: u64,
    current: Arc<Mutex<Current>>,
}

/// What is running, for whoever watches over it.
#[derive(Debug, Default)]
pub struct Current {
    /// The input.
    pub input: Vec<u8>,
    /// When it began; none between two runs.
    pub since: Option<Instant>,
}

/// An input that broke an invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The input.
    pub input: Vec<u8>,
    /// What the panic said.
    pub message: String,
}

/// The most parents that are held; the oldest finds make room.
const PARENTS_MAX: usize = 4096;

impl Fuzzer {
    /// A search that begins with `corpus` and is the same for the same seed.
    #[must_use]
    pub fn new(target: Target, seed: u64) -> Self {
        Self {
            target,
            random: Rng::with_seed(seed),
            parents: Vec::new(),
            seen: BTreeSet::new(),
            found: Vec::new(),
            executions: 0,
            current: Arc::default(),
        }
    }

    /// How many inputs were run.
    #[must_use]
    pub fn executions(&self) -> u64 {
        self.executions
    }

    /// How many ways to behave were seen.
    #[must_use]
    pub fn signatures(&self) -> usize {
        self.seen.len()
    }

    /// The first inputs that behaved in a new way, the corpus aside.
    #[must_use]
    pub fn found(&self) -> &[Vec<u8>] {
        &self.found
    }

    /// What is running now; a watchdog looks at it from another thread.
    #[must_use]
    pub fn current(&self) -> Arc<Mutex<Current>> {
        self.current.clone()
    }

    /// Runs an input of the corpus.
    ///
    /// # Errors
    /// If it breaks an invariant.
    pub fn replay(&mut self, input: &[u8]) -> Result<(), Finding> {
        let signature = self.run(input)?;
        self.seen.insert(signature);
        self.parents.push(input.to_vec());
        Ok(())
    }

    /// Runs one mutated input.
    ///
    /// # Errors
    /// If it breaks an invariant.
    pub fn step(&mut self) -> Result<(), Finding> {
        let empty = Vec::new();
        let random = &mut self.random;
        let parent = random.choice(&self.parents).unwrap_or(&empty);
        let other = random.choice(&self.parents).unwrap_or(&empty);
        let mut input = parent.clone();
        mutate(random, &mut input, other, self.target.dictionary);
        let signature = self.run(&input)?;
        if self.seen.insert(signature) {
            if self.parents.len() < PARENTS_MAX {
                self.parents.push(input.clone());
            } else {
                let place = self.random.usize(0..PARENTS_MAX);
                self.parents[place].clone_from(&input);
            }
            if self.found.len() < PARENTS_MAX {
                self.found.push(input);
            }
        }
        Ok(())
    }

    fn run(&mut self, input: &[u8]) -> Result<u64, Finding> {
        self.executions += 1;
        {
            let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
            current.input.clear();
            current.input.extend_from_slice(input);
            current.since = Some(Instant::now());
        }
        let _ = signature::take();
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.target.run)(input)));
        self.current.lock().unwrap_or_else(PoisonError::into_inner).since = None;
        match outcome {
            Ok(()) => Ok(signature::take()),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
                let message = text.unwrap_or("a panic without a message").to_owned();
                Err(Finding { input: input.to_vec(), message })
            }
        }
    }
}

/// Makes an input that breaks an invariant smaller, while it still does, for at most `time`.
#[must_use]
pub fn shrink(target: Target, finding: Finding, time: Duration) -> Finding {
    let begin = Instant::now();
    let mut smallest = finding;
    let mut fuzzer = Fuzzer::new(target, 0);
    let mut width = smallest.input.len() / 2;
    while width > 0 && begin.elapsed() < time {
        let mut at = 0;
        let before = smallest.input.len();
        while at < smallest.input.len() && begin.elapsed() < time {
            let mut shorter = smallest.input.clone();
            shorter.drain(at..(at + width).min(shorter.len()));
            match fuzzer.run(&shorter) {
                Ok(_) => at += width,
                Err(smaller) => smallest = smaller,
            }
        }
        if smallest.input.len() == before {
            width /= 2;
        }
    }
    smallest
}
