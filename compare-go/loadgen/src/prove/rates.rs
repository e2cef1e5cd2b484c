//! Claims c and d: what is to be sent is sent and answered, with CPU to spare.
//!
//! At each rate, right answers within the time that counts must be 99 % of what was due in it; what
//! comes in afterwards does not count. At the highest rate that held, the generator must have had
//! nothing to do for some of the time: one near its limit is late itself.

use super::round::{Round, median};
use super::{Claim, Part, Prover, Reading};
use crate::outcome::{Outcome, Unobserved};
use crate::plan::Phase;
use crate::quantity::{rate, share, time};
use crate::report::summary::float;
use crate::report::validity::{ACHIEVED_MIN, BUSY_MAX};
use std::time::Duration;

const CONNECTIONS: u32 = 64;
/// The rates that are tried where no others are named.
const RATES_PER_S: [f64; 4] = [1_000.0, 10_000.0, 50_000.0, 100_000.0];

/// What was measured at one rate.
struct Tried {
    rate_per_s: f64,
    achieved: Vec<f64>,
    busy: Vec<f64>,
    lag_p99_ns: Vec<f64>,
    cpu_ns: Vec<f64>,
}

/// Both claims, and the highest rate that is proven.
pub(super) struct Rates {
    pub(super) achieved: Part,
    pub(super) headroom: Part,
    pub(super) proven_per_s: Option<f64>,
}

pub(super) fn prove(prover: &Prover<'_>) -> anyhow::Result<Rates> {
    let given = &prover.options.rates;
    let rates = if given.is_empty() { RATES_PER_S.to_vec() } else { given.clone() };
    let tried = rates.into_iter().map(|rate| measure(prover, rate));
    let tried = tried.collect::<anyhow::Result<Vec<_>>>()?;
    let achieved: Vec<Reading> = tried.iter().map(achieved).collect();
    // Up to the first rate that does not hold: what holds beyond it is luck.
    let held = achieved.iter().take_while(|reading| reading.held).count();
    let highest = tried[..held].last();
    let headroom: Vec<Reading> = highest.map(headroom).into_iter().collect();
    let spare = headroom.iter().all(|reading| reading.held);
    let on = prover.against();
    Ok(Rates {
        proven_per_s: highest.filter(|_| spare).map(|tried| tried.rate_per_s),
        achieved: Part {
            claim: Claim::Achieved,
            what: format!("right answers of what was due, over {CONNECTIONS} connections, {on}"),
            readings: achieved,
            not_shown: None,
        },
        headroom: Part {
            claim: Claim::Headroom,
            what: "how much of the time the generator was busy at the highest rate that held"
                .into(),
            not_shown: headroom.is_empty().then(|| "no rate held; try lower --rates".into()),
            readings: headroom,
        },
    })
}

fn measure(prover: &Prover<'_>, rate_per_s: f64) -> anyhow::Result<Tried> {
    let (rounds, duration) = match prover.options.quick {
        true => (1, Duration::from_secs(1)),
        false => (3, Duration::from_secs(2)),
    };
    let mut tried =
        Tried { rate_per_s, achieved: vec![], busy: vec![], lag_p99_ns: vec![], cpu_ns: vec![] };
    for round in 0..rounds {
        prover.say(&format!("c, d at {}, round {} of {rounds}", rate(rate_per_s), round + 1));
        let target = prover.target(crate::null_server::Answering::default())?;
        let round = Round {
            server: target.address,
            path: target.path.clone(),
            rate_per_s: Some(rate_per_s),
            connections: CONNECTIONS,
            warmup: Duration::from_millis(500),
            duration,
            core: prover.cores.generator,
            fault: prover.options.fault,
        };
        let outcome = round.run(prover.stop, &mut Unobserved)?;
        tried.achieved.push(answered_in_time(&outcome) / (rate_per_s * duration.as_secs_f64()));
        tried.busy.push(outcome.figures.busiest());
        tried.lag_p99_ns.push(float(outcome.figures.lag().at(0.99)));
        tried.cpu_ns.push(outcome.figures.cpu_ns_per_request());
    }
    Ok(tried)
}

/// Right answers that came within the time that counts.
fn answered_in_time(outcome: &Outcome) -> f64 {
    let seconds = outcome.seconds.iter().filter(|second| second.phase == Phase::Measured);
    float(seconds.map(|second| second.requests.right).sum())
}

fn achieved(tried: &Tried) -> Reading {
    let value = median(&tried.achieved);
    let lag = time(median(&tried.lag_p99_ns));
    Reading {
        subject: rate(tried.rate_per_s),
        value,
        rounds: tried.achieved.clone(),
        shown: format!("{}, send lag p99 {lag}", share(value)),
        limit: format!("at least {}", share(ACHIEVED_MIN)),
        held: value >= ACHIEVED_MIN,
    }
}

fn headroom(tried: &Tried) -> Reading {
    let value = median(&tried.busy);
    let cpu = time(median(&tried.cpu_ns));
    Reading {
        subject: rate(tried.rate_per_s),
        value,
        rounds: tried.busy.clone(),
        shown: format!("busy {}, {cpu} of CPU for each request", share(value)),
        limit: format!("at most {}", share(BUSY_MAX)),
        held: value <= BUSY_MAX,
    }
}
