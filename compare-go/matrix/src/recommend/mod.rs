//! Which server for a load and a promise: ranked by what it needs, from what was measured, with
//! what rules servers out, how far the answer goes beyond the measurement, and what a wrong choice
//! costs.

pub mod ask;
pub mod components;
pub mod evidence;
mod needs;
mod ruled_out;
mod shown;

pub use ask::{Ask, Container, Kernel};
pub use needs::{Cores, Needs};
pub use ruled_out::RuledOut;
pub use shown::{json, markdown, text};

use crate::bundle::Bundle;
use crate::cell::{Cell, Server};
use crate::figures::{Figures, Ranking};
use crate::statistics::{Estimate, Judged, Verdict};
use components::{Component, Components, State};
use evidence::Basis;
use serde::Serialize;

/// An answer.
#[derive(Debug, Serialize)]
pub struct Answer {
    /// What was asked.
    pub ask: Ask,
    /// The bundle that it rests on.
    pub bundle: String,
    /// The digest of the bundle.
    pub digest: String,
    /// What in the bundle it rests on.
    pub basis: Basis,
    /// The choices, the best first.
    pub choices: Vec<Choice>,
    /// Servers that cannot be chosen, and why.
    pub ruled_out: Vec<RuledOut>,
    /// Servers of which the bundle does not tell enough, and why.
    pub unknown: Vec<(Server, String)>,
    /// How far the answer goes beyond what was measured.
    pub beyond: Vec<String>,
}

/// A server that can be chosen.
#[derive(Debug, Serialize)]
pub struct Choice {
    /// Which.
    pub server: Server,
    /// What it needs.
    pub needs: Needs,
    /// The rate that one core serves while it keeps the promise.
    pub rate_per_core: Estimate,
    /// Whether more was not measured, so that the rate is a lower bound.
    pub at_least: bool,
    /// How it stands to the best; none of the best itself.
    pub against_best: Option<Judged>,
    /// How well the least kept up of its parts is kept up.
    pub state: State,
    /// What it is made of.
    pub parts: Vec<&'static Component>,
    /// What it costs to be wrong about it.
    pub wrong: Wrong,
}

/// What it costs to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Wrong {
    /// Cores more than planned, if the truth is at the worse end of its interval.
    pub cores_if_worse: u64,
    /// Cores more than the best choice needs, both as they are likely to be.
    pub cores_more_than_best: u64,
    /// Bytes of memory more than the best choice needs; less than 0 where it needs less.
    pub memory_more_than_best_bytes: f64,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The bundle has steps left.
    #[error(
        "{bundle} is not complete: {left} steps of its plan have no run; finish it by `matrix run \
         --resume`"
    )]
    Unfinished {
        /// The bundle.
        bundle: String,
        /// Steps without a run.
        left: usize,
    },
    /// The generator did not prove itself.
    #[error("{0}: the generator did not prove itself, so nothing in it can be trusted")]
    Unproven(String),
    /// The workload was not measured.
    #[error("{bundle} has nothing of {workload}; it has {known}")]
    NotMeasured {
        /// The bundle.
        bundle: String,
        /// The workload.
        workload: String,
        /// The workloads that it has.
        known: String,
    },
    /// No server that could be chosen has enough valid data.
    #[error("{bundle} does not tell enough of any server:\n{why}")]
    NotEnough {
        /// The bundle.
        bundle: String,
        /// Why, a line for each server.
        why: String,
    },
}

impl Answer {
    /// Answers from one bundle.
    ///
    /// # Errors
    /// Why there is no answer.
    pub fn of(figures: &Figures<'_>, ask: &Ask) -> Result<Self, Refusal> {
        let bundle = figures.bundle;
        trusted(bundle)?;
        let servers = figures.servers(ask.workload);
        if servers.is_empty() {
            let known: Vec<&str> =
                bundle.plan.loads.keys().map(|workload| workload.name()).collect();
            return Err(Refusal::NotMeasured {
                bundle: bundle.head.name.clone(),
                workload: ask.workload.to_string(),
                known: known.join(", "),
            });
        }
        let basis = Basis::of(bundle, ask.workload, ask.slo);
        let mut this = Self {
            ask: *ask,
            bundle: bundle.head.name.clone(),
            digest: bundle.digest.clone(),
            basis,
            choices: Vec::new(),
            ruled_out: Vec::new(),
            unknown: Vec::new(),
            beyond: Vec::new(),
        };
        let may: Vec<Server> =
            servers.into_iter().filter(|server| this.may(*server, ask)).collect();
        this.choose(figures, ask, &may);
        if this.choices.is_empty() && !may.is_empty() {
            let why = this.unknown.iter().map(|(server, why)| format!("  {server}: {why}"));
            let why = why.collect::<Vec<_>>().join("\n");
            return Err(Refusal::NotEnough { bundle: this.bundle, why });
        }
        this.beyond = needs::beyond(figures, ask, basis, &this.choices);
        Ok(this)
    }

    /// Whether a server may be chosen at all.
    fn may(&mut self, server: Server, ask: &Ask) -> bool {
        let why = ruled_out::why(Components::committed(), server, ask);
        let may = why.is_none();
        self.ruled_out.extend(why);
        may
    }

    fn choose(&mut self, figures: &Figures<'_>, ask: &Ask, may: &[Server]) {
        let table = Components::committed();
        let ranking = Ranking::of(figures, ask.workload, self.basis.metric(), may);
        for server in may.iter().copied() {
            let cell = Cell { workload: ask.workload, server };
            let rate = evidence::rate_per_core(figures, server, ask.workload, ask.slo, self.basis);
            let known = rate.and_then(|rate| Ok((rate, Needs::of(figures, cell, ask, rate)?)));
            let (rate_per_core, needs) = match known {
                Ok(known) => known,
                Err(why) => {
                    self.unknown.push((server, why));
                    continue;
                }
            };
            let ranked = ranking.rows.iter().find(|row| row.server == server);
            self.choices.push(Choice {
                server,
                needs,
                rate_per_core,
                at_least: self.basis.is_lower_bound(figures, cell),
                against_best: ranked.and_then(|row| row.against_best),
                state: table.state(server),
                parts: table.of(server),
                wrong: Wrong {
                    cores_if_worse: needs.cores.most - needs.cores.likely,
                    cores_more_than_best: 0,
                    memory_more_than_best_bytes: 0.0,
                },
            });
        }
        self.order();
    }

    /// Fewest cores first; then those that nothing tells from the best; then the better kept up,
    /// then the one that needs less memory.
    fn order(&mut self) {
        self.choices.sort_by(|a, b| {
            let rank = |choice: &Choice| (choice.needs.cores.likely, choice.is_told_from_best());
            let memory = |choice: &Choice| choice.needs.memory.value;
            rank(a).cmp(&rank(b)).then(a.state.cmp(&b.state)).then(memory(a).total_cmp(&memory(b)))
        });
        let Some(best) = self.choices.first().map(|choice| choice.needs) else { return };
        for choice in &mut self.choices {
            let needs = choice.needs;
            choice.wrong.cores_more_than_best = needs.cores.likely - best.cores.likely;
            choice.wrong.memory_more_than_best_bytes = needs.memory.value - best.memory.value;
        }
    }
}

impl Choice {
    /// Whether something tells it from the best by what the ranking is about.
    #[must_use]
    pub fn is_told_from_best(&self) -> bool {
        self.against_best.is_some_and(|judged| judged.verdict == Verdict::Slower)
    }
}

/// Whether anything in a bundle can be trusted.
fn trusted(bundle: &Bundle) -> Result<(), Refusal> {
    let name = || bundle.head.name.clone();
    if bundle.end.is_none() {
        let steps = (0..).zip(&bundle.plan.steps);
        let left = steps.filter(|(index, _)| bundle.runs_of(*index).next().is_none()).count();
        return Err(Refusal::Unfinished { bundle: name(), left });
    }
    if bundle.proofs.iter().any(|proof| proof.holds()) {
        return Ok(());
    }
    Err(Refusal::Unproven(name()))
}
