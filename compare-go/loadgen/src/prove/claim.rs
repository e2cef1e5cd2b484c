//! What is to be proven of a generator, and what came of it.

use crate::plan::Fault;
use crate::report::environment::Environment;
use serde::{Deserialize, Serialize};

/// The version of the JSON of a proof, as [`SCHEMA`](crate::report::SCHEMA) is of a report.
pub const SCHEMA: u32 = 1;

/// One of the things that are to be proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// A server that stands still shows in the percentiles.
    Stall,
    /// A delay that is known beforehand is read back.
    Delay,
    /// What is to be sent is sent.
    Achieved,
    /// The generator has CPU to spare at that.
    Headroom,
    /// An independent tool measures the same.
    Agreement,
}

impl Claim {
    /// All of them, in order.
    pub const ALL: [Self; 5] =
        [Self::Stall, Self::Delay, Self::Achieved, Self::Headroom, Self::Agreement];

    /// Its letter.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Stall => 'a',
            Self::Delay => 'b',
            Self::Achieved => 'c',
            Self::Headroom => 'd',
            Self::Agreement => 'e',
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stall => "stall",
            Self::Delay => "delay",
            Self::Achieved => "achieved",
            Self::Headroom => "headroom",
            Self::Agreement => "agreement",
        }
    }

    /// The claim with this letter or name.
    ///
    /// # Errors
    /// If there is none; the text lists them.
    pub fn parse(text: &str) -> Result<Self, String> {
        let found = Self::ALL
            .into_iter()
            .find(|claim| claim.name() == text || text.chars().eq([claim.letter()]));
        found.ok_or_else(|| {
            let all = Self::ALL.map(|claim| format!("{} ({})", claim.letter(), claim.name()));
            format!("there are {}", all.join(", "))
        })
    }
}

/// One measurement of a part of a proof, with its limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Under which circumstances.
    pub subject: String,
    /// What was measured, the median of the rounds, in the unit that `shown` has; times are in ns.
    pub value: f64,
    /// The same in each round.
    pub rounds: Vec<f64>,
    /// What was measured, for people.
    pub shown: String,
    /// What it had to be, for people.
    pub limit: String,
    /// Whether it was.
    pub held: bool,
}

/// What came of one claim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Which.
    pub claim: Claim,
    /// What was done, in a sentence.
    pub what: String,
    /// What was measured.
    pub readings: Vec<Reading>,
    /// Why it could not be shown, with the remedy; none where it was.
    pub not_shown: Option<String>,
}

impl Part {
    /// Whether it is proven: shown, and every reading is as it must be.
    #[must_use]
    pub fn held(&self) -> bool {
        let all = self.readings.iter().all(|reading| reading.held);
        self.not_shown.is_none() && !self.readings.is_empty() && all
    }
}

/// A proof.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proof {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The program and its version.
    pub program: String,
    /// How it was called.
    pub command_line: Vec<String>,
    /// When it was called, in milliseconds since the Unix epoch.
    pub called_ms: u64,
    /// What it ran on.
    pub environment: Environment,
    /// The core of the servers.
    pub server_core: usize,
    /// The core of the generator, and of the tool that it is held against.
    pub generator_core: usize,
    /// What the generator was made to do wrong.
    pub fault: Fault,
    /// What came of each claim.
    pub parts: Vec<Part>,
    /// Claims that were not asked for.
    pub left_out: Vec<Claim>,
    /// The highest rate at which everything due was sent, with CPU to spare; none where that was
    /// not looked at or not held.
    pub rate_proven_per_s: Option<f64>,
    /// Whether everything that was asked for is proven.
    pub valid: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_have_letters_and_names() {
        for claim in Claim::ALL {
            assert_eq!(Claim::parse(claim.name()), Ok(claim));
            assert_eq!(Claim::parse(&claim.letter().to_string()), Ok(claim));
        }
        assert!(Claim::parse("f").unwrap_err().contains("e (agreement)"));
        assert!(Claim::parse("").is_err());
    }

    #[test]
    fn nothing_is_proven_by_nothing() {
        let mut part =
            Part { claim: Claim::Stall, what: String::new(), readings: vec![], not_shown: None };
        assert!(!part.held());
        part.readings.push(Reading {
            subject: String::new(),
            value: 1.0,
            rounds: vec![1.0],
            shown: String::new(),
            limit: String::new(),
            held: true,
        });
        assert!(part.held());
        part.not_shown = Some("no wrk".into());
        assert!(!part.held());
    }
}
