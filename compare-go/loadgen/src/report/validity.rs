//! Whether the figures of a run can be trusted: a generator that could not keep up, or had no
//! proof, measures itself.

use crate::outcome::{Ending, Outcome};
use crate::plan::{Fault, Plan};
use crate::prove::Proof;
use crate::quantity::{rate, share, time};
use crate::report::summary::Summary;
use serde::{Deserialize, Serialize};

/// The least share of the requests that were due that must have been sent.
pub const ACHIEVED_MIN: f64 = 0.99;
/// The largest share of the time in which a worker of the generator may have something to do: above
/// it, requests queue in the generator.
pub const BUSY_MAX: f64 = 0.8;
/// The largest share of the time for which a worker may have wanted its core without having it.
/// What the kernel counts has each wake-up in it, 0.4 to 1 us on a virtual machine: a worker that
/// sleeps 15,000 times a second has waited for 0.6 to 1.5 % of the time with nobody else there.
/// More than this makes latencies longer that are none of the server's doing, p99 first.
pub const STARVED_MAX: f64 = 0.02;
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
        let cores = plan.workers.cores.len();
        let busiest = outcome.figures.busiest_core(cores);
        let (told, limit) = (share(busiest), share(BUSY_MAX));
        let text = format!("the generator was busy {told} of the time (at most {limit})");
        checks.push(Check::new("headroom", busiest <= BUSY_MAX, text));
        // What workers on one core wait for each other is the load of that core.
        let starved = outcome.figures.starved_by_others(cores);
        let (told, limit) = (share(starved), share(STARVED_MAX));
        let text = format!("it waited for its core {told} of the time (at most {limit})");
        checks.push(Check::new("core", starved <= STARVED_MAX, text));
        if plan.fault != Fault::None {
            let text = "the generator was made to measure wrongly by --fault".into();
            checks.push(Check::new("fault", false, text));
        }
        checks.extend(proof.map(|proof| proven(proof, outcome)));
        let valid = checks.iter().all(|check| check.held);
        let at_ease = busiest <= BUSY_MAX && starved <= STARVED_MAX;
        Self { valid, checks, remarks: remarks(outcome, summary, proof, at_ease) }
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

fn remarks(
    outcome: &Outcome,
    summary: &Summary,
    proof: Option<&Proof>,
    at_ease: bool,
) -> Vec<String> {
    let mut remarks = outcome.notes.clone();
    if summary.lag.p99 > LAG_REMARKABLE_NS && at_ease {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prove::claim;
    use crate::report::environment::Environment;
    use crate::report::sample;

    fn judged(change: impl Fn(&mut Plan, &mut Outcome), proof: Option<&Proof>) -> Validity {
        let (mut plan, mut outcome) = (sample::plan(), sample::outcome());
        change(&mut plan, &mut outcome);
        let summary = Summary::of(&outcome);
        Validity::of(&plan, &outcome, &summary, proof)
    }

    fn proof(valid: bool, rate_proven_per_s: Option<f64>) -> Proof {
        Proof {
            schema: claim::SCHEMA,
            program: String::new(),
            command_line: vec![],
            called_ms: 0,
            environment: Environment::observe(),
            server_core: 0,
            generator_core: 1,
            fault: Fault::None,
            parts: vec![],
            left_out: vec![],
            rate_proven_per_s,
            valid,
        }
    }

    fn failed(validity: &Validity) -> Vec<&str> {
        let failed = validity.checks.iter().filter(|check| !check.held);
        assert_eq!(validity.valid, failed.clone().count() == 0);
        failed.map(|check| check.name.as_str()).collect()
    }

    #[test]
    fn each_way_to_be_wrong_makes_a_run_not_valid() {
        assert!(failed(&judged(|_, _| {}, None)).is_empty());
        let late = |_: &mut Plan, outcome: &mut Outcome| outcome.seconds[2].requests.sent = 140;
        assert_eq!(failed(&judged(late, None)), ["achieved"]);
        let busy = |_: &mut Plan, outcome: &mut Outcome| {
            outcome.figures.workers[0].worked_ns = 1_700_000_000;
        };
        assert_eq!(failed(&judged(busy, None)), ["headroom"]);
        let starved = |_: &mut Plan, outcome: &mut Outcome| {
            outcome.figures.workers[0].starved_ns = 50_000_000;
        };
        assert_eq!(failed(&judged(starved, None)), ["core"]);
        let faulty = |plan: &mut Plan, _: &mut Outcome| plan.fault = Fault::LateDropped;
        assert_eq!(failed(&judged(faulty, None)), ["fault"]);
        let gone = |_: &mut Plan, outcome: &mut Outcome| outcome.ending = Ending::ServerGone;
        assert_eq!(failed(&judged(gone, None)), ["ending"]);
    }

    #[test]
    fn what_is_sent_in_the_warm_up_is_not_achieved() {
        let late = |_: &mut Plan, outcome: &mut Outcome| {
            outcome.seconds[0].requests.sent = 1_000;
            outcome.seconds[1].requests.sent = 0;
        };
        assert_eq!(failed(&judged(late, None)), ["achieved"]);
    }

    #[test]
    fn a_proof_holds_up_to_its_rate() {
        let judged = |proof: &Proof| judged(|_, _| {}, Some(proof));
        assert!(failed(&judged(&proof(true, Some(1_000.0)))).is_empty());
        assert_eq!(failed(&judged(&proof(true, Some(100.0)))), ["proof"]);
        assert_eq!(failed(&judged(&proof(true, None))), ["proof"]);
        assert_eq!(failed(&judged(&proof(false, Some(1_000.0)))), ["proof"]);
    }

    #[test]
    fn lag_without_a_busy_generator_is_a_remark() {
        let lagging = |_: &mut Plan, outcome: &mut Outcome| {
            outcome.figures.lanes[0].operations[0].lag.record_many(5_000_000, 1_000);
        };
        let validity = judged(lagging, None);
        assert!(validity.valid);
        assert!(validity.remarks.iter().any(|remark| remark.contains("more --connections")));
    }
}
