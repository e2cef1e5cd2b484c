//! The proof that the generator measures what it says, on this machine.
//!
//! Servers run on one core and the generator on another. Each claim is measured a number of times
//! that is fixed beforehand, and the median is judged; nothing is tried again until it fits. What
//! cannot be shown is not proven.

mod agreement;
pub mod claim;
pub mod cores;
mod delay;
mod rates;
mod round;
mod stall;
pub mod text;
pub mod wrk;
pub mod yardstick;

pub use claim::{Claim, Part, Proof, Reading};

use crate::null_server::Answering;
use crate::plan::Fault;
use crate::report::environment::Environment;
use crate::report::{Called, PROGRAM};
use crate::run::Stop;
use anyhow::{Context, bail, ensure};
use std::cell::RefCell;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use yardstick::Yardstick;

/// What is to be proven, and with what.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which claims; all where none is named.
    pub only: Vec<Claim>,
    /// Short and few rounds.
    pub quick: bool,
    /// The null server sleeps where it would look again and again for what is due.
    pub sleep: bool,
    /// The core of servers.
    pub server_core: Option<usize>,
    /// The core of the generator.
    pub core: Option<usize>,
    /// The delays of b; some of our own where none is named.
    pub delays: Vec<Duration>,
    /// The rates of c and d; some of our own where none is named.
    pub rates: Vec<f64>,
    /// A running server for c, d and e.
    pub url: Option<SocketAddr>,
    /// What is asked for there.
    pub path: String,
    /// What the generator is made to do wrong.
    pub fault: Fault,
    /// The program that has the null server.
    pub program: PathBuf,
}

/// The core of servers and that of the generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cores {
    /// Of servers.
    pub server: usize,
    /// Of the generator, and of the tool that it is held against.
    pub generator: usize,
}

impl Cores {
    /// Those that are named, and the first and the last that are to be had for those that are not.
    ///
    /// # Errors
    /// If there is but one, or one that is named is not to be had.
    pub fn choose(
        allowed: &[usize],
        server: Option<usize>,
        generator: Option<usize>,
    ) -> anyhow::Result<Self> {
        for core in [server, generator].into_iter().flatten() {
            ensure!(allowed.contains(&core), "core {core} is not to be had; there are {allowed:?}");
        }
        let other = |than: Option<usize>| allowed.iter().copied().find(|core| Some(*core) != than);
        let server_core = server.or_else(|| other(generator));
        let generator = generator
            .or_else(|| allowed.iter().rev().copied().find(|core| Some(*core) != server_core));
        match (server_core, generator) {
            (Some(server), Some(generator)) if server != generator => {
                Ok(Self { server, generator })
            }
            _ => bail!(
                "server and generator need a core each, and there are {allowed:?}: a proof on one \
                 core measures how they share it"
            ),
        }
    }
}

/// What measures the claims.
pub(crate) struct Prover<'a> {
    options: &'a Options,
    cores: Cores,
    stop: &'a Stop,
    say: RefCell<&'a mut dyn FnMut(&str)>,
}

/// A server that is asked: the one that is named, or a null server.
pub(crate) struct Target {
    address: SocketAddr,
    path: String,
    /// Kept so that it serves.
    _yardstick: Option<Yardstick>,
}

/// Proves what is asked for; `say` is told what is done now.
///
/// # Errors
/// If it cannot be begun, or is interrupted. A claim that cannot be measured is not proven, and its
/// part says why.
pub fn prove(
    options: &Options,
    called: &Called,
    stop: &Stop,
    say: &mut dyn FnMut(&str),
) -> anyhow::Result<Proof> {
    let cores = Cores::choose(&cores::allowed()?, options.server_core, options.core)?;
    let asked = |claim: &Claim| options.only.is_empty() || options.only.contains(claim);
    let prover = Prover { options, cores, stop, say: RefCell::new(say) };
    let environment = Environment::observe();
    let mut parts = Vec::new();
    let mut rate_proven_per_s = None;
    for claim in Claim::ALL.into_iter().filter(asked) {
        match claim {
            Claim::Stall => parts.push(prover.shown(claim, stall::prove)?),
            Claim::Delay => parts.push(prover.shown(claim, delay::prove)?),
            Claim::Achieved => {}
            Claim::Headroom => {}
            Claim::Agreement => parts.push(prover.shown(claim, agreement::prove)?),
        }
        let rates = [Claim::Achieved, Claim::Headroom];
        if rates.contains(&claim) && !parts.iter().any(|part| rates.contains(&part.claim)) {
            let (both, proven) = prover.rates()?;
            parts.extend(both.into_iter().filter(|part| asked(&part.claim)));
            rate_proven_per_s = proven;
        }
    }
    let left_out = Claim::ALL.into_iter().filter(|claim| !asked(claim)).collect();
    let valid = parts.iter().all(Part::held);
    Ok(Proof {
        schema: claim::SCHEMA,
        program: PROGRAM.into(),
        command_line: called.command_line.clone(),
        called_ms: called.ms(),
        environment,
        server_core: cores.server,
        generator_core: cores.generator,
        fault: options.fault,
        parts,
        left_out,
        rate_proven_per_s,
        valid,
    })
}

impl Prover<'_> {
    /// A part, or why it cannot be shown.
    fn shown(
        &self,
        claim: Claim,
        measure: impl Fn(&Self) -> anyhow::Result<Part>,
    ) -> anyhow::Result<Part> {
        let part = measure(self);
        ensure!(!self.stop.is_set(), "interrupted: nothing is proven");
        Ok(part.unwrap_or_else(|error| not_shown(claim, &error)))
    }

    fn rates(&self) -> anyhow::Result<([Part; 2], Option<f64>)> {
        let rates = rates::prove(self);
        ensure!(!self.stop.is_set(), "interrupted: nothing is proven");
        Ok(match rates {
            Ok(rates) => ([rates.achieved, rates.headroom], rates.proven_per_s),
            Err(error) => {
                ([Claim::Achieved, Claim::Headroom].map(|claim| not_shown(claim, &error)), None)
            }
        })
    }

    fn say(&self, text: &str) {
        (self.say.borrow_mut())(text);
    }

    /// A null server on the core of servers.
    fn yardstick(&self, answering: Answering) -> anyhow::Result<Yardstick> {
        Yardstick::start(&self.options.program, answering, self.cores.server)
    }

    /// The server that is named, or a null server.
    fn target(&self, answering: Answering) -> anyhow::Result<Target> {
        if let Some(address) = self.options.url {
            return Ok(Target { address, path: self.options.path.clone(), _yardstick: None });
        }
        let yardstick = self.yardstick(answering).context("no server to measure")?;
        let address = yardstick.address()?;
        Ok(Target { address, path: "/".into(), _yardstick: Some(yardstick) })
    }

    /// What is measured against, in words.
    fn against(&self) -> String {
        match self.options.url {
            Some(address) => format!("at http://{address}{}", self.options.path),
            None => "at a null server".into(),
        }
    }
}

fn not_shown(claim: Claim, error: &anyhow::Error) -> Part {
    let not_shown = Some(format!("{error:#}"));
    Part { claim, what: "it could not be measured".into(), readings: Vec::new(), not_shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_and_generator_have_a_core_each() {
        let choose = |allowed: &[usize], server, generator| {
            let cores = Cores::choose(allowed, server, generator).ok()?;
            Some((cores.server, cores.generator))
        };
        assert_eq!(choose(&[0, 1], None, None), Some((0, 1)));
        assert_eq!(choose(&[0, 1], Some(1), None), Some((1, 0)));
        assert_eq!(choose(&[0, 1], None, Some(0)), Some((1, 0)));
        assert_eq!(choose(&[2, 5, 7], None, None), Some((2, 7)));
        assert_eq!(choose(&[0, 1], Some(1), Some(1)), None);
        assert_eq!(choose(&[0], None, None), None);
        assert_eq!(choose(&[0, 1], Some(2), None), None);
    }
}
