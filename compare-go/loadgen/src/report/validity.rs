//! Whether the figures of a run can be trusted: a generator that could not keep up, or had no proof,
//! measures itself.

use crate::outcome::{Ending, Outcome};
use crate::plan::{Fault, Plan};
use crate::prove::Proof;
use crate::quantity::{rate, share, time};
use crate::report::summary::Summary;
use serde::{Deserialize, Serialize};

/// The least share of the requests that were due that must have been sent.
pub const ACHIEVED_MIN: f64 = 0.99;
/// The largest share of its core that a worker of the generator may use: above it, requests queue in
/// the generator.
pub const BUSY_MAX: f64 = 0.8;
/// The largest share of the time for which a worker may have wanted its core without having it. One
/// in a hundred moves p99 by itself.
pub const STARVED_MAX: f64 = 0.01;
/// A 99th percentile of send lag that is worth a remark.
const LAG_REMARKABLE_NS: u64 = 1_000_000;

/// Whether a run can be trusted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Validity {
    /// Whether every check was held.
    pub valid: bool,
    /// What was looked at.
    pub checks: Vec<Check>,
    /// What is worth knowing and makes nothing invalid.
    pub remarks: Vec<String>,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// What.
    pub name: String,
    /// What was found, with the limit.
    pub text: String,
    /// Whether it is as it must be.
    pub held: bool,
}

impl Validity {
    /// Judges a run.
    #[must_use]
    pub fn of(plan: &Plan, outcome: &Outcome, summary: &Summary, proof: Option<&Proof>) -> Self {
        let mut checks = vec![ending(outcome)];
        if let Some(part) = summary.achieved {
            let limit = share(ACHIEVED_MIN);
            let text = format!("{} of what was due was sent (at least {limit})", share(part));
            checks.push(Check::new("achieved", part >= ACHIEVED_MIN, text));
        }
        let (busiest, limit) = (share(summary.busiest), share(BUSY_MAX));
        let text = format!("the generator used {busiest} of a core (at most {limit})");
        checks.push(Check::new("headroom", summary.busiest <= BUSY_MAX, text));
        let (starved, limit) = (share(summary.starved), share(STARVED_MAX));
        let text = format!("it waited for its core {starved} of the time (at most {limit})");
        checks.push(Check::new("core", summary.starved <= STARVED_MAX, text));
        if plan.fault != Fault::None {
            let text = "the generator was made to measure wrongly by --fault".into();
            checks.push(Check::new("fault", false, text));
        }
        checks.extend(proof.map(|proof| proven(proof, outcome)));
        let valid = checks.iter().all(|check| check.held);
        Self { valid, checks, remarks: remarks(outcome, summary, proof) }
    }
}

impl Check {
    /// What was found, with the limit.
    #[must_use]
    pub fn new(name: &str, held: bool, text: String) -> Self {
        Self { name: name.into(), text, held }
    }
}

fn ending(outcome: &Outcome) -> Check {
    let text = match &outcome.ending {
        Ending::Complete => "it ran to its end".into(),
        Ending::Interrupted => "it was interrupted; this is what was measured so far".into(),
        Ending::ServerGone => "the server was gone before its end".into(),
        Ending::Exhausted(why) => why.clone(),
        Ending::WorkerLost(why) => format!("a worker of the generator was lost: {why}"),
    };
    Check::new("ending", outcome.ending == Ending::Complete, text)
}

fn proven(proof: &Proof, outcome: &Outcome) -> Check {
    let highest = proof.rate_proven_per_s.unwrap_or(0.0);
    let asked = outcome.rate_per_s.unwrap_or(0.0);
    let (held, text) = if !proof.valid {
        (false, "the generator failed its proof on this machine".into())
    } else if asked > highest {
        (false, format!("the generator is proven up to {}, not to this rate", rate(highest)))
    } else {
        (true, format!("the generator is proven up to {}", rate(highest)))
    };
    Check::new("proof", held, text)
}

fn remarks(outcome: &Outcome, summary: &Summary, proof: Option<&Proof>) -> Vec<String> {
    let mut remarks = outcome.notes.clone();
    if summary.lag.p99 > LAG_REMARKABLE_NS && summary.busiest <= BUSY_MAX {
        let lag = time(crate::report::summary::float(summary.lag.p99));
        remarks.push(format!(
            "send lag p99 is {lag}: requests waited for a free connection. Latencies have that in \
             them. Where the server was not the reason, more --connections are the remedy"
        ));
    }
    if proof.is_none() {
        remarks.push(
            "no --proof was given: `hunt-load prove --format json --out FILE` makes one".into(),
        );
    }
    remarks
}
