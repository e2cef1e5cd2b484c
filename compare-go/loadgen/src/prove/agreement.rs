//! Claim e: an independent tool measures the same.
//!
//! wrk and the generator, as closed loops with the same connections on the same core, take turns at
//! the same server. Medians of both must agree within 5 % in throughput and p50. A closed loop of
//! wrk starts its clock when it writes a request, and so does the generator's: the next request is
//! due when the answer before it has come.

use super::round::{Round, median};
use super::{Claim, Part, Prover, Reading, wrk};
use crate::null_server::Answering;
use crate::outcome::Unobserved;
use crate::quantity::{rate, share, time};
use crate::report::summary::float;
use std::time::Duration;

/// How far the two may be apart.
const APART_MAX: f64 = 0.05;

/// Servers that both measure: what bounds the rate of the first is its delay, of the second its
/// CPU. Its work is most of what an answer costs. Besides, an answer takes 10 us to 12 us of the
/// server's core, by how it finds its client: a fifth up or down with the same tool from one run to
/// the next. With 25 us of work that alone moved p50 by 6 %, and the two were told apart by chance.
const CASES: [(Answering, u32, &str); 2] = [
    (
        Answering {
            delay: Duration::from_millis(2),
            work: Duration::ZERO,
            body_bytes: 2,
            early: false,
            spin: false,
        },
        64,
        "delay 2 ms, 64 connections",
    ),
    (
        Answering {
            delay: Duration::ZERO,
            work: Duration::from_micros(100),
            body_bytes: 2,
            early: false,
            spin: false,
        },
        32,
        "100 us of work, 32 connections",
    ),
];

/// Rates and medians of the rounds of one side.
#[derive(Clone, Debug, Default)]
struct Side {
    rates: Vec<f64>,
    p50s_ns: Vec<f64>,
}

pub(super) fn prove(prover: &Prover<'_>) -> anyhow::Result<Part> {
    let mut part = Part {
        claim: Claim::Agreement,
        what: format!("closed loops of wrk and of the generator in turn, {}", prover.against()),
        readings: Vec::new(),
        not_shown: None,
    };
    match wrk::version() {
        Ok(version) => part.what += &format!("; {version}"),
        Err(error) => {
            part.not_shown = Some(format!("{error}; or leave it out: --only a,b,c,d"));
            return Ok(part);
        }
    }
    // A server that is named is what it is; only the connections can be chosen.
    let cases = if prover.options.url.is_some() { &CASES[..1] } else { &CASES[..] };
    for (answering, connections, subject) in cases {
        let subject = match prover.options.url {
            Some(_) => format!("{connections} connections"),
            None => (*subject).to_owned(),
        };
        let (ours, theirs) = take_turns(prover, *answering, *connections, &subject)?;
        part.readings.push(compared(&subject, "throughput", &ours.rates, &theirs.rates, rate));
        part.readings.push(compared(&subject, "p50", &ours.p50s_ns, &theirs.p50s_ns, time));
    }
    Ok(part)
}

fn take_turns(
    prover: &Prover<'_>,
    answering: Answering,
    connections: u32,
    subject: &str,
) -> anyhow::Result<(Side, Side)> {
    let (rounds, duration) = match prover.options.quick {
        true => (3, Duration::from_secs(1)),
        false => (5, Duration::from_secs(2)),
    };
    let (mut ours, mut theirs) = (Side::default(), Side::default());
    let target = prover.target(answering)?;
    let core = prover.cores.generator;
    for round in 0..rounds {
        prover.say(&format!("e {subject}, round {} of {rounds}", round + 1));
        let url = format!("http://{}{}", target.address, target.path);
        let measured = wrk::run(&url, connections, duration, core)?;
        anyhow::ensure!(measured.errors == 0, "wrk had {} errors", measured.errors);
        theirs.rates.push(measured.rate);
        theirs.p50s_ns.push(measured.p50_ns);
        let round = Round {
            server: target.address,
            path: target.path.clone(),
            rate_per_s: None,
            connections,
            warmup: Duration::ZERO,
            duration,
            core,
            fault: prover.options.fault,
        };
        let outcome = round.run(prover.stop, &mut Unobserved)?;
        let right = float(outcome.figures.requests().right);
        ours.rates.push(right / outcome.measured.as_secs_f64());
        ours.p50s_ns.push(float(outcome.figures.latency().at(0.5)));
    }
    Ok((ours, theirs))
}

fn compared(
    subject: &str,
    what: &str,
    ours: &[f64],
    theirs: &[f64],
    shown: impl Fn(f64) -> String,
) -> Reading {
    let (our, their) = (median(ours), median(theirs));
    let apart = our / their - 1.0;
    Reading {
        subject: format!("{subject}: {what}"),
        value: apart,
        rounds: ours.iter().zip(theirs).map(|(our, their)| our / their - 1.0).collect(),
        shown: format!("{}, wrk {}, {:+.1} %", shown(our), shown(their), apart * 100.0),
        limit: format!("within {}", share(APART_MAX)),
        held: apart.abs() <= APART_MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_compared() {
        let held = |ours: &[f64], theirs: &[f64]| compared("", "", ours, theirs, rate).held;
        assert!(held(&[100.0, 200.0, 104.0], &[100.0, 100.0, 1.0]));
        assert!(!held(&[106.0], &[100.0]));
        assert!(!held(&[94.0], &[100.0]));
        assert!(!held(&[], &[100.0]) && !held(&[1.0], &[]));
    }
}
